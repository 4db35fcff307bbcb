use checkpoint::Scope;
use tch::{Kind, Tensor};

use crate::{
    Config,
    attention::Mask,
    layers::{LayerNorm, projection},
    transformer::Transformer,
};

/// The text tower: a causal transformer, read at the token that ends the text (`clip/model.py`,
/// `CLIP.encode_text`).
///
/// It computes in single precision. It is used once per text, so its tensors may stay as narrow as
/// the file has them.
#[derive(Debug)]
pub struct TextTower {
    token_embedding: Tensor,      // [vocab_size, width]
    positional_embedding: Tensor, // [context_length, width]
    transformer: Transformer,
    ln_final: LayerNorm,
    text_projection: Tensor, // [width, embed_dim]
}

impl TextTower {
    pub(crate) fn load(scope: &Scope<'_>, config: &Config) -> Self {
        let &Config {
            embed_dim, context_length, vocab_size, text_width: width, text_layers, activation, ..
        } = config;
        Self {
            token_embedding: scope.take("token_embedding.weight", &[vocab_size, width]),
            positional_embedding: scope.take("positional_embedding", &[context_length, width]),
            transformer: Transformer::load(
                &scope.sub("transformer"),
                width,
                text_layers,
                Mask::Causal,
                activation,
            ),
            ln_final: LayerNorm::load(&scope.sub("ln_final"), width),
            text_projection: projection(scope, "text_projection", width, embed_dim),
        }
    }

    /// Embeds texts: `tokens: [n, t]`, whole numbers below `vocab_size`, t at most `context_length`
    /// → `[n, embed_dim]` in single precision. A text ends at its highest token.
    ///
    /// # Panics
    /// When the tokens are not of that shape and range; [`Tokenizer`](crate::Tokenizer) gives such
    /// as are.
    pub fn forward(&self, tokens: &Tensor) -> Tensor {
        let end = tokens.argmax(-1, false); // [n]
        // What follows the end of the longest text changes nothing, since no token looks ahead.
        let length = i64::try_from(&end.max()).expect("a number from a tensor of whole numbers") + 1;
        let tokens = tokens.narrow(1, 0, length);
        let x = Tensor::embedding(&self.token_embedding, &tokens, -1, false, false).to_kind(Kind::Float);
        let x = x + self.positional_embedding.narrow(0, 0, length).to_kind(Kind::Float); // [n, length, width]
        let x = self.transformer.forward(&x);
        let n = x.size()[0];
        let rows = Tensor::arange(n, (Kind::Int64, x.device()));
        let x = x.index(&[Some(rows), Some(end)]); // [n, width]
        self.ln_final.forward(&x).matmul(&self.text_projection.to_kind(Kind::Float))
    }

    pub(crate) fn name(&self, out: &mut Vec<(String, Tensor)>) {
        out.push(("token_embedding.weight".to_owned(), self.token_embedding.shallow_clone()));
        out.push(("positional_embedding".to_owned(), self.positional_embedding.shallow_clone()));
        self.transformer.name("transformer", out);
        self.ln_final.name("ln_final", out);
        out.push(("text_projection".to_owned(), self.text_projection.shallow_clone()));
    }
}
