use model_sets::{LabelChoice, Manifest};

/// The names that images are compared with, and the text that each is put into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Source of the labels, for readers.
    pub set: String,
    /// The names.
    pub names: Vec<String>,
    /// The text that a name is put into, at `{}`.
    pub template: String,
}

impl Labels {
    /// Selects the labels that were chosen, or else those of the model set, or else CIFAR-100's.
    pub fn new(chosen: Option<&LabelChoice>, template: &str, models: &Manifest) -> Self {
        let cifar = || ("CIFAR-100".to_owned(), clip::CIFAR100.map(str::to_owned).to_vec());
        let (set, names) = match (chosen, &models.labels) {
            (Some(LabelChoice::These(names)), _) => ("labels of its own".to_owned(), names.clone()),
            (Some(LabelChoice::Cifar100), _) | (None, None) => cifar(),
            (None, Some(names)) => (format!("labels of the model set {}", models.name), names.clone()),
        };
        Self { set, names, template: template.to_owned() }
    }

    /// Returns true if `name` is one of them.
    pub fn has(&self, name: &str) -> bool {
        self.names.iter().any(|label| label == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(labels: &str) -> Manifest {
        let rest = "source = \"\"\nlicense = \"\"\nweights = { path = \"a\" }";
        toml::from_str(&format!(
            "name = \"mini\"\nabout = \"\"\n{labels}\n[generator]\nkind = \"biggan-deep\"\n{rest}\n[perceptor]\nkind = \"clip\"\n{rest}"
        ))
        .unwrap()
    }

    #[test]
    fn the_experiment_comes_first_then_the_models_then_cifar() {
        let own = LabelChoice::These(vec!["a".into(), "b".into()]);
        let (bare, named) = (manifest(""), manifest("labels = [\"apple\", \"bear\"]"));
        let set = |chosen: Option<&LabelChoice>, models: &Manifest| Labels::new(chosen, "{}", models).set;
        assert_eq!(set(None, &bare), "CIFAR-100");
        assert_eq!(set(None, &named), "labels of the model set mini");
        assert_eq!(set(Some(&LabelChoice::Cifar100), &named), "CIFAR-100");
        assert_eq!(set(Some(&own), &named), "labels of its own");
        assert_eq!(Labels::new(None, "{}", &bare).names.len(), 100);
        assert!(Labels::new(None, "{}", &named).has("bear"));
    }

    #[test]
    fn labels_of_a_manifest_are_several_and_differ() {
        for wrong in ["labels = []", "labels = [\"a\"]", "labels = [\"a\", \"a\"]", "labels = [\"a\", \" \"]"]
        {
            let manifest = format!("name = \"mini\"\nabout = \"\"\n{wrong}");
            let error = toml::from_str::<Manifest>(&manifest).unwrap_err().to_string();
            assert!(error.contains("two names or more"), "{wrong}: {error}");
        }
    }
}
