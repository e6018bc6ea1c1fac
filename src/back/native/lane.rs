//! Lane code: one linear program for a group of items, one lane an item.
//!
//! Each value is a vector with a lane per item; values of dtype bool are masks. Every lane has an item:
//! the last group of an evaluation is filled up with copies of its last item.
//! Arithmetic runs on all lanes and never traps; control flow is masks, and jumps that are taken
//! when no lane, or any lane, is left. The model is that of ispc (Pharr and Mark, 2012).

use crate::back::call::Status;
use crate::dtype::Dtype;
use crate::ir::{CompareOp, IndexSymbol, UserFunction};
use crate::kernel::Kernel as VectorKernel;
use crate::memory::{OutOfMemory, TryGrow};

/// Index in [`Code::values`].
pub type Value = u32;
/// Index in [`Code::labels`], the position of each label.
pub type Label = u32;
/// Byte offset of a value that is the same for all lanes, in the uniform part of the frame.
pub type Slot = u32;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Source {
    /// Instructions write it; more than one where it is a variable.
    Computed,
    /// The bits of one element of the value's dtype.
    Constant(u64),
    /// A slot of the frame, read at each use.
    Uniform(Slot),
}

#[derive(Clone, Copy, Debug)]
pub struct ValueInfo {
    pub dtype: Dtype,
    pub source: Source,
}

/// How a float is rounded to a whole number; the values are those of the instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    NearestEven = 8,
    Down = 9,
    Up = 10,
    Zero = 11,
}

/// What an instruction does; its dtype is that of the result, or of the first operand where there is
/// no result or a mask.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Op {
    /// Items of an input.
    Load(u32),
    /// All lanes, or none.
    MaskConstant(bool),
    Copy,
    Add,
    Sub,
    Mul,
    Div,
    And,
    Or,
    Xor,
    ShiftLeft,
    ShiftRight,
    Abs,
    Sqrt,
    Round(Rounding),
    /// Cuts a lane to the bits of its 8- or 16-bit dtype.
    Normalize,
    /// To the result's dtype, without [`Op::Normalize`].
    Convert,
    MultiplyAdd,
    Compare(CompareOp),
    /// The second operand where the first, a mask, holds, else the third.
    Select,
    /// Not the first, and the second.
    AndNot,
    Not,
    /// Writes the first operand to a variable, for the lanes of the instruction's mask.
    Move,
    /// A callee on up to three operands in memory.
    Call(u32),
    /// Stores the first operand to the output array.
    Store,
    /// Items of a buffer that holds a strip.
    LoadBuffer(u32),
    StoreBuffer(u32),
    Label(Label),
    Jump(Label),
    JumpIfAny(Label),
    JumpIfNone(Label),
    /// Ends the evaluation with a status if any lane of the first operand holds.
    FailIfAny(Status),
    SetUniform(Slot, i64),
    AddUniform(Slot, i64),
    /// Jumps when the slot holds the value.
    JumpIfUniform(Slot, i64, Label),
    /// Converts the int64 of the first slot to the dtype in the second.
    ConvertUniform(Slot, Slot, Dtype),
    /// Counts one pass; fails when the slot has reached the cap on passes and a lane is left.
    CountPass(Slot),
    /// Counts a pass of a loop on the meter of the evaluation, which may end it.
    MeterPass,
}

/// One instruction.
#[derive(Clone, Copy, Debug)]
pub struct Inst {
    pub op: Op,
    pub dst: Option<Value>,
    pub args: [Option<Value>; 3],
    /// Lanes that a [`Op::Move`] changes; all when absent.
    pub mask: Option<Value>,
}

impl Inst {
    /// Every value that the instruction reads.
    pub fn reads(&self) -> impl Iterator<Item = Value> + '_ {
        self.args.iter().chain(std::iter::once(&self.mask)).filter_map(|value| *value)
    }
}

/// What a call runs on its operands.
#[derive(Clone, Copy, Debug)]
pub enum Callee {
    Kernel(VectorKernel),
    /// A function of the host, with as many float64 operands as it has arguments.
    Host(UserFunction),
}

impl Callee {
    /// Whether both run the same.
    pub fn is(&self, other: &Callee) -> bool {
        match (self, other) {
            (Callee::Kernel(a), Callee::Kernel(b)) => *a as usize == *b as usize,
            (Callee::Host(a), Callee::Host(b)) => a == b,
            (Callee::Kernel(_), Callee::Host(_)) | (Callee::Host(_), Callee::Kernel(_)) => false,
        }
    }
}

/// A lane program.
#[derive(Debug, Default)]
pub struct Code {
    pub insts: Vec<Inst>,
    pub values: Vec<ValueInfo>,
    /// Instruction index of each label.
    pub labels: Vec<usize>,
    /// What is called, for each accuracy.
    pub calls: Vec<[Callee; 3]>,
    /// Index symbols that arrive as int64 inputs after the kernel's parameters.
    pub index_symbols: Vec<IndexSymbol>,
    /// Bytes of uniform slots.
    pub uniform_bytes: u32,
    /// Whether instructions may be left out or repeated.
    pub has_jumps: bool,
}

impl Code {
    pub fn add_value(&mut self, dtype: Dtype, source: Source) -> Result<Value, OutOfMemory> {
        self.values.try_push(ValueInfo { dtype, source })?;
        Ok(self.values.len() as Value - 1)
    }

    pub fn dtype(&self, value: Value) -> Dtype {
        self.values[value as usize].dtype
    }

    pub fn is_computed(&self, value: Value) -> bool {
        self.values[value as usize].source == Source::Computed
    }

    pub fn new_slot(&mut self) -> Slot {
        self.uniform_bytes += 8;
        self.uniform_bytes - 8
    }

    pub fn new_label(&mut self) -> Result<Label, OutOfMemory> {
        self.labels.try_push(usize::MAX)?;
        Ok(self.labels.len() as Label - 1)
    }

    /// Whether some lane has 64 bits.
    pub fn is_wide(&self) -> bool {
        let is_wide = |value: Value| self.dtype(value).size() == 8;
        self.insts.iter().any(|inst| inst.dst.is_some_and(is_wide) || inst.reads().any(is_wide))
    }

    pub fn has_calls(&self) -> bool {
        self.insts.iter().any(|inst| matches!(inst.op, Op::Call(_)))
    }
}

/// Bytes of a lane in a register: narrow integers take 32 bits.
pub fn lane_bytes(dtype: Dtype) -> usize {
    dtype.size().max(4)
}
