use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use experiment::plan::Cell;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use records::{CellStatus, CosineScale, TraceRow};

/// Interval of the log lines where nobody watches bars.
const LOG_EVERY: Duration = Duration::from_secs(30);

/// Bars for people: one for the experiment and one per running batch. Where stderr is no terminal,
/// log lines.
#[derive(Debug)]
pub struct Progress {
    bars: MultiProgress,
    whole: ProgressBar,
    ended: AtomicUsize,
    cells: usize,
    logged: Mutex<Instant>,
}

/// The bar of a batch; gone when it is dropped.
#[derive(Debug)]
pub(super) struct BatchProgress<'p> {
    progress: &'p Progress,
    bar: ProgressBar,
    begun: Instant,
    first_step: std::cell::Cell<Option<u32>>,
    steps: u32,
}

impl Progress {
    /// For `cells` that are to be computed; shown by `bars`, which logs share.
    pub fn new(bars: MultiProgress, cells: usize) -> Self {
        let whole = bars.add(ProgressBar::new(cells as u64));
        whole.set_style(style("{bar:24} {pos}/{len} cells  {elapsed_precise}  {msg}"));
        whole.enable_steady_tick(Duration::from_secs(1));
        Self { bars, whole, ended: AtomicUsize::new(0), cells, logged: Mutex::new(Instant::now()) }
    }

    /// No bars at all, for a run that is to be quiet.
    pub fn hidden(cells: usize) -> Self {
        Self::new(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()), cells)
    }

    pub(super) fn batch(&self, cells: &[&Cell]) -> BatchProgress<'_> {
        let steps = cells.iter().map(|cell| cell.dream.steps()).max().unwrap_or(0);
        let bar = self.bars.add(ProgressBar::new(u64::from(steps)));
        bar.set_style(style("{bar:24} {pos}/{len} steps  {msg}  {prefix}"));
        let others = cells.len() - 1;
        bar.set_prefix(match cells.first() {
            Some(first) if others > 0 => format!("{} and {others} more", first.id),
            Some(first) => first.id.clone(),
            None => String::new(),
        });
        BatchProgress { progress: self, bar, begun: Instant::now(), first_step: None.into(), steps }
    }

    pub(super) fn ended(&self, cell: &Cell, status: &CellStatus) {
        let ended = self.ended.fetch_add(1, Ordering::Relaxed) + 1;
        self.whole.inc(1);
        let of = format!("{ended}/{}", self.cells);
        match status {
            CellStatus::Finished(outcome) => {
                let similarity = format!("{:.2}", 100.0 * outcome.similarity_averaged);
                tracing::info!(
                    cell = cell.id,
                    similarity,
                    seconds = format!("{:.1}", outcome.seconds),
                    of,
                    "finished"
                );
            }
            CellStatus::Diverged { at_step, .. } => tracing::warn!(cell = cell.id, at_step, of, "diverged"),
            CellStatus::Failed { .. } | CellStatus::Unfinished => {
                tracing::info!(cell = cell.id, of, "not finished");
            }
        }
    }

    /// Removes the bars.
    pub fn finish(&self) {
        self.whole.finish_and_clear();
    }
}

impl BatchProgress<'_> {
    pub(super) fn ended(&self, cell: &Cell, status: &CellStatus) {
        self.progress.ended(cell, status);
    }

    /// Shows where the cells of the batch are.
    pub(super) fn update(&self, rows: &[(CosineScale, &TraceRow)]) {
        let Some(step) = rows.iter().map(|(_, row)| row.step).min() else { return };
        if self.first_step.get().is_none() {
            self.first_step.set(Some(step));
        }
        let message = format!("{}{}", similarity(rows), self.pace(step));
        self.bar.set_position(u64::from(step));
        self.bar.set_message(message.clone());
        if self.progress.bars.is_hidden() && self.progress.log_is_due() {
            tracing::info!("step {step}/{}  {message}", self.steps);
        }
    }

    fn pace(&self, step: u32) -> String {
        let taken = step - self.first_step.get().unwrap_or(step).min(step);
        let per_second = f64::from(taken) / self.begun.elapsed().as_secs_f64();
        if per_second <= 0.0 {
            return String::new();
        }
        let left = f64::from(self.steps.saturating_sub(step)) / per_second;
        format!("{per_second:.1} steps/s  {} left", indicatif::HumanDuration(Duration::from_secs_f64(left)))
    }
}

impl Progress {
    fn log_is_due(&self) -> bool {
        let mut logged = self.logged.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let due = logged.elapsed() >= LOG_EVERY;
        if due {
            *logged = Instant::now();
        }
        due
    }
}

impl Drop for BatchProgress<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        self.progress.bars.remove(&self.bar);
    }
}

/// 100 × the cosine on cutouts, in the mean of those cells that have one; nothing if none has.
fn similarity(rows: &[(CosineScale, &TraceRow)]) -> String {
    let cosines: Vec<f64> =
        rows.iter().map(|(scale, row)| 100.0 * scale.cosine(row.loss.similarity)).collect();
    let finite: Vec<f64> = cosines.into_iter().filter(|cosine| cosine.is_finite()).collect();
    match finite.len() {
        0 => String::new(),
        count => format!("similarity {:5.2}  ", finite.iter().sum::<f64>() / count as f64),
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;
    use records::Texts;

    #[test]
    fn the_bar_shows_cosines_whatever_the_coefficient_and_the_number_of_texts() {
        let row = |similarity_loss: f32| TraceRow {
            step: 1,
            loss: [similarity_loss, similarity_loss, 0.0, 0.0].into(),
            seconds: 0.0,
        };
        let scale = |loss_coef, approach| CosineScale { loss_coef, texts: Texts { approach, avoid: 0 } };
        let rows = [row(-20.0), row(-160.0), row(-0.0)];
        let all = [(scale(50.0, 1), &rows[0]), (scale(200.0, 2), &rows[1]), (scale(0.0, 1), &rows[2])];
        assert_eq!(similarity(&all), "similarity 40.00  ");
        assert_eq!(similarity(&all[2..]), "");
    }
}
