use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use miette::Diagnostic;
use records::read_text;
use thiserror::Error;
use ureq::http::{StatusCode, header};
use ureq::{Agent, Body, http::Response};

use super::digest;
use super::{FileEntry, ModelSet, ModelSetError, Verified};

/// Number of times a broken connection is resumed before giving up.
const ATTEMPTS: u32 = 3;

/// Told of a download as it goes on: bytes there, bytes in all where the host says so.
pub type Progress<'p> = dyn FnMut(u64, Option<u64>) + 'p;

/// A file could not be fetched.
#[derive(Debug, Error, Diagnostic)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum FetchError {
    #[error("`{path}` of the model set `{set}` has no public source")]
    #[diagnostic(help("it comes with the repository: check the repository out again"))]
    NoSource { set: String, path: String },
    #[error("failed to fetch {url}")]
    Host {
        url: String,
        source: Box<ureq::Error>,
        #[help]
        help: String,
    },
    #[error("{url} answered with {status}")]
    Refused {
        url: String,
        status: StatusCode,
        #[help]
        help: String,
    },
    #[error("the connection to {url} broke off {ATTEMPTS} times")]
    BrokeOff {
        url: String,
        source: io::Error,
        #[help]
        help: String,
    },
    #[error("failed to write `{}`", printable::path(path))]
    Write { path: PathBuf, source: io::Error },
    #[error("{url} now serves another file: its SHA-256 is {found}, but should be {expected}")]
    #[diagnostic(help(
        "what was fetched has been removed; try again, and if that does not help, its publisher has changed it"
    ))]
    Wrong { url: String, expected: String, found: String },
    #[error(transparent)]
    #[diagnostic(transparent)]
    Set(#[from] ModelSetError),
}

/// Fetches a file into its place, whole and verified or not at all; a broken download is taken up
/// where it stopped.
///
/// # Errors
/// [`FetchError`], which says what can be done by hand where the host cannot be reached.
pub fn fetch(set: &ModelSet, file: &FileEntry, progress: &mut Progress<'_>) -> Result<Verified, FetchError> {
    let no_source = || FetchError::NoSource { set: set.manifest.name.clone(), path: file.path.clone() };
    let url = file.url.as_deref().ok_or_else(no_source)?;
    let target = set.path(file);
    let part = beside(&target, ".part");
    let version = beside(&target, ".part.version");
    let download = Download {
        url,
        target: &target,
        part: &part,
        version: &version,
        has_digest: file.sha256.is_some(),
        set: &set.manifest.name,
    };
    download.run(progress)?;

    let found = digest::of_file(&part).map_err(|source| download.write_error(source))?.sha256;
    let verified = set.judge(file, found)?;
    download.forget_version()?;
    if let Verified::Wrong { expected, found } = verified {
        fs::remove_file(&part).map_err(|source| download.write_error(source))?;
        return Err(FetchError::Wrong { url: url.to_owned(), expected, found });
    }
    fs::rename(&part, &target).map_err(|source| download.write_error(source))?;
    Ok(verified)
}

fn beside(target: &Path, ending: &str) -> PathBuf {
    let mut name = target.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

struct Download<'d> {
    url: &'d str,
    target: &'d Path,
    /// The bytes received so far.
    part: &'d Path,
    /// Which version of the file that is, as the host calls it: the rest of another must not be put
    /// behind it.
    version: &'d Path,
    /// True if a digest would reveal that.
    has_digest: bool,
    set: &'d str,
}

impl Download<'_> {
    fn run(&self, progress: &mut Progress<'_>) -> Result<(), FetchError> {
        let mut attempt = 1;
        while let Err(source) = self.attempt(progress)? {
            if attempt == ATTEMPTS {
                return Err(FetchError::BrokeOff { url: self.url.to_owned(), source, help: self.by_hand() });
            }
            tracing::warn!(url = self.url, error = %source, "the connection broke off; taking it up again");
            attempt += 1;
        }
        Ok(())
    }

    /// The inner error is a connection that broke off.
    fn attempt(&self, progress: &mut Progress<'_>) -> Result<io::Result<()>, FetchError> {
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.part)
            .map_err(|source| self.write_error(source))?;
        let version = read_text(self.version).ok();
        if version.is_none() && !self.has_digest {
            file.set_len(0).map_err(|source| self.write_error(source))?;
        }
        let there = file.metadata().map_err(|source| self.write_error(source))?.len();
        let response = self.request(there, version.as_deref())?;
        let there = match response.status() {
            StatusCode::PARTIAL_CONTENT => there,
            StatusCode::OK => {
                file.set_len(0).map_err(|source| self.write_error(source))?;
                self.note_version(&response)?;
                0
            }
            // All of it is there already; whether it is right the digest will tell.
            StatusCode::RANGE_NOT_SATISFIABLE if there > 0 => return Ok(Ok(())),
            status => {
                return Err(FetchError::Refused { url: self.url.to_owned(), status, help: self.by_hand() });
            }
        };
        self.copy(response, &mut file, there, progress)
    }

    fn request(&self, from: u64, version: Option<&str>) -> Result<Response<Body>, FetchError> {
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(Duration::from_secs(30)))
            .timeout_recv_response(Some(Duration::from_secs(60)))
            .build()
            .into();
        let mut request = agent.get(self.url);
        if from > 0 {
            request = request.header(header::RANGE, format!("bytes={from}-"));
            if let Some(version) = version {
                request = request.header(header::IF_RANGE, version); // all of it, if it has changed
            }
        }
        request.call().map_err(|source| FetchError::Host {
            url: self.url.to_owned(),
            source: Box::new(source),
            help: self.by_hand(),
        })
    }

    fn note_version(&self, response: &Response<Body>) -> Result<(), FetchError> {
        match version(response) {
            Some(version) => fs::write(self.version, version).map_err(|source| self.write_error(source)),
            None => self.forget_version(),
        }
    }

    fn forget_version(&self) -> Result<(), FetchError> {
        match fs::remove_file(self.version) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => Err(self.write_error(source)),
            _ => Ok(()),
        }
    }

    fn copy(
        &self,
        response: Response<Body>,
        file: &mut File,
        mut there: u64,
        progress: &mut Progress<'_>,
    ) -> Result<io::Result<()>, FetchError> {
        let total = response.body().content_length().map(|rest| there + rest);
        let mut body = response.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            progress(there, total);
            match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    file.write_all(&buffer[..read]).map_err(|source| self.write_error(source))?;
                    there += read as u64;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        file.sync_all().map_err(|source| self.write_error(source))?;
        if total.is_some_and(|total| there < total) {
            return Ok(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        Ok(Ok(()))
    }

    fn write_error(&self, source: io::Error) -> FetchError {
        FetchError::Write { path: self.part.to_owned(), source }
    }

    fn by_hand(&self) -> String {
        format!(
            "what has come so far is kept, and the same command resumes from there; or fetch {} by other means, put it at \
             {} and run `runner weights verify {}`",
            self.url,
            printable::path(self.target),
            self.set
        )
    }
}

/// Validator of a file's version: its strong entity tag, or else its date (RFC 9110, section
/// 13.1.5).
fn version(response: &Response<Body>) -> Option<&str> {
    let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    text(header::ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| text(header::LAST_MODIFIED))
}
