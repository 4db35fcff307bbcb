//! The architectures that a manifest may give its components.

use std::ops::Range;
use std::path::{Path, PathBuf};

use miette::{Diagnostic, NamedSource, SourceSpan};
use records::{Excerpt, shortened};
use thiserror::Error;
use toml::de::{DeTable, DeValue};

use super::ROLES;

/// A component of an architecture that its role cannot have.
#[derive(Debug, Error, Diagnostic)]
#[error("line {line} of `{}`: the {role} cannot be a `{kind}`", printable::path(path))]
pub struct KindError {
    path: PathBuf,
    line: usize,
    role: &'static str,
    kind: String,
    #[help]
    help: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: SourceSpan,
}

/// Checks the `kind` of every component in the text of the manifest at `path`. What else is wrong
/// with it is left to serde.
pub(super) fn check(path: &Path, text: &str) -> Result<(), Box<KindError>> {
    let Ok(manifest) = DeTable::parse(text) else { return Ok(()) };
    for (role, right) in ROLES.map(|(role, kind)| (role, kind.name())) {
        if let Some((kind, span)) = kind(manifest.get_ref(), role)
            && kind != right
        {
            let excerpt = Excerpt::around(text, span.start);
            return Err(Box::new(KindError {
                path: path.to_owned(),
                line: text[..span.start].matches('\n').count() + 1,
                role,
                help: help(role, right, kind),
                kind: shortened(kind).into_owned(),
                span: excerpt.placed(span).unwrap_or_default().into(),
                source_code: NamedSource::new(printable::path(path), excerpt.text),
            }));
        }
    }
    Ok(())
}

fn kind<'t>(manifest: &'t DeTable<'_>, role: &str) -> Option<(&'t str, Range<usize>)> {
    let DeValue::Table(component) = manifest.get(role)?.get_ref() else { return None };
    let kind = component.get("kind")?;
    let DeValue::String(name) = kind.get_ref() else { return None };
    Some((name.as_ref(), kind.span()))
}

fn help(role: &str, right: &str, kind: &str) -> String {
    match ROLES.iter().find(|(_, known)| known.name() == kind) {
        Some((other, _)) => {
            format!(
                "did you mean `{right}`? A {role} is one, and `{kind}` is what a {other} is: are the two swapped?"
            )
        }
        None => format!("did you mean `{right}`? It is the only kind of {role} that the program has"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"a\"\ngenerator.kind = \"biggan-deep\"\n[perceptor]\nkind = \"clip\"\n";

    #[test]
    fn every_role_has_its_kind() {
        check(Path::new("manifest.toml"), GOOD).unwrap();
        for (role, right) in ROLES.map(|(role, kind)| (role, kind.name())) {
            for kind in ROLES.map(|(_, kind)| kind.name()) {
                let text = format!("# a set\n\n[{role}]\nkind = \"{kind}\"\n");
                let checked = check(Path::new("manifest.toml"), &text);
                assert_eq!(checked.is_ok(), kind == right, "{role}: {kind}");
                if let Err(error) = checked {
                    assert_eq!(error.line, 4);
                    assert!(error.help.contains(&format!("did you mean `{right}`")), "{}", error.help);
                }
            }
        }
    }

    #[test]
    fn a_slip_is_told_with_what_was_meant() {
        let error = check(Path::new("manifest.toml"), &GOOD.replace("biggan-deep", "biggan")).unwrap_err();
        assert_eq!(error.to_string(), "line 2 of `manifest.toml`: the generator cannot be a `biggan`");
        assert!(error.help.starts_with("did you mean `biggan-deep`?"), "{}", error.help);
    }

    #[test]
    fn what_is_no_manifest_is_left_to_serde() {
        for text in ["generator", "generator = 3", "[generator]\nkind = 3", "[generator]"] {
            check(Path::new("manifest.toml"), text).unwrap();
        }
    }
}
