//! A results folder as the report sees it: cells on a grid of rows (prompts, and further axes) and
//! optimizers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use records::{
    CellContents, CellRecord, CellStatus, CurveRow, Damage, Environment, Evaluation, Outcome, PlanRecord,
    PlannedPrompt, PlannedStudy, PublishedTable, RecordError, ResultsFolder, TraceRow, TunedRecord,
};

use super::planned::{Planned, axes};
use super::repeats::{Repeat, repeats};

/// All records of an experiment.
#[derive(Debug)]
pub(crate) struct Study {
    /// The results folder, as it was named.
    pub(crate) folder: PathBuf,
    pub(crate) experiment: String,
    pub(crate) model_set: String,
    /// The publication whose models these are, if they are any's.
    pub(crate) reproduces: Option<String>,
    pub(crate) template: String,
    pub(crate) prompts: Vec<PlannedPrompt>,
    /// The methods that are compared, as cells name them.
    pub(crate) optimizers: Vec<String>,
    pub(crate) rows: Vec<Row>,
    /// The cells that have been begun, in the plan's order.
    pub(crate) cells: Vec<Cell>,
    /// Seeds of the plan: how many cells every row and optimizer should have.
    pub(crate) seeds: usize,
    /// Cells of the plan, begun or not.
    pub(crate) planned: usize,
    /// Runs of the plan, by prompt, further axes and optimizer.
    pub(crate) planned_runs: Planned,
    pub(crate) environment: Option<Environment>,
    /// Published figures to be shown beside.
    pub(crate) published: Option<PublishedTable>,
    /// Questions to the analysis.
    pub(crate) asked: PlannedStudy,
    /// The frozen tuning, if there was one.
    pub(crate) tuned: Option<TunedRecord>,
    /// Cells that were repeated with other rounding.
    pub(crate) repeats: Vec<Repeat>,
    /// Damaged records that are left out.
    pub(crate) unreadable: Vec<Unreadable>,
    places: Places,
}

/// An index of a study's lists: a search through thousands of them, for each of them, takes
/// minutes.
#[derive(Debug, Default)]
struct Places {
    /// Of prompts, by their texts.
    prompts: HashMap<String, usize>,
    /// Of optimizers, by their names.
    optimizers: HashMap<String, usize>,
    rows: HashMap<Row, usize>,
    /// The cells of a row and an optimizer, in the plan's order.
    cells: HashMap<(usize, usize), Vec<usize>>,
    /// The first cell of a prompt.
    first: HashMap<usize, usize>,
    /// True if cells have different seeds.
    has_seeds: bool,
}

/// A cell, or a file about all cells, that cannot be reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// The cell's path below `cells/`, or the file's name.
    pub(crate) name: String,
    /// The digest that the plan has for the cell; none of a file.
    pub(crate) digest: Option<String>,
    /// The fault.
    pub(crate) reason: String,
}

/// A row of the table: a prompt under one setting of the further axes.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Row {
    /// Index of the prompt.
    pub(crate) prompt: usize,
    /// Such as `cutouts=64`; empty where there are no further axes.
    pub(crate) axes: String,
}

/// A cell with its place in the grid.
#[derive(Debug)]
pub(crate) struct Cell {
    pub(crate) record: CellRecord,
    /// Index of its row.
    pub(crate) row: usize,
    /// Index of its optimizer.
    pub(crate) optimizer: usize,
    pub(crate) trace: Vec<TraceRow>,
    pub(crate) final_image: PathBuf,
    /// The judges' evaluation of the final image, if it was judged.
    pub(crate) evaluation: Option<Evaluation>,
    /// Path of the segmenter's mask of the final image, if there is one.
    pub(crate) mask: PathBuf,
    /// Similarities of the frames, in the order of steps; empty where an older version ran it.
    pub(crate) curve: Vec<CurveRow>,
    /// Step and place of the images saved on the way, in the order of steps.
    pub(crate) frames: Vec<(u32, PathBuf)>,
}

impl Study {
    /// Reads the records in `results`. A cell whose settings are not the plan's any more counts as
    /// not begun; one with a file that is not as the run left it is left out, and named.
    ///
    /// # Errors
    /// When the plan is unreadable.
    pub(crate) fn read(results: &Path) -> Result<Self, RecordError> {
        let folder = ResultsFolder::at(results);
        let plan = folder.plan()?;
        let mut unreadable = Vec::new();
        let environment = folder.environment().unwrap_or_else(|error| {
            unreadable.push(Unreadable::file("environment.json", &error));
            None
        });
        let published = folder.published(&plan).unwrap_or_else(|error| {
            unreadable.push(Unreadable::file("published.csv", &error));
            None
        });
        let tuned = folder.tuned().unwrap_or_else(|error| {
            unreadable.push(Unreadable::file("tuned.toml", &error));
            None
        });
        let repeats = repeats(&folder).unwrap_or_else(|error| {
            unreadable.push(Unreadable::file("rounding.toml", &error));
            Vec::new()
        });
        let mut study = Self {
            folder: results.to_owned(),
            experiment: plan.experiment.clone(),
            model_set: plan.model_set.clone(),
            reproduces: plan.reproduces.clone(),
            template: plan.template.clone(),
            prompts: plan.prompts.clone(),
            optimizers: plan.optimizers.clone(),
            rows: Vec::new(),
            cells: Vec::new(),
            seeds: plan.seeds.len(),
            planned: plan.cells.len(),
            planned_runs: Planned::of(&plan),
            asked: plan.study.clone(),
            tuned,
            repeats,
            environment,
            published,
            unreadable,
            places: Places::default(),
        };
        study.read_cells(&folder, &plan);
        study.order_rows();
        study.find_cells();
        Ok(study)
    }

    fn read_cells(&mut self, folder: &ResultsFolder, plan: &PlanRecord) {
        for (index, prompt) in self.prompts.iter().enumerate() {
            self.places.prompts.entry(prompt.text.clone()).or_insert(index);
        }
        for (index, optimizer) in self.optimizers.iter().enumerate() {
            self.places.optimizers.entry(optimizer.clone()).or_insert(index);
        }
        let read = plan.cells.par_iter().map(|planned| folder.cell(&planned.id).read(planned));
        let read: Vec<_> = read.collect();
        for (planned, contents) in plan.cells.iter().zip(read) {
            match contents {
                Ok(Some(contents)) => self.add(folder, contents),
                Ok(None) => {}
                Err(damages) => self.unreadable.push(Unreadable {
                    name: planned.id.clone(),
                    digest: Some(planned.digest.clone()),
                    reason: damages.iter().map(Damage::to_string).collect::<Vec<_>>().join("; "),
                }),
            }
        }
    }

    fn add(&mut self, folder: &ResultsFolder, contents: CellContents) {
        let CellContents { record, trace, evaluation, curve, frames } = contents;
        let cell = folder.cell(&record.id);
        let Places { prompts, optimizers, rows, .. } = &mut self.places;
        let optimizer = place(&mut self.optimizers, optimizers, &record.optimizer, Clone::clone);
        let prompt = place(&mut self.prompts, prompts, &record.prompt, |text| PlannedPrompt {
            text: text.clone(),
            class_name: record.class_name.clone(),
        });
        let row = place(&mut self.rows, rows, &Row { prompt, axes: axes(&record.axes) }, Clone::clone);
        self.cells.push(Cell {
            record,
            row,
            optimizer,
            trace,
            final_image: cell.final_image(),
            evaluation,
            curve,
            mask: cell.mask(),
            frames,
        });
    }

    /// Cells of the plan that have not been begun.
    pub(crate) fn not_begun(&self) -> usize {
        let unreadable = self.unreadable.iter().filter(|one| one.digest.is_some()).count();
        self.planned.saturating_sub(self.cells.len() + unreadable)
    }

    /// Rows in the order of the prompts, one at least for each of them.
    fn order_rows(&mut self) {
        let begun: HashSet<usize> = self.rows.iter().map(|row| row.prompt).collect();
        let others = (0..self.prompts.len()).filter(|prompt| !begun.contains(prompt));
        self.rows.extend(others.map(|prompt| Row { prompt, axes: String::new() }));
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|&row| self.rows[row].prompt); // stable: the axes keep the plan's order
        let mut place = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            place[old] = new;
        }
        for cell in &mut self.cells {
            cell.row = place[cell.row];
        }
        self.rows = order.iter().map(|&row| self.rows[row].clone()).collect();
    }

    fn find_cells(&mut self) {
        for (index, cell) in self.cells.iter().enumerate() {
            self.places.cells.entry((cell.row, cell.optimizer)).or_default().push(index);
            self.places.first.entry(self.rows[cell.row].prompt).or_insert(index);
            self.places.has_seeds |= cell.record.seed != self.cells[0].record.seed;
        }
    }

    /// The name that files about the prompt carry.
    pub(crate) fn slug(&self, prompt: usize) -> &str {
        let first = self.places.first.get(&prompt);
        let id = first.map_or("unnamed", |&first| self.cells[first].record.id.as_str());
        id.split('/').next().unwrap_or(id)
    }

    /// The cells of a row and an optimizer: one for every seed that has been begun.
    pub(crate) fn at(&self, row: usize, optimizer: usize) -> impl Iterator<Item = &Cell> {
        let cells = self.places.cells.get(&(row, optimizer));
        cells.into_iter().flatten().map(|&index| &self.cells[index])
    }

    /// The rows of the study with every seed that has been begun of them, in order.
    pub(crate) fn runs(&self) -> Vec<(usize, u64)> {
        let runs: BTreeSet<_> = self.cells.iter().map(|cell| (cell.row, cell.record.seed)).collect();
        runs.into_iter().collect()
    }

    /// The cell of a run and an optimizer.
    pub(crate) fn cell(&self, (row, seed): (usize, u64), optimizer: usize) -> Option<&Cell> {
        self.at(row, optimizer).find(|cell| cell.record.seed == seed)
    }

    /// Subtitle of every figure.
    pub(crate) fn subtitle(&self) -> String {
        format!("experiment {} · model set {}", self.experiment, self.model_set)
    }

    /// Notes that tell a row from the others of its prompt: the class name it is judged as, further
    /// axes, the seed.
    pub(crate) fn notes(&self, row: usize, seed: u64) -> Vec<String> {
        let row = &self.rows[row];
        let prompt = &self.prompts[row.prompt];
        let class_name = (prompt.class_name != prompt.text).then(|| format!("as {}", prompt.class_name));
        let axes = Some(&row.axes).filter(|axes| !axes.is_empty()).cloned();
        let seed = self.has_seeds().then(|| format!("seed {seed}"));
        class_name.into_iter().chain(axes).chain(seed).collect()
    }

    /// Returns true if there is more than one seed.
    pub(crate) fn has_seeds(&self) -> bool {
        self.places.has_seeds
    }

    /// Returns true if there are axes beyond prompts, optimizers and seeds.
    pub(crate) fn has_axes(&self) -> bool {
        self.rows.iter().any(|row| !row.axes.is_empty())
    }
}

impl Unreadable {
    fn file(name: &str, error: &RecordError) -> Self {
        let reason = Damage::of_error(name, error).reason;
        Self { name: name.to_owned(), digest: None, reason }
    }
}

impl Cell {
    /// Outcome, if it finished.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        match &self.record.status {
            CellStatus::Finished(outcome) => Some(outcome),
            _ => None,
        }
    }

    /// Returns true if the run diverged (a non-finite loss or latent).
    pub(crate) fn diverged(&self) -> bool {
        matches!(self.record.status, CellStatus::Diverged { .. })
    }

    /// At most `count` of its frames, evenly spread, with the first and the last.
    pub(crate) fn some_frames(&self, count: usize) -> impl Iterator<Item = &(u32, PathBuf)> {
        let last = self.frames.len().saturating_sub(1);
        let count = count.min(self.frames.len());
        (0..count).map(move |n| &self.frames[n * last / (count - 1).max(1)])
    }

    /// 100 × the cosine of the final image with its class name: table 2 of the report.
    pub(crate) fn similarity(&self) -> Option<f64> {
        self.outcome().map(|outcome| 100.0 * outcome.similarity_averaged)
    }

    /// The steps taken, as far as they are known.
    pub(crate) fn steps(&self) -> u64 {
        let traced = || self.trace.last().map_or(0, |row| row.step);
        u64::from(self.outcome().map_or_else(traced, |outcome| outcome.steps))
    }

    /// The time spent on it, as far as it is known.
    pub(crate) fn seconds(&self) -> Option<f64> {
        match &self.record.status {
            CellStatus::Finished(outcome) => Some(outcome.seconds),
            CellStatus::Diverged { seconds, .. } => Some(*seconds),
            _ => self.trace.last().map(|row| row.seconds),
        }
    }

    /// All settings, flat: `dream.iterations`, `optimizer.lr`, `axis.cutouts`.
    pub(crate) fn settings(&self) -> BTreeMap<String, String> {
        let mut flat = BTreeMap::new();
        for (name, value) in &self.record.axes {
            flatten(&mut flat, format!("axis.{name}"), value);
        }
        for (name, value) in &self.record.dream {
            flatten(&mut flat, format!("dream.{name}"), value);
        }
        for (kind, value) in &self.record.optimizer_settings {
            flat.insert("optimizer.kind".to_owned(), kind.clone());
            flatten(&mut flat, "optimizer".to_owned(), value);
        }
        flat
    }
}

fn flatten(flat: &mut BTreeMap<String, String>, name: String, value: &toml::Value) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                flatten(flat, format!("{name}.{key}"), value);
            }
        }
        toml::Value::String(text) => {
            flat.insert(name, text.clone());
        }
        other => {
            flat.insert(name, other.to_string());
        }
    }
}

/// The place in `items` of the one that `key` stands for, at whose end a `new` one is put if it is
/// not there.
fn place<K: Clone + Eq + Hash, T>(
    items: &mut Vec<T>,
    places: &mut HashMap<K, usize>,
    key: &K,
    new: impl FnOnce(&K) -> T,
) -> usize {
    *places.entry(key.clone()).or_insert_with(|| {
        items.push(new(key));
        items.len() - 1
    })
}
