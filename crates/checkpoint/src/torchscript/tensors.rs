use std::collections::BTreeMap;

use super::{
    classes::Classes,
    pickle::{Composite, Items, Value},
};
use crate::{
    CheckpointError,
    archive::{Archive, Span},
    entry::{Entry, GRANTED_BYTES, LONGEST_NAME},
    kind,
    stored::Stored,
};

/// Shared modules are reached on every way that leads to them: this many steps are enough for any
/// network.
const MOST_STEPS: usize = 100_000;

/// All tensors of the tree of modules below `root`.
pub(super) fn collect(
    archive: &mut Archive,
    root: &Value,
) -> Result<BTreeMap<String, Entry>, CheckpointError> {
    let Value::Object(root) = root else {
        return Err(archive.damaged("it holds no module"));
    };
    let mut walk = Walk { archive, classes: Classes::default(), entries: BTreeMap::new(), steps: 0 };
    walk.module(root, "")?;
    Ok(walk.entries)
}

struct Walk<'a> {
    archive: &'a mut Archive,
    classes: Classes,
    entries: BTreeMap<String, Entry>,
    steps: usize,
}

impl Walk<'_> {
    fn module(&mut self, module: &Composite, prefix: &str) -> Result<(), CheckpointError> {
        let class = self.classes.get(self.archive, &module.name);
        if class.has_setstate {
            let callable = format!("{}.__setstate__", module.name);
            return Err(CheckpointError::AsksToRun { path: self.archive.source().path.clone(), callable });
        }
        for attribute in module.items.values.chunks_exact(2) {
            self.steps += 1;
            let [Value::Text(name), value] = attribute else { continue };
            if self.steps > MOST_STEPS || prefix.len() + name.len() > LONGEST_NAME {
                return Err(self.archive.damaged("its modules are nested too often or too deeply"));
            }
            let path = format!("{prefix}{name}");
            match value {
                Value::Object(child) => self.module(child, &format!("{path}."))?,
                Value::Call(call) if class.keeps(name) => {
                    let stored = self.tensor(call, &path)?;
                    self.entries.insert(path, Entry::Stored(stored));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn tensor(&mut self, call: &Composite, path: &str) -> Result<Stored, CheckpointError> {
        let unsupported =
            |what| CheckpointError::Unsupported { path: self.archive.source().path.clone(), what };
        if &*call.name != "torch._utils._rebuild_tensor_v2" {
            return Err(unsupported(format!("tensor `{path}`, made by `{}`", call.name)));
        }
        let tensor = Pickled::from_arguments(&call.items);
        let tensor =
            tensor.ok_or_else(|| self.archive.damaged(format!("tensor `{path}` is ill described")))?;
        let kind = tensor.storage_class.strip_prefix("torch.").and_then(kind::of_storage);
        let kind =
            kind.ok_or_else(|| unsupported(format!("tensor `{path}` in a `{}`", tensor.storage_class)))?;
        let span = self.archive.storage(tensor.key)?;
        let stored = tensor.locate(self.archive, &span, kind);
        stored.ok_or_else(|| self.archive.damaged(format!("tensor `{path}` lies outside its storage")))
    }
}

/// A tensor as its pickle describes it, in elements.
struct Pickled<'p> {
    storage_class: &'p str,
    key: &'p str,
    storage_elements: i64,
    offset: i64,
    shape: Vec<i64>,
    strides: Vec<i64>,
}

impl<'p> Pickled<'p> {
    fn from_arguments(arguments: &'p Items) -> Option<Self> {
        let [Value::Persistent(storage), Value::Int(offset), shape, strides, ..] = &arguments.values[..]
        else {
            return None;
        };
        let [Value::Text(_), Value::Global(class), Value::Text(key), Value::Text(_), Value::Int(elements)] =
            &storage.values[..]
        else {
            return None;
        };
        let (shape, strides) = (naturals(shape)?, naturals(strides)?);
        let sound = *offset >= 0 && *elements >= 0 && shape.len() == strides.len();
        sound.then(|| Self {
            storage_class: class,
            key,
            storage_elements: *elements,
            offset: *offset,
            shape,
            strides,
        })
    }

    /// `None` where the tensor does not fit its storage, or is larger than any file of this size
    /// should hold.
    fn locate(self, archive: &Archive, span: &Span, kind: tch::Kind) -> Option<Stored> {
        let element = kind.elt_size_in_bytes() as i64;
        let elements = self.shape.iter().try_fold(1_i64, |product, &side| product.checked_mul(side))?;
        let steps = self.shape.iter().zip(&self.strides);
        let last = steps.clone().try_fold(0_i64, |sum, (side, stride)| {
            sum.checked_add((side - 1).max(0).checked_mul(*stride)?)
        })?;
        let extent = if elements == 0 { 0 } else { last.checked_add(1)? };
        let fits = self.offset.checked_add(extent)? <= self.storage_elements
            && u64::try_from(self.storage_elements.checked_mul(element)?) == Ok(span.bytes)
            && elements.checked_mul(element)? as u64 <= archive.bytes().max(GRANTED_BYTES);
        if !fits {
            return None;
        }
        let bytes = extent * element;
        Some(Stored {
            source: archive.source().clone(),
            start: span.start + (self.offset * element) as u64,
            bytes: bytes as usize,
            strides: (!is_row_major(&self.shape, &self.strides)).then_some(self.strides),
            shape: self.shape,
            kind,
            crc32: span.crc32.filter(|_| bytes as u64 == span.bytes),
        })
    }
}

/// Sizes and strides.
fn naturals(value: &Value) -> Option<Vec<i64>> {
    let Value::Items(items) = value else { return None };
    let numbers = items.values.iter().map(|value| match value {
        Value::Int(number) if *number >= 0 => Some(*number),
        _ => None,
    });
    numbers.collect()
}

fn is_row_major(shape: &[i64], strides: &[i64]) -> bool {
    let mut expected = 1;
    shape.iter().zip(strides).rev().all(|(&side, &stride)| {
        let as_expected = side == 1 || stride == expected;
        expected = side.saturating_mul(expected);
        as_expected
    })
}
