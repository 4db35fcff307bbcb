//! Our similarities beside published ones.

use records::{PublishedRow, PublishedTable};

use super::standing::standing;
use crate::group::Group;
use crate::study::{Row, Study};
use statistics::{Kendall, kendall, mean};

/// The part of the grid that there are published figures for.
#[derive(Debug)]
pub(crate) struct PublishedComparison {
    /// Source of the published figures.
    pub(crate) source: String,
    /// The settings that they were measured with, as far as their table states them.
    settings: toml::Table,
    /// The optimizers of both, in the experiment's order.
    pub(crate) optimizers: Vec<String>,
    /// The rows of both, in the experiment's order.
    pub(crate) rows: Vec<ComparedRow>,
    /// The mean of the rows, for optimizers that have all of them on both sides.
    pub(crate) means: Vec<Entry>,
    /// Agreement of the optimizers' order by these means.
    pub(crate) order: Option<Kendall>,
    /// Names in the published table that the experiment does not have.
    pub(crate) left_out: Vec<String>,
}

/// A row of both tables.
#[derive(Debug)]
pub(crate) struct ComparedRow {
    /// Index of our row.
    pub(crate) row: usize,
    pub(crate) entries: Vec<Entry>,
    /// Agreement of the optimizers' order in this row.
    pub(crate) order: Option<Kendall>,
}

/// Two figures for the same thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The mean over the seeds; `None` unless all of them finished.
    pub(crate) ours: Option<f64>,
    pub(crate) published: Option<f64>,
}

impl Entry {
    /// Ours less the published.
    pub(crate) fn difference(self) -> Option<f64> {
        self.ours.zip(self.published).map(|(ours, published)| ours - published)
    }
}

impl PublishedComparison {
    /// The study beside the figures that its experiment names, if it names any.
    pub(crate) fn of(study: &Study) -> Option<Self> {
        let table = study.published.as_ref()?;
        let column = |name: &String| table.optimizers.iter().position(|published| published == name);
        let columns: Vec<(usize, usize)> = study
            .optimizers
            .iter()
            .enumerate()
            .filter_map(|(ours, name)| Some((ours, column(name)?)))
            .collect();
        let rows: Vec<ComparedRow> = study
            .rows
            .iter()
            .enumerate()
            .filter_map(|(place, row)| {
                Some(compared_row(study, place, &columns, published_row(study, table, row)?))
            })
            .collect();
        let means: Vec<Entry> = (0..columns.len()).map(|column| column_means(&rows, column)).collect();
        Some(Self {
            source: table.source.clone(),
            settings: table.settings.clone(),
            optimizers: columns.iter().map(|(ours, _)| study.optimizers[*ours].clone()).collect(),
            order: order(&means),
            left_out: left_out(study, table),
            rows,
            means,
        })
    }

    /// Conclusions, in sentences.
    pub(crate) fn words(&self, study: &Study) -> Vec<String> {
        let mut words = vec![standing(study, &self.settings)];
        words.extend(self.distance());
        if let Some(Kendall { tau, agreeing, pairs }) = self.order {
            let tau = signed(tau);
            words.push(format!(
                "The order of the optimizers by their means: Kendall's τ {tau} (1: the same, 0: unrelated, −1: the opposite), {agreeing} of \
                 {pairs} pairs in the same order."
            ));
        }
        if !self.left_out.is_empty() {
            let names = self.left_out.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ");
            words.push(format!("Left out because the experiment has no such names: {names}."));
        }
        words
    }

    /// Distance between the figures.
    fn distance(&self) -> Option<String> {
        let entries = self.rows.iter().flat_map(|row| &row.entries);
        let differences: Vec<f64> = entries.filter_map(|entry| entry.difference()).collect();
        let Some(mean) = mean(&differences) else {
            return Some("No figure is in both tables: there is nothing to compare yet.".to_owned());
        };
        let (least, most) = differences
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), one| (least.min(*one), most.max(*one)));
        let (mean, least, most) = (signed(mean), signed(least), signed(most));
        Some(match differences.len() {
            1 => format!("Ours minus published: {mean}, for one figure."),
            count => {
                format!("Ours minus published: mean {mean} over {count} figures, from {least} to {most}.")
            }
        })
    }
}

/// The published row for a row of ours, which it names by the prompt or else by the class name.
fn published_row<'t>(study: &Study, table: &'t PublishedTable, row: &Row) -> Option<&'t PublishedRow> {
    let prompt = &study.prompts[row.prompt];
    let named = |name: &str| table.rows.iter().find(|row| row.name == name);
    named(&prompt.text).or_else(|| named(&prompt.class_name))
}

fn compared_row(
    study: &Study,
    row: usize,
    columns: &[(usize, usize)],
    published: &PublishedRow,
) -> ComparedRow {
    let entry = |&(ours, column): &(usize, usize)| Entry {
        ours: Group::of(study, row, ours).complete_mean(),
        published: published.figures[column],
    };
    let entries: Vec<Entry> = columns.iter().map(entry).collect();
    ComparedRow { row, order: order(&entries), entries }
}

fn column_means(rows: &[ComparedRow], column: usize) -> Entry {
    let pairs: Option<Vec<(f64, f64)>> =
        rows.iter().map(|row| row.entries[column].ours.zip(row.entries[column].published)).collect();
    let (ours, published): (Vec<f64>, Vec<f64>) = pairs.unwrap_or_default().into_iter().unzip();
    Entry { ours: mean(&ours), published: mean(&published) }
}

fn order(entries: &[Entry]) -> Option<Kendall> {
    let pairs = entries.iter().filter_map(|entry| entry.ours.zip(entry.published));
    let (ours, published): (Vec<f64>, Vec<f64>) = pairs.unzip();
    kendall(&ours, &published)
}

fn left_out(study: &Study, table: &PublishedTable) -> Vec<String> {
    let optimizers = table.optimizers.iter().filter(|name| !study.optimizers.contains(name));
    let known =
        |name: &str| study.prompts.iter().any(|prompt| prompt.text == name || prompt.class_name == name);
    let rows = table.rows.iter().map(|row| &row.name).filter(|name| !known(name));
    optimizers.chain(rows).cloned().collect()
}

/// A number with two decimals and its sign, which nothing has.
pub(crate) fn signed(number: f64) -> String {
    let text = format!("{number:+.2}").replace('-', "−");
    if text.ends_with("0.00") && text.chars().count() == 5 { "0.00".to_owned() } else { text }
}
