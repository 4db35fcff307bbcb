//! The figures of the answer: leads with their intervals, similarity over the steps by perceptor
//! and judge, steps to a target, and what was tuned.

use std::collections::BTreeMap;

use records::{CurveRow, TunedOptimizer, TunedTrial};
use statistics::{Pair, mean};

use super::plain::{OfOptimizer, Plain};
use super::{Drawing, Job};
use crate::analysis::{PERCENTS, Place, Reached, Targets, Verdict};
use crate::draw::DrawError;
use crate::study::Study;

/// The figures, the leads first.
pub(super) fn jobs<'s>(study: &'s Study, verdict: &'s Verdict) -> Vec<Job<'s>> {
    vec![
        Job::new(LEADS, || leads(study, verdict)),
        Job::new(STEPS, || steps(study)),
        Job::new(TARGETS, || targets(study)),
        Job::new(SENSITIVITY, || sensitivity(study)),
    ]
}

const LEADS: &str = "leads";
const STEPS: &str = "judge-over-steps";
const TARGETS: &str = "targets";
const SENSITIVITY: &str = "sensitivity";

/// The lead of the first over every other, the closest on top; nothing where no interval is known.
fn leads(study: &Study, verdict: &Verdict) -> Result<Vec<Drawing>, DrawError> {
    let rows = verdict.places.iter().skip(1).filter_map(|place| Some((place, place.behind?)));
    let rows = rows.filter(|(_, pair)| pair.interval.0.is_finite() && pair.interval.1.is_finite());
    let line = |(row, (place, pair)): (usize, (&Place, Pair))| {
        let y = -(row as f64 + 2.0);
        OfOptimizer {
            optimizer: verdict.scores.optimizers[place.column],
            points: vec![(pair.difference, y), (0.0, y)],
            intervals: vec![(y, pair.interval.0, pair.interval.1)],
        }
    };
    let lines: Vec<_> = rows.enumerate().map(line).collect();
    let Some(first) = verdict.places.first().filter(|_| !lines.is_empty()) else { return Ok(Vec::new()) };
    let plain = Plain {
        name: LEADS,
        title: &format!("How far the others are behind {}", first.name),
        caption: "Mean difference and its 95 % interval, all pairs at once. An interval that holds 0 leaves open which of the \
                  two is better."
            .to_owned(),
        x_title: format!("similarity of {} minus the other's, 100 × cosine", first.name),
        y_title: "place".to_owned(),
        downward: true,
        panels: vec![(None, lines)],
    };
    plain.draw(study)
}

/// A similarity in a row of a curve.
type Value = fn(&CurveRow) -> Option<f64>;

/// The mean over prompts of the frames' similarity, by perceptor and by judge.
fn steps(study: &Study) -> Result<Vec<Drawing>, DrawError> {
    let of: [(&str, Value); 3] = [
        ("by the perceptor, averaged latents", |row| row.averaged),
        ("by the perceptor, live latents", |row| row.live),
        ("by the held-out judge", |row| row.judge),
    ];
    let panels: Vec<_> = of
        .into_iter()
        .map(|(heading, value)| (Some(heading.to_owned()), by_step(study, value)))
        .filter(|(_, lines)| !lines.is_empty())
        .collect();
    let plain = Plain {
        name: STEPS,
        title: "Does the judge see what the perceptor sees?",
        caption: "Mean over all runs of the saved frames' similarity. Where the perceptor's rises and the judge's falls, the \
                  dream pleases its own CLIP alone."
            .to_owned(),
        x_title: "step".to_owned(),
        y_title: "100 × cosine".to_owned(),
        downward: false,
        panels,
    };
    plain.draw(study)
}

/// Lines of the mean over the runs that have a value at every step.
fn by_step(study: &Study, value: Value) -> Vec<OfOptimizer> {
    let line = |optimizer: usize| {
        let mut values: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        let cells = study.cells.iter().filter(|cell| cell.optimizer == optimizer && cell.outcome().is_some());
        for row in cells.flat_map(|cell| &cell.curve) {
            values.entry(row.step).or_default().extend(value(row));
        }
        let most = values.values().map(Vec::len).max().unwrap_or(0);
        let whole = values.into_iter().filter(|(_, values)| values.len() == most);
        let point = |(step, values): (u32, Vec<f64>)| Some((f64::from(step), 100.0 * mean(&values)?));
        OfOptimizer { optimizer, points: whole.filter_map(point).collect(), intervals: Vec::new() }
    };
    (0..study.optimizers.len()).map(line).filter(|line| !line.points.is_empty()).collect()
}

/// The share of runs that have reached a target, over the steps.
fn targets(study: &Study) -> Result<Vec<Drawing>, DrawError> {
    let Some(targets) = Targets::of(study) else { return Ok(Vec::new()) };
    let reference = &study.optimizers[targets.reference];
    let panel = |percent: u32| {
        let lines = targets.reached.iter().filter(|reached| reached.percent == percent);
        let line = |reached: &Reached| {
            let mut steps: Vec<u32> = reached.runs.iter().flatten().copied().collect();
            steps.extend([0, targets.steps]);
            steps.sort_unstable();
            steps.dedup();
            let stairs = steps.windows(2).flat_map(|two| {
                let share = reached.share(two[0]).unwrap_or(0.0);
                [(f64::from(two[0]), share), (f64::from(two[1]), share)]
            });
            let last = (f64::from(targets.steps), reached.share(targets.steps).unwrap_or(0.0));
            OfOptimizer {
                optimizer: reached.optimizer,
                points: stairs.chain([last]).collect(),
                intervals: Vec::new(),
            }
        };
        let lines = lines.filter(|reached| !reached.runs.is_empty()).map(line).collect();
        (Some(format!("{reference} after {percent} % of the steps")), lines)
    };
    let plain = Plain {
        name: TARGETS,
        title: "How fast do they reach the same similarity?",
        caption: "Share of the runs whose averaged image is as similar as that of the optimizer named above its panel.".to_owned(),
        x_title: "step".to_owned(),
        y_title: "share of the runs".to_owned(),
        downward: false,
        panels: PERCENTS.into_iter().map(panel).collect(),
    };
    plain.draw(study)
}

/// The tuning score over the one setting that was tuned.
fn sensitivity(study: &Study) -> Result<Vec<Drawing>, DrawError> {
    let Some(tuned) = &study.tuned else { return Ok(Vec::new()) };
    let mut settings: Vec<&String> =
        tuned.optimizers.iter().filter_map(|one| one.chosen.keys().next()).collect();
    settings.sort();
    settings.dedup();
    let line = |setting: &str, one: &TunedOptimizer| {
        let optimizer = study.optimizers.iter().position(|name| *name == one.optimizer)?;
        let single = one.chosen.len() == 1 && one.chosen.contains_key(setting);
        let point = |trial: &TunedTrial| Some((trial.values.get(setting)?.log10(), 100.0 * trial.score));
        let mut points: Vec<(f64, f64)> = one.trials.iter().filter_map(point).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        single.then_some(OfOptimizer { optimizer, points, intervals: Vec::new() })
    };
    let panels = settings.into_iter().map(|setting| {
        let lines = tuned.optimizers.iter().filter_map(|one| line(setting, one)).collect();
        (Some(format!("log₁₀ {setting}")), lines)
    });
    let plain = Plain {
        name: SENSITIVITY,
        title: "How much does the tuned setting matter?",
        caption: "Mean similarity over the tuning prompts, which are not tested.".to_owned(),
        x_title: "log₁₀ of the setting".to_owned(),
        y_title: "100 × cosine".to_owned(),
        downward: false,
        panels: panels.collect(),
    };
    plain.draw(study)
}
