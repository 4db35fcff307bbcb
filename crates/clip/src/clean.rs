use std::sync::LazyLock;

use htmlize::unescape;
use regex::{Captures, Regex};
use unicode_normalization::UnicodeNormalization;

/// Cleans a text as CLIP's tokenizer does before it looks for words (`clip/simple_tokenizer.py`,
/// `basic_clean`): the repairs of ftfy 6.3, and HTML's entities. White space is left as it is: it
/// only parts words.
///
/// Of ftfy's repairs the guessing one is left out: text that was decoded by the wrong table stays
/// as it is.
pub(crate) fn clean(text: &str) -> String {
    let mut is_markup = false;
    let mut repaired = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        is_markup |= line.contains('<'); // from there on an entity is meant
        repaired.push_str(&repair(line, is_markup));
    }
    unescape(unescape(repaired)).into_owned()
}

/// `ftfy.fix_and_explain`: over and over until nothing changes.
fn repair(line: &str, is_markup: bool) -> String {
    let mut line = line.to_owned();
    loop {
        let unescaped = if is_markup { line.clone() } else { unescape_closed(&line) };
        let plain = TERMINAL_ESCAPE.replace_all(&unescaped, "").chars().flat_map(plain).nfc().collect();
        if plain == line {
            return line;
        }
        line = plain;
    }
}

static TERMINAL_ESCAPE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\x1b\[[\d;]*[a-zA-Z]").expect("a valid expression"));

static ENTITY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"&#?[0-9A-Za-z]{1,24};").expect("a valid expression"));

/// `ftfy.fixes.unescape_html`: entities that end in a semicolon, and small ones that somebody wrote
/// in capitals.
fn unescape_closed(line: &str) -> String {
    let meant = |found: &Captures<'_>| {
        let entity = &found[0];
        let whole = unescape(entity);
        if whole == entity && entity.chars().all(|c| !c.is_lowercase()) {
            let small = entity.to_lowercase();
            let meant = unescape(&small);
            return if is_whole(&meant) { meant.to_uppercase() } else { entity.to_owned() };
        }
        if is_whole(&whole) { whole.into_owned() } else { entity.to_owned() }
    };
    ENTITY.replace_all(line, meant).into_owned()
}

/// Not one that HTML reads the beginning of only, such as `&notit;`.
fn is_whole(unescaped: &str) -> bool {
    unescaped == ";" || !unescaped.contains(';')
}

/// A character in its plain form, or nothing: ftfy's `fix_c1_controls`, `fix_latin_ligatures`,
/// `fix_character_width`, `uncurl_quotes` and `remove_control_chars`.
fn plain(c: char) -> Vec<char> {
    match c {
        '\u{80}'..='\u{9f}' => {
            WINDOWS_1252.chars().nth(c as usize - 0x80).map(uncurled).into_iter().collect()
        }
        'ﬅ' => vec!['ſ', 't'],
        'Ĳ' | 'ĳ' | 'ŉ' | 'Ǆ'..='ǌ' | 'Ǳ'..='ǳ' | 'ﬀ'..='ﬆ' | '\u{ff01}'..='\u{ffef}' => {
            [c].into_iter().nfkc().map(uncurled).collect()
        }
        '\u{3000}' => vec![' '],
        _ if is_control(c) => vec![],
        _ => vec![uncurled(c)],
    }
}

fn uncurled(c: char) -> char {
    match c {
        'ʼ' | '‘'..='‛' => '\'',
        '“'..='‟' => '"',
        _ => c,
    }
}

/// Without the white space among them.
fn is_control(c: char) -> bool {
    let is_c0 = matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{e}'..='\u{1f}' | '\u{7f}');
    is_c0 || matches!(c, '\u{206a}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffc}')
}

/// Characters of the bytes 80 to 9F in Windows-1252. Five are unassigned and stay.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
