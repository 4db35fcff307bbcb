//! The comparison for the terminal; its tables are Markdown, to be pasted.

use std::fmt::{self, Display, Formatter};

use comfy_table::CellAlignment;
use printable::line;
use records::counted;

use super::optimizers::ENOUGH;
use super::{CellPair, Comparison, Difference, OptimizerPair, Side};
use crate::published::signed;
use crate::tables::{escaped, markdown_table};

/// More than this is not listed one by one.
const LISTED: usize = 8;

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let sections = [
            self.head(),
            listed("Environments that differ", &self.environment, self.cells.len()),
            listed("Settings that differ", &self.settings, self.cells.len()),
            format!("Similarity: 100 × cosine of the final image with its class name\n\n{}", self.table()),
            self.means(),
            self.ended_differently(),
            self.images(),
        ];
        let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
        write!(f, "{}", sections.join("\n\n"))
    }
}

impl Comparison {
    fn head(&self) -> String {
        let side = |name: &str, Side { folder, experiment, model_set, finished, planned, .. }: &Side| {
            let [folder, experiment, model_set] = [folder, experiment, model_set].map(|name| line(name));
            let planned = counted(*planned, "cell");
            format!("{name} {folder}: {experiment}, model set {model_set}, {finished} of {planned} finished")
        };
        let mut head = format!("{}\n{}", side("left  ", &self.left), side("right ", &self.right));
        head += &format!("\n{} in both", counted(self.cells.len(), "cell"));
        for (name, only) in [("left", &self.only_left), ("right", &self.only_right)] {
            if !only.is_empty() {
                head += &format!("\nonly {name}: {}", some(only));
            }
        }
        for (name, Side { unreadable, .. }) in [("left", &self.left), ("right", &self.right)] {
            for what in unreadable.iter().take(LISTED) {
                head += &format!("\nunreadable, {name}: {what}");
            }
            if LISTED < unreadable.len() {
                head += &format!("\nunreadable, {name}: {} more", unreadable.len() - LISTED);
            }
        }
        head
    }

    fn table(&self) -> String {
        let row = |pair: &CellPair| {
            let shown = |state: &super::State| {
                state
                    .similarity
                    .map_or_else(|| escaped(&state.status), |similarity| format!("{similarity:.2}"))
            };
            let image = match pair.same_image {
                Some(true) => "same",
                Some(false) => "differs",
                None => "—",
            };
            let difference = pair.difference.map_or("—".to_owned(), signed);
            vec![escaped(&pair.cell), shown(&pair.left), shown(&pair.right), difference, image.to_owned()]
        };
        let header = ["cell", "left", "right", "difference", "image"].map(str::to_owned);
        let right = CellAlignment::Right;
        let alignment = [CellAlignment::Left, right, right, right, CellAlignment::Left];
        markdown_table(&header, self.cells.iter().map(row), &alignment)
    }

    fn means(&self) -> String {
        if self.optimizers.is_empty() {
            return "No cell finished in both runs.".to_owned();
        }
        let row = |pair: &OptimizerPair| {
            let interval = pair
                .interval
                .map_or("—".to_owned(), |(low, high)| format!("{} to {}", signed(low), signed(high)));
            let mean = |mean: f64| format!("{mean:.2}");
            let count = pair.cells.to_string();
            vec![
                escaped(&pair.optimizer),
                count,
                mean(pair.left),
                mean(pair.right),
                signed(pair.difference),
                interval,
            ]
        };
        let header =
            ["optimizer", "cells", "left", "right", "difference", "95 % interval"].map(str::to_owned);
        let mut alignment = [CellAlignment::Right; 6];
        alignment[0] = CellAlignment::Left;
        let table = markdown_table(&header, self.optimizers.iter().map(row), &alignment);
        let few = self.optimizers.iter().any(|pair| pair.interval.is_none());
        let note = if few { format!("; below {ENOUGH} prompts there is none") } else { String::new() };
        format!(
            "Means over the cells that both finished\n\n{table}\n\n\
             Intervals (by sign flips): prompts are the units, and the runs of a prompt are averaged{note}."
        )
    }

    fn ended_differently(&self) -> String {
        let differs = self.cells.iter().filter(|pair| pair.left.status != pair.right.status);
        let lines: Vec<String> = differs
            .map(|pair| {
                let [cell, left, right] =
                    [&pair.cell, &pair.left.status, &pair.right.status].map(|name| line(name));
                format!("\n  {cell}: {left} → {right}")
            })
            .collect();
        if lines.is_empty() { String::new() } else { format!("Ended differently{}", lines.concat()) }
    }

    fn images(&self) -> String {
        let both = self.cells.iter().filter_map(|pair| pair.same_image);
        let (same, all) = both.fold((0, 0), |(same, all), one| (same + usize::from(one), all + 1));
        match all {
            0 => String::new(),
            all => format!("Byte-identical images: {same} of {all}"),
        }
    }
}

/// Differences as `name: left → right`, with the cells that they are about unless it is all `of`
/// them.
fn listed(title: &str, differences: &[Difference], of: usize) -> String {
    if differences.is_empty() {
        return String::new();
    }
    let value = |value: &Option<String>| line(value.as_deref().unwrap_or("(not set)")).into_owned();
    let lines = differences.iter().map(|difference| {
        let cells = match difference.cells.len() {
            0 => String::new(),
            all if all == of => format!(" (all {})", counted(all, "cell")),
            _ => format!(" ({})", some(&difference.cells)),
        };
        format!(
            "\n  {}: {} → {}{cells}",
            line(&difference.name),
            value(&difference.left),
            value(&difference.right)
        )
    });
    format!("{title}{}", lines.collect::<String>())
}

/// The first of `names`, and how many more there are.
fn some(names: &[String]) -> String {
    let shown = names.iter().take(LISTED).map(|name| line(name)).collect::<Vec<_>>().join(", ");
    if names.len() <= LISTED { shown } else { format!("{shown} and {} more", names.len() - LISTED) }
}
