use clip::{Activation, ClipError};
use model_sets::{Component, ModelSet};

/// The activation that a manifest states for a CLIP.
pub fn activation(component: &Component) -> Option<Activation> {
    component.activation.map(|stated| match stated {
        model_sets::Activation::QuickGelu => Activation::QuickGelu,
        model_sets::Activation::Gelu => Activation::Gelu,
    })
}

/// The remedy for a CLIP whose activation is unknown, or not the one in its manifest.
pub fn activation_help(set: &ModelSet, role: &str, error: &ClipError) -> Option<String> {
    let (manifest, _) = set.manifest_text();
    let place = format!("`[{role}]` of {}", printable::path(&manifest));
    match error {
        ClipError::NoActivation { .. } => Some(format!(
            "add it to {place}: `activation = \"quick-gelu\"` for OpenAI's weights and those trained with QuickGELU \
             (`quickgelu` in open_clip's name of the model, `quick_gelu` in Hugging Face's config.json), \
             `activation = \"gelu\"` for the others, most of LAION's and DataComp's; the wrong one gives wrong \
             embeddings without a word"
        )),
        ClipError::OtherActivation { told, .. } => {
            Some(format!("say `activation = \"{told}\"` in {place}, or nothing"))
        }
        _ => None,
    }
}
