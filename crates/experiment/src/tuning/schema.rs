//! The shape of `[tuning]`, for editors.

use optim::OptimizerConfig;
use schemars::JsonSchema;

use crate::prompt::TextOrTable;
use crate::seeds::SeedsSchema;

/// Settings that are chosen before they are tested: every `{ tune = [LOW, HIGH] }` of an optimizer.
/// Trials are computed on prompts and seeds of their own, with as many steps as the test has; the
/// best by the mean similarity is tested.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the format, which `TuningTable` reads")]
pub(crate) struct TuningSchema {
    /// Prompts that trials are scored on; none of them may be tested.
    prompts: Vec<TextOrTable>,
    /// Seeds of the trials; none of them may be tested.
    seeds: SeedsSchema,
    /// Trials of every tuned optimizer, at equal ratios from the low end of its range to the high
    /// one.
    #[schemars(default = "five", range(min = 2, max = 100))]
    points: u64,
    /// The number of trials that may be added beyond a range at whose end the best lies.
    #[schemars(default = "one", range(max = 100))]
    extend: u64,
    /// Optimizers with fixed settings that are tested beside the tuned ones, named such as `adam as
    /// given`.
    #[schemars(default)]
    also: Option<OptimizerConfig>,
}

pub(super) fn five() -> u64 {
    5
}

pub(super) fn one() -> u64 {
    1
}
