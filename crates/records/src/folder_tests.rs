//! Records as they lie in a results folder.

use std::fs;

use super::*;
use crate::{Best, CellStatus, FileDigests, LossTerms, Outcome, Texts};

fn record(status: CellStatus) -> CellRecord {
    CellRecord {
        id: "bicycle/adam/seed-0".into(),
        prompt: "bicycle".into(),
        class_name: "bicycle".into(),
        optimizer: "adam".into(),
        seed: 0,
        model_set: "mini".into(),
        digest: "ab".into(),
        judged_text: Some("a photo of a bicycle".into()),
        former_digest: None,
        status,
        texts: Some(Texts::ONE),
        axes: [("cutouts".to_owned(), toml::Value::Integer(64))].into(),
        optimizer_settings: toml::toml! { adam = { lr = 0.05 } },
        dream: toml::toml! { epochs = 10 },
        files: [("trace.csv".to_owned(), "00".to_owned())].into(),
        machines: Vec::new(),
    }
}

/// One shard makes the report of all cells while another tidies up one of its own before it
/// goes on.
#[test]
fn an_animation_is_no_leftover_to_whoever_computes_the_cell() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
    cell.write_animation(b"0").unwrap();
    std::thread::scope(|scope| {
        let reporting = scope.spawn(|| (0..200).try_for_each(|n| cell.write_animation(&[n as u8])));
        while !reporting.is_finished() {
            cell.remove_leftovers();
        }
        reporting.join().unwrap().unwrap();
    });
    let names: Vec<_> = fs::read_dir(cell.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["progress.gif"]);
}

#[test]
fn a_cell_reads_back_as_written_in_every_status() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
    assert_eq!(cell.record().unwrap(), None);
    let final_loss = LossTerms { total: -1.5, similarity: -36.25, latent: 34.0, class: 0.1 };
    let outcome = Outcome {
        steps: 2000,
        seconds: 12.5,
        similarity_averaged: 0.3,
        similarity_live: 0.25,
        cutouts_averaged: Some(0.28),
        cutouts_live: None,
        final_loss,
        best: Some(Best { step: 1950, similarity_loss: -36.5 }),
        live: vec![(50, 0.125), (100, 0.25)],
    };
    for status in [
        CellStatus::Unfinished,
        CellStatus::Finished(outcome),
        CellStatus::Diverged { at_step: 41, seconds: 0.5, similarity_initial: None },
        CellStatus::Failed { reason: "out of \"memory\"\n  caused by: …".into() },
    ] {
        let record = record(status);
        cell.write_record(&record).unwrap();
        assert_eq!(cell.record().unwrap(), Some(record));
    }
}

#[test]
fn refuses_numbers_that_no_run_writes() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
    let outcome = Outcome {
        steps: 10,
        seconds: 1.0,
        similarity_averaged: 0.3,
        similarity_live: 0.3,
        cutouts_averaged: None,
        cutouts_live: None,
        final_loss: LossTerms::default(),
        best: None,
        live: Vec::new(),
    };
    type Spoil = fn(&mut Outcome);
    let spoilt: [(Spoil, &str); 6] = [
        (|outcome| outcome.seconds = f64::INFINITY, "seconds"),
        (|outcome| outcome.seconds = -1.0, "seconds"),
        (|outcome| outcome.similarity_averaged = 1e308, "similarity_averaged"),
        (|outcome| outcome.cutouts_live = Some(f64::NAN), "cutouts_live"),
        (|outcome| outcome.final_loss.class = f32::NEG_INFINITY, "class"),
        (|outcome| outcome.best = Some(Best { step: 11, similarity_loss: 0.0 }), "best.step"),
    ];
    for (spoil, named) in spoilt {
        let mut outcome = outcome.clone();
        spoil(&mut outcome);
        cell.write_record(&record(CellStatus::Finished(outcome))).unwrap();
        let error = cell.record().unwrap_err();
        assert!(error.is_damage() && error.to_string().contains(named), "{error}");
    }
}

#[test]
fn refuses_traces_that_no_run_writes() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("a");
    fs::create_dir_all(cell.path()).unwrap();
    let head = "step,loss,similarity_loss,latent_loss,class_loss,seconds\n1,1,1,1,1,0.5\n";
    for row in ["4294967295,1,1,1,1,1", "2,1,1,1,1,nan", "2,1,1,1,1,inf", "2,1,1,1,1,0.25", "2,1,1"] {
        fs::write(cell.path().join("trace.csv"), format!("{head}{row}\n")).unwrap();
        assert!(cell.trace().unwrap_err().is_damage(), "{row}");
    }
}

/// The head's first word is the only part of a record that its digest does not cover.
#[test]
fn finds_a_flipped_bit_anywhere_in_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
    cell.write_record(&record(CellStatus::Unfinished)).unwrap();
    let path = cell.path().join("cell.toml");
    let bytes = fs::read(&path).unwrap();
    for place in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[place] ^= 1 << (place % 8);
        fs::write(&path, flipped).unwrap();
        assert!(cell.record().is_err(), "byte {place}");
    }
}

#[test]
fn a_record_of_a_newer_format_is_no_damage() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("bicycle/adam/seed-0");
    cell.write_record(&record(CellStatus::Unfinished)).unwrap();
    let path = cell.path().join("cell.toml");
    let newer = fs::read_to_string(&path).unwrap().replacen("format = 3", "format = 7", 1);
    fs::write(&path, newer).unwrap();
    let error = cell.record().unwrap_err();
    assert!(!error.is_damage() && error.to_string().contains("its format is 7"), "{error}");
}

#[test]
fn refuses_paths_of_cells_that_lead_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let results = ResultsFolder::at(folder.path());
    for id in ["../../etc", "/etc", "a/../../b", ""] {
        let plan = PlanRecord {
            experiment: "e".into(),
            model_set: "m".into(),
            reproduces: None,
            template: "{}".into(),
            optimizers: Vec::new(),
            seeds: Vec::new(),
            prompts: Vec::new(),
            cells: vec![crate::PlannedCell { id: id.into(), digest: "d".into(), place: None }],
            study: Default::default(),
            files: FileDigests::new(),
        };
        results.write_plan(&plan).unwrap();
        assert!(results.plan().unwrap_err().is_damage(), "{id}");
    }
}

#[test]
fn a_trace_reads_back_as_written_to_the_last_bit() {
    let folder = tempfile::tempdir().unwrap();
    let cell = ResultsFolder::at(folder.path()).cell("a");
    let row = |step, total| TraceRow {
        step,
        loss: [total, -36.1 / 3.0, f32::MIN_POSITIVE, 1e9].into(),
        seconds: 0.1,
    };
    let rows = vec![row(1, 0.1), row(2, -0.0)];
    cell.write_trace(&rows).unwrap();
    assert_eq!(cell.trace().unwrap(), rows);
}

#[test]
fn a_folder_that_no_run_wrote_is_refused() {
    let error = ResultsFolder::at("no-such-folder").plan().unwrap_err();
    insta::assert_snapshot!(error, @"`no-such-folder` is not a results folder: it has no plan.toml");
}
