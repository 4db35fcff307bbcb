use serde::{Deserialize, Serialize};

/// The sizes of a network that is to be trained; files tell those of one that was.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Channels behind the first convolution. torchvision's: 64.
    pub stem: i64,
    /// Width of the bottlenecks of each of the four layers; four times as many channels come out.
    /// torchvision's: 64, 128, 256 and 512.
    pub widths: [i64; 4],
    /// Bottlenecks of each layer. ResNet-101's: 3, 4, 23 and 3.
    pub blocks: [usize; 4],
    /// Channels of the head. torchvision's: 256.
    pub head: i64,
    /// Classes to tell apart, background included.
    pub classes: i64,
}

impl Config {
    /// Every tensor's name and shape, as torchvision has them, without the counters of its batch
    /// norms.
    pub(crate) fn tensors(&self) -> Vec<(String, Vec<i64>)> {
        let mut tensors = Tensors::default();
        tensors.normed("backbone.conv1", "backbone.bn1", &[self.stem, 3, 7, 7]);
        let mut channels = self.stem;
        for (layer, (&width, &blocks)) in self.widths.iter().zip(&self.blocks).enumerate() {
            for block in 0..blocks {
                channels = tensors.bottleneck(
                    &format!("backbone.layer{}.{block}", layer + 1),
                    channels,
                    width,
                    block == 0,
                );
            }
        }
        tensors.head(channels, self.head, self.classes);
        tensors.0
    }
}

#[derive(Default)]
struct Tensors(Vec<(String, Vec<i64>)>);

impl Tensors {
    fn normed(&mut self, conv: &str, norm: &str, shape: &[i64; 4]) {
        self.0.push((format!("{conv}.weight"), shape.to_vec()));
        for name in ["weight", "bias", "running_mean", "running_var"] {
            self.0.push((format!("{norm}.{name}"), vec![shape[0]]));
        }
    }

    /// Gives the channels that come out.
    fn bottleneck(&mut self, name: &str, input: i64, width: i64, is_first: bool) -> i64 {
        let out = 4 * width;
        let convs = [[width, input, 1, 1], [width, width, 3, 3], [out, width, 1, 1]];
        for (i, shape) in (1..).zip(&convs) {
            self.normed(&format!("{name}.conv{i}"), &format!("{name}.bn{i}"), shape);
        }
        if is_first {
            self.normed(
                &format!("{name}.downsample.0"),
                &format!("{name}.downsample.1"),
                &[out, input, 1, 1],
            );
        }
        out
    }

    fn head(&mut self, input: i64, width: i64, classes: i64) {
        let mut pair = |name: &str, at: [usize; 2], shape: [i64; 4]| {
            let [conv, norm] = at.map(|at| format!("classifier.{name}{at}"));
            self.normed(&conv, &norm, &shape);
        };
        pair("0.convs.0.", [0, 1], [width, input, 1, 1]);
        for branch in 1..=3 {
            pair(&format!("0.convs.{branch}."), [0, 1], [width, input, 3, 3]);
        }
        pair("0.convs.4.", [1, 2], [width, input, 1, 1]);
        pair("0.project.", [0, 1], [width, 5 * width, 1, 1]);
        pair("", [1, 2], [width, width, 3, 3]);
        self.0.push(("classifier.4.weight".to_owned(), vec![classes, width, 1, 1]));
        self.0.push(("classifier.4.bias".to_owned(), vec![classes]));
    }
}
