//! The report's table 2: 100 × the cosine of every final image with its class name.

use comfy_table::CellAlignment;

use super::{Column, Table, Value, escaped, markdown_table, plain};
use crate::group::{Group, column_mean};
use crate::study::{Row, Study};

/// The row of the means, in every table.
const MEAN: &str = "mean";

/// A row of the table of means: a prompt, or the mean of all.
struct Wide {
    /// Prompt, class name and further axes.
    name: [String; 3],
    /// A mean for every optimizer.
    means: Vec<Option<f64>>,
}

/// Rows are prompts (and further axes), columns optimizers; the last row is the mean of the rows,
/// and the only one without a class name, also where a prompt is called `mean`.
///
/// A mean is empty where a cell it needs is missing or diverged: it could not be compared.
pub(super) fn wide(study: &Study) -> Table {
    let optimizers = 0..study.optimizers.len();
    let mut rows: Vec<Wide> = names(study)
        .enumerate()
        .map(|(row, name)| {
            let means = optimizers.clone().map(|optimizer| Group::of(study, row, optimizer).complete_mean());
            Wide { name, means: means.collect() }
        })
        .collect();
    let means = optimizers.map(|optimizer| column_mean(study, optimizer)).collect();
    rows.push(Wide { name: [MEAN.to_owned(), String::new(), String::new()], means });
    let about = "A row for every prompt (and further axes), then the mean of the rows.";
    Table::new("similarity", about, wide_columns(study), rows)
}

fn wide_columns(study: &Study) -> Vec<Column<Wide>> {
    let model_set = study.model_set.clone();
    let mut columns = vec![
        Column::new("prompt", "", "Prompt; `mean` in the last row", |row: &Wide| (&row.name[0]).into()),
        Column::new("class_name", "", "Name that images are judged as; empty for the mean", |row: &Wide| {
            (&row.name[1]).into()
        }),
    ];
    let axes = || {
        Column::new("axes", "", "Values of further axes, if there are any", |row: &Wide| {
            (&row.name[2]).into()
        })
    };
    columns.extend(study.has_axes().then(axes));
    columns.extend(study.optimizers.iter().enumerate().map(|(optimizer, name)| {
        let meaning = "Mean similarity of the final images to the class name, over the seeds; empty unless all finished";
        Column::new(name, "cosine × 100", meaning, move |row: &Wide| Value::real(row.means[optimizer], 4))
            .one_per("optimizer")
    }));
    columns.push(Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()));
    columns
}

/// A row of the study and an optimizer.
struct Long<'s> {
    name: [String; 3],
    optimizer: &'s String,
    group: Group,
}

/// Mean, standard deviation and number of the runs, and those that did not finish.
pub(super) fn long(study: &Study) -> Table {
    let rows = names(study).enumerate().flat_map(|(row, name)| {
        study.optimizers.iter().enumerate().map(move |(place, optimizer)| Long {
            name: name.clone(),
            optimizer,
            group: Group::of(study, row, place),
        })
    });
    Table::new(
        "similarity_long",
        "A row for every prompt (and further axes) and optimizer.",
        long_columns(study),
        rows,
    )
}

fn long_columns<'s>(study: &Study) -> Vec<Column<Long<'s>>> {
    let model_set = study.model_set.clone();
    vec![
        Column::new("prompt", "", "Prompt", |row: &Long| (&row.name[0]).into()),
        Column::new("class_name", "", "Name that images are judged as", |row: &Long| (&row.name[1]).into()),
        Column::new("axes", "", "Values of further axes", |row: &Long| (&row.name[2]).into()),
        Column::new("optimizer", "", "Optimizer", |row: &Long| row.optimizer.into()),
        Column::new("mean", "cosine × 100", "Mean similarity of the runs that finished", |row: &Long| {
            Value::real(row.group.mean(), 4)
        }),
        Column::new("sd", "cosine × 100", "Standard deviation of these runs", |row: &Long| {
            Value::real(row.group.sd(), 4)
        }),
        Column::new("n", "runs", "Runs that finished", |row: &Long| row.group.finished.len().into()),
        Column::new("diverged", "runs", "Runs that diverged", |row: &Long| row.group.diverged.into()),
        Column::new("failed", "runs", "Runs that failed", |row: &Long| row.group.failed.into()),
        Column::new("unfinished", "runs", "Runs that have not ended", |row: &Long| {
            row.group.unfinished.into()
        }),
        Column::new("model_set", "", "Model set of the run", move |_| (&model_set).into()),
    ]
}

/// Prompt, class name and further axes of every row of the study.
fn names(study: &Study) -> impl Iterator<Item = [String; 3]> {
    study.rows.iter().map(|row| {
        let prompt = &study.prompts[row.prompt];
        [&prompt.text, &prompt.class_name, &row.axes].map(String::clone)
    })
}

/// The table as the terminal shows it.
pub(crate) fn shown(study: &Study) -> String {
    table(study, plain)
}

/// The table, aligned for the terminal too, its names as `spell` writes them. Rows are named as in
/// the report: by the class name.
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
pub(crate) fn document(study: &Study) -> String {
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
