//! Numbers and lists within sentences.

/// More names than this are not listed one by one.
pub(super) const LISTED: usize = 8;

/// "p = 0.012", or "p < 0.0001".
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.0001 {
        "p < 0.0001".to_owned()
    } else {
        format!("p = {p:.decimals$}", decimals = if p < 0.01 { 4 } else { 3 })
    }
}

/// A number of prompts: exact below a hundred, else two digits.
pub(super) fn rounded_up(needed: f64) -> String {
    const MANY: f64 = 1e6;
    if MANY < needed {
        return "more than a million".to_owned();
    }
    let digits = 10_f64.powf((needed.log10().floor() - 1.0).max(0.0));
    format!("{:.0}", (needed / digits).ceil() * digits)
}

/// Two decimals with a sign, which zero has not.
pub(crate) fn signed(number: f64) -> String {
    crate::published::signed(number)
}

/// Two decimals with a true minus.
pub(super) fn minus(number: f64) -> String {
    let text = format!("{number:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text.replace('-', "−") }
}

pub(super) fn number_word(number: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    WORDS.get(number).map_or_else(|| number.to_string(), |word| (*word).to_owned())
}

pub(super) fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The first of `names`, and how many more there are.
pub(super) fn some(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).cloned().collect::<Vec<_>>().join(", ");
    if names.len() <= LISTED { shown } else { format!("{shown} and {} more", names.len() - LISTED) }
}
