//! The moving average of the latents, of which images are made.

use crate::latents::Latents;
use tch::Tensor;

/// A bias-corrected exponential moving average. Source: `big-sleep` 0.9.1, `ema.py`.
#[derive(Debug)]
pub(crate) struct Ema {
    decay: f64,
    /// Σ (1 - d) dⁱ x, the newest value with i = 0.
    pub(crate) biased: Latents,
    /// dⁿ after n values: the weight that is missing from `biased`. A number, as a tensor on the
    /// device.
    pub(crate) accum: Tensor,
}

impl Ema {
    /// The average of one value: that value.
    pub(crate) fn new(first: &Latents, decay: f64) -> Self {
        let biased = Latents { normu: first.normu.zeros_like(), cls: first.cls.zeros_like() };
        let accum = Tensor::ones([0i64; 0], (first.normu.kind(), first.normu.device()));
        let mut ema = Self { decay, biased, accum };
        ema.update(&first.normu, &first.cls, &Tensor::from(true).to_device(first.normu.device()));
        ema
    }

    /// Takes in one more value if `active`, a truth value on the device, is true.
    pub(crate) fn update(&mut self, normu: &Tensor, cls: &Tensor, active: &Tensor) {
        let Self { decay, biased, accum } = self;
        let blend = |biased: &Tensor, value: &Tensor| {
            let moved = biased * *decay + value * (1.0 - *decay);
            moved.where_self(active, biased)
        };
        biased.normu = blend(&biased.normu, normu);
        biased.cls = blend(&biased.cls, cls);
        *accum = (&*accum * *decay).where_self(active, accum);
    }

    /// The average so far.
    pub(crate) fn average(&self) -> Latents {
        let weight: Tensor = 1.0 - &self.accum;
        Latents { normu: &self.biased.normu / &weight, cls: &self.biased.cls / &weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(value: f64) -> Latents {
        Latents { normu: Tensor::from(value), cls: Tensor::from(-value) }
    }

    fn update(ema: &mut Ema, value: f64, active: bool) {
        let Latents { normu, cls } = number(value);
        ema.update(&normu, &cls, &Tensor::from(active));
    }

    #[test]
    fn the_average_weighs_by_age_and_starts_at_the_first_value() {
        let mut ema = Ema::new(&number(8.0), 0.5);
        assert_eq!(ema.average().normu.double_value(&[]), 8.0);
        update(&mut ema, 2.0, true);
        update(&mut ema, 4.0, true);
        // Weights 1/2, 1/4, 1/8 of the newest to the oldest, over their sum 7/8.
        let expected = (0.5 * 4.0 + 0.25 * 2.0 + 0.125 * 8.0) / 0.875;
        assert_eq!(ema.average().normu.double_value(&[]), expected);
        assert_eq!(ema.average().cls.double_value(&[]), -expected);
    }

    #[test]
    fn the_dead_leave_no_trace() {
        let mut ema = Ema::new(&number(8.0), 0.5);
        update(&mut ema, f64::NAN, false);
        assert_eq!(ema.average().normu.double_value(&[]), 8.0);
        assert_eq!(ema.accum.double_value(&[]), 0.5);
    }
}
