use std::{collections::HashMap, rc::Rc};

use thiserror::Error;

/// Far deeper than modules are nested.
const DEEPEST: usize = 200;

/// Value of a pickle, as data: a call is kept as its name and arguments.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Of no interest here: floats, booleans, `None`, …
    Other,
    Int(i64),
    Text(Rc<str>),
    /// A class or function, with its module: `torch.HalfStorage`.
    Global(Rc<str>),
    /// A tuple or a list; a dictionary, as keys and values in turn.
    Items(Rc<Items>),
    /// A persistent id: a storage.
    Persistent(Rc<Items>),
    Call(Rc<Composite>),
    /// An instance of a class, with its state.
    Object(Rc<Composite>),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Items {
    pub(super) values: Vec<Value>,
    depth: usize,
}

#[derive(Debug)]
pub(super) struct Composite {
    pub(super) name: Rc<str>,
    pub(super) items: Rc<Items>,
}

#[derive(Debug, Error)]
pub(super) enum PickleError {
    #[error("its pickle ends too early")]
    Truncated,
    #[error("its pickle has the unknown operation {0:#04x}")]
    Operation(u8),
    #[error("its pickle makes no sense at byte {0}")]
    Nonsense(usize),
}

/// Reads the operations that TorchScript's own pickler writes
/// (torch/csrc/jit/serialization/pickler.cpp), and no others.
///
/// Values are shared, never copied, and nested no deeper than [`DEEPEST`]: memory is at most some
/// 100 times the pickle.
pub(super) fn parse(pickle: &[u8]) -> Result<Value, PickleError> {
    let mut machine = Machine { rest: pickle, ..Machine::default() };
    loop {
        let operation = machine.bytes::<1>()?[0];
        if operation == b'.' {
            return machine.pop().ok_or(PickleError::Truncated);
        }
        let at = pickle.len() - machine.rest.len() - 1;
        machine.step(operation)?.ok_or(PickleError::Nonsense(at))?;
    }
}

#[derive(Default)]
struct Machine<'p> {
    rest: &'p [u8],
    stack: Vec<Value>,
    marks: Vec<usize>,
    memo: HashMap<u32, Value>,
}

impl<'p> Machine<'p> {
    /// `None` when the operation does not fit what is on the stack.
    fn step(&mut self, operation: u8) -> Result<Option<()>, PickleError> {
        match operation {
            0x80 => self.bytes::<1>().map(|_| Some(())), // the protocol's number
            b'(' => {
                self.marks.push(self.stack.len());
                Ok(Some(()))
            }
            b'q' | b'r' => {
                let key = self.key(operation == b'r')?;
                Ok(self.stack.last().map(|top| self.memo.insert(key, top.clone())).map(drop))
            }
            b's' | b'a' | b'u' | b'e' => Ok(self.extend(operation)),
            b'b' => Ok(self.build()),
            _ => Ok(self.value(operation)?.map(|value| self.stack.push(value))),
        }
    }

    /// The value that an operation puts on the stack.
    fn value(&mut self, operation: u8) -> Result<Option<Value>, PickleError> {
        Ok(match operation {
            b'h' | b'j' => {
                let key = self.key(operation == b'j')?;
                self.memo.get(&key).cloned()
            }
            b'N' | 0x88 | 0x89 => Some(Value::Other),
            b'G' => self.bytes::<8>().map(|_| Some(Value::Other))?,
            b'K' => Some(Value::Int(self.bytes::<1>()?[0].into())),
            b'M' => Some(Value::Int(u16::from_le_bytes(self.bytes()?).into())),
            b'J' => Some(Value::Int(i32::from_le_bytes(self.bytes()?).into())),
            0x8a => self.long()?,
            b'X' => self.text()?,
            b'c' => global(self.line()?, self.line()?),
            b')' | b']' | b'}' => Some(Value::Items(Rc::default())),
            b't' => self.pop_to_mark().and_then(items),
            0x85..=0x87 => self.pop_many((operation - 0x84).into()).and_then(items),
            0x81 => self.composite().map(Value::Object),
            b'R' => self.composite().map(Value::Call),
            b'Q' => self.pop_items().map(Value::Persistent),
            unknown => return Err(PickleError::Operation(unknown)),
        })
    }

    /// Adds to the list or dictionary on the stack, which nothing else may refer to yet.
    fn extend(&mut self, operation: u8) -> Option<()> {
        let new = match operation {
            b'a' => self.pop_many(1)?,
            b's' => self.pop_many(2)?,
            _ => self.pop_to_mark()?,
        };
        let Value::Items(target) = self.stack.last_mut()? else { return None };
        let target = Rc::get_mut(target)?;
        target.depth = target.depth.max(depth_around(&new));
        target.values.extend(new);
        (target.depth <= DEEPEST).then_some(())
    }

    /// Gives the object on the stack its state.
    fn build(&mut self) -> Option<()> {
        let state = self.pop_items()?;
        let Value::Object(object) = self.stack.last_mut()? else { return None };
        Rc::get_mut(object)?.items = state;
        Some(())
    }

    fn composite(&mut self) -> Option<Rc<Composite>> {
        let items = self.pop_items()?;
        let Value::Global(name) = self.pop()? else { return None };
        Some(Rc::new(Composite { name, items }))
    }

    fn long(&mut self) -> Result<Option<Value>, PickleError> {
        let length = self.bytes::<1>()?[0].into();
        let bytes = self.take(length)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut number = [if negative { 0xff } else { 0 }; 8];
        let fits = number.get_mut(..bytes.len()).map(|low| low.copy_from_slice(bytes));
        Ok(fits.map(|()| Value::Int(i64::from_le_bytes(number))))
    }

    fn text(&mut self) -> Result<Option<Value>, PickleError> {
        let length = u32::from_le_bytes(self.bytes()?);
        let text = self.take(length as usize)?;
        Ok(std::str::from_utf8(text).ok().map(|text| Value::Text(text.into())))
    }

    /// A number in the memo.
    fn key(&mut self, long: bool) -> Result<u32, PickleError> {
        if long { self.bytes().map(u32::from_le_bytes) } else { self.bytes::<1>().map(|[key]| key.into()) }
    }

    fn line(&mut self) -> Result<&'p [u8], PickleError> {
        let length = self.rest.iter().position(|&byte| byte == b'\n').ok_or(PickleError::Truncated)?;
        let line = self.take(length + 1)?;
        Ok(&line[..length])
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], PickleError> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(PickleError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    fn take(&mut self, length: usize) -> Result<&'p [u8], PickleError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(PickleError::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }

    fn pop(&mut self) -> Option<Value> {
        self.pop_many(1)?.pop()
    }

    fn pop_items(&mut self) -> Option<Rc<Items>> {
        match self.pop()? {
            Value::Items(items) => Some(items),
            _ => None,
        }
    }

    fn pop_many(&mut self, count: usize) -> Option<Vec<Value>> {
        let below = self.stack.len().checked_sub(count)?;
        self.marks.last().is_none_or(|&mark| mark <= below).then(|| self.stack.split_off(below))
    }

    fn pop_to_mark(&mut self) -> Option<Vec<Value>> {
        let mark = self.marks.pop()?;
        Some(self.stack.split_off(mark))
    }
}

fn global(module: &[u8], name: &[u8]) -> Option<Value> {
    let [module, name] = [module, name].map(std::str::from_utf8);
    Some(Value::Global(format!("{}.{}", module.ok()?, name.ok()?).into()))
}

fn items(values: Vec<Value>) -> Option<Value> {
    let depth = depth_around(&values);
    (depth <= DEEPEST).then(|| Value::Items(Rc::new(Items { values, depth })))
}

fn depth_around(values: &[Value]) -> usize {
    let deepest = values.iter().map(|value| match value {
        Value::Items(items) | Value::Persistent(items) => items.depth,
        Value::Call(composite) | Value::Object(composite) => composite.items.depth,
        _ => 0,
    });
    deepest.max().map_or(0, |depth| depth + 1)
}
