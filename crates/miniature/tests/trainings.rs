//! The trainings as a whole, a few steps of very small networks on made-up art.

use std::{fs, path::Path, time::Duration};

use image::{ImageFormat, Rgba, RgbaImage};
use miniature::{Drawing, ModelSet, Perceptor, Settings, Table, Training, TrainingConfig, evaluate};
use tch::{Device, Tensor};

#[test]
fn a_seed_decides_the_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = made_up_art(folder.path());
    let settings = small();
    let of_generator = |name: &str, seed: u64| {
        let mut drawing = Drawing::new(&settings.generator, &Table::embedded(), &data, seed, Device::Cpu)
            .expect("a generator");
        numbers(&drawing.train(config(&folder.path().join(name), 3)).expect("a training"))
    };
    let first = of_generator("first", 5);
    assert_eq!(of_generator("again", 5), first);
    assert_ne!(of_generator("other", 6), first);
    let of_perceptor = |name: &str, seed: u64| {
        let perceptor = Perceptor::new(&settings.perceptor, &Table::embedded(), &data, seed, Device::Cpu);
        numbers(
            &perceptor.expect("a perceptor").train(config(&folder.path().join(name), 3)).expect("a training"),
        )
    };
    let first = of_perceptor("sees first", 5);
    assert_eq!(of_perceptor("sees again", 5), first);
    assert_ne!(of_perceptor("sees other", 6), first);
}

#[test]
fn a_set_that_was_exported_can_be_used() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = made_up_art(folder.path());
    let (settings, table) = (small(), Table::embedded());
    let set = ModelSet::new(folder.path().join("set"));
    fs::create_dir(folder.path().join("set")).expect("a folder");

    let mut drawing = Drawing::new(&settings.generator, &table, &data, 0, Device::Cpu).expect("a generator");
    let training = drawing.train(config(&folder.path().join("generator"), 1)).expect("a training");
    let finished = drawing.finish(&training).expect("statistics");
    set.write_generator(finished.named_tensors(), &settings.generator.network, training.steps())
        .expect("weights");
    for model in ["perceptor", "judge"] {
        let perceptor =
            Perceptor::new(&settings.perceptor, &table, &data, 0, Device::Cpu).expect("a perceptor");
        let training = perceptor.train(config(&folder.path().join(model), 1)).expect("a training");
        set.write(model, perceptor.tensors(&training), training.steps()).expect("weights");
    }
    set.write_manifest(&settings).expect("a manifest");

    let figures = evaluate(&set, &settings, &data, folder.path()).expect("figures");
    assert_eq!(figures.len(), 7); // three of the generator, two of each that looks
    assert!(figures.iter().all(|figure| (0.0..=1.0).contains(&figure.value)), "{figures:?}");
    assert!(folder.path().join("truncation-0.5.png").exists());
}

fn numbers(training: &Training) -> Vec<Vec<f32>> {
    let averaged = training.averaged().into_iter();
    averaged.map(|(_, tensor)| Vec::try_from(tensor.flatten(0, -1)).expect("numbers")).collect()
}

fn config(folder: &Path, steps: u64) -> TrainingConfig {
    TrainingConfig {
        steps,
        optimizer: toml::from_str("adam = { lr = 0.001 }").expect("settings of Adam"),
        average: 0.9,
        folder: folder.to_owned(),
        checkpoint_every: Duration::from_secs(3600),
        stop_after: None,
    }
}

/// The settings that are built in, with networks that a test can afford.
fn small() -> Settings {
    let mut settings = Settings::embedded();
    let generator = &mut settings.generator;
    (generator.batch, generator.statistics) = (4, 1);
    let network = &mut generator.network;
    (network.channel_width, network.z_dim, network.class_embed_dim, network.n_stats) = (4, 16, 16, 3);
    let perceptor = &mut settings.perceptor;
    (perceptor.batch, perceptor.strangers, perceptor.jumbles) = (12, 2, 2);
    let network = &mut perceptor.network;
    (network.image_size, network.vocab_size, network.embed_dim) = (16, 1024, 8);
    (network.vision_width, network.vision_layers, network.text_width, network.text_layers) = (64, 1, 64, 1);
    settings
}

/// A folder as `fetch-data` fills it, each picture a disc of another color.
fn made_up_art(folder: &Path) -> std::path::PathBuf {
    let data = folder.join("data");
    let table = Table::embedded();
    let codepoints = table.classes.iter().map(|class| &class.codepoint);
    let codepoints = codepoints.chain(table.props.iter().map(|prop| &prop.codepoint));
    for (i, codepoint) in codepoints.enumerate() {
        let (red, green, blue) = (i * 37 % 256, i * 91 % 256, i * 151 % 256);
        let disc = RgbaImage::from_fn(16, 16, |x, y| {
            let inside = (f64::from(x) - 7.5).hypot(f64::from(y) - 7.5) < 6.0;
            Rgba([red as u8, green as u8, blue as u8, if inside { 255 } else { 0 }])
        });
        let styles = [
            ("noto", "png", ImageFormat::Png),
            ("twemoji", "png", ImageFormat::Png),
            ("fluent", "webp", ImageFormat::WebP),
        ];
        for (style, extension, format) in styles {
            fs::create_dir_all(data.join(style)).expect("a folder");
            let path = data.join(style).join(format!("{codepoint}.{extension}"));
            disc.save_with_format(path, format).expect("a picture");
        }
    }
    data
}

/// The generator's training changes what it is given to train.
#[test]
fn training_moves_the_weights() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = made_up_art(folder.path());
    let settings = small();
    let train = |steps: u64| {
        let mut drawing = Drawing::new(&settings.generator, &Table::embedded(), &data, 0, Device::Cpu)
            .expect("a generator");
        let name = format!("{steps} steps");
        drawing.train(config(&folder.path().join(name), steps)).expect("a training").averaged()
    };
    let (one, two) = (train(1), train(2));
    let still: Vec<&str> = one
        .iter()
        .zip(&two)
        .filter(|((_, one), (_, two)): &(&(_, Tensor), &(_, Tensor))| one == two)
        .map(|((name, _), _)| name.as_str())
        .collect();
    assert!(still.is_empty(), "{still:?}");
}
