//! Checkpoints of others: safetensors, pickles old and new, TorchScript. Read or refused, within
//! bounds.
#![no_main]

use libfuzzer_sys::fuzz_target;

use checkpoint::Weights;

#[path = "shared/folder.rs"]
mod folder;

fuzz_target!(|file: &[u8]| {
    let path = folder::write("weights", file);
    let Ok(weights) = Weights::open(&path) else { return };
    for name in weights.names() {
        let (shape, kind) = (weights.shape(&name), weights.kind(&name));
        if let Some(tensor) = weights.remove(&name) {
            assert_eq!((Some(tensor.size()), Some(tensor.kind())), (shape, kind));
        }
    }
    let _ = weights.finish();
});
