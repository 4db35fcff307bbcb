use serde::{Deserialize, Serialize};

use super::Terms;

/// A row of `trace.csv`: the loss of one step, taken before the optimizer moved.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TraceRow {
    /// Counted from 1.
    pub step: u32,
    /// The sum of the three terms below.
    pub loss: f32,
    /// −`loss_coef` × the mean cosine of cutouts and text, summed over the prompt's texts, those to avoid negative:
    /// [`CosineScale`](super::CosineScale) makes a cosine of it, whose negative the report plots as "the loss".
    pub similarity_loss: f32,
    /// The latents' term.
    pub latent_loss: f32,
    /// The class weights' term.
    pub class_loss: f32,
    /// Time spent on the cell up to and with this step, in seconds.
    pub seconds: f64,
}

impl TraceRow {
    /// The row's loss, as an outcome records it.
    pub fn terms(&self) -> Terms {
        Terms {
            total: self.loss,
            similarity: self.similarity_loss,
            latent: self.latent_loss,
            class: self.class_loss,
        }
    }
}

/// The rows as CSV with a header.
pub(super) fn to_csv(rows: &[TraceRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// The rows of a CSV with a header.
pub(super) fn from_csv(bytes: &[u8]) -> Result<Vec<TraceRow>, csv::Error> {
    csv::Reader::from_reader(bytes).deserialize().collect()
}
