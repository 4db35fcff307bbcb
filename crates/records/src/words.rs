//! Numbers in words, as every message and table writes them.

use std::fmt;

/// `1 cell`, `2 cells`.
pub fn counted<N: Copy + fmt::Display + PartialEq + From<u8>>(count: N, what: &str) -> String {
    let ending = if count == N::from(1) { "" } else { "s" };
    format!("{count} {what}{ending}")
}
