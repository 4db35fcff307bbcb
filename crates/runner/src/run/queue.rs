use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::plan::Cell;

/// The cells that wait for a worker.
#[derive(Debug)]
pub(super) struct Queue<'c> {
    waiting: Mutex<VecDeque<&'c Cell>>,
    workers: usize,
}

impl<'c> Queue<'c> {
    pub(super) fn new(cells: impl IntoIterator<Item = &'c Cell>, workers: usize) -> Self {
        Self { waiting: Mutex::new(cells.into_iter().collect()), workers }
    }

    /// The next cell, with up to `most` - 1 others that can be advanced in one batch with it; fewer where other workers
    /// would be left with nothing. Empty when no cell waits.
    pub(super) fn take(&self, most: usize) -> Vec<&'c Cell> {
        let mut waiting = self.waiting();
        let share = waiting.len().div_ceil(self.workers).max(1);
        let Some(first) = waiting.pop_front() else { return Vec::new() };
        let mut pack = vec![first];
        let mut index = 0;
        while index < waiting.len() && pack.len() < most.min(share) {
            if waiting[index].dream.packs_with(&first.dream) {
                pack.extend(waiting.remove(index));
            } else {
                index += 1;
            }
        }
        pack
    }

    /// Puts cells back to the front, to be taken again in smaller packs.
    pub(super) fn put_back(&self, cells: &[&'c Cell]) {
        let mut waiting = self.waiting();
        for cell in cells.iter().rev() {
            waiting.push_front(cell);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<&'c Cell>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner) // a panic leaves the list as sound as ever
    }
}
