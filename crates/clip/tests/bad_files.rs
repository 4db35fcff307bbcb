//! Files that are no CLIP with a vision transformer give one clear error that names the file,
//! without a panic nor memory.

use checkpoint::Weights;
use clip::{Activation, Clip, ClipError, Config};
use tch::{Device, Kind, Tensor};

type Tensors = Vec<(String, Tensor)>;

#[test]
fn a_resnet_clip_is_told_from_a_vit() {
    let error = load(vec![tensor("visual.attnpool.q_proj.weight", &[2, 2]), tensor("logit_scale", &[])]);
    assert_eq!(
        error.to_string(),
        "`clip.pt` is not a ViT CLIP: it has `visual.attnpool.q_proj.weight` (a ResNet CLIP); \
         use a ViT one, such as ViT-B/32"
    );
}

#[test]
fn another_model_is_no_clip() {
    let error = load(vec![tensor("generator.gen_z.weight_orig", &[2, 2])]);
    assert_eq!(
        error.to_string(),
        "`clip.pt` is not a CLIP model: it has no `visual.conv1.weight`; \
         OpenAI's and Hugging Face's tensor names are known"
    );
}

#[test]
fn every_wrong_tensor_is_named() {
    let mut tensors = good();
    rename(&mut tensors, "visual.proj", "visual.projection");
    reshape(&mut tensors, "ln_final.bias", &[63]);
    reshape(&mut tensors, "visual.transformer.resblocks.1.attn.in_proj_weight", &[64, 64]);
    let error = load(tensors).to_string();
    for part in [
        "`clip.pt`",
        "visual.proj",
        "visual.projection",
        "ln_final.bias",
        "[63]",
        "visual.transformer.resblocks.1.attn.in_proj_weight",
        "[192, 64]",
    ] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_missing_block_is_named() {
    let mut tensors = good();
    tensors.retain(|(name, _)| !name.starts_with("visual.transformer.resblocks.0."));
    let error = load(tensors).to_string();
    assert!(error.contains("visual.transformer.resblocks.0.ln_1.weight"), "{error}");
}

/// Each of these would ask for a network beyond any memory, or for none at all.
#[test]
fn impossible_sizes_are_refused() {
    for (name, shape) in [
        ("visual.conv1.weight", vec![64, 3, 8]),
        ("visual.conv1.weight", vec![0, 3, 8, 8]),
        ("visual.conv1.weight", vec![64, 0, 1 << 20, 1 << 20]),
        ("visual.conv1.weight", vec![1 << 40, 0, 8, 8]),
        ("visual.conv1.weight", vec![100, 3, 8, 8]),
        ("visual.positional_embedding", vec![0, 64]),
        ("visual.positional_embedding", vec![1 << 60, 0]),
        ("positional_embedding", vec![1 << 60, 0]),
        ("token_embedding.weight", vec![1 << 60, 0]),
        ("token_embedding.weight", vec![100, 64]),
        ("text_projection", vec![0, 1 << 60]),
        ("text_projection", vec![]),
    ] {
        let mut tensors = good();
        reshape(&mut tensors, name, &shape);
        let error = load(tensors);
        assert!(matches!(error, ClipError::Sizes { .. }), "{name} {shape:?}: {error}");
        assert!(error.to_string().contains("`clip.pt`"), "{error}");
    }
}

#[test]
fn a_block_number_decides_nothing() {
    let mut tensors = good();
    tensors.push(tensor("visual.transformer.resblocks.99999999999.ln_1.weight", &[64]));
    let error = load(tensors).to_string();
    assert!(error.contains("99999999999"), "{error}");
}

/// Wide queries and a width that only a name claims: nothing may be put together from them.
#[test]
fn misshaped_parts_are_not_stacked() {
    let mut tensors = good();
    tensors.push(tensor("text_model.encoder.layers.0.self_attn.q_proj.weight", &[2, 2]));
    let error = load(tensors).to_string();
    assert!(error.contains("transformer.resblocks.0.attn.q_proj.weight is [2, 2]"), "{error}");
    assert!(error.contains("transformer.resblocks.0.attn.k_proj.weight"), "{error}");
}

fn load(tensors: Tensors) -> ClipError {
    let weights = Weights::from_tensors("clip.pt", tensors);
    Clip::load(weights, Some(Activation::QuickGelu), Device::Cpu, Kind::Float).expect_err("it is no CLIP")
}

fn good() -> Tensors {
    let config = Config {
        embed_dim: 32,
        image_size: 16,
        patch_size: 8,
        vision_width: 64,
        vision_layers: 2,
        context_length: 16,
        vocab_size: 520,
        text_width: 64,
        text_layers: 1,
        activation: Activation::QuickGelu,
    };
    let clip = Clip::new(&config, 0, Device::Cpu).expect("sizes of a network");
    clip.named_tensors().into_iter().map(|(name, tensor)| (name, tensor.detach())).collect()
}

/// However large its shape, it takes one number of memory.
fn tensor(name: &str, shape: &[i64]) -> (String, Tensor) {
    let zero = Tensor::zeros([], (Kind::Float, Device::Cpu));
    let tensor = if shape.contains(&0) {
        Tensor::zeros(shape, (Kind::Float, Device::Cpu))
    } else {
        zero.expand(shape, false)
    };
    (name.to_owned(), tensor)
}

fn reshape(tensors: &mut Tensors, name: &str, shape: &[i64]) {
    let found = tensors.iter_mut().find(|(found, _)| found == name).expect("a tensor of that name");
    *found = tensor(name, shape);
}

fn rename(tensors: &mut Tensors, from: &str, to: &str) {
    let found = tensors.iter_mut().find(|(found, _)| found == from).expect("a tensor of that name");
    to.clone_into(&mut found.0);
}
