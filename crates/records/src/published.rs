//! Published figures that an experiment is shown beside.

use std::collections::HashSet;
use std::ops::Range;

use csv::{ReaderBuilder, StringRecord};
use miette::{Diagnostic, NamedSource, SourceSpan};
use thiserror::Error;

use super::{Excerpt, shortened};

/// A table of similarities (100 × cosine) that others published: rows are prompts, columns
/// optimizers.
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedTable {
    /// Source of the figures: the file's lines that begin with `#`, joined.
    pub source: String,
    /// The settings that they were measured with, as far as the file states them: its lines that
    /// begin with `#:` are TOML, as an experiment has it.
    pub settings: toml::Table,
    /// The columns.
    pub optimizers: Vec<String>,
    /// The rows.
    pub rows: Vec<PublishedRow>,
    /// The file as it was read.
    pub text: String,
}

/// A row of a [`PublishedTable`].
#[derive(Clone, Debug, PartialEq)]
pub struct PublishedRow {
    /// A prompt, or the class name that it is judged as.
    pub name: String,
    /// A figure for each column; `None` where there is none.
    pub figures: Vec<Option<f64>>,
}

/// Error in a table of published figures, with its place.
#[derive(Debug, Error, Diagnostic)]
#[error("{message}")]
#[diagnostic(help(
    "it is CSV: a header such as `prompt,adam,sgd`, then a line such as `bicycle,40.59,37.78` for each prompt; \
     lines that begin with `#` name the source, and those with `#:` its settings"
))]
pub struct PublishedError {
    message: String,
    #[source_code]
    source_code: NamedSource<String>,
    #[label("here")]
    span: Option<SourceSpan>,
}

/// Error in a text that is known to the caller.
struct Fault {
    message: String,
    span: Option<Range<usize>>,
}

impl PublishedTable {
    /// Reads the text of a table; `file` names it in errors.
    ///
    /// # Errors
    /// The first fault, with its place in the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, Box<PublishedError>> {
        read(text).map_err(|Fault { message, span }| {
            let excerpt = Excerpt::around(text, span.as_ref().map_or(0, |span| span.start));
            Box::new(PublishedError {
                message,
                span: span.and_then(|span| excerpt.placed(span)).map(SourceSpan::from),
                source_code: NamedSource::new(file, excerpt.text),
            })
        })
    }
}

fn read(text: &str) -> Result<PublishedTable, Fault> {
    let settings = settings(text)?;
    let mut reader = ReaderBuilder::new().comment(Some(b'#')).has_headers(false).from_reader(text.as_bytes());
    let mut lines = reader.records().map(|record| record.map_err(|error| Fault::of_csv(&error, text)));
    let Some(header) = lines.next().transpose()? else {
        return Err(Fault { message: "the table of published figures is empty".to_owned(), span: None });
    };
    let optimizers: Vec<String> = header.iter().skip(1).map(named).collect();
    distinct(&optimizers, "optimizer", &header, text)?;
    let mut names = HashSet::new();
    let mut rows = Vec::new();
    for line in lines {
        let line = line?;
        let name = named(&line[0]);
        if name.is_empty() || !names.insert(name.clone()) {
            let what = if name.is_empty() {
                "has no prompt".to_owned()
            } else {
                format!("is another for `{}`", shortened(&name))
            };
            return Err(Fault::at(&line, text, format!("a row of published figures {what}")));
        }
        let figures =
            line.iter().skip(1).map(|field| figure(field, &line, text)).collect::<Result<_, _>>()?;
        rows.push(PublishedRow { name, figures });
    }
    if rows.is_empty() {
        return Err(Fault::at(&header, text, "the table of published figures has no rows".to_owned()));
    }
    Ok(PublishedTable { source: source(text), settings, optimizers, rows, text: text.to_owned() })
}

/// A name without a byte-order mark or spaces around it.
fn named(field: &str) -> String {
    field.trim_start_matches('\u{feff}').trim().to_owned()
}

fn distinct(names: &[String], what: &str, line: &StringRecord, text: &str) -> Result<(), Fault> {
    if names.is_empty() {
        return Err(Fault::at(line, text, format!("the table of published figures names no {what}")));
    }
    let mut seen = HashSet::new();
    match names.iter().find(|name| name.is_empty() || !seen.insert(*name)) {
        Some(name) if name.is_empty() => Err(Fault::at(line, text, format!("a column names no {what}"))),
        Some(name) => Err(Fault::at(line, text, format!("two columns are for `{}`", shortened(name)))),
        None => Ok(()),
    }
}

fn figure(field: &str, line: &StringRecord, text: &str) -> Result<Option<f64>, Fault> {
    let field = field.trim();
    if field.is_empty() {
        return Ok(None);
    }
    let number = field.parse().ok().filter(|number: &f64| number.is_finite());
    number.map(Some).ok_or_else(|| Fault::at(line, text, format!("`{}` is not a number", shortened(field))))
}

fn source(text: &str) -> String {
    let said = text.lines().filter_map(|line| line.trim_start_matches('\u{feff}').strip_prefix('#'));
    said.filter(|line| !line.starts_with(':')).map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The tables and keys that the settings of published figures may have.
const SETTINGS: [&str; 3] = ["seeds", "dream", "optimizer"];

/// The TOML in the lines that begin with `#:`; the other lines are left blank, so that places stay.
fn settings(text: &str) -> Result<toml::Table, Fault> {
    let toml_of = |line: &str| match line.strip_prefix("#:") {
        Some(stated) => format!("  {stated}"),
        None => " ".repeat(line.trim_end_matches('\n').len()) + if line.ends_with('\n') { "\n" } else { "" },
    };
    let stated: String = text.split_inclusive('\n').map(toml_of).collect();
    let table: toml::Table = toml::from_str(&stated).map_err(|error| {
        let message = format!("the settings of published figures: {}", error.message());
        Fault { message, span: error.span() }
    })?;
    if let Some(key) = table.keys().find(|key| !SETTINGS.contains(&key.as_str())) {
        let message =
            format!("settings of published figures are `seeds`, `dream` and `optimizer`, not `{key}`");
        let start = stated.find(key.as_str());
        return Err(Fault { message, span: start.map(|start| start..start + key.len()) });
    }
    Ok(table)
}

impl Fault {
    fn at(line: &StringRecord, text: &str, message: String) -> Self {
        let start = line.position().map(|position| position.byte() as usize);
        Self { message, span: start.map(|start| line_at(text, start)) }
    }

    fn of_csv(error: &csv::Error, text: &str) -> Self {
        let message = match error.kind() {
            csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
                format!("a row of published figures has {len} fields where the first line has {expected_len}")
            }
            _ => error.to_string(),
        };
        let start = error.position().map(|position| position.byte() as usize);
        Self { message, span: start.map(|start| line_at(text, start)) }
    }
}

/// The line that begins at `start`, after comments and empty lines: the position of a record is
/// before those.
fn line_at(text: &str, start: usize) -> Range<usize> {
    let mut start = start.min(text.len());
    for line in text[start..].split_inclusive('\n') {
        if !(line.starts_with('#') || line.trim().is_empty()) {
            return start..start + line.trim_end().len();
        }
        start += line.len();
    }
    start..start
}

#[cfg(test)]
mod tests {
    use miette::{GraphicalReportHandler, GraphicalTheme};

    use super::*;

    #[test]
    fn the_reports_table_2_is_read_with_its_source() {
        let text = include_str!("../../../experiments/published/table2.csv");
        let table = PublishedTable::parse("table2.csv", text).unwrap();
        assert!(table.source.contains("table 2") && !table.source.contains("#"), "{}", table.source);
        assert_eq!(table.settings["optimizer"]["adam"]["lr"], toml::Value::Float(0.05));
        assert_eq!(table.optimizers, ["adadelta", "adagrad", "adam", "adamw", "rmsprop", "sgd"]);
        assert_eq!(table.rows[2].name, "cattle");
        // The means that the report states.
        let means = [37.95, 38.67, 40.38, 39.66, 39.87, 37.33];
        for (column, want) in means.into_iter().enumerate() {
            let got: f64 = table.rows.iter().map(|row| row.figures[column].unwrap()).sum::<f64>() / 4.0;
            assert!((got - want).abs() < 0.0051, "{column}: {got}");
        }
    }

    #[test]
    fn spreadsheets_write_tables_too() {
        let table =
            PublishedTable::parse("t.csv", "\u{feff}prompt, adam ,sgd\r\n\"a, b\",40.5,\r\n").unwrap();
        assert_eq!(table.optimizers, ["adam", "sgd"]);
        assert_eq!(table.rows, [PublishedRow { name: "a, b".into(), figures: vec![Some(40.5), None] }]);
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        let long = "4".repeat(1_000_000) + "O";
        for text in [format!("prompt,adam\nbicycle,{long}\n"), format!("{long},a,a\nbicycle,1,2\n")] {
            let error = PublishedTable::parse("table.csv", &text).unwrap_err();
            let mut page = String::new();
            GraphicalReportHandler::new_themed(GraphicalTheme::none())
                .render_report(&mut page, error.as_ref())
                .unwrap();
            assert!(page.len() < 3_000 && page.contains("table.csv"), "{} bytes", page.len());
        }
    }

    #[test]
    fn a_fault_is_shown_where_it_is() {
        let said = |text: &str| {
            let error = PublishedTable::parse("table.csv", text).unwrap_err();
            let mut page = String::new();
            let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(200);
            handler.render_report(&mut page, error.as_ref()).unwrap();
            let mut lines = page.lines().filter(|line| !line.trim().is_empty()).map(str::trim);
            let place =
                |line: &str| line.starts_with(",-").then(|| line.trim_start_matches([',', '-']).to_owned());
            let message = lines.next().unwrap_or_default();
            format!("{message} {}", lines.next().and_then(place).unwrap_or_default()).trim_end().to_owned()
        };
        let texts = [
            "",
            "# no columns\nprompt\nbicycle\n",
            "prompt,adam,adam\nbicycle,1,2\n",
            "prompt,adam\n",
            "# from somewhere\nprompt,adam\n\n# the first\nbicycle,4O.5\n",
            "prompt,adam\nbicycle,1,2\n",
            "prompt,adam\nbicycle,1\nbicycle,2\n",
            "prompt,adam\n,2\n",
            "prompt,adam\nbicycle,inf\n",
            "#: seeds = [0\nprompt,adam\nbicycle,1\n",
            "# é\n#: dreams.epochs = 1\nprompt,adam\nbicycle,1\n",
        ];
        insta::assert_snapshot!(texts.map(said).join("\n"), @r"
        x the table of published figures is empty
        x the table of published figures names no optimizer [table.csv:2:1]
        x two columns are for `adam` [table.csv:1:1]
        x the table of published figures has no rows [table.csv:1:1]
        x `4O.5` is not a number [table.csv:5:1]
        x a row of published figures has 3 fields where the first line has 2 [table.csv:2:1]
        x a row of published figures is another for `bicycle` [table.csv:3:1]
        x a row of published figures has no prompt [table.csv:2:1]
        x `inf` is not a number [table.csv:2:1]
        x the settings of published figures: unclosed array, expected `]` [table.csv:1:14]
        x settings of published figures are `seeds`, `dream` and `optimizer`, not `dreams` [table.csv:2:4]
        ");
    }
}
