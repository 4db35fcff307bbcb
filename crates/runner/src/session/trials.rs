//! The trials of a tuning: their cells, their scores, and the record of a choice.

use std::collections::BTreeMap;

use experiment::plan::{Cell, Plan, digest};
use experiment::tuning::{Choice, Edge, Scored, Trial, Tuning};
use experiment::{Experiment, PromptEntry};
use miette::{IntoDiagnostic, Result, miette};
use model_sets::Identity;
use records::{CellStatus, ResultsFolder, TunedOptimizer, TunedRecord, TunedTrial};
use serde_json::json;

/// A tuning under way.
pub(super) struct UnderWay<'t> {
    tuning: &'t Tuning,
    pub(super) trials: Vec<Trial>,
    pub(super) plan: Plan,
}

impl<'t> UnderWay<'t> {
    pub(super) fn new(
        experiment: &Experiment,
        models: &Identity,
        tuning: &'t Tuning,
        trials: Vec<Trial>,
    ) -> Result<Self> {
        let plan = Plan::new(&tuning.stage(experiment, &trials), models)?;
        Ok(Self { tuning, trials, plan })
    }

    /// A digest of all that the first trials are and are chosen by.
    pub(super) fn inputs(&self) -> String {
        let cells = self.plan.cells.iter().map(|cell| json!([cell.digest, cell.judged_text()]));
        let ranges = self.tuning.ranges.iter().map(|ranges| {
            ranges.iter().map(|range| json!([range.setting, range.low, range.high])).collect::<Vec<_>>()
        });
        digest(&json!({
            "cells": cells.collect::<Vec<_>>(),
            "ranges": ranges.collect::<Vec<_>>(),
            "extend": self.tuning.extend,
        }))
    }

    /// The similarity that every cell of the plan reached, `None` for one that diverged. All have
    /// ended.
    pub(super) fn reached(&self, results: &ResultsFolder) -> Result<Vec<Option<f64>>> {
        let of = |cell: &Cell| {
            let record = results.cell(&cell.id).record().into_diagnostic()?;
            Ok(record.and_then(|record| match record.status {
                CellStatus::Finished(outcome) => Some(outcome.similarity_averaged),
                _ => None,
            }))
        };
        self.plan.cells.iter().map(of).collect()
    }

    /// The scores of all trials, from what every cell reached.
    pub(super) fn scores(&self, reached: &[Option<f64>]) -> Result<Vec<Scored>> {
        // The plan has a prompt's trials after each other, and a trial's seeds.
        let (trials, seeds) = (self.trials.len(), self.tuning.seeds.per_prompt());
        let of_trial = |trial: usize| -> Vec<Vec<Option<f64>>> {
            reached.chunks(seeds).skip(trial).step_by(trials).map(<[_]>::to_vec).collect()
        };
        Scored::of(&(0..trials).map(of_trial).collect::<Vec<_>>()).ok_or_else(|| {
            miette!(
                help = "give the settings to tune other ranges",
                "every cell of the tuning diverged: there is nothing to choose from"
            )
        })
    }

    pub(super) fn record(
        &self,
        experiment: &Experiment,
        inputs: String,
        reached: &[Option<f64>],
        (scores, choices): (&[Scored], &[Choice]),
    ) -> TunedRecord {
        let cells = self.plan.cells.iter().zip(reached);
        let cells = cells.map(|(cell, score)| json!([cell.id, cell.digest, cell.judged_text(), score]));
        let optimizer = |choice: &Choice| TunedOptimizer {
            optimizer: experiment.optimizers[choice.optimizer].label(),
            chosen: self.values(&self.trials[choice.trial]),
            edge: choice.edge.map(|edge| match edge {
                Edge::Low => "low".to_owned(),
                Edge::High => "high".to_owned(),
            }),
            as_given: self.tuning.is_as_given(experiment, &self.trials[choice.trial]),
            trials: self.tried(choice.optimizer, scores),
        };
        TunedRecord {
            plan: inputs,
            cells: digest(&cells.collect()),
            prompts: self.tuning.prompts.iter().map(PromptEntry::name).collect(),
            extend: self.tuning.extend,
            optimizers: choices.iter().map(optimizer).collect(),
        }
    }

    fn tried(&self, optimizer: usize, scores: &[Scored]) -> Vec<TunedTrial> {
        let own = self.trials.iter().zip(scores).filter(|(trial, _)| trial.optimizer == optimizer);
        own.map(|(trial, scored)| TunedTrial {
            values: self.values(trial),
            score: scored.mean,
            prompts: scored.prompts.clone(),
            diverged: scored.diverged,
        })
        .collect()
    }

    fn values(&self, trial: &Trial) -> BTreeMap<String, f64> {
        let ranges = &self.tuning.ranges[trial.optimizer];
        ranges.iter().map(|range| range.setting.clone()).zip(trial.values.iter().copied()).collect()
    }
}
