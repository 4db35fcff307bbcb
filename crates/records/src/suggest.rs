//! "did you mean": the nearest of the names that are known.

/// Names that PyTorch has and this project writes otherwise.
const ELSEWHERE: &[(&str, &[&str])] = &[
    ("betas", &["beta1", "beta2", "beta3"]),
    ("etas", &["etaminus", "etaplus"]),
    ("step_sizes", &["step_size_min", "step_size_max"]),
    ("ns_coefficients", &["ns_a", "ns_b", "ns_c"]),
    ("learning_rate", &["lr"]),
];
/// The number of known names that are listed.
const MOST: usize = 40;

/// "did you mean `x`?" where one is near, and those that are known.
pub fn suggestion(name: &str, known: &[String]) -> String {
    let all = listed(known.iter().take(MOST).map(String::as_str), ", ");
    let all = match known.len().saturating_sub(MOST) {
        0 => all,
        more => format!("{all} and {more} more"),
    };
    match meant(name, known) {
        Some(meant) => format!("did you mean {meant}? Known: {all}"),
        None => format!("known: {all}"),
    }
}

fn meant(name: &str, known: &[String]) -> Option<String> {
    let lower = name.to_lowercase();
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(theirs, _)| *theirs == lower) {
        let ours = ours.iter().copied().filter(|&our| known.iter().any(|known| known == our));
        let ours: Vec<&str> = ours.collect();
        if !ours.is_empty() {
            return Some(listed(ours.into_iter(), " and "));
        }
    }
    nearest(&lower, known).map(|nearest| format!("`{nearest}`"))
}

fn listed<'n>(names: impl Iterator<Item = &'n str>, between: &str) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(between)
}

/// The nearest of some names, whatever its case.
pub fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    const NEAR: f64 = 0.7; // "iteration" and "epoch" find their plurals, "foo" finds nothing
    const LONGEST: usize = 200; // the comparison takes the product of the lengths
    let lower = name.to_lowercase();
    if lower.len() > LONGEST {
        return None;
    }
    known
        .iter()
        .filter(|known| known.len() <= LONGEST)
        .map(|known| (strsim::normalized_damerau_levenshtein(&lower, &known.to_lowercase()), known))
        .filter(|(nearness, _)| *nearness >= NEAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, known)| known.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn case_does_not_matter_and_pytorchs_pairs_are_known() {
        let optimizers = known(&["sgd", "adam", "adamw", "rmsprop"]);
        for (given, meant) in [("AdamW", "adamw"), ("RMSprop", "rmsprop"), ("SGD", "sgd"), ("adma", "adam")] {
            assert!(
                suggestion(given, &optimizers).starts_with(&format!("did you mean `{meant}`?")),
                "{given}"
            );
        }
        let settings = known(&["lr", "beta1", "beta2", "eps"]);
        assert!(suggestion("betas", &settings).starts_with("did you mean `beta1` and `beta2`?"));
        assert!(suggestion("foo", &settings).starts_with("known: "));
    }

    #[test]
    fn lists_only_so_many() {
        let many: Vec<String> = (0..5000).map(|n| format!("prompt {n}")).collect();
        assert!(suggestion("x", &many).ends_with("and 4960 more"));
    }
}
