use std::collections::BTreeMap;
use std::sync::Arc;

use tch::{Device, Kind, Tensor};

use crate::{Host, Interpreter, PythonError, PythonOptimizer, PythonSettings};

/// Result of making optimizers to see whether they can be made.
#[derive(Debug, Default)]
pub struct Checked {
    /// Versions of Python, torch and the packages that the optimizers come from.
    pub versions: BTreeMap<String, String>,
    /// Why one cannot be made, by its place among those that were given.
    pub faults: Vec<(usize, PythonError)>,
}

/// Makes every optimizer for parameters of these `shapes`.
pub fn check(interpreter: &Interpreter, settings: &[&PythonSettings], shapes: &[[i64; 2]]) -> Checked {
    let host = Arc::new(Host::new(interpreter.clone()));
    let params: Vec<Tensor> =
        shapes.iter().map(|shape| Tensor::zeros(shape, (Kind::Float, Device::Cpu))).collect();
    let mut checked = Checked::default();
    for (index, settings) in settings.iter().enumerate() {
        match PythonOptimizer::new(settings, 0, &host).begin(&params) {
            Ok(versions) => checked.versions.extend(versions),
            Err(error) => {
                // Without Python or torch every other says the same.
                let is_of_all = matches!(error, PythonError::NoPython { .. } | PythonError::NoTorch { .. });
                checked.faults.push((index, error));
                if is_of_all {
                    break;
                }
            }
        }
    }
    checked
}
