//! The safetensors format: read tensor by tensor, written whole or not at all.

mod read;
mod write;

pub(crate) use read::open;
pub use write::write_safetensors;
