//! Refusals name the place, in words of TOML.

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme};
use proptest::prelude::*;

use super::*;

mod any;
mod overrides;

const HEAD: &str = "name = \"x\"\nmodels = [\"mini\"]\n";
const SMALL: &str =
    "name = \"x\"\nmodels = [\"mini\"]\nprompts = [\"bicycle\"]\n[optimizer]\nadam = { lr = 0.05 }\n";

fn overrides(given: &[&str]) -> Vec<Override> {
    given.iter().map(|one| one.parse().unwrap()).collect()
}

fn read(text: &str, given: &[&str]) -> Result<Experiment, Box<ExperimentError>> {
    Layers::new("x.toml", text).with_overrides(&overrides(given)).read()
}

/// Message, place and help, as the program prints them but for the excerpt.
fn refusal(text: &str, given: &[&str]) -> String {
    said(&read(text, given).expect_err(&format!("{text}\n{given:?}")))
}

fn said(error: &ExperimentError) -> String {
    let mut page = String::new();
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(10_000);
    handler.render_report(&mut page, error).unwrap();
    let place = |line: &str| Some(line.trim_start().strip_prefix(",-[")?.split(']').next()?.to_owned());
    let place = page.lines().find_map(place).unwrap_or_else(|| panic!("no place in\n{page}"));
    let help = error.help().map_or_else(String::new, |help| format!(" ({help})"));
    format!("{error} [{place}]{help}")
}

#[test]
fn numbers_are_one_if_their_values_are() {
    let said = [
        refusal(&format!("{HEAD}prompts = [\"a\"]\n[optimizer]\nadam = {{ lr = [1, 2, 1.0] }}\n"), &[]),
        refusal(
            SMALL,
            &["optimizer.adam.schedule=[{ then = { linear-to = 0 } }, { then = { linear-to = 0.0 } }]"],
        ),
        refusal(SMALL, &["optimizer.adam.schedule=[{}, { warmup = 0 }]"]),
        refusal(SMALL, &["seeds=[7, 0x7]"]),
        refusal(SMALL, &["dream.loss_coef=[9007199254740992, 9007199254740993]"]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    `lr` lists 1.0 twice, first as 1 [x.toml:5:22]
    `schedule` lists { then = { linear-to = 0.0 } } twice, first as { then = { linear-to = 0 } } [--set:1:56]
    `schedule` lists the same setting twice: {} and { warmup = 0 } [--set:1:30]
    `seeds` lists `7` twice [--set:1:11]
    loss_coef is 9007199254740992, but must be at least 0 and at most 1000000 [--set:1:18]
    ");
}

#[test]
fn repetitions_are_few() {
    let said =
        [refusal(&format!("{SMALL}[study]\nrounding = 101\n"), &[]), refusal(SMALL, &["study.rounding=-1"])];
    insta::assert_snapshot!(said.join("\n"), @r"
    `rounding` is 101, but must be at least 0 and at most 100 [x.toml:7:12] (it is a number of repetitions; three are enough)
    `rounding` is the number -1, but must be a whole number, 0 or more [--set:1:16]
    ");
}

#[test]
fn empty_names_are_refused_with_their_place() {
    let labels = format!("{SMALL}[labels]\nbicycle = \" \"\n");
    let segments = format!("{SMALL}[evaluation.segments]\nbicycle = \"\"\n");
    let said = [
        refusal(&labels, &[]),
        refusal(&segments, &[]),
        refusal(SMALL, &["labels.bicycle=''"]),
        refusal(SMALL, &["evaluation.segments.bicycle=\"\\t\""]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    the class name of `bicycle` is empty [x.toml:7:11] (omit the line if it is the prompt itself)
    the segment's name of `bicycle` is empty [x.toml:7:11] (omit the line if it is the prompt itself)
    the class name of `bicycle` is empty [--set:1:16] (omit the line if it is the prompt itself)
    the segment's name of `bicycle` is empty [--set:1:29] (omit the line if it is the prompt itself)
    ");
}

#[test]
fn exclusions_compare_settings_of_optimizers_by_value() {
    let plan = |excluded: &str| {
        let text = format!(
            "{HEAD}prompts = [\"a\"]\nexclude = [{{ optimizer = {excluded} }}]\n[optimizer]\n\
             adam = {{ lr = [1.0, 2.0], eps = [1e-8, 1e-6] }}\nsgd = {{}}\n"
        );
        let experiment = read(&text, &[])?;
        let identity = model_sets::Identity::new("none", std::collections::BTreeMap::new());
        let cells = crate::plan::Plan::new(&experiment, &identity).unwrap().cells;
        Ok::<_, Box<ExperimentError>>(cells.into_iter().map(|cell| cell.optimizer_label).collect::<Vec<_>>())
    };
    let all = plan("\"sgd\"").unwrap();
    assert_eq!(all.len(), 4);
    for spelled in ["adam lr=1 eps=1e-6", "adam lr=1.0 eps=0.000001", "adam eps=1e-06 lr=1"] {
        let kept = plan(&format!("[\"sgd\", \"{spelled}\"]")).unwrap();
        let gone: Vec<&String> = all.iter().filter(|label| !kept.contains(label)).collect();
        assert_eq!(gone, ["adam lr=1 eps=0.000001"], "{spelled}");
    }
    let unknown = plan("\"adam lr=3\"").unwrap_err();
    assert!(unknown.to_string().contains("unknown optimizer `adam lr=3`"), "{unknown}");
}

/// A line of a megabyte is shown in part, and so is a name of that length.
#[test]
fn long_lines_are_told_in_part() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!("{SMALL}a = \"{long}"),
        format!("{SMALL}{long} = 1\n"),
        format!("{HEAD}prompts = [\"{long}\", \"{long}\"]\n[optimizer]\nadam = {{}}\n"),
        format!("{SMALL}[labels]\n\"{long}\" = \"a\"\n"),
    ] {
        let error = read(&text, &[]).unwrap_err();
        let mut page = String::new();
        let handler = GraphicalReportHandler::new_themed(GraphicalTheme::none()).with_width(100);
        handler.render_report(&mut page, error.as_ref()).unwrap();
        assert!(page.len() < 5_000, "{} bytes", page.len());
    }
}

#[test]
fn exclusions_compare_numbers_by_value() {
    let text = format!(
        "{HEAD}prompts = [\"bicycle\", \"chair\"]\nseeds = [0, 1]\n\
         exclude = [{{ loss_coef = 100.0, prompt = \"chair\" }}, {{ seed = 1.0, loss_coef = 50 }}]\n\
         dream.loss_coef = [50, 100]\noptimizer.adam = {{ lr = [0.05, 0.1] }}\n"
    );
    let experiment = read(&text, &[]).unwrap();
    let identity = model_sets::Identity::new("none", std::collections::BTreeMap::new());
    let plan = crate::plan::Plan::new(&experiment, &identity).unwrap();
    let ids: Vec<String> = plan.cells.into_iter().map(|cell| cell.id).collect();
    let expected = |id: &&str| {
        !(id.contains("loss_coef-100") && id.starts_with("chair")
            || id.contains("seed-1") && id.contains("loss_coef-50"))
    };
    assert_eq!(ids.len(), 16 - 4 - 4);
    assert!(ids.iter().all(|id| expected(&id.as_str())), "{ids:?}");
}

#[test]
fn refuses_characters_that_no_report_can_show_where_they_stand() {
    let said = [
        refusal(&SMALL.replace("bicycle", r"a \big fox"), &[]),
        refusal(SMALL, &[r#"prompts=["a \u0001 fox"]"#]),
        refusal(SMALL, &["prompts=[{ text = \"a\", avoid = \"b\\f\" }]"]),
        refusal(SMALL, &[r#"labels.bicycle="\uFFFF""#]),
        refusal(SMALL, &["labels.bicycle=\u{fffe}"]),
        refusal(SMALL, &[r#"evaluation.labels=["a", "b\u001F"]"#]),
        refusal(SMALL, &[r#"evaluation.template="{}\u0000""#]),
        refusal(SMALL, &[r#"evaluation.segments.bicycle="\e""#]),
        refusal(SMALL, &[r#"template="{}\u000B""#]),
        refusal(SMALL, &[r#"models=["\b"]"#]),
        refusal(SMALL, &[r#"published="\b""#]),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    a text contains the character \u0008, which XML 1.0 forbids [x.toml:3:15] (in double quotes `\b` is a control character: write a backslash as `\\`, or put the text in 'single quotes', which keep it)
    a text contains the character \u0001, which XML 1.0 forbids [--set:1:13] (figures and pages cannot show it: remove it)
    a text contains the character \u000C, which XML 1.0 forbids [--set:1:34] (in double quotes `\f` is a control character: write a backslash as `\\`, or put the text in 'single quotes', which keep it)
    a text contains the character \uFFFF, which XML 1.0 forbids [--set:1:17] (figures and pages cannot show it: remove it)
    a text contains the character \uFFFE, which XML 1.0 forbids [--set:1:16] (figures and pages cannot show it: remove it)
    a text contains the character \u001F, which XML 1.0 forbids [--set:1:27] (figures and pages cannot show it: remove it)
    a text contains the character \u0000, which XML 1.0 forbids [--set:1:24] (figures and pages cannot show it: remove it)
    a text contains the character \u001B, which XML 1.0 forbids [--set:1:30] (in double quotes `\e` is a control character: write a backslash as `\\`, or put the text in 'single quotes', which keep it)
    a text contains the character \u000B, which XML 1.0 forbids [--set:1:13] (figures and pages cannot show it: remove it)
    a text contains the character \u0008, which XML 1.0 forbids [--set:1:10] (in double quotes `\b` is a control character: write a backslash as `\\`, or put the text in 'single quotes', which keep it)
    a text contains the character \u0008, which XML 1.0 forbids [--set:1:12] (in double quotes `\b` is a control character: write a backslash as `\\`, or put the text in 'single quotes', which keep it)
    ");
}

#[test]
fn counts_a_grid_before_making_it() {
    let list = |length: usize| {
        let values: Vec<String> = (1..=length).map(|n| format!("{n}e-3")).collect();
        format!("[{}]", values.join(", "))
    };
    let text = format!(
        "{HEAD}prompts = [\"a\", \"b\"]\ndream.loss_coef = {0}\noptimizer.adam = {{ lr = {0}, eps = {0} }}\n\
         optimizer.sgd = {{ lr = {0} }}\n",
        list(200)
    );
    let large = format!(
        "{HEAD}prompts = [\"a\"]\noptimizer.adam = {{ lr = {0}, eps = {0}, weight_decay = {0}, beta1 = {0} }}\n",
        list(9000)
    );
    insta::assert_snapshot!([refusal(&text, &[]), refusal(&large, &[])].join("\n"), @r"
    the grid has 16,080,000 cells: at most 100,000 can be planned [x.toml:4:19] (2 prompts × 40,200 optimizer settings × 200 dream settings × 1 seed (lists: loss_coef 200, adam.eps 200, adam.lr 200, sgd.lr 200, prompts 2); shorten a list, or split the experiment)
    the grid has 6,561,000,000,000,000 cells: at most 100,000 can be planned (column 239739 of a long line) [x.toml:4:84] (1 prompt × 6,561,000,000,000,000 optimizer settings × 1 dream setting × 1 seed (lists: adam.beta1 9,000, adam.eps 9,000, adam.lr 9,000, adam.weight_decay 9,000); shorten a list, or split the experiment)
    ");
    let many = read(SMALL, &[&format!("optimizer.adam.lr={}", list(16_000))]).unwrap();
    assert_eq!(many.optimizers.len(), 16_000);
}

/// Rust's words for types, which nobody who writes TOML needs to know.
fn of_rust(message: &str) -> Option<&str> {
    const WORDS: [&str; 17] = [
        "struct",
        "enum",
        "variant",
        "sequence",
        "map",
        "tuple",
        "unit",
        "newtype",
        "identifier",
        "string",
        "field",
        "f64",
        "u32",
        "u64",
        "i64",
        "invalid",
        "float",
    ];
    message.split(|c: char| !c.is_alphanumeric()).find(|word| WORDS.contains(word))
}

/// The keys of every setting of the schema, and those below them.
fn settings(schema: &serde_json::Value) -> Vec<String> {
    let mut keys =
        vec!["exclude".to_owned(), "labels.bicycle".to_owned(), "evaluation.segments.bicycle".to_owned()];
    let properties = |node: &serde_json::Value| -> Vec<String> {
        node["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect()
    };
    keys.extend(properties(schema));
    for name in ["DreamSettings", "EvaluationTable"] {
        let table = if name == "DreamSettings" { "dream" } else { "evaluation" };
        keys.extend(properties(&schema["$defs"][name]).into_iter().map(|key| format!("{table}.{key}")));
    }
    for (optimizer, reference) in schema["properties"]["optimizer"]["properties"].as_object().unwrap() {
        keys.push(format!("optimizer.{optimizer}"));
        let definition = reference["$ref"].as_str().unwrap().trim_start_matches("#/$defs/");
        let settings = properties(&schema["$defs"][definition]);
        assert!(settings.len() > 1, "{optimizer}");
        keys.extend(settings.into_iter().map(|key| format!("optimizer.{optimizer}.{key}")));
    }
    keys.extend(["warmup", "then"].map(|key| format!("optimizer.adam.schedule.{key}")));
    keys.extend(["linear-to", "step", "linear"].map(|key| format!("optimizer.adam.schedule.then.{key}")));
    keys.extend(["every", "by"].map(|key| format!("optimizer.adam.schedule.then.step.{key}")));
    keys
}

#[test]
fn every_setting_refuses_other_kinds_in_words_of_toml() {
    let values = [
        "7",
        "-7",
        "4.5",
        "1e400",
        "99999999999999999999999",
        "9223372036854775808",
        "\"x\"",
        "\"step\"",
        "\"linear-to\"",
        "true",
        "1979-05-27",
        "[]",
        "[[]]",
        "[7, 7.0]",
        "[\"x\", 7]",
        "[{}]",
        "{}",
        "{ x = 1 }",
        "{ step = 1 }",
        "nan",
        "inf",
    ];
    let schema = json_schema();
    let mut refused = 0;
    for key in settings(&schema) {
        for value in values {
            let given = format!("{key}={value}");
            let Err(error) = read(SMALL, &[&given]) else { continue };
            refused += 1;
            let said = said(&error);
            let message = error.to_string().replace("\"step\"", "").replace(&format!("`{key}`"), "");
            assert_eq!(of_rust(&message), None, "--set '{given}': {said}");
            assert!(!message.contains("overflow") && !message.contains("wanted"), "--set '{given}': {said}");
        }
    }
    assert!(refused > 2000, "{refused}");
}
