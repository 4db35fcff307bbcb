use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use experiment::Experiment;
use experiment::plan::{Cell, Plan};
use model_sets::{ModelSet, ModelSets};
use records::{CellFolder, CellStatus, ResultsFolder};
use tch::Device;
use tempfile::TempDir;

use super::Place;
use super::injected::inject;
use crate::run::{Assignment, CancellationToken, Progress, Schedule};

const CELLS: [&str; 4] =
    ["bicycle/adam/seed-0", "bicycle/adam/seed-1", "bicycle/adam/seed-2", "bicycle/adam/seed-3"];
const EXHAUSTED: &str = "CUDA out of memory. Tried to allocate 2.00 GiB";

/// Four cells of the small models, computed by one worker in batches of up to `batch`.
struct Run {
    set: ModelSet,
    plan: Plan,
    results: ResultsFolder,
    batch: usize,
    _folder: TempDir,
}

impl Run {
    fn new(batch: usize) -> Self {
        let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/../../weights");
        let set = ModelSets::at(weights).get("mini").unwrap();
        let text = r#"
            name = "faults"
            models = ["mini"]
            prompts = ["bicycle"]
            seeds = [0, 1, 2, 3]
            optimizer.adam = {}
            dream = { epochs = 1, iterations = 4, cutouts = 2, save_every = 2, save_best = true }
        "#;
        let experiment = Experiment::parse("faults.toml", text).unwrap();
        let plan = Plan::new(&experiment, &set.identity().unwrap()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { set, plan, results: ResultsFolder::at(folder.path()), batch, _folder: folder }
    }

    fn compute(&self) -> &Self {
        let cells: Vec<&Cell> = self.plan.cells.iter().collect();
        let worker = Assignment { device: Device::Cpu, threads: 1, batch: self.batch };
        let schedule = Schedule { workers: vec![worker], python: Default::default() };
        let progress = Progress::hidden(cells.len());
        schedule.run(&cells, &self.set, &self.results, &progress, &CancellationToken::default()).unwrap();
        self
    }

    fn faulty(self, fault: impl Fn(Place, &[String]) + Send + Sync + 'static) -> Self {
        inject(&self.results, fault);
        self
    }

    /// How each cell ended.
    fn ends(&self) -> Vec<String> {
        let end = |id: &&str| match self.results.cell(id).record().unwrap().unwrap().status {
            CellStatus::Finished(_) => "finished".to_owned(),
            CellStatus::Failed { reason } => reason,
            other => format!("{other:?}"),
        };
        CELLS.iter().map(end).collect()
    }

    /// The images and the state of a cell, and its similarities to the last bit.
    fn files(&self, id: &str) -> BTreeMap<String, Vec<u8>> {
        let cell = self.results.cell(id);
        let CellStatus::Finished(outcome) = cell.record().unwrap().unwrap().status else {
            panic!("{id} has not finished")
        };
        let images = [cell.frame(2), cell.frame(4), cell.final_image(), cell.best_image(), cell.state()];
        let bytes = images
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
        let numbers = [outcome.similarity_averaged, outcome.similarity_live].map(f64::to_bits);
        BTreeMap::from_iter(
            bytes.into_iter().chain([("similarities".to_owned(), format!("{numbers:?}").into())]),
        )
    }

    fn assert_same(&self, other: &Self, ids: &[&str]) {
        for id in ids {
            let (ours, theirs) = (self.files(id), other.files(id));
            for (file, bytes) in &ours {
                assert!(bytes == &theirs[file], "{file} of {id} differs");
            }
        }
    }
}

/// Panics as the bindings do, within a part that records no gradients and leaves them off.
#[expect(clippy::disallowed_methods, reason = "the fault that is caught")]
fn panic_without_gradients(message: &'static str) {
    tch::no_grad(|| panic!("{message}"));
}

#[test]
fn a_panic_at_any_place_costs_its_cell_and_no_other() {
    let healthy = Run::new(1);
    healthy.compute();
    for place in [Place::Draw, Place::Write, Place::Finish] {
        let run = Run::new(1).faulty(move |at, cells| {
            if at == place && cells == ["bicycle/adam/seed-1"] {
                panic_without_gradients("a fault of the device");
            }
        });
        run.compute();
        let ends = run.ends();
        assert_eq!(ends, ["finished", "a fault of the device", "finished", "finished"], "{place:?}");
        run.assert_same(&healthy, &[CELLS[0], CELLS[2], CELLS[3]]);
    }
}

#[test]
fn memory_that_runs_out_at_any_place_fails_a_cell_that_is_alone() {
    let healthy = Run::new(1);
    healthy.compute();
    for place in [Place::Draw, Place::Write, Place::Finish] {
        let run = Run::new(1).faulty(move |at, cells| {
            if at == place && cells == ["bicycle/adam/seed-2"] {
                panic_without_gradients(EXHAUSTED);
            }
        });
        run.compute();
        assert_eq!(run.ends(), ["finished", "finished", EXHAUSTED, "finished"], "{place:?}");
        run.assert_same(&healthy, &[CELLS[0], CELLS[1], CELLS[3]]);
    }
}

#[test]
fn memory_that_runs_out_while_frames_are_drawn_makes_packs_smaller() {
    let pairs = Run::new(2);
    pairs.compute();
    let drawn = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&drawn);
    let run = Run::new(4).faulty(move |at, cells| {
        if at == Place::Draw {
            seen.lock().unwrap().push(cells.len());
            if cells.len() > 2 {
                panic_without_gradients(EXHAUSTED);
            }
        }
    });
    run.compute();
    assert_eq!(run.ends(), ["finished"; 4]);
    assert_eq!(*drawn.lock().unwrap(), [4, 2, 2, 2, 2], "two save points of two batches after the first");
    run.assert_same(&pairs, &CELLS);
}

#[test]
fn a_panic_in_a_pack_is_searched_for_cell_by_cell() {
    let healthy = Run::new(1);
    healthy.compute();
    let run = Run::new(4).faulty(|at, cells| {
        if at == Place::Draw && cells.iter().any(|id| id == "bicycle/adam/seed-0") {
            panic_without_gradients("a fault of the device");
        }
    });
    run.compute();
    assert_eq!(run.ends(), ["a fault of the device", "finished", "finished", "finished"]);
    run.assert_same(&healthy, &CELLS[1..]);
}

/// A fault that was of the moment is mended by running again.
#[test]
fn what_failed_is_computed_again_and_comes_out_the_same() {
    let healthy = Run::new(1);
    healthy.compute();
    let once = Mutex::new(true);
    let run = Run::new(1).faulty(move |at, cells| {
        let is_here = at == Place::Finish && cells == ["bicycle/adam/seed-0"];
        if is_here && std::mem::take(&mut *once.lock().unwrap()) {
            panic_without_gradients("a fault of the device");
        }
    });
    run.compute();
    assert_eq!(run.ends()[0], "a fault of the device");
    run.compute();
    assert_eq!(run.ends(), ["finished"; 4]);
    run.assert_same(&healthy, &CELLS);
}

#[test]
fn faults_are_of_a_folder() {
    let run = Run::new(1).faulty(|_, _| panic!("not here"));
    let elsewhere: CellFolder = ResultsFolder::at("elsewhere").cell(CELLS[0]);
    super::at(Place::Draw, [&elsewhere]);
    let here = run.results.cell(CELLS[0]);
    assert!(torch_ext::catch_panic(|| super::at(Place::Draw, [&here])).is_err());
}
