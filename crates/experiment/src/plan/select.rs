use std::str::FromStr;

use globset::GlobBuilder;
use miette::Diagnostic;
use thiserror::Error;

use super::Cell;

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
    #[error("`--only {glob}` is not a pattern")]
    Glob { glob: String, source: globset::Error },
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
            let invalid = |source| SelectError::Glob { glob: glob.clone(), source };
            let matcher = GlobBuilder::new(glob).build().map_err(invalid)?.compile_matcher();
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
