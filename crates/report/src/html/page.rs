//! Content of the page, as the template wants it.

use std::collections::BTreeMap;

use rayon::prelude::*;
use records::{CellStatus, counted};
use serde::Serialize;

use super::card::{Card, card};
use super::charts::{Chart, charts};
use super::data::Data;
use super::facts::{Fact, duration, fact};
use super::json::json;
use super::judge::Judge;
use super::judging::Judging;
use super::published::Published;
use super::table::Sheet;
use super::verdict::Answer;
use crate::analysis::{Ruler, Verdict, interval, machines};
use crate::faults::Faults;
use crate::figures::Figures;
use crate::film::Film;
use crate::group::{Group, column_mean, column_sd, plus_minus};
use crate::study::{Cell, Row, Study};
use crate::summary::state;
use crate::tables::Table;

/// Everything on the page.
#[derive(Serialize)]
pub(super) struct Page {
    experiment: String,
    model_set: String,
    /// True if the models are those of a publication.
    reproduction: bool,
    template: String,
    effort: String,
    finished: usize,
    planned: usize,
    facts: Vec<Fact>,
    model_files: Vec<Fact>,
    answer: Option<Answer>,
    /// Of the similarity table.
    caption: String,
    optimizers: Vec<String>,
    table: Vec<TableRow>,
    means: Vec<Value>,
    ranking: Vec<Place>,
    /// True if the held-out judge has measured all of them.
    judged_places: bool,
    /// Tables that unfold below the ranking.
    tables: Vec<Sheet>,
    charts: Vec<Chart>,
    /// Numbers that the script draws from.
    #[serde(skip)]
    pub(super) data: String,
    published: Option<Published>,
    images: Vec<ImageRow>,
    judging: Option<Judging>,
    judge: Option<Judge>,
    lost: Vec<Lost>,
    not_begun: usize,
    /// Figures that could not be drawn.
    faults: Vec<Lost>,
    /// Tables and figures, as files.
    files: Vec<String>,
}

/// A row of the similarity table.
#[derive(Serialize)]
struct TableRow {
    prompt: String,
    /// Class name and further axes.
    note: String,
    values: Vec<Value>,
}

/// An entry of the similarity table.
#[derive(Serialize)]
struct Value {
    text: String,
    /// Sort key; `None` where there is no number.
    number: Option<f64>,
    best: bool,
}

#[derive(Serialize)]
struct Place {
    optimizer: String,
    mean: String,
    /// Standard deviation over the prompts.
    sd: String,
    behind: String,
    /// 95 % interval of that.
    interval: String,
    may_be_best: bool,
    win_rate: String,
    /// The held-out judge's mean and place.
    judge: String,
}

/// A row of the image sheet.
#[derive(Serialize)]
struct ImageRow {
    heading: String,
    note: String,
    cards: Vec<Card>,
}

#[derive(Serialize)]
struct Lost {
    cell: String,
    reason: String,
}

impl Page {
    pub(super) fn of(
        study: &Study,
        verdict: &Verdict,
        tables: &[Table],
        figures: &Figures,
        films: &[Option<Film>],
        faults: &Faults,
    ) -> Self {
        let finished = study.cells.iter().filter(|cell| cell.outcome().is_some()).count();
        let optimizers = 0..study.optimizers.len();
        let means: Vec<_> = optimizers.map(|optimizer| column_mean(study, optimizer)).collect();
        let shown = |(optimizer, mean): (usize, &Option<f64>)| {
            mean.map_or("—".to_owned(), |mean| plus_minus(mean, column_sd(study, optimizer)))
        };
        let mean_texts: Vec<String> = means.iter().enumerate().map(shown).collect();
        let charts = charts(figures);
        let answer = Answer::of(study, verdict, faults);
        let forest = answer.as_ref().and_then(|answer| answer.forest.as_ref());
        let cards = cards(study, faults);
        let data = json(&Data::of(study, (&charts, forest), &cards, films, faults));
        Self {
            data,
            answer,
            experiment: study.experiment.clone(),
            model_set: study.model_set.clone(),
            reproduction: study.reproduces.is_some(),
            template: study.template.clone(),
            effort: effort(study),
            finished,
            planned: study.planned,
            facts: facts(study),
            model_files: model_files(study),
            caption: caption(study),
            optimizers: study.optimizers.clone(),
            table: study.rows.iter().enumerate().map(|(place, row)| table_row(study, place, row)).collect(),
            means: values(mean_texts, &means),
            ranking: places(verdict),
            judged_places: verdict.by(Ruler::JUDGE).is_some(),
            tables: tables.iter().filter_map(Sheet::of).collect(),
            charts,
            published: Published::of(study, |row| note(study, &study.rows[row])),
            images: image_rows(study, cards),
            judging: Judging::of(study),
            judge: Judge::of(study),
            lost: lost(study),
            not_begun: study.not_begun(),
            files: files(tables, figures),
            faults: faults
                .list()
                .into_iter()
                .map(|fault| Lost { cell: fault.what, reason: fault.why })
                .collect(),
        }
    }
}

fn facts(study: &Study) -> Vec<Fact> {
    let (seconds, steps) = (computing_seconds(study), study.cells.iter().map(Cell::steps).sum::<u64>());
    let mut facts = vec![
        fact("Prompts × optimizers × seeds", &grid(study)),
        fact("Steps, all cells", &steps.to_string()),
        fact("Computing time, all cells", &duration(seconds)),
    ];
    if 0 < steps {
        facts.push(fact("Computing time per step", &format!("{:.4} s", seconds / steps as f64)));
    }
    if let Some(environment) = &study.environment {
        facts.extend([
            fact("Devices", &environment.devices.join(", ")),
            fact("Platform", &environment.platform),
            fact("dreambench", &environment.dreambench),
            fact("libtorch", &environment.libtorch),
        ]);
        facts.extend(environment.git_revision.as_ref().map(|revision| fact("Revision", revision)));
        let versions = environment.python.iter().map(|(package, version)| format!("{package} {version}"));
        let versions = versions.collect::<Vec<_>>().join(", ");
        facts.extend((!versions.is_empty()).then(|| fact("Optimizers in Python", &versions)));
    }
    let kinds = machines::kinds(study);
    let kinds = kinds.iter().map(|(kind, cells)| format!("{kind}: {}", counted(*cells, "cell")));
    let kinds = kinds.collect::<Vec<_>>().join("; ");
    facts.extend((!kinds.is_empty()).then(|| fact("Kinds of machines", &kinds)));
    facts
}

/// Size of the grid, in a line.
fn grid(study: &Study) -> String {
    let Study { prompts, optimizers, seeds, planned, .. } = study;
    let further = if study.has_axes() { " × further settings" } else { "" };
    let cells = records::counted(*planned, "cell");
    format!("{} × {} × {seeds}{further} = {cells}", prompts.len(), optimizers.len())
}

fn computing_seconds(study: &Study) -> f64 {
    study.cells.iter().filter_map(Cell::seconds).sum()
}

/// Machine and duration, in a line.
fn effort(study: &Study) -> String {
    let time = format!("{} of computing", duration(computing_seconds(study)));
    match &study.environment {
        Some(environment) => format!("{time} on {}", environment.devices.join(", ")),
        None => time,
    }
}

fn model_files(study: &Study) -> Vec<Fact> {
    let files = study.environment.iter().flat_map(|environment| &environment.model_files);
    files.map(|(name, file)| fact(name, &format!("{} bytes, SHA-256 {}", file.bytes, file.sha256))).collect()
}

/// What stands on either side of ±.
fn caption(study: &Study) -> String {
    let rows = records::counted(study.rows.len(), "row");
    let entry = match study.seeds {
        0 | 1 => "An entry is one image (n = 1 seed)".to_owned(),
        seeds => format!("An entry is the mean ± standard deviation over n = {seeds} seeds"),
    };
    format!(
        "{entry}; the last row is the mean ± standard deviation over the {rows} above (n = {}).",
        study.rows.len()
    )
}

fn table_row(study: &Study, place: usize, row: &Row) -> TableRow {
    let groups: Vec<Group> =
        (0..study.optimizers.len()).map(|optimizer| Group::of(study, place, optimizer)).collect();
    // What is not complete is no winner.
    let numbers: Vec<Option<f64>> = groups.iter().map(Group::complete_mean).collect();
    TableRow {
        prompt: study.prompts[row.prompt].text.clone(),
        note: note(study, row),
        values: values(groups.iter().map(Group::show_with_spread).collect(), &numbers),
    }
}

/// Class name of a row where it is not the prompt, and its further axes.
fn note(study: &Study, row: &Row) -> String {
    let prompt = &study.prompts[row.prompt];
    let class_name = (prompt.class_name != prompt.text).then(|| format!("as {}", prompt.class_name));
    let axes = Some(row.axes.clone()).filter(|axes| !axes.is_empty());
    class_name.into_iter().chain(axes).collect::<Vec<_>>().join(", ")
}

/// Entries of a row, the best of them marked (all of them where they tie as shown).
fn values(texts: Vec<String>, numbers: &[Option<f64>]) -> Vec<Value> {
    let rounded = |number: &Option<f64>| number.map(|number| (number * 100.0).round());
    let best = numbers.iter().filter_map(rounded).reduce(f64::max);
    texts
        .into_iter()
        .zip(numbers)
        .map(|(text, number)| Value {
            text,
            number: *number,
            best: best.is_some() && rounded(number) == best,
        })
        .collect()
}

fn places(verdict: &Verdict) -> Vec<Place> {
    let place = |entry: &crate::analysis::Place| Place {
        optimizer: entry.name.clone(),
        mean: format!("{:.2}", entry.mean),
        sd: entry.sd.map_or("—".to_owned(), |sd| format!("{sd:.2}")),
        behind: entry.behind.map_or("—".to_owned(), |pair| format!("{:.2}", pair.difference)),
        interval: entry.behind.and_then(|pair| interval(pair.interval)).unwrap_or("—".to_owned()),
        may_be_best: entry.may_be_best,
        win_rate: entry.win_rate.map_or("—".to_owned(), |rate| format!("{:.0} %", 100.0 * rate)),
        judge: entry.judge.map_or("—".to_owned(), |(mean, place)| format!("{mean:.2} ({place}.)")),
    };
    verdict.places.iter().map(place).collect()
}

/// The cards of all cells, in their order.
fn cards(study: &Study, faults: &Faults) -> Vec<Card> {
    let images = study.cells.iter().filter(|cell| cell.outcome().is_some()).count();
    study.cells.par_iter().map(|cell| card(cell, images, faults)).collect()
}

fn image_rows(study: &Study, cards: Vec<Card>) -> Vec<ImageRow> {
    let mut rows: BTreeMap<(usize, u64), ImageRow> = BTreeMap::new();
    for (cell, card) in study.cells.iter().zip(cards) {
        let key = (cell.row, cell.record.seed);
        rows.entry(key).or_insert_with(|| image_row(study, key)).cards.push(card);
    }
    rows.into_values().collect()
}

fn image_row(study: &Study, (row, seed): (usize, u64)) -> ImageRow {
    let heading = study.prompts[study.rows[row].prompt].text.clone();
    ImageRow { heading, note: study.notes(row, seed).join(", "), cards: Vec::new() }
}

/// Paths of tables and figures from the page.
fn files(tables: &[Table], figures: &Figures) -> Vec<String> {
    let tables = tables.iter().map(|table| format!("tables/{}.csv", table.name));
    let figure = |figure: &crate::figures::Figure| {
        let kind = if figure.plot.is_some() { "svg" } else { "png" };
        format!("plots/{}.{kind}", figure.name)
    };
    tables.chain(figures.figures.iter().map(figure)).collect()
}

fn lost(study: &Study) -> Vec<Lost> {
    let lost = study.cells.iter().filter(|cell| !matches!(cell.record.status, CellStatus::Finished(_)));
    lost.map(|cell| {
        let reason = match &cell.record.status {
            CellStatus::Failed { reason } => format!("failed: {reason}"),
            status => state(status),
        };
        Lost { cell: cell.record.id.clone(), reason }
    })
    .chain(
        study
            .unreadable
            .iter()
            .map(|one| Lost { cell: one.name.clone(), reason: format!("unreadable: {}", one.reason) }),
    )
    .collect()
}
