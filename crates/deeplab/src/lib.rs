//! DeepLabv3: images to class masks.
//!
//! Chen et al. 2017, Rethinking Atrous Convolution for Semantic Image Segmentation, as torchvision
//! 0.26 computes it and from its published files. Read [`DeepLab`] first; `resnet` and `head` are
//! its two halves.

mod config;
mod conv;
mod head;
mod model;
mod resnet;
mod trainable;
mod voc;

pub use config::Config;
pub use model::{DeepLab, normalize};
pub use trainable::TrainableDeepLab;
pub use voc::CLASSES;
