use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use experiment::plan::Cell;

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

    /// The next cell, with up to `most` - 1 others that can be advanced in one batch with it; fewer
    /// where other workers would be left with nothing. Empty when no cell waits.
    pub(super) fn take(&self, most: usize) -> Vec<&'c Cell> {
        let mut waiting = self.waiting();
        let share = waiting.len().div_ceil(self.workers).max(1);
        let Some(first) = waiting.pop_front() else { return Vec::new() };
        let mut batch = vec![first];
        let mut index = 0;
        while index < waiting.len() && batch.len() < most.min(share) {
            if waiting[index].dream.batches_with(&first.dream) {
                batch.extend(waiting.remove(index));
            } else {
                index += 1;
            }
        }
        batch
    }

    /// Puts cells back to the front, to be taken again in smaller batches.
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use experiment::Experiment;
    use experiment::plan::Plan;
    use model_sets::Identity;

    /// Six cells of each of two numbers of cutouts, taking turns.
    fn plan() -> Plan {
        let text = r#"
            name = "queue"
            models = ["none"]
            prompts = ["a", "b"]
            seeds = [0, 1, 2]
            dream.cutouts = [4, 8]
            optimizer.adam = {}
        "#;
        let experiment = Experiment::parse("queue.toml", text).unwrap();
        Plan::new(&experiment, &Identity::new("none", BTreeMap::new())).unwrap()
    }

    fn cutouts(batch: &[&Cell]) -> Vec<u32> {
        batch.iter().map(|cell| cell.dream.cutouts).collect()
    }

    #[test]
    fn a_pack_has_one_number_of_cutouts_and_no_more_cells_than_wanted() {
        let plan = plan();
        let queue = Queue::new(&plan.cells, 1);
        assert_eq!(cutouts(&queue.take(4)), [4; 4]);
        assert_eq!(cutouts(&queue.take(4)), [8; 4]);
        assert_eq!(cutouts(&queue.take(4)), [4; 2]);
        assert_eq!(cutouts(&queue.take(4)), [8; 2]);
        assert!(queue.take(4).is_empty());
    }

    #[test]
    fn a_worker_leaves_the_others_their_share() {
        let plan = plan();
        let queue = Queue::new(&plan.cells, 6);
        assert_eq!(queue.take(100).len(), 2); // of twelve
        assert_eq!(queue.take(100).len(), 2); // of ten
    }

    #[test]
    fn what_is_put_back_comes_first_in_its_order() {
        let plan = plan();
        let queue = Queue::new(&plan.cells, 1);
        let batch = queue.take(4);
        let ids: Vec<_> = batch.iter().map(|cell| cell.id.clone()).collect();
        queue.put_back(&batch);
        let halves: Vec<_> =
            [queue.take(2), queue.take(2)].concat().iter().map(|cell| cell.id.clone()).collect();
        assert_eq!(halves, ids);
    }
}
