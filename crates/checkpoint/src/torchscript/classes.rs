use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use super::archive::Archive;

/// Far longer than the code of any network's one file.
const LONGEST: u64 = 4 << 20;

/// Which attributes of a class its `state_dict()` has, read from the archive's code.
#[derive(Default)]
pub(super) struct Classes {
    known: HashMap<Rc<str>, Option<HashSet<String>>>,
}

impl Classes {
    /// Where the code does not say, every tensor counts.
    pub(super) fn has(&mut self, archive: &mut Archive, class: &Rc<str>, attribute: &str) -> bool {
        let attributes = self.known.entry(class.clone()).or_insert_with(|| attributes(archive, class));
        attributes.as_ref().is_none_or(|attributes| attributes.contains(attribute))
    }
}

/// The code of `__torch__.a.b.C` stands in code/__torch__/a/b.py, and begins so:
///
/// ```python
/// class C(Module):
///   __parameters__ = ["weight", "bias", ]
///   __buffers__ = []
/// ```
fn attributes(archive: &mut Archive, class: &str) -> Option<HashSet<String>> {
    let (module, name) = class.rsplit_once('.')?;
    let code = archive.read(&format!("code/{}.py", module.replace('.', "/")), LONGEST).ok()?;
    let code = String::from_utf8(code).ok()?;
    let head = format!("class {name}(Module):");
    let mut lines = code.lines().skip_while(|&line| line != head);
    lines.next()?;
    let lists: Vec<&str> = lines
        .take_while(|line| line.starts_with(' '))
        .filter_map(|line| line.trim_start().split_once(" = "))
        .filter(|(list, _)| ["__parameters__", "__buffers__"].contains(list))
        .map(|(_, names)| names)
        .collect();
    let quoted = lists.iter().flat_map(|names| names.split('"').skip(1).step_by(2));
    (!lists.is_empty()).then(|| quoted.map(str::to_owned).collect())
}
