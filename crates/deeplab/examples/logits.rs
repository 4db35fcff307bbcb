//! Computes the logits that `tests/reference/deeplab.py` compares: `logits WEIGHTS PIXELS OUT`, the
//! last two safetensors files with a tensor `pixels` and a tensor `logits`.

use std::{collections::BTreeMap, error::Error, path::Path};

use checkpoint::{Weights, write_safetensors};
use deeplab::DeepLab;
use tch::{Device, Kind};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [weights, pixels, out] = arguments.as_slice() else {
        return Err("three files are wanted: WEIGHTS PIXELS OUT".into());
    };
    let model = DeepLab::load(Weights::open(Path::new(weights))?, Device::Cpu, Kind::Float)?;
    let pixels = Weights::open(Path::new(pixels))?.remove("pixels").ok_or("no tensor `pixels`")?;
    write_safetensors(Path::new(out), &[("logits", &model.forward(&pixels))], &BTreeMap::new())?;
    Ok(())
}
