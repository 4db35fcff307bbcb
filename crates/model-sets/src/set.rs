use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;
use records::{ModelFile, RecordError, TextError, TomlError, forbidden_in_toml, read_text, write_atomically};
use thiserror::Error;
use toml::de::DeTable;

use super::digest;
use super::kinds::{self, KindError};
use super::{Component, FileEntry, Identity, Manifest};

/// The folder that holds the model sets, such as `weights`.
#[derive(Clone, Debug)]
pub struct ModelSets {
    root: PathBuf,
}

/// A model set, installed or not.
#[derive(Clone, Debug)]
pub struct ModelSet {
    /// Manifest of the set.
    pub manifest: Manifest,
    folder: PathBuf,
    text: String,
}

/// Result of verifying a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The digest of its publisher, or of the first download.
    Right,
    /// There is nothing to compare it with but itself: its digest has been recorded.
    FirstSeen,
    /// Not there.
    Missing,
    /// Another file than the manifest means.
    Wrong {
        /// SHA-256 that it should have, or its first digits.
        expected: String,
        /// SHA-256 that it has.
        found: String,
    },
}

/// A model set cannot be used.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ModelSetError {
    #[error("`{}` has no model sets", printable::path(path))]
    #[diagnostic(help(
        "start the program in the repository's root, or point --weights at the folder of model sets"
    ))]
    NoFolder { path: PathBuf },
    #[error("there is no model set `{name}`")]
    Unknown {
        name: String,
        #[help]
        help: String,
    },
    #[error("no requested model set is installed: {wanted}")]
    NoneInstalled {
        wanted: String,
        #[help]
        help: String,
    },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(Box<ManifestError>),
    #[error(transparent)]
    #[diagnostic(transparent)]
    Kind(#[from] Box<KindError>),
    #[error("the model set in `{}` calls itself `{name}`", printable::path(path))]
    Misnamed { path: PathBuf, name: String },
    #[error("failed to read `{}`", printable::path(path))]
    Read { path: PathBuf, source: io::Error },
    /// The manifest is no text that can be read, or has a character that no report can show.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Text(#[from] TextError),
    #[error("`{}` is not the file that the model set `{set}` specifies", printable::path(path))]
    #[diagnostic(help(
        "its SHA-256 is {found}, but should be {expected}; `runner weights fetch {set}` fetches it again"
    ))]
    Wrong { set: String, path: PathBuf, expected: String, found: String },
    #[error("the digests of first downloads could not be recorded")]
    Record { source: RecordError },
}

/// A manifest that is none, and where.
#[derive(Debug, Error, Diagnostic)]
#[error("`{}` is not a manifest of a model set", printable::path(path))]
pub struct ManifestError {
    path: PathBuf,
    #[diagnostic_source]
    source: TomlError,
}

impl ModelSets {
    /// The model sets below `root`.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// All sets, by name.
    ///
    /// # Errors
    /// When the folder or a manifest cannot be read.
    pub fn all(&self) -> Result<Vec<ModelSet>, ModelSetError> {
        let no_folder = || ModelSetError::NoFolder { path: self.root.clone() };
        let entries = fs::read_dir(&self.root).map_err(|_| no_folder())?;
        let mut folders: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        folders.retain(|folder| folder.join("manifest.toml").is_file());
        folders.sort();
        if folders.is_empty() {
            return Err(no_folder());
        }
        folders.into_iter().map(ModelSet::open).collect()
    }

    /// The set `name`.
    ///
    /// # Errors
    /// When there is none, or its manifest cannot be read.
    pub fn get(&self, name: &str) -> Result<ModelSet, ModelSetError> {
        let all = self.all()?;
        let unknown = || ModelSetError::Unknown { name: name.to_owned(), help: suggestion(name, &all) };
        all.iter().find(|set| set.manifest.name == name).cloned().ok_or_else(unknown)
    }

    /// The first of `names` that is installed.
    ///
    /// # Errors
    /// When none is, with what to do about each; when one before it does not exist, which is more
    /// likely a slip than meant.
    pub fn first_installed(&self, names: &[String]) -> Result<ModelSet, ModelSetError> {
        let all = self.all()?;
        let mut unknown = None;
        let mut reasons = Vec::new();
        for name in names {
            let Some(set) = all.iter().find(|set| set.manifest.name == *name) else {
                let help = suggestion(name, &all);
                reasons.push(format!("there is no model set `{name}` ({help})"));
                unknown.get_or_insert(ModelSetError::Unknown { name: name.clone(), help });
                continue;
            };
            match (set.remedy(), unknown) {
                (None, None) => return Ok(set.clone()),
                (None, Some(unknown)) => return Err(unknown),
                (Some(remedy), still) => {
                    reasons.push(remedy);
                    unknown = still;
                }
            }
        }
        if let (Some(unknown), [_]) = (unknown, names) {
            return Err(unknown);
        }
        let installed = all.iter().find(|set| set.missing().next().is_none());
        reasons.extend(installed.map(|set| {
            let name = &set.manifest.name;
            format!("`{name}` is installed: --set 'models=[\"{name}\"]' runs with it")
        }));
        let wanted = names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Err(ModelSetError::NoneInstalled { wanted, help: reasons.join("\n") })
    }
}

impl ModelSet {
    fn open(folder: PathBuf) -> Result<Self, ModelSetError> {
        let path = folder.join("manifest.toml");
        let text = read_text(&path)?;
        kinds::check(&path, &text)?;
        let manifest: Manifest = toml::from_str(&text).map_err(|error| invalid(&path, &text, &error))?;
        refuse_forbidden(&path, &text)?;
        if folder.file_name().is_none_or(|name| name != manifest.name.as_str()) {
            return Err(ModelSetError::Misnamed { path: folder, name: manifest.name });
        }
        Ok(Self { manifest, folder, text })
    }

    /// Path of a file of the set.
    pub fn path(&self, file: &FileEntry) -> PathBuf {
        self.folder.join(&file.path)
    }

    /// The files that dreams need and that are not there.
    pub fn missing(&self) -> impl Iterator<Item = &FileEntry> {
        self.dream_files().filter(|file| !self.path(file).is_file())
    }

    /// The missing files and the remedy; `None` when the set is installed.
    pub fn remedy(&self) -> Option<String> {
        let name = &self.manifest.name;
        let missing: Vec<&FileEntry> = self.missing().collect();
        if missing.is_empty() {
            return None;
        }
        let files = missing.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", ");
        let from_there = missing.iter().all(|file| file.url.is_some());
        let remedy = if from_there {
            format!("`runner weights fetch {name}` fetches it")
        } else {
            "it comes with the repository: check the repository out again".to_owned()
        };
        Some(format!("`{name}` lacks {files}; {remedy}"))
    }

    fn dream_files(&self) -> impl Iterator<Item = &FileEntry> {
        self.manifest.generator.files().chain(self.manifest.perceptor.files())
    }

    /// Identity of the set, each file compared with the digest it should have.
    ///
    /// # Errors
    /// When a file cannot be read, or is another than the manifest means.
    pub fn identity(&self) -> Result<Identity, ModelSetError> {
        let identity = Identity::new(&self.manifest.name, self.digests(self.dream_files())?);
        let identity = Identity { reproduces: self.manifest.reproduces.clone(), ..identity };
        Ok(identity.with_activation(self.manifest.perceptor.activation))
    }

    /// The files of a component, each compared with the digest it should have; nothing if one is
    /// not there.
    ///
    /// # Errors
    /// When a file cannot be read, or is another than the manifest means.
    pub fn installed(
        &self,
        component: &Component,
    ) -> Result<Option<BTreeMap<String, ModelFile>>, ModelSetError> {
        let there = component.files().all(|file| self.path(file).is_file());
        there.then(|| self.digests(component.files())).transpose()
    }

    fn digests<'f>(
        &self,
        wanted: impl Iterator<Item = &'f FileEntry>,
    ) -> Result<BTreeMap<String, ModelFile>, ModelSetError> {
        let first_seen = self.first_seen()?;
        let mut files = BTreeMap::new();
        for file in wanted {
            let found = self.read_digest(file)?;
            if let Some(expected) = expected(file, &first_seen)
                && !found.sha256.starts_with(expected)
            {
                return Err(self.wrong(file, expected, &found.sha256));
            }
            files.insert(file.path.clone(), found);
        }
        Ok(files)
    }

    /// Compares a file with the digest it should have; where nobody has published one, the first to
    /// be seen is recorded.
    ///
    /// # Errors
    /// When it cannot be read, or its digest not be kept.
    pub fn verify(&self, file: &FileEntry) -> Result<Verified, ModelSetError> {
        if !self.path(file).is_file() {
            return Ok(Verified::Missing);
        }
        let found = self.read_digest(file)?.sha256;
        self.judge(file, found)
    }

    /// Verifies a known digest of a file about to be put in place.
    pub(super) fn judge(&self, file: &FileEntry, found: String) -> Result<Verified, ModelSetError> {
        let mut first_seen = self.first_seen()?;
        if let Some(expected) = expected(file, &first_seen)
            && !found.starts_with(expected)
        {
            return Ok(Verified::Wrong { expected: expected.to_owned(), found });
        }
        // A few published digits do not pin a file as its whole digest does: that is kept, too.
        let published_whole = file.sha256.as_ref().is_some_and(|sha256| sha256.len() == 64);
        if published_whole || first_seen.contains_key(&file.path) {
            return Ok(Verified::Right);
        }
        first_seen.insert(file.path.clone(), found);
        self.keep(&first_seen)?;
        Ok(if file.sha256.is_some() { Verified::Right } else { Verified::FirstSeen })
    }

    fn read_digest(&self, file: &FileEntry) -> Result<ModelFile, ModelSetError> {
        let path = self.path(file);
        digest::of_file(&path).map_err(|source| ModelSetError::Read { path, source })
    }

    fn wrong(&self, file: &FileEntry, expected: &str, found: &str) -> ModelSetError {
        ModelSetError::Wrong {
            set: self.manifest.name.clone(),
            path: self.path(file),
            expected: expected.to_owned(),
            found: found.to_owned(),
        }
    }

    fn first_seen(&self) -> Result<BTreeMap<String, String>, ModelSetError> {
        let path = self.first_seen_path();
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(TextError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(error.into()),
        };
        toml::from_str(&text).map_err(|error| invalid(&path, &text, &error))
    }

    fn keep(&self, first_seen: &BTreeMap<String, String>) -> Result<(), ModelSetError> {
        let lines = first_seen
            .iter()
            .map(|(path, sha256)| format!("{} = \"{sha256}\"\n", toml::Value::from(path.as_str())));
        let text =
            "# SHA-256 of first downloads that nobody has published a digest of; later ones must match.\n"
                .to_owned()
                + &lines.collect::<String>();
        write_atomically(&self.first_seen_path(), text.as_bytes())
            .map_err(|source| ModelSetError::Record { source })
    }

    fn first_seen_path(&self) -> PathBuf {
        self.folder.join("first-seen.toml")
    }

    /// The manifest's path and text, which errors about its settings point into.
    pub fn manifest_text(&self) -> (PathBuf, &str) {
        (self.folder.join("manifest.toml"), &self.text)
    }

    /// Its folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Names and labels of a manifest are shown in reports, which have no such characters.
fn refuse_forbidden(path: &Path, text: &str) -> Result<(), TextError> {
    let Ok(table) = DeTable::parse(text) else { return Ok(()) }; // read before
    match forbidden_in_toml(table.get_ref(), text) {
        Some((span, character)) => Err(TextError::character(path, text, span, character)),
        None => Ok(()),
    }
}

fn invalid(path: &Path, text: &str, error: &toml::de::Error) -> ModelSetError {
    let source = TomlError::of(path, text, error);
    ModelSetError::Manifest(Box::new(ManifestError { path: path.to_owned(), source }))
}

fn suggestion(name: &str, sets: &[ModelSet]) -> String {
    let names: Vec<String> = sets.iter().map(|set| set.manifest.name.clone()).collect();
    records::suggestion(name, &names)
}

/// The digest that a file should have: the longer one of those that were published and seen.
fn expected<'a>(file: &'a FileEntry, first_seen: &'a BTreeMap<String, String>) -> Option<&'a str> {
    let published = file.sha256.as_deref().filter(|sha256| sha256.len() == 64);
    published.or_else(|| first_seen.get(&file.path).map(String::as_str)).or(file.sha256.as_deref())
}
