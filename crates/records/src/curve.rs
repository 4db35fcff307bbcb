use serde::{Deserialize, Serialize};

use super::check::cosine_in_range;

/// The name of a cell's file of curves.
pub const CURVE: &str = "curve.csv";

/// A row of `curve.csv`: a saved frame's similarity with the text of the cell's class name, as
/// cosines in [-1, 1].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CurveRow {
    /// Steps done when the frame was saved.
    pub step: u32,
    /// Similarity of the frame, the averaged latents' image, by the perceptor.
    pub averaged: Option<f64>,
    /// Similarity of the live latents' image, by the perceptor, measured when the frame was saved.
    /// Missing where it was measured with another text.
    pub live: Option<f64>,
    /// Similarity of the frame by the held-out judge, if there is one.
    pub judge: Option<f64>,
}

/// The rows as CSV with a header.
pub(super) fn to_csv(rows: &[CurveRow]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// The rows of a CSV with a header.
pub(super) fn from_csv(bytes: &[u8]) -> Result<Vec<CurveRow>, csv::Error> {
    csv::Reader::from_reader(bytes).deserialize().collect()
}

/// The first fault of a curve.
pub(super) fn check(rows: &[CurveRow]) -> Result<(), String> {
    let mut before = 0;
    for row in rows {
        if row.step <= before {
            return Err(format!("step {} follows step {before}", row.step));
        }
        before = row.step;
        for (name, value) in [("averaged", row.averaged), ("live", row.live), ("judge", row.judge)] {
            value.map_or(Ok(()), |value| cosine_in_range(name, value))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_was_written() {
        let rows = [
            CurveRow { step: 50, averaged: Some(0.25), live: None, judge: Some(-0.5) },
            CurveRow { step: 100, averaged: None, live: Some(0.125), judge: None },
        ];
        let csv = to_csv(&rows).unwrap();
        insta::assert_snapshot!(String::from_utf8_lossy(&csv), @r"
        step,averaged,live,judge
        50,0.25,,-0.5
        100,,0.125,
        ");
        assert_eq!(from_csv(&csv).unwrap(), rows);
        assert_eq!(from_csv(b"").unwrap(), []);
    }

    #[test]
    fn refuses_numbers_that_no_run_writes() {
        let row = CurveRow { step: 50, averaged: None, live: Some(0.1), judge: None };
        assert_eq!(check(&[row]), Ok(()));
        for spoilt in [
            [row, row],
            [CurveRow { step: 0, ..row }, row],
            [row, CurveRow { step: 60, averaged: Some(f64::NAN), ..row }],
            [row, CurveRow { step: 60, live: Some(1.5), ..row }],
            [row, CurveRow { step: 60, judge: Some(f64::NEG_INFINITY), ..row }],
        ] {
            assert!(check(&spoilt).is_err(), "{spoilt:?}");
        }
    }
}
