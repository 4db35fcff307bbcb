//! Slurm's own commands.

use std::borrow::Cow;
use std::process::Command;

use miette::{Result, miette};

/// A command with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call(pub(crate) Vec<String>);

impl Call {
    /// The line of a shell that is this command.
    pub(crate) fn line(&self) -> String {
        let quoted = |part: &String| {
            shlex::try_quote(part).map_or_else(|_| part.clone(), Cow::into_owned) // only a NUL cannot be quoted
        };
        self.0.iter().map(quoted).collect::<Vec<_>>().join(" ")
    }
}

/// Indices of arrays end below this where Slurm does not say otherwise.
const USUAL_MAX_ARRAY_SIZE: usize = 1001;

/// The standard output of a command.
///
/// # Errors
/// When it cannot be started, or fails: with what it says.
pub(crate) fn run(call: &Call) -> Result<String> {
    let name = &call.0[0];
    let output = Command::new(name).args(&call.0[1..]).output().map_err(|error| {
        miette!(
            help = "submit runs where jobs are handed to Slurm: on a login node; --dry-run needs no Slurm",
            "failed to start `{name}`: {error}"
        )
    })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = printable::text(said.trim()).into_owned();
    Err(miette!(help = said, "`{name}` refused: {}", printable::text(&call.line())))
}

fn call(words: &[&str]) -> Call {
    Call(words.iter().map(|&word| word.to_owned()).collect())
}

/// The ids of this user's jobs that are queued or running, those of an array as one, with their
/// states.
///
/// # Errors
/// When Slurm does not answer.
pub(crate) fn active_jobs() -> Result<Vec<(u64, String)>> {
    let said = run(&call(&["squeue", "--me", "--noheader", "--array", "--format=%F %T"]))?;
    let job = |line: &str| {
        let (id, state) = line.trim().split_once(' ')?;
        Some((id.parse().ok()?, state.trim().to_owned()))
    };
    Ok(said.lines().filter_map(job).collect())
}

/// The largest number of an array's elements, counted from 1.
pub(crate) fn max_array_size() -> usize {
    let said = run(&call(&["scontrol", "show", "config"])).unwrap_or_default();
    let size = said.lines().find_map(|line| line.trim().strip_prefix("MaxArraySize")?.split_once('='));
    let size = size.and_then(|(_, size)| size.trim().parse().ok());
    size.unwrap_or(USUAL_MAX_ARRAY_SIZE).saturating_sub(1).max(1)
}

/// The kinds of nodes that jobs may be given, as their features tell; none if Slurm does not say.
pub(crate) fn node_kinds() -> Vec<String> {
    let said = run(&call(&["sinfo", "--noheader", "--format=%f"])).unwrap_or_default();
    let kinds: std::collections::BTreeSet<&str> = said.lines().map(str::trim).collect();
    kinds.into_iter().map(|kind| printable::text(kind).into_owned()).collect()
}

/// Cancels jobs, as far as they are there.
pub(crate) fn cancel(ids: &[u64]) {
    let ids = ids.iter().map(u64::to_string);
    let _ = run(&Call(std::iter::once("scancel".to_owned()).chain(ids).collect()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_by_a_shell_as_it_was_put_together() {
        let words = ["sbatch", "--output=a folder/%%/it's", "$HOME", "`id`", "--comment=\n"];
        assert_eq!(shlex::split(&call(&words).line()).unwrap(), words);
    }
}
