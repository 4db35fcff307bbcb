use std::str::FromStr;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use miette::Diagnostic;
use thiserror::Error;

use super::Cell;

/// Bytes that a pattern may have, and braces that may be open in it: more than anybody writes, less
/// than the expressions that are made of it can take.
const LONGEST: usize = 4096;
const DEEPEST: usize = 20;

/// Which of a plan's cells to run.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Globs on paths, such as `bicycle/*`; none means all. `*` also matches `/`.
    pub only: Vec<String>,
    /// A share of what is left.
    pub shard: Option<Shard>,
}

/// Every `of`-th cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1 to `of`.
    pub index: usize,
    /// The number of shares.
    pub of: usize,
}

/// A selection that cannot be meant.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum SelectError {
    #[error("`--only {glob}` is not a valid pattern")]
    Glob { glob: String, source: globset::Error },
    #[error("`--only {glob}` nests braces more than {DEEPEST} deep")]
    #[diagnostic(help("repeat --only instead"))]
    Deep { glob: String },
    #[error("a pattern of --only has {length} bytes, more than {LONGEST}")]
    #[diagnostic(help("repeat --only instead"))]
    Long { length: usize },
    #[error("`--only {glob}` matches no cell")]
    NoMatch {
        glob: String,
        #[help]
        help: String,
    },
}

impl Selection {
    /// The cells that it selects, in the plan's order.
    ///
    /// # Errors
    /// [`SelectError`] when a glob is none or matches nothing.
    pub fn of<'c>(&self, cells: &'c [Cell]) -> Result<Vec<&'c Cell>, SelectError> {
        let mut selected = vec![self.only.is_empty(); cells.len()];
        for glob in &self.only {
            let matcher = matcher(glob)?;
            let mut matched = false;
            for (cell, selected) in cells.iter().zip(&mut selected) {
                let matches = matcher.is_match(&cell.id);
                matched |= matches;
                *selected |= matches;
            }
            if !matched {
                return Err(no_match(glob, cells));
            }
        }
        let selected = cells.iter().zip(selected).filter_map(|(cell, selected)| selected.then_some(cell));
        let share = |index: usize| self.shard.is_none_or(|shard| index % shard.of == shard.index - 1);
        Ok(selected.enumerate().filter(|(index, _)| share(*index)).map(|(_, cell)| cell).collect())
    }
}

/// The pattern, if it is one. A set of one, since a set tells what a matcher panics at.
fn matcher(glob: &str) -> Result<GlobSet, SelectError> {
    if glob.len() > LONGEST {
        return Err(SelectError::Long { length: glob.len() });
    }
    if depth(glob) > DEEPEST {
        return Err(SelectError::Deep { glob: glob.to_owned() });
    }
    let invalid = |source| SelectError::Glob { glob: glob.to_owned(), source };
    let pattern = GlobBuilder::new(glob).build().map_err(invalid)?;
    GlobSetBuilder::new().add(pattern).build().map_err(invalid)
}

/// The largest number of braces open at once.
fn depth(glob: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for c in glob.chars() {
        match c {
            '{' => open += 1,
            '}' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

fn no_match(glob: &str, cells: &[Cell]) -> SelectError {
    let example = cells.first().map_or("", |cell| &cell.id);
    let help = format!("cells have paths such as `{example}`; `runner plan` lists them");
    SelectError::NoMatch { glob: glob.to_owned(), help }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts =
            text.split_once('/').and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        match parts {
            Some((index, of)) if 1 <= index && index <= of => Ok(Self { index, of }),
            _ => Err("a shard is written i/n, with i from 1 to n, such as 2/3".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn refuses_what_is_too_deep_or_too_long() {
        let nested = |depth: usize| format!("{}a{}", "{".repeat(depth), "}".repeat(depth));
        for depth in [21, 250, 1000, 2000] {
            assert!(matches!(matcher(&nested(depth)), Err(SelectError::Deep { .. })), "{depth}");
        }
        assert!(matches!(matcher(&"[a-z]".repeat(100_000)), Err(SelectError::Long { .. })));
        assert!(matcher(&nested(20)).unwrap().is_match("a"));
        assert!(matcher("bicycle/{adam,sgd}*/**").unwrap().is_match("bicycle/adam-lr-0.1/seed-0"));
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error(
            glob in "[\\[\\]{},*?!a/\\\\^-]{0,60}|(\\{[a,*\\[]?){0,40}|(\\[[!a-z]\\]?){0,900}", any in any::<String>(),
        ) {
            for glob in [glob, any] {
                if let Ok(matcher) = matcher(&glob) {
                    matcher.is_match("bicycle/adam/seed-0");
                }
            }
        }
    }
}
