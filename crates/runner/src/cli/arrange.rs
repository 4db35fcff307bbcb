use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory, Error, Parser};
use records::{nearest, suggestion};

use super::Cli;

/// A word for running an experiment, which may be left out.
const RUN: &str = "run";

/// The command line.
///
/// Options that concern every command may stand before it, and `run` before an experiment.
///
/// # Errors
/// When an argument is wrong, or the help or the version is asked for.
pub fn parse() -> Result<Cli, Error> {
    read(std::env::args_os().collect())
}

fn read(arguments: Vec<OsString>) -> Result<Cli, Error> {
    let command = Cli::command();
    let arguments = arranged(&command, arguments)?;
    Cli::try_parse_from(&arguments).map_err(|error| in_order(&command, &arguments, error))
}

/// The error of arguments of which one is out of place, in words that tell the order.
fn in_order(command: &Command, arguments: &[OsString], error: Error) -> Error {
    let kind = error.kind();
    if !matches!(kind, ErrorKind::UnknownArgument | ErrorKind::ArgumentConflict) {
        return error;
    }
    if let Some(name) = late_command(command, arguments) {
        let message = format!("`{name}` must come before its arguments: runner {name} …");
        return Cli::command().error(ErrorKind::UnknownArgument, message);
    }
    // clap takes a second argument for a command.
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(second)) if kind == ErrorKind::ArgumentConflict => {
            let message = format!("unexpected argument `{second}`: one experiment is run at a time");
            Cli::command().error(ErrorKind::UnknownArgument, message)
        }
        _ => error,
    }
}

/// The arguments with the command first.
fn arranged(command: &Command, arguments: Vec<OsString>) -> Result<Vec<OsString>, Error> {
    let before = leading_globals(command, &arguments);
    let Some(first) = arguments.get(before).and_then(|first| first.to_str()) else { return Ok(arguments) };
    let (globals, rest) = (&arguments[1..before], &arguments[before + 1..]);
    let program = arguments[..1].iter();
    if first == RUN {
        return Ok(program.chain(globals).chain(rest).cloned().collect());
    }
    if first == "help" {
        let help = [OsString::from(if rest.first().is_some_and(|of| of == RUN) { "--help" } else { "help" })];
        let rest = rest.iter().filter(|of| *of != RUN);
        return Ok(program.chain(&help).chain(rest).cloned().collect());
    }
    if names(command).iter().any(|name| name == first) {
        return Ok(program.chain(&arguments[before..=before]).chain(globals).chain(rest).cloned().collect());
    }
    let plain = !first.is_empty() && !first.starts_with('-') && !first.contains(['.', '/', '\\']);
    let mut known = names(command);
    known.push(RUN.to_owned());
    if plain && !Path::new(first).exists() && nearest(first, &known).is_some() {
        let message = format!("there is no command or experiment `{first}`: {}", suggestion(first, &known));
        return Err(Cli::command().error(ErrorKind::InvalidSubcommand, message));
    }
    Ok(arguments)
}

/// The index of the first argument that is no option of every command.
fn leading_globals(command: &Command, arguments: &[OsString]) -> usize {
    let mut index = 1;
    while let Some(argument) = arguments.get(index).and_then(|argument| argument.to_str()) {
        match global(command, argument) {
            Some(values) => index += 1 + values,
            None => break,
        }
    }
    index.min(arguments.len())
}

/// The number of arguments that an option of every command takes; `None` for anything else.
fn global(command: &Command, argument: &str) -> Option<usize> {
    let options = || command.get_arguments().filter(|option| option.is_global_set());
    if let Some(long) = argument.strip_prefix("--") {
        let (name, value) = long.split_once('=').map_or((long, None), |(name, value)| (name, Some(value)));
        let option = options().find(|option| option.get_long() == Some(name))?;
        return Some(usize::from(option.get_action().takes_values() && value.is_none()));
    }
    let shorts = argument.strip_prefix('-').filter(|shorts| !shorts.is_empty())?;
    let flag = |short| {
        options().any(|option| option.get_short() == Some(short) && !option.get_action().takes_values())
    };
    shorts.chars().all(flag).then_some(0)
}

fn names(command: &Command) -> Vec<String> {
    command.get_subcommands().map(|one| one.get_name().to_owned()).collect()
}

/// A command that stands after other arguments.
fn late_command(command: &Command, arguments: &[OsString]) -> Option<String> {
    let names = names(command);
    let late =
        arguments.iter().skip(2).find_map(|argument| names.iter().find(|name| argument == name.as_str()));
    late.cloned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli;

    fn given(line: &str) -> Result<Cli, String> {
        let arguments = ["runner"].into_iter().chain(line.split_whitespace());
        read(arguments.map(OsString::from).collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn options_of_every_command_may_stand_before_it() {
        let plan = given("-vv --weights W plan x.toml").unwrap();
        assert!(matches!(plan.command, Some(cli::Command::Plan { .. })));
        assert_eq!((plan.global.verbose, plan.global.weights.to_str()), (2, Some("W")));
        let list = given("--weights=W weights list").unwrap();
        assert!(matches!(list.command, Some(cli::Command::Weights(cli::WeightsCommand::List))));
        assert_eq!(list.global.weights.to_str(), Some("W"));
        assert!(given("--quiet report R").unwrap().global.quiet);
        assert!(given("report R --quiet").unwrap().global.quiet);
        assert!(given("-v -q plan x.toml").unwrap_err().contains("cannot be used with"));
    }

    #[test]
    fn run_may_be_said() {
        for line in
            ["run x.toml --only a/*", "x.toml --only a/*", "-q run x.toml", "--only a/* x.toml", "-q x.toml"]
        {
            let ran = given(line).unwrap();
            assert!(ran.command.is_none(), "{line}");
            assert_eq!(ran.plan.unwrap().experiment.to_str(), Some("x.toml"), "{line}");
        }
        assert!(given("run").unwrap_err().contains("EXPERIMENT.toml"));
        assert!(given("help run").unwrap_err().contains("--shard"));
        assert!(given("run --help").unwrap_err().contains("--shard"));
        assert!(given("help weights").unwrap_err().contains("verify"));
    }

    #[test]
    fn mistyped_and_late_commands_are_told() {
        for (line, meant) in
            [("paln x.toml", "plan"), ("reprot R", "report"), ("Plan x", "plan"), ("Run x", "run")]
        {
            let said = given(line).unwrap_err();
            assert!(said.contains(&format!("did you mean `{meant}`?")), "{line}: {said}");
        }
        let said = given("--only a plan x.toml").unwrap_err();
        assert!(said.contains("`plan` must come before its arguments"), "{said}");
        let said = given("x.toml y.toml").unwrap_err();
        assert!(said.contains("unexpected argument `y.toml`"), "{said}");
    }

    proptest! {
        #[test]
        fn any_arguments_are_a_command_or_an_error(
            arguments in proptest::collection::vec(prop_oneof![
                any::<String>(), Just("plan".to_owned()), Just("-v".to_owned()), Just("--weights".to_owned()),
                Just("run".to_owned()), Just("help".to_owned()), Just("--".to_owned()), Just("x.toml".to_owned()),
            ], 0..6),
        ) {
            let arguments = ["runner".to_owned()].into_iter().chain(arguments).map(OsString::from);
            let _ = read(arguments.collect()).map_err(|error| error.to_string());
        }
    }
}
