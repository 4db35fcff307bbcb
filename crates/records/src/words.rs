//! Numbers and names in words, as every message and table writes them.

/// `1 cell`, `2 cells`.
pub fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// "did you mean `x`?" where one is near, and all that are known.
pub fn suggestion(name: &str, known: &[String]) -> String {
    let all = known.iter().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
    match nearest(name, known) {
        Some(nearest) => format!("did you mean `{nearest}`? Known: {all}"),
        None => format!("known: {all}"),
    }
}

fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    const NEAR: f64 = 0.7; // "iteration" and "epoch" find their plurals, "foo" finds nothing
    known
        .iter()
        .map(|known| (strsim::normalized_damerau_levenshtein(name, known), known))
        .filter(|(nearness, _)| *nearness >= NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known.as_str())
}
