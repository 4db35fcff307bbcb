//! Images and gradients of a tiny random BigGAN-deep, as the reference implementations have them.
//!
//! Golden values: `tests/reference/biggan.py golden`, with `big-sleep` 0.9.1,
//! `pytorch-pretrained-biggan` 0.1.1 and PyTorch 2.11.0 in double precision. The model has
//! attention, blocks that upsample and that do not, and ones that drop channels and that do not.
#![expect(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use std::{collections::BTreeMap, path::PathBuf};

use biggan::{Config, Generator, TrainableGenerator};
use checkpoint::Weights;
use tch::{Device, Kind, Tensor};

/// Relative to the largest of the values compared. Rounding makes some 1e-6; exchanging the weights
/// of two interpolated statistics, the smallest fault that this is to find, makes 0.2.
const TOLERANCE: f64 = 1e-5;

fn golden_file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn config() -> Config {
    Config::read(&golden_file("config.json")).unwrap()
}

fn generator(file: &str, truncation: f64) -> Generator {
    let weights = Weights::open(&golden_file(file)).unwrap();
    Generator::load(weights, &config(), truncation, Device::Cpu).unwrap()
}

struct Golden(Weights);

impl Golden {
    fn open() -> Self {
        tch::set_num_threads(1); // these networks are too small for two
        Self(Weights::open(&golden_file("golden.safetensors")).unwrap())
    }

    fn take(&self, name: &str) -> Tensor {
        let shape = self.0.shape(name).expect("a golden value");
        self.0.root(Kind::Float, Device::Cpu).take(name, &shape)
    }

    /// The first row of latents or class weights, for all blocks.
    fn row(&self, name: &str) -> Tensor {
        self.take(name).narrow(1, 0, 1).expand([-1, config().num_latent_rows(), -1], false)
    }
}

fn assert_close(what: &str, got: &Tensor, want: &Tensor) {
    assert_eq!(got.size(), want.size(), "{what}");
    let largest = |x: &Tensor| x.abs().max().double_value(&[]);
    let difference = largest(&(got - want)) / largest(want);
    assert!(difference < TOLERANCE, "{what}: off by {difference:e}");
}

/// Images and both gradients, at each of `truncations`, from a file of each of the given.
fn check(cases: &[(&str, f64, &str)]) {
    let golden = Golden::open();
    let probe = golden.take("probe");
    let latents = golden.take("latents").set_requires_grad(true);
    let classes = golden.take("class_weights").set_requires_grad(true);
    for &(file, truncation, values) in cases {
        let images = generator(file, truncation).forward(&latents, &classes);
        let gradients =
            Tensor::run_backward(&[(&images * &probe).sum(Kind::Float)], &[&latents, &classes], false, false);
        let compare = |name: &str, got: &Tensor| {
            assert_close(
                &format!("{file} at {truncation}: {name}"),
                got,
                &golden.take(&format!("{values}.{name}")),
            );
        };
        compare("images", &images.detach());
        compare("latents_grad", &gradients[0]);
        compare("class_weights_grad", &gradients[1]);
    }
}

#[test]
fn follows_the_reference_at_stored_truncations() {
    check(&[("single.safetensors", 1.0, "1.0"), ("single.safetensors", 0.5, "0.5")]);
}

#[test]
fn follows_the_formula_between_stored_truncations() {
    check(&[("single.safetensors", 0.6, "0.6"), ("single.safetensors", 0.05, "0.05")]);
}

#[test]
fn reads_the_published_format() {
    check(&[("pytorch_model.bin", 1.0, "1.0")]);
}

#[test]
fn reads_the_zip_format_and_half_precision() {
    check(&[("zip.pt", 1.0, "1.0"), ("half.pt", 1.0, "half")]);
}

#[test]
fn one_row_for_all_blocks_is_the_published_model() {
    let golden = Golden::open();
    let rows = config().num_latent_rows();
    let repeated = |name| golden.take(name).narrow(1, 0, 1).expand([-1, rows, -1], false);
    let images =
        generator("single.safetensors", 0.5).forward(&repeated("latents"), &repeated("class_weights"));
    assert_close("images", &images, &golden.take("published.images"));
}

#[test]
fn training_follows_the_reference() {
    let golden = Golden::open();
    let weights = Weights::open(&golden_file("single.safetensors")).unwrap();
    let mut generator = TrainableGenerator::load(weights, &config(), Device::Cpu).unwrap();
    generator.update_spectral_norms();
    let images = generator.forward(&golden.row("latents"), &golden.row("class_weights"));
    assert_close("images", &images.detach(), &golden.take("training.images"));

    (images * golden.take("probe")).sum(Kind::Float).backward();
    let variables: BTreeMap<String, Tensor> = generator.trainable_variables().into_iter().collect();
    let gradients =
        golden.0.names().into_iter().filter(|name| name.starts_with("training.") && name.ends_with("_grad"));
    let mut compared = 0;
    for gradient in gradients {
        let name = &gradient["training.".len()..gradient.len() - "_grad".len()];
        assert_close(name, &variables[name].grad(), &golden.take(&gradient));
        compared += 1;
    }
    assert_eq!(compared, 8);
}

#[test]
fn no_gradient_is_computed_for_the_weights() {
    let golden = Golden::open();
    let images =
        generator("single.safetensors", 1.0).forward(&golden.take("latents"), &golden.take("class_weights"));
    assert!(!images.requires_grad());
}
