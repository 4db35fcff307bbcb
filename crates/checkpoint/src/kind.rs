//! Names of libtorch's number types in the file formats.

use safetensors::Dtype;
use tch::Kind;

const SAFETENSORS: [(Dtype, Kind); 11] = [
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

const STORAGES: [(&str, Kind); 10] = [
    ("BoolStorage", Kind::Bool),
    ("ByteStorage", Kind::Uint8),
    ("CharStorage", Kind::Int8),
    ("ShortStorage", Kind::Int16),
    ("IntStorage", Kind::Int),
    ("LongStorage", Kind::Int64),
    ("HalfStorage", Kind::Half),
    ("BFloat16Storage", Kind::BFloat16),
    ("FloatStorage", Kind::Float),
    ("DoubleStorage", Kind::Double),
];

pub(crate) fn of_dtype(dtype: Dtype) -> Option<Kind> {
    SAFETENSORS.iter().find(|pair| pair.0 == dtype).map(|pair| pair.1)
}

pub(crate) fn to_dtype(kind: Kind) -> Option<Dtype> {
    SAFETENSORS.iter().find(|pair| pair.1 == kind).map(|pair| pair.0)
}

/// The kind of a PyTorch storage class: `HalfStorage` holds half precision.
pub(crate) fn of_storage(class: &str) -> Option<Kind> {
    STORAGES.iter().find(|pair| pair.0 == class).map(|pair| pair.1)
}

/// `pytorch-reader`'s kinds; libtorch has no arithmetic for wide unsigned integers.
pub(crate) fn of_pytorch(dtype: pytorch_reader::DType) -> Option<Kind> {
    use pytorch_reader::DType;
    Some(match dtype {
        DType::F64 => Kind::Double,
        DType::F32 => Kind::Float,
        DType::F16 => Kind::Half,
        DType::BF16 => Kind::BFloat16,
        DType::I64 => Kind::Int64,
        DType::I32 => Kind::Int,
        DType::I16 => Kind::Int16,
        DType::I8 => Kind::Int8,
        DType::U8 => Kind::Uint8,
        DType::Bool => Kind::Bool,
        DType::U64 | DType::U32 | DType::U16 => return None,
    })
}
