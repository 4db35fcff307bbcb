use std::path::Path;
use std::time::Duration;

use experiment::Experiment;
use experiment::plan::{Cell, Plan};
use indicatif::{HumanBytes, HumanDuration};
use judges::Judges;
use miette::{IntoDiagnostic, Result};
use model_sets::{ModelSet, ModelSets};
use records::counted;
use report::{Detectable, PairSpreads};
use tch::Device;

use super::ExitStatus;
use crate::cli::PlanArgs;
use crate::devices::name;
use crate::models::Workload;
use crate::output;
use crate::run::Schedule;
use crate::study::{Models, Plans, Study};

/// Lists the cells of an experiment and what they will take.
pub(super) fn plan(args: &PlanArgs, like: Option<&Path>, sets: &ModelSets) -> Result<ExitStatus> {
    let study = Study::read(args, sets)?;
    let plans = study.plans()?;
    let cells = study.selected(&plans)?;
    if let Models::Installed(set, identity) = &study.models {
        study.preflight(&Judges::of(set, identity)?, &cells)?;
    }

    if !cells.is_empty() {
        output::print(&cells.iter().map(|cell| cell.id.as_str()).collect::<Vec<_>>().join("\n"));
    }
    let all = format!("{}, {} in all", counted(cells.len(), "cell"), counted(steps(&cells), "step"));
    output::say(&match &plans.tuning {
        Some(tuning) => format!("\n{all}; {}", stages(tuning, &study.experiment)),
        None => format!("\n{all}"),
    });
    output::say(&power(like, &study, &plans)?);
    match &study.models {
        Models::Installed(set, _) => costs(set, &cells, &study.devices, args.jobs.map(usize::from))?,
        Models::Absent(error) => output::say(&format!(
            "no estimate: {error}\n{}",
            error.help().map_or_else(String::new, |help| help.to_string())
        )),
    }
    Ok(ExitStatus::Done)
}

/// The power of the design, if another study tells how much differences vary.
fn power(like: Option<&Path>, study: &Study, plans: &Plans) -> Result<String> {
    let own = Path::new("results").join(&study.experiment.name);
    let spreads = match like {
        Some(results) => Some(PairSpreads::of_results(results).into_diagnostic()?),
        None => PairSpreads::of_tuning(&own).into_diagnostic()?,
    };
    let (optimizers, prompts) = (plans.test.record.optimizers.len(), study.experiment.prompts.len());
    if optimizers < 2 {
        return Ok("power: there is nothing to compare".to_owned());
    }
    if prompts < 5 {
        return Ok(format!(
            "power: {} cannot rule anything out; at least five are needed",
            counted(prompts, "prompt")
        ));
    }
    let Some(spreads) = spreads else {
        return Ok("power: unknown; --like RESULTS estimates it from an earlier study of similar optimizers"
            .to_owned());
    };
    let design = format!("{} on {}", counted(optimizers, "optimizer"), counted(prompts, "prompt"));
    Ok(match spreads.detectable(optimizers, prompts) {
        Some(Detectable { median, largest }) => format!(
            "power: {design} detect with 80 % probability a difference of {median:.2} (for a pair that varies like the \
             median one) to {largest:.2} (like the most variable one), in points of 100 × cosine"
        ),
        None => format!("power: {design} are too few to tell any pair apart"),
    })
}

/// The stages of a tuned experiment.
fn stages(tuning: &Plan, experiment: &Experiment) -> String {
    let extended = experiment.tuning.as_ref().map_or(0, |tuning| {
        let tuned = tuning.ranges.iter().filter(|ranges| ranges.len() == 1).count();
        tuned * tuning.extend * tuning.prompts.len() * tuning.seeds.per_prompt()
    });
    format!(
        "first {} of the tuning, plus up to {extended} more at the edges of ranges; the cells that test its choices \
         have the folders named above",
        counted(tuning.cells.len(), "cell"),
    )
}

fn costs(set: &ModelSet, cells: &[&Cell], devices: &[Device], jobs: Option<usize>) -> Result<()> {
    let Some(first) = cells.first() else { return Ok(()) };
    let workload = Workload::of_set(set, &first.dream)?;
    let schedule = Schedule::new(devices, jobs, &workload);
    output::say(&format!("models: {} ({})", set.manifest.name, set.manifest.about));
    for worker in &schedule.workers {
        let device = name(worker.device);
        output::say(&format!(
            "worker on {device}: {}, batches of up to {}",
            counted(worker.threads, "thread"),
            worker.batch
        ));
    }
    let bytes = schedule
        .workers
        .iter()
        .map(|worker| worker.batch as f64 * workload.bytes_per_cell + workload.bytes_shared);
    output::say(&format!(
        "work: {:.1} GFLOP per step, about {} of memory in addition to the weights",
        workload.operations / 1e9,
        HumanBytes(bytes.sum::<f64>() as u64)
    ));
    if devices == [Device::Cpu] {
        let seconds = workload.seconds_on_cpu(schedule.workers[0].threads);
        let in_parallel = schedule.workers.len().min(cells.len()) as f64;
        let total = seconds * steps(cells) as f64 / in_parallel;
        output::say(&format!("time: very roughly {}", HumanDuration(Duration::from_secs_f64(total))));
    }
    Ok(())
}

fn steps(cells: &[&Cell]) -> u64 {
    cells.iter().map(|cell| u64::from(cell.dream.steps())).sum()
}
