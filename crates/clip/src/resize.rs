use std::ops::Range;

/// An image, row by row, the channels of a pixel side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bitmap {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) channels: usize,
    pub(crate) samples: Vec<u16>, // in [0, white]
    pub(crate) white: u16,
}

/// A range of rows or columns out of a side that was resized to `full`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) full: usize,
    pub(crate) first: usize,
    pub(crate) count: usize,
}

/// The part `columns` × `rows` of the resized image, bicubic with antialiasing, to the last bit as Pillow
/// computes it (`src/libImaging/Resample.c`): columns first, weights in fixed point, whole samples between
/// the two passes. Pillow 13, unlike those before it, takes the rows first where they shrink a little more,
/// which moves single samples by a few levels.
///
/// Only what the part needs is computed, so that no shape of an image costs more than its own size.
pub(crate) fn bicubic(image: &Bitmap, columns: Span, rows: Span) -> Bitmap {
    let vertical = weights(image.height, rows);
    let first_row = vertical.first().map_or(0, |w| w.first);
    let last_row = vertical.last().map_or(0, |w| w.first + w.fixed.len());
    let narrow = resize_columns(image, &weights(image.width, columns), first_row..last_row);
    resize_rows(&narrow, &vertical, first_row)
}

/// The part `columns` × `rows` of the image resized by repeating or leaving out samples.
pub(crate) fn nearest(image: &Bitmap, columns: Span, rows: Span) -> Bitmap {
    // Pillow adds up the steps, and so rounds where a sample lies on the border of two.
    let sources = |size: usize, span: Span| {
        let step = size as f64 / span.full as f64;
        let positions = std::iter::successors(Some(0.5 * step), move |position| Some(position + step));
        positions.skip(span.first).take(span.count).map(move |position| (position as usize).min(size - 1))
    };
    let mut samples = Vec::with_capacity(columns.count * rows.count * image.channels);
    for y in sources(image.height, rows) {
        for x in sources(image.width, columns) {
            samples.extend_from_slice(image.pixel(x, y));
        }
    }
    Bitmap { width: columns.count, height: rows.count, samples, ..image.empty() }
}

impl Bitmap {
    /// Its sizes, without its samples.
    fn empty(&self) -> Self {
        Self { samples: vec![], ..*self }
    }

    pub(crate) fn pixel(&self, x: usize, y: usize) -> &[u16] {
        let at = (y * self.width + x) * self.channels;
        &self.samples[at..at + self.channels]
    }
}

/// Weights of an output sample: the input samples from `first` on, times `fixed`, over 2^22.
struct Weights {
    first: usize,
    fixed: Vec<i64>,
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

fn resize_columns(image: &Bitmap, columns: &[Weights], rows: Range<usize>) -> Bitmap {
    let mut samples = Vec::with_capacity(rows.len() * columns.len() * image.channels);
    for y in rows.clone() {
        for weights in columns {
            let sample = |c| weighted(weights, image.white, |x| image.pixel(x, y)[c]);
            samples.extend((0..image.channels).map(sample));
        }
    }
    Bitmap { width: columns.len(), height: rows.len(), samples, ..image.empty() }
}

/// `image` begins at row `first_row` of what the weights were made for.
fn resize_rows(image: &Bitmap, rows: &[Weights], first_row: usize) -> Bitmap {
    let mut samples = Vec::with_capacity(rows.len() * image.width * image.channels);
    for weights in rows {
        for x in 0..image.width {
            let sample = |c| weighted(weights, image.white, |y| image.pixel(x, y - first_row)[c]);
            samples.extend((0..image.channels).map(sample));
        }
    }
    Bitmap { height: rows.len(), samples, ..image.empty() }
}

fn weighted(weights: &Weights, white: u16, sample: impl Fn(usize) -> u16) -> u16 {
    let terms = (weights.first..).zip(&weights.fixed).map(|(i, weight)| i64::from(sample(i)) * weight);
    let sum = FIXED_POINT / 2 + terms.sum::<i64>();
    (sum / FIXED_POINT).clamp(0, white.into()) as u16
}
