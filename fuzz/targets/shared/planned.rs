//! The plan of an experiment.

use experiment::Experiment;
use experiment::plan::Plan;
use model_sets::Identity;

/// Plans an experiment; the text that is kept with the results must make the same plan.
pub(crate) fn hold(experiment: &Experiment) {
    let kept = match Experiment::parse("kept.toml", &experiment.text) {
        Ok(kept) => kept,
        Err(error) => panic!("{error}: {:?}", experiment.text),
    };
    assert_eq!(ids(&kept), ids(experiment));
}

/// Places and digests of the cells, or why there are none.
fn ids(experiment: &Experiment) -> Result<Vec<(String, String)>, String> {
    let plan = Plan::new(experiment, &Identity::new("none", Default::default()));
    let cells = plan.map_err(|error| error.to_string())?.cells;
    Ok(cells.into_iter().map(|cell| (cell.id, cell.digest)).collect())
}
