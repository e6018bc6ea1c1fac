//! Values that are computed already.

use crate::back::native::lane::{Op, Value};
use crate::dtype::Dtype;
use crate::memory::{OutOfMemory, TryGrow};

/// An instruction without effect on operands as they are at some point.
#[derive(Clone, Copy, PartialEq)]
pub struct Key {
    pub op: Op,
    pub dtype: Dtype,
    pub args: [Option<Value>; 3],
    /// How often each operand had been written.
    pub versions: [u32; 3],
}

impl Key {
    fn bucket(&self) -> usize {
        let mix =
            |hash: u32, arg: &Option<Value>| hash.wrapping_mul(31).wrapping_add(arg.map_or(0, |arg| arg + 1));
        self.args.iter().fold(0, mix) as usize % BUCKETS
    }
}

const BUCKETS: usize = 64;
const NONE: usize = usize::MAX;

struct Entry {
    key: Key,
    value: Value,
    /// The entry before it in the same bucket.
    before: usize,
}

/// Results of instructions, the last of which can be forgotten.
pub struct Known {
    entries: Vec<Entry>,
    /// The newest entry of each bucket.
    newest: [usize; BUCKETS],
}

impl Known {
    pub const fn new() -> Known {
        Known { entries: Vec::new(), newest: [NONE; BUCKETS] }
    }

    pub fn find(&self, key: &Key) -> Option<Value> {
        let mut at = self.newest[key.bucket()];
        while let Some(entry) = self.entries.get(at) {
            if entry.key == *key {
                return Some(entry.value);
            }
            at = entry.before;
        }
        None
    }

    pub fn add(&mut self, key: Key, value: Value) -> Result<(), OutOfMemory> {
        let newest = &mut self.newest[key.bucket()];
        self.entries.try_push(Entry { key, value, before: *newest })?;
        *newest = self.entries.len() - 1;
        Ok(())
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Forgets all but the oldest entries.
    pub fn truncate(&mut self, len: usize) {
        while self.entries.len() > len
            && let Some(entry) = self.entries.pop()
        {
            self.newest[entry.key.bucket()] = entry.before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_uncovers_what_was_known_before() {
        let key = |version| Key {
            op: Op::Add,
            dtype: Dtype::Int32,
            args: [Some(1), Some(2), None],
            versions: [version, 0, 0],
        };
        let mut known = Known::new();
        known.add(key(0), 7).unwrap();
        known.add(key(1), 8).unwrap();
        known.add(Key { op: Op::Sub, ..key(1) }, 9).unwrap();
        assert_eq!([0, 1, 2].map(|version| known.find(&key(version))), [Some(7), Some(8), None]);
        known.truncate(1);
        assert_eq!([0, 1].map(|version| known.find(&key(version))), [Some(7), None]);
        assert_eq!(known.len(), 1);
    }
}
