//! The forest of leads: how far each optimizer is behind the first, with its interval.

use serde::Serialize;

use crate::analysis::{Place, Verdict, interval};
use crate::draw::span::label;

/// Optimizers that have a row; the ranking below has all of them.
const ROWS: usize = 16;
/// With more prompts than this their differences are not shown one by one.
const DOTS: usize = 40;
/// Height of a row, room for the names, width of the panel and of the numbers, in units of the
/// drawing.
const ROW: f64 = 25.0;
const NAMES: f64 = 104.0;
const PANEL: f64 = 196.0;
const NUMBERS: f64 = 100.0;
/// Letters of a name that have room.
const LETTERS: usize = 15;

/// A drawing in units of the page's own SVG.
#[derive(Serialize)]
pub(super) struct Forest {
    first: String,
    width: f64,
    height: f64,
    /// Bottom of the rows, and the place of no difference.
    bottom: f64,
    zero: f64,
    /// Left and right end of the panel.
    panel: (f64, f64),
    rows: Vec<Row>,
    /// Places and words below the panel.
    ticks: Vec<(f64, String)>,
    more: usize,
    /// True if each prompt has a dot.
    dots: bool,
    /// True if intervals are known.
    intervals: bool,
}

#[derive(Serialize)]
struct Row {
    name: String,
    short: String,
    y: f64,
    mean: f64,
    words: String,
    ends: Option<(f64, f64)>,
    dots: Vec<f64>,
    may_be_best: bool,
}

impl Forest {
    /// The forest; nothing where there are not two to compare.
    pub(super) fn of(verdict: &Verdict) -> Option<Self> {
        let first = verdict.places.first()?;
        let table = verdict.scores.table();
        let dots = table.len() <= DOTS && 1 < table.len();
        let behind = |place: &Place| -> Vec<f64> {
            if !dots {
                return Vec::new();
            }
            table.iter().map(|block| block[first.column] - block[place.column]).collect()
        };
        let shown: Vec<_> = verdict.places.iter().skip(1).take(ROWS).collect();
        let values: Vec<f64> = shown.iter().flat_map(|place| extent(place, &behind(place))).collect();
        let scale = Scale::of(&values)?;
        let row = |(n, place): (usize, &&Place)| row(place, &behind(place), n, &scale);
        let rows: Vec<Row> = shown.iter().enumerate().filter_map(row).collect();
        let bottom = ROW * rows.len() as f64 + 6.0;
        Some(Self {
            first: first.name.clone(),
            width: NAMES + PANEL + NUMBERS,
            height: bottom + 40.0,
            bottom,
            zero: scale.at(0.0),
            panel: (NAMES, NAMES + PANEL),
            ticks: scale.ticks(),
            more: verdict.places.len() - 1 - shown.len(),
            dots,
            intervals: rows.iter().any(|row| row.ends.is_some()),
            rows,
        })
    }
}

/// The numbers of a row.
fn extent(place: &Place, dots: &[f64]) -> Vec<f64> {
    let ends = place.behind.map(|pair| [pair.difference, pair.interval.0, pair.interval.1]);
    ends.into_iter().flatten().chain(dots.iter().copied()).filter(|value| value.is_finite()).collect()
}

fn row(place: &Place, dots: &[f64], n: usize, scale: &Scale) -> Option<Row> {
    let pair = place.behind?;
    let known = pair.interval.0.is_finite() && pair.interval.1.is_finite();
    let mean = format!("{:.2}", pair.difference).replace('-', "−");
    Some(Row {
        name: place.name.clone(),
        short: short(&place.name),
        y: ROW * (n as f64 + 0.5) + 3.0,
        mean: scale.at(pair.difference),
        words: interval(pair.interval).map_or(mean.clone(), |interval| format!("{mean} ({interval})")),
        ends: known.then(|| (scale.at(pair.interval.0), scale.at(pair.interval.1))),
        dots: dots.iter().map(|&dot| scale.at(dot)).collect(),
        may_be_best: place.may_be_best,
    })
}

fn short(name: &str) -> String {
    if name.chars().count() <= LETTERS {
        return name.to_owned();
    }
    name.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// From differences to places in the panel.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(values: &[f64]) -> Option<Self> {
        let (low, high) =
            values.iter().fold((0.0_f64, 0.0_f64), |(low, high), v| (low.min(*v), high.max(*v)));
        let room = ((high - low) * 0.05).max(1e-3);
        (!values.is_empty()).then_some(Self { low: low - room, high: high + room })
    }

    /// Rounded, so that the page holds no digits that nobody sees.
    fn at(&self, value: f64) -> f64 {
        let place = NAMES + PANEL * (value - self.low) / (self.high - self.low);
        (place * 10.0).round() / 10.0
    }

    /// About four round numbers.
    fn ticks(&self) -> Vec<(f64, String)> {
        let rough = (self.high - self.low) / 4.0;
        let power = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|n| n * power).into_iter().find(|step| rough <= *step);
        let step = step.unwrap_or(10.0 * power);
        let (from, to) = ((self.low / step).ceil() as i64, (self.high / step).floor() as i64);
        let span = (0.0, 5.0 * step);
        let tick = |n: i64| (self.at(n as f64 * step), label(n as f64 * step, span));
        (from..=to).map(tick).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_and_every_value_have_their_place_in_the_panel() {
        for values in [vec![0.0], vec![-1e-9], vec![0.3, 12.0], vec![-4.0, -2.0], vec![1e90, -1e90]] {
            let scale = Scale::of(&values).unwrap();
            for value in values.into_iter().chain([0.0]) {
                assert!((NAMES..=NAMES + PANEL).contains(&scale.at(value)), "{value}");
            }
            assert!((2..=9).contains(&scale.ticks().len()), "{:?}", scale.ticks());
        }
    }

    #[test]
    fn a_long_name_is_cut_between_letters() {
        assert_eq!(short("自転車に乗る猫自転車に乗る猫自転車"), "自転車に乗る猫自転車に乗る猫…");
        assert_eq!(short("adam"), "adam");
    }
}
