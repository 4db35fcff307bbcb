use std::path::{Path, PathBuf};

use clip::{Picture, PreprocessError};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{ContentArrangement, Table};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use judges::{EvalRequest, Judges, Judgment, Labels, LoadedJudges};
use miette::{Diagnostic, IntoDiagnostic, Report, Result};
use model_sets::ModelSets;
use printable::line;
use records::{Guess, Verdict};
use serde_json::{Value, json};
use thiserror::Error;
use torch_ext::LeanLoading;

use super::ExitStatus;
use crate::cli::{EvaluateArgs, Format};
use crate::output;

/// Errors of images that cannot be judged.
#[derive(Debug, Error, Diagnostic)]
enum Unfit {
    #[error("`{}` was not judged", printable::path(path))]
    Image { path: PathBuf, source: PreprocessError },
    #[error("`{template}` needs one `{{}}`, where the label goes")]
    Template { template: String },
}

/// An image and what is said of it.
type Judged<'a> = (&'a Path, Judgment);

/// Judges images. One that cannot be judged is told, and keeps no other from it.
pub(super) fn evaluate(args: &EvaluateArgs, sets: &ModelSets, bars: &MultiProgress) -> Result<ExitStatus> {
    if args.template.matches("{}").count() != 1 {
        return Err(Unfit::Template { template: args.template.clone() }.into());
    }
    // Before anything large is loaded.
    let fit = |path: &&PathBuf| Picture::probe(path).map_err(|error| tell(path, error, bars)).is_ok();
    let fit: Vec<&PathBuf> = args.images.iter().filter(fit).collect();
    if fit.is_empty() {
        return Ok(ExitStatus::SomeFailed);
    }
    let _lean = LeanLoading::new(); // a large picture goes through many buffers, which glibc would keep among others
    let device = args.devices.clone().unwrap_or_default().resolve()?[0];
    let set = sets.first_installed(&args.models)?;
    let identity = set.identity()?;
    let judges = Judges::of(&set, &identity)?;
    for absent in judges.absent() {
        output::say(absent);
    }
    let labels = Labels::new(args.labels.as_ref(), &args.template, &set.manifest);
    let loaded = LoadedJudges::load(&judges, &labels, device)?;
    let request = EvalRequest { texts: args.prompts.clone(), right_label: None, segment: None };

    let bar = bars.add(ProgressBar::new(fit.len() as u64));
    let style = ProgressStyle::with_template("{bar:24} {pos}/{len} images judged  {elapsed_precise}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let mut judged: Vec<Judged> = Vec::new();
    for path in fit {
        match Picture::open(path) {
            Ok(picture) => {
                if picture.has_transparent_parts() {
                    let note = format!("`{}` has transparent parts: {TRANSPARENT}", shown(path));
                    bars.suspend(|| output::say(&note));
                }
                judged.push((path, loaded.look(&picture, &request)));
            }
            Err(error) => tell(path, error, bars),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if judged.is_empty() {
        return Ok(ExitStatus::SomeFailed);
    }
    let set = &set.manifest.name;
    match args.format {
        Format::Table => output::print(tables(&judged, &args.prompts, &labels, set).trim_end()),
        Format::Csv => output::print(csv(&judged, &args.prompts, set).into_diagnostic()?.trim_end()),
        Format::Json => {
            output::print_json(&json_text(&judged, &args.prompts, &labels, set).into_diagnostic()?);
        }
    }
    Ok(if judged.len() < args.images.len() { ExitStatus::SomeFailed } else { ExitStatus::Done })
}

/// As the references have it: CLIP's own preprocessing, and the segmenter's.
const TRANSPARENT: &str = "CLIP sees black where they keep no color, and the segmenter sees the color that the file \
                           stores there; to judge it otherwise, put the picture on a background";

fn tell(path: &Path, source: PreprocessError, bars: &MultiProgress) {
    let report = Report::new(Unfit::Image { path: path.to_owned(), source });
    bars.suspend(|| output::say_error(&report));
}

/// A file's name as part of a line.
fn shown(path: &Path) -> String {
    printable::path(path)
}

fn tables(judged: &[Judged], prompts: &[String], labels: &Labels, set: &str) -> String {
    let mut text = format!(
        "model set {set}, nearest of {} labels ({}) in \"{}\"\n",
        labels.names.len(),
        line(&labels.set),
        line(&labels.template)
    );
    for (path, judgment) in judged {
        text += &format!("\n{}\n{}\n", shown(path), nearest(judgment));
        for (n, prompt) in prompts.iter().enumerate() {
            let similarity = |of: &[Option<f64>]| match of.get(n).copied().flatten() {
                Some(similarity) => format!("{:.2}", 100.0 * similarity),
                None => "too long for it".to_owned(),
            };
            let similar = similarity(&judgment.perceptor_texts);
            text += &format!("similarity × 100 with \"{}\": {similar}", line(prompt));
            if judgment.judge.is_some() {
                text += &format!(", by the held-out judge {}", similarity(&judgment.judge_texts));
            }
            text.push('\n');
        }
        if let Some((segments, _)) = &judgment.segments {
            let share =
                |share: &records::Share| format!("{} {:.2} %", line(&share.class), 100.0 * share.share);
            let shares: Vec<String> = segments.shares.iter().map(share).collect();
            text += &format!("segments: {}\n", shares.join(", "));
        }
    }
    text
}

fn nearest(judgment: &Judgment) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_content_arrangement(ContentArrangement::Disabled);
    let verdicts = [Some(&judgment.perceptor), judgment.judge.as_ref()];
    let verdicts: Vec<&Verdict> = verdicts.into_iter().flatten().collect();
    table.set_header(["place", "perceptor", "held-out judge"].into_iter().take(1 + verdicts.len()));
    for place in 0..judgment.perceptor.nearest.len() {
        let guess = |verdict: &&Verdict| {
            let Guess { label, probability, .. } = &verdict.nearest[place];
            format!("{} {:.2} %", line(label), 100.0 * probability)
        };
        table.add_row([(place + 1).to_string()].into_iter().chain(verdicts.iter().map(guess)));
    }
    table
}

/// A row for each image, judge and label, text or segment.
fn csv(judged: &[Judged], prompts: &[String], set: &str) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([
        "image",
        "by",
        "kind",
        "place",
        "name",
        "percent",
        "similarity_x100",
        "model_set",
    ])?;
    let figure = |value: Option<f64>| value.map(|value| format!("{:.4}", 100.0 * value)).unwrap_or_default();
    for (path, judgment) in judged {
        let image = shown(path);
        let mut row = |by: &str, kind: &str, place: String, name: &str, share, similarity| {
            let (share, similarity) = (figure(share), figure(similarity));
            writer.write_record([&image, by, kind, &place, &line(name), &share, &similarity, &line(set)])
        };
        for (by, verdict, texts) in clips(judgment) {
            for (place, guess) in (1..).zip(&verdict.nearest) {
                let (share, similarity) = (Some(guess.probability), Some(guess.similarity));
                row(by, "label", i32::to_string(&place), &guess.label, share, similarity)?;
            }
            for (prompt, similarity) in prompts.iter().zip(texts) {
                row(by, "prompt", String::new(), prompt, None, *similarity)?;
            }
        }
        let segments = judgment.segments.iter().flat_map(|(segments, _)| &segments.shares);
        for (place, share) in (1..).zip(segments) {
            row("segmenter", "segment", i32::to_string(&place), &share.class, Some(share.share), None)?;
        }
    }
    let bytes = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn clips(judgment: &Judgment) -> impl Iterator<Item = (&'static str, &Verdict, &[Option<f64>])> {
    let perceptor = ("perceptor", &judgment.perceptor, &judgment.perceptor_texts[..]);
    let judge = judgment.judge.as_ref().map(|judge| ("judge", judge, &judgment.judge_texts[..]));
    std::iter::once(perceptor).chain(judge)
}

fn json_text(
    judged: &[Judged],
    prompts: &[String],
    labels: &Labels,
    set: &str,
) -> Result<String, serde_json::Error> {
    let texts = |similarities: &[Option<f64>]| -> Vec<Value> {
        let pairs = prompts.iter().zip(similarities);
        pairs.map(|(text, similarity)| json!({ "text": text, "similarity": similarity })).collect()
    };
    let image = |(path, judgment): &Judged| {
        let mut image = json!({ "image": path.display().to_string() });
        for (by, verdict, similarities) in clips(judgment) {
            image[by] = json!({ "nearest": verdict.nearest, "prompts": texts(similarities) });
        }
        if let Some((segments, _)) = &judgment.segments {
            image["segments"] = json!(segments.shares);
        }
        image
    };
    serde_json::to_string_pretty(&json!({
        "model_set": set,
        "labels": labels.names.len(),
        "label_set": labels.set,
        "template": labels.template,
        "images": judged.iter().map(image).collect::<Vec<_>>(),
    }))
}
