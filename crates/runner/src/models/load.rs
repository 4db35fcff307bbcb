use biggan::Generator;
use bigsleep::{DreamSettings, Dreamer};
use checkpoint::Weights;
use clip::Clip;
use miette::Diagnostic;
use model_sets::{FileEntry, ModelSet};
use tch::{Device, Kind};
use thiserror::Error;
use torch_ext::LeanLoading;

/// Models that cannot be loaded.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum LoadError {
    #[error("the generator of the model set `{set}` has no config")]
    NoConfig { set: String },
    #[error("the generator's config cannot be read")]
    Config { source: biggan::ConfigError },
    #[error("the generator cannot be loaded")]
    Generator { source: biggan::LoadError },
    #[error("the perceptor cannot be loaded")]
    Perceptor { source: clip::ClipError },
    #[error("the weights cannot be read")]
    Weights { source: checkpoint::CheckpointError },
    #[error("the models cannot compute such dreams")]
    Dreamer { source: bigsleep::DreamError },
}

/// The models of a set on a device, ready for dreams of such settings.
pub(crate) fn load(set: &ModelSet, settings: &DreamSettings, device: Device) -> Result<Dreamer, LoadError> {
    let _lean = LeanLoading::new();
    let config = generator_config(set)?;
    let weights = open(set, &set.manifest.generator.weights)?;
    let generator = Generator::load(weights, &config, settings.truncation, device)
        .map_err(|source| LoadError::Generator { source })?;
    let kind = settings.precision.kind();
    let dreamer = Dreamer::new(generator, perceptor(set, device, kind)?, settings)
        .map_err(|source| LoadError::Dreamer { source })?;
    // What a dream reached is measured in single precision, as the judges measure it.
    Ok(if kind == Kind::Float { dreamer } else { dreamer.with_ruler(perceptor(set, device, Kind::Float)?) })
}

fn perceptor(set: &ModelSet, device: Device, kind: Kind) -> Result<Clip, LoadError> {
    let weights = open(set, &set.manifest.perceptor.weights)?;
    let stated = judges::activation(&set.manifest.perceptor);
    Clip::load(weights, stated, device, kind).map_err(|source| LoadError::Perceptor { source })
}

/// The sizes of a set's generator.
pub(crate) fn generator_config(set: &ModelSet) -> Result<biggan::Config, LoadError> {
    let no_config = || LoadError::NoConfig { set: set.manifest.name.clone() };
    let file = set.manifest.generator.config.as_ref().ok_or_else(no_config)?;
    biggan::Config::read(&set.path(file)).map_err(|source| LoadError::Config { source })
}

/// A file of weights of a set.
pub(super) fn open(set: &ModelSet, file: &FileEntry) -> Result<Weights, LoadError> {
    Weights::open(&set.path(file)).map_err(|source| LoadError::Weights { source })
}
