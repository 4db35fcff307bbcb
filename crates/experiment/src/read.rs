use std::ops::Range;

use bigsleep::DreamSettings;
use optim::OptimizerConfig;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::axes::{self, Choice, Variant};
use super::error::Fault;
use super::layers::Layers;
use super::seeds::SeedsEntry;
use super::words::in_words;
use super::{Experiment, check, count, exclude, format};

/// An experiment out of its layers' common table.
pub(super) fn experiment(table: &Spanned<DeTable<'_>>) -> Result<Experiment, Fault> {
    let mut head = table.clone();
    let dream = take_table(&mut head, "dream")?;
    let optimizer = take_table(&mut head, "optimizer")?;
    let head = format::Head::deserialize(Deserializer::from(head))?;

    let Some(optimizer) = optimizer else {
        return Err(Fault::new(0..0, "the table `[optimizer]` is missing")
            .help("it has one entry per optimizer, such as `adam = { lr = 0.05 }`"));
    };
    count::check(table.get_ref())?;
    let dreams = dreams(dream)?;
    let optimizers = optimizers(&optimizer)?;
    let prompts = check::prompts(&head)?;
    let template = check::template(&head.template)?;
    Ok(Experiment {
        name: check::name(&head.name)?,
        models: check::models(&head.models)?,
        seeds: SeedsEntry::read(&head.seeds, prompts.len())?,
        evaluation: head.evaluation.read(&template)?,
        template,
        exclude: exclude::read(&head.exclude, &prompts, &optimizers, &dreams)?,
        prompts,
        optimizers,
        dreams,
        published: head.published,
        text: String::new(), // known to the layers
        layers: Layers::new("", ""),
    })
}

fn take_table<'i>(
    table: &mut Spanned<DeTable<'i>>,
    name: &str,
) -> Result<Option<Spanned<DeTable<'i>>>, Fault> {
    table.get_mut().remove(name).map(|value| as_table(name, value)).transpose()
}

fn as_table<'i>(name: &str, value: Spanned<DeValue<'i>>) -> Result<Spanned<DeTable<'i>>, Fault> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Ok(Spanned::new(span, table)),
        other => Err(Fault::new(span, format!("`{name}` is a table of settings, not {}", in_words(&other)))),
    }
}

fn dreams(table: Option<Spanned<DeTable<'_>>>) -> Result<Vec<Variant<DreamSettings>>, Fault> {
    let table = table.unwrap_or_else(|| Spanned::new(0..0, DeTable::new()));
    axes::read(axes::multiply(&table)?)
}

fn optimizers<'i>(table: &Spanned<DeTable<'i>>) -> Result<Vec<Variant<OptimizerConfig>>, Fault> {
    if table.get_ref().is_empty() {
        return Err(Fault::new(table.span(), "`[optimizer]` has no entry, which leaves nothing to run"));
    }
    let mut variants = Vec::new();
    for (name, settings) in axes::in_order(table.get_ref()) {
        known_optimizer(name.get_ref(), name.span())?;
        let settings = as_table(name.get_ref(), settings.clone())?;
        let tagged = |choice: Choice<'i>| {
            // Externally tagged: `{ adam = { … } }`.
            let span = choice.table.span();
            let inner = Spanned::new(span.clone(), DeValue::Table(choice.table.into_inner()));
            let table = Spanned::new(span, DeTable::from_iter([(name.clone(), inner)]));
            Choice { axes: choice.axes, table }
        };
        variants.extend(axes::read(axes::multiply(&settings)?.into_iter().map(tagged).collect())?);
    }
    Ok(variants)
}

fn known_optimizer(name: &str, span: Range<usize>) -> Result<(), Fault> {
    if OptimizerConfig::NAMES.contains(&name) {
        return Ok(());
    }
    let known: Vec<_> = OptimizerConfig::NAMES.iter().map(|&name| name.to_owned()).collect();
    Err(Fault::unknown(span, "optimizer", name, &known))
}
