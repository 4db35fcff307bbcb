//! Tuning: settings that are chosen on prompts of their own before they are tested.
//!
//! An experiment with `[tuning]` has two stages, each an experiment without one: [`Tuning::stage`]
//! computes trials on the tuning prompts; [`Tuning::tested`] has the settings that were
//! [chosen](choose). Whoever runs it repeats "compute the trials, [extend](Tuning::extension) the
//! ranges at whose edge the best lies" until nothing is added: what comes next depends on nothing
//! but the scores so far, so that a run can be interrupted anywhere.
mod choose;
mod format;
mod grid;
mod range;
mod schema;

pub use choose::{Choice, Edge, Scored, choose};
pub(super) use format::read;
pub use range::TuneRange;
pub(super) use range::split;
pub(super) use schema::TuningSchema;

use optim_python::AnyOptimizer;

use super::{Axis, Experiment, PromptEntry, Seeds, Variant};

/// The choice of settings.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Prompts that trials are scored on, none of them tested.
    pub prompts: Vec<PromptEntry>,
    /// Their seeds, none of them tested.
    pub seeds: Seeds,
    /// Trials of every tuned optimizer.
    pub points: usize,
    /// The number of times that a range may be extended at whose edge the best trial lies.
    pub extend: usize,
    /// Optimizers that are tested beside, as given.
    pub also: Vec<Variant<AnyOptimizer>>,
    /// The ranges of every optimizer of the experiment; none where nothing of it is tuned.
    pub ranges: Vec<Vec<TuneRange>>,
}

/// Values for the tuned settings of an optimizer.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// Its place among the experiment's optimizers.
    pub optimizer: usize,
    /// A value for each of its ranges.
    pub values: Vec<f64>,
}

/// The folder of tuning cells, below `cells/`.
pub(crate) const FOLDER: &str = "tuning";

impl Tuning {
    /// The trials that every tuning begins with: those of a tuned optimizer spread over its ranges,
    /// one of any other.
    pub fn first_trials(&self) -> Vec<Trial> {
        let of = |(optimizer, ranges): (usize, &Vec<TuneRange>)| {
            let trial = move |values| Trial { optimizer, values };
            grid::points(ranges, self.points).into_iter().map(trial).collect::<Vec<_>>()
        };
        self.ranges.iter().enumerate().flat_map(of).collect()
    }

    /// The trials that extend ranges at whose edge the best of `trials` lies, at the distance that
    /// its neighbors have.
    pub fn extension(&self, experiment: &Experiment, trials: &[Trial], choices: &[Choice]) -> Vec<Trial> {
        let more = |choice: &Choice| {
            let [range] = self.ranges[choice.optimizer].as_slice() else { return None };
            let tried = trials.iter().filter(|trial| trial.optimizer == choice.optimizer).count();
            if self.points + self.extend <= tried {
                return None;
            }
            let next = Trial {
                optimizer: choice.optimizer,
                values: vec![range.beyond(choice.edge?, trials[choice.trial].values[0], self.points)],
            };
            experiment.at(self, &next).map(|_| next)
        };
        choices.iter().filter_map(more).collect()
    }

    /// The experiment that computes trials.
    pub fn stage(&self, experiment: &Experiment, trials: &[Trial]) -> Experiment {
        Experiment {
            prompts: self.prompts.clone(),
            seeds: self.seeds.clone(),
            optimizers: trials.iter().filter_map(|trial| experiment.tried(self, trial)).collect(),
            exclude: Vec::new(),
            published: None,
            tuning: None,
            folder: Some(FOLDER),
            ..experiment.clone()
        }
    }

    /// The experiment that tests what was chosen, and beside it what is tested as given, but for
    /// what was chosen itself.
    pub fn tested(&self, experiment: &Experiment, trials: &[Trial], choices: &[Choice]) -> Experiment {
        let mut optimizers = experiment.optimizers.clone();
        for choice in choices {
            if let Some(settings) = experiment.at(self, &trials[choice.trial]) {
                optimizers[choice.optimizer].settings = settings;
            }
        }
        let other =
            |given: &&Variant<AnyOptimizer>| optimizers.iter().all(|tuned| tuned.settings != given.settings);
        let also: Vec<_> = self.also.iter().filter(other).cloned().collect();
        optimizers.extend(also);
        Experiment { optimizers, tuning: None, ..experiment.clone() }
    }
}

impl Tuning {
    /// Returns true if the settings of a trial are tested as given, too.
    pub fn is_as_given(&self, experiment: &Experiment, trial: &Trial) -> bool {
        let settings = experiment.at(self, trial);
        self.also.iter().any(|given| Some(&given.settings) == settings.as_ref())
    }
}

impl Experiment {
    /// The settings of a trial; `None` where a value is out of the setting's range.
    fn at(&self, tuning: &Tuning, trial: &Trial) -> Option<AnyOptimizer> {
        let values = tuning.ranges[trial.optimizer].iter().zip(&trial.values);
        let values = values.map(|(range, value)| (range.setting.clone(), toml::Value::Float(*value)));
        match &self.optimizers[trial.optimizer].settings {
            AnyOptimizer::BuiltIn(config) => {
                let mut settings = toml::Table::try_from(config).ok()?;
                let (_, inner) = settings.iter_mut().next()?;
                inner.as_table_mut()?.extend(values);
                settings.try_into().ok().map(AnyOptimizer::BuiltIn)
            }
            AnyOptimizer::Python { name, settings } => {
                let mut settings = settings.clone();
                settings.args.extend(values);
                Some(AnyOptimizer::Python { name: name.clone(), settings })
            }
        }
    }

    /// The optimizer of a trial, named by its values.
    fn tried(&self, tuning: &Tuning, trial: &Trial) -> Option<Variant<AnyOptimizer>> {
        let mut variant = self.optimizers[trial.optimizer].clone();
        variant.settings = self.at(tuning, trial)?;
        let ranges = tuning.ranges[trial.optimizer].iter().zip(&trial.values);
        variant.axes.extend(
            ranges.map(|(range, value)| Axis {
                name: range.setting.clone(),
                value: toml::Value::Float(*value),
            }),
        );
        Some(variant)
    }
}

#[cfg(test)]
mod tests;
