use std::num::NonZeroU16;
use std::path::Path;

use checkpoint::Weights;
use deeplab::{DeepLab, normalize};
use image::{ImageReader, RgbImage};
use model_sets::{Component, ModelSet};
use records::{Segments, Share};
use tch::{Device, Kind, Tensor};

use super::EvaluationError;

/// A segmenter with the names of its classes.
pub(super) struct Segmenter {
    model: DeepLab,
    device: Device,
    side: Option<NonZeroU16>,
    classes: Vec<String>,
}

/// The class of each pixel of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mask {
    width: u32,
    height: u32,
    /// In rows.
    classes: Vec<u8>,
}

impl Segmenter {
    pub(super) fn load(
        set: &ModelSet,
        component: &Component,
        classes: Vec<String>,
        device: Device,
    ) -> Result<Self, EvaluationError> {
        let set_name = || set.manifest.name.clone();
        let weights = Weights::open(&set.path(&component.weights)).map_err(|source| {
            EvaluationError::Weights { role: "segmenter", set: set_name(), source: Box::new(source) }
        })?;
        let model = DeepLab::load(weights, device, Kind::Float)
            .map_err(|source| EvaluationError::Segmenter { set: set_name(), source: Box::new(source) })?;
        let found = model.num_classes();
        if usize::try_from(found) != Ok(classes.len()) || 256 < classes.len() {
            return Err(EvaluationError::Classes { set: set_name(), found, named: classes.len() });
        }
        Ok(Self { model, device, side: component.side, classes })
    }

    /// What it sees in the image in a file, for every pixel that the image has.
    pub(super) fn look(
        &self,
        path: &Path,
        expected: Option<&str>,
    ) -> Result<(Segments, Mask), EvaluationError> {
        let image = read(path)?;
        let (width, height) = image.dimensions();
        if width == 0 || height == 0 {
            return Err(EvaluationError::Size { path: path.to_owned(), width, height });
        }
        let pixels = Tensor::from_slice(image.as_raw()).view([i64::from(height), i64::from(width), 3]);
        let pixels = pixels.permute([2, 0, 1]).unsqueeze(0).to_kind(Kind::Float) / 255.0;
        let mask =
            self.classes_of(&pixels.to_device(self.device)).to_kind(Kind::Uint8).to_device(Device::Cpu);
        let classes = Vec::<u8>::try_from(mask.contiguous().flatten(0, -1)).expect("a vector of bytes");
        let mask = Mask { width, height, classes };
        let segments = Segments { expected: expected.map(str::to_owned), shares: self.shares(&mask) };
        Ok((segments, mask))
    }

    /// `[1, 3, h, w]` in [0, 1] → `[1, h, w]`.
    fn classes_of(&self, pixels: &Tensor) -> Tensor {
        let [_, _, height, width] = pixels.size()[..] else { unreachable!("images have four dimensions") };
        let Some(side) = self.side else { return self.model.segment(pixels) };
        let scale = f64::from(side.get()) / height.min(width) as f64;
        let [high, wide] = [height, width].map(|length| (length as f64 * scale).round() as i64);
        let resized = pixels.internal_upsample_bilinear2d_aa([high, wide], false, None, None);
        let logits = self.model.forward(&normalize(&resized)); // [1, classes, high, wide]
        logits.upsample_bilinear2d([height, width], false, None, None).argmax(1, false)
    }

    /// The largest first, those of one size by their number.
    fn shares(&self, mask: &Mask) -> Vec<Share> {
        let mut counts = [0_usize; 256];
        for &class in &mask.classes {
            counts[usize::from(class)] += 1;
        }
        let all = mask.classes.len() as f64;
        let mut shares: Vec<Share> = (0..=u8::MAX)
            .zip(&self.classes)
            .map(|(index, class)| Share {
                class: class.clone(),
                index,
                share: counts[usize::from(index)] as f64 / all,
            })
            .filter(|share| 0.0 < share.share)
            .collect();
        shares.sort_by(|a, b| b.share.total_cmp(&a.share)); // stable
        shares
    }
}

fn read(path: &Path) -> Result<RgbImage, EvaluationError> {
    let fault = |source| clip::PreprocessError::Read { path: path.to_owned(), source };
    let reader = ImageReader::open(path).and_then(ImageReader::with_guessed_format);
    Ok(reader.map_err(|error| fault(error.into()))?.decode().map_err(fault)?.to_rgb8())
}

impl Mask {
    /// As Pascal VOC stores its annotations: a PNG with a palette, in which a pixel's number is its class.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub fn png(&self) -> Result<Vec<u8>, png::EncodingError> {
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, self.width, self.height);
        encoder.set_color(png::ColorType::Indexed);
        encoder.set_depth(png::BitDepth::Eight);
        encoder.set_palette((0..=u8::MAX).flat_map(records::voc_color).collect::<Vec<u8>>());
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.classes)?;
        writer.finish()?;
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_the_numbers_and_vocs_colours() {
        let mask = Mask { width: 3, height: 2, classes: vec![0, 1, 15, 20, 0, 2] };
        let png = mask.png().unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&png));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut numbers = vec![0; 6];
        reader.next_frame(&mut numbers).unwrap();
        assert_eq!(numbers, mask.classes);
        let colours = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(colours.get_pixel(2, 0).0, [192, 128, 128]); // a person
        assert_eq!(colours.get_pixel(0, 0).0, [0, 0, 0]);
    }
}
