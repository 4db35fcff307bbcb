use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;

use bigsleep::Prompt;
use clip::{TokenizeError, Tokenizer};
use experiment::PromptEntry;
use judges::Labels;
use model_sets::LabelChoice;

use super::models::Reader;
use super::{Fault, Places, Preflight};

/// A place in the experiment, by its key, and in its text if it stands there.
#[derive(Clone)]
struct Place {
    key: String,
    span: Option<Range<usize>>,
}

/// The tokens of what a dream is to approach and to avoid, and its image: by its content once that
/// is known.
type Meaning = (Vec<Vec<i64>>, Vec<Vec<i64>>, Option<PathBuf>);

fn image_of(prompt: &PromptEntry) -> Option<PathBuf> {
    prompt.image_sha256.as_ref().map(PathBuf::from).or_else(|| prompt.image.clone())
}

/// Checks that every text can be read by each CLIP that will read it, and that no two prompts or
/// labels are one to them. Returns the number of texts.
pub(super) fn check(
    preflight: &Preflight<'_>,
    readers: &[Reader],
    places: &Places<'_>,
    faults: &mut Vec<Fault>,
) -> usize {
    let experiment = preflight.experiment;
    let trials = experiment.tuning.iter().flat_map(|tuning| &tuning.prompts);
    let prompts: Vec<PromptEntry> = experiment.prompts.iter().chain(trials).cloned().collect();
    let mut texts = Texts { readers, places, faults, count: 0, tested: experiment.prompts.len() };
    texts.prompts(&prompts);
    texts.judged(&prompts, &experiment.template);
    texts.labels(preflight);
    texts.count
}

struct Texts<'t> {
    readers: &'t [Reader],
    places: &'t Places<'t>,
    faults: &'t mut Vec<Fault>,
    count: usize,
    /// The number of prompts that are tested; those that come after choose settings.
    tested: usize,
}

impl Texts<'_> {
    fn prompts(&mut self, prompts: &[PromptEntry]) {
        let Some(perceptor) = self.readers.iter().find(|reader| reader.role == "perceptor") else { return };
        let mut seen: HashMap<Meaning, usize> = HashMap::new();
        for (index, prompt) in prompts.iter().enumerate() {
            let place = self.prompt(index);
            let approach = self.parts(perceptor, &prompt.text, &place);
            let avoid = prompt.avoid.as_ref().map(|text| {
                let place = Place { key: format!("{}.avoid", place.key), ..place.clone() };
                self.parts(perceptor, text, &place)
            });
            let (Some(approach), Some(avoid)) = (approach, avoid.unwrap_or(Some(Vec::new()))) else {
                continue;
            };
            let earlier = *seen.entry((approach, avoid, image_of(prompt))).or_insert(index);
            if earlier != index {
                let earlier = (self.prompt(earlier), prompts[earlier].name());
                let what = if prompt.image.is_some() { "tokens and the same image" } else { "tokens" };
                self.twice("prompts", (place, prompt.name()), earlier, (what, "perceptor"));
            }
        }
    }

    /// The tokens of the texts between `|`; nothing where one of them cannot be read.
    fn parts(&mut self, perceptor: &Reader, text: &str, place: &Place) -> Option<Vec<Vec<i64>>> {
        let mut tokens = Some(Vec::new());
        for part in Prompt::approach(text).approach {
            self.count += 1;
            if part.is_empty() {
                let fault = Fault::new(format!("{}: `{text}` has an empty text in it", place.key))
                    .help("`|` separates texts; none of them may be empty")
                    .at(place.span.clone(), "here");
                self.faults.push(fault);
                return None;
            }
            match perceptor.tokenizer.encode(&part) {
                Ok(part) => tokens.iter_mut().for_each(|tokens| tokens.push(part.clone())),
                Err(error) => {
                    self.too_long(place, &part, &[(perceptor.role, error)]);
                    tokens = None;
                }
            }
        }
        tokens
    }

    /// The class names in the template.
    fn judged(&mut self, prompts: &[PromptEntry], template: &str) {
        if self.template(template, &self.key(&["template"])) {
            return;
        }
        let mut read = HashMap::new();
        for (index, prompt) in prompts.iter().enumerate() {
            if read.insert(&prompt.class_name, index).is_some() {
                continue;
            }
            let place = match prompt.class_name == prompt.text {
                true => self.prompt(index),
                false => {
                    let span = self.places.value(&["labels", &prompt.text]);
                    Place { key: format!("labels.{:?}", prompt.text), span }
                }
            };
            self.read(&place, &template.replace("{}", &prompt.class_name));
        }
    }

    fn labels(&mut self, preflight: &Preflight<'_>) {
        let Labels { names, template, .. } = preflight.labels;
        let own = self.key(&["evaluation", "template"]);
        let place = if own.span.is_some() { own } else { self.key(&["template"]) };
        if self.template(template, &place) {
            return;
        }
        let manifest = preflight.judges.set.folder().join("manifest.toml");
        let (places, chosen) = (self.places, preflight.experiment.evaluation.labels.as_ref());
        let place = |index: usize| match chosen {
            Some(LabelChoice::These(_)) => Place {
                key: format!("evaluation.labels[{index}]"),
                span: places.element(&["evaluation", "labels"], index),
            },
            None if preflight.judges.set.manifest.labels.is_some() => {
                Place { key: format!("labels[{index}] of {}", printable::path(&manifest)), span: None }
            }
            _ => place.clone(), // CIFAR-100's
        };
        let mut seen: Vec<HashMap<Vec<i64>, usize>> = vec![HashMap::new(); self.readers.len()];
        for (index, name) in names.iter().enumerate() {
            let mut told = false;
            for (reader, tokens) in self.read(&place(index), &template.replace("{}", name)) {
                let Some(tokens) = tokens else { continue };
                let earlier = *seen[reader].entry(tokens).or_insert(index);
                if earlier != index && !told {
                    told = true;
                    let earlier = (place(earlier), names[earlier].clone());
                    let role = self.readers[reader].role;
                    self.twice("labels", (place(index), name.clone()), earlier, ("tokens", role));
                }
            }
        }
    }

    /// Returns true if a template is too long whatever is put into it, which is then told once.
    fn template(&mut self, template: &str, place: &Place) -> bool {
        let errors = self.errors(&template.replace("{}", ""));
        if errors.is_empty() {
            return false;
        }
        self.count += 1;
        self.too_long(place, template, &errors);
        true
    }

    /// The tokens that each reader makes of a text.
    fn read(&mut self, place: &Place, text: &str) -> Vec<(usize, Option<Vec<i64>>)> {
        self.count += 1;
        let mut errors = Vec::new();
        let mut all = Vec::with_capacity(self.readers.len());
        for (index, reader) in self.readers.iter().enumerate() {
            let tokens = reader.tokenizer.encode(text).map_err(|error| errors.push((reader.role, error)));
            all.push((index, tokens.ok()));
        }
        if !errors.is_empty() {
            self.too_long(place, text, &errors);
        }
        all
    }

    fn errors(&self, text: &str) -> Vec<(&'static str, TokenizeError)> {
        let error = |tokenizer: &Tokenizer| tokenizer.encode(text).err();
        self.readers.iter().filter_map(|reader| Some((reader.role, error(&reader.tokenizer)?))).collect()
    }

    fn too_long(&mut self, place: &Place, text: &str, errors: &[(&str, TokenizeError)]) {
        let words = errors.iter().map(|(role, error)| match error {
            TokenizeError::TooLong { tokens, limit, .. } => {
                format!("{tokens} tokens for the {role}, which reads at most {limit}")
            }
            other => other.to_string(),
        });
        let words = words.collect::<Vec<_>>().join("; ");
        let fault = Fault::new(format!("{}: `{text}` is too long: {words}", place.key))
            .help("shorten it: a word takes one token or a few, and two more mark the start and the end")
            .at(place.span.clone(), "too long");
        self.faults.push(fault);
    }

    fn twice(
        &mut self,
        list: &str,
        (place, name): (Place, String),
        (first, earlier): (Place, String),
        (what, role): (&str, &str),
    ) {
        let fault = Fault::new(format!(
            "`{list}` lists one text twice: `{earlier}` ({}) and `{name}` ({}) are the same {what} to the {role}",
            first.key, place.key
        ))
        .help("CLIP ignores case and spacing, and reads digits one by one: leave one of the two out")
        .at(first.span, "first here")
        .at(place.span, "again here");
        self.faults.push(fault);
    }

    fn prompt(&self, index: usize) -> Place {
        match index.checked_sub(self.tested) {
            None => {
                Place { key: format!("prompts[{index}]"), span: self.places.element(&["prompts"], index) }
            }
            Some(index) => Place {
                key: format!("tuning.prompts[{index}]"),
                span: self.places.element(&["tuning", "prompts"], index),
            },
        }
    }

    fn key(&self, path: &[&str]) -> Place {
        Place { key: path.join("."), span: self.places.value(path) }
    }
}

#[cfg(test)]
mod tests {
    use clip::Config;
    use proptest::prelude::*;

    use super::*;

    fn readers() -> Vec<Reader> {
        let sized =
            |context_length| Config { vocab_size: 1200, context_length, ..Config::vit_b_32() }.tokenizer();
        vec![
            Reader { role: "perceptor", tokenizer: sized(32) },
            Reader { role: "judge", tokenizer: sized(20) },
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        /// A text is refused exactly when one of its readers cannot read it.
        #[test]
        fn refuses_exactly_what_a_tokenizer_refuses(text in "(\\PC| |[a-z]{1,6} ){1,40}") {
            let (readers, places) = (readers(), Places::none());
            let mut faults = Vec::new();
            let mut texts = Texts { readers: &readers, places: &places, faults: &mut faults, count: 0, tested: 9 };
            let place = Place { key: "here".to_owned(), span: None };
            let read = texts.read(&place, &text);
            let readable = readers.iter().all(|reader| reader.tokenizer.encode(&text).is_ok());
            prop_assert_eq!(faults.is_empty(), readable);
            prop_assert_eq!(read.iter().all(|(_, tokens)| tokens.is_some()), readable);
        }

        /// Two prompts are one exactly when the perceptor's tokens of both are equal.
        #[test]
        fn prompts_are_one_when_their_tokens_are(a in "[aB1 é|]{1,4}x", b in "[Ab1 é]{1,4}x") {
            let (readers, places) = (readers(), Places::none());
            let prompt = |text: &String| PromptEntry {
                text: text.clone(), avoid: None, image: None, image_sha256: None, class_name: text.clone(), segment: None,
            };
            let mut faults = Vec::new();
            let mut texts = Texts { readers: &readers, places: &places, faults: &mut faults, count: 0, tested: 9 };
            texts.prompts(&[prompt(&a), prompt(&b)]);
            let tokens = |text: &str| -> Vec<_> {
                text.split('|').map(|part| readers[0].tokenizer.encode(part.trim()).unwrap()).collect()
            };
            let empty = a.split('|').any(|part| part.trim().is_empty());
            prop_assert_eq!(faults.len(), usize::from(empty || tokens(&a) == tokens(&b)));
        }
    }
}
