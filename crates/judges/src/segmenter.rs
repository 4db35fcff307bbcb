use std::borrow::Cow;
use std::num::NonZeroU16;

use checkpoint::Weights;
use clip::Picture;
use deeplab::{DeepLab, normalize};
use model_sets::{Component, ModelSet};
use records::{Segments, Share};
use tch::{Device, Kind, Tensor};

use super::EvaluationError;

/// Most pixels whose logits are brought to the picture's own size before classes are compared, as
/// the paper does it: 84 bytes each for 21 classes. Of a larger picture, classes are compared where
/// the segmenter has them.
const FINE: u32 = 1 << 21;

/// Pixels of a larger picture that are floats at one time.
const STRIP: u32 = 1 << 18;

/// Most pixels that the segmenter is given, in squares of its `side`: a picture whose one side is
/// more than four times the other is resized to less than `side`.
const SQUARES: f64 = 4.0;

/// Segmentation at the picture's own size, for a model set without `side`.
const WITHOUT_SIDE: f64 = 1_048_576.0;

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
    /// The image's.
    width: u32,
    height: u32,
    /// Columns and rows of `classes`: as many as the image has, or fewer, each for several pixels.
    columns: u32,
    rows: u32,
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

    /// The segments that it sees in an image: for every pixel of one of up to [`FINE`].
    pub(super) fn look(&self, image: &Picture, expected: Option<&str>) -> (Segments, Mask) {
        let (width, height) = (image.width(), image.height());
        let logits =
            self.model.forward(&normalize(&resized(image, size_for(self.side, width, height), self.device)));
        let is_fine = u64::from(width) * u64::from(height) <= FINE.into();
        let (columns, rows) = (i64::from(width), i64::from(height));
        let logits = match logits.size()[2..] == [rows, columns] || !is_fine {
            true => logits,
            false => logits.upsample_bilinear2d([rows, columns], false, None, None),
        };
        let [_, _, rows, columns] = logits.size()[..] else { unreachable!("logits have four dimensions") };
        let (columns, rows) = (columns as u32, rows as u32);
        let mask = logits.argmax(1, false).to_kind(Kind::Uint8).to_device(Device::Cpu);
        let classes = Vec::<u8>::try_from(mask.contiguous().flatten(0, -1)).expect("a vector of bytes");
        let mask = Mask { width, height, columns, rows, classes };
        let segments = Segments { expected: expected.map(str::to_owned), shares: self.shares(&mask) };
        (segments, mask)
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

/// Width and height that an image of these is resized to: its shorter side becomes `side`, where
/// the longer one is not too long.
fn size_for(side: Option<NonZeroU16>, width: u32, height: u32) -> [u32; 2] {
    let pixels = f64::from(width) * f64::from(height);
    let (scale, most) = match side {
        Some(side) => {
            let side = f64::from(side.get());
            (side / f64::from(height.min(width)), SQUARES * side * side)
        }
        None => (1.0, WITHOUT_SIDE),
    };
    let scale = scale.min((most / pixels).sqrt());
    [width, height].map(|length| ((f64::from(length) * scale).round() as u32).max(1))
}

/// The image resized to `[width, height]`, `[1, 3, height, width]` in [0, 1].
///
/// A large one comes in strips of rows, each resized in width and then all in height, as they would
/// be in one go: as floats it is four times as large as its file's pixels.
fn resized(image: &Picture, [width, height]: [u32; 2], device: Device) -> Tensor {
    let resize = |pixels: &Tensor, [width, height]: [u32; 2]| {
        let pixels = pixels.unsqueeze(0).to_device(device);
        if pixels.size()[2..] == [i64::from(height), i64::from(width)] {
            return pixels;
        }
        pixels.internal_upsample_bilinear2d_aa([height.into(), width.into()], false, None, None)
    };
    if u64::from(image.width()) * u64::from(image.height()) <= FINE.into() {
        return resize(&image.rows(0..image.height()), [width, height]);
    }
    let strip = (STRIP / image.width()).max(1);
    let starts = (0..image.height()).step_by(strip as usize);
    let strips: Vec<Tensor> = starts
        .map(|first| {
            let rows = first..image.height().min(first + strip);
            let count = rows.len() as u32;
            resize(&image.rows(rows), [width, count]).squeeze_dim(0)
        })
        .collect();
    resize(&Tensor::cat(&strips, 1), [width, height])
}

impl Mask {
    /// Encodes the mask as Pascal VOC's annotations: a PNG with a palette, in which a pixel's index
    /// is its class.
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
        writer.write_image_data(&self.of_every_pixel())?;
        writer.finish()?;
        Ok(bytes)
    }

    /// The class of the nearest one that was told.
    fn of_every_pixel(&self) -> Cow<'_, [u8]> {
        if (self.columns, self.rows) == (self.width, self.height) {
            return Cow::Borrowed(&self.classes);
        }
        let nearest = |at: u32, told: u32, of: u32| {
            ((2 * u64::from(at) + 1) * u64::from(told) / (2 * u64::from(of))) as usize
        };
        let row = |y: u32| {
            let row = &self.classes[nearest(y, self.rows, self.height) * self.columns as usize..];
            (0..self.width).map(move |x| row[nearest(x, self.columns, self.width)])
        };
        (0..self.height).flat_map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mask_has_the_numbers_and_vocs_colors() {
        let mask = Mask { width: 3, height: 2, columns: 3, rows: 2, classes: vec![0, 1, 15, 20, 0, 2] };
        let png = mask.png().unwrap();
        let mut decoder = png::Decoder::new(std::io::Cursor::new(&png));
        decoder.set_transformations(png::Transformations::IDENTITY);
        let mut reader = decoder.read_info().unwrap();
        let mut numbers = vec![0; 6];
        reader.next_frame(&mut numbers).unwrap();
        assert_eq!(numbers, mask.classes);
        let colors = image::load_from_memory(&png).unwrap().to_rgb8();
        assert_eq!(colors.get_pixel(2, 0).0, [192, 128, 128]); // a person
        assert_eq!(colors.get_pixel(0, 0).0, [0, 0, 0]);
    }

    fn picture(width: u32, height: u32) -> Picture {
        let file = tempfile::NamedTempFile::new().unwrap();
        let pixel = |x: u32, y: u32| image::Rgb([(x * 7 + y) as u8, (y * 5) as u8, (x ^ y) as u8]);
        image::RgbImage::from_fn(width, height, pixel)
            .save_with_format(file.path(), image::ImageFormat::Png)
            .unwrap();
        Picture::open(file.path()).unwrap()
    }

    #[test]
    fn strips_give_what_the_whole_gives() {
        let picture = picture(2100, 1300); // eleven strips
        let whole = picture.rows(0..1300).unsqueeze(0);
        let whole = whole.internal_upsample_bilinear2d_aa([128, 207], false, None, None);
        assert!(2100 * 1300 > FINE && resized(&picture, [207, 128], Device::Cpu).equal(&whole));
    }

    #[test]
    fn a_coarse_mask_is_enlarged_to_the_nearest() {
        let mask = Mask { width: 5, height: 4, columns: 2, rows: 2, classes: vec![1, 2, 3, 4] };
        let [upper, lower] = [[1, 1, 2, 2, 2], [3, 3, 4, 4, 4]];
        assert_eq!(*mask.of_every_pixel(), [upper, upper, lower, lower].concat());
    }

    #[test]
    fn bounds_what_the_segmenter_is_given() {
        for side in [None, NonZeroU16::new(128)] {
            let most = side.map_or(WITHOUT_SIDE, |side| SQUARES * f64::from(side.get()).powi(2));
            for (width, height) in [(1, 1), (512, 512), (1, 65_535), (65_535, 763), (8000, 6000), (20, 2000)]
            {
                let [wide, high] = size_for(side, width, height);
                assert!(
                    f64::from(wide) * f64::from(high) < 1.05 * most,
                    "{width} × {height}: {wide} × {high}"
                );
            }
        }
        // As before: the shorter side is the side that the models were trained with.
        assert_eq!(size_for(NonZeroU16::new(128), 640, 360), [228, 128]);
        assert_eq!(size_for(NonZeroU16::new(520), 512, 512), [520, 520]);
        assert_eq!(size_for(None, 640, 360), [640, 360]);
    }
}
