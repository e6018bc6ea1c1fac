//! Machine code words, with labels and a pool of constants.

use crate::back::engine::{Refusal, reason};
use crate::memory::{OutOfMemory, TryGrow};

/// A distance that is not known yet.
#[derive(Clone, Copy, Debug)]
struct Fixup {
    /// Index of the instruction, from which the distance counts.
    at: usize,
    field: Field,
    target: Target,
}

/// Where an instruction has its distance, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The low 26 bits.
    Bits26,
    /// 19 bits from bit 5 on.
    Bits19,
}

#[derive(Clone, Copy, Debug)]
enum Target {
    Label(usize),
    Constant(usize),
}

/// A constant for a whole vector register.
pub type Constant = [u64; 2];

/// Machine code under construction.
#[derive(Default)]
pub struct Encoder {
    words: Vec<u32>,
    /// The position of each label.
    labels: Vec<usize>,
    fixups: Vec<Fixup>,
    pool: Vec<Constant>,
    /// Set where an allocation failed; the code is then of no use.
    failed: bool,
}

impl Encoder {
    /// Appends an instruction.
    pub fn word(&mut self, word: u32) {
        self.grow(|this| this.words.try_push(word));
    }

    /// A label to be bound.
    pub fn label(&mut self) -> usize {
        self.grow(|this| this.labels.try_push(usize::MAX));
        self.labels.len().saturating_sub(1)
    }

    /// Binds a label to the current position.
    pub fn bind_label(&mut self, label: usize) {
        let here = self.words.len();
        if let Some(position) = self.labels.get_mut(label) {
            *position = here;
        }
    }

    /// An instruction with the distance of a label.
    pub fn word_to_label(&mut self, word: u32, field: Field, label: usize) {
        self.word_to(word, field, Target::Label(label));
    }

    /// An instruction with the distance of a constant.
    pub fn word_to_constant(&mut self, word: u32, constant: Constant) {
        let index = self.pool.iter().position(|known| *known == constant).unwrap_or_else(|| {
            self.grow(|this| this.pool.try_push(constant));
            self.pool.len().saturating_sub(1)
        });
        self.word_to(word, Field::Bits19, Target::Constant(index));
    }

    fn word_to(&mut self, word: u32, field: Field, target: Target) {
        let at = self.words.len();
        self.grow(|this| this.fixups.try_push(Fixup { at, field, target }));
        self.word(word);
    }

    fn grow(&mut self, change: impl FnOnce(&mut Encoder) -> Result<(), OutOfMemory>) {
        if change(self).is_err() {
            self.failed = true;
        }
    }

    /// The finished code: instructions, then the constants. Code too long for its jumps is refused.
    pub fn into_bytes(mut self) -> Result<Vec<u8>, Refusal> {
        const WORDS_OF_CONSTANT: usize = size_of::<Constant>() / size_of::<u32>();
        while !self.failed && !self.words.len().is_multiple_of(WORDS_OF_CONSTANT) {
            self.word(0);
        }
        if self.failed {
            return Err(Refusal::OutOfMemory);
        }
        let pool_start = self.words.len();
        for fixup in &self.fixups {
            let target = match fixup.target {
                Target::Label(label) => self.labels[label],
                Target::Constant(index) => pool_start + WORDS_OF_CONSTANT * index,
            };
            let distance = target as i64 - fixup.at as i64;
            let field = field(fixup.field, distance).ok_or(Refusal::of(reason::TOO_LARGE))?;
            self.words[fixup.at] |= field;
        }
        let mut bytes = Vec::new();
        for word in &self.words {
            bytes.try_extend(&word.to_le_bytes())?;
        }
        for constant in self.pool.iter().flatten() {
            bytes.try_extend(&constant.to_le_bytes())?;
        }
        Ok(bytes)
    }
}

/// The bits of a field that holds a distance, if it can.
fn field(field: Field, distance: i64) -> Option<u32> {
    let (bits, shift) = match field {
        Field::Bits26 => (26, 0),
        Field::Bits19 => (19, 5),
    };
    let limit = 1 << (bits - 1);
    (-limit..limit).contains(&distance).then(|| (distance as u32 & ((1 << bits) - 1)) << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_that_do_not_fit_are_refused() {
        assert_eq!(field(Field::Bits19, -1), Some(0x00ff_ffe0));
        assert_eq!(field(Field::Bits19, (1 << 18) - 1), Some(0x007f_ffe0));
        assert_eq!(field(Field::Bits19, 1 << 18), None);
        assert_eq!(field(Field::Bits26, -(1 << 25)), Some(0x0200_0000));
        assert_eq!(field(Field::Bits26, -(1 << 25) - 1), None);
        let mut encoder = Encoder::default();
        let label = encoder.label();
        encoder.word_to_label(0x5400_0000, Field::Bits19, label);
        (0..1 << 18).for_each(|_| encoder.word(0xd503_201f));
        encoder.bind_label(label);
        assert!(matches!(encoder.into_bytes(), Err(Refusal::Unsupported(_))));
    }
}
