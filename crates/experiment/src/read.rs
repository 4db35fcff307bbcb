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
use super::tuning::{self, TuneRange};
use super::words::in_words;
use super::{Experiment, check, count, exclude, format};

/// An experiment out of its layers' common table.
pub(super) fn experiment(table: &Spanned<DeTable<'_>>) -> Result<Experiment, Fault> {
    let mut head = table.clone();
    let dream = take_table(&mut head, "dream")?;
    let optimizer = take_table(&mut head, "optimizer")?;
    let tuning = take_table(&mut head, "tuning")?;
    let head = format::Head::deserialize(Deserializer::from(head))?;

    let Some(optimizer) = optimizer else {
        return Err(Fault::new(0..0, "the table `[optimizer]` is missing")
            .help("it has one entry per optimizer, such as `adam = { lr = 0.05 }`"));
    };
    count::check(table.get_ref())?;
    let dreams = dreams(dream)?;
    let (optimizers, ranges) = optimizers("optimizer", &optimizer)?;
    let mut prompts = check::listed_prompts("prompts", &head.prompts)?;
    let seeds = SeedsEntry::read(&head.seeds, prompts.len())?;
    let tuning = match tuning {
        Some(table) => {
            one_dream(&dreams, table.span())?;
            Some(tuning::read(table, &head, (&prompts, &seeds), ranges)?)
        }
        None => no_ranges(&optimizer).map(|()| None)?,
    };
    let tested = prompts.len();
    let (mut tuning, others) = tuning.unzip();
    prompts.extend(others.unwrap_or_default());
    check::label(&head, &mut prompts)?;
    let others = prompts.split_off(tested);
    if let Some(tuning) = &mut tuning {
        tuning.prompts = others;
    }
    let study = head.study.read(&optimizers)?;
    let template = check::template(&head.template)?;
    Ok(Experiment {
        name: check::name(&head.name)?,
        models: check::models(&head.models)?,
        seeds,
        evaluation: head.evaluation.read(&template)?,
        template,
        exclude: exclude::read(&head.exclude, &prompts, &optimizers, &dreams)?,
        prompts,
        optimizers,
        dreams,
        study,
        published: head.published,
        tuning,
        folder: None,
        text: String::new(), // known to the layers
        layers: Layers::new("", ""),
    })
}

pub(super) fn take_table<'i>(
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

/// Refuses several values of a dream setting beside a tuning.
fn one_dream(dreams: &[Variant<DreamSettings>], tuning: Range<usize>) -> Result<(), Fault> {
    let Some(axis) = dreams.iter().flat_map(|dream| &dream.axes).next() else { return Ok(()) };
    let message = format!("`[tuning]` cannot choose for several values of `{}` at once", axis.name);
    Err(Fault::new(tuning, message).help("make an experiment of each value, with results of its own"))
}

/// Without `[tuning]` no setting can be tuned.
fn no_ranges(optimizer: &Spanned<DeTable<'_>>) -> Result<(), Fault> {
    for (name, settings) in axes::in_order(optimizer.get_ref()) {
        let settings = as_table(name.get_ref(), settings.clone())?;
        if let Some(span) = tuning::split(&settings)?.span {
            return Err(Fault::new(span, "a setting is to be tuned, and there is no `[tuning]`").help(
                "say on what: [tuning] with prompts and seeds that are not tested, such as prompts = [\"apple\", \"bed\"] \
                 and seeds = { per_prompt = 1, from = 1_000_000 }",
            ));
        }
    }
    Ok(())
}

/// The ranges of every optimizer.
type Ranges = Vec<Vec<TuneRange>>;

/// The optimizers of a table, and what of each is to be tuned. Settings that are to be tuned have
/// their lowest value.
pub(super) fn optimizers<'i>(
    key: &str,
    table: &Spanned<DeTable<'i>>,
) -> Result<(Vec<Variant<OptimizerConfig>>, Ranges), Fault> {
    if table.get_ref().is_empty() {
        return Err(Fault::new(table.span(), format!("`[{key}]` has no entry, which leaves nothing to run")));
    }
    let (mut variants, mut ranges) = (Vec::new(), Vec::new());
    for (name, settings) in axes::in_order(table.get_ref()) {
        known_optimizer(name.get_ref(), name.span())?;
        let split = tuning::split(&as_table(name.get_ref(), settings.clone())?)?;
        let tagged = |choice: Choice<'i>| {
            // Externally tagged: `{ adam = { … } }`.
            let span = choice.table.span();
            let inner = Spanned::new(span.clone(), DeValue::Table(choice.table.into_inner()));
            let table = Spanned::new(span, DeTable::from_iter([(name.clone(), inner)]));
            Choice { axes: choice.axes, table }
        };
        let read = |table: &Spanned<DeTable<'i>>| {
            axes::read(axes::multiply(table)?.into_iter().map(tagged).collect())
        };
        let own = read(&split.low)?;
        if !split.ranges.is_empty() {
            let _: Vec<Variant<OptimizerConfig>> = read(&split.high)?; // whose faults would come late
        }
        ranges.extend(vec![split.ranges; own.len()]);
        variants.extend(own);
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
