//! Figures in which every cell is a sign: a panel for each prompt, a look for each optimizer.

use super::DrawError;
use super::chart::{Axes, Line, Stem};
use super::curve::Curve;
use super::curves::{Drawing, looks};
use super::figure::{Layout, figure};
use super::text::{bold, fit};
use crate::cosine::Cosines;
use crate::stats::spearman;
use crate::study::{Cell, Study};

/// Two quantities of a sign.
type Pair = fn(&Stem) -> (f64, f64);

/// What such a figure shows.
pub(super) struct Scatter {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) caption: &'static str,
    pub(super) x_title: fn(Cosines) -> String,
    pub(super) y_title: &'static str,
    /// Where a cell's sign is, and where its stem ends; nothing for a cell that has none.
    pub(super) stem: fn(&Cell) -> Option<Stem>,
    /// The two quantities whose rank correlation each panel tells, if any.
    pub(super) correlated: Option<Pair>,
}

impl Scatter {
    /// The figure; nothing if no cell has a sign.
    pub(super) fn draw(&self, study: &Study) -> Result<Option<Drawing>, DrawError> {
        let panels: Vec<_> = (0..study.prompts.len())
            .filter(|&prompt| self.stems(study, prompt).next().is_some())
            .map(|prompt| (Some(self.heading(study, prompt)), self.lines(study, prompt)))
            .collect();
        let Some(axes) = self.axes(Cosines::of(&study.cells), &panels) else { return Ok(None) };
        let used = |optimizer: &usize| {
            study.cells.iter().any(|cell| cell.optimizer == *optimizer && (self.stem)(cell).is_some())
        };
        let legend = (0..study.optimizers.len())
            .filter(used)
            .map(|n| (looks(study)[n], study.optimizers[n].clone()))
            .collect();
        let layout = Layout {
            title: self.title,
            subtitle: &study.subtitle(),
            caption: self.caption,
            axes,
            panels,
            legend,
        };
        let (svg, size) = figure(&layout)?;
        Ok(Some(Drawing { name: self.name.to_owned(), title: self.title.to_owned(), svg, size }))
    }

    /// The prompt, with the rank correlation where one is told.
    fn heading(&self, study: &Study, prompt: usize) -> String {
        let name = &study.prompts[prompt].text;
        let Some(correlated) = self.correlated else { return name.clone() };
        let (a, b): (Vec<f64>, Vec<f64>) =
            self.stems(study, prompt).map(|(_, stem)| correlated(&stem)).unzip();
        let name = fit(name, &bold(17), 150); // so that the correlation has room
        match spearman(&a, &b) {
            Some(correlation) => format!("{name} (rank correlation {correlation:.2})").replace('-', "−"),
            None => name,
        }
    }

    /// The signs of a prompt's cells, with their optimizers.
    fn stems(&self, study: &Study, prompt: usize) -> impl Iterator<Item = (usize, Stem)> {
        let cells = study.cells.iter().filter(move |cell| study.rows[cell.row].prompt == prompt);
        cells.filter_map(|cell| (self.stem)(cell).map(|stem| (cell.optimizer, stem)))
    }

    fn lines(&self, study: &Study, prompt: usize) -> Vec<Line> {
        let stems = |optimizer: usize| {
            let of_optimizer = self.stems(study, prompt).filter(move |(of, _)| *of == optimizer);
            of_optimizer.map(|(_, stem)| stem).collect()
        };
        let looks = looks(study).into_iter().enumerate();
        looks
            .map(|(optimizer, look)| Line { look, curve: Curve::default(), stems: stems(optimizer) })
            .collect()
    }

    fn axes(&self, cosines: Cosines, panels: &[(Option<String>, Vec<Line>)]) -> Option<Axes> {
        let lines = panels.iter().flat_map(|(_, lines)| lines);
        let stems: Vec<&Stem> = lines.flat_map(|line| &line.stems).collect();
        Some(Axes {
            x_title: (self.x_title)(cosines),
            y_title: self.y_title.to_owned(),
            x: range(stems.iter().flat_map(|stem| [stem.x, stem.end.0]))?,
            y: range(stems.iter().flat_map(|stem| [stem.y, stem.end.1]))?,
        })
    }
}

fn range(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let (low, high) = (values.clone().reduce(f64::min)?, values.reduce(f64::max)?);
    let room = ((high - low) * 0.08).max(1e-3);
    Some((low - room, high + room))
}
