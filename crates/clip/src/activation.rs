use std::str::FromStr;

use checkpoint::Weights;
use tch::Tensor;

use crate::ClipError;

/// The activation of a CLIP's perceptrons, which its tensors do not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// The sigmoid approximation x · σ(1.702 x), in OpenAI's models and others trained with
    /// `quickgelu`.
    QuickGelu,
    /// The exact GELU x · Φ(x), torch's `nn.GELU()`, in most models of LAION and `DataComp`.
    Gelu,
}

/// The factor in [`Activation::QuickGelu`].
pub(crate) const QUICK_GELU: f64 = 1.702;

/// The key of a safetensors file's notes that names its activation.
const NOTE: &str = "activation";

impl Activation {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::QuickGelu, Self::Gelu];

    /// Its name in manifests and in the notes of files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::QuickGelu => "quick-gelu",
            Self::Gelu => "gelu",
        }
    }

    /// The activation of the CLIP in a file: as the file tells, or else as `stated`. OpenAI's own
    /// archives tell by what they are, safetensors files by `activation` among their notes.
    ///
    /// # Errors
    /// When neither tells, or they contradict each other, or a note names none of
    /// [`ALL`](Self::ALL).
    pub fn of(weights: &Weights, stated: Option<Self>) -> Result<Self, ClipError> {
        let path = || weights.path().to_owned();
        let told = match weights.metadata().get(NOTE) {
            Some(name) => {
                let unknown = |()| ClipError::UnknownActivation { path: path(), name: name.clone() };
                Some(name.parse().map_err(unknown)?)
            }
            None => is_openai_archive(weights).then_some(Self::QuickGelu),
        };
        match (told, stated) {
            (None, None) => Err(ClipError::NoActivation { path: path() }),
            (Some(told), Some(stated)) if told != stated => {
                Err(ClipError::OtherActivation { path: path(), told: told.name(), stated: stated.name() })
            }
            (told, stated) => Ok(told.or(stated).unwrap_or(Self::QuickGelu)),
        }
    }

    /// Applies it to every number.
    pub(crate) fn forward(self, x: &Tensor) -> Tensor {
        match self {
            Self::QuickGelu => x * (x * QUICK_GELU).sigmoid(),
            Self::Gelu => x.gelu("none"),
        }
    }
}

impl FromStr for Activation {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|activation| activation.name() == name).ok_or(())
    }
}

/// OpenAI publishes TorchScript archives with three sizes as buffers, which no other code writes.
fn is_openai_archive(weights: &Weights) -> bool {
    let sizes = ["input_resolution", "context_length", "vocab_size"];
    weights.is_torchscript() && sizes.iter().all(|name| weights.shape(name).is_some())
}
