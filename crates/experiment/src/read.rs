use std::ops::Range;

use bigsleep::DreamSettings;
use optim::OptimizerConfig;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Deserializer};

use super::axes::{self, Choice, Variant};
use super::error::Fault;
use super::{Experiment, check, exclude, format};

/// An experiment out of its text.
pub(super) fn experiment(text: &str) -> Result<Experiment, Fault> {
    let mut table = DeTable::parse(text)?;
    let dream = take_table(&mut table, "dream")?;
    let optimizer = take_table(&mut table, "optimizer")?;
    let head = format::Head::deserialize(Deserializer::from(table))?;

    let Some(optimizer) = optimizer else {
        return Err(Fault::new(0..0, "the table `[optimizer]` is missing")
            .help("it has one entry per optimizer, such as `adam = { lr = 0.05 }`"));
    };
    let dreams = dreams(dream)?;
    let optimizers = optimizers(&optimizer)?;
    let prompts = check::prompts(&head)?;
    let template = check::template(&head.template)?;
    Ok(Experiment {
        name: check::name(&head.name)?,
        models: check::models(&head.models)?,
        seeds: check::seeds(&head.seeds)?,
        evaluation: head.evaluation.read(&template)?,
        template,
        exclude: exclude::read(&head.exclude, &prompts, &optimizers, &dreams)?,
        prompts,
        optimizers,
        dreams,
        published: head.published,
        text: text.to_owned(),
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
        other => {
            let message =
                format!("`{name}` is a table of settings, not {} {}", article(&other), other.type_str());
            Err(Fault::new(span, message))
        }
    }
}

fn article(value: &DeValue<'_>) -> &'static str {
    if matches!(value, DeValue::Integer(_) | DeValue::Array(_)) { "an" } else { "a" }
}

fn dreams(table: Option<Spanned<DeTable<'_>>>) -> Result<Vec<Variant<DreamSettings>>, Fault> {
    let table = table.unwrap_or_else(|| Spanned::new(0..0, DeTable::new()));
    axes::multiply(&table)?.into_iter().map(Choice::read).collect()
}

fn optimizers(table: &Spanned<DeTable<'_>>) -> Result<Vec<Variant<OptimizerConfig>>, Fault> {
    if table.get_ref().is_empty() {
        return Err(Fault::new(table.span(), "`[optimizer]` has no entry, which leaves nothing to run"));
    }
    let mut variants = Vec::new();
    for (name, settings) in axes::in_order(table.get_ref()) {
        known_optimizer(name.get_ref(), name.span())?;
        let settings = as_table(name.get_ref(), settings.clone())?;
        for choice in axes::multiply(&settings)? {
            // Externally tagged: `{ adam = { … } }`.
            let span = choice.table.span();
            let inner = Spanned::new(span.clone(), DeValue::Table(choice.table.into_inner()));
            let tagged = DeTable::from_iter([(name.clone(), inner)]);
            variants.push(Choice { axes: choice.axes, table: Spanned::new(span, tagged) }.read()?);
        }
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
