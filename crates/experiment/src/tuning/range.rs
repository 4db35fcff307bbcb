use std::borrow::Cow;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::choose::Edge;
use crate::error::Fault;

/// Values of a setting to choose from, all above 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TuneRange {
    /// The setting.
    pub setting: String,
    /// The least value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
}

impl TuneRange {
    /// The value beyond `edge`, at the ratio that the neighbors of `points` values have.
    pub(super) fn beyond(&self, edge: Edge, value: f64, points: usize) -> f64 {
        let ratio = (self.high / self.low).powf(1.0 / (points.max(2) - 1) as f64);
        match edge {
            Edge::Low => rounded(value / ratio, ratio),
            Edge::High => rounded(value * ratio, ratio),
        }
    }
}

/// With as few digits as leave neighbors at a ratio of `ratio` well apart: three for most.
pub(super) fn rounded(value: f64, ratio: f64) -> f64 {
    let digits = if 1.05 < ratio { 2 } else { 6 };
    format!("{value:.digits$e}").parse().unwrap_or(value)
}

/// A table of settings in which no range is left, with their low ends, with their high ends, and
/// the ranges.
pub(crate) struct Split<'i> {
    pub(crate) low: Spanned<DeTable<'i>>,
    pub(crate) high: Spanned<DeTable<'i>>,
    pub(crate) ranges: Vec<TuneRange>,
    /// The place of the first range.
    pub(crate) span: Option<Range<usize>>,
}

/// Takes the ranges, such as `lr = { tune = [0.005, 0.5] }`, out of an optimizer's settings.
pub(crate) fn split<'i>(table: &Spanned<DeTable<'i>>) -> Result<Split<'i>, Fault> {
    let mut split = Split { low: table.clone(), high: table.clone(), ranges: Vec::new(), span: None };
    for (key, value) in crate::axes::in_order(table.get_ref()) {
        let DeValue::Table(inner) = value.get_ref() else { continue };
        let Some(tune) = inner.get("tune") else { continue };
        let name: Cow<'i, str> = key.get_ref().clone();
        let ends = ends(&name, value)?;
        let [low, high] = ends.each_ref().map(|end| *end.get_ref());
        let written = tune.get_ref().as_array().into_iter().flatten();
        for (table, end) in [&mut split.low, &mut split.high].into_iter().zip(written) {
            table.get_mut().insert(key.clone(), end.clone());
        }
        split.ranges.push(TuneRange { setting: name.into_owned(), low, high });
        split.span.get_or_insert(value.span());
    }
    Ok(split)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    tune: Spanned<Vec<Spanned<f64>>>,
}

fn ends(setting: &str, value: &Spanned<DeValue<'_>>) -> Result<[Spanned<f64>; 2], Fault> {
    let Entry { tune } = Entry::deserialize(ValueDeserializer::from(value.clone()))?;
    let written =
        format!("write {setting} = {{ tune = [LOW, HIGH] }}, with two numbers above 0, the lower first");
    let refused = |message: &str| Fault::new(tune.span(), format!("`{setting}`: {message}")).help(written);
    let [low, high] = tune.get_ref().as_slice() else {
        return Err(refused("a range to tune has two ends"));
    };
    let (l, h) = (*low.get_ref(), *high.get_ref());
    if !(0.0 < l && l < h && h.is_finite()) {
        return Err(refused("a range to tune goes from a number above 0 to a larger one"));
    }
    Ok([low.clone(), high.clone()])
}
