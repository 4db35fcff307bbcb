//! A CLIP that is trained from nothing.

use std::collections::BTreeMap;

use checkpoint::Weights;
use clip::{Activation, Clip, Config};
use tch::{Device, Kind, Tensor};

/// Shape, mean and spread of OpenAI's initial values, over 40 models:
/// `tests/reference/clip_fixtures.py`.
const INITIAL: &str = include_str!("golden/model/initial.json");

fn config() -> Config {
    Config {
        embed_dim: 32,
        image_size: 16,
        patch_size: 8,
        vision_width: 64,
        vision_layers: 2,
        context_length: 16,
        vocab_size: 520,
        text_width: 64,
        text_layers: 2,
        activation: Activation::QuickGelu,
    }
}

#[test]
fn initial_values_spread_as_openai_s() {
    let want: BTreeMap<String, (Vec<i64>, f64, f64)> = serde_json::from_str(INITIAL).unwrap();
    let mut got = BTreeMap::<String, Vec<Tensor>>::new();
    for seed in 0..20 {
        for (name, tensor) in Clip::new(&config(), seed, Device::Cpu).unwrap().named_tensors() {
            assert_eq!(tensor.size(), want[&name].0, "{name}");
            got.entry(name).or_default().push(tensor.detach().flatten(0, -1));
        }
    }
    assert_eq!(got.len(), want.len());
    for (name, values) in got {
        let (_, mean, std) = want[&name];
        let values = Tensor::cat(&values, 0);
        let count = values.size()[0] as f64;
        let off = [values.mean(Kind::Float) - mean, values.std(true) - std];
        // Five standard errors of a mean or a spread, of ours and the reference's together.
        let chance = 5.0 * std * (1.0 / count + 0.5 / count).sqrt() + 1e-5;
        for off in off {
            assert!(off.double_value(&[]).abs() <= chance, "{name}: {off} of {mean} ± {std}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_model() {
    let weights = |seed| Clip::new(&config(), seed, Device::Cpu).unwrap().named_tensors();
    assert!(weights(1).iter().zip(&weights(1)).all(|(a, b)| a == b));
    assert!(weights(1).iter().zip(&weights(2)).any(|(a, b)| a.1 != b.1));
}

/// The contrastive loss of four pairs falls, every tensor takes part, and what was learnt survives
/// saving and loading.
#[test]
fn a_model_learns_and_is_saved() {
    let clip = Clip::new(&config(), 0, Device::Cpu).unwrap();
    // A wave of another length in each picture: the same on every machine.
    let waves = Tensor::from_slice(&[0.2f32, 0.7, 1.9, 3.1]).view([4, 1]);
    let places = Tensor::arange(3 * 16 * 16, (Kind::Float, Device::Cpu)).view([1, -1]);
    let pixels = (waves * places).sin().view([4, 3, 16, 16]);
    let tokens = clip.tokenizer().encode_batch(&["bear", "cup", "bus", "sea"]).unwrap();
    let first = contrastive_loss(&clip, &pixels, &tokens);
    first.backward();
    for (name, tensor) in clip.named_tensors() {
        assert!(tensor.grad().defined(), "{name} takes no part");
    }
    for _ in 0..60 {
        let loss = contrastive_loss(&clip, &pixels, &tokens);
        clip.named_tensors().iter_mut().for_each(|(_, tensor)| tensor.zero_grad());
        loss.backward();
        torch_ext::no_grad(|| {
            for (_, mut tensor) in clip.named_tensors() {
                let step = tensor.grad() * 0.05;
                let _ = tensor.g_sub_(&step);
            }
        });
    }
    let last = contrastive_loss(&clip, &pixels, &tokens).double_value(&[]);
    assert!(last < 0.5 * first.double_value(&[]), "from {first} to {last}");

    let saved = Weights::from_tensors("saved", clip.named_tensors());
    let loaded = Clip::load(saved, Some(Activation::QuickGelu), Device::Cpu, Kind::Float).unwrap();
    assert_eq!(loaded.config(), clip.config());
    let again = contrastive_loss(&loaded, &pixels, &tokens).double_value(&[]);
    assert!((again - last).abs() < 1e-5 * last.max(1.0), "{again} instead of {last}");
    // The loaded one has factors in its weights; the one in training has lent its tensors, not
    // given them away.
    assert_eq!(contrastive_loss(&clip, &pixels, &tokens).double_value(&[]), last);
}

#[test]
fn sizes_that_make_no_network_are_refused() {
    let error = Clip::new(&Config { vision_width: 100, ..config() }, 0, Device::Cpu).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`initial values` is no usable ViT CLIP: its image tower is 100 wide, which is no multiple of 64"
    );
    let error = Clip::new(&Config { image_size: 20, ..config() }, 0, Device::Cpu).unwrap_err();
    assert!(error.to_string().ends_with("patches of 8 pixels do not fill an image of 20"), "{error}");
}

/// Radford et al. 2021, figure 3.
fn contrastive_loss(clip: &Clip, pixels: &Tensor, tokens: &Tensor) -> Tensor {
    let unit = |x: Tensor| &x / x.square().sum_dim_intlist(-1, true, Kind::Float).sqrt();
    let image = unit(clip.encode_image(pixels));
    let text = unit(clip.encode_text(tokens));
    let logits = image.matmul(&text.tr()) * clip.logit_scale().exp();
    let pairs = Tensor::arange(pixels.size()[0], (Kind::Int64, Device::Cpu));
    (logits.cross_entropy_for_logits(&pairs) + logits.tr().cross_entropy_for_logits(&pairs)) / 2.0
}
