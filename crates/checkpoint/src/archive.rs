use std::{
    error::Error,
    fs::File,
    io::{BufReader, Read},
    path::Path,
    sync::Arc,
};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::{CheckpointError, stored::Source};

/// The longest pickle that is read from an archive. It names the tensors: the largest networks'
/// take a tenth of this. What it is read into may take a hundred times as much memory, and a
/// compressed one a thousandth of it in the file.
pub(crate) const LONGEST_PICKLE: u64 = 4 << 20;

/// The pickle that describes the tensors.
pub(crate) const PICKLE: &str = "data.pkl";

/// A ZIP archive of PyTorch's: one folder, whose name is of no account, with the entries in it.
pub(crate) struct Archive {
    zip: ZipArchive<BufReader<File>>,
    root: String,
    source: Arc<Source>,
    bytes: u64,
}

/// Byte range of an uncompressed entry in the file.
pub(crate) struct Span {
    pub(crate) start: u64,
    pub(crate) bytes: u64,
    pub(crate) crc32: Option<u32>,
}

impl Archive {
    pub(crate) fn open(path: &Path) -> Result<Self, CheckpointError> {
        let read = |source| CheckpointError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let bytes = file.metadata().map_err(read)?.len();
        let source =
            Source { path: path.to_owned(), format: "PyTorch", file: file.try_clone().map_err(read)? };
        let zip = ZipArchive::new(BufReader::new(file)).map_err(|error| zip_error(&source, error))?;
        let names = zip.file_names().flatten();
        let roots = names.filter_map(|name| name.strip_suffix(PICKLE).map(str::to_owned));
        let root = roots.filter(|root| root.is_empty() || root.ends_with('/')).min_by_key(String::len);
        let root = root.ok_or_else(|| CheckpointError::NotWeights {
            path: path.to_owned(),
            what: "a ZIP archive without tensors",
            remedy: "unpack it, if the weights are inside, and name their file",
        })?;
        Ok(Self { zip, root, source: Arc::new(source), bytes })
    }

    /// TorchScript's archives alone have constants beside the data.
    pub(crate) fn is_torchscript(&self) -> bool {
        self.zip.index_for_name(&format!("{}constants.pkl", self.root)).is_some()
    }

    /// Refuses a pickle too long to be read. `pytorch-reader` holds an entry to its declared
    /// length.
    pub(crate) fn check_pickle(&mut self) -> Result<(), CheckpointError> {
        let name = format!("{}{PICKLE}", self.root);
        let declared = self.zip.by_name(&name).map_err(|error| zip_error(&self.source, error))?.size();
        if declared > LONGEST_PICKLE { Err(self.too_long(&name, LONGEST_PICKLE)) } else { Ok(()) }
    }

    fn too_long(&self, name: &str, limit: u64) -> CheckpointError {
        self.source.damaged(format!("`{name}` has more than {limit} bytes"))
    }

    /// The whole file's length in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn source(&self) -> &Arc<Source> {
        &self.source
    }

    /// A small entry, decompressed. More than `limit` bytes are refused, whatever the archive
    /// claims.
    pub(crate) fn read(&mut self, name: &str, limit: u64) -> Result<Vec<u8>, CheckpointError> {
        let name = format!("{}{name}", self.root);
        let entry = self.zip.by_name(&name).map_err(|error| zip_error(&self.source, error))?;
        let mut content = Vec::new();
        entry.take(limit + 1).read_to_end(&mut content).map_err(|error| self.source.unreadable(error))?;
        if content.len() as u64 > limit {
            return Err(self.too_long(&name, limit));
        }
        Ok(content)
    }

    /// A tensor's storage, which PyTorch never compresses.
    pub(crate) fn storage(&mut self, key: &str) -> Result<Span, CheckpointError> {
        let name = format!("{}data/{key}", self.root);
        let no_entry = || self.source.damaged(format!("`{name}` is missing"));
        let index = self.zip.index_for_name(&name).ok_or_else(no_entry)?;
        let entry = self.zip.by_index_raw(index).map_err(|error| zip_error(&self.source, error))?;
        let stored =
            entry.compression() == CompressionMethod::Stored && entry.compressed_size() == entry.size();
        let (start, bytes) = (entry.data_start(), entry.size());
        let within = |start: &u64| start.checked_add(bytes).is_some_and(|end| end <= self.bytes);
        let (true, Some(start)) = (stored, start.filter(within)) else {
            return Err(self.source.damaged(format!("`{name}` is compressed or out of bounds")));
        };
        // PyTorch can be told to leave out checksums, and then writes zero.
        Ok(Span { start, bytes, crc32: Some(entry.crc32()).filter(|&crc32| crc32 != 0) })
    }

    pub(crate) fn damaged(&self, reason: impl Into<Box<dyn Error + Send + Sync>>) -> CheckpointError {
        self.source.damaged(reason)
    }
}

fn zip_error(source: &Source, error: ZipError) -> CheckpointError {
    match error {
        ZipError::Io(error) => source.unreadable(error),
        error => source.damaged(error),
    }
}
