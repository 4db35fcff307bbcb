//! From records to tables, figures and words. Reads records alone: no model, and no libtorch.
//!
//! ```text
//! tables/similarity.csv       prompts × optimizers, 100 × cosine of the final image with its class name (table 2)
//! tables/similarity.md        the same for readers
//! tables/similarity_long.csv  mean, standard deviation and number of runs behind every entry
//! tables/cells.csv            one row per cell: settings, status, similarities, final losses
//! tables/timings.csv          how long every cell took
//! tables/zero_shot.csv        the labels nearest to every final image, by perceptor and by judge (table 1)
//! tables/segmentation.csv     what the segmenter sees in every final image
//! tables/ranking.csv          the optimizers, best first, and which of them may be the best
//! tables/pairs.csv            every two optimizers on the same prompts
//! tables/robustness.csv       the order by other rulers and after fewer steps
//! tables/targets.csv          steps to what a reference reaches
//! tables/variation.csv        what makes leads vary
//! tables/rounding.csv         how much of the scores is rounding
//! tables/tuning.csv           every trial of the tuning; tables/choices.csv: what fewer trials would have come to
//! tables/columns.csv          the columns of all tables: unit and meaning
//! tables/published.csv        ours beside published figures, if the experiment names any
//! plots/leads.svg             how far the others are behind the first, with intervals
//! plots/judge-over-steps.svg  similarity over the steps, by the perceptor and by the held-out judge
//! plots/targets.svg           share of the runs that have reached what a reference reaches, over the steps
//! plots/sensitivity.svg       the tuning score over the tuned setting
//! plots/loss-bicycle.svg …    the similarity term over the steps, all optimizers (figure 36), and the total loss
//! plots/similarity.svg        the similarity over the steps, all prompts
//! plots/loss-and-image.svg    the last loss of every cell beside its image's similarity
//! plots/cutouts-and-whole.svg similarity on cutouts and on the whole, of live and of averaged latents
//! plots/judge.svg             the held-out judge's similarities beside the perceptor's
//! plots/images.png            all final images on one sheet
//! plots/segmentation.png      the same under the segmenter's masks (figure 11)
//! plots/strips.png            how they came about, from the images saved on the way
//! cells/…/progress.gif        the same of one cell, animated
//! tensorboard/…               the curves and images again, as TensorBoard's event files, on request
//! report.html                 all of it on one page
//! ```
mod analysis;
mod animation;
mod characters;
mod compare;
mod draw;
mod faults;
mod figures;
mod film;
mod grid;
mod html;
mod power;
mod stale;
mod summary;
mod tables;
mod tensorboard;

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use records::{RecordError, ResultsFolder, sha256, write_atomically};
use thiserror::Error;

use self::analysis::{Verdict, published, verdicts};
pub use self::compare::{CellPair, CompareError, Comparison, Difference, OptimizerPair, Side, State};
pub use self::draw::DrawError;
pub use self::faults::Fault;
use self::faults::Faults;
use self::figures::{Figures, overlay};
use self::film::Film;
use self::grid::{cosine, group, study};
pub use self::html::PageError;
pub use self::power::{Detectable, PairSpreads};
use self::stale::Digests;
use self::study::Study;
pub use self::summary::Summary;
use self::tables::Table;
pub use self::tensorboard::write_tensorboard;

/// A report could not be made.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum ReportError {
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error("failed to encode a table")]
    Table(#[from] csv::Error),
    #[error("failed to read an image")]
    Image(#[from] DrawError),
    #[error("failed to make report.html")]
    Page(#[from] PageError),
}

/// Writes tables, then figures, into the results folder `results`, and returns what there is to say
/// on the terminal: also which figures could not be drawn, of which [`Summary::faults`] tells.
///
/// The same records give the same bytes, on any machine that has the same fonts for letters that
/// DejaVu Sans lacks.
///
/// # Errors
/// When a record is unreadable, or a file cannot be written.
pub fn build(results: &Path) -> Result<Summary, ReportError> {
    let study = Study::read(results)?;
    let verdict = Verdict::of(&study);
    let faults = Faults::default();
    let mut files = Vec::new();
    // First what no figure can spoil.
    let tables = tables::tables(&study, &verdict);
    let mut digests = write_tables(results, &study, &tables, &mut files)?;
    let (figures, of_figures) = write_figures(results, (&study, &verdict), &faults, &mut files)?;
    digests.extend(of_figures);
    stale::replace(results, &digests)?;
    let films = write_animations(results, &study, &faults, &mut files)?;
    let page = html::page(&study, &verdict, &tables, &figures, &films, &faults)?;
    write(results, PathBuf::from("report.html"), page.as_bytes(), &mut files)?;
    Ok(Summary::of(&study, &verdict, &figures.missing_letters, faults.list(), results, files))
}

/// Returns the digests of the files.
fn write_tables(
    results: &Path,
    study: &Study,
    tables: &[Table],
    files: &mut Vec<PathBuf>,
) -> Result<Digests, ReportError> {
    let mut digests = Digests::new();
    let mut put = |name: String, bytes: &[u8]| {
        let name = format!("tables/{name}");
        write(results, PathBuf::from(&name), bytes, files)?;
        digests.insert(name, sha256(bytes));
        Ok::<(), RecordError>(())
    };
    for table in tables {
        put(format!("{}.csv", table.name), &table.csv()?)?;
    }
    put("similarity.md".to_owned(), tables::similarity_document(study).as_bytes())?;
    Ok(digests)
}

/// Every figure as soon as it is drawn; returns the digests of the files.
fn write_figures(
    results: &Path,
    (study, verdict): (&Study, &Verdict),
    faults: &Faults,
    files: &mut Vec<PathBuf>,
) -> Result<(Figures, Digests), RecordError> {
    let written = Mutex::new(Digests::new());
    let figures = figures::draw(study, verdict, faults, &|name, bytes| {
        write_atomically(&results.join(name), bytes)?;
        let digest = sha256(bytes);
        let name = name.to_string_lossy().into_owned(); // of slugs: ASCII
        written.lock().unwrap_or_else(PoisonError::into_inner).insert(name, digest);
        Ok(())
    })?;
    let written = written.into_inner().unwrap_or_else(PoisonError::into_inner);
    files.extend(written.keys().map(PathBuf::from));
    Ok((figures, written))
}

/// `progress.gif` in the folder of every cell that saved images on the way; returns the page's
/// films.
fn write_animations(
    results: &Path,
    study: &Study,
    faults: &Faults,
    files: &mut Vec<PathBuf>,
) -> Result<Vec<Option<Film>>, RecordError> {
    let written = Mutex::new(BTreeSet::new());
    let films = animation::animations(study, faults, |cell, whole| {
        ResultsFolder::at(results).cell(&cell.record.id).write_animation(whole)?;
        let name = Path::new("cells").join(&cell.record.id).join("progress.gif");
        written.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        Ok(())
    })?;
    files.extend(written.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(films)
}

fn write(results: &Path, name: PathBuf, bytes: &[u8], files: &mut Vec<PathBuf>) -> Result<(), RecordError> {
    write_atomically(&results.join(&name), bytes)?;
    files.push(name);
    Ok(())
}
