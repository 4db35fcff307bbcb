use checkpoint::Scope;
use tch::Tensor;

use crate::{
    Activation,
    attention::{Attention, Mask},
    layers::LayerNorm,
    mlp::Mlp,
};

/// Residual attention blocks (`clip/model.py`, `Transformer` and `ResidualAttentionBlock`).
#[derive(Debug)]
pub(crate) struct Transformer {
    blocks: Vec<Block>,
}

impl Transformer {
    pub(crate) fn load(
        scope: &Scope<'_>,
        width: i64,
        layers: usize,
        mask: Mask,
        activation: Activation,
    ) -> Self {
        let blocks = scope.sub("resblocks");
        Self { blocks: (0..layers).map(|i| Block::load(&blocks.at(i), width, mask, activation)).collect() }
    }

    /// `x: [n, t, width]` → `[n, t, width]`.
    pub(crate) fn forward(&self, x: &Tensor) -> Tensor {
        let n = x.size()[0];
        self.blocks.iter().fold(x.flatten(0, 1), |x, block| block.forward(&x, n)).unflatten(0, [n, -1])
    }

    /// The first token of [`forward`](Self::forward)'s result: `x: [n, t, width]` → `[n, width]`.
    /// The last block then needs only that token's query and perceptron.
    pub(crate) fn first_token(&self, x: &Tensor) -> Tensor {
        let Some((last, others)) = self.blocks.split_last() else {
            return x.select(1, 0);
        };
        let n = x.size()[0];
        let x = others.iter().fold(x.flatten(0, 1), |x, block| block.forward(&x, n));
        last.first_token(&x, n)
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

#[derive(Debug)]
struct Block {
    ln_1: LayerNorm,
    attn: Attention,
    ln_2: LayerNorm,
    mlp: Mlp,
}

impl Block {
    fn load(scope: &Scope<'_>, width: i64, mask: Mask, activation: Activation) -> Self {
        Self {
            ln_1: LayerNorm::load(&scope.sub("ln_1"), width),
            attn: Attention::load(&scope.sub("attn"), width, mask),
            ln_2: LayerNorm::load(&scope.sub("ln_2"), width),
            mlp: Mlp::load(&scope.sub("mlp"), width, activation),
        }
    }

    /// The t tokens of n sequences, one after the other: `x: [n·t, width]` → the same. Matrices,
    /// since each linear layer would make one of what it is given, and back.
    fn forward(&self, x: &Tensor, n: i64) -> Tensor {
        let x = x + self.attn.forward(&self.ln_1.forward(x), n);
        &x + self.mlp.forward(&self.ln_2.forward(&x))
    }

    /// `x: [n·t, width]` → `[n, width]`.
    fn first_token(&self, x: &Tensor, n: i64) -> Tensor {
        let first = x.unflatten(0, [n, -1]).select(1, 0);
        let x = first + self.attn.first_token(&self.ln_1.forward(x), n);
        &x + self.mlp.forward(&self.ln_2.forward(&x))
    }

    fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        self.ln_1.name(&format!("{at}.ln_1"), out);
        self.attn.name(&format!("{at}.attn"), out);
        self.ln_2.name(&format!("{at}.ln_2"), out);
        self.mlp.name(&format!("{at}.mlp"), out);
    }
}
