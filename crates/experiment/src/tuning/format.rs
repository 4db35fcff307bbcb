use optim_python::AnyOptimizer;
use records::AS_GIVEN;
use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::schema::{five, one};
use super::{TuneRange, Tuning};
use crate::error::Fault;
use crate::format::Head;
use crate::prompt::PromptEntry;
use crate::seeds::{Seeds, SeedsEntry};
use crate::tables::take_table;
use crate::{Variant, check, optimizers};

/// The keys of `[tuning]` but for `also`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TuningTable {
    prompts: Spanned<Vec<Spanned<PromptEntry>>>,
    seeds: Spanned<SeedsEntry>,
    #[serde(default = "points")]
    points: Spanned<u64>,
    #[serde(default = "extend")]
    extend: Spanned<u64>,
    // Taken out before; named here so that a misspelling of it finds its way.
    #[serde(default, rename = "also")]
    _also: Option<toml::Table>,
}

fn points() -> Spanned<u64> {
    Spanned::new(0..0, five())
}

fn extend() -> Spanned<u64> {
    Spanned::new(0..0, one())
}

/// `[tuning]`, held against the rest of the experiment.
pub(crate) fn read(
    table: Spanned<DeTable<'_>>,
    head: &Head,
    (prompts, seeds): (&[PromptEntry], &Seeds),
    ranges: Vec<Vec<TuneRange>>,
) -> Result<(Tuning, Vec<PromptEntry>), Fault> {
    let place = table.span();
    let mut rest = table;
    let also = take_table(&mut rest, "also")?;
    let table = TuningTable::deserialize(Deserializer::from(rest))?;
    if ranges.iter().all(Vec::is_empty) {
        return Err(Fault::new(place, "nothing is tuned").help(
            "give a setting a range, such as adam = { lr = { tune = [0.005, 0.5] } }, or remove [tuning]",
        ));
    }
    let tuning_prompts = tuning_prompts(&table, head)?;
    let own = SeedsEntry::read(&table.seeds, tuning_prompts.len())?;
    let tested = seeds.of_prompts(prompts.len());
    if let Some(seed) = own.of_prompts(tuning_prompts.len()).iter().find(|seed| tested.contains(seed)) {
        return Err(Fault::twice(
            table.seeds.span(),
            head.seeds.span(),
            format!("the seed {seed} is used for both tuning and testing"),
        )
        .help("what is chosen on a seed must not be tested on it: { per_prompt = 1, from = 1_000_000 }"));
    }
    let tuning = Tuning {
        seeds: own,
        points: count("points", &table.points, 2)?,
        extend: count("extend", &table.extend, 0)?,
        also: also.map(|also| as_given(&also)).transpose()?.unwrap_or_default(),
        ranges,
        prompts: Vec::new(),
    };
    Ok((tuning, tuning_prompts))
}

fn tuning_prompts(table: &TuningTable, head: &Head) -> Result<Vec<PromptEntry>, Fault> {
    let prompts = check::listed_prompts("tuning.prompts", &table.prompts)?;
    for (entry, prompt) in table.prompts.get_ref().iter().zip(&prompts) {
        if prompt.image.is_some() {
            return Err(Fault::new(entry.span(), "a tuning prompt has an image")
                .help("tuning prompts are texts: a prompt with an image can only be tested"));
        }
        let tested = head.prompts.get_ref().iter().find(|tested| tested.get_ref().name() == prompt.name());
        if let Some(tested) = tested {
            let message = format!("`{}` is used for both tuning and testing", prompt.name());
            return Err(Fault::twice(entry.span(), tested.span(), message).help(
                "what is chosen on a prompt must not be tested on it: leave it out of one of the lists",
            ));
        }
    }
    Ok(prompts)
}

fn count(name: &str, value: &Spanned<u64>, least: u64) -> Result<usize, Fault> {
    const MOST: u64 = 100;
    let number = *value.get_ref();
    if (least..=MOST).contains(&number) {
        return Ok(number as usize);
    }
    Err(Fault::new(
        value.span(),
        format!("`{name}` is {number}, but must be at least {least} and at most {MOST}"),
    ))
}

fn as_given(also: &Spanned<DeTable<'_>>) -> Result<Vec<Variant<AnyOptimizer>>, Fault> {
    let (mut variants, ranges) = optimizers::read("tuning.also", also)?;
    if ranges.iter().any(|ranges| !ranges.is_empty()) {
        return Err(Fault::new(also.span(), "`also` takes fixed settings, not ranges to tune"));
    }
    for variant in &mut variants {
        variant.note = Some(AS_GIVEN);
    }
    Ok(variants)
}
