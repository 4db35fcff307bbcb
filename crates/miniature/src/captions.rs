use rand::{RngExt, seq::IndexedRandom};
use rand_chacha::ChaCha8Rng;

use crate::Table;

/// Content of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Index into [`Table::classes`].
    pub object: Option<usize>,
    /// Index into [`Table::scenes`].
    pub scene: Option<usize>,
}

/// Says what a picture shows, in one of many ways.
pub fn caption(content: Content, table: &Table, rng: &mut ChaCha8Rng) -> String {
    let scene = content.scene.map(|scene| &table.scenes[scene]);
    match (content.object.map(|object| &table.classes[object]), scene) {
        (Some(class), None) => object(choose(&class.names().collect::<Vec<_>>(), rng), rng),
        (Some(class), Some(scene)) => {
            let object = object(choose(&class.names().collect::<Vec<_>>(), rng), rng);
            format!("{object} {}", choose(&scene.behind, rng))
        }
        (None, Some(scene)) => in_frame(choose(&scene.alone, rng), rng),
        (None, None) => in_frame("nothing", rng),
    }
}

/// The caption of an object that no picture shows, to compare with.
pub(crate) fn object(name: &str, rng: &mut ChaCha8Rng) -> String {
    if rng.random_bool(BARE) {
        return name.to_owned();
    }
    let article = choose(&["a", "a", "a", "the", "one"], rng);
    let article = if article == "a" { indefinite_article(name) } else { article };
    in_frame(&format!("{article} {name}"), rng)
}

/// Probability that a caption is the bare name, as the report's prompts and its table's labels are.
const BARE: f64 = 0.35;

fn in_frame(what: &str, rng: &mut ChaCha8Rng) -> String {
    const FRAMES: [&str; 6] =
        ["a photo of", "a picture of", "an image of", "a drawing of", "this is", "there is"];
    if rng.random_bool(0.5) { what.to_owned() } else { format!("{} {what}", choose(&FRAMES, rng)) }
}

fn indefinite_article(name: &str) -> &'static str {
    if name.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" }
}

fn choose<'a>(from: &'a [impl AsRef<str>], rng: &mut ChaCha8Rng) -> &'a str {
    from.choose(rng).expect("every list of names and phrases has an entry").as_ref()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    #[test]
    fn the_reports_prompts_are_among_the_captions() {
        let table = Table::embedded();
        let class = |name: &str| table.classes.iter().position(|class| class.name == name);
        let scene = |name: &str| table.scenes.iter().position(|scene| scene.name == name);
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut captions = |object, scene| -> BTreeSet<String> {
            (0..4_000).map(|_| caption(Content { object, scene }, &table, &mut rng)).collect()
        };
        assert!(captions(class("bear"), scene("forest")).contains("a bear in the forest"));
        let woods = captions(class("bear"), scene("woods"));
        assert!(woods.contains("a bear in woods") && woods.contains("a bear living in woods"));
        assert!(captions(class("cattle"), None).contains("cow"));
        assert!(captions(class("motorcycle"), None).contains("motorbike"));
        assert!(captions(class("elephant"), None).contains("a photo of an elephant"));
        assert!(captions(None, scene("forest")).contains("a forest"));
    }
}
