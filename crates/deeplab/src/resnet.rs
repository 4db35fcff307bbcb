use checkpoint::Scope;
use tch::Tensor;

use crate::conv::{Conv, shape};

/// Ratio of a bottleneck's output channels to its width.
const EXPANSION: i64 = 4;

/// The stride of each layer's first block, and the dilations of the first block and of the others.
/// Where an image-classifying ResNet would halve the image once more, this one spreads its kernels,
/// and does so one block late, as torchvision does (`replace_stride_with_dilation=[False, True,
/// True]`).
const LAYERS: [(&str, i64, i64, i64); 4] =
    [("layer1", 1, 1, 1), ("layer2", 2, 1, 1), ("layer3", 1, 1, 2), ("layer4", 1, 2, 4)];

/// ResNet (He et al. 2015) without its classifier: 50, 101 or any number of layers that the weights
/// have.
#[derive(Debug)]
pub(crate) struct ResNet {
    stem: Conv,
    blocks: Vec<Bottleneck>,
    channels: i64,
}

/// torchvision's `Bottleneck`: its stride is in the 3 × 3 convolution.
#[derive(Debug)]
struct Bottleneck {
    conv1: Conv,
    conv2: Conv,
    conv3: Conv,
    downsample: Option<Conv>,
}

impl ResNet {
    pub(crate) fn load(scope: &Scope<'_>) -> Self {
        let mut channels = outputs(scope, "conv1.weight");
        let stem = Conv::normed(scope, "conv1", "bn1", shape(channels, 3, 7)).stride(2);
        let mut blocks = Vec::new();
        for (layer, stride, first_dilation, dilation) in LAYERS {
            let layer = scope.sub(layer);
            let count = (0..).take_while(|&i| layer.at(i).shape("conv1.weight").is_some()).count();
            // A first block that is missing is reported by its own names.
            for index in 0..count.max(1) {
                let (stride, dilation) = if index == 0 { (stride, first_dilation) } else { (1, dilation) };
                let (block, out) = Bottleneck::load(&layer.at(index), channels, stride, dilation);
                blocks.push(block);
                channels = out;
            }
        }
        Self { stem, blocks, channels }
    }

    /// Number of feature channels.
    pub(crate) fn channels(&self) -> i64 {
        self.channels
    }

    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.stem.tensors().chain(self.blocks.iter().flat_map(Bottleneck::tensors))
    }

    pub(crate) fn fold(&mut self) {
        self.stem.fold();
        self.blocks.iter_mut().for_each(Bottleneck::fold);
    }

    /// `[n, 3, h, w]` → `[n, channels, h / 8, w / 8]`, rounded up.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.stem.forward(x).relu();
        let x = x.max_pool2d([3, 3], [2, 2], [1, 1], [1, 1], false); // [n, c, h/4, w/4]
        self.blocks.iter().fold(x, |x, block| block.forward(&x))
    }
}

impl Bottleneck {
    fn load(scope: &Scope<'_>, input: i64, stride: i64, dilation: i64) -> (Self, i64) {
        let width = outputs(scope, "conv1.weight");
        let out = width * EXPANSION;
        let downsample = scope
            .shape("downsample.0.weight")
            .map(|_| Conv::normed(&scope.sub("downsample"), "0", "1", shape(out, input, 1)).stride(stride));
        let block = Self {
            conv1: Conv::normed(scope, "conv1", "bn1", shape(width, input, 1)),
            conv2: Conv::normed(scope, "conv2", "bn2", shape(width, width, 3))
                .stride(stride)
                .dilation(dilation),
            conv3: Conv::normed(scope, "conv3", "bn3", shape(out, width, 1)),
            downsample,
        };
        (block, out)
    }

    fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        [&self.conv1, &self.conv2, &self.conv3].into_iter().chain(&self.downsample).flat_map(Conv::tensors)
    }

    fn fold(&mut self) {
        let downsample = self.downsample.as_mut();
        [&mut self.conv1, &mut self.conv2, &mut self.conv3]
            .into_iter()
            .chain(downsample)
            .for_each(Conv::fold);
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let y = self.conv1.forward(x).relu();
        let y = self.conv2.forward(&y).relu();
        let y = self.conv3.forward(&y);
        let skip = self.downsample.as_ref().map_or_else(|| x.shallow_clone(), |conv| conv.forward(x));
        (y + skip).relu()
    }
}

/// Number of output channels of a convolution of the file; one where it is missing, which `finish`
/// reports.
pub(crate) fn outputs(scope: &Scope<'_>, weight: &str) -> i64 {
    scope.shape(weight).and_then(|shape| shape.first().copied()).unwrap_or(1)
}
