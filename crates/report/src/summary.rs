//! What the terminal is told.

use std::fmt::{self, Display, Formatter, Write as _};
use std::path::{Path, PathBuf};

use records::CellStatus;
use records::counted;

use super::faults::Fault;
use super::published::PublishedComparison;
use super::ranking::{Pair, Ranking};
use super::study::{Study, Unreadable};
use super::tables::shown;
use super::verdicts;

/// The outcome of an experiment in words: table, ranking, how sure it is, and where everything lies.
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

    /// What could not be drawn; the rest of the report is there.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// How many cells and files about all cells are unreadable, and left out.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    pub(super) fn of(
        study: &Study,
        ranking: &Ranking,
        missing_letters: &str,
        faults: Vec<Fault>,
        results: &Path,
        files: Vec<PathBuf>,
    ) -> Self {
        let sections = [
            head(study),
            format!("Similarity: 100 × cosine of the final image with its class name\n\n{}", shown(study)),
            order(ranking),
            certainty(ranking),
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
    let Study { experiment, model_set, planned, .. } = study;
    let planned = counted(*planned, "cell");
    let mut head = format!("{experiment}: {finished} of {planned} finished, model set {model_set}");
    if model_set != "paper" {
        head += "\nThe model set is not the paper's: this is no reproduction of its figures.";
    }
    head
}

/// The optimizers, best first.
fn order(ranking: &Ranking) -> String {
    let Some(best) = ranking.entries.first() else {
        return "No ranking: there is no prompt that every optimizer has finished.".to_owned();
    };
    if ranking.entries.len() + ranking.unranked.len() == 1 {
        return String::new(); // nothing to compare it with
    }
    let name_width = ranking.entries.iter().map(|entry| entry.optimizer.chars().count()).max().unwrap_or(0);
    let mut text = "Ranking by mean".to_owned();
    for (place, entry) in (1..).zip(&ranking.entries) {
        let mean = entry.mean.map_or("diverged".to_owned(), |mean| format!("{mean:.2}"));
        let gap = best
            .mean
            .zip(entry.mean)
            .filter(|_| 1 < place)
            .map(|(best, mean)| format!("({})", super::published::signed(mean - best)));
        let gap = gap.unwrap_or_default();
        let _ = write!(text, "\n{place:>3}. {:name_width$}  {mean:>8}  {gap:>8}", entry.optimizer);
        if 1 < ranking.prompts {
            let share = 100.0 * entry.bootstrap.first;
            let _ = write!(text, "  mean rank {:.2}, first in {share:.0} % of draws", entry.mean_rank);
        }
    }
    for name in &ranking.unranked {
        let _ = write!(text, "\n  –  {name}: no cell has ended");
    }
    if !ranking.left_out.is_empty() {
        let _ = write!(text, "\nLeft out, not finished by all: {}", some(&ranking.left_out));
    }
    text
}

/// How far the ranking may be believed.
pub(super) fn certainty(ranking: &Ranking) -> String {
    let [first, second, ..] = ranking.entries.as_slice() else { return String::new() };
    let mut text = "How sure is that? ".to_owned();
    if let Some(lead) = first.mean.zip(second.mean).map(|(first, second)| first - second) {
        let lead = if lead < 0.005 { "less than 0.01".to_owned() } else { format!("{lead:.2}") };
        let _ = write!(text, "{} leads by {lead}. ", first.optimizer);
    }
    if ranking.prompts == 1 {
        return text + "It rests on one prompt: nothing can be concluded.";
    }
    let _ = write!(text, "{}", distinct(ranking));
    if let Some(friedman) = ranking.friedman {
        let _ = write!(text, "\nThat all are alike (Friedman's test): p {}.", p_value(friedman.p));
    }
    if let Some(power) = ranking.power.filter(|power| ranking.prompts < power.blocks_for_neighbours) {
        let _ = write!(
            text,
            "\nTelling apart optimizers one rank from each other takes {} prompts, the best from the worst {}.",
            power.blocks_for_neighbours, power.blocks_for_extremes,
        );
    }
    if ranking.runs == 1 {
        text += "\nOne run per prompt: how much the seed matters is not known.";
    }
    text += "\nDraws: 10,000 samples of the prompts with replacement, then of their runs (bootstrap)";
    text + if ranking.prompts < 10 { "; so few prompts make it too sure of itself." } else { "." }
}

/// Which optimizers differ by more than chance.
fn distinct(ranking: &Ranking) -> String {
    let Some(critical) = ranking.critical_difference else { return String::new() };
    let span = ranking.entries.len() - 1;
    let prompts = counted(ranking.prompts, "prompt");
    let pairs: Vec<String> = ranking.pairs.iter().filter(|pair| pair.distinct).map(Pair::ordered).collect();
    let verdict = match (pairs.len(), ranking.pairs.len()) {
        (0, 1) => "the two cannot be told apart".to_owned(),
        (0, _) => "no pair can be told apart".to_owned(),
        (told, all) if told == all => "all can be told apart".to_owned(),
        (_, all) => format!("of {all} pairs only these can be told apart: {}", some(&pairs)),
    };
    format!(
        "With {prompts}, {verdict}\n(Nemenyi's test at 5 %: mean ranks must differ by {critical:.2}, of {span} at most)."
    )
}

impl Pair {
    /// The two names, the one of the better mean rank first.
    fn ordered(&self) -> String {
        let (a, b) = &self.names;
        if self.rank_difference < 0.0 { format!("{b} > {a}") } else { format!("{a} > {b}") }
    }
}

/// Ours beside the published figures.
fn published(study: &Study) -> String {
    let Some(comparison) = PublishedComparison::of(study) else { return String::new() };
    let words = comparison.words(study).join("\n  ");
    format!("Beside the published figures (tables/published.csv)\n  {words}")
}

/// How often the judges found what was asked for.
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
            format!("Right label first of {} in {} of {of}", evaluation.labels, perceptor.right)
        }
    };
    if 0 < judge.of {
        let _ = write!(text, ", for the held-out judge in {} of {}", judge.right, judge.of);
    }
    if 0 < segments.of {
        let _ = write!(text, "; right segment largest in {} of {}", segments.right, segments.of);
    }
    text
}

/// What did not finish, by name.
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

/// What could not be drawn, by name.
fn not_drawn(faults: &[Fault]) -> String {
    if faults.is_empty() {
        return String::new();
    }
    let mut text = "Not drawn; the rest of the report is made without".to_owned();
    for Fault { what, why } in faults.iter().take(LISTED) {
        let _ = write!(text, "\n  {what}: {why}");
    }
    if LISTED < faults.len() {
        let _ = write!(text, "\n  and {} more: report.html", faults.len() - LISTED);
    }
    text
}

/// What was left out, by name, and the remedy.
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

fn p_value(p: f64) -> String {
    if p < 0.0001 {
        "< 0.0001".to_owned()
    } else {
        format!("= {p:.decimals$}", decimals = if p < 0.01 { 4 } else { 3 })
    }
}

/// The first of `names`, and how many more there are.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() <= LISTED { shown } else { format!("{shown} and {} more", names.len() - LISTED) }
}
