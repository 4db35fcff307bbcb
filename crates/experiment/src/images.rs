//! The images of prompts: read once, and kept with the results by their content.

use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use records::read_regular;
use sha2::{Digest, Sha256};
use thiserror::Error;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

use crate::{Experiment, kept};

/// The largest image file of a prompt, in bytes.
const LARGEST_IMAGE: u64 = 256 << 20;

/// The image of a prompt, as its file has it.
#[derive(Clone, Debug)]
pub struct PromptImage {
    /// The prompt's place among the experiment's, from 0.
    pub prompt: usize,
    /// The file that it was read from.
    pub path: PathBuf,
    /// SHA-256 of its content, in hexadecimal.
    pub sha256: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// An image of a prompt that cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[error("the image of prompt {}, `{text}`, cannot be used", prompt + 1)]
#[diagnostic(help(
    "`image` is a path from the experiment's folder to a PNG or JPEG file, such as pictures/bear.png"
))]
pub struct PromptImageError<E: std::error::Error + Send + Sync + 'static> {
    /// The prompt's place among the experiment's, from 0.
    pub prompt: usize,
    /// The prompt's text.
    pub text: String,
    /// The fault of its image.
    pub source: E,
}

/// A file that cannot be read.
#[derive(Debug, Error)]
#[error("failed to read `{}`", printable::path(path))]
pub struct UnreadableImage {
    path: PathBuf,
    source: io::Error,
}

impl PromptImage {
    /// Its place in a results folder: a path from there. The file keeps its name, from which
    /// cells have theirs.
    pub fn kept(&self) -> PathBuf {
        kept::kept(&self.sha256, &self.path, "image")
    }
}

impl Experiment {
    /// Reads the images of the prompts, whose paths are relative to `folder`, that of the
    /// experiment's file. From then on the prompts know where their images are and what they
    /// contain.
    ///
    /// # Errors
    /// Those that are no regular files, cannot be read, or have more than 256 MiB.
    pub fn read_images(
        &mut self,
        folder: &Path,
    ) -> Result<Vec<PromptImage>, PromptImageError<UnreadableImage>> {
        let mut images = Vec::new();
        for (index, prompt) in self.prompts.iter_mut().enumerate() {
            let Some(image) = &mut prompt.image else { continue };
            let path = folder.join(&*image);
            let bytes = read_regular(&path, LARGEST_IMAGE).map_err(|source| PromptImageError {
                prompt: index,
                text: prompt.text.clone(),
                source: UnreadableImage { path: path.clone(), source },
            })?;
            let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            image.clone_from(&path);
            prompt.image_sha256 = Some(sha256.clone());
            images.push(PromptImage { prompt: index, path, sha256, bytes });
        }
        Ok(images)
    }
}

/// The text of an experiment whose prompts have their images where a results folder keeps them; a
/// text that is not TOML stays as it is.
pub fn with_kept_images(text: &str, images: &[PromptImage]) -> String {
    let Ok(mut document) = text.parse::<DocumentMut>() else { return text.to_owned() };
    for image in images {
        let prompt: Option<&mut dyn TableLike> = match document.get_mut("prompts") {
            Some(Item::Value(Value::Array(prompts))) => prompts
                .get_mut(image.prompt)
                .and_then(Value::as_inline_table_mut)
                .map(|table: &mut InlineTable| table as &mut dyn TableLike),
            Some(Item::ArrayOfTables(prompts)) => {
                prompts.get_mut(image.prompt).map(|table| table as &mut dyn TableLike)
            }
            _ => None,
        };
        if let Some(Item::Value(value)) = prompt.and_then(|prompt| prompt.get_mut("image")) {
            kept::replace(value, kept::slashed(&image.kept()));
        }
    }
    document.to_string()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn experiment(prompts: &str) -> Experiment {
        let text = format!("name = \"e\"\nmodels = [\"m\"]\n{prompts}\n[optimizer]\nadam = {{}}\n");
        Experiment::parse("e.toml", &text).map_err(|error| error.to_string()).unwrap()
    }

    #[test]
    fn a_prompt_is_named_by_its_images_content_and_stem() {
        let folder = tempfile::tempdir().unwrap();
        let read = |path: &str, content: &[u8]| {
            fs::create_dir_all(folder.path().join("deep")).unwrap();
            fs::write(folder.path().join(path), content).unwrap();
            let mut experiment = experiment(&format!("prompts = [{{ text = \"a\", image = '{path}' }}]"));
            let images = experiment.read_images(folder.path()).unwrap();
            (experiment.prompts[0].name(), images[0].kept())
        };
        let (name, kept) = read("bear.png", b"1");
        assert_eq!(name, "a, like bear (6b86b273)");
        assert_eq!(kept, Path::new("inputs/6b86b273ff34fce1/bear.png"));
        assert_eq!(read("deep/bear.png", b"1"), (name.clone(), kept), "wherever it lies");
        assert_ne!(read("bear.png", b"2").0, name);
        assert_ne!(read("wolf.png", b"1").0, name);
    }

    #[test]
    fn the_kept_experiment_names_the_kept_images_however_prompts_are_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("b.png"), "1").unwrap();
        for prompts in [
            "prompts = [\"a\", { text = \"b\", image = \"b.png\" }]",
            "[[prompts]]\ntext = \"a\"\n[[prompts]]\nimage = \"b.png\" # a comment\ntext = \"b\"",
        ] {
            let mut from = experiment(prompts);
            let images = from.read_images(folder.path()).unwrap();
            assert_eq!(images.len(), 1);
            let kept = Experiment::parse("e.toml", &with_kept_images(&from.text, &images)).unwrap();
            assert_eq!(kept.prompts[0].image, None);
            assert_eq!(kept.prompts[1].image, Some("inputs/6b86b273ff34fce1/b.png".into()));
        }
    }
}
