use std::path::Path;

use tch::{Device, Tensor};

use crate::{MiniatureError, Style, Table, Variation, art::sprite, pose::warp, scenery};

/// Draws what a generator is to draw, and what a perceptor is shown.
///
/// Its classes are the table's objects in the first style, then in the second and so on, and last
/// the scenes in the first style.
#[derive(Debug)]
pub struct Renderer {
    objects: Tensor, // [objects, 4, side, side], colors multiplied by alpha
    scenes: Tensor,  // [scenes, 3, side, side]
    /// Variation between its pictures of one object.
    pub variation: Variation,
}

/// Pictures, and where in them objects are.
#[derive(Debug)]
pub struct Pictures {
    /// `[n, 3, side, side]` in [-1, 1].
    pub image: Tensor,
    /// Opacity of the object: `[n, 1, side, side]` in [0, 1].
    pub cover: Tensor,
}

impl Renderer {
    /// Reads the art from the folder that `fetch-data` fills.
    ///
    /// # Errors
    /// When a picture is missing.
    pub fn new(
        table: &Table,
        data: &Path,
        styles: &[Style],
        side: u32,
        variation: Variation,
        device: Device,
    ) -> Result<Self, MiniatureError> {
        let all = styles.iter().flat_map(|&style| table.classes.iter().map(move |class| (style, class)));
        let objects: Vec<Tensor> = all
            .map(|(style, class)| sprite(data, style, &class.codepoint, side))
            .collect::<Result<_, _>>()?;
        let style = styles.first().copied().unwrap_or(Style::Noto);
        let scenes = table.scenes.iter().map(|scene| scenery::draw(&scene.name, table, data, style, side));
        let scenes: Vec<Tensor> = scenes.collect::<Result<_, _>>()?;
        Ok(Self {
            objects: Tensor::stack(&objects, 0).to_device(device),
            scenes: Tensor::stack(&scenes, 0).to_device(device),
            variation,
        })
    }

    /// Objects in all styles together.
    #[must_use]
    pub fn num_objects(&self) -> i64 {
        self.objects.size()[0]
    }

    /// Scenes, whose classes come after those of the objects.
    #[must_use]
    pub fn num_scenes(&self) -> i64 {
        self.scenes.size()[0]
    }

    /// All classes.
    #[must_use]
    pub fn num_classes(&self) -> i64 {
        self.num_objects() + self.num_scenes()
    }

    /// A class's weight is how opaque it is drawn; where weights add up to more than one, they are
    /// shares.
    ///
    /// So a mixture of classes is a picture too, which changes evenly with every weight: an
    /// optimization that starts from a little of every class finds its way. Latents `z: [n, at
    /// least Variation::ENTRIES]`, `class_weights: [n, classes]` in [0, 1].
    #[must_use]
    pub fn render(&self, z: &Tensor, class_weights: &Tensor) -> Pictures {
        let [_, channels, side, _] = self.objects.size()[..] else { unreachable!("objects are pictures") };
        let (n, objects) = (class_weights.size()[0], self.num_objects());
        let mixed = class_weights.narrow(1, 0, objects).matmul(&self.objects.flatten(1, 3));
        let sprite = warp(&mixed.view([n, channels, side, side]), &self.variation.theta(z));
        let sprite = &sprite / sprite.narrow(1, 3, 1).clamp_min(1.0);
        let cover = sprite.narrow(1, 3, 1);
        let behind = self.backdrop(z, &class_weights.narrow(1, objects, self.num_scenes()));
        let image = behind * (1.0 - &cover) + sprite.narrow(1, 0, 3);
        Pictures { image: image * 2.0 - 1.0, cover }
    }

    fn backdrop(&self, z: &Tensor, scene_weights: &Tensor) -> Tensor {
        let [_, channels, side, _] = self.scenes.size()[..] else { unreachable!("scenes are pictures") };
        let total = scene_weights.sum_dim_intlist(1, true, None).unsqueeze(-1).unsqueeze(-1); // [n, 1, 1, 1]
        let mixed = scene_weights.matmul(&self.scenes.flatten(1, 3)).view([-1, channels, side, side]);
        let plain = self.variation.color(z) * (1.0 - total.clamp_max(1.0));
        plain + mixed / total.clamp_min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use tch::Kind;

    use super::*;

    /// Two objects, a red square on the left half and a half-transparent blue one everywhere, and
    /// one green scene.
    fn renderer() -> Renderer {
        let cpu = (Kind::Float, Device::Cpu);
        let red = Tensor::zeros([4, 8, 8], cpu);
        for channel in [0, 3] {
            let _ = red.narrow(0, channel, 1).narrow(2, 0, 4).fill_(1.0);
        }
        let blue = Tensor::zeros([4, 8, 8], cpu);
        let _ = blue.narrow(0, 2, 2).fill_(0.5);
        let scene = Tensor::zeros([3, 8, 8], cpu);
        let _ = scene.narrow(0, 1, 1).fill_(1.0);
        Renderer {
            objects: Tensor::stack(&[red, blue], 0),
            scenes: scene.unsqueeze(0),
            variation: Variation { backdrop: 0.5, backdrop_spread: 0.0, ..Variation::NARROW },
        }
    }

    fn pixel(weights: [f32; 3], x: i64) -> [f64; 3] {
        let z = Tensor::zeros([1, 8], (Kind::Float, Device::Cpu));
        let drawn = renderer().render(&z, &Tensor::from_slice(&weights).view([1, 3])).image;
        [0, 1, 2].map(|channel| drawn.double_value(&[0, channel, 4, x]))
    }

    #[test]
    fn weights_are_opacities_and_shares() {
        let near = |got: [f64; 3], want: [f64; 3]| {
            assert!(
                got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-5),
                "{got:?}, want {want:?}"
            );
        };
        near(pixel([0.0, 0.0, 0.0], 2), [0.0, 0.0, 0.0]); // the backdrop's gray
        near(pixel([1.0, 0.0, 0.0], 2), [1.0, -1.0, -1.0]); // red
        near(pixel([0.25, 0.0, 0.0], 2), [0.25, -0.25, -0.25]); // a quarter of the way to red
        near(pixel([0.0, 0.0, 1.0], 6), [-1.0, 1.0, -1.0]); // the scene
        near(pixel([0.0, 1.0, 1.0], 6), [-1.0, 0.0, 0.0]); // the scene behind blue glass
        near(pixel([1.0, 1.0, 0.0], 2), [1.0 / 3.0, -1.0, -1.0 / 3.0]); // two thirds red, one third blue
    }
}
