//! Facts listed as name and value.

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) value: String,
}

pub(super) fn fact(name: &str, value: &str) -> Fact {
    Fact { name: name.to_owned(), value: value.to_owned() }
}

/// Seconds as people say them.
pub(super) fn duration(seconds: f64) -> String {
    match seconds as u64 {
        0..120 => format!("{seconds:.1} s"),
        whole @ 120..7200 => format!("{} min {} s", whole / 60, whole % 60),
        whole => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}
