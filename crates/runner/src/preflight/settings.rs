use std::collections::BTreeSet;

use toml::de::DeValue;

use super::{Fault, Places, Preflight};

/// Checks settings of dreams that only the models limit; `classes` is the number of the
/// generator's.
pub(super) fn check(
    preflight: &Preflight<'_>,
    classes: Option<i64>,
    places: &Places<'_>,
    faults: &mut Vec<Fault>,
) {
    let Some(classes) = classes else { return };
    let wanted: BTreeSet<u32> = preflight.cells.iter().filter_map(|cell| cell.dream.max_classes).collect();
    for max_classes in wanted.into_iter().filter(|&max_classes| i64::from(max_classes) > classes) {
        let is = |value: &DeValue<'_>| matches!(value, DeValue::Integer(n) if n.as_str().replace('_', "") == max_classes.to_string());
        let place = places.choice(&["dream", "max_classes"], is);
        let key = place.as_ref().map_or("dream.max_classes", |(key, _)| key);
        let fault = Fault::new(format!(
            "{key}: max_classes is {max_classes}, but must be at most {classes}, the number of the generator's classes"
        ));
        faults.push(fault.at(place.map(|(_, span)| span), "here"));
    }
}
