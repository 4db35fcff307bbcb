use checkpoint::Scope;
use tch::Tensor;

use crate::{config::HEAD_WIDTH, layers::Linear};

/// Multi-head attention of a sequence to itself.
#[derive(Debug)]
pub(crate) struct Attention {
    in_proj: Linear, // queries, keys and values, one after the other: [3 width, width]
    out_proj: Linear,
    width: i64,
    mask: Mask,
}

impl Attention {
    pub(crate) fn load(scope: &Scope<'_>, width: i64, mask: Mask) -> Self {
        let in_proj = Linear {
            weight: stacked(scope, "weight", &[width, width]),
            bias: stacked(scope, "bias", &[width]),
        };
        Self { in_proj, out_proj: Linear::load(&scope.sub("out_proj"), width, width), width, mask }
    }

    /// Of n sequences: `x: [n·t, width]` → the same.
    pub(crate) fn forward(&self, x: &Tensor, n: i64) -> Tensor {
        let qkv = self.in_proj.forward(x).chunk(3, -1);
        self.attend(&qkv[0], &qkv[1], &qkv[2], n)
    }

    /// `x: [n·t, width]` → `[n, width]`.
    pub(crate) fn first_token(&self, x: &Tensor, n: i64) -> Tensor {
        let first = x.unflatten(0, [n, -1]).select(1, 0);
        let query = self.in_proj.forward_rows(&first, 0, self.width);
        let key_value = self.in_proj.forward_rows(x, self.width, 2 * self.width).chunk(2, -1);
        self.attend(&query, &key_value[0], &key_value[1], n)
    }

    fn attend(&self, query: &Tensor, key: &Tensor, value: &Tensor, n: i64) -> Tensor {
        let attended = Tensor::scaled_dot_product_attention(
            &split_heads(query, n),
            &split_heads(key, n),
            &split_heads(value, n),
            None::<Tensor>,
            0.0,
            self.mask == Mask::Causal,
            None,
            false,
        );
        self.out_proj.forward(&attended.transpose(1, 2).reshape([-1, self.width]))
    }

    pub(crate) fn name(&self, at: &str, out: &mut Vec<(String, Tensor)>) {
        out.push((format!("{at}.in_proj_weight"), self.in_proj.weight.shallow_clone()));
        out.push((format!("{at}.in_proj_bias"), self.in_proj.bias.shallow_clone()));
        self.out_proj.name(&format!("{at}.out_proj"), out);
    }
}

/// `[n·t, width]` → `[n, heads, t, 64]`.
fn split_heads(x: &Tensor, n: i64) -> Tensor {
    let (rows, width) = x.size2().expect("the tokens of all sequences: [n·t, width]");
    x.view([n, rows / n, width / HEAD_WIDTH, HEAD_WIDTH]).transpose(1, 2)
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

/// Attention mask: the tokens that a token may attend to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mask {
    /// Every token.
    None,
    /// Itself and those before it.
    Causal,
}
