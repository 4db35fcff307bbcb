//! Summary for the terminal.

use std::fmt::{self, Display, Formatter, Write as _};
use std::path::{Path, PathBuf};

use records::CellStatus;
use records::counted;

use statistics::Pair;

use super::analysis::{Verdict, interval, sentences};
use super::faults::Fault;
use super::published::PublishedComparison;
use super::study::{Study, Unreadable};
use super::tables::shown;
use super::verdicts;

/// The outcome of an experiment in words: table, ranking, how sure it is, and where everything
/// lies.
#[derive(Clone, Debug)]
pub struct Summary {
    text: String,
    files: Vec<PathBuf>,
    faults: Vec<Fault>,
    unreadable: usize,
}

/// More cells than this are not listed one by one.
const LISTED: usize = 8;

impl Summary {
    /// The files written, relative to the results folder.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Figures that could not be drawn; the rest of the report is there.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The number of unreadable cells and files, which are left out.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    pub(super) fn of(
        study: &Study,
        verdict: &Verdict,
        missing_letters: &str,
        faults: Vec<Fault>,
        results: &Path,
        files: Vec<PathBuf>,
    ) -> Self {
        let sections = [
            head(study),
            certainty(study, verdict),
            format!("Similarity: 100 × cosine of the final image with its class name\n\n{}", shown(study)),
            order(study, verdict),
            judged(study),
            published(study),
            unfinished(study),
            unreadable(study),
            not_drawn(&faults),
            fonts(missing_letters),
            places(results, &files),
        ];
        let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
        Self { text: sections.join("\n\n"), files, faults, unreadable: study.unreadable.len() }
    }
}

impl Display for Summary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)
    }
}

fn head(study: &Study) -> String {
    let finished = study.cells.iter().filter(|cell| cell.outcome().is_some()).count();
    let Study { experiment, model_set, planned, reproduces, .. } = study;
    let planned = counted(*planned, "cell");
    let mut head = format!("{experiment}: {finished} of {planned} finished, model set {model_set}");
    if reproduces.is_none() {
        head += "\nThe model set is not the paper's: this is no reproduction of its figures.";
    }
    head
}

/// The optimizers, best mean first.
fn order(study: &Study, verdict: &Verdict) -> String {
    if verdict.places.is_empty() {
        return "No ranking: there is no prompt on which the optimizers have results.".to_owned();
    }
    if study.optimizers.len() == 1 {
        return String::new(); // nothing to compare it with
    }
    let judged = verdict.places.iter().any(|place| place.judge.is_some());
    let mut table = comfy_table::Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    let mut header = vec!["", "optimizer", "mean", "behind the first", "may be best"];
    header.extend(judged.then_some("judge"));
    table.set_header(header);
    for (place, entry) in (1..).zip(&verdict.places) {
        let place: usize = place;
        let mut row = vec![place.to_string(), entry.name.clone(), format!("{:.2}", entry.mean)];
        row.push(entry.behind.map_or(String::new(), |pair| behind(&pair)));
        row.push(if entry.may_be_best { "yes" } else { "no" }.to_owned());
        if judged {
            row.push(entry.judge.map_or("—".to_owned(), |(mean, place)| format!("{mean:.2} ({place}.)")));
        }
        table.add_row(row);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    for right in [0, 2] {
        if let Some(column) = table.column_mut(right) {
            column.set_cell_alignment(comfy_table::CellAlignment::Right);
        }
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    format!("Ranking by mean similarity\n{}", lines.join("\n"))
}

/// The distance of an optimizer from the first, such as "0.52 (−1.20 to 2.24)".
fn behind(pair: &Pair) -> String {
    let mean = format!("{:.2}", pair.difference);
    interval(pair.interval).map_or(mean.clone(), |interval| format!("{mean} ({interval})"))
}

/// The verdict's sentences, wrapped.
fn certainty(study: &Study, verdict: &Verdict) -> String {
    let said = sentences(study, verdict);
    let wrapped = said.iter().map(|sentence| wrapped(sentence, WIDTH));
    wrapped.collect::<Vec<_>>().join("\n")
}

/// Columns of the terminal's text.
const WIDTH: usize = 100;

/// `text` in lines of at most `width` letters, broken at spaces; further lines are indented.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last().map_or(0, |line| line.chars().count());
        if 0 < line && width < line + 1 + word.chars().count() {
            lines.push(format!("  {word}"));
        } else if let Some(last) = lines.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}

/// Ours beside the published figures.
fn published(study: &Study) -> String {
    let Some(comparison) = PublishedComparison::of(study) else { return String::new() };
    let words = comparison.words(study).join("\n  ");
    format!("Beside the published figures (tables/published.csv)\n  {words}")
}

/// Sentence on how often the judges found the prompt's class.
fn judged(study: &Study) -> String {
    let Some(evaluation) = study.cells.iter().find_map(|cell| cell.evaluation.as_ref()) else {
        return String::new();
    };
    let perceptor = verdicts::labels_right(study, verdicts::perceptor);
    let judge = verdicts::labels_right(study, verdicts::judge);
    let segments = verdicts::segments_right(study);
    let mut text = match perceptor.of {
        0 => format!("No prompt is among the {} labels ({})", evaluation.labels, evaluation.label_set),
        of => {
            let of = counted(of, "image");
            format!(
                "Right label ranked first (of {}): perceptor {} of {of}",
                evaluation.labels, perceptor.right
            )
        }
    };
    if 0 < judge.of {
        let _ = write!(text, ", held-out judge {} of {}", judge.right, judge.of);
    }
    if 0 < segments.of {
        let _ = write!(text, "; right segment largest: {} of {}", segments.right, segments.of);
    }
    text
}

/// Unfinished cells, by name.
fn unfinished(study: &Study) -> String {
    let lost: Vec<String> = study
        .cells
        .iter()
        .filter(|cell| cell.outcome().is_none())
        .map(|cell| format!("  {} {}", cell.record.id, state(&cell.record.status)))
        .collect();
    let not_begun = study.not_begun();
    if lost.is_empty() && not_begun == 0 {
        return String::new();
    }
    let mut text = format!("Not finished: {} of {}", lost.len() + not_begun, counted(study.planned, "cell"));
    for line in lost.iter().take(LISTED) {
        let _ = write!(text, "\n{line}");
    }
    if LISTED < lost.len() {
        let _ = write!(text, "\n  and {} more: tables/cells.csv", lost.len() - LISTED);
    }
    if 0 < not_begun {
        let _ = write!(text, "\n  {not_begun} not begun");
    }
    text
}

/// Figures that could not be drawn, by name.
fn not_drawn(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let mut text = "Not drawn; the rest of the report was made without them:".to_owned();
    for Fault { what, why } in faults.iter().take(LISTED) {
        let _ = write!(text, "\n  {what}: {why}");
    }
    if LISTED < faults.len() {
        let _ = write!(text, "\n  and {} more: report.html", faults.len() - LISTED);
    }
    text
}

/// The names of records that were left out, and the remedy.
fn unreadable(study: &Study) -> String {
    if study.unreadable.is_empty() {
        return String::new();
    }
    let mut text = "Unreadable, and left out:".to_owned();
    for Unreadable { name, reason, .. } in study.unreadable.iter().take(LISTED) {
        let _ = write!(text, "\n  {name}: {reason}");
    }
    if LISTED < study.unreadable.len() {
        let _ = write!(text, "\n  and {} more: tables/cells.csv", study.unreadable.len() - LISTED);
    }
    text + "\nRunning the experiment again repairs them: it draws images again where the saved state allows it, and computes a \
            cell\nagain where not."
}

/// A status in words; of an error its first line.
pub(super) fn state(status: &CellStatus) -> String {
    match status {
        CellStatus::Finished(_) => "finished".to_owned(),
        CellStatus::Diverged { at_step, .. } => format!("diverged at step {at_step}"),
        CellStatus::Failed { reason } => format!("failed: {}", reason.lines().next().unwrap_or_default()),
        CellStatus::Unfinished => "unfinished".to_owned(),
    }
}

fn fonts(missing_letters: &str) -> String {
    if missing_letters.is_empty() {
        return String::new();
    }
    let letters: String = missing_letters.chars().take(20).collect();
    format!(
        "The figures show boxes for {letters}: no font on this machine has them. Install one that does (Chinese, Japanese, Korean: \
         Noto Sans CJK,\nDebian's fonts-noto-cjk), then `runner report` again."
    )
}

fn places(results: &Path, files: &[PathBuf]) -> String {
    let places = [
        ("Table ", "tables/similarity.csv"),
        ("Cells ", "tables/cells.csv"),
        ("Curves", "plots/similarity.png"),
        ("Images", "plots/images.png"),
        ("Page  ", "report.html"),
    ];
    let written = places.iter().filter(|(_, name)| files.iter().any(|file| file == Path::new(name)));
    let lines = written.map(|(what, name)| format!("{what}  {}", results.join(name).display()));
    lines.collect::<Vec<_>>().join("\n")
}
