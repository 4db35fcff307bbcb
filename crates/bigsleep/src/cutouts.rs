//! Cutouts of images, resized to the perceptor's input, as patches.

use crate::boxes::{Cutout, side_range};
use crate::resize;
use crate::settings::Interpolation;
use tch::{Device, Kind, Tensor};

/// Cuts squares out of images of one size, resizes them to the perceptor's input, and cuts that
/// into patches.
///
/// What depends on a cutout's side is tabulated once: a step brings no more to the device than the
/// boxes.
#[derive(Debug)]
pub(crate) struct Cutter {
    image_side: i64,
    input_side: i64,
    patch_side: i64,
    table: Table,
    /// True if each cutout's gradient is scattered by itself before all are summed: on CUDA a
    /// scatter of everything at once adds up in an order that changes from run to run.
    apart: bool,
}

/// Resampling tables from a cutout to the input, by the cutout's side in ascending order.
#[derive(Debug)]
enum Table {
    /// The row of the cutout that each row of the input shows: `[sides, input_side]`.
    Rows(Tensor),
    /// Weights of the cutout's rows in each row of the input: `[sides, input_side, image_side +
    /// 1]`, with zeros from the cutout's end on.
    Mixtures(Tensor),
}

impl Cutter {
    /// For images of `image_side`, and a perceptor that sees `input_side` in patches of
    /// `patch_side`.
    pub(crate) fn new(
        interpolation: Interpolation,
        image_side: i64,
        input_side: i64,
        patch_side: i64,
        device: Device,
    ) -> Self {
        let of_every_side = |entry: &dyn Fn(i64) -> Tensor| {
            let entries: Vec<_> = (*side_range(image_side).start()..=image_side).map(entry).collect();
            Tensor::stack(&entries, 0).to_device(device)
        };
        let table = match interpolation {
            Interpolation::Nearest => {
                Table::Rows(of_every_side(&|side| resize::nearest_rows(side, input_side)))
            }
            Interpolation::Bilinear | Interpolation::Lanczos => Table::Mixtures(of_every_side(&|side| {
                resize::matrix(interpolation, side, input_side).constant_pad_nd([0, image_side + 1 - side])
            })),
        };
        Self { image_side, input_side, patch_side, table, apart: device.is_cuda() }
    }

    /// The cutouts of `images [n, 3, image_side, image_side]` at `boxes [n, k, 3]`, see
    /// [`to_tensor`]: `[n·k, patches, 3·patch_side²]`, laid out as [`clip::patches`]. Gradients
    /// reach the images.
    pub(crate) fn cut(&self, images: &Tensor, boxes: &Tensor) -> Tensor {
        match &self.table {
            Table::Rows(rows) => self.gather(images, boxes, rows),
            Table::Mixtures(mixtures) => clip::patches(&self.mix(images, boxes, mixtures), self.patch_side),
        }
    }

    /// One indexed read, straight into patches.
    fn gather(&self, images: &Tensor, boxes: &Tensor, rows: &Tensor) -> Tensor {
        let (n, k, _) = boxes.size3().expect("boxes are [n, k, 3]");
        let (s, p) = (self.image_side, self.patch_side);
        let grid = self.input_side / p;
        let (in_cutout, top, left) = self.look_up(rows, boxes); // [n·k, input_side], [n·k, 1], [n·k, 1]
        let rows = (&in_cutout + top).view([n, k, grid, 1, p, 1]);
        let columns = (&in_cutout + left).view([n, k, 1, grid, 1, p]);
        let pixels = rows * s + columns; // [n, k, grid, grid, p, p]

        let gathered = if self.apart {
            let images = images.view([n, 1, 3, s * s]).expand([n, k, 3, s * s], false);
            let pixels = pixels.view([n, k, 1, -1]).expand([n, k, 3, -1], false);
            images.gather(3, &pixels, false).view([n, k, 3, grid * grid, p * p]).transpose(2, 3)
        } else {
            let pixels = pixels.view([n, 1, -1]).expand([n, 3, -1], false);
            let gathered = images.view([n, 3, s * s]).gather(2, &pixels, false);
            gathered.view([n, 3, k, grid * grid, p * p]).permute([0, 2, 3, 1, 4])
        };
        gathered.reshape([n * k, grid * grid, 3 * p * p])
    }

    /// A matrix for the rows and one for the columns: `[n·k, 3, input_side, input_side]`.
    fn mix(&self, images: &Tensor, boxes: &Tensor, mixtures: &Tensor) -> Tensor {
        let (n, k, _) = boxes.size3().expect("boxes are [n, k, 3]");
        let (s, v) = (self.image_side, self.input_side);
        let (of_cutout, top, left) = self.look_up(mixtures, boxes); // [n·k, v, s + 1], [n·k, 1], [n·k, 1]
        let of_image = |offset: Tensor| {
            let in_cutout = Tensor::arange(s, (Kind::Int64, images.device())) - offset; // [n·k, s]
            let empty = in_cutout.lt(0);
            let in_cutout = in_cutout.masked_fill(&empty, s); // the empty column
            of_cutout.gather(2, &in_cutout.unsqueeze(1).expand([n * k, v, s], false), false) // [n·k, v, s]
        };
        let rows = of_image(top).view([n, 1, k * v, s]).matmul(images); // [n, 3, k·v, s]
        let rows = rows.view([n, 3, k, v, s]).transpose(1, 2).reshape([n * k, 3 * v, s]);
        rows.bmm(&of_image(left).transpose(1, 2)).view([n * k, 3, v, v])
    }

    /// The table's entries for each box, and where its top and left are.
    fn look_up(&self, table: &Tensor, boxes: &Tensor) -> (Tensor, Tensor, Tensor) {
        let column = |i| boxes.select(2, i).reshape([-1, 1]);
        let least = *side_range(self.image_side).start();
        let entries = table.index_select(0, &(column(0) - least).view([-1]));
        (entries, column(1), column(2))
    }
}

/// The cutouts of several dreams, equally many of each: `[n, k, 3]`, a cutout's side, top and left.
pub(crate) fn to_tensor(dreams: &[Vec<Cutout>], device: Device) -> Tensor {
    let numbers: Vec<i64> = dreams.iter().flatten().flat_map(|c| [c.side, c.top, c.left]).collect();
    let boxes = Tensor::from_slice(&numbers).view([dreams.len() as i64, -1, 3]);
    if !device.is_cuda() {
        return boxes;
    }
    // From pinned memory, so that the copy waits neither for the device nor for what it still has
    // to do.
    boxes.pin_memory(device).to_device_(device, Kind::Int64, true, false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::golden::{distance, noise, read};

    const PATCH: i64 = 4;
    const INTERPOLATIONS: [(&str, Interpolation, f64); 3] = [
        ("nearest", Interpolation::Nearest, 0.0), // the same pixels
        ("bilinear", Interpolation::Bilinear, 2e-6),
        ("lanczos", Interpolation::Lanczos, 2e-6),
    ];

    #[test]
    fn cutouts_are_the_packages() {
        let golden = read("cutouts.safetensors");
        let (image, boxes) = (golden["image"].unsqueeze(0), golden["boxes"].unsqueeze(0));
        for (name, interpolation, tolerance) in INTERPOLATIONS {
            for side in [16, 28] {
                let cutter = Cutter::new(interpolation, 48, side, PATCH, Device::Cpu);
                let expected = clip::patches(&golden[&format!("{name}.{side}")], PATCH);
                let off = distance(&cutter.cut(&image, &boxes), &expected);
                assert!(off <= tolerance, "{name} to {side}: {off:e}");
            }
        }
    }

    #[test]
    fn the_nearest_rows_of_the_published_sizes_are_pytorchs() {
        let golden = read("cutouts.safetensors");
        for side in [256, 276, 300, 486] {
            assert_eq!(resize::nearest_rows(side, 224), golden[&format!("nearest_rows.{side}")], "{side}");
        }
    }

    #[test]
    fn every_dream_of_a_pack_is_cut_by_its_own_boxes() {
        let images = noise(1, &[2, 3, 48, 48]).to_kind(Kind::Float);
        let boxes: Vec<_> = (0..2).map(|seed| crate::boxes::cutouts(seed, 1, 0, 3, 48, false)).collect();
        for (_, interpolation, tolerance) in INTERPOLATIONS {
            let cutter = Cutter::new(interpolation, 48, 16, PATCH, Device::Cpu);
            let together = cutter.cut(&images, &to_tensor(&boxes, Device::Cpu));
            let apart = [0, 1].map(|i: usize| {
                cutter.cut(&images.narrow(0, i as i64, 1), &to_tensor(&boxes[i..=i], Device::Cpu))
            });
            assert!(distance(&together, &Tensor::cat(&apart, 0)) <= tolerance);
        }
    }

    /// Cutting is linear: a change of the image along its gradient changes a sum of cutouts by the
    /// gradient's square.
    #[test]
    fn gradients_reach_the_image() {
        for (_, interpolation, _) in INTERPOLATIONS {
            let mut cutter = Cutter::new(interpolation, 48, 16, PATCH, Device::Cpu);
            let boxes = to_tensor(&[crate::boxes::cutouts(0, 1, 0, 5, 48, false)], Device::Cpu);
            let image = noise(2, &[1, 3, 48, 48]).to_kind(Kind::Float).set_requires_grad(true);
            let weights = noise(3, &[5, 16, 48]).to_kind(Kind::Float);
            for apart in [false, true] {
                cutter.apart = apart;
                let sum = |image: &Tensor| (cutter.cut(image, &boxes) * &weights).sum(Kind::Double);
                let gradient = Tensor::run_backward(&[sum(&image)], &[&image], false, false).remove(0);
                let square = gradient.square().sum(Kind::Double);
                assert!(distance(&sum(&gradient), &square) < 1e-5, "{interpolation:?}, apart: {apart}");
            }
        }
    }

    #[test]
    fn how_gradients_are_scattered_does_not_show() {
        let images = noise(4, &[2, 3, 48, 48]).to_kind(Kind::Float);
        let boxes: Vec<_> = (0..2).map(|seed| crate::boxes::cutouts(seed, 1, 0, 3, 48, false)).collect();
        let boxes = to_tensor(&boxes, Device::Cpu);
        let mut cutter = Cutter::new(Interpolation::Nearest, 48, 16, PATCH, Device::Cpu);
        let together = cutter.cut(&images, &boxes);
        cutter.apart = true;
        assert_eq!(cutter.cut(&images, &boxes), together);
    }
}
