//! Defaults that stand in the source.

/// A setting made of a default that stands in the source.
pub(crate) trait Preset<T> {
    fn preset(value: T) -> Self;
}

impl Preset<bool> for bool {
    fn preset(value: bool) -> bool {
        value
    }
}
