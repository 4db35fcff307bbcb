//! Prompts: texts and images to approach and to avoid.

use std::path::PathBuf;

/// Texts and an image to approach, texts to avoid.
///
/// ```
/// use bigsleep::Prompt;
/// let prompt = Prompt::approach("a bear in the forest | snow").avoiding("trees");
/// assert_eq!(prompt.approach, ["a bear in the forest", "snow"]);
/// assert_eq!(prompt.avoid, ["trees"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// Texts to approach, all at once: their similarities add up.
    pub approach: Vec<String>,
    /// Texts to avoid.
    pub avoid: Vec<String>,
    /// An image to approach, as a PNG or JPEG file. With texts it is joined to each of them: the
    /// mean of the two embeddings.
    ///
    /// Deviation: `big-sleep` 0.9.1 joins it to the texts to avoid as well, and so drives the dream
    /// away from the image that it was asked for.
    pub image: Option<PathBuf>,
}

impl Prompt {
    /// Approach a text, or several with `|` between them.
    pub fn approach(text: &str) -> Self {
        Self { approach: split(text), ..Self::default() }
    }

    /// Approach an image.
    pub fn image(path: impl Into<PathBuf>) -> Self {
        Self { image: Some(path.into()), ..Self::default() }
    }

    /// Avoid a text, or several with `|` between them.
    #[must_use]
    pub fn avoiding(self, text: &str) -> Self {
        Self { avoid: split(text), ..self }
    }

    /// Approach an image as well.
    #[must_use]
    pub fn with_image(self, path: impl Into<PathBuf>) -> Self {
        Self { image: Some(path.into()), ..self }
    }
}

fn split(text: &str) -> Vec<String> {
    text.split('|').map(|part| part.trim().to_owned()).collect()
}
