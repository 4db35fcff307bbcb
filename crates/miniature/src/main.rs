//! Trains the small model set that the repository carries: see the crate's library.

use std::{fs, path::PathBuf, time::Duration};

use clap::{Parser, Subcommand};
use miette::{Context, IntoDiagnostic, miette};
use miniature::{
    Drawing, GeneratorSettings, HardeningSettings, LoopGenerator, Mixing, ModelSet, Perceptor,
    PerceptorSettings, Quality, Renderer, Segmenter, SegmenterSettings, Settings, Stream, Style, Table,
    TrainingConfig, Variation, batch, numbers, sheet,
};
use optim::OptimizerConfig;
use tch::Device;

/// Train the miniature: a generator, a perceptor and a judge small enough for the repository.
///
/// Needs the pictures that crates/miniature/fetch-data fetches. A training that is stopped goes on
/// where its last checkpoint was when the same command is given again.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    options: Options,
}

#[derive(Subcommand)]
enum Command {
    /// Draw a sheet of what the generator is to learn, and one of what the perceptors are shown
    Pictures,
    /// Train the generator
    Generator,
    /// Train the perceptor
    Perceptor,
    /// Train the perceptor on, with the model set's generator drawing for it
    Harden,
    /// Train the judge
    Judge,
    /// Train the segmenter
    Segmenter,
    /// Train all, one after the other, and write the model set
    All,
    /// Write the weights as the last checkpoints have them, with a manifest, into the model set's
    /// folder
    Export,
    /// Measure the model set: figures as CSV, and sheets of what the generator draws
    Evaluate,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Options of all commands")]
struct Options {
    /// Settings of the training [default: those built in, crates/miniature/training.toml]
    #[arg(long, global = true)]
    settings: Option<PathBuf>,
    /// Folder of the pictures
    #[arg(long, global = true, default_value = "crates/miniature/data")]
    data: PathBuf,
    /// Folder of checkpoints, logs and sheets
    #[arg(long, global = true, default_value = "results/miniature")]
    out: PathBuf,
    /// Folder of the model set
    #[arg(long, global = true, default_value = "weights/mini")]
    set: PathBuf,
    /// Stop after so many minutes
    #[arg(long, global = true, value_name = "MINUTES")]
    stop_after: Option<f64>,
    /// Time between checkpoints
    #[arg(long, global = true, value_name = "MINUTES", default_value_t = 5.0)]
    checkpoint_every: f64,
    /// Threads that torch may use [default: all cores]
    #[arg(long, global = true)]
    threads: Option<i32>,
    /// Train on the GPU of this number instead of the CPU
    #[arg(long, global = true)]
    gpu: Option<usize>,
}

fn main() -> miette::Result<()> {
    let Cli { command, options } = Cli::parse();
    if let Some(threads) = options.threads {
        tch::set_num_threads(threads);
    }
    let settings = options.settings()?;
    match command {
        Command::Pictures => pictures(&settings, &options),
        Command::Generator => generator(&settings, &options),
        Command::Perceptor => perceptor("perceptor", &settings.perceptor, settings.seed, &options),
        Command::Harden => harden(&settings, &options),
        Command::Judge => perceptor("judge", &settings.judge, judge_seed(&settings), &options),
        Command::Segmenter => segmenter(&settings, &options),
        Command::All => all(&settings, &options),
        Command::Export => export(&settings, &options),
        Command::Evaluate => evaluate(&settings, &options),
    }
}

fn pictures(settings: &Settings, options: &Options) -> miette::Result<()> {
    let table = Table::embedded();
    let draw = |name: &str, styles: &[Style], variation: Variation, mixing: Mixing| {
        let renderer = Renderer::new(&table, &options.data, styles, 64, variation, Device::Cpu)?;
        let mut rng = numbers(settings.seed, Stream::Evaluation, 0);
        let batch =
            batch(96, Variation::ENTRIES, renderer.num_objects(), renderer.num_scenes(), mixing, &mut rng);
        sheet::write(&renderer.render(&batch.z, &batch.class_weights).image, 12, 2, &options.out.join(name))
    };
    fs::create_dir_all(&options.out).into_diagnostic()?;
    draw("generator-sees.png", &settings.generator.styles, Variation::NARROW, Mixing::TRAINING)?;
    Ok(draw("perceptors-see.png", &Style::ALL, Variation::WIDE, Mixing::PURE)?)
}

fn generator(settings: &Settings, options: &Options) -> miette::Result<()> {
    let GeneratorSettings { steps, average, ref optimizer, .. } = settings.generator;
    let mut drawing = Drawing::new(
        &settings.generator,
        &Table::embedded(),
        &options.data,
        settings.seed,
        options.device(),
    )?;
    let config = options.config("generator", steps, average, optimizer);
    drawing.train(config).wrap_err("the generator was not trained to its end")?;
    Ok(())
}

fn perceptor(name: &str, settings: &PerceptorSettings, seed: u64, options: &Options) -> miette::Result<()> {
    let perceptor = Perceptor::new(settings, &Table::embedded(), &options.data, seed, options.device())?;
    let config = options.config(name, settings.steps, settings.average, &settings.optimizer);
    perceptor.train(config).wrap_err_with(|| format!("the {name} was not trained to its end"))?;
    Ok(())
}

fn segmenter(settings: &Settings, options: &Options) -> miette::Result<()> {
    let (segmenter, config) = segmenter_in_training(settings, options)?;
    segmenter.train(config).wrap_err("the segmenter was not trained to its end")?;
    Ok(())
}

fn segmenter_in_training(
    settings: &Settings,
    options: &Options,
) -> miette::Result<(Segmenter, TrainingConfig)> {
    let SegmenterSettings { steps, average, ref optimizer, .. } = settings.segmenter;
    let table = Table::embedded();
    let segmenter =
        Segmenter::new(&settings.segmenter, &table, &options.data, settings.seed, options.device())?;
    Ok((segmenter, options.config("segmenter", steps, average, optimizer)))
}

fn harden(settings: &Settings, options: &Options) -> miette::Result<()> {
    let (perceptor, config) = hardening(settings, options)?;
    perceptor.train(config).wrap_err("the perceptor was not hardened to the end")?;
    Ok(())
}

fn hardening(settings: &Settings, options: &Options) -> miette::Result<(Perceptor, TrainingConfig)> {
    let table = Table::embedded();
    let PerceptorSettings { steps, average, ref optimizer, .. } = settings.perceptor;
    let new = || Perceptor::new(&settings.perceptor, &table, &options.data, settings.seed, options.device());
    let training = new()?.resume(options.config("perceptor", steps, average, optimizer))?;
    let HardeningSettings { steps, average, ref optimizer, .. } = settings.hardening;
    let set = ModelSet::new(&options.set);
    let loop_generator = LoopGenerator::new(&set, &settings.hardening, &table, options.device())
        .wrap_err("the model set has no generator: train and export it first")?;
    Ok((new()?.hardened(&training, loop_generator), options.config("hardening", steps, average, optimizer)))
}

fn all(settings: &Settings, options: &Options) -> miette::Result<()> {
    generator(settings, options)?;
    export(settings, options)?;
    perceptor("perceptor", &settings.perceptor, settings.seed, options)?;
    harden(settings, options)?;
    perceptor("judge", &settings.judge, judge_seed(settings), options)?;
    segmenter(settings, options)?;
    export(settings, options)
}

/// Another seed than the perceptor's, so that the two share no accident.
fn judge_seed(settings: &Settings) -> u64 {
    settings.seed + 1
}

fn export(settings: &Settings, options: &Options) -> miette::Result<()> {
    let (table, set) = (Table::embedded(), ModelSet::new(&options.set));
    fs::create_dir_all(&options.set).into_diagnostic()?;
    let GeneratorSettings { steps, average, ref optimizer, ref network, .. } = settings.generator;
    let config = options.config("generator", steps, average, optimizer);
    if config.folder.exists() {
        let drawing =
            Drawing::new(&settings.generator, &table, &options.data, settings.seed, options.device())?;
        let training = drawing.resume(config)?;
        set.write_generator(drawing.finish(&training)?.named_tensors(), network, training.steps())?;
    }
    let judge_seed = judge_seed(settings);
    for (name, settings, seed) in
        [("perceptor", &settings.perceptor, settings.seed), ("judge", &settings.judge, judge_seed)]
    {
        let config = options.config(name, settings.steps, settings.average, &settings.optimizer);
        if config.folder.exists() {
            let perceptor = Perceptor::new(settings, &table, &options.data, seed, options.device())?;
            let training = perceptor.resume(config)?;
            set.write(name, perceptor.tensors(&training), training.steps())?;
        }
    }
    if options.out.join("hardening").exists() {
        let (perceptor, config) = hardening(settings, options)?;
        let training = perceptor.resume(config)?;
        set.write("perceptor", perceptor.tensors(&training), training.steps())?;
    }
    let (segmenter, config) = segmenter_in_training(settings, options)?;
    if config.folder.exists() {
        let training = segmenter.resume(config)?;
        set.write("segmenter", segmenter.tensors(&training), training.steps())?;
    }
    Ok(set.write_manifest(settings)?)
}

fn evaluate(settings: &Settings, options: &Options) -> miette::Result<()> {
    let set = ModelSet::new(&options.set);
    fs::create_dir_all(&options.out).into_diagnostic()?;
    let mut csv = csv::Writer::from_writer(std::io::stdout());
    for Quality { of, measure, value } in miniature::evaluate(&set, settings, &options.data, &options.out)? {
        csv.write_record([of, measure.to_owned(), format!("{value:.4}")]).into_diagnostic()?;
    }
    csv.flush().into_diagnostic()
}

impl Options {
    fn settings(&self) -> miette::Result<Settings> {
        let Some(path) = &self.settings else { return Ok(Settings::embedded()) };
        let text = fs::read_to_string(path).into_diagnostic();
        let settings = text.and_then(|text| toml::from_str(&text).into_diagnostic());
        let settings = settings.and_then(|settings: Settings| match settings.fault() {
            Some((name, allowed)) => Err(miette!("`{name}` is out of range: {allowed}")),
            None => Ok(settings),
        });
        settings.wrap_err_with(|| format!("the settings `{}` cannot be used", path.display()))
    }

    fn config(&self, name: &str, steps: u64, average: f64, optimizer: &OptimizerConfig) -> TrainingConfig {
        TrainingConfig {
            steps,
            optimizer: optimizer.clone(),
            average,
            folder: self.out.join(name),
            checkpoint_every: minutes(self.checkpoint_every),
            stop_after: self.stop_after.map(minutes),
        }
    }

    fn device(&self) -> Device {
        self.gpu.map_or(Device::Cpu, Device::Cuda)
    }
}

fn minutes(minutes: f64) -> Duration {
    Duration::from_secs_f64(60.0 * minutes)
}
