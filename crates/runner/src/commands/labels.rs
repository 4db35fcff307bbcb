use std::collections::HashMap;
use std::path::Path;

use experiment::CIFAR100;
use model_sets::LabelChoice;
use printable::line;
use records::{escaped, forbidden, read_text};

/// Endings of files that hold lists of labels; no label ends so.
const ENDINGS: [&str; 10] = ["txt", "text", "csv", "tsv", "lst", "list", "labels", "names", "toml", "json"];

/// Labels as the command line gives them: `cifar-100`, a file with one on each line, or a list with
/// commas.
pub(crate) fn labels(given: &str) -> Result<LabelChoice, String> {
    if given == CIFAR100 {
        return Ok(LabelChoice::Cifar100);
    }
    let path = Path::new(given);
    if path.exists() {
        let text = read_text(path).map_err(|error| match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        })?;
        return distinct(text.lines(), "line").map(LabelChoice::These);
    }
    if let Some(missing) = [given].into_iter().chain(given.split(',')).find(|part| is_path(part.trim())) {
        return Err(match missing == given {
            true => format!("there is no file `{given}`"),
            false => format!("there is no file `{given}`, and `{}` is no label but a file", missing.trim()),
        });
    }
    if given.eq_ignore_ascii_case(CIFAR100) {
        return Err(format!("did you mean `{CIFAR100}`?"));
    }
    if !given.contains(',') {
        return Err(format!("`{given}` is not {CIFAR100}, a file, or a comma-separated list"));
    }
    if let Some((at, character)) = forbidden(given) {
        let column = given[..at].chars().count() + 1;
        return Err(format!(
            "character {column} is {}, which XML 1.0 forbids: no report can show it",
            escaped(character)
        ));
    }
    distinct(given.split(','), "place").map(LabelChoice::These)
}

/// Returns true if a text is meant as a path of a file rather than as a label.
fn is_path(text: &str) -> bool {
    let path = Path::new(text);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let rooted = ["/", "./", "../", "~/"].iter().any(|root| text.starts_with(root));
    rooted || ENDINGS.iter().any(|known| ending.eq_ignore_ascii_case(known))
}

fn distinct<'t>(given: impl Iterator<Item = &'t str>, unit: &str) -> Result<Vec<String>, String> {
    let mut labels = Vec::new();
    let mut places = HashMap::new();
    for (place, label) in (1..).zip(given) {
        let label = label.trim();
        if label.is_empty() {
            continue;
        }
        if let Some(earlier) = places.insert(label, place) {
            return Err(format!(
                "the label `{}` is listed twice: {unit}s {earlier} and {place}",
                line(label)
            ));
        }
        labels.push(label.to_owned());
    }
    if labels.len() < 2 {
        return Err("at least two labels are needed: a single one is always nearest".to_owned());
    }
    Ok(labels)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;

    fn of_file(bytes: &[u8]) -> Result<LabelChoice, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bytes).unwrap();
        labels(file.path().to_str().unwrap())
    }

    #[test]
    fn labels_are_a_name_a_file_or_a_list() {
        assert_eq!(labels("cifar-100"), Ok(LabelChoice::Cifar100));
        let two = LabelChoice::These(vec!["lawn mower".into(), "chair".into()]);
        assert_eq!(labels("lawn mower, chair"), Ok(two.clone()));
        assert_eq!(of_file(b"lawn mower\r\n\nchair\n"), Ok(two.clone()));
        assert_eq!(of_file(b"\xEF\xBB\xBFlawn mower\r\nchair"), Ok(two));
        for wrong in ["", "bicycle", "bicycle,", "bicycle,chair,bicycle"] {
            assert!(labels(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn refuses_labels_that_look_like_a_missing_file() {
        for missing in ["my,labels.txt", "labels.csv", "a/b,c/My.TXT", "./a,b", "/no/such,file", "../x"] {
            let refused = labels(missing).unwrap_err();
            assert!(refused.contains(&format!("there is no file `{missing}`")), "{missing}: {refused}");
        }
        for names in ["St. Paul,Mt. Fuji", "and/or,xor", "a.m.,p.m.", "v1.2,v1.3"] {
            assert!(labels(names).is_ok(), "{names}");
        }
    }

    #[test]
    fn names_encodings_places_and_other_cases() {
        assert!(of_file(b"\xFF\xFEa\0\n\0b\0").unwrap_err().contains("UTF-16"));
        assert!(of_file(b"chair\nstra\xDFe\n").unwrap_err().contains("0xDF"));
        assert!(of_file(b"chair\nto\x08w\n").unwrap_err().contains("\\u0008"));
        assert!(labels("chair,to\u{8}w").unwrap_err().contains("character 9 is \\u0008"));
        assert!(of_file(b"chair\nbed\n\nchair\n").unwrap_err().contains("lines 1 and 4"));
        assert!(labels("CIFAR-100").unwrap_err().contains("did you mean `cifar-100`?"));
        assert!(labels(std::env::temp_dir().to_str().unwrap()).unwrap_err().contains("failed to read"));
    }

    proptest! {
        #[test]
        fn any_argument_is_labels_or_an_error(given in any::<String>()) {
            if let Ok(LabelChoice::These(labels)) = labels(&given) {
                prop_assert!(labels.len() > 1 && labels.iter().all(|label| forbidden(label).is_none()));
            }
        }

        #[test]
        fn any_file_is_labels_or_an_error(bytes in any::<Vec<u8>>()) {
            if let Ok(LabelChoice::These(labels)) = of_file(&bytes) {
                prop_assert!(labels.iter().all(|label| forbidden(label).is_none()));
            }
        }
    }
}
