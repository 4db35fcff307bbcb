//! `report.html`: all of it on one page that needs neither network nor server.

mod answer;
mod card;
mod charts;
mod data;
mod facts;
mod forest;
mod images;
mod json;
mod judge;
mod judged;
mod judging;
mod page;
mod published;
mod table;
mod verdict;

use minijinja::value::Serde;
use minijinja::{Environment, Value, context};

use self::page::Page;
use super::analysis::Verdict;
use super::characters::clean;
use super::faults::Faults;
use super::figures::Figures;
use super::film::Film;
use super::study::Study;
use super::tables::Table;

/// The page could not be made.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say it")]
pub enum PageError {
    #[error("failed to fill in the template of the page")]
    Template(#[from] minijinja::Error),
}

/// The page, and its sections that have a file of their own.
const TEMPLATES: [(&str, &str); 7] = [
    ("report.html", include_str!("report.html")),
    ("macros.html", include_str!("macros.html")),
    ("verdict.html", include_str!("verdict.html")),
    ("published.html", include_str!("published.html")),
    ("tables.html", include_str!("tables.html")),
    ("judging.html", include_str!("judging.html")),
    ("judge.html", include_str!("judge.html")),
];

const STYLE: &str = concat!(
    include_str!("style/page.css"),
    include_str!("style/verdict.css"),
    include_str!("style/charts.css"),
    include_str!("style/cells.css"),
    include_str!("style/judges.css"),
);

const SCRIPT: &str = concat!(
    include_str!("script/tables.js"),
    include_str!("script/scales.js"),
    include_str!("script/chart.js"),
    include_str!("script/forest.js"),
    include_str!("script/controls.js"),
    include_str!("script/figures.js"),
    include_str!("script/films.js"),
    include_str!("script/filter.js"),
    include_str!("script/answers.js"),
    include_str!("script/dialog.js"),
    include_str!("script/address.js"),
);

/// The page. Everything that is not a template's own text is escaped.
pub(super) fn page(
    study: &Study,
    verdict: &Verdict,
    tables: &[Table],
    figures: &Figures,
    films: &[Option<Film>],
    faults: &Faults,
) -> Result<String, PageError> {
    let mut environment = Environment::new();
    for (name, template) in TEMPLATES {
        environment.add_template(name, template)?;
    }
    let mut page = Page::of(study, verdict, tables, figures, films, faults);
    let data = std::mem::take(&mut page.data);
    let (page, style, script) = (Value::from(Serde(page)), STYLE, SCRIPT);
    let page = environment.get_template("report.html")?.render(context! { page, data, style, script })?;
    Ok(clean(&page).into_owned())
}
