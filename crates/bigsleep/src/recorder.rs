//! Trace of a dream, kept on the device and read from there a block at a time.

use crate::trace::TraceRow;
use loss_terms::LossTerms;
use tch::{Device, Kind, Tensor};

/// The steps of one dream.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// Steps taken; too many, if the dream has diverged in a step that was not fetched yet.
    step: u32,
    /// True if all of them were finite: a boolean on the device.
    active: Tensor,
    /// Steps on the device only: the loss terms, and whether the dream was active afterwards,
    /// `[terms + 1]` each.
    pending: Vec<Tensor>,
    rows: Vec<TraceRow>,
    diverged_at: Option<u32>,
}

impl Recorder {
    /// At a dream's beginning or where it was left.
    pub(crate) fn new(step: u32, diverged_at: Option<u32>, device: Device) -> Self {
        let active = Tensor::from(diverged_at.is_none()).to_device(device);
        Self { step, active, pending: Vec::new(), rows: Vec::new(), diverged_at }
    }

    /// Steps taken. See [`Recorder::fetch`].
    pub(crate) fn step(&self) -> u32 {
        self.step
    }

    /// The step that failed, as far as was fetched.
    pub(crate) fn diverged_at(&self) -> Option<u32> {
        self.diverged_at
    }

    /// Takes a step, without waiting for the device: `terms` are those of [`LossTerms`], in its
    /// order, `finite` tells whether all went well. Gives whether all went well ever since the
    /// beginning.
    pub(crate) fn record(&mut self, terms: &Tensor, finite: &Tensor) -> &Tensor {
        self.step += 1;
        self.active = self.active.logical_and(finite);
        self.pending.push(Tensor::cat(&[terms, &self.active.to_kind(terms.kind()).view(1)], 0));
        &self.active
    }

    /// Reads what is on the device only, and waits for it. From then on a divergence is known.
    pub(crate) fn fetch(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let block = Tensor::stack(&self.pending, 0).to_kind(Kind::Float).to_device(Device::Cpu);
        let before = self.step - self.pending.len() as u32;
        self.pending.clear();
        let numbers = Vec::<f32>::try_from(block.view(-1)).expect("a vector of floats");
        for (step, row) in (before + 1..).zip(numbers.chunks_exact(LossTerms::COUNT + 1)) {
            let (terms, active) = row.split_at(LossTerms::COUNT);
            if active == [0.0] {
                self.diverged_at = Some(step);
                self.step = step - 1;
                break;
            }
            let terms: [f32; LossTerms::COUNT] = terms.try_into().expect("as many as there are terms");
            self.rows.push(TraceRow { step, loss: terms.into() });
        }
    }

    /// The rows fetched since they were last taken.
    pub(crate) fn take_rows(&mut self) -> Vec<TraceRow> {
        std::mem::take(&mut self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(recorder: &mut Recorder, total: f64, finite: bool) {
        let terms = Tensor::from_slice(&[total, 1.0, 2.0, 3.0]).to_kind(Kind::Float);
        recorder.record(&terms, &Tensor::from(finite));
    }

    #[test]
    fn rows_are_numbered_across_blocks() {
        let mut recorder = Recorder::new(7, None, Device::Cpu);
        record(&mut recorder, 0.5, true);
        record(&mut recorder, 0.25, true);
        recorder.fetch();
        record(&mut recorder, 0.125, true);
        recorder.fetch();
        let rows = recorder.take_rows();
        assert_eq!(rows[0], TraceRow { step: 8, loss: [0.5, 1.0, 2.0, 3.0].into() });
        assert_eq!(rows.iter().map(|row| row.step).collect::<Vec<_>>(), [8, 9, 10]);
        assert!(recorder.take_rows().is_empty());
    }

    #[test]
    fn the_first_unsound_step_is_the_last() {
        let mut recorder = Recorder::new(0, None, Device::Cpu);
        for finite in [true, true, false, true, true] {
            record(&mut recorder, 1.0, finite);
        }
        assert_eq!(recorder.diverged_at(), None); // not known before it is fetched
        recorder.fetch();
        assert_eq!((recorder.diverged_at(), recorder.step()), (Some(3), 2));
        assert_eq!(recorder.take_rows().len(), 2);
    }
}
