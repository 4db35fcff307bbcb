use std::ops::Range;

use experiment::{Experiment, Sources};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Where the values of an experiment stand in its texts.
pub(super) struct Places<'t> {
    table: Option<Spanned<DeTable<'t>>>,
}

impl<'t> Places<'t> {
    pub(super) fn of(experiment: &Experiment, sources: &'t Sources) -> Self {
        Self { table: experiment.placed(sources) }
    }

    /// Of an experiment without a text.
    #[cfg(test)]
    pub(super) fn none() -> Self {
        Self { table: None }
    }

    /// The value of a key, such as `["evaluation", "template"]`.
    pub(super) fn value(&self, path: &[&str]) -> Option<Range<usize>> {
        self.find(path).map(Spanned::span)
    }

    /// The element `index` of a list, or the value itself where it is no list.
    pub(super) fn element(&self, path: &[&str], index: usize) -> Option<Range<usize>> {
        let value = self.find(path)?;
        match value.get_ref() {
            DeValue::Array(list) => list.get(index).map(Spanned::span),
            _ => Some(value.span()),
        }
    }

    /// Key and span of the element of a list for which `is` holds, or of the value itself.
    pub(super) fn choice(
        &self,
        path: &[&str],
        is: impl Fn(&DeValue<'_>) -> bool,
    ) -> Option<(String, Range<usize>)> {
        let value = self.find(path)?;
        let key = path.join(".");
        match value.get_ref() {
            DeValue::Array(list) => {
                let (index, value) = list.iter().enumerate().find(|(_, value)| is(value.get_ref()))?;
                Some((format!("{key}[{index}]"), value.span()))
            }
            one => is(one).then(|| (key, value.span())),
        }
    }

    fn find(&self, path: &[&str]) -> Option<&Spanned<DeValue<'t>>> {
        let (last, tables) = path.split_last()?;
        let mut table = self.table.as_ref()?.get_ref();
        for name in tables {
            let DeValue::Table(inner) = table.get(*name)?.get_ref() else { return None };
            table = inner;
        }
        table.get(*last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_elements_are_found() {
        let text = "prompts = [\"a\", { text = \"b\" }]\n[labels]\n\"St. Paul\" = \"church\"\n[dream]\ncutouts = [4, 8]";
        let places = Places { table: DeTable::parse(text).ok() };
        let shown = |span: Option<Range<usize>>| span.map(|span| &text[span]);
        assert_eq!(shown(places.element(&["prompts"], 1)), Some("{ text = \"b\" }"));
        assert_eq!(shown(places.value(&["labels", "St. Paul"])), Some("\"church\""));
        assert_eq!(shown(places.element(&["dream", "cutouts"], 2)), None);
        assert_eq!(shown(places.value(&["evaluation", "template"])), None);
        let eight = |value: &DeValue<'_>| matches!(value, DeValue::Integer(n) if n.as_str() == "8");
        let (key, span) = places.choice(&["dream", "cutouts"], eight).unwrap();
        assert_eq!((key.as_str(), &text[span]), ("dream.cutouts[1]", "8"));
    }
}
