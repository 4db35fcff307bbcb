//! A results folder as rows (prompts, and further axes) and optimizers, with the cells of every
//! place.
pub(crate) mod cosine;
pub(crate) mod group;
pub(crate) mod planned;
pub(crate) mod repeats;
pub(crate) mod study;
