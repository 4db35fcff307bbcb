//! A manifest as text, laid out as the committed ones are.

use std::mem;

use toml_edit::{DocumentMut, Item, ser};

use super::{Manifest, ROLES};

impl Manifest {
    /// The manifest as TOML: a table for every model, a line for every label. Who writes it may add
    /// comments.
    ///
    /// # Errors
    /// When `dream` holds what TOML cannot express.
    pub fn document(&self) -> Result<DocumentMut, ser::Error> {
        let mut document = ser::to_document(self)?;
        if let Some(dream) = document.get_mut("dream") {
            make_table(dream);
            dream.as_table_mut().into_iter().for_each(|dream| dream.set_dotted(true));
        }
        if let Some(labels) = document.get_mut("labels").and_then(Item::as_array_mut) {
            for label in labels.iter_mut() {
                label.decor_mut().set_prefix("\n  ");
            }
            labels.set_trailing("\n");
            labels.set_trailing_comma(true);
        }
        for (role, _) in ROLES {
            if let Some(component) = document.get_mut(role) {
                make_table(component);
            }
        }
        Ok(document)
    }
}

/// Makes a table of its own of an inline one.
fn make_table(item: &mut Item) {
    *item = Item::Table(mem::take(item).into_table().unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_the_manifests_that_it_writes() {
        for name in ["mini", "paper"] {
            let path = format!("{}/../../weights/{name}/manifest.toml", env!("CARGO_MANIFEST_DIR"));
            let manifest: Manifest = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
            let text = manifest.document().unwrap().to_string();
            assert_eq!(toml::from_str::<Manifest>(&text).unwrap(), manifest, "{text}");
            assert!(text.contains("\n[generator]\nkind = \"biggan-deep\"\n"), "{text}");
        }
    }
}
