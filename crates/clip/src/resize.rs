use std::{borrow::Cow, ops::Range};

/// An image, row by row, the channels of a pixel side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bitmap<'s> {
    pub(crate) width: usize,
    pub(crate) height: usize,
    /// Of 2 or 4, the last one is the opacity.
    pub(crate) channels: usize,
    pub(crate) samples: Cow<'s, [u8]>,
}

/// A range of rows or columns out of a side that was resized to `full`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) full: usize,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// The part `columns` × `rows` of the resized image, bicubic with antialiasing, to the last bit as
/// Pillow computes it (`src/libImaging/Resample.c`): columns first, weights in fixed point, whole
/// samples between the two passes. Pillow 13, unlike those before it, takes the rows first where
/// they shrink a little more, which moves single samples by a few levels.
///
/// Colors count as much as they are opaque, and are so in what comes out: times their opacity.
///
/// Only what the part needs is computed, so that no shape of an image costs more than its own size.
pub(crate) fn bicubic(image: &Bitmap<'_>, columns: Span, rows: Span) -> Bitmap<'static> {
    let vertical = weights(image.height, rows);
    let first_row = vertical.first().map_or(0, |w| w.first);
    let last_row = vertical.last().map_or(0, Weights::end);
    let narrow = resize_columns(image, &weights(image.width, columns), first_row..last_row);
    resize_rows(&narrow, &vertical, first_row)
}

/// The part `columns` × `rows` of the image resized by repeating or leaving out samples.
pub(crate) fn nearest(image: &Bitmap<'_>, columns: Span, rows: Span) -> Bitmap<'static> {
    // Pillow adds up the steps, and so rounds where a sample lies on the border of two.
    let sources = |size: usize, span: Span| {
        let step = size as f64 / span.full as f64;
        let positions = std::iter::successors(Some(0.5 * step), move |position| Some(position + step));
        positions.skip(span.first).take(span.count).map(move |position| (position as usize).min(size - 1))
    };
    let columns_of: Vec<usize> = sources(image.width, columns).collect();
    let mut samples = Vec::with_capacity(columns.count * rows.count * image.channels);
    for y in sources(image.height, rows) {
        for &x in &columns_of {
            samples.extend_from_slice(image.row_part(y, x..x + 1));
        }
    }
    Bitmap { width: columns.count, height: rows.count, samples: samples.into(), channels: image.channels }
}

impl Bitmap<'_> {
    pub(crate) fn has_opacity(&self) -> bool {
        self.channels.is_multiple_of(2)
    }

    fn row_part(&self, y: usize, columns: Range<usize>) -> &[u8] {
        let at = (y * self.width + columns.start) * self.channels;
        &self.samples[at..][..columns.len() * self.channels]
    }
}

/// Weights of an output sample: the input samples from `first` on, times `fixed`, over 2^22.
struct Weights {
    first: usize,
    fixed: Vec<i64>,
}

impl Weights {
    fn end(&self) -> usize {
        self.first + self.fixed.len()
    }
}

const FIXED_POINT: i64 = 1 << 22;

/// Half the width of the kernel, in samples of the coarser side.
const SUPPORT: f64 = 2.0;

fn weights(size: usize, span: Span) -> Vec<Weights> {
    let scale = size as f64 / span.full as f64;
    let stretch = scale.max(1.0); // the antialiasing: shrinking widens the kernel
    let support = SUPPORT * stretch;
    let at = |i: usize| {
        let center = (i as f64 + 0.5) * scale;
        let first = (center - support + 0.5).max(0.0) as usize;
        let end = ((center + support + 0.5) as usize).min(size);
        let exact: Vec<f64> = (first..end).map(|x| kernel((x as f64 - center + 0.5) / stretch)).collect();
        let sum: f64 = exact.iter().sum();
        let fixed = exact.iter().map(|weight| (weight / sum * FIXED_POINT as f64).round() as i64).collect();
        Weights { first, fixed }
    };
    (span.first..span.first + span.count).map(at).collect()
}

/// Keys' cubic convolution (1981) with a = -1/2.
fn kernel(x: f64) -> f64 {
    const A: f64 = -0.5;
    let x = x.abs();
    if x < 1.0 {
        ((A + 2.0) * x - (A + 3.0)) * x * x + 1.0
    } else if x < 2.0 {
        (((x - 5.0) * x + 8.0) * x - 4.0) * A
    } else {
        0.0
    }
}

fn resize_columns(image: &Bitmap<'_>, columns: &[Weights], rows: Range<usize>) -> Bitmap<'static> {
    let channels = image.channels;
    let first = columns.first().map_or(0, |w| w.first);
    let last = columns.last().map_or(0, Weights::end);
    let mut samples = Vec::with_capacity(rows.len() * columns.len() * channels);
    let mut row = Vec::with_capacity((last - first) * channels);
    for y in rows.clone() {
        row.clear();
        row.extend_from_slice(image.row_part(y, first..last));
        if image.has_opacity() {
            row.chunks_exact_mut(channels).for_each(premultiply);
        }
        for weights in columns {
            let sample = |c| weighted(weights, |x| row[(x - first) * channels + c]);
            samples.extend((0..channels).map(sample));
        }
    }
    Bitmap { width: columns.len(), height: rows.len(), samples: samples.into(), channels }
}

/// Colors times opacity, which is the last channel; rounded as Pillow rounds.
fn premultiply(pixel: &mut [u8]) {
    let Some((opacity, colors)) = pixel.split_last_mut() else { return };
    for color in colors {
        let product = u32::from(*color) * u32::from(*opacity) + 128;
        *color = ((product + (product >> 8)) >> 8) as u8;
    }
}

/// `image` begins at row `first_row` of what the weights were made for.
fn resize_rows(image: &Bitmap<'_>, rows: &[Weights], first_row: usize) -> Bitmap<'static> {
    let (width, channels) = (image.width, image.channels);
    let mut samples = Vec::with_capacity(rows.len() * width * channels);
    for weights in rows {
        for at in 0..width * channels {
            samples.push(weighted(weights, |y| image.samples[(y - first_row) * width * channels + at]));
        }
    }
    Bitmap { width, height: rows.len(), samples: samples.into(), channels }
}

fn weighted(weights: &Weights, sample: impl Fn(usize) -> u8) -> u8 {
    let terms = (weights.first..).zip(&weights.fixed).map(|(i, weight)| i64::from(sample(i)) * weight);
    let sum = FIXED_POINT / 2 + terms.sum::<i64>();
    (sum / FIXED_POINT).clamp(0, 255) as u8
}
