//! CLIP: texts and images to embeddings.
//!
//! Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision"
//! (arXiv 2103.00020). The models with a vision transformer, in the sizes that a file's tensors
//! imply, from OpenAI's files and Hugging Face's.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use checkpoint::Weights;
//! use clip::{CIFAR100, Clip, ZeroShot, preprocess_file};
//! use tch::{Device, Kind};
//!
//! let clip = Clip::load(Weights::open("ViT-B-32.pt".as_ref())?, None, Device::Cpu, Kind::Float)?;
//! let classes = ZeroShot::new(&clip, &CIFAR100, "a photo of a {}")?;
//! let image = preprocess_file("bicycle.png".as_ref(), clip.image_size())?;
//! for guess in &classes.rank(&clip.encode_image(&image.unsqueeze(0)))[0][..5] {
//!     println!("{} {:.2}%", guess.label, 100.0 * guess.probability);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Where to read on: [`Clip`] for the whole, `vision` and `text` for the two towers, `transformer`
//! for what they share.

mod activation;
mod attention;
mod cifar100;
mod clean;
mod config;
mod error;
mod init;
mod jpeg_end;
mod layers;
mod mlp;
mod model;
mod names;
mod normalize;
mod patches;
mod picture;
mod picture_error;
mod preprocess;
mod resize;
mod samples;
mod text;
mod tokenizer;
mod transformer;
mod vision;
mod zero_shot;

pub use activation::Activation;
pub use cifar100::CIFAR100;
pub use config::Config;
pub use error::ClipError;
pub use model::Clip;
pub use normalize::{MEAN, STD, normalize};
pub use patches::{PatchEmbedding, patches};
pub use picture::{Picture, preprocess_file};
pub use picture_error::{MOST_BYTES, MOST_ON_A_SIDE, PreprocessError, Size};
pub use preprocess::preprocess;
pub use text::TextTower;
pub use tokenizer::{TokenizeError, Tokenizer};
pub use vision::VisionTower;
pub use zero_shot::{Guess, ZeroShot, ZeroShotError};
