//! The cells of one place of the table: a row and an optimizer, over all seeds.

use records::CellStatus;

use super::study::Study;
use statistics::{mean, sample_sd};

/// Summary of the cells at one place of the grid.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    /// Similarities (× 100) of the cells that finished.
    pub(crate) finished: Vec<f64>,
    pub(crate) diverged: usize,
    pub(crate) failed: usize,
    pub(crate) unfinished: usize,
}

impl Group {
    /// The group of `row` and `optimizer`.
    pub(crate) fn of(study: &Study, row: usize, optimizer: usize) -> Self {
        let mut group = Self::default();
        for cell in study.at(row, optimizer) {
            match (&cell.record.status, cell.similarity()) {
                (_, Some(similarity)) => group.finished.push(similarity),
                (CellStatus::Diverged { .. }, _) => group.diverged += 1,
                (CellStatus::Failed { .. }, _) => group.failed += 1,
                _ => group.unfinished += 1,
            }
        }
        if 0 < group.size() {
            let (prompt, optimizer) = (&study.prompts[study.rows[row].prompt], &study.optimizers[optimizer]);
            let planned = study.planned_runs.runs_at(&prompt.text, &study.rows[row].axes, optimizer);
            group.unfinished += planned.saturating_sub(group.size()); // not begun
        }
        group
    }

    /// The mean over the cells that finished; `None` when none did.
    pub(crate) fn mean(&self) -> Option<f64> {
        mean(&self.finished)
    }

    /// The standard deviation over the cells that finished; `None` below two of them.
    pub(crate) fn sd(&self) -> Option<f64> {
        sample_sd(&self.finished)
    }

    /// The mean if every cell finished.
    pub(crate) fn complete_mean(&self) -> Option<f64> {
        self.mean().filter(|_| self.size() == self.finished.len())
    }

    fn size(&self) -> usize {
        self.finished.len() + self.diverged + self.failed + self.unfinished
    }

    /// For readers: the mean, and what did not finish.
    pub(crate) fn show(&self) -> String {
        self.words(None)
    }

    /// The same with the standard deviation over the seeds, where there are several.
    pub(crate) fn show_with_spread(&self) -> String {
        self.words(self.sd())
    }

    fn words(&self, sd: Option<f64>) -> String {
        let all = self.size();
        let lost = [(self.diverged, "diverged"), (self.failed, "failed"), (self.unfinished, "unfinished")];
        let lost = lost.iter().filter(|(count, _)| 0 < *count);
        let lost: Vec<String> = match all {
            0 | 1 => lost.map(|(_, what)| (*what).to_owned()).collect(),
            _ => lost.map(|(count, what)| format!("{count} of {all} {what}")).collect(),
        };
        let mean = self.mean().map(|mean| plus_minus(mean, sd));
        match (mean, lost.is_empty()) {
            (None, true) => "—".to_owned(),
            (None, false) => lost.join(", "),
            (Some(mean), true) => mean,
            (Some(mean), false) => format!("{mean} ({})", lost.join(", ")),
        }
    }
}

/// A mean, such as "45.87 ± 0.74", or "45.87" without a standard deviation.
pub(crate) fn plus_minus(mean: f64, sd: Option<f64>) -> String {
    sd.map_or_else(|| format!("{mean:.2}"), |sd| format!("{mean:.2} ± {sd:.2}"))
}

/// The mean of an optimizer over all rows; `None` unless every cell of every row finished.
pub(crate) fn column_mean(study: &Study, optimizer: usize) -> Option<f64> {
    mean(&column(study, optimizer)?)
}

/// The standard deviation of an optimizer over the rows, where it has a mean; `None` for one row.
pub(crate) fn column_sd(study: &Study, optimizer: usize) -> Option<f64> {
    sample_sd(&column(study, optimizer)?)
}

fn column(study: &Study, optimizer: usize) -> Option<Vec<f64>> {
    (0..study.rows.len()).map(|row| Group::of(study, row, optimizer).complete_mean()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_did_not_finish_is_said_and_is_never_zero() {
        let group = |finished: &[f64], diverged, failed, unfinished| {
            Group { finished: finished.to_vec(), diverged, failed, unfinished }.show()
        };
        assert_eq!(group(&[], 0, 0, 0), "—");
        assert_eq!(group(&[], 1, 0, 0), "diverged");
        assert_eq!(group(&[], 0, 0, 1), "unfinished");
        assert_eq!(group(&[40.588], 0, 0, 0), "40.59");
        assert_eq!(group(&[40.0, 41.0], 1, 0, 0), "40.50 (1 of 3 diverged)");
        assert_eq!(group(&[], 2, 1, 0), "2 of 3 diverged, 1 of 3 failed");
        let group = Group { finished: vec![45.0, 46.5], diverged: 1, ..Group::default() };
        assert_eq!(group.show_with_spread(), "45.75 ± 1.06 (1 of 3 diverged)");
    }
}
