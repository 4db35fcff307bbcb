use biggan::Generator;
use checkpoint::Weights;
use clip::{Clip, Config, Tokenizer};
use deeplab::DeepLab;
use judges::{Judges, activation, activation_help};
use model_sets::{Component, ModelSet};

use super::Fault;
use crate::models::generator_config;
use crate::run::chain;

/// What the headers of a set's files tell.
pub(super) struct Models {
    /// The CLIPs, the perceptor first.
    pub(super) readers: Vec<Reader>,
    /// The number of the generator's classes.
    pub(super) classes: Option<i64>,
    /// Models that were looked at.
    pub(super) files: usize,
}

/// A CLIP that reads texts.
pub(super) struct Reader {
    pub(super) role: &'static str,
    pub(super) tokenizer: Tokenizer,
}

/// Checks that the files of all models have the tensors that they need. Reads headers, no numbers.
pub(super) fn check(judges: &Judges<'_>, faults: &mut Vec<Fault>) -> Models {
    let set = judges.set;
    let mut models = Models { readers: Vec::new(), classes: None, files: 2 };
    match generator(set) {
        Ok(classes) => models.classes = Some(classes),
        Err(reason) => faults.push(fault(set, "generator", &set.manifest.generator, &reason)),
    }
    let mut read =
        |role: &'static str, component: &Component, faults: &mut Vec<Fault>| match open(set, component)
            .map_err(|reason| fault(set, role, component, &reason))
            .and_then(|weights| sizes(set, role, component, weights))
        {
            Ok(config) => models.readers.push(Reader { role, tokenizer: config.tokenizer() }),
            Err(fault) => faults.push(fault),
        };
    read("perceptor", &set.manifest.perceptor, faults);
    if let Some(judge) = judges.judge() {
        read("judge", judge, faults);
        models.files += 1;
    }
    if let Some(segmenter) = judges.segmenter() {
        models.files += 1;
        if let Err(reason) = classes(set, segmenter, judges.classes().len()) {
            faults.push(fault(set, "segmenter", segmenter, &reason));
        }
    }
    models
}

/// The sizes of a CLIP.
fn sizes(set: &ModelSet, role: &str, component: &Component, weights: Weights) -> Result<Config, Fault> {
    Clip::sizes(weights, activation(component)).map_err(|error| {
        let fault = fault(set, role, component, &chain(&error));
        match activation_help(set, role, &error) {
            Some(help) => fault.help(help),
            None => fault,
        }
    })
}

fn generator(set: &ModelSet) -> Result<i64, String> {
    let config = generator_config(set).map_err(|error| chain(&error))?;
    let weights = open(set, &set.manifest.generator)?;
    Generator::check(weights, &config).map_err(|error| chain(&error))?;
    Ok(config.num_classes)
}

fn classes(set: &ModelSet, component: &Component, named: usize) -> Result<(), String> {
    let found = DeepLab::classes_in(open(set, component)?).map_err(|error| chain(&error))?;
    if usize::try_from(found) == Ok(named) && named <= 256 {
        return Ok(());
    }
    Err(format!("it tells {found} classes apart, but {named} are named by `classes` in the manifest"))
}

fn open(set: &ModelSet, component: &Component) -> Result<Weights, String> {
    Weights::open(&set.path(&component.weights)).map_err(|error| chain(&error))
}

fn fault(set: &ModelSet, role: &str, component: &Component, reason: &str) -> Fault {
    let name = &set.manifest.name;
    let remedy = match component.weights.url {
        Some(_) => format!("remove that file, and `runner weights fetch {name}` fetches it again"),
        None => "it comes with the set: restore the file".to_owned(),
    };
    Fault::new(format!("the {role} of the model set `{name}` cannot be loaded: {reason}")).help(remedy)
}
