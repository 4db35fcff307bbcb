//! The safetensors format: read tensor by tensor, written atomically.

mod read;
mod write;

pub(crate) use read::{Stored, open};
pub use write::write_safetensors;

use safetensors::Dtype;
use tch::Kind;

/// The kinds that both sides know.
const KINDS: [(Dtype, Kind); 11] = [
    (Dtype::BOOL, Kind::Bool),
    (Dtype::U8, Kind::Uint8),
    (Dtype::I8, Kind::Int8),
    (Dtype::I16, Kind::Int16),
    (Dtype::I32, Kind::Int),
    (Dtype::I64, Kind::Int64),
    (Dtype::F16, Kind::Half),
    (Dtype::BF16, Kind::BFloat16),
    (Dtype::F32, Kind::Float),
    (Dtype::F64, Kind::Double),
    (Dtype::C64, Kind::ComplexFloat),
];

fn kind_of(dtype: Dtype) -> Option<Kind> {
    KINDS.iter().find(|pair| pair.0 == dtype).map(|pair| pair.1)
}

fn dtype_of(kind: Kind) -> Option<Dtype> {
    KINDS.iter().find(|pair| pair.1 == kind).map(|pair| pair.0)
}
