use std::fmt;

use loss_terms::LossTerms;
use serde::de::{Error, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A row of `trace.csv`: the loss of one step, taken before the optimizer moved.
///
/// Its columns are `step`, those of [`LossTerms`] and `seconds`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TraceRow {
    /// Counted from 1.
    pub step: u32,
    /// The loss and its terms: [`CosineScale`](super::CosineScale) makes a cosine of the similarity
    /// term, whose negative the report plots as "the loss".
    pub loss: LossTerms,
    /// Time spent on the cell up to and with this step, in seconds.
    pub seconds: f64,
}

const STEP: &str = "step";
const SECONDS: &str = "seconds";

/// The rows as CSV with a header.
pub(super) fn to_csv(rows: &[TraceRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if !rows.is_empty() {
        writer.serialize((STEP, LossTerms::COLUMNS, SECONDS))?;
    }
    for row in rows {
        writer.serialize((row.step, row.loss.values(), row.seconds))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// The rows of a CSV with a header.
pub(super) fn from_csv(bytes: &[u8]) -> Result<Vec<TraceRow>, csv::Error> {
    csv::Reader::from_reader(bytes).deserialize().collect()
}

/// By the names of the columns, whatever their order; others are left alone.
impl<'de> Deserialize<'de> for TraceRow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RowVisitor)
    }
}

struct RowVisitor;

impl<'de> Visitor<'de> for RowVisitor {
    type Value = TraceRow;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a row of a trace")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut row: A) -> Result<TraceRow, A::Error> {
        let (mut step, mut seconds, mut terms) = (None, None, [None; LossTerms::COUNT]);
        while let Some(column) = row.next_key::<String>()? {
            match LossTerms::COLUMNS.iter().position(|name| *name == column) {
                Some(term) => terms[term] = Some(row.next_value()?),
                None if column == STEP => step = Some(row.next_value()?),
                None if column == SECONDS => seconds = Some(row.next_value()?),
                None => drop(row.next_value::<IgnoredAny>()?),
            }
        }
        let mut loss = [0.0; LossTerms::COUNT];
        for ((value, found), name) in loss.iter_mut().zip(terms).zip(LossTerms::COLUMNS) {
            *value = found.ok_or_else(|| A::Error::missing_field(name))?;
        }
        Ok(TraceRow {
            step: step.ok_or_else(|| A::Error::missing_field(STEP))?,
            loss: loss.into(),
            seconds: seconds.ok_or_else(|| A::Error::missing_field(SECONDS))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_written_as_it_always_was() {
        let loss = LossTerms { total: 1.0, similarity: -36.1, latent: 1e-7, class: f32::INFINITY };
        let csv = to_csv(&[TraceRow { step: 1, loss, seconds: 0.25 }]).unwrap();
        insta::assert_snapshot!(String::from_utf8(csv).unwrap(), @r"
        step,loss,similarity_loss,latent_loss,class_loss,seconds
        1,1.0,-36.1,1e-7,inf,0.25
        ");
        assert!(to_csv(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_column_that_is_missing_is_named() {
        let error = from_csv(b"step,loss,similarity_loss,latent_loss,seconds\n1,1,1,1,1\n").unwrap_err();
        assert!(error.to_string().contains("missing field `class_loss`"), "{error}");
        assert!(
            from_csv(b"step,loss,similarity_loss,latent_loss,class_loss,seconds\n1,1,?,1,1,1\n").is_err()
        );
    }
}
