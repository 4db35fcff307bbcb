//! The time and memory of a report of many prompts or optimizers, of synthetic records.
//!
//! `cargo run --release -p report --example report -- PROMPTS OPTIMIZERS SEEDS`
#![expect(clippy::print_stdout, reason = "a program")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;
use std::{env, fs};

use image::RgbImage;
use records::{
    CellRecord, CellStatus, FileDigests, LossTerms, Outcome, PlanRecord, PlannedCell, PlannedPlace,
    PlannedPrompt, ResultsFolder, TraceRow,
};

const STEPS: u32 = 10;

fn main() -> Result<(), Box<dyn Error>> {
    let counts = env::args().skip(1).map(|count| count.parse()).collect::<Result<Vec<usize>, _>>()?;
    let &[prompts, optimizers, seeds] = &counts[..] else {
        return Err("give PROMPTS OPTIMIZERS SEEDS".into());
    };
    let folder = tempfile::tempdir()?;
    write(folder.path(), prompts, optimizers, seeds as u64)?;
    let start = Instant::now();
    let summary = report::build(folder.path())?;
    println!(
        "{prompts} prompts, {optimizers} optimizers, {seeds} seeds: {:.1} s, {} files, {} faults, at most {:.0} MB",
        start.elapsed().as_secs_f64(),
        summary.files().len(),
        summary.faults().len(),
        peak()?,
    );
    Ok(())
}

/// Records of a finished run.
fn write(root: &Path, prompts: usize, optimizers: usize, seeds: u64) -> Result<(), Box<dyn Error>> {
    let folder = ResultsFolder::at(root);
    let optimizers: Vec<String> =
        (1..=optimizers).map(|n| format!("adam lr={}", n as f64 / 1000.0)).collect();
    let prompts: Vec<String> = (1..=prompts).map(|n| format!("thing {n}")).collect();
    let mut cells = Vec::new();
    for (row, prompt) in prompts.iter().enumerate() {
        for (column, optimizer) in optimizers.iter().enumerate() {
            for seed in 0..seeds {
                let similarity = 0.3 + ((row * 7 + column * 5 + 3 * seed as usize) % 13) as f64 * 0.004;
                let record = cell(prompt, optimizer, (row, column, seed), similarity);
                write_cell(&folder, &record, similarity)?;
                let place = PlannedPlace {
                    prompt: prompt.clone(),
                    optimizer: optimizer.clone(),
                    seed,
                    axes: [].into(),
                };
                cells.push(PlannedCell { id: record.id, digest: record.digest, place: Some(place) });
            }
        }
    }
    let planned = |text: &String| PlannedPrompt { text: text.clone(), class_name: text.clone() };
    Ok(folder.write_plan(&PlanRecord {
        experiment: "large".into(),
        model_set: "none".into(),
        reproduces: None,
        template: "a photo of a {}".into(),
        seeds: (0..seeds).collect(),
        prompts: prompts.iter().map(planned).collect(),
        optimizers,
        cells,
        study: Default::default(),
        files: FileDigests::new(),
    })?)
}

fn cell(
    prompt: &str,
    optimizer: &str,
    (row, column, seed): (usize, usize, u64),
    similarity: f64,
) -> CellRecord {
    CellRecord {
        id: format!("{}/{}/seed-{seed}", records::slug(prompt), records::slug(optimizer)),
        prompt: prompt.to_owned(),
        class_name: prompt.to_owned(),
        optimizer: optimizer.to_owned(),
        seed,
        model_set: "none".into(),
        digest: format!("{row}-{column}-{seed}"),
        judged_text: Some(format!("a photo of a {prompt}")),
        former_digest: None,
        status: CellStatus::Finished(Outcome {
            steps: STEPS,
            seconds: 1.0,
            similarity_averaged: similarity,
            similarity_live: similarity,
            cutouts_averaged: Some(similarity),
            cutouts_live: Some(similarity),
            final_loss: LossTerms::default(),
            best: None,
            live: Vec::new(),
        }),
        texts: None,
        axes: [].into(),
        optimizer_settings: toml::toml! { adam = { lr = 0.05 } },
        dream: toml::toml! { epochs = 1 iterations = 10 },
        files: FileDigests::new(),
        machines: Vec::new(),
    }
}

fn write_cell(folder: &ResultsFolder, record: &CellRecord, similarity: f64) -> Result<(), Box<dyn Error>> {
    let cell = folder.cell(&record.id);
    fs::create_dir_all(cell.path())?;
    cell.write_record(record)?;
    let row = |step: u32| {
        let similarity = -100.0 * (similarity * f64::from(step) / f64::from(STEPS)) as f32;
        let loss = LossTerms { total: similarity, similarity, latent: 0.0, class: 0.0 };
        TraceRow { step, loss, seconds: f64::from(step) }
    };
    cell.write_trace(&(1..=STEPS).map(row).collect::<Vec<_>>())?;
    Ok(RgbImage::new(64, 64).save(cell.final_image())?)
}

/// The most memory that this process has had, in MB, as Linux accounts for it.
fn peak() -> Result<f64, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
