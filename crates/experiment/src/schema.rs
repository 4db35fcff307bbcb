use std::collections::BTreeMap;

use bigsleep::DreamSettings;
use optim::OptimizerConfig;
use optim_python::PythonSettings;
use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};

use super::evaluation::EvaluationSchema;
use super::format::TEMPLATE;
use super::prompt::TextOrTable;
use super::seeds::SeedsSchema;
use super::study::StudyTable;
use super::tuning::TuningSchema;

/// The JSON schema of the experiment format, for editors.
pub fn json_schema() -> Value {
    let mut schema = schema_for!(ExperimentFile).to_value();
    let definitions = &mut schema["$defs"];
    lists_too(&mut definitions["DreamSettings"], false);
    let optimizers = optimizers(definitions);
    definitions["TuningSchema"]["properties"]["also"] = optimizers.clone();
    definitions["RangeToTune"] = range_to_tune();
    definitions["PythonSettings"] = python_settings();
    schema["properties"]["optimizer"] = optimizers;
    if let Some(definitions) = schema["$defs"].as_object_mut() {
        definitions.remove("OptimizerConfig");
    }
    schema
}

/// Returns true if the setting at these keys takes texts and nothing else.
pub(super) fn expects_text(keys: &[&str]) -> bool {
    let schema = json_schema();
    let mut node = Some(&schema);
    for &key in keys {
        node = node.and_then(|node| {
            let node = meant(&schema, node);
            node["properties"].get(key).or_else(|| node.get("additionalProperties"))
        });
    }
    match node.map(|node| &meant(&schema, node)["type"]) {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().all(|kind| kind == "string" || kind == "null"),
        _ => false,
    }
}

/// Follows a reference in the schema, also one that may be left out.
fn meant<'s>(schema: &'s Value, node: &'s Value) -> &'s Value {
    let one_of_two = node["anyOf"].as_array().filter(|any| any.len() == 2);
    let node = one_of_two
        .filter(|any| any.iter().any(|one| one["type"] == "null"))
        .and_then(|any| any.iter().find(|one| one["type"] != "null"))
        .unwrap_or(node);
    let name = node["$ref"].as_str().and_then(|path| path.strip_prefix("#/$defs/"));
    name.map_or(node, |name| &schema["$defs"][name])
}

/// An experiment for dreambench: a grid of prompts, optimizers, seeds and further settings.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(dead_code, reason = "the shape of the format, which `Head` reads")]
struct ExperimentFile {
    /// Its name, which is also its results folder's.
    name: String,
    /// Model sets in order of preference: the first that is installed is used.
    models: Vec<String>,
    /// Prompts: texts, or tables with a text to avoid or an image.
    prompts: Vec<TextOrTable>,
    /// Seeds of the initial latents and of the cutouts: a list that all prompts share, or `{
    /// per_prompt = 1 }` for seeds of its own for every prompt.
    #[schemars(default = "seeds")]
    seeds: SeedsSchema,
    /// The text that a class name is put into to be judged.
    #[schemars(default = "template")]
    template: String,
    /// Class name of a prompt for the judges, where that is not the prompt itself.
    #[schemars(default)]
    labels: BTreeMap<String, String>,
    /// A table of published figures to be shown beside, as CSV: prompts × optimizers, 100 × the
    /// cosine of the final image with its class name. Its path is relative to this file.
    #[schemars(default)]
    published: Option<String>,
    /// By what final images are judged.
    #[schemars(default)]
    evaluation: Option<EvaluationSchema>,
    /// Questions to the analysis besides which optimizer is best.
    #[schemars(default)]
    study: Option<StudyTable>,
    /// Cells to leave out: those that have the given values for all given keys (prompt, optimizer,
    /// seed, or a setting of `[dream]` that is a list).
    #[schemars(default)]
    exclude: Vec<BTreeMap<String, Value>>,
    /// Settings of the dreams. A list of values for a setting is a further axis of the grid.
    #[schemars(default)]
    dream: DreamSettings,
    /// The choice of settings that have a range, `{ tune = [LOW, HIGH] }`, instead of a value.
    #[schemars(default)]
    tuning: Option<TuningSchema>,
    /// One entry per optimizer. A list of values for a setting is a further axis of the grid.
    optimizer: OptimizerConfig,
}

fn seeds() -> SeedsSchema {
    SeedsSchema::Shared(vec![0])
}

fn template() -> String {
    TEMPLATE.to_owned()
}

/// The variants of the externally tagged enum, as the optional properties of one table.
fn optimizers(definitions: &mut Value) -> Value {
    let mut properties = serde_json::Map::new();
    for variant in definitions["OptimizerConfig"]["oneOf"].as_array().cloned().unwrap_or_default() {
        for (name, settings) in variant["properties"].as_object().into_iter().flatten() {
            properties.insert(name.clone(), settings.clone());
            if let Some(reference) = settings["$ref"].as_str() {
                let definition = reference.trim_start_matches("#/$defs/").to_owned();
                lists_too(&mut definitions[&definition], true);
            }
        }
    }
    json!({
        "description": "One entry per optimizer. A list of values for a setting is a further axis of the grid.",
        "type": "object",
        "properties": properties,
        "additionalProperties": { "$ref": "#/$defs/PythonSettings" },
        "minProperties": 1,
    })
}

/// Every property may also be a list of its values, and a number a range to tune, where that is
/// possible.
fn lists_too(settings: &mut Value, tunable: bool) {
    for property in settings["properties"].as_object_mut().into_iter().flat_map(|map| map.values_mut()) {
        let mut one = property.take();
        let mut outer = serde_json::Map::new();
        for annotation in ["description", "default"] {
            if let Some(value) = one.as_object_mut().and_then(|one| one.remove(annotation)) {
                outer.insert(annotation.to_owned(), value);
            }
        }
        let list = json!({ "type": "array", "items": one, "minItems": 1, "uniqueItems": true });
        let mut any = vec![one, list];
        if tunable && any[0]["type"] == "number" {
            any.push(json!({ "$ref": "#/$defs/RangeToTune" }));
        }
        outer.insert("anyOf".to_owned(), any.into());
        *property = Value::Object(outer);
    }
}

/// An optimizer in Python.
fn python_settings() -> Value {
    let mut settings = schema_for!(PythonSettings).to_value();
    for name in ["$schema", "$defs", "title"] {
        settings.as_object_mut().and_then(|settings| settings.remove(name)); // there are others of it
    }
    settings
}

fn range_to_tune() -> Value {
    let number = json!({ "type": "number", "exclusiveMinimum": 0 });
    let ends = json!({
        "description": "Low and high end: the value is chosen as `[tuning]` says.",
        "type": "array", "items": number, "minItems": 2, "maxItems": 2,
    });
    json!({ "type": "object", "properties": { "tune": ends }, "required": ["tune"], "additionalProperties": false })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_expected_where_nothing_else_is() {
        for text in
            ["name", "template", "published", "labels.cow", "evaluation.template", "evaluation.segments.x"]
        {
            assert!(expects_text(&text.split('.').collect::<Vec<_>>()), "{text}");
        }
        for other in
            ["seeds", "prompts", "dream.iterations", "dream.precision", "evaluation.labels", "no.such", ""]
        {
            assert!(!expects_text(&other.split('.').collect::<Vec<_>>()), "{other}");
        }
    }
}
