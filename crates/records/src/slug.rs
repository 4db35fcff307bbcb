//! Texts as names of folders.

use sha2::{Digest, Sha256};

/// Names that Windows keeps for devices, whatever follows a dot.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];
const LONGEST: usize = 60;

/// A name for a folder that says `text`: lowercase ASCII letters, digits, `-`, `_`, and `.` between
/// digits.
///
/// Different texts have different names: where the name says less than the text, a digest of the
/// text follows a `~`. It depends on nothing else, so that a cell keeps its path when others join
/// the experiment.
pub fn slug(text: &str) -> String {
    let name = readable(text);
    let faithful = name == text.replace(' ', "-") && !text.contains('-');
    if faithful && !name.is_empty() && !RESERVED.contains(&name.as_str()) {
        return name;
    }
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    let name = if name.is_empty() { "unnamed" } else { &name };
    format!("{name}~{hex}")
}

fn readable(text: &str) -> String {
    let ascii: Vec<char> = deunicode::deunicode(text).to_lowercase().chars().collect();
    let mut name = String::new();
    for (index, &c) in ascii.iter().enumerate() {
        let digit_at = |at: usize| ascii.get(at).is_some_and(char::is_ascii_digit);
        let point = c == '.' && index > 0 && digit_at(index - 1) && digit_at(index + 1);
        if c.is_ascii_alphanumeric() || c == '_' || point {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    name.truncate(LONGEST);
    name.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_texts_keep_their_words() {
        assert_eq!(slug("bicycle"), "bicycle");
        assert_eq!(slug("a bear in the forest"), "a-bear-in-the-forest");
        assert_eq!(slug("lr 0.05"), "lr-0.05");
        assert_eq!(slug("ema_decay 0.5"), "ema_decay-0.5");
    }

    #[test]
    fn texts_that_lose_something_carry_a_digest() {
        insta::assert_snapshot!(
            [
                "A Bear",
                "a-bear",
                "../../etc/passwd",
                "..",
                "",
                " ",
                "con",
                "a \"quoted\" bear",
                "ein Bär",
                "自転車",
                "🐻",
                "x\0y",
                "C:\\x",
                "trailing.",
                "a  b",
            ]
            .map(slug)
            .join("\n"),
            @"
        a-bear~968318b5
        a-bear~64b93556
        etc-passwd~3754d6cb
        unnamed~5ec1f7e7
        unnamed~e3b0c442
        unnamed~36a9e7f1
        con~1143da2b
        a-quoted-bear~eeaddf13
        ein-bar~06b996b6
        zi-zhuan-che~32be7a7d
        bear~1c74cf31
        x-y~ce3890a8
        c-x~520186e2
        trailing~44c12a4e
        a-b~6e12db73
        "
        );
        assert_eq!(slug(&"a very long prompt ".repeat(20)).len(), 69);
    }

    proptest! {
        #[test]
        fn every_text_becomes_a_safe_name(text in any::<String>()) {
            let name = slug(&text);
            prop_assert!(!name.is_empty() && name.len() <= 69);
            prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.~".contains(c)));
            prop_assert!(!name.starts_with('.') && !name.ends_with('.') && !name.contains(".."));
        }

        #[test]
        fn different_texts_have_different_names(a in "[aA .-]{0,4}", b in "[aA .-]{0,4}") {
            prop_assert_eq!(slug(&a) == slug(&b), a == b);
        }
    }
}
