//! Records: the files of a results folder, read and written. The report reads these and nothing
//! else.
//!
//! ```text
//! results/optimizers/
//!   experiment.toml        the experiment as resolved: can be run again
//!   plan.toml              what was to be run: [`PlanRecord`]
//!   published.csv          published figures to be shown beside, if the experiment names any: [`PublishedTable`]
//!   inputs/…               images of prompts, by their content
//!   labels.toml            what final images are compared with: [`LabelSet`]
//!   environment.json       versions, devices, model files and their digests: [`Environment`]
//!   cells/bicycle/adam/seed-0/
//!     cell.toml            settings, digest and how it ended: [`CellRecord`]
//!     trace.csv            a [`TraceRow`] per step
//!     frames/000050.png …  images of the averaged latents
//!     final.png            the last of them
//!     best.png             the one most similar to the prompt, where `save_best` asks for it
//!     progress.gif         the same as an animation, made by the report
//!     evaluation.toml      what the judges say of it: [`Evaluation`]
//!     mask.png             which class the segmenter sees in each pixel of it: colors are Pascal VOC's
//!     state.safetensors    latents, average, optimizer and step: enough to go on
//! ```
//!
//! Every file is written whole or not at all ([`write_atomically`]). Records in TOML begin with the
//! number of their format and a digest of the rest; that of a cell which has ended has the digests
//! of its other files.
mod atomic;
mod cell;
mod cell_folder;
mod characters;
mod check;
mod cosine;
mod curve;
mod damage;
mod digests;
mod environment;
mod error;
mod evaluation;
mod excerpt;
mod files;
mod folder;
mod leftovers;
mod machine;
mod optimizers;
mod plan;
mod published;
mod seal;
mod slug;
mod stored;
mod suggest;
mod text;
mod toml_error;
mod trace;
mod tuned;
mod verify;
mod voc;
mod words;

pub use atomic::{write_atomically, write_unless_same};
pub use cell::{Best, CellRecord, CellStatus, Outcome};
pub use cell_folder::CellFolder;
pub use characters::forbidden_in_toml;
pub use cosine::{CosineScale, Texts};
pub use curve::{CURVE, CurveRow};
pub use damage::{CellContents, Damage, judged_files};
pub use digests::{FRAMES, FileDigests, sha256};
pub use environment::{Environment, ModelFile};
pub use error::RecordError;
pub use evaluation::{Evaluation, Guess, LabelSet, Right, Segments, Share, Verdict};
pub use excerpt::{Excerpt, shortened, shortened_message};
pub use folder::{PUBLISHED, ResultsFolder};
pub use loss_terms::LossTerms;
pub use machine::Machine;
pub use optimizers::OPTIMIZERS;
pub use plan::{PlanRecord, PlannedCell, PlannedPlace, PlannedPrompt, PlannedStudy};
pub use published::{PublishedError, PublishedRow, PublishedTable};
pub use regular_files::{
    LARGEST_RECORD, LARGEST_TEXT, has_no_locks, open_regular, open_untruncated, read_regular,
};
pub use seal::FORMAT;
pub use slug::slug;
pub use stored::StoredCell;
pub use suggest::{nearest, suggestion};
pub use text::{TextError, escaped, forbidden, is_forbidden, place, read_text, text_of};
pub use toml_error::TomlError;
pub use trace::TraceRow;
pub use tuned::{AS_GIVEN, TunedOptimizer, TunedRecord, TunedTrial, spelled};
pub use verify::Verification;
pub use voc::voc_color;
pub use words::counted;

#[cfg(test)]
mod folder_tests;
