//! A Python process and the pipes to it. Every wait for it is bounded.

use std::io::{self, BufRead as _, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child as Process, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process_group};

use crate::error::{PythonError, Said};
use crate::interpreter::Interpreter;
use crate::messages::{FromChild, LARGEST_HEADER, LARGEST_PAYLOAD, LENGTHS, ToChild};

const DRIVER: &str = concat!(
    include_str!("driver/channel.py"),
    include_str!("driver/loading.py"),
    include_str!("driver/work.py"),
    include_str!("driver/main.py"),
);
/// How long to wait for the end of what has closed its pipes, and for its last words.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// How long a silence may last while packages are imported, which a cold disk makes slow.
const IMPORTING: Duration = Duration::from_secs(300);

/// A process under way.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    to: ChildStdin,
    from: ChildStdout,
    last_words: Receiver<String>,
    /// How long a silence may last otherwise.
    limit: Duration,
}

/// Why an exchange with the process failed.
enum Broken {
    Hung,
    Closed,
    Protocol(String),
}

impl Child {
    pub(crate) fn start(interpreter: &Interpreter) -> Result<Self, PythonError> {
        let no_python = |source| PythonError::NoPython { program: interpreter.shown(), source };
        let mut command = Command::new(&interpreter.program);
        command.args(["-u", "-B", "-c", DRIVER]).arg(interpreter.memory.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (name, value) in [("OMP_NUM_THREADS", "1"), ("MKL_NUM_THREADS", "1"), ("PYTHONHASHSEED", "0")] {
            command.env(name, value);
        }
        // A group of its own: a Ctrl-C is the parent's to handle, and what it forks ends with it.
        let mut process = command.process_group(0).spawn().map_err(no_python)?;
        let (Some(to), Some(from), Some(errors)) =
            (process.stdin.take(), process.stdout.take(), process.stderr.take())
        else {
            return Err(no_python(io::Error::other("its pipes are missing")));
        };
        rustix::io::ioctl_fionbio(&to, true).map_err(|error| no_python(error.into()))?;
        rustix::io::ioctl_fionbio(&from, true).map_err(|error| no_python(error.into()))?;
        Ok(Self { process, to, from, last_words: listen(errors), limit: interpreter.limit })
    }

    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.process.try_wait(), Ok(None))
    }

    /// Sends a message with `numbers`, and returns the answer with its numbers as bytes; `doing`
    /// tells errors what for.
    ///
    /// After an error the process is of no use any more.
    pub(crate) fn ask(
        &mut self,
        message: &ToChild<'_>,
        numbers: &[&[u8]],
        doing: &str,
    ) -> Result<(FromChild, Vec<u8>), PythonError> {
        let limit = match message {
            ToChild::Begin { .. } => self.limit.max(IMPORTING),
            _ => self.limit,
        };
        let answer = self.send(message, numbers, limit).and_then(|()| self.receive(limit));
        match answer {
            Ok((FromChild::Raised(raised), _)) => {
                Err(PythonError::Raised { doing: doing.to_owned(), raised })
            }
            Ok(answer) => Ok(answer),
            Err(broken) => Err(self.why(broken, doing.to_owned(), limit)),
        }
    }

    fn why(&mut self, broken: Broken, doing: String, limit: Duration) -> PythonError {
        match broken {
            Broken::Hung => PythonError::Hung { doing, seconds: limit.as_secs() },
            Broken::Protocol(message) => PythonError::Protocol { doing, message },
            Broken::Closed => {
                let how = self.ending();
                let said = Said(self.last_words.recv_timeout(LAST_WORDS).unwrap_or_default());
                PythonError::Died { doing, how, said }
            }
        }
    }

    /// How the process ended; it is made to, if it has only closed its pipes.
    fn ending(&mut self) -> String {
        let deadline = Instant::now() + LAST_WORDS;
        while Instant::now() < deadline {
            if let Ok(Some(status)) = self.process.try_wait() {
                return status.to_string();
            }
            thread::sleep(Duration::from_millis(5));
        }
        "it closed its pipes".to_owned()
    }

    fn send(&mut self, message: &ToChild<'_>, numbers: &[&[u8]], limit: Duration) -> Result<(), Broken> {
        let header = serde_json::to_vec(message).map_err(|error| Broken::Protocol(error.to_string()))?;
        let length: usize = numbers.iter().map(|part| part.len()).sum();
        let mut start = (header.len() as u32).to_le_bytes().to_vec();
        start.extend((length as u64).to_le_bytes());
        start.extend(header);
        let parts = std::iter::once(start.as_slice()).chain(numbers.iter().copied());
        parts.into_iter().try_for_each(|part| self.write(part, limit))
    }

    fn write(&mut self, mut bytes: &[u8], limit: Duration) -> Result<(), Broken> {
        while !bytes.is_empty() {
            match self.to.write(bytes) {
                Ok(written) => bytes = &bytes[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait_for(&self.to, PollFlags::OUT, limit)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Broken::Closed),
            }
        }
        Ok(())
    }

    fn receive(&mut self, limit: Duration) -> Result<(FromChild, Vec<u8>), Broken> {
        let lengths = self.read(LENGTHS, limit)?;
        let (header, numbers) = lengths.split_at(4);
        let header = u32::from_le_bytes(header.try_into().unwrap_or_default()) as usize;
        let numbers = u64::from_le_bytes(numbers.try_into().unwrap_or_default());
        if header > LARGEST_HEADER || numbers > LARGEST_PAYLOAD {
            return Err(Broken::Protocol("a frame is too long".to_owned()));
        }
        let header = self.read(header, limit)?;
        let message = serde_json::from_slice(&header).map_err(|error| Broken::Protocol(error.to_string()))?;
        Ok((message, self.read(numbers as usize, limit)?))
    }

    fn read(&mut self, length: usize, limit: Duration) -> Result<Vec<u8>, Broken> {
        let (mut bytes, mut filled) = (vec![0; length], 0);
        while filled < length {
            match self.from.read(&mut bytes[filled..]) {
                Ok(0) => return Err(Broken::Closed),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait_for(&self.from, PollFlags::IN, limit)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Broken::Closed),
            }
        }
        Ok(bytes)
    }
}

fn wait_for(pipe: &impl AsFd, what: PollFlags, limit: Duration) -> Result<(), Broken> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let timeout = Timespec { tv_sec: left.as_secs() as i64, tv_nsec: i64::from(left.subsec_nanos()) };
        match poll(&mut [PollFd::new(pipe, what)], Some(&timeout)) {
            Ok(0) => return Err(Broken::Hung),
            Ok(_) => return Ok(()),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return Err(Broken::Closed),
        }
    }
}

/// Logs what a process prints, and sends its last line when it has ended.
fn listen(errors: ChildStderr) -> Receiver<String> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut last = String::new();
        let mut reader = BufReader::new(errors);
        let mut line = Vec::new();
        while reader.by_ref().take(1 << 12).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            tracing::debug!("python: {}", printable::line(&text));
            if !text.is_empty() {
                last = text;
            }
            line.clear();
        }
        let _ = send.send(last); // nobody may be waiting for it
    });
    receive
}

impl Drop for Child {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL); // it may have ended
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
