//! Ranges of numbers that people set, of optimizers and of dreams: stated once, checked where a
//! number is read, so that the error points at the value in the file, and told in one style.
mod number;
mod range;
mod read;

pub use number::Number;
pub use range::{OutOfRange, Range};
pub use read::read;
