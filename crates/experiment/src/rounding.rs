//! Cells that are repeated with other rounding, to tell how much of a difference that makes.

use super::Experiment;

/// The folder of these cells, below `cells/`.
const FOLDER: &str = "rounding";

/// The number of prompts whose cells are repeated.
const PROMPTS: usize = 4;

impl Experiment {
    /// The experiment of the first prompts' cells with other rounding, if it is asked for.
    pub fn rounding(&self) -> Option<Self> {
        let repetitions = self.study.rounding;
        (0 < repetitions).then(|| Self {
            prompts: self.prompts.iter().take(PROMPTS).cloned().collect(),
            published: None,
            tuning: None,
            folder: Some(FOLDER),
            nudges: 1..=repetitions,
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use model_sets::Identity;

    use super::*;
    use crate::plan::Plan;

    fn experiment(study: &str) -> Experiment {
        let text = format!(
            "name = \"x\"\nmodels = [\"mini\"]\nprompts = [\"a\", \"b\", \"c\", \"d\", \"e\"]\nseeds = [0, 7]\n\
             optimizer.adam = {{}}\noptimizer.sgd = {{}}\n{study}"
        );
        Experiment::parse("x.toml", &text).unwrap()
    }

    fn cells(experiment: &Experiment) -> Vec<(String, String)> {
        let plan = Plan::new(experiment, &Identity::new("none", BTreeMap::new())).unwrap();
        plan.cells.into_iter().map(|cell| (cell.id, cell.digest)).collect()
    }

    #[test]
    fn the_first_prompts_cells_are_repeated_and_the_others_stay() {
        let asked = experiment("[study]\nrounding = 3\n");
        assert_eq!(cells(&asked), cells(&experiment("")), "what is tested is what it was");
        let repeated = cells(&asked.rounding().unwrap());
        assert_eq!(repeated.len(), 4 * 2 * 2 * 3);
        assert_eq!(repeated[1].0, "rounding/a/adam/seed-0/2");
        let mut digests: Vec<_> = repeated.iter().chain(&cells(&asked)).map(|cell| cell.1.clone()).collect();
        digests.sort();
        digests.dedup();
        assert_eq!(digests.len(), 4 * 2 * 2 * 3 + 5 * 2 * 2, "each is a dream of its own");
        assert!(experiment("").rounding().is_none());
    }
}
