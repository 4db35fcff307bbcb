use std::ops::Range;

use bigsleep::DreamSettings;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::axes::{self, Variant};
use super::error::Fault;
use super::format::Head;
use super::layers::Layers;
use super::prompt::PromptEntry;
use super::seeds::SeedsEntry;
use super::tables::take_table;
use super::{Experiment, check, count, exclude, optimizers, tuning};

/// An experiment out of its layers' common table.
pub(super) fn experiment(table: &Spanned<DeTable<'_>>) -> Result<Experiment, Fault> {
    let mut head = table.clone();
    let dream = take_table(&mut head, "dream")?;
    let optimizer = take_table(&mut head, "optimizer")?;
    let tuning = take_table(&mut head, "tuning")?;
    let head = Head::deserialize(Deserializer::from(head))?;

    let Some(optimizer) = optimizer else {
        return Err(Fault::new(0..0, "the table `[optimizer]` is missing")
            .help("it has one entry per optimizer, such as `adam = { lr = 0.05 }`"));
    };
    count::check(table.get_ref())?;
    let dreams = dreams(dream)?;
    let (optimizers, ranges) = optimizers::read("optimizer", &optimizer)?;
    let mut prompts = check::listed_prompts("prompts", &head.prompts)?;
    let seeds = SeedsEntry::read(&head.seeds, prompts.len())?;
    let tuning = match tuning {
        Some(table) => {
            one_dream(&dreams, table.span())?;
            Some(tuning::read(table, &head, (&prompts, &seeds), ranges)?)
        }
        None => optimizers::no_ranges(&optimizer).map(|()| None)?,
    };
    let tested = prompts.len();
    let (mut tuning, others) = tuning.unzip();
    prompts.extend(others.unwrap_or_default());
    label(&head, &mut prompts)?;
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
        nudges: 0..=0,
        text: String::new(), // known to the layers
        layers: Layers::new("", ""),
    })
}

fn dreams(table: Option<Spanned<DeTable<'_>>>) -> Result<Vec<Variant<DreamSettings>>, Fault> {
    let table = table.unwrap_or_else(|| Spanned::new(0..0, DeTable::new()));
    axes::read(axes::multiply(&table)?)
}

/// Refuses several values of a dream setting beside a tuning.
fn one_dream(dreams: &[Variant<DreamSettings>], tuning: Range<usize>) -> Result<(), Fault> {
    let Some(axis) = dreams.iter().flat_map(|dream| &dream.axes).next() else { return Ok(()) };
    let message = format!("`[tuning]` cannot choose for several values of `{}` at once", axis.name);
    Err(Fault::new(tuning, message).help("write a separate experiment for each value"))
}

/// Tells prompts their labels.
fn label(head: &Head, prompts: &mut [PromptEntry]) -> Result<(), Fault> {
    check::for_prompts(&head.labels, "the class name", prompts, |prompt, label| {
        label.clone_into(&mut prompt.class_name);
    })?;
    head.evaluation.name_segments(prompts)
}
