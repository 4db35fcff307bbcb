//! Results folders for the tests: records as the runner writes them, without a model.

use std::env;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage};
use records::slug;
use records::{
    CellRecord, CellStatus, CurveRow, Evaluation, FileDigests, Guess, LossTerms, Machine, Outcome,
    PlanRecord, PlannedCell, PlannedPlace, PlannedPrompt, ResultsFolder, Right, Segments, Share, TraceRow,
    Verdict,
};
use tempfile::TempDir;

/// The report's table 2: rows are prompts, columns optimizers.
pub(super) const TABLE_2: [[f64; 6]; 4] = [
    [35.56, 39.09, 40.59, 38.19, 39.56, 37.78],
    [40.75, 41.41, 44.31, 44.28, 43.84, 38.78],
    [37.59, 36.28, 37.88, 37.91, 37.28, 35.59],
    [37.88, 37.91, 38.75, 38.25, 38.78, 37.16],
];

/// Grid of a synthetic experiment.
pub(super) struct Grid {
    pub(super) prompts: Vec<(String, String)>,
    pub(super) optimizers: Vec<String>,
    pub(super) seeds: Vec<u64>,
    pub(super) steps: u32,
    /// Steps after which an image was saved.
    pub(super) frames: Vec<u32>,
    /// Similarity × 100 by prompt, optimizer and seed.
    pub(super) similarity: fn(usize, usize, u64) -> f64,
}

/// A results folder that goes away with this value.
pub(super) struct Results {
    root: PathBuf,
    _folder: Option<TempDir>,
}

impl Grid {
    /// The report's experiment 5 with its published similarities.
    pub(super) fn table_2() -> Self {
        let prompts =
            [("bicycle", "bicycle"), ("chair", "chair"), ("cow", "cattle"), ("motorbike", "motorcycle")];
        Self {
            prompts: prompts.map(|(prompt, class)| (prompt.to_owned(), class.to_owned())).to_vec(),
            optimizers: ["adadelta", "adagrad", "adam", "adamw", "rmsprop", "sgd"]
                .map(str::to_owned)
                .to_vec(),
            seeds: vec![0],
            steps: 200,
            frames: Vec::new(),
            similarity: |prompt, optimizer, seed| {
                TABLE_2[prompt][optimizer] + ((seed * 7919) % 13) as f64 * 0.1
            },
        }
    }

    /// Many prompts and variants of a few optimizers.
    pub(super) fn large(prompts: usize, variants: usize, steps: u32) -> Self {
        let name = |n: usize| (format!("number {n} in a picture of it"), format!("thing {n}"));
        let kinds = ["adam", "schedule-free-adamw", "lion", "sgd"];
        let optimizer = |n: usize| format!("{} lr={}", kinds[n % 4], 0.01 * (n / 4 + 1) as f64);
        Self {
            prompts: (1..=prompts).map(name).collect(),
            optimizers: (0..variants).map(optimizer).collect(),
            steps,
            similarity: |prompt, optimizer, seed| {
                30.0 + (prompt * 7 % 13) as f64 + (optimizer * 5 % 11) as f64 * 0.4 + seed as f64
            },
            ..Self::table_2()
        }
    }

    /// Writes the records of a finished run.
    pub(super) fn write(&self) -> Results {
        let results = Results::temporary();
        self.write_to(results.path());
        results
    }

    /// Writes the records of a finished run into `root`.
    pub(super) fn write_to(&self, root: &Path) {
        std::fs::create_dir_all(root).unwrap();
        let folder = ResultsFolder::at(root);
        let mut cells = Vec::new();
        for (prompt, (text, class_name)) in self.prompts.iter().enumerate() {
            for (optimizer, name) in self.optimizers.iter().enumerate() {
                for &seed in &self.seeds {
                    let record = CellRecord {
                        id: format!("{}/{}/seed-{seed}", slug(text), slug(name)),
                        prompt: text.clone(),
                        class_name: class_name.clone(),
                        optimizer: name.clone(),
                        seed,
                        model_set: "mini".into(),
                        digest: format!("digest-{prompt}-{optimizer}-{seed}"),
                        judged_text: Some(format!("a photo of a {class_name}")),
                        former_digest: None,
                        status: CellStatus::Unfinished,
                        texts: None,
                        axes: [].into(),
                        optimizer_settings: toml::toml! { adam = { lr = 0.05 } },
                        dream: toml::toml! { epochs = 10 iterations = 20 },
                        files: FileDigests::new(),
                        machines: Vec::new(),
                    };
                    cells.push(PlannedCell {
                        id: record.id.clone(),
                        digest: record.digest.clone(),
                        place: Some(PlannedPlace {
                            prompt: text.clone(),
                            optimizer: name.clone(),
                            seed,
                            axes: [].into(),
                        }),
                    });
                    let similarity = (self.similarity)(prompt, optimizer, seed);
                    self.write_cell(&folder, record, similarity, (prompt, optimizer));
                }
            }
        }
        let planned = |(text, class): &(String, String)| PlannedPrompt {
            text: text.clone(),
            class_name: class.clone(),
        };
        let plan = PlanRecord {
            experiment: "optimizers".into(),
            model_set: "mini".into(),
            reproduces: None,
            template: "a photo of a {}".into(),
            optimizers: self.optimizers.clone(),
            seeds: self.seeds.clone(),
            prompts: self.prompts.iter().map(planned).collect(),
            cells,
            study: Default::default(),
            files: FileDigests::new(),
        };
        folder.write_plan(&plan).unwrap();
    }

    fn write_cell(
        &self,
        folder: &ResultsFolder,
        mut record: CellRecord,
        similarity: f64,
        place: (usize, usize),
    ) {
        let cell = folder.cell(&record.id);
        let trace = trace(self.steps, similarity, place.1, record.seed);
        let column = (place.1 % 64) as f64; // cosines stay cosines
        record.status = CellStatus::Finished(Outcome {
            steps: self.steps,
            seconds: f64::from(self.steps) * 0.05,
            similarity_averaged: similarity / 100.0,
            similarity_live: similarity / 100.0 - 0.01 * (column - 1.5),
            cutouts_averaged: Some(similarity / 100.0 + 0.004 * (place.0 % 40) as f64),
            cutouts_live: Some(similarity / 100.0 + 0.02 - 0.006 * column),
            final_loss: trace.last().map_or(LossTerms::default(), |row| row.loss),
            best: None,
            live: Vec::new(),
        });
        cell.write_record(&record).unwrap();
        cell.write_trace(&trace).unwrap();
        picture(place).save(cell.final_image()).unwrap();
        for step in self.frames.iter().copied() {
            std::fs::create_dir_all(cell.frame(step).parent().unwrap()).unwrap();
            picture((place.0 + step as usize / 20, place.1)).save(cell.frame(step)).unwrap();
        }
    }
}

impl Results {
    /// An empty folder.
    pub(super) fn temporary() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { root: folder.path().to_owned(), _folder: Some(folder) }
    }

    /// A folder that stays.
    pub(super) fn in_folder(root: PathBuf) -> Self {
        Self { root, _folder: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.root
    }

    /// Reads a file of the report.
    pub(super) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        std::fs::read(self.path().join(name)).unwrap()
    }

    pub(super) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Has a cell come from a machine with such instructions.
    pub(super) fn computed_with(&self, id: &str, instructions: &str) {
        let cell = ResultsFolder::at(self.path()).cell(id);
        let mut record = cell.record().unwrap().unwrap();
        let machine = Machine {
            host: "n1".into(),
            cpu: "Some CPU".into(),
            instructions: instructions.into(),
            gpu: None,
            threads: 1,
            libtorch: "2.11.0".into(),
            job: None,
        };
        record.machines = machine.after(record.machines);
        cell.write_record(&record).unwrap();
    }

    /// Makes a finished cell one that ended otherwise.
    pub(super) fn end(&self, id: &str, status: CellStatus) {
        let cell = ResultsFolder::at(self.path()).cell(id);
        let mut record = cell.record().unwrap().unwrap();
        if let CellStatus::Diverged { at_step, .. } = status {
            let mut trace = cell.trace().unwrap();
            trace.truncate(at_step as usize);
            cell.write_trace(&trace).unwrap();
        }
        record.status = status;
        cell.write_record(&record).unwrap();
    }

    /// Lets judges look at every finished cell's image. The held-out one finds the right label
    /// second for sgd, and the segmenter sees a disc of the prompt's class.
    pub(super) fn judge(&self) {
        let folder = ResultsFolder::at(self.path());
        for record in folder.cells(&folder.plan().unwrap()).unwrap() {
            let CellStatus::Finished(outcome) = &record.status else { continue };
            let cell = folder.cell(&record.id);
            let (class, index) = [("bicycle", 2), ("chair", 9), ("cow", 10), ("motorbike", 14)]
                .into_iter()
                .find(|(class, _)| *class == record.prompt)
                .unwrap_or(("person", 15));
            let disc = |x: u32, y: u32| x.abs_diff(32).pow(2) + y.abs_diff(32).pow(2) < 400;
            let color = |x, y| if disc(x, y) { records::voc_color(index) } else { [0; 3] };
            RgbImage::from_fn(64, 64, |x, y| Rgb(color(x, y))).save(cell.mask()).unwrap();
            let covered = (0..64 * 64).filter(|n| disc(n % 64, n / 64)).count() as f64 / (64.0 * 64.0);
            let share = |class: &str, index, share| Share { class: class.into(), index, share };
            let similarity = outcome.similarity_averaged;
            let last = record.optimizer.starts_with("sgd");
            cell.write_evaluation(&Evaluation {
                digest: record.digest.clone(),
                label_set: "CIFAR-100".into(),
                labels: 100,
                template: "a photo of a {}".into(),
                right_label: Some(record.class_name.clone()),
                perceptor: verdict(&record.class_name, similarity, 1),
                judge: Some(verdict(&record.class_name, 0.5 - similarity / 2.0, 1 + usize::from(last))),
                segments: Some(Segments {
                    expected: (index != 15).then(|| class.into()),
                    shares: vec![share("background", 0, 1.0 - covered), share(class, index, covered)],
                }),
                files: FileDigests::new(),
            })
            .unwrap();
        }
    }

    /// Writes curves: 100 × the similarity (averaged, live, by the judge) of a prompt's number, an
    /// optimizer and a step.
    pub(super) fn curves(&self, steps: &[u32], similarity: fn(usize, &str, u32) -> [f64; 3]) {
        let folder = ResultsFolder::at(self.path());
        let plan = folder.plan().unwrap();
        for record in folder.cells(&plan).unwrap() {
            let prompt = plan.prompts.iter().position(|prompt| prompt.text == record.prompt).unwrap();
            let row = |&step: &u32| {
                let [averaged, live, judge] =
                    similarity(prompt, &record.optimizer, step).map(|value| Some(value / 100.0));
                CurveRow { step, averaged, live, judge }
            };
            folder.cell(&record.id).write_curve(&steps.iter().map(row).collect::<Vec<_>>()).unwrap();
        }
    }

    /// Makes two values of a list in `[dream]` of the two seeds, 0 and 1, that the records have.
    pub(super) fn seeds_to_axis(&self) {
        let folder = ResultsFolder::at(self.path());
        for mut record in folder.cells(&folder.plan().unwrap()).unwrap() {
            let value = if record.seed == 0 { 32 } else { 64 };
            record.axes.insert("cutouts".into(), toml::Value::Integer(value));
            record.seed = 0;
            folder.cell(&record.id).write_record(&record).unwrap();
        }
    }

    /// Removes a cell, as if it had not been begun.
    pub(super) fn forget(&self, id: &str) {
        let cell: PathBuf = ResultsFolder::at(self.path()).cell(id).path().to_owned();
        std::fs::remove_dir_all(cell).unwrap();
    }
}

/// A verdict in which the right label is at `rank`.
fn verdict(right: &str, similarity: f64, rank: usize) -> Verdict {
    let probability = |rank: usize| [0.9, 0.05, 0.02, 0.01, 0.005][rank - 1];
    let mut labels = vec!["lawn mower", "crab", "can", "apple"];
    labels.insert(rank - 1, right);
    let guess = |(place, label): (usize, &str)| Guess {
        label: label.to_owned(),
        probability: probability(place),
        similarity: similarity - 0.01 * place as f64,
    };
    Verdict {
        similarity: Some(similarity),
        right: Some(Right { rank, probability: probability(rank) }),
        nearest: (1..).zip(labels).map(guess).collect(),
    }
}

/// An approach to `similarity` with noise, at the pace of the `optimizer`-th optimizer.
fn trace(steps: u32, similarity: f64, optimizer: usize, seed: u64) -> Vec<TraceRow> {
    let mut noise = 88_172_645_463_325_252 ^ ((optimizer as u64 + 1) << 20) ^ (seed << 40);
    let mut next = move || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        (noise >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    let pace = f64::from(steps) * (0.08 + 0.04 * optimizer as f64);
    (1..=steps)
        .map(|step| {
            let grown = 1.0 - (-f64::from(step) / pace).exp();
            let similarity = -(18.0 + (similarity - 18.0) * grown + 2.5 * next()) as f32;
            let (latent, class) = (5.0 + next() as f32, 12.0 * (1.0 - grown as f32));
            let loss = LossTerms { total: similarity + latent + class, similarity, latent, class };
            TraceRow { step, loss, seconds: f64::from(step) * 0.05 }
        })
        .collect()
}

fn picture((prompt, optimizer): (usize, usize)) -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| {
        let (dx, dy) = (x as f32 - 32.0, y as f32 - 32.0);
        let ring = ((dx * dx + dy * dy).sqrt() * (0.2 + 0.1 * prompt as f32)).sin() * 100.0 + 128.0;
        Rgb([ring as u8, (x * 4) as u8, (y * 2 + 20 * optimizer as u32).min(255) as u8])
    })
}

/// The Python that `tests/page/setup` made, which can open pages and event files. Without it `what`
/// is left out, and that is said; where `DREAMBENCH_PAGE_CHECK` is set, it must be there.
pub(super) fn python_of_checks(what: &str) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/page/.venv/bin/python");
    if python.is_file() {
        return Some(python);
    }
    let required = env::var_os("DREAMBENCH_PAGE_CHECK").is_some();
    assert!(!required, "tests/page/setup made no {}", python.display());
    // Past the test harness, which shows nothing of a test that passes.
    let _ = writeln!(std::io::stderr(), "\nNOT CHECKED: {what} (tests/page/setup installs what it takes)\n");
    None
}
