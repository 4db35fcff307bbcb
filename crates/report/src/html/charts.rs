//! The figures of curves and points, which the page draws itself from their numbers.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::draw::plot::Plot;
use crate::figures::Figures;

/// Numbers of all figures of a page together; one takes about six bytes.
const NUMBERS: usize = 300_000;
/// Figures that are not drawn again: the leads are part of the answer, and the similarity term of
/// the loss is the similarity mirrored.
const ELSEWHERE: [&str; 2] = ["leads", "loss"];
/// The figure with a section of its own.
pub(super) const JUDGE: &str = crate::figures::JUDGE;
/// The figure that is folded, and the title of all its panels together.
const TOTAL: (&str, &str) = ("total-loss", "Total loss");

/// A figure's place on the page.
#[derive(Serialize)]
pub(super) struct Chart {
    name: String,
    title: String,
    caption: String,
    /// Its files without their ending: one for every page or prompt.
    files: Vec<String>,
    /// Shown only when asked for.
    folded: bool,
    /// True if it is a part of the judge's section.
    of_judge: bool,
    #[serde(skip)]
    plot: Plot,
}

/// All figures, each with all its pages.
pub(super) fn charts(figures: &Figures) -> Vec<Chart> {
    let mut charts: Vec<Chart> = Vec::new();
    for figure in &figures.figures {
        let Some(plot) = figure.plot.as_ref().filter(|_| !ELSEWHERE.contains(&&*figure.group)) else {
            continue;
        };
        let mut plot = plot.clone();
        for panel in plot.panels.iter_mut().filter(|panel| panel.heading.is_empty()) {
            panel.heading = figure.prompt.clone().unwrap_or_default();
        }
        match charts.iter_mut().find(|chart| chart.name == figure.group) {
            Some(chart) => {
                chart.plot.append(&plot);
                chart.files.push(figure.name.clone());
            }
            None => charts.push(Chart {
                title: title(&figure.group, &figure.title),
                caption: plot.caption.clone(),
                files: vec![figure.name.clone()],
                folded: figure.group == TOTAL.0,
                of_judge: figure.group == JUDGE,
                name: figure.group.clone(),
                plot,
            }),
        }
    }
    within(NUMBERS, charts)
}

/// The numbers of `charts` by their names.
pub(super) fn numbers(charts: &[Chart]) -> BTreeMap<&str, &Plot> {
    charts.iter().map(|chart| (chart.name.as_str(), &chart.plot)).collect()
}

/// The title without the number of a page.
fn title(group: &str, of_first: &str) -> String {
    if group == TOTAL.0 {
        return TOTAL.1.to_owned();
    }
    let whole = of_first.split(", page 1 of").next().unwrap_or(of_first);
    whole.split(" Page 1 of").next().unwrap_or(whole).to_owned()
}

/// The charts with at most about so many numbers.
fn within(most: usize, mut charts: Vec<Chart>) -> Vec<Chart> {
    for pass in 0..2 {
        let all: usize = charts.iter().map(|chart| chart.plot.size()).sum();
        if all <= most {
            break;
        }
        let share = if pass == 0 { 1.0 } else { most as f64 / all as f64 };
        for chart in &mut charts {
            chart.plot = std::mem::take(&mut chart.plot).thinned(share);
        }
    }
    charts
}
