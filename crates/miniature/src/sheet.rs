use std::path::Path;

use image::{ImageFormat, RgbImage};
use tch::{Device, Kind, Tensor};

use crate::MiniatureError;

/// Writes images side by side into a PNG, each `zoom` times its size: `images: [n, 3, h, w]` in
/// [-1, 1].
///
/// # Errors
/// When the file cannot be written.
pub fn write(images: &Tensor, columns: i64, zoom: i64, path: &Path) -> Result<(), MiniatureError> {
    let sheet = torch_ext::no_grad(|| arrange(&images.to_device(Device::Cpu), columns, zoom)); // [height, width, 3]
    let [height, width, _] = sheet.size()[..] else { unreachable!("a sheet has height, width and channels") };
    let bytes = Vec::<u8>::try_from(sheet.flatten(0, 2)).expect("the sheet is a row of bytes");
    let sheet =
        RgbImage::from_raw(width as u32, height as u32, bytes).expect("there are as many bytes as pixels");
    sheet
        .save_with_format(path, ImageFormat::Png)
        .map_err(|source| MiniatureError::Sheet { path: path.to_owned(), source })
}

/// Row by row, white where the last row ends early: `[n, 3, h, w]` → `[rows · h · zoom, columns · w
/// · zoom, 3]`.
fn arrange(images: &Tensor, columns: i64, zoom: i64) -> Tensor {
    let missing = (-images.size()[0]).rem_euclid(columns);
    let bytes = ((images + 1.0) * 127.5).round().clamp(0.0, 255.0).to_kind(Kind::Uint8);
    let [_, channels, height, width] = bytes.size()[..] else { unreachable!("images have four dimensions") };
    let white = Tensor::full([missing, channels, height, width], 255, (Kind::Uint8, bytes.device()));
    let zoomed = Tensor::cat(&[bytes, white], 0)
        .repeat_interleave_self_int(zoom, 2, None)
        .repeat_interleave_self_int(zoom, 3, None);
    zoomed.view([-1, columns, channels, height * zoom, width * zoom]).permute([0, 3, 1, 4, 2]).reshape([
        -1,
        columns * width * zoom,
        channels,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_in_rows() {
        let value = |value: f64| Tensor::full([3, 2, 2], value, (Kind::Float, Device::Cpu));
        let sheet = arrange(&Tensor::stack(&[value(-1.0), value(1.0), value(0.0)], 0), 2, 1);
        assert_eq!(sheet.size(), [4, 4, 3]);
        let at = |y: i64, x: i64| sheet.int64_value(&[y, x, 0]);
        assert_eq!([at(0, 0), at(1, 3), at(3, 1), at(2, 2)], [0, 255, 128, 255]);
    }
}
