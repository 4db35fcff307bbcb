//! The tables of optimizers, `[optimizer]` and `[tuning.also]`.

use std::ops::Range;

use optim::OptimizerConfig;
use optim_python::AnyOptimizer;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::axes::{self, Choice, Variant};
use super::error::Fault;
use super::python;
use super::tables::as_table;
use super::tuning::{self, TuneRange};

/// The ranges of every optimizer.
type Ranges = Vec<Vec<TuneRange>>;

/// The optimizers of a table, and what of each is to be tuned. Settings that are to be tuned have
/// their lowest value.
pub(super) fn read<'i>(
    key: &str,
    table: &Spanned<DeTable<'i>>,
) -> Result<(Vec<Variant<AnyOptimizer>>, Ranges), Fault> {
    if table.get_ref().is_empty() {
        return Err(Fault::new(table.span(), format!("`[{key}]` has no entry, which leaves nothing to run")));
    }
    let (mut variants, mut ranges) = (Vec::new(), Vec::new());
    for (name, settings) in axes::in_order(table.get_ref()) {
        if let Some(table) = python::is_meant(settings) {
            let (own, of_args) = python::read(name, table)?;
            ranges.extend(vec![of_args; own.len()]);
            variants.extend(own);
            continue;
        }
        known_optimizer(name.get_ref(), name.span())?;
        let split = tuning::split(&as_table(name.get_ref(), settings.clone())?)?;
        let tagged = |choice: Choice<'i>| {
            // Externally tagged: `{ adam = { … } }`.
            let span = choice.table.span();
            let inner = Spanned::new(span.clone(), DeValue::Table(choice.table.into_inner()));
            let table = Spanned::new(span, DeTable::from_iter([(name.clone(), inner)]));
            Choice { axes: choice.axes, table }
        };
        let variants_of = |table: &Spanned<DeTable<'i>>| {
            axes::read::<OptimizerConfig>(axes::multiply(table)?.into_iter().map(tagged).collect())
        };
        let own = variants_of(&split.low)?;
        if !split.ranges.is_empty() {
            variants_of(&split.high)?; // whose faults would come late
        }
        ranges.extend(vec![split.ranges; own.len()]);
        variants.extend(own.into_iter().map(|one| one.map(AnyOptimizer::BuiltIn)));
    }
    Ok((variants, ranges))
}

fn known_optimizer(name: &str, span: Range<usize>) -> Result<(), Fault> {
    if OptimizerConfig::NAMES.contains(&name) {
        return Ok(());
    }
    let known: Vec<_> = OptimizerConfig::NAMES.iter().map(|&name| name.to_owned()).collect();
    Err(Fault::unknown(span, "optimizer", name, &known))
}

/// Without `[tuning]` no setting can be tuned.
pub(super) fn no_ranges(optimizer: &Spanned<DeTable<'_>>) -> Result<(), Fault> {
    for (name, settings) in axes::in_order(optimizer.get_ref()) {
        let settings = as_table(name.get_ref(), settings.clone())?;
        let ranges = match python::args(&settings)? {
            Some(args) => tuning::split(&args)?,
            None => tuning::split(&settings)?,
        };
        if let Some(span) = ranges.span {
            return Err(Fault::new(span, "a setting is to be tuned, but there is no `[tuning]`").help(
                "say on what: [tuning] with prompts and seeds that are not tested, such as prompts = [\"apple\", \"bed\"] \
                 and seeds = { per_prompt = 1, from = 1_000_000 }",
            ));
        }
    }
    Ok(())
}
