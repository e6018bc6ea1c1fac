//! What an input becomes: columns of data, names out of lists.
//!
//! Every buffer has exactly the size that its call asks for, so that a sanitizer sees any access beyond it.
#![allow(dead_code, reason = "each target uses a part")]

use std::ops::Range;

use libfuzzer_sys::Corpus;
use miniexpr::Dtype;

use crate::testkit::client::Variable;

/// Functions whose value depends on all items.
pub const REDUCTIONS: [&str; 7] = ["sum", "prod", "mean", "min", "max", "any", "all"];
/// Operators of two operands.
pub const BINARY: [&str; 19] = [
    "+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", " and ",
    " or ",
];

/// What becomes of an input: one that says too little for a run is not kept.
pub fn kept(run: Option<()>) -> Corpus {
    run.map_or(Corpus::Reject, |()| Corpus::Keep)
}

/// The name that an arbitrary number picks.
pub fn pick(names: &[&'static str], index: u8) -> &'static str {
    names[usize::from(index) % names.len()]
}

/// An input of a C type code; `itemsize` counts for strings.
pub fn variable(name: &str, dtype: u32, itemsize: usize) -> Variable {
    Variable { itemsize, ..Variable::coded(name, dtype) }
}

/// Items of an input, as an evaluation reads them.
pub type Buffer = Box<[u8]>;

/// The data of a variable.
pub struct Column {
    bytes: Vec<u8>,
    itemsize: usize,
}

impl Column {
    /// `n` items, made of `data` over and over, from its byte `shift` on.
    pub fn repeat(data: &[u8], shift: usize, n: usize, itemsize: usize) -> Column {
        let bytes = data.iter().copied().cycle().skip(shift).take(n * itemsize).collect();
        Column { bytes, itemsize }
    }

    /// The data as `dtype` can hold it: a bool is 0 or 1.
    pub fn valid_for(mut self, dtype: Dtype) -> Column {
        if dtype == Dtype::Bool {
            self.bytes.iter_mut().for_each(|byte| *byte &= 1);
        }
        self
    }

    /// The items with these numbers.
    pub fn select(&self, indices: &[usize]) -> Buffer {
        indices
            .iter()
            .flat_map(|index| &self.bytes[index * self.itemsize..][..self.itemsize])
            .copied()
            .collect()
    }

    /// The same column with other bytes in the items that `is_kept` denies.
    pub fn altered(&self, is_kept: &[bool]) -> Column {
        let mut bytes = self.bytes.clone();
        let items = bytes.chunks_exact_mut(self.itemsize.max(1)).zip(is_kept);
        for (item, _) in items.filter(|(_, is_kept)| !**is_kept) {
            item.iter_mut().for_each(|byte| *byte ^= 1);
        }
        Column { bytes, itemsize: self.itemsize }
    }

    /// The items of `range` at the start of a block of `n` items.
    pub fn padded(&self, range: Range<usize>, n: usize) -> Buffer {
        let mut block = self.cut(&range).into_vec();
        block.resize(n * self.itemsize, 0xC3);
        block.into_boxed_slice()
    }

    fn cut(&self, items: &Range<usize>) -> Buffer {
        self.bytes[items.start * self.itemsize..items.end * self.itemsize].into()
    }
}

/// The items of `range` of all columns.
pub fn cut(columns: &[Column], range: Range<usize>) -> Vec<Buffer> {
    columns.iter().map(|column| column.cut(&range)).collect()
}

/// The items as a call takes them.
pub fn views(buffers: &[Buffer]) -> Vec<&[u8]> {
    buffers.iter().map(|buffer| &buffer[..]).collect()
}
