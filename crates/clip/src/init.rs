use std::sync::{Mutex, PoisonError};

use tch::{Device, Kind, Tensor};

use crate::Config;

/// OpenAI's initial values under OpenAI's names (`clip/model.py`, `CLIP.initialize_parameters`, and
/// torch's defaults where that is silent).
pub(crate) fn tensors(config: &Config, seed: i64) -> Vec<(String, Tensor)> {
    // libtorch's generator is the whole process's.
    static DRAWING: Mutex<()> = Mutex::new(());
    let _drawing = DRAWING.lock().unwrap_or_else(PoisonError::into_inner);
    tch::manual_seed(seed);
    let mut tensors = vision(config);
    tensors.extend(text(config));
    tensors.push(("logit_scale".to_owned(), Tensor::from((1.0_f32 / 0.07).ln())));
    tensors
}

fn vision(config: &Config) -> Vec<(String, Tensor)> {
    let &Config { embed_dim, patch_size, vision_width: width, vision_layers, .. } = config;
    let scale = inverse_root(width);
    let conv1_weight =
        uniform(&[width, 3, patch_size, patch_size], inverse_root(3 * patch_size * patch_size));
    let mut tensors = named([
        ("visual.conv1.weight", conv1_weight),
        ("visual.class_embedding", normal(&[width], scale)),
        ("visual.positional_embedding", normal(&[1 + config.grid().pow(2), width], scale)),
        ("visual.proj", normal(&[width, embed_dim], scale)),
    ]);
    tensors.extend(layer_norm("visual.ln_pre", width));
    tensors.extend(layer_norm("visual.ln_post", width));
    for i in 0..vision_layers {
        tensors.extend(block(&format!("visual.transformer.resblocks.{i}"), width, &Spread::torch(width)));
    }
    tensors
}

fn text(config: &Config) -> Vec<(String, Tensor)> {
    let &Config { embed_dim, context_length, vocab_size, text_width: width, text_layers, .. } = config;
    let mut tensors = named([
        ("token_embedding.weight", normal(&[vocab_size, width], 0.02)),
        ("positional_embedding", normal(&[context_length, width], 0.01)),
        ("text_projection", normal(&[width, embed_dim], inverse_root(width))),
    ]);
    tensors.extend(layer_norm("ln_final", width));
    for i in 0..text_layers {
        let spread = Spread::openai(width, text_layers);
        tensors.extend(block(&format!("transformer.resblocks.{i}"), width, &spread));
    }
    tensors
}

/// Standard deviations of a block's initial matrices.
struct Spread {
    in_proj: Draw,
    out_proj: Draw,
    c_fc: Draw,
    c_proj: Draw,
    linear_bias: [f64; 2], // bounds of c_fc's and c_proj's
}

#[derive(Clone, Copy)]
enum Draw {
    Normal(f64),
    Uniform(f64),
}

impl Spread {
    /// The default initialization of torch's layers: OpenAI's code initializes the text tower only.
    fn torch(width: i64) -> Self {
        let (narrow, wide) = (inverse_root(width), inverse_root(4 * width));
        let xavier = (6.0 / (4 * width) as f64).sqrt(); // of a [3 width, width] matrix
        Self {
            in_proj: Draw::Uniform(xavier),
            out_proj: Draw::Uniform(narrow),
            c_fc: Draw::Uniform(narrow),
            c_proj: Draw::Uniform(wide),
            linear_bias: [narrow, wide],
        }
    }

    fn openai(width: i64, layers: usize) -> Self {
        let residual = inverse_root(width) * (2.0 * layers as f64).powf(-0.5);
        Self {
            in_proj: Draw::Normal(inverse_root(width)),
            out_proj: Draw::Normal(residual),
            c_fc: Draw::Normal(inverse_root(2 * width)),
            c_proj: Draw::Normal(residual),
            ..Self::torch(width)
        }
    }
}

fn block(at: &str, width: i64, spread: &Spread) -> Vec<(String, Tensor)> {
    let [c_fc_bias, c_proj_bias] = spread.linear_bias;
    let mut tensors = vec![
        (format!("{at}.attn.in_proj_weight"), draw(&[3 * width, width], spread.in_proj)),
        (format!("{at}.attn.in_proj_bias"), zeros(&[3 * width])),
        (format!("{at}.attn.out_proj.weight"), draw(&[width, width], spread.out_proj)),
        (format!("{at}.attn.out_proj.bias"), zeros(&[width])),
        (format!("{at}.mlp.c_fc.weight"), draw(&[4 * width, width], spread.c_fc)),
        (format!("{at}.mlp.c_fc.bias"), uniform(&[4 * width], c_fc_bias)),
        (format!("{at}.mlp.c_proj.weight"), draw(&[width, 4 * width], spread.c_proj)),
        (format!("{at}.mlp.c_proj.bias"), uniform(&[width], c_proj_bias)),
    ];
    tensors.extend(layer_norm(&format!("{at}.ln_1"), width));
    tensors.extend(layer_norm(&format!("{at}.ln_2"), width));
    tensors
}

fn layer_norm(at: &str, width: i64) -> [(String, Tensor); 2] {
    [(format!("{at}.weight"), zeros(&[width]) + 1.0), (format!("{at}.bias"), zeros(&[width]))]
}

fn named<const N: usize>(tensors: [(&str, Tensor); N]) -> Vec<(String, Tensor)> {
    tensors.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect()
}

fn draw(shape: &[i64], draw: Draw) -> Tensor {
    match draw {
        Draw::Normal(std) => normal(shape, std),
        Draw::Uniform(bound) => uniform(shape, bound),
    }
}

fn normal(shape: &[i64], std: f64) -> Tensor {
    Tensor::randn(shape, (Kind::Float, Device::Cpu)) * std
}

fn uniform(shape: &[i64], bound: f64) -> Tensor {
    Tensor::rand(shape, (Kind::Float, Device::Cpu)) * (2.0 * bound) - bound
}

fn zeros(shape: &[i64]) -> Tensor {
    Tensor::zeros(shape, (Kind::Float, Device::Cpu))
}

/// 1 / √n.
fn inverse_root(n: i64) -> f64 {
    (n as f64).powf(-0.5)
}
