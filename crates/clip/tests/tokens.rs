//! The tokenizer against clip-anytorch's. Expected ids: `tests/reference/clip_tokens.py`.

use std::{collections::BTreeMap, sync::LazyLock};

use clip::{TokenizeError, Tokenizer};
use proptest::prelude::*;

const GOLDEN: &str = include_str!("golden/tokens.jsonl");

/// Text decoded by the wrong table: the reference guesses which one, we do not.
const NOT_FOLLOWED: &str = "mojibake";

#[test]
fn ids_are_the_reference_s() {
    let tokenizer = Tokenizer::new();
    let (mut right, mut wrong) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, Vec<String>>::new());
    for line in GOLDEN.lines() {
        let (kind, text, want): (String, String, Vec<i64>) = serde_json::from_str(line).unwrap();
        let got = tokenizer.encode(&text).unwrap();
        if got[1..got.len() - 1] == want {
            *right.entry(kind).or_default() += 1;
        } else {
            wrong.entry(kind).or_default().push(text);
        }
    }
    println!("right: {right:?}");
    let mojibake = wrong.remove(NOT_FOLLOWED).map_or(0, |texts| texts.len());
    println!("mojibake left alone: {mojibake}");
    right.remove(NOT_FOLLOWED);
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(right.values().sum::<usize>() >= 1000, "{right:?}");
}

#[test]
fn a_batch_is_filled_up_with_zeros() {
    let tokens = Tokenizer::new().encode_batch(&["a bear", ""]).unwrap();
    assert_eq!(tokens.size(), [2, 77]);
    // From `clip.tokenize(["a bear", ""])`.
    for (row, want) in [(0, vec![49406, 320, 4298, 49407, 0]), (1, vec![49406, 49407, 0, 0, 0])] {
        assert_eq!(Vec::<i64>::try_from(tokens.get(row).narrow(0, 0, 5)).unwrap(), want);
        assert_eq!(tokens.get(row).narrow(0, 5, 72).abs().max().int64_value(&[]), 0);
    }
}

#[test]
fn a_text_may_fill_the_context_and_no_more() {
    let tokenizer = Tokenizer::new();
    assert_eq!(tokenizer.encode(&"bear ".repeat(75)).unwrap().len(), 77);
    let error = tokenizer.encode_batch(&["short".to_owned(), "bear ".repeat(76)]).unwrap_err();
    assert_eq!(error, TokenizeError::TooLong { text: "bear ".repeat(76), tokens: 78, limit: 77 });
    assert!(error.to_string().starts_with("the text makes 78 tokens, CLIP reads 77: shorten it"), "{error}");
}

static TOKENIZER: LazyLock<Tokenizer> = LazyLock::new(Tokenizer::new);

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever a user types gives tokens of the vocabulary between the two marks, or the one
    /// error.
    #[test]
    fn no_text_is_too_strange(text in "(\\PC|[\\x00-\\x9f]|&[#a-zA-Z0-9]{0,8};?|<|\u{1b}\\[){0,40}") {
        if let Ok(tokens) = TOKENIZER.encode(&text) {
            prop_assert_eq!((tokens[0], tokens[tokens.len() - 1]), (49406, 49407));
            prop_assert!(tokens.iter().all(|token| (0..49408).contains(token)));
        }
    }
}
