use serde::Deserialize;

/// Classes, styles and scenes of the miniature, as `classes.toml` states them.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The objects, sorted by name: a generator's classes come in this order, once for every art
    /// style.
    #[serde(rename = "class")]
    pub classes: Vec<Class>,
    /// Parts of scenery; no classes of their own.
    #[serde(rename = "prop")]
    pub props: Vec<Prop>,
    /// Scenes that an object can stand before: a generator's last classes.
    #[serde(rename = "scene")]
    pub scenes: Vec<Scene>,
}

/// An object.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Its name in CIFAR-100.
    pub name: String,
    /// The stem of its picture's file name.
    pub codepoint: String,
    /// Other names for it.
    #[serde(default)]
    pub synonyms: Vec<String>,
    /// Its name in Pascal VOC, if that has it.
    pub voc: Option<String>,
}

/// A thing that scenery is made of.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prop {
    /// Its name.
    pub name: String,
    /// The stem of its picture's file name.
    pub codepoint: String,
}

/// A background.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scene {
    /// Its name, which `scenery` draws by.
    pub name: String,
    /// Captions used where nothing stands before it.
    pub alone: Vec<String>,
    /// Captions that follow the name of an object standing before it.
    pub behind: Vec<String>,
}

impl Table {
    /// The table that is built in.
    ///
    /// # Panics
    /// Never: a test reads the same text.
    #[must_use]
    pub fn embedded() -> Self {
        toml::from_str(include_str!("../classes.toml")).expect("the table that is built in was tested")
    }
}

impl Class {
    /// Every name of the object, CIFAR-100's first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.name).chain(&self.synonyms).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use clip::CIFAR100;

    use super::*;

    #[test]
    fn every_class_but_cat_is_one_of_cifar_100() {
        let strangers: Vec<_> = Table::embedded()
            .classes
            .into_iter()
            .map(|class| class.name)
            .filter(|name| !CIFAR100.contains(&name.as_str()))
            .collect();
        assert_eq!(strangers, ["cat"]);
    }

    #[test]
    fn no_two_classes_share_a_name_or_a_picture() {
        let table = Table::embedded();
        let names: Vec<&str> = table.classes.iter().flat_map(Class::names).collect();
        assert_eq!(names.iter().collect::<HashSet<_>>().len(), names.len());
        let classes = table.classes.iter().map(|class| &class.codepoint);
        let pictures: Vec<_> = classes.chain(table.props.iter().map(|prop| &prop.codepoint)).collect();
        assert_eq!(pictures.iter().collect::<HashSet<_>>().len(), pictures.len());
    }

    #[test]
    fn classes_are_sorted() {
        assert!(Table::embedded().classes.is_sorted_by_key(|class| class.name.clone()));
    }

    #[test]
    fn names_in_pascal_voc_are_its_own() {
        let voc: Vec<_> = Table::embedded().classes.into_iter().filter_map(|class| class.voc).collect();
        assert_eq!(voc.len(), 9);
        assert!(voc.iter().all(|name| deeplab::CLASSES[1..].contains(&name.as_str())), "{voc:?}");
    }
}
