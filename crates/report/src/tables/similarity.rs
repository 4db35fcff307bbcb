//! The report's table 2: 100 × the cosine of every final image with its class name.

use comfy_table::CellAlignment;

use super::{csv, escaped, markdown_table, number, plain, strings};
use crate::group::{Group, column_mean};
use crate::study::{Row, Study};

/// The row of the means, in every table.
const MEAN: &str = "mean";

/// Rows are prompts (and further axes), columns optimizers; means over seeds; the last row is the mean of the rows, and the
/// only one without a class name, also where a prompt is called `mean`.
///
/// A mean is empty where a cell it needs is missing or diverged: it could not be compared.
pub(super) fn wide(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let mut header = strings(&["prompt", "class_name"]);
    header.extend(study.has_axes().then(|| "axes".to_owned()));
    header.extend(study.optimizers.iter().cloned());
    header.push("model_set".to_owned());

    let optimizers = 0..study.optimizers.len();
    let line = |row: &Row, values: Vec<Option<f64>>| {
        let prompt = &study.prompts[row.prompt];
        let mut line = vec![prompt.text.clone(), prompt.class_name.clone()];
        line.extend(study.has_axes().then(|| row.axes.clone()));
        line.extend(values.into_iter().map(|value| number(value, 4)));
        line.push(study.model_set.clone());
        line
    };
    let means = |row| optimizers.clone().map(|optimizer| Group::of(study, row, optimizer).mean()).collect();
    let mut lines: Vec<_> =
        study.rows.iter().enumerate().map(|(place, row)| line(row, means(place))).collect();

    let mut last = vec![MEAN.to_owned(); 1];
    last.resize(header.len() - optimizers.len() - 1, String::new());
    last.extend(optimizers.map(|optimizer| number(column_mean(study, optimizer), 4)));
    last.push(study.model_set.clone());
    lines.push(last);
    csv(&header, lines)
}

/// One row for every row and optimizer: mean, standard deviation and number of the runs, and those that did not finish.
pub(super) fn long(study: &Study) -> Result<Vec<u8>, csv::Error> {
    let header = [
        "prompt",
        "class_name",
        "axes",
        "optimizer",
        "mean",
        "sd",
        "n",
        "diverged",
        "failed",
        "unfinished",
        "model_set",
    ];
    let line = |(place, row): (usize, &Row), optimizer: usize| {
        let group = Group::of(study, place, optimizer);
        let prompt = &study.prompts[row.prompt];
        vec![
            prompt.text.clone(),
            prompt.class_name.clone(),
            row.axes.clone(),
            study.optimizers[optimizer].clone(),
            number(group.mean(), 4),
            number(group.sd(), 4),
            group.finished.len().to_string(),
            group.diverged.to_string(),
            group.failed.to_string(),
            group.unfinished.to_string(),
            study.model_set.clone(),
        ]
    };
    let lines = study
        .rows
        .iter()
        .enumerate()
        .flat_map(|row| (0..study.optimizers.len()).map(move |optimizer| line(row, optimizer)));
    csv(&strings(&header), lines)
}

/// The table as the terminal shows it.
pub(crate) fn shown(study: &Study) -> String {
    table(study, plain)
}

/// The table, aligned for the terminal too, its names as `spell` writes them. Rows are named as in the report: by the class name.
fn table(study: &Study, spell: fn(&str) -> String) -> String {
    let header: Vec<String> =
        [String::new()].into_iter().chain(study.optimizers.iter().map(|name| spell(name))).collect();
    let row = |(place, row): (usize, &Row)| -> Vec<String> {
        let values = (0..study.optimizers.len()).map(|optimizer| Group::of(study, place, optimizer).show());
        [spell(&name(study, row))].into_iter().chain(values).collect()
    };
    let mean =
        |optimizer| column_mean(study, optimizer).map_or("—".to_owned(), |mean| format!("{mean:.2}"));
    // A prompt may be called so too.
    let is_taken = study.rows.iter().any(|row| name(study, row) == MEAN);
    let name_of_means = if is_taken { "mean of all rows" } else { MEAN };
    let means = [name_of_means.to_owned()].into_iter().chain((0..study.optimizers.len()).map(mean)).collect();
    let mut alignment = vec![CellAlignment::Right; header.len()];
    alignment[0] = CellAlignment::Left;
    let rows = study.rows.iter().enumerate().map(row).chain([means]);
    markdown_table(&header, rows, &alignment)
}

/// The table with what it is about.
pub(super) fn document(study: &Study) -> String {
    format!(
        "# Similarity\n\n100 × cosine of the final image (averaged latents) with its class name in \"{}\".\n\
         Experiment {}, model set {}.\n\n{}\n",
        escaped(&study.template),
        escaped(&study.experiment),
        escaped(&study.model_set),
        table(study, escaped),
    )
}

fn name(study: &Study, row: &Row) -> String {
    let class_name = &study.prompts[row.prompt].class_name;
    let shared = study.prompts.iter().filter(|prompt| prompt.class_name == *class_name).count();
    // Several prompts may be judged as one class.
    let name = if 1 < shared { &study.prompts[row.prompt].text } else { class_name };
    if row.axes.is_empty() { name.clone() } else { format!("{name}, {}", row.axes) }
}
