//! A working folder with a tiny model set of random weights, and the program in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output};
use std::sync::OnceLock;

use tch::{Device, Tensor};
use tempfile::TempDir;

/// A fresh folder with `weights/tiny` in it and nothing else.
pub(crate) struct Setting {
    folder: TempDir,
}

/// Result of a run of the program.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Setting {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        copy(tiny_set(), &folder.path().join("weights/tiny"));
        Self { folder }
    }

    /// Without any model set.
    pub(crate) fn bare() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner"));
        command.args(arguments).current_dir(self.folder.path()).env_remove("DREAMBENCH_WEIGHTS");
        for proxy in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"] {
            command.env_remove(proxy); // the servers of these tests are on this machine
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        Ran { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }

    /// Runs a line of the shell's.
    pub(crate) fn shell(&self, line: &str) -> ExitStatus {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder.path()).env_remove("DREAMBENCH_WEIGHTS");
        shell.status().unwrap()
    }

    /// Runs, and insists on the exit code.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Ran {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}\n{}\n{}", ran.stdout, ran.stderr);
        ran
    }
}

/// Two prompts, two optimizers, eight steps each: a second or two.
pub(crate) const SMALL: &str = r#"
name = "small"
models = ["tiny"]
prompts = ["bicycle", "cow"]

[dream]
epochs = 2
iterations = 4
cutouts = 4
save_every = 3

[optimizer]
sgd = { lr = 0.1 }
adam = { lr = 0.05 }

[labels]
cow = "cattle"
"#;

/// All files that must not depend on how a run went, by path: tables but timings, and all of a
/// cell's but its times.
pub(crate) fn results(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    collect(folder, folder, &mut files);
    files.retain(|path, _| {
        let table = path.starts_with("tables/") && path != "tables/timings.csv";
        let image = path.ends_with(".png") && path.starts_with("cells/");
        table || image || path.ends_with("state.safetensors") || path.ends_with("evaluation.toml")
    });
    files
}

/// Compares without printing megabytes.
pub(crate) fn assert_same(left: &BTreeMap<String, Vec<u8>>, right: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    assert!(!left.is_empty());
    for (path, bytes) in left {
        assert!(bytes == &right[path], "{path} differs");
    }
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read(path).unwrap());
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::hard_link(entry.path(), to.join(entry.file_name()))
            .or_else(|_| fs::copy(entry.path(), to.join(entry.file_name())).map(drop))
            .unwrap();
    }
}

const MANIFEST: &str = r#"
name = "tiny"
about = "random weights, made by a test"

[generator]
kind = "biggan-deep"
source = "tests/program/setting.rs"
license = "MIT"
config = { path = "generator.json" }
weights = { path = "generator.safetensors" }

[perceptor]
kind = "clip"
source = "tests/program/setting.rs"
license = "MIT"
activation = "quick-gelu"
weights = { path = "perceptor.safetensors" }

[judge]
kind = "clip"
source = "tests/program/setting.rs"
license = "MIT"
activation = "quick-gelu"
weights = { path = "judge.safetensors" }

[segmenter]
kind = "deeplabv3"
source = "crates/deeplab/tests/golden"
license = "MIT"
weights = { path = "segmenter.pth" }
classes = ["background", "bicycle", "cow", "chair", "bird"]
"#;

const GENERATOR: &str = r#"{
    "output_dim": 16, "z_dim": 8, "class_embed_dim": 8, "channel_width": 4, "num_classes": 10,
    "layers": [[false, 16, 8], [false, 8, 4], [true, 4, 2], [true, 2, 1]],
    "attention_layer_position": 2, "eps": 0.0001, "n_stats": 51
}"#;

/// Made once for all tests of this process.
fn tiny_set() -> &'static Path {
    static SET: OnceLock<TempDir> = OnceLock::new();
    SET.get_or_init(make_tiny_set).path()
}

fn make_tiny_set() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("manifest.toml"), MANIFEST).unwrap();
    fs::write(folder.path().join("generator.json"), GENERATOR).unwrap();
    let config: biggan::Config = serde_json::from_str(GENERATOR).unwrap();
    let generator = biggan::TrainableGenerator::new(&config, Device::Cpu, 7).unwrap();
    save(&folder.path().join("generator.safetensors"), &generator.named_tensors());

    let config = clip::Config {
        embed_dim: 32,
        image_size: 16,
        patch_size: 8,
        vision_width: 64,
        vision_layers: 2,
        text_width: 64,
        text_layers: 1,
        ..clip::Config::vit_b_32()
    };
    let perceptor = clip::Clip::new(&config, 8, Device::Cpu).unwrap();
    save(&folder.path().join("perceptor.safetensors"), &perceptor.named_tensors());

    // Of other sizes, with few merges and a short context.
    let config = clip::Config { vocab_size: 520, context_length: 40, patch_size: 4, ..config };
    let judge = clip::Clip::new(&config, 9, Device::Cpu).unwrap();
    save(&folder.path().join("judge.safetensors"), &judge.named_tensors());
    let segmenter = concat!(env!("CARGO_MANIFEST_DIR"), "/../deeplab/tests/golden/tiny.pth");
    fs::copy(segmenter, folder.path().join("segmenter.pth")).unwrap();
    folder
}

fn save(path: &Path, tensors: &[(String, Tensor)]) {
    let tensors: Vec<(&str, &Tensor)> =
        tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    checkpoint::write_safetensors(path, &tensors, &BTreeMap::new()).unwrap();
}
