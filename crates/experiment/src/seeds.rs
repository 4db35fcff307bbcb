use std::fmt;

use schemars::JsonSchema;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;

use super::check;
use super::error::Fault;

/// Seeds of the cells of a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seeds {
    /// A list that every prompt shares.
    Shared(Vec<u64>),
    /// So many for each prompt, shared with no other: those of the first prompt, then those of the
    /// second, and so on, from a first one upward.
    PerPrompt {
        /// The number of seeds of each prompt.
        count: u64,
        /// The first seed of the first prompt.
        from: u64,
    },
}

impl Seeds {
    /// The seeds of the prompt at `index`.
    pub fn of_prompt(&self, index: usize) -> Vec<u64> {
        match self {
            Self::Shared(seeds) => seeds.clone(),
            Self::PerPrompt { count, from } => {
                let first = from + index as u64 * count; // fits: checked when read
                (first..first + count).collect()
            }
        }
    }

    /// All seeds of a number of prompts.
    pub fn of_prompts(&self, prompts: usize) -> Vec<u64> {
        match self {
            Self::Shared(seeds) => seeds.clone(),
            Self::PerPrompt { .. } => (0..prompts).flat_map(|index| self.of_prompt(index)).collect(),
        }
    }

    /// Seeds that a list shares, or those that each prompt has.
    pub fn per_prompt(&self) -> usize {
        match self {
            Self::Shared(seeds) => seeds.len(),
            Self::PerPrompt { count, .. } => usize::try_from(*count).unwrap_or(usize::MAX),
        }
    }
}

/// `seeds` as a file states it.
pub(super) enum SeedsEntry {
    List(Vec<Spanned<Seed>>),
    PerPrompt(PerPrompt),
}

/// Seeds of its own for every prompt: the first prompt has the first ones, the second the next, and
/// so on.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PerPrompt {
    /// The number of seeds of each prompt.
    #[schemars(with = "u64", range(min = 1))]
    per_prompt: Spanned<Seed>,
    /// The first seed of the first prompt.
    #[serde(default = "zero")]
    #[schemars(with = "u64", default = "first")]
    from: Spanned<Seed>,
}

fn zero() -> Spanned<Seed> {
    Spanned::new(0..0, Seed(first()))
}

fn first() -> u64 {
    0
}

/// The shape of `seeds` in the schema.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its shape matters")]
pub(super) enum SeedsSchema {
    /// Seeds that all prompts share.
    Shared(Vec<u64>),
    /// Seeds of its own for every prompt.
    PerPrompt(PerPrompt),
}

impl SeedsEntry {
    pub(super) fn read(entry: &Spanned<Self>, prompts: usize) -> Result<Seeds, Fault> {
        match entry.get_ref() {
            Self::List(list) => {
                let seeds = check::distinct("seeds", entry.span(), list, |seed| seed.0.to_string())?;
                Ok(Seeds::Shared(seeds.into_iter().map(|seed| seed.0).collect()))
            }
            Self::PerPrompt(PerPrompt { per_prompt, from }) => {
                let (count, from) = (per_prompt.get_ref().0, from.get_ref().0);
                if count == 0 {
                    let message = "`per_prompt` is 0, which leaves nothing to run";
                    return Err(Fault::new(per_prompt.span(), message));
                }
                let last = (prompts as u64).checked_mul(count).and_then(|all| all.checked_add(from));
                if last.is_none_or(|last| i64::MAX as u64 <= last) {
                    let message = format!("the seeds from {from} on go beyond {}", i64::MAX);
                    return Err(Fault::new(entry.span(), message).help("start from a smaller seed"));
                }
                Ok(Seeds::PerPrompt { count, from })
            }
        }
    }
}

impl<'de> Deserialize<'de> for SeedsEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EntryVisitor)
    }
}

/// By hand, since serde's untagged enums forget which seed was wrong.
struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = SeedsEntry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list such as [0, 1], or { per_prompt = 1 }")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<SeedsEntry, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(seq)).map(SeedsEntry::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SeedsEntry, A::Error> {
        PerPrompt::deserialize(MapAccessDeserializer::new(map)).map(SeedsEntry::PerPrompt)
    }
}

/// A seed that TOML can state, and with it every record.
#[derive(Clone, Copy)]
pub(super) struct Seed(pub(super) u64);

impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SeedVisitor)
    }
}

struct SeedVisitor;

impl Visitor<'_> for SeedVisitor {
    type Value = Seed;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {}", i64::MAX)
    }

    fn visit_i64<E: Error>(self, seed: i64) -> Result<Seed, E> {
        u64::try_from(seed).map(Seed).map_err(|_| E::invalid_value(Unexpected::Signed(seed), &self))
    }
}
