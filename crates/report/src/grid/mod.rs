//! A results folder as rows (prompts, and further axes) and optimizers, with the cells of every
//! place.
pub(crate) mod cosine;
pub(crate) mod group;
mod planned;
pub(crate) mod study;
