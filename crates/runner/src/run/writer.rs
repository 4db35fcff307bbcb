//! Encoding and writing beside the computation, so that a device need not wait for a disk.

use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use rayon::prelude::*;

use super::save_error::SaveError;
use super::snapshot::Snapshot;

/// Save points that may wait while one is written: so much memory they take, and so little a `kill
/// -9` loses.
const WAITING: usize = 1;

/// Writes snapshots in the order in which they come; those that come together, of different cells,
/// at the same time.
#[derive(Default)]
pub(super) struct Writer {
    running: Option<Running>,
}

struct Running {
    queue: SyncSender<Vec<Snapshot>>,
    thread: JoinHandle<Result<(), SaveError>>,
}

impl Writer {
    /// Takes over what a save point gave; waits only while earlier ones do.
    ///
    /// # Errors
    /// When earlier ones could not be written, or no thread can be had: then this one is not
    /// written, either.
    pub(super) fn send(&mut self, snapshots: Vec<Snapshot>) -> Result<(), SaveError> {
        let running = match &self.running {
            Some(running) => running,
            None => self.running.insert(start().map_err(SaveError::Thread)?),
        };
        match running.queue.send(snapshots) {
            Ok(()) => Ok(()),
            Err(_) => self.finish(), // it stopped at an error, which this tells
        }
    }

    /// Waits until all is written.
    ///
    /// # Errors
    /// The first that came up.
    pub(super) fn finish(&mut self) -> Result<(), SaveError> {
        let Some(Running { queue, thread }) = self.running.take() else { return Ok(()) };
        drop(queue);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Whoever reads the cells next finds nobody writing.
impl Drop for Writer {
    fn drop(&mut self) {
        if let Some(Running { queue, thread }) = self.running.take() {
            drop(queue);
            let _ = thread.join(); // another error, or a panic, is under way
        }
    }
}

fn start() -> io::Result<Running> {
    let (queue, snapshots) = sync_channel::<Vec<Snapshot>>(WAITING);
    let work = move || snapshots.into_iter().try_for_each(write_all);
    let thread = thread::Builder::new().name("writer".into()).spawn(work)?;
    Ok(Running { queue, thread })
}

fn write_all(snapshots: Vec<Snapshot>) -> Result<(), SaveError> {
    snapshots.into_par_iter().try_for_each(|snapshot| snapshot.write())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use checkpoint::Weights;
    use tch::{Kind, Tensor};

    use super::*;
    use crate::run::snapshot::Frame;
    use records::{CellFolder, ResultsFolder};

    fn snapshot(folder: &CellFolder, step: u32) -> Snapshot {
        let pixels = Tensor::full([4, 4, 3], i64::from(step), (Kind::Uint8, tch::Device::Cpu));
        let state = vec![("step".to_owned(), Tensor::from(i64::from(step)))];
        let frame = Some(Frame { step, pixels, best: step == 2 });
        Snapshot { folder: folder.clone(), frame, rows: Vec::new(), state, metadata: Default::default() }
    }

    #[test]
    fn all_that_was_sent_is_there_and_the_last_state_stays() {
        let root = tempfile::tempdir().unwrap();
        let cells = ["a", "b"].map(|id| ResultsFolder::at(root.path()).cell(id));
        let mut writer = Writer::default();
        for step in 1..=20 {
            writer.send(cells.iter().map(|cell| snapshot(cell, step)).collect()).unwrap();
        }
        writer.finish().unwrap();
        for cell in &cells {
            for step in 1..=20 {
                let frame = image::open(cell.frame(step)).unwrap().to_rgb8();
                assert_eq!(frame.get_pixel(3, 3).0, [step as u8; 3]);
            }
            assert_eq!(fs::read(cell.best_image()).unwrap(), fs::read(cell.frame(2)).unwrap());
            let state = Weights::open(&cell.state()).unwrap();
            assert_eq!(
                state.root(Kind::Float, tch::Device::Cpu).take_as("step", &[], Kind::Int64),
                Tensor::from(20_i64)
            );
        }
    }

    #[test]
    fn an_error_is_told_and_the_writer_serves_again() {
        let root = tempfile::tempdir().unwrap();
        let results = ResultsFolder::at(root.path());
        fs::create_dir_all(root.path().join("cells")).unwrap();
        fs::write(root.path().join("cells/a"), "in the way").unwrap();
        let mut writer = Writer::default();
        let told = (1..=3).map(|step| writer.send(vec![snapshot(&results.cell("a"), step)]));
        let told: Result<(), _> = told.collect();
        let error = told.and_then(|()| writer.finish()).unwrap_err();
        assert!(crate::run::failure::chain(&error).contains("cells/a"), "{error}");
        writer.send(vec![snapshot(&results.cell("b"), 1)]).unwrap();
        writer.finish().unwrap();
        assert!(results.cell("b").state().is_file());
    }
}
