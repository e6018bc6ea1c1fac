//! Steps on strings.

use super::layout::PlaceId;
use crate::dtype::Dtype;
use crate::ir::{StringOp, StringTest};
use crate::kernel::string::{self, Column};

/// An operation on a block of strings.
#[derive(Clone, Debug)]
pub struct StringStep {
    pub work: StringWork,
    /// The string dtype of the operands.
    pub family: Dtype,
    pub operands: [StringOperand; 3],
    pub out: PlaceId,
    /// Bytes of one item of the result.
    pub out_itemsize: usize,
}

#[derive(Clone, Copy, Debug)]
pub enum StringWork {
    Map(StringOp),
    Test(StringTest),
    /// The second operand where the first, a block of bools, holds, else the third.
    Select,
}

/// Where an operand lies, and how.
#[derive(Clone, Copy, Debug)]
pub struct StringOperand {
    pub place: PlaceId,
    pub itemsize: usize,
    /// One slot for all items.
    pub scalar: bool,
}

impl StringStep {
    /// Runs the step on a block of `count` items, whose places `at` gives.
    ///
    /// # Safety
    /// Each operand's place holds `count` items of its size, or one if it is a scalar; the result's
    /// place has room for `count` items and overlaps no operand.
    pub unsafe fn run(&self, at: impl Fn(PlaceId) -> *mut u8, count: usize) {
        let operand = |index: usize| {
            let StringOperand { place, itemsize, scalar } = self.operands[index];
            let bytes = if scalar { itemsize } else { count * itemsize };
            // SAFETY: as the caller promises.
            let bytes = unsafe { std::slice::from_raw_parts(at(place).cast_const(), bytes) };
            Column { bytes, itemsize, scalar }
        };
        // SAFETY: as the caller promises.
        let out = unsafe { std::slice::from_raw_parts_mut(at(self.out), count * self.out_itemsize) };
        match self.work {
            StringWork::Map(op) => {
                string::map(self.family, op, [operand(0), operand(1), operand(2)], out, self.out_itemsize);
            }
            StringWork::Test(test) => string::test(self.family, test, [operand(0), operand(1)], out),
            StringWork::Select => {
                let condition = operand(0).bytes;
                string::select(self.family, condition, [operand(1), operand(2)], out, self.out_itemsize);
            }
        }
    }
}
