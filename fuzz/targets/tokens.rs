//! Texts of others, as CLIP reads them.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

use clip::{TokenizeError, Tokenizer};

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(Tokenizer::new);
const START: i64 = 49_406;
const END: i64 = 49_407;

fuzz_target!(|text: &str| {
    match TOKENIZER.encode(text) {
        Ok(tokens) => {
            assert!(tokens.len() <= 77 && tokens.first() == Some(&START) && tokens.last() == Some(&END));
            assert!(tokens.iter().all(|&token| (0..=END).contains(&token)));
        }
        Err(TokenizeError::TooLong { tokens, limit, .. }) => assert!(tokens > limit),
        Err(error) => panic!("{error}"),
    }
});
