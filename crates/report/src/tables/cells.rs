//! One row per cell, for other people's statistics.

use std::collections::{BTreeMap, BTreeSet};

use records::{CellStatus, Evaluation, LossTerms, Outcome, Segments, Verdict};

use super::{Column, Table, Value};
use crate::study::{Cell, Study, Unreadable};
use crate::verdicts;

/// A row: a cell that has been begun with its settings, or one that cannot be read.
enum Line<'s> {
    Begun(&'s Cell, BTreeMap<String, String>),
    Unreadable(&'s Unreadable),
}

/// Every cell that has been begun; unreadable ones come last. No times: those differ from run to
/// run, and are in [`timings`](super::timings).
pub(super) fn cells(study: &Study) -> Table {
    let begun: Vec<Line> = study.cells.iter().map(|cell| Line::Begun(cell, cell.settings())).collect();
    let columns = columns(&settings(&begun));
    let unreadable = study.unreadable.iter().filter(|one| one.digest.is_some()).map(Line::Unreadable);
    Table::new(
        "cells",
        "A row for every cell that has been begun.",
        columns,
        begun.into_iter().chain(unreadable),
    )
}

/// The names of all settings.
fn settings(lines: &[Line]) -> BTreeSet<String> {
    lines.iter().flat_map(Line::settings).map(|(name, _)| name.clone()).collect()
}

fn columns<'s>(settings: &BTreeSet<String>) -> Vec<Column<Line<'s>>> {
    let mut columns = grid();
    columns.extend(reached());
    columns.extend(judged());
    columns.extend(origin());
    columns.extend(settings.iter().map(|setting| {
        let name = setting.clone();
        Column::new(setting, "", "Setting of the cell, as resolved", move |line: &Line| {
            line.settings().find(|(known, _)| **known == name).map(|(_, value)| value).into()
        })
        .one_per("setting")
    }));
    columns
}

/// The cell and how it ended.
fn grid<'s>() -> Vec<Column<Line<'s>>> {
    vec![
        Column::new("cell", "", "Path of the cell below `cells/`", |line: &Line| match line {
            Line::Begun(cell, _) => (&cell.record.id).into(),
            Line::Unreadable(one) => (&one.name).into(),
        }),
        of_cell("prompt", "", "Prompt as the experiment writes it", |cell| (&cell.record.prompt).into()),
        of_cell("class_name", "", "Name that the image is judged as", |cell| {
            (&cell.record.class_name).into()
        }),
        of_cell("optimizer", "", "Optimizer, with the settings that distinguish it from others", |cell| {
            (&cell.record.optimizer).into()
        }),
        of_cell("seed", "", "Seed of the latents and cutouts", |cell| cell.record.seed.into()),
        Column::new(
            "status",
            "",
            "`finished`, `diverged`, `failed`, `unfinished` or `unreadable`",
            |line: &Line| line.status().0.into(),
        ),
        Column::new("detail", "", "Step or reason that belongs to the status", |line: &Line| {
            line.status().1.into()
        }),
    ]
}

/// The result of the optimizer.
fn reached<'s>() -> Vec<Column<Line<'s>>> {
    let mut columns = vec![
        of_cell("steps", "steps", "Steps taken", |cell| cell.steps().into()),
        of_cell(
            "similarity_averaged_x100",
            "cosine × 100",
            "Similarity of the final image (averaged latents) to its class name",
            |cell| Value::real(cell.similarity(), 4),
        ),
        of_outcome(
            "similarity_live_x100",
            "cosine × 100",
            "Similarity of the live latents' image to the class name",
            |outcome| Value::hundredfold(outcome.similarity_live),
        ),
        of_outcome(
            "cutouts_averaged_x100",
            "cosine × 100",
            "Mean similarity of cutouts of the averaged latents' image to the prompt",
            |outcome| Value::hundredfold(outcome.cutouts_averaged),
        ),
        of_outcome(
            "cutouts_live_x100",
            "cosine × 100",
            "Mean similarity of cutouts of the live latents' image to the prompt",
            |outcome| Value::hundredfold(outcome.cutouts_live),
        ),
    ];
    columns.extend((0..LossTerms::COUNT).map(|term| {
        let meaning = format!("{} At the last step.", LossTerms::MEANINGS[term]);
        of_outcome(LossTerms::COLUMNS[term], "", meaning, move |outcome| {
            Value::Single(outcome.final_loss.values()[term])
        })
    }));
    columns.extend([
        of_outcome("best_step", "steps", "With `save_best`: step of the best image", |outcome| {
            outcome.best.map(|best| best.step).into()
        }),
        of_outcome(
            "best_similarity_loss",
            "",
            "With `save_best`: similarity loss of that image",
            |outcome| Value::real(outcome.best.map(|best| best.similarity_loss), 4),
        ),
    ]);
    columns
}

/// The judges' verdicts on the final image.
fn judged<'s>() -> Vec<Column<Line<'s>>> {
    let mut columns =
        vec![judged_column("right_label", "", "Label that is right for the prompt", |judged| {
            judged.right_label.as_ref().into()
        })];
    columns.extend(nearest(["zero_shot_first", "zero_shot_rank", "zero_shot_percent"], verdicts::perceptor));
    columns.push(judged_column(
        "judge_similarity_x100",
        "cosine × 100",
        "Similarity of the final image to its class name, by the held-out judge",
        |judged| Value::hundredfold(verdicts::judge(judged).and_then(|judge| judge.similarity)),
    ));
    columns.extend(nearest(["judge_first", "judge_rank", "judge_percent"], verdicts::judge));
    columns.extend([
        of_segments("segment_class", "", "Class of the segmenter that is right for the prompt", |segments| {
            segments.expected.as_ref().into()
        }),
        of_segments("segment_percent", "%", "Share of the pixels that have this class", |segments| {
            Value::hundredfold(segments.expected_share())
        }),
        of_segments("segment_largest", "", "Largest class other than the background", |segments| {
            segments.largest().map(|share| &share.class).into()
        }),
        of_segments("segment_right", "", "True if the largest class is the right one", |segments| {
            segments.is_right().into()
        }),
    ]);
    columns
}

/// The labels nearest to the image by one of the CLIPs.
fn nearest<'s>(names: [&str; 3], by: fn(&Evaluation) -> Option<&Verdict>) -> [Column<Line<'s>>; 3] {
    let right = move |judged: &Evaluation| by(judged).and_then(|verdict| verdict.right);
    let who = if names[0].starts_with("judge") { "the held-out judge" } else { "the perceptor" };
    [
        judged_column(names[0], "", format!("Nearest label by {who}"), move |judged| {
            by(judged).and_then(|verdict| verdict.nearest.first()).map(|guess| &guess.label).into()
        }),
        judged_column(
            names[1],
            "",
            format!("Rank of the right label by {who}; 1 is the nearest"),
            move |judged| right(judged).map(|right| right.rank).into(),
        ),
        judged_column(
            names[2],
            "%",
            format!("Softmax probability of the right label by {who}"),
            move |judged| Value::hundredfold(right(judged).map(|right| right.probability)),
        ),
    ]
}

/// The settings of the cell.
fn origin<'s>() -> [Column<Line<'s>>; 2] {
    [
        of_cell("model_set", "", "Model set of the run", |cell| (&cell.record.model_set).into()),
        Column::new(
            "digest",
            "",
            "Digest of prompt, seed, settings and model files",
            |line: &Line| match line {
                Line::Begun(cell, _) => (&cell.record.digest).into(),
                Line::Unreadable(one) => one.digest.as_ref().into(),
            },
        ),
    ]
}

impl Line<'_> {
    fn cell(&self) -> Option<&Cell> {
        match self {
            Self::Begun(cell, _) => Some(cell),
            Self::Unreadable(_) => None,
        }
    }

    fn settings(&self) -> impl Iterator<Item = (&String, &String)> {
        let settings = match self {
            Self::Begun(_, settings) => Some(settings),
            Self::Unreadable(_) => None,
        };
        settings.into_iter().flatten()
    }

    fn status(&self) -> (&'static str, String) {
        match self {
            Self::Begun(cell, _) => match &cell.record.status {
                CellStatus::Unfinished => ("unfinished", String::new()),
                CellStatus::Finished(_) => ("finished", String::new()),
                CellStatus::Diverged { at_step, .. } => ("diverged", format!("at step {at_step}")),
                CellStatus::Failed { reason } => ("failed", reason.clone()),
            },
            Self::Unreadable(one) => ("unreadable", one.reason.clone()),
        }
    }
}

/// A column of cells that can be read.
fn of_cell<'s>(
    name: &str,
    unit: &'static str,
    meaning: impl Into<String>,
    of: impl Fn(&Cell) -> Value + 'static,
) -> Column<Line<'s>> {
    Column::new(name, unit, meaning, move |line: &Line| line.cell().map(&of).into())
}

/// A column of cells that finished.
fn of_outcome<'s>(
    name: &str,
    unit: &'static str,
    meaning: impl Into<String>,
    of: impl Fn(&Outcome) -> Value + 'static,
) -> Column<Line<'s>> {
    of_cell(name, unit, meaning, move |cell| cell.outcome().map(&of).into())
}

/// A column of cells whose final images have been judged.
fn judged_column<'s>(
    name: &str,
    unit: &'static str,
    meaning: impl Into<String>,
    of: impl Fn(&Evaluation) -> Value + 'static,
) -> Column<Line<'s>> {
    of_cell(name, unit, meaning, move |cell| cell.evaluation.as_ref().map(&of).into())
}

/// A column of cells whose final images have been segmented.
fn of_segments<'s>(
    name: &str,
    unit: &'static str,
    meaning: impl Into<String>,
    of: impl Fn(&Segments) -> Value + 'static,
) -> Column<Line<'s>> {
    judged_column(name, unit, meaning, move |judged| judged.segments.as_ref().map(&of).into())
}
