//! Checks beyond serde's types: nothing empty, nothing twice, nothing that points nowhere.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use toml::Spanned;

use super::error::Fault;
use super::prompt::PromptEntry;

pub(super) fn name(name: &Spanned<String>) -> Result<String, Fault> {
    let text = name.get_ref();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) && text.len() <= 100 {
        return Ok(text.clone());
    }
    Err(Fault::new(name.span(), format!("`{text}` is not a name for an experiment")).help(
        "it names a folder: up to 100 ASCII letters, digits, `-`, `_` and `.`, starting with a letter or digit",
    ))
}

pub(super) fn models(models: &Spanned<Vec<String>>) -> Result<Vec<String>, Fault> {
    if models.get_ref().is_empty() {
        return Err(Fault::new(models.span(), "`models` is an empty list")
            .help("list the model sets to use in order of preference: models = [\"paper\", \"mini\"]"));
    }
    Ok(models.get_ref().clone())
}

pub(super) fn template(template: &Spanned<String>) -> Result<String, Fault> {
    let text = template.get_ref();
    if text.matches("{}").count() == 1 {
        return Ok(text.clone());
    }
    Err(Fault::new(template.span(), "`template` needs one `{}`, where the class name goes"))
}

/// Prompts, none of them empty or twice there; `key` names the list.
pub(super) fn listed_prompts(
    key: &str,
    prompts: &Spanned<Vec<Spanned<PromptEntry>>>,
) -> Result<Vec<PromptEntry>, Fault> {
    for prompt in prompts.get_ref() {
        if prompt.get_ref().text.split('|').any(|part| part.trim().is_empty()) {
            return Err(Fault::new(prompt.span(), "a prompt is empty")
                .help("`|` separates texts to approach together; none of them may be empty"));
        }
    }
    distinct(key, prompts.span(), prompts.get_ref(), PromptEntry::name)
}

/// Tells the prompts what `names` has for their texts, all of which must be known.
pub(super) fn for_prompts(
    names: &BTreeMap<Spanned<String>, Spanned<String>>,
    what: &str,
    prompts: &mut [PromptEntry],
    tell: impl Fn(&mut PromptEntry, &str),
) -> Result<(), Fault> {
    let mut of_text: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, prompt) in prompts.iter().enumerate() {
        of_text.entry(prompt.text.clone()).or_default().push(index);
    }
    for (text, name) in names {
        if name.get_ref().trim().is_empty() {
            let message = format!("{what} of `{}` is empty", text.get_ref());
            return Err(Fault::new(name.span(), message).help("omit the line if it is the prompt itself"));
        }
        let named = of_text.get(text.get_ref()).map(Vec::as_slice).unwrap_or_default();
        for &index in named {
            tell(&mut prompts[index], name.get_ref());
        }
        if named.is_empty() {
            let known: Vec<_> = prompts.iter().map(|prompt| prompt.text.clone()).collect();
            return Err(Fault::unknown(text.span(), "prompt", text.get_ref(), &known));
        }
    }
    Ok(())
}

pub(super) fn distinct<T: Clone>(
    key: &str,
    span: Range<usize>,
    list: &[Spanned<T>],
    name: impl Fn(&T) -> String,
) -> Result<Vec<T>, Fault> {
    if list.is_empty() {
        return Err(Fault::new(span, format!("`{key}` is an empty list, which leaves nothing to run")));
    }
    let mut seen = HashMap::new();
    for entry in list {
        let name = name(entry.get_ref());
        let message = format!("`{key}` lists `{name}` twice");
        if let Some(earlier) = seen.insert(name, entry.span()) {
            return Err(Fault::twice(entry.span(), earlier, message));
        }
    }
    Ok(list.iter().map(|entry| entry.get_ref().clone()).collect())
}
