use super::Trial;

/// A trial's scores.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The mean over the prompts.
    pub mean: f64,
    /// The mean over the seeds of every prompt, in the order of the prompts.
    pub prompts: Vec<f64>,
    /// Runs that diverged.
    pub diverged: usize,
}

/// The best trial of an optimizer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The optimizer's place among the experiment's.
    pub optimizer: usize,
    /// The trial's place among all trials.
    pub trial: usize,
    /// The end of the range at which it lies, with nothing tried beyond.
    pub edge: Option<Edge>,
}

/// An end of what was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// Nothing smaller was tried.
    Low,
    /// Nothing larger was tried.
    High,
}

impl Scored {
    /// Scores of trials out of those of their runs, `runs[trial][prompt][seed]`, `None` for one
    /// that diverged: that has the least score of its prompt and seed. A prompt and seed on which
    /// all diverged does not count. `None` without any score.
    pub fn of(runs: &[Vec<Vec<Option<f64>>>]) -> Option<Vec<Self>> {
        let least = |prompt: usize, seed: usize| {
            runs.iter().filter_map(|trial| trial[prompt][seed]).min_by(f64::total_cmp)
        };
        let scored = |trial: &Vec<Vec<Option<f64>>>| {
            let mean_of = |(prompt, seeds): (usize, &Vec<Option<f64>>)| {
                let scores =
                    seeds.iter().enumerate().filter_map(|(seed, score)| score.or(least(prompt, seed)));
                mean(&scores.collect::<Vec<_>>())
            };
            let prompts: Vec<f64> = trial.iter().enumerate().filter_map(mean_of).collect();
            let diverged = trial.iter().flatten().filter(|score| score.is_none()).count();
            Some(Self { mean: mean(&prompts)?, prompts, diverged })
        };
        runs.iter().map(scored).collect()
    }
}

/// The best trial of every optimizer: the highest mean, of equal ones that with the smaller values.
pub fn choose(trials: &[Trial], scores: &[Scored]) -> Vec<Choice> {
    let optimizers = trials.iter().map(|trial| trial.optimizer).max().map_or(0, |last| last + 1);
    (0..optimizers).filter_map(|optimizer| best(optimizer, trials, scores)).collect()
}

fn best(optimizer: usize, trials: &[Trial], scores: &[Scored]) -> Option<Choice> {
    let own = || trials.iter().enumerate().filter(|(_, trial)| trial.optimizer == optimizer);
    let worse = |a: usize, b: usize| {
        let values = |trial: usize| trials[trial].values.iter();
        scores[a]
            .mean
            .total_cmp(&scores[b].mean)
            .then_with(|| values(b).partial_cmp(values(a)).unwrap_or(std::cmp::Ordering::Equal))
    };
    let trial = own().map(|(trial, _)| trial).max_by(|&a, &b| worse(a, b))?;
    Some(Choice { optimizer, trial, edge: edge(&trials[trial], own().map(|(_, trial)| trial)) })
}

/// The edge at which a trial of one range lies; trials of several ranges have none.
fn edge<'t>(trial: &Trial, all: impl Iterator<Item = &'t Trial> + Clone) -> Option<Edge> {
    let [value] = trial.values[..] else { return None };
    let values = all.map(|other| other.values[0]);
    let (smaller, larger) =
        (values.clone().any(|other| other < value), values.clone().any(|other| value < other));
    match (smaller, larger) {
        (false, true) => Some(Edge::Low),
        (true, false) => Some(Edge::High),
        _ => None,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
