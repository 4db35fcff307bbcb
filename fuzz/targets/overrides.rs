//! `--set`: each line of an input is one. The experiment that they make is read, or refused with a
//! place that can be shown.
#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};

use experiment::{Layers, Override};

#[path = "shared/planned.rs"]
mod planned;
#[path = "shared/shown.rs"]
mod shown;

const EXPERIMENT: &str = r#"
name = "base" # with a comment
models = ["none"]
prompts = ["a", { text = "b|c", image = "d.png" }]
seeds = [0, 1]
template = "a photo of a {}"
exclude = [{ prompt = "a", seed = 1 }]

[dream]
iterations = 10
cutouts = [4, 8]

[optimizer.adam]
lr = [0.1, 0.2]
schedule = { warmup = 2, then = "cosine" }

[evaluation]
labels = ["a", "b"]
"#;

fuzz_target!(|text: &str| -> Corpus {
    let overrides: Result<Vec<Override>, String> = text.lines().map(str::parse).collect();
    let Ok(overrides) = overrides else { return Corpus::Keep };
    match Layers::new("experiment.toml", EXPERIMENT).with_overrides(&overrides).read() {
        Ok(experiment) => planned::hold(&experiment),
        Err(error) => shown::show(&*error),
    }
    Corpus::Keep
});
