//! The number of cells of a grid, told from its lists before anything of it is made.

use std::fmt;
use std::ops::Range;

use records::counted;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Fault;

/// Cells above which a grid is refused. Even with two seconds for each, so many take more than two
/// days.
const MOST: u128 = 100_000;

/// A list of values, by the name of its setting.
struct List {
    name: String,
    span: Range<usize>,
    length: usize,
}

/// Refuses a grid that nobody can compute, with the lengths of its lists.
pub(super) fn check(table: &DeTable<'_>) -> Result<(), Fault> {
    let mut lists = Vec::new();
    let own = |name| table.get(name).map_or(1, |value| length(name, value, &mut Vec::new()));
    let (prompts, seeds) = (own("prompts"), own("seeds"));
    let seeds = per_prompt(table).unwrap_or(seeds);
    for name in ["prompts", "seeds"] {
        if let Some(value) = table.get(name) {
            length(name, value, &mut lists);
        }
    }
    let dreams = inner(table, "dream").map_or(1, |dream| product("", dream, &mut lists));
    let optimizers = inner(table, "optimizer").map_or(1, |optimizers| {
        let settings = optimizers.iter().map(|(name, value)| match value.get_ref() {
            DeValue::Table(settings) => {
                let (prefix, args) = (format!("{}.", name.get_ref()), inner(settings, "args"));
                let of_args = args.map_or(1, |args| product(&prefix, args, &mut lists));
                product(&prefix, settings, &mut lists).saturating_mul(of_args)
            }
            _ => 1,
        });
        settings.fold(0_u128, u128::saturating_add)
    });
    let cells = [prompts, seeds, dreams, optimizers].into_iter().fold(1, u128::saturating_mul);
    if cells <= MOST {
        return Ok(());
    }
    lists.retain(|list| list.length > 1);
    lists.sort_by_key(|list| std::cmp::Reverse(list.length));
    let lengths = lists.iter().take(8).map(|list| format!("{} {}", list.name, grouped(list.length as u128)));
    let mut lengths = lengths.collect::<Vec<_>>().join(", ");
    if lists.len() > 8 {
        lengths += ", …";
    }
    let parts =
        [(prompts, "prompt"), (optimizers, "optimizer setting"), (dreams, "dream setting"), (seeds, "seed")];
    let parts = parts.map(|(count, what)| counted(Grouped(count), what));
    let message = format!("the grid has {} cells: at most {} can be planned", grouped(cells), grouped(MOST));
    let span = lists.first().map_or(0..0, |list| list.span.clone());
    let fault = lists.iter().skip(1).take(4).fold(Fault::new(span, message), |fault, list| {
        fault.and(list.span.clone(), format!("{} values", grouped(list.length as u128)))
    });
    Err(fault
        .help(format!("{} (lists: {lengths}); shorten a list, or split the experiment", parts.join(" × "))))
}

fn inner<'t, 'i>(table: &'t DeTable<'i>, name: &str) -> Option<&'t DeTable<'i>> {
    table.get(name)?.get_ref().as_table()
}

fn product(prefix: &str, settings: &DeTable<'_>, lists: &mut Vec<List>) -> u128 {
    let lengths =
        settings.iter().map(|(name, value)| length(&format!("{prefix}{}", name.get_ref()), value, lists));
    lengths.fold(1, u128::saturating_mul)
}

fn length(name: &str, value: &Spanned<DeValue<'_>>, lists: &mut Vec<List>) -> u128 {
    let Some(list) = value.get_ref().as_array() else { return 1 };
    lists.push(List { name: name.to_owned(), span: value.span(), length: list.len() });
    list.len().max(1) as u128 // an empty list has an error of its own
}

/// The seeds of each prompt, where it has seeds of its own.
fn per_prompt(table: &DeTable<'_>) -> Option<u128> {
    let DeValue::Integer(count) = inner(table, "seeds")?.get("per_prompt")?.get_ref() else { return None };
    u128::from_str_radix(count.as_str(), count.radix()).ok()
}

/// A number that is written with its thousands apart: `10,000,000`.
#[derive(Clone, Copy, PartialEq)]
struct Grouped(u128);

impl From<u8> for Grouped {
    fn from(number: u8) -> Self {
        Self(u128::from(number))
    }
}

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&grouped(self.0))
    }
}

fn grouped(number: u128) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
