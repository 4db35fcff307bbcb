//! Effect of a reduced precision on the gradient of the latents: its cosine with that in fp32, and
//! the ratio of their lengths, at the first step of a dream. "Similarity" is the part that goes
//! through the perceptor; the other terms do not depend on it.
//!
//!     cargo run --release --example precision -- --files FOLDER

use std::path::PathBuf;

use bigsleep::{DreamSettings, DreamSpec, Dreamer, Precision, Prompt};
use clap::Parser;
use optim::OptimizerConfig;
use runner::devices::DeviceChoice;
use tch::{Device, Kind, Tensor};

use models::{Failure, Models};

#[expect(dead_code, reason = "shared with what measures time")]
mod models;

#[derive(Parser)]
struct Cli {
    /// Folder of the published files, or of the miniature's
    #[arg(long)]
    files: PathBuf,
    /// cpu, cuda or cuda:N
    #[arg(long, default_value = "cpu")]
    device: DeviceChoice,
    /// Cutouts per step
    #[arg(long, default_value_t = 128)]
    cutouts: u32,
}

const LATENTS: [&str; 2] = ["normu", "cls"];

#[expect(clippy::print_stdout, reason = "the measurement")]
fn main() -> Result<(), Failure> {
    let cli = Cli::parse();
    let device = cli.device.resolve()?[0];
    let settings = |precision| DreamSettings { precision, cutouts: cli.cutouts, ..DreamSettings::default() };
    let blind = gradient(&cli, &DreamSettings { loss_coef: 0.0, ..settings(Precision::Fp32) }, device)?;
    let exact = gradient(&cli, &settings(Precision::Fp32), device)?;
    let reduced: &[_] = match device {
        Device::Cuda(_) => &[("tf32", Precision::Tf32), ("bf16", Precision::Bf16)],
        _ => &[("bf16", Precision::Bf16)],
    };
    println!(
        "| against fp32 | latents | gradient of | cosine | ratio of lengths |\n| --- | --- | --- | --- | --- |"
    );
    for &(name, precision) in reduced {
        let found = gradient(&cli, &settings(precision), device)?;
        for (i, latents) in LATENTS.into_iter().enumerate() {
            let similarity = [&found[i] - &blind[i], &exact[i] - &blind[i]];
            let total = [found[i].shallow_clone(), exact[i].shallow_clone()];
            for (part, [found, exact]) in [("similarity", similarity), ("the whole loss", total)] {
                let length = |x: &Tensor| x.norm().double_value(&[]);
                let ratio = length(&found) / length(&exact);
                let cosine =
                    (&found * &exact).sum(Kind::Double).double_value(&[]) / length(&found) / length(&exact);
                println!("| {name} | {latents} | {part} | {cosine:.6} | {ratio:.4} |");
            }
        }
    }
    Ok(())
}

/// Of the loss, in double precision: SGD's first step divided by its rate, which is so large that
/// the latents' own size rounds nothing away.
fn gradient(cli: &Cli, settings: &DreamSettings, device: Device) -> Result<[Tensor; 2], Failure> {
    const RATE: f64 = 1e6;
    let Models { generator, perceptor, .. } = Models::read(&cli.files, settings, device)?;
    let dreamer = Dreamer::new(generator, perceptor, settings)?;
    let optimizer = serde_json::from_str::<OptimizerConfig>(&format!(r#"{{ "sgd": {{ "lr": {RATE} }} }}"#))?;
    let (prompt, settings) = (Prompt::approach("a bear"), settings.clone());
    let mut dreams =
        [dreamer.begin(&DreamSpec { prompt, seed: 0, optimizer: optimizer.into(), settings })?];
    let before = dreams[0].state()?;
    dreamer.step(&mut dreams)?;
    let after = dreams[0].state()?;
    let latents = |state: &[(String, Tensor)], name| {
        let (_, tensor) = state.iter().find(|(known, _)| known == name).expect("a dream has latents");
        tensor.to_kind(Kind::Double)
    };
    Ok(LATENTS.map(|name| (latents(&before, name) - latents(&after, name)) / RATE))
}
