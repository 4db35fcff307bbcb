//! Both towers against the reference implementations, on tiny random models in the published
//! formats. Files and expected values: `tests/reference/clip_fixtures.py`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use checkpoint::{Weights, write_safetensors};
use clip::{Activation, Clip, ClipError, Config, normalize, patches};
use tch::{Device, Kind, Tensor};

/// The model's file, and the file of its expected values.
const MODELS: [(&str, &str); 3] =
    [("openai.pt", "openai"), ("state-dict.pt", "state-dict"), ("hugging-face.safetensors", "hugging-face")];

/// A model with the exact GELU, which no tensor of its tells.
const GELU: &str = "open-clip";

/// Embeddings and gradients are near 1; single precision rounds in the 7th digit, a wrong term
/// moves the 2nd.
const TOLERANCE: f64 = 1e-5;

#[test]
fn image_embeddings_are_the_reference_s() {
    for (model, golden) in MODELS {
        let (clip, golden) = (load(model), Golden::read(golden));
        let got = clip.encode_image(&golden.get("pixels"));
        assert_near(&got, &golden.get("image_embedding"), model);
    }
}

#[test]
fn text_embeddings_are_the_reference_s() {
    for (model, golden) in MODELS {
        let (clip, golden) = (load(model), Golden::read(golden));
        let got = clip.encode_text(&golden.get("tokens"));
        assert_near(&got, &golden.get("text_embedding"), model);
    }
}

#[test]
fn a_short_text_is_the_same_among_short_and_long_ones() {
    let (clip, golden) = (load("openai.pt"), Golden::read("openai"));
    let short = golden.get("tokens").narrow(0, 1, 1);
    assert_near(&clip.encode_text(&short), &golden.get("text_embedding").narrow(0, 1, 1), "alone");
}

#[test]
fn gradients_reach_the_pixels_and_nothing_else() {
    for (model, golden) in MODELS {
        let (clip, golden) = (load(model), Golden::read(golden));
        let pixels = golden.get("pixels").set_requires_grad(true);
        let loss = (clip.encode_image(&pixels) * golden.get("direction")).sum(Kind::Float);
        loss.backward();
        assert_near(&pixels.grad(), &golden.get("pixel_gradient"), model);
        assert!(clip.named_tensors().iter().all(|(_, tensor)| !tensor.requires_grad()));
    }
}

#[test]
fn the_exact_gelu_is_the_reference_s() {
    let (clip, golden) = (load_gelu(Activation::Gelu).unwrap(), Golden::read(GELU));
    let pixels = golden.get("pixels").set_requires_grad(true);
    let image = clip.encode_image(&pixels);
    (&image * golden.get("direction")).sum(Kind::Float).backward();
    assert_near(&image, &golden.get("image_embedding"), "image");
    assert_near(&clip.encode_text(&golden.get("tokens")), &golden.get("text_embedding"), "text");
    assert_near(&pixels.grad(), &golden.get("pixel_gradient"), "gradient");
}

/// Or no test would notice it: `QuickGELU` on the same file is off by hundreds of times the
/// tolerance.
#[test]
fn the_other_activation_gives_other_embeddings() {
    let (clip, golden) = (load_gelu(Activation::QuickGelu).unwrap(), Golden::read(GELU));
    let difference = clip.encode_image(&golden.get("pixels")) - golden.get("image_embedding");
    let error = difference.abs().max().double_value(&[]);
    assert!(error > 100.0 * TOLERANCE, "{error}");
}

#[test]
fn an_activation_that_nothing_tells_is_asked_for() {
    for model in ["open-clip.safetensors", "hugging-face.safetensors", "state-dict.pt"] {
        let weights = || Weights::open(&path(model)).unwrap();
        let error = Clip::load(weights(), None, Device::Cpu, Kind::Float).unwrap_err();
        assert!(matches!(error, ClipError::NoActivation { .. }), "{error}");
        assert!(matches!(Clip::sizes(weights(), None), Err(ClipError::NoActivation { .. })));
        for activation in Activation::ALL {
            assert_eq!(Clip::sizes(weights(), Some(activation)).unwrap().activation, activation);
        }
    }
}

#[test]
fn openai_s_archive_tells_its_activation() {
    let weights = || Weights::open(&path("openai.pt")).unwrap();
    assert_eq!(Clip::sizes(weights(), None).unwrap().activation, Activation::QuickGelu);
    let error = Clip::sizes(weights(), Some(Activation::Gelu)).unwrap_err();
    assert!(
        error.to_string().ends_with("is `quick-gelu`, as the file itself tells, and not `gelu`"),
        "{error}"
    );
}

#[test]
fn a_file_s_notes_tell_its_activation() {
    let folder = tempfile::tempdir().unwrap();
    let noted = |name: &str| {
        let file = folder.path().join(format!("{name}.safetensors"));
        let tensors = Tensor::read_safetensors(path("open-clip.safetensors")).unwrap();
        let tensors: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let notes = BTreeMap::from([("activation".to_owned(), name.to_owned())]);
        write_safetensors(&file, &tensors, &notes).unwrap();
        Weights::open(&file).unwrap()
    };
    for (activation, other) in
        [(Activation::Gelu, Activation::QuickGelu), (Activation::QuickGelu, Activation::Gelu)]
    {
        for stated in [None, Some(activation)] {
            let config = Clip::sizes(noted(activation.name()), stated).unwrap();
            assert_eq!(config.activation, activation);
        }
        let error = Clip::sizes(noted(activation.name()), Some(other)).unwrap_err();
        assert!(matches!(error, ClipError::OtherActivation { .. }), "{error}");
    }
    let error = Clip::sizes(noted("relu"), None).unwrap_err();
    assert!(matches!(error, ClipError::UnknownActivation { .. }), "{error}");
}

/// The normalization inside the first layer: what an optimizer's loop over cutouts wants.
#[test]
fn patches_of_plain_pixels_give_the_same_embedding() {
    let clip = load("state-dict.pt");
    tch::manual_seed(0);
    let pixels = Tensor::rand([2, 3, 24, 24], (Kind::Float, Device::Cpu));
    let embedding = clip.vision.patch_embedding().of_unnormalized_pixels();
    let got = clip.vision.forward_embedded(&embedding.forward(&patches(&pixels, 8)));
    assert_near(&got, &clip.encode_image(&normalize(&pixels)), "plain pixels");
}

#[test]
fn reduced_precision_stays_close() {
    let golden = Golden::read("openai");
    let weights = Weights::open(&path("openai.pt")).unwrap();
    let clip = Clip::load(weights, None, Device::Cpu, Kind::BFloat16).unwrap();
    let got = clip.encode_image(&golden.get("pixels"));
    assert_eq!(got.kind(), Kind::BFloat16);
    let cosine =
        Tensor::cosine_similarity(&got.to_kind(Kind::Float), &golden.get("image_embedding"), 1, 1e-8);
    assert!(cosine.min().double_value(&[]) > 0.999, "{cosine}"); // 8 bits of mantissa, two blocks
}

#[test]
fn sizes_follow_from_the_tensors() {
    let clip = load("state-dict.pt");
    let want = Config {
        embed_dim: 32,
        image_size: 24,
        patch_size: 8,
        vision_width: 64,
        vision_layers: 2,
        context_length: 16,
        vocab_size: 520,
        text_width: 64,
        text_layers: 1,
        activation: Activation::QuickGelu,
    };
    assert_eq!(*clip.config(), want);
    assert_eq!((clip.image_size(), clip.embed_dim()), (24, 32));
    assert_eq!(load("hugging-face.safetensors").config().image_size, 16);
}

#[test]
fn a_loaded_model_s_tensors_are_those_of_the_file() {
    let weights = Weights::open(&path("state-dict.pt")).unwrap();
    let file = weights.root(Kind::Float, Device::Cpu);
    for (name, tensor) in load("state-dict.pt").named_tensors() {
        let want = file.take(&name, &tensor.size());
        let error = (tensor.to_kind(Kind::Float) - &want).abs().max().double_value(&[]);
        assert!(error < 1e-6, "{name}: {error}"); // the perceptrons were scaled and scaled back
    }
    weights.finish().unwrap();
}

fn load(model: &str) -> Clip {
    let weights = Weights::open(&path(model)).expect("a golden model");
    Clip::load(weights, Some(Activation::QuickGelu), Device::Cpu, Kind::Float).expect("a golden model")
}

fn load_gelu(activation: Activation) -> Result<Clip, ClipError> {
    let weights = Weights::open(&path("open-clip.safetensors")).expect("a golden model");
    Clip::load(weights, Some(activation), Device::Cpu, Kind::Float)
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/model").join(name)
}

struct Golden(Vec<(String, Tensor)>);

impl Golden {
    fn read(model: &str) -> Self {
        Self(Tensor::read_safetensors(path(&format!("{model}.golden.safetensors"))).expect("golden values"))
    }

    fn get(&self, name: &str) -> Tensor {
        let found = self.0.iter().find(|(found, _)| found == name);
        found.expect("a golden value of that name").1.shallow_clone()
    }
}

fn assert_near(got: &Tensor, want: &Tensor, what: &str) {
    assert_eq!(got.size(), want.size(), "{what}");
    let error = (got - want).abs().max().double_value(&[]);
    assert!(error < TOLERANCE * want.abs().max().double_value(&[]).max(1.0), "{what}: off by {error}");
}
