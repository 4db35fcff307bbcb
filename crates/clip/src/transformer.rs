use checkpoint::Scope;
use tch::Tensor;

use crate::{
    config::HEAD_WIDTH,
    layers::{LayerNorm, Linear},
};

/// Residual attention blocks (`clip/model.py`, `Transformer` and `ResidualAttentionBlock`).
#[derive(Debug)]
pub(crate) struct Transformer {
    blocks: Vec<Block>,
}

impl Transformer {
    pub(crate) fn load(scope: &Scope<'_>, width: i64, layers: usize, mask: Mask) -> Self {
        let blocks = scope.sub("resblocks");
        Self { blocks: (0..layers).map(|i| Block::load(&blocks.at(i), width, mask)).collect() }
    }

    /// `x: [n, t, width]` → `[n, t, width]`.
    pub(crate) fn forward(&self, x: Tensor) -> Tensor {
        self.blocks.iter().fold(x, |x, block| block.forward(&x))
    }

    /// The first token of [`forward`](Self::forward)'s result: `x: [n, t, width]` → `[n, width]`. The last block then
    /// needs only that token's query and perceptron.
    pub(crate) fn first_token(&self, x: Tensor) -> Tensor {
        let Some((last, others)) = self.blocks.split_last() else {
            return x.select(1, 0);
        };
        let x = others.iter().fold(x, |x, block| block.forward(&x));
        last.first_token(&x).squeeze_dim(1)
    }

    /// Prepares frozen weights: see [`Mlp::fold`].
    pub(crate) fn fold(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.mlp.fold());
    }

    pub(crate) fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        for (i, block) in self.blocks.iter().enumerate() {
            block.name(&format!("{at}.resblocks.{i}"), out);
        }
    }
}

/// What a token may attend to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    /// Every token.
    None,
    /// Itself and those before it.
    Causal,
}

#[derive(Debug)]
struct Block {
    ln_1: LayerNorm,
    attn: Attention,
    ln_2: LayerNorm,
    mlp: Mlp,
}

impl Block {
    fn load(scope: &Scope<'_>, width: i64, mask: Mask) -> Self {
        Self {
            ln_1: LayerNorm::load(&scope.sub("ln_1"), width),
            attn: Attention::load(&scope.sub("attn"), width, mask),
            ln_2: LayerNorm::load(&scope.sub("ln_2"), width),
            mlp: Mlp::load(&scope.sub("mlp"), width),
        }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = x + self.attn.forward(&self.ln_1.forward(x));
        &x + self.mlp.forward(&self.ln_2.forward(&x))
    }

    /// `x: [n, t, width]` → `[n, 1, width]`.
    fn first_token(&self, x: &Tensor) -> Tensor {
        let x = x.narrow(1, 0, 1) + self.attn.first_token(&self.ln_1.forward(x));
        &x + self.mlp.forward(&self.ln_2.forward(&x))
    }

    fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        self.ln_1.name(&format!("{at}.ln_1"), out);
        self.attn.name(&format!("{at}.attn"), out);
        self.ln_2.name(&format!("{at}.ln_2"), out);
        self.mlp.name(&format!("{at}.mlp"), out);
    }
}

/// Multi-head attention of a sequence to itself.
#[derive(Debug)]
struct Attention {
    in_proj: Linear, // queries, keys and values, one after the other: [3 width, width]
    out_proj: Linear,
    width: i64,
    mask: Mask,
}

impl Attention {
    fn load(scope: &Scope<'_>, width: i64, mask: Mask) -> Self {
        let in_proj = Linear {
            weight: stacked(scope, "weight", &[width, width]),
            bias: stacked(scope, "bias", &[width]),
        };
        Self { in_proj, out_proj: Linear::load(&scope.sub("out_proj"), width, width), width, mask }
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let qkv = self.in_proj.forward(x).chunk(3, -1);
        self.attend(&qkv[0], &qkv[1], &qkv[2])
    }

    /// `x: [n, t, width]` → `[n, 1, width]`.
    fn first_token(&self, x: &Tensor) -> Tensor {
        let query = self.in_proj.forward_rows(&x.narrow(1, 0, 1), 0, self.width);
        let key_value = self.in_proj.forward_rows(x, self.width, 2 * self.width).chunk(2, -1);
        self.attend(&query, &key_value[0], &key_value[1])
    }

    fn attend(&self, query: &Tensor, key: &Tensor, value: &Tensor) -> Tensor {
        let attended = Tensor::scaled_dot_product_attention(
            &split_heads(query),
            &split_heads(key),
            &split_heads(value),
            None::<Tensor>,
            0.0,
            self.mask == Mask::Causal,
            None,
            false,
        );
        self.out_proj.forward(&attended.transpose(1, 2).flatten(2, 3)) // [n, t, width]
    }

    fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        out.push((format!("{at}.in_proj_weight"), self.in_proj.weight.shallow_clone()));
        out.push((format!("{at}.in_proj_bias"), self.in_proj.bias.shallow_clone()));
        self.out_proj.name(&format!("{at}.out_proj"), out);
    }
}

/// `[n, t, width]` → `[n, heads, t, 64]`.
fn split_heads(x: &Tensor) -> Tensor {
    x.unflatten(-1, [-1, HEAD_WIDTH]).transpose(1, 2)
}

/// `in_proj_weight` and `in_proj_bias` as they are, or stacked from Hugging Face's three.
fn stacked(scope: &Scope<'_>, name: &str, part: &[i64]) -> Tensor {
    let mut whole = part.to_vec();
    whole[0] *= 3;
    let parts = ["q_proj", "k_proj", "v_proj"].map(|part| format!("{part}.{name}"));
    if parts.iter().all(|name| scope.shape(name).is_none()) {
        return scope.take(&format!("in_proj_{name}"), &whole);
    }
    let all_fit = parts.iter().all(|name| scope.shape(name).as_deref() == Some(part));
    let parts = parts.map(|name| scope.take(&name, part));
    if all_fit {
        return Tensor::cat(&parts, 0);
    }
    // Never used: the loading fails. Stacking would allocate what a damaged file asks for.
    Tensor::zeros([], (parts[0].kind(), parts[0].device())).expand(whole, false)
}

/// The perceptron: four times the width, and the sigmoid approximation of GELU, x · σ(1.702 x).
#[derive(Debug)]
struct Mlp {
    c_fc: Linear,
    c_proj: Linear,
    folded: bool,
}

const QUICK_GELU: f64 = 1.702;

impl Mlp {
    fn load(scope: &Scope<'_>, width: i64) -> Self {
        Self {
            c_fc: Linear::load(&scope.sub("c_fc"), width, 4 * width),
            c_proj: Linear::load(&scope.sub("c_proj"), 4 * width, width),
            folded: false,
        }
    }

    /// x · σ(1.702 x) = silu(1.702 x) / 1.702: with both factors in the weights, one kernel is left.
    fn fold(&mut self) {
        for tensor in [&mut self.c_fc.weight, &mut self.c_fc.bias] {
            *tensor = scaled(tensor, QUICK_GELU);
        }
        self.c_proj.weight = scaled(&self.c_proj.weight, 1.0 / QUICK_GELU);
        self.folded = true;
    }

    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.c_fc.forward(x); // [.., 4 width]
        let x = if self.folded { x.silu() } else { &x * (&x * QUICK_GELU).sigmoid() };
        self.c_proj.forward(&x)
    }

    fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        let first = out.len();
        self.c_fc.name(&format!("{at}.c_fc"), out);
        self.c_proj.name(&format!("{at}.c_proj"), out);
        if self.folded {
            let factors = [1.0 / QUICK_GELU, 1.0 / QUICK_GELU, QUICK_GELU]; // c_fc's weight and bias, c_proj's weight
            for ((_, tensor), factor) in out[first..].iter_mut().zip(factors) {
                *tensor = scaled(tensor, factor);
            }
        }
    }
}

/// A tensor of the same kind: `tensor` may be shared.
fn scaled(tensor: &Tensor, factor: f64) -> Tensor {
    tensor * factor
}
