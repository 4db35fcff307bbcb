use std::{
    collections::{HashMap, HashSet},
    rc::Rc,
};

use crate::archive::Archive;

/// Far longer than the code of any network's one file.
const LONGEST: u64 = 4 << 20;

/// Classes as declared by an archive's code.
#[derive(Default)]
pub(super) struct Classes {
    known: HashMap<Rc<str>, Rc<Class>>,
}

#[derive(Default)]
pub(super) struct Class {
    /// Attributes that `state_dict()` has; `None` where the code does not say, which means every
    /// tensor.
    state: Option<HashSet<String>>,
    /// True if its attributes come from running a method rather than from the file.
    pub(super) has_setstate: bool,
}

impl Classes {
    pub(super) fn get(&mut self, archive: &mut Archive, name: &Rc<str>) -> Rc<Class> {
        let class = self.known.entry(name.clone());
        class.or_insert_with(|| Rc::new(read(archive, name).unwrap_or_default())).clone()
    }
}

impl Class {
    pub(super) fn keeps(&self, attribute: &str) -> bool {
        self.state.as_ref().is_none_or(|state| state.contains(attribute))
    }
}

/// The code of `__torch__.a.b.C` stands in code/__torch__/a/b.py, and begins so:
///
/// ```python
/// class C(Module):
///   __parameters__ = ["weight", "bias", ]
///   __buffers__ = []
/// ```
fn read(archive: &mut Archive, class: &str) -> Option<Class> {
    let (module, name) = class.rsplit_once('.')?;
    let code = archive.read(&format!("code/{}.py", module.replace('.', "/")), LONGEST).ok()?;
    let code = String::from_utf8(code).ok()?;
    let head = format!("class {name}(Module):");
    let mut lines = code.lines().skip_while(|&line| line != head);
    lines.next()?;
    let body: Vec<&str> = lines.take_while(|line| line.starts_with(' ')).map(str::trim_start).collect();
    let lists = body.iter().filter_map(|line| line.split_once(" = "));
    let lists: Vec<&str> = lists
        .filter(|(list, _)| ["__parameters__", "__buffers__"].contains(list))
        .map(|(_, names)| names)
        .collect();
    let quoted = lists.iter().flat_map(|names| names.split('"').skip(1).step_by(2)).map(str::to_owned);
    Some(Class {
        state: (!lists.is_empty()).then(|| quoted.collect()),
        has_setstate: body.iter().any(|line| line.starts_with("def __setstate__")),
    })
}
