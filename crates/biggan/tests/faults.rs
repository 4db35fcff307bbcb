//! Configurations and weights that are not those of a generator, and what is said of them.
#![expect(clippy::unwrap_used, reason = "helpers of tests are not seen as tests")]

use std::{error::Error, fs, path::PathBuf};

use biggan::{Config, Generator, LoadError};
use checkpoint::{CheckpointError, Misshaped, Weights};
use tch::Device;

const CONFIG: &str = r#"{
  "attention_layer_position": 2,
  "channel_width": 4,
  "class_embed_dim": 4,
  "eps": 0.0001,
  "layers": [[false, 16, 8], [true, 8, 4], [false, 4, 4], [true, 4, 2], [false, 2, 1]],
  "n_stats": 5,
  "num_classes": 3,
  "output_dim": 16,
  "z_dim": 4
}"#;

/// The error message, with its causes but without the folder, of reading `CONFIG` with `old`
/// replaced.
fn said_of(old: &str, new: &str) -> String {
    assert!(CONFIG.contains(old));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, CONFIG.replacen(old, new, 1)).unwrap();
    said(&Config::read(&path).unwrap_err()).replace(folder.path().to_str().unwrap(), ".")
}

fn said(error: &dyn Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", said(cause)),
        None => error.to_string(),
    }
}

#[test]
fn a_configuration_at_fault_is_named_with_its_place() {
    let said = [
        said_of("\"eps\": 0.0001,\n", ""),
        said_of("\"eps\"", "\"epsilon\""),
        said_of("0.0001", "\"small\""),
        said_of("0.0001", "0"),
        said_of("\"z_dim\": 4", "\"z_dim\": 5"),
        said_of("[true, 8, 4]", "[true, 16, 4]"),
        said_of("[true, 8, 4]", "[true, 8, 9223372036854775807]"),
        said_of("[false, 2, 1]", "[false, 2, 2]"),
        said_of("\"output_dim\": 16", "\"output_dim\": 32"),
        said_of("\"channel_width\": 4", "\"channel_width\": 3"),
        said_of("\"n_stats\": 5", "\"n_stats\": 1"),
        said_of("}", ""),
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    `./config.json` is not a configuration of BigGAN-deep: missing field `eps` at line 10 column 1
    `./config.json` is not a configuration of BigGAN-deep: unknown field `epsilon`, expected one of `output_dim`, `z_dim`, `class_embed_dim`, `channel_width`, `num_classes`, `layers`, `attention_layer_position`, `eps`, `n_stats` at line 5 column 11
    `./config.json` is not a configuration of BigGAN-deep: invalid type: string "small", expected f64 at line 5 column 16
    `./config.json:5:3` describes no generator: `eps` is 0, expected a positive number
    `./config.json:4:3` describes no generator: `class_embed_dim` is 4, expected z_dim's 5
    `./config.json:6:3` describes no generator: `layers` gives block 1 an input width of 16, but what comes before it has 8
    `./config.json:6:3` describes no generator: `layers` gives block 1 an output width of 9223372036854775807, expected 8 or half of it
    `./config.json:6:3` describes no generator: `layers` end at a width of 2, expected 1
    `./config.json:9:3` describes no generator: `output_dim` is 32, but the layers make an image of 16
    `./config.json:3:3` describes no generator: `channel_width` makes 12 channels of block 2's input, expected a multiple of 8
    `./config.json:7:3` describes no generator: `n_stats` is 1, expected 2 to 1048576
    `./config.json` is not a configuration of BigGAN-deep: EOF while parsing an object at line 11 column 0
    "#);
}

#[test]
fn a_missing_configuration_is_named() {
    let said = said(&Config::read(&PathBuf::from("nowhere/config.json")).unwrap_err());
    insta::assert_snapshot!(said, @"failed to read the generator's configuration `nowhere/config.json`: No such file or directory (os error 2)");
}

#[test]
fn weights_of_another_model_are_refused_with_every_difference() {
    let golden = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/single.safetensors");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let other = CONFIG
        .replace("\"num_classes\": 3", "\"num_classes\": 7")
        .replace("[false, 2, 1]", "[false, 2, 2], [false, 2, 1]");
    fs::write(&path, other).unwrap();
    let config = Config::read(&path).unwrap();

    let error = Generator::load(Weights::open(&golden).unwrap(), &config, 1.0, Device::Cpu).unwrap_err();
    let LoadError::Checkpoint(CheckpointError::Mismatch(mismatch)) = error else { panic!("{error}") };
    assert_eq!(mismatch.path, golden);
    assert!(mismatch.unexpected.is_empty());
    let missing = "generator.layers.6.bn_0.running_means".to_owned();
    assert!(mismatch.missing.contains(&missing), "{mismatch}");
    let embeddings =
        Misshaped { name: "embeddings.weight".to_owned(), expected: vec![4, 7], found: vec![4, 3] };
    assert!(mismatch.misshaped.contains(&embeddings), "{mismatch}");
}

#[test]
fn a_truncation_out_of_range_is_refused() {
    for truncation in [-0.1, 1.1, f64::NAN] {
        let weights = Weights::from_tensors("none", []);
        let error = Generator::load(weights, &Config::deep_128(), truncation, Device::Cpu).unwrap_err();
        assert_eq!(said(&error), format!("truncation {truncation} is outside of 0 to 1"));
    }
}

#[test]
fn the_published_configurations_are_those_of_the_reference() {
    // output_dim, rows, and blocks: `pytorch-pretrained-biggan` 0.1.1, `convert_tf_to_pytorch.py`.
    let up = |config: &Config| {
        let blocks = config.layers.iter().map(|layer| {
            format!("{}{},{}", if layer.upsample { "y" } else { "n" }, layer.width_in, layer.width_out)
        });
        blocks.collect::<Vec<_>>().join(" ")
    };
    let deep_128 = Config::deep_128();
    assert_eq!((deep_128.output_dim, deep_128.num_latent_rows()), (128, 11));
    assert_eq!(up(&deep_128), "n16,16 y16,16 n16,16 y16,8 n8,8 y8,4 n4,4 y4,2 n2,2 y2,1");
    let deep_256 = Config::deep_256();
    assert_eq!((deep_256.output_dim, deep_256.num_latent_rows()), (256, 13));
    assert_eq!(up(&deep_256), "n16,16 y16,16 n16,16 y16,8 n8,8 y8,8 n8,8 y8,4 n4,4 y4,2 n2,2 y2,1");
    let deep_512 = Config::deep_512();
    assert_eq!((deep_512.output_dim, deep_512.num_latent_rows()), (512, 15));
    assert_eq!(up(&deep_512), "n16,16 y16,16 n16,16 y16,8 n8,8 y8,8 n8,8 y8,4 n4,4 y4,2 n2,2 y2,1 n1,1 y1,1");
}
