use std::io;
use std::path::PathBuf;

use miette::Diagnostic;
use model_sets::ModelSetError;
use records::RecordError;
use thiserror::Error;

/// Images cannot be judged.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum EvaluationError {
    #[error("the {role} of the model set `{set}` cannot be loaded")]
    Clip {
        role: &'static str,
        set: String,
        #[help]
        help: Option<String>,
        source: Box<clip::ClipError>,
    },
    #[error("the segmenter of the model set `{set}` cannot be loaded")]
    Segmenter { set: String, source: Box<checkpoint::CheckpointError> },
    #[error("the weights of the {role} of the model set `{set}` cannot be read")]
    Weights { role: &'static str, set: String, source: Box<checkpoint::CheckpointError> },
    #[error("the segmenter of the model set `{set}` tells {found} classes apart, but {named} are named")]
    #[diagnostic(help(
        "`classes` in the set's manifest names them, the background first; without it they are Pascal VOC's 21"
    ))]
    Classes { set: String, found: i64, named: usize },
    #[error("the {role} cannot read the labels")]
    #[diagnostic(help(
        "shorten the label or the template: `labels` and `template` of the experiment's `[evaluation]`"
    ))]
    Labels { role: &'static str, source: Box<clip::ZeroShotError> },
    #[error(transparent)]
    Image(#[from] clip::PreprocessError),
    #[error("failed to read `{}`", printable::path(path))]
    Read { path: PathBuf, source: io::Error },
    #[error("`{}` could not be judged: {message}", printable::path(path))]
    Panic { path: PathBuf, message: String },
    #[error("failed to encode the mask of `{}`", printable::path(path))]
    Mask { path: PathBuf, source: png::EncodingError },
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Set(#[from] ModelSetError),
    #[error("failed to start the thread that judges")]
    Thread(#[source] io::Error),
}
