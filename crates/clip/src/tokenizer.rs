use std::sync::LazyLock;

use instant_clip_tokenizer as bpe;
use regex::Regex;
use tch::Tensor;
use thiserror::Error;

use crate::clean::clean;

/// The bytes, the bytes that end a word, and the marks of the start and the end of a text.
pub(crate) const SMALLEST_VOCABULARY: i64 = 256 + 256 + 2;

/// OpenAI's merges, best first, below a line with their version. From openai/CLIP's
/// `bpe_simple_vocab_16e6.txt.gz`, without those that its tokenizer does not read.
const MERGES: &str = include_str!("../data/bpe_merges.txt");

/// The tokens of OpenAI's models.
const VOCAB_SIZE: i64 = 49_408;

/// The most tokens in a text, of OpenAI's models.
const CONTEXT_LENGTH: i64 = 77;

/// Start-of-text token, as the reference spells it.
const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";

/// Pieces that merges never cross: a mark, an English ending, a run of letters, a digit, a run of
/// other characters.
static PIECE: LazyLock<Regex> = LazyLock::new(|| {
    let pieces =
        r"(?i)<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+";
    Regex::new(pieces).expect("a valid expression")
});

/// CLIP's byte-pair encoding of texts (`clip/simple_tokenizer.py` and `clip.tokenize`).
pub struct Tokenizer {
    bpe: bpe::Tokenizer,
    context_length: usize,
}

/// Why a text cannot be given to CLIP.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenizeError {
    /// CLIP reads no more than so many tokens, and cutting a text would change its meaning unseen.
    #[error(
        "the text makes {tokens} tokens, CLIP reads {limit}: shorten it (a word is one token or a few): `{text}`"
    )]
    TooLong {
        /// The text.
        text: String,
        /// Its tokens, with those that mark its start and end.
        tokens: usize,
        /// The most that there may be.
        limit: usize,
    },
}

impl Tokenizer {
    /// The tokenizer of OpenAI's models: 49,408 tokens, 77 to a text.
    #[must_use]
    pub fn new() -> Self {
        Self::sized(VOCAB_SIZE, CONTEXT_LENGTH)
    }

    /// The tokenizer with the first `vocab_size - 514` of OpenAI's merges only, for a small model.
    pub(crate) fn sized(vocab_size: i64, context_length: i64) -> Self {
        let size = vocab_size.clamp(SMALLEST_VOCABULARY, VOCAB_SIZE);
        let size = u16::try_from(size).expect("no more than OpenAI's 49,408");
        let bpe =
            bpe::Tokenizer::with_vocabulary(MERGES.as_bytes(), size).expect("the embedded merges are valid");
        Self { bpe, context_length: usize::try_from(context_length).unwrap_or(0) }
    }

    /// The tokens of each text between those that mark its start and end, then zeros: `[texts,
    /// context_length]`, i64.
    ///
    /// # Errors
    /// When a text is longer than the context.
    pub fn encode_batch(&self, texts: &[impl AsRef<str>]) -> Result<Tensor, TokenizeError> {
        let mut rows = Vec::with_capacity(texts.len() * self.context_length);
        for text in texts {
            let mut row = self.encode(text.as_ref())?;
            row.resize(self.context_length, 0);
            rows.extend(row);
        }
        let shape = [texts.len() as i64, self.context_length as i64];
        Ok(Tensor::from_slice(&rows).view(shape))
    }

    /// The tokens of one text, with those that mark its start and end.
    ///
    /// # Errors
    /// When the text is longer than the context.
    pub fn encode(&self, text: &str) -> Result<Vec<i64>, TokenizeError> {
        let mut tokens = vec![self.bpe.start_of_text()];
        for piece in PIECE.find_iter(&clean(text).to_lowercase()) {
            match piece.as_str() {
                START => tokens.push(self.bpe.start_of_text()),
                END => tokens.push(self.bpe.end_of_text()),
                word => self.bpe.encode(word, &mut tokens),
            }
        }
        tokens.push(self.bpe.end_of_text());
        if tokens.len() > self.context_length {
            let text = text.to_owned();
            return Err(TokenizeError::TooLong { text, tokens: tokens.len(), limit: self.context_length });
        }
        Ok(tokens.into_iter().map(|token| token.to_u16().into()).collect())
    }
}

impl Default for Tokenizer {
    fn default() -> Self {
        Self::new()
    }
}
