use std::collections::{BTreeMap, HashMap};

use records::PlanRecord;

/// Number of runs (seeds) that the plan has for every prompt, setting of the further axes, and
/// optimizer.
#[derive(Debug)]
pub(crate) enum Planned {
    /// By prompt, axes and optimizer.
    Listed(HashMap<(String, String, String), usize>),
    /// Plans of older programs do not say where a cell belongs: everything is taken for crossed
    /// with all seeds.
    Crossed { seeds: usize, prompts: usize },
}

impl Planned {
    /// Counts the runs of `plan`.
    pub(crate) fn of(plan: &PlanRecord) -> Self {
        let mut counts = HashMap::new();
        for cell in &plan.cells {
            let Some(place) = &cell.place else {
                return Self::Crossed { seeds: plan.seeds.len(), prompts: plan.prompts.len() };
            };
            let key = (place.prompt.clone(), axes(&place.axes), place.optimizer.clone());
            *counts.entry(key).or_default() += 1;
        }
        Self::Listed(counts)
    }

    /// Runs of an optimizer on a prompt under one setting of the further axes; 0 where the
    /// experiment excludes them.
    pub(crate) fn runs_at(&self, prompt: &str, axes: &str, optimizer: &str) -> usize {
        match self {
            Self::Crossed { seeds, .. } => *seeds,
            Self::Listed(counts) => {
                let key = [prompt, axes, optimizer].map(str::to_owned).into();
                counts.get(&key).copied().unwrap_or(0)
            }
        }
    }

    /// Runs of `optimizer` on `prompt`, under all settings of the further axes.
    pub(crate) fn runs(&self, prompt: &str, optimizer: &str) -> usize {
        match self {
            Self::Crossed { seeds, .. } => *seeds,
            Self::Listed(counts) => {
                let of = |((p, _, o), _): &(&(String, String, String), &usize)| p == prompt && o == optimizer;
                counts.iter().filter(of).map(|(_, runs)| runs).sum()
            }
        }
    }

    /// Runs of `optimizer` on all prompts.
    pub(crate) fn runs_of(&self, optimizer: &str) -> usize {
        match self {
            Self::Crossed { seeds, prompts } => seeds * prompts,
            Self::Listed(counts) => {
                counts.iter().filter(|((_, _, of), _)| of == optimizer).map(|(_, runs)| runs).sum()
            }
        }
    }
}

/// Values of further axes, such as `cutouts=64, ema_decay=0.5`.
pub(crate) fn axes(values: &BTreeMap<String, toml::Value>) -> String {
    values.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
}
