//! An experiment with all that it names, read and checked before anything is computed: the steps
//! that a run and `plan` share.

mod sources;

use std::collections::BTreeMap;
use std::path::Path;

use experiment::plan::{Cell, Plan, PlanError, SelectError, Selection, Shard};
use experiment::{EvaluationSettings, Experiment, PromptImage, PythonFile};
use judges::{Judges, Labels};
use miette::{Report, Result};
use model_sets::{Identity, ModelSet, ModelSetError, ModelSets};
use optim_python::Interpreter;
use records::PublishedTable;
use tch::Device;

use crate::cli::PlanArgs;
use crate::preflight::{self, Preflight, Versions};

/// An experiment and what it names.
pub struct Study<'a> {
    /// The experiment, with the model set's own settings where it states none.
    pub experiment: Experiment,
    /// The published figures that it is shown beside, if it names any.
    pub published: Option<PublishedTable>,
    /// The devices that compute it.
    pub devices: Vec<Device>,
    /// The models that it is computed with.
    pub models: Models,
    /// Images of its prompts.
    pub images: Vec<PromptImage>,
    /// Files of its optimizers in Python.
    pub python_files: Vec<PythonFile>,
    /// The experiment as its file and the command line state it.
    stated: Experiment,
    args: &'a PlanArgs,
}

/// The models of a study.
pub enum Models {
    /// The first installed model set that the experiment names, and what cells computed with it
    /// depend on.
    Installed(Box<ModelSet>, Identity),
    /// No set that it names is installed, for this reason.
    Absent(Report),
}

impl<'a> Study<'a> {
    /// Reads the experiment, and all that it names.
    ///
    /// # Errors
    /// When anything is missing or wrong, but for model sets that are not installed.
    pub fn read(args: &'a PlanArgs, sets: &ModelSets) -> Result<Self> {
        let mut stated = sources::read(args)?;
        let published = sources::published(&stated, args)?;
        let devices = args.devices.clone().unwrap_or_default().resolve()?;
        let models = Models::of(&stated, sets)?;
        let mut experiment = match &models {
            Models::Installed(set, _) => sources::suited(stated.clone(), set)?,
            Models::Absent(_) => stated.clone(),
        };
        let images = sources::images(&mut experiment, args)?;
        let python_files = sources::python(&mut experiment, args)?;
        stated.prompts.clone_from(&experiment.prompts); // with what their images are
        Ok(Self { experiment, published, devices, models, images, python_files, stated, args })
    }

    /// Has prompts refer to their images as a results folder keeps them, which nobody changes.
    pub fn keep_images_in(&mut self, folder: &Path) {
        for image in &self.images {
            self.experiment.prompts[image.prompt].image = Some(folder.join(image.kept()));
        }
    }

    /// The plans of its cells. What they are does not depend on whether models are installed.
    ///
    /// # Errors
    /// When the experiment has no plan.
    pub fn plans(&self) -> Result<Plans, PlanError> {
        let none = Identity::new("none installed", BTreeMap::new());
        let identity = match &self.models {
            Models::Installed(_, identity) => identity,
            Models::Absent(_) => &none,
        };
        Plans::of(&self.experiment, identity)
    }

    /// The cells of `plan` that the command line selects.
    ///
    /// # Errors
    /// When it selects none that there are.
    pub fn select<'p>(&self, plan: &'p Plan) -> Result<Vec<&'p Cell>> {
        let selection = Selection { only: self.args.only.clone(), shard: self.args.shard };
        Ok(selection.of(&plan.cells)?)
    }

    /// The cells with other rounding that the command line selects, which may be none.
    ///
    /// # Errors
    /// When a pattern of `--only` is none.
    pub fn select_repeated<'p>(&self, plan: Option<&'p Plan>) -> Result<Vec<&'p Cell>> {
        let Some(plan) = plan else { return Ok(Vec::new()) };
        let selection = Selection { only: self.args.only.clone(), shard: self.args.shard };
        match selection.of(&plan.cells) {
            Err(SelectError::NoMatch { .. }) => Ok(Vec::new()),
            selected => Ok(selected?),
        }
    }

    /// The cells that the command line selects: of the test, and every trial, which `--only` does
    /// not select.
    ///
    /// # Errors
    /// When it selects none that there are.
    pub fn selected<'p>(&self, plans: &'p Plans) -> Result<Vec<&'p Cell>> {
        let trials = Selection { only: Vec::new(), shard: self.args.shard };
        let mut cells = match &plans.tuning {
            Some(tuning) => trials.of(&tuning.cells)?,
            None => Vec::new(),
        };
        cells.extend(self.select(&plans.test)?);
        cells.extend(self.select_repeated(plans.rounding.as_ref())?);
        Ok(cells)
    }

    /// The share of the cells that the command line asks for.
    pub fn shard(&self) -> Option<Shard> {
        self.args.shard
    }

    /// Returns true if the command line selects cells by their paths.
    pub fn selects(&self) -> bool {
        !self.args.only.is_empty()
    }

    /// How many cells to compute at once on the CPU, if the command line says.
    pub fn jobs(&self) -> Option<usize> {
        self.args.jobs.map(usize::from)
    }

    /// The Python for optimizers that are in it.
    pub fn interpreter(&self) -> Interpreter {
        self.args.interpreter()
    }

    /// Checks what is to be run before anything is, and tells warnings. Returns the names that
    /// final images are compared with, and the versions of what optimizers in Python are made of.
    ///
    /// # Errors
    /// Every fault, told together.
    pub fn preflight(&self, judges: &Judges<'_>, cells: &[&Cell]) -> Result<(Labels, Versions)> {
        let EvaluationSettings { labels, template } = &self.stated.evaluation;
        let labels = Labels::new(labels.as_ref(), template, &judges.set.manifest);
        let preflight =
            Preflight { experiment: &self.stated, judges, labels: &labels, cells, devices: &self.devices };
        let (warnings, versions) = preflight::check(&preflight, &self.interpreter())?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        Ok((labels, versions))
    }

    /// The text of the experiment as its results folder keeps it: published figures and images are
    /// then beside it.
    pub fn resolved(&self) -> String {
        sources::resolved(&self.experiment, &self.images, &self.python_files)
    }
}

/// The cells of an experiment, in its stages: those that choose settings, then those that test
/// them.
pub struct Plans {
    /// The first trials, if settings are chosen.
    pub tuning: Option<Plan>,
    /// The test; settings that are to be chosen have their lowest value.
    pub test: Plan,
    /// Cells of the test that are repeated with other rounding, if any are.
    pub rounding: Option<Plan>,
}

impl Plans {
    fn of(experiment: &Experiment, identity: &Identity) -> Result<Self, PlanError> {
        let trials = experiment
            .tuning
            .as_ref()
            .map(|tuning| Plan::new(&tuning.stage(experiment, &tuning.first_trials()), identity));
        let mut tested = experiment.clone();
        tested.optimizers.extend(experiment.tuning.iter().flat_map(|tuning| tuning.also.clone()));
        let rounding = tested.rounding().map(|repeated| Plan::new(&repeated, identity));
        Ok(Self {
            tuning: trials.transpose()?,
            test: Plan::new(&tested, identity)?,
            rounding: rounding.transpose()?,
        })
    }
}

impl Models {
    fn of(experiment: &Experiment, sets: &ModelSets) -> Result<Self> {
        use ModelSetError::{NoFolder, NoneInstalled, Unknown};
        match sets.first_installed(&experiment.models) {
            Ok(set) => {
                let identity = set.identity()?;
                Ok(Self::Installed(Box::new(set), identity))
            }
            Err(error @ (NoFolder { .. } | NoneInstalled { .. } | Unknown { .. })) => {
                Ok(Self::Absent(error.into()))
            }
            Err(error) => Err(error.into()),
        }
    }
}
