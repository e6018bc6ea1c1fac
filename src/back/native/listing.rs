//! Lane code as text, one instruction a line, for people.

use std::fmt;

use super::lane::{Code, Inst, Op, Source, Value};
use super::lower;
use crate::back::engine::Refusal;
use crate::dtype::Dtype;
use crate::ir::Kernel;
use crate::kernel::level::Level;
use crate::memory::try_format;

/// The lane code of a kernel for this machine.
pub fn listing(kernel: &Kernel) -> Result<String, Refusal> {
    let code = lower::lower(kernel, Level::current())?;
    Ok(try_format(format_args!("{code}"))?)
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.insts.iter().try_for_each(|inst| match inst.op {
            Op::Label(label) => writeln!(f, "L{label}:"),
            _ => writeln!(f, "    {}", Line { code: self, inst }),
        })
    }
}

/// An instruction: `v3: float64 = Add v1 2.5`, with the mask of a conditional one behind `if`.
struct Line<'a> {
    code: &'a Code,
    inst: &'a Inst,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Line { code, inst } = self;
        if let Some(value) = inst.dst {
            write!(f, "v{value}: {} = ", code.dtype(value))?;
        }
        match inst.op {
            Op::Jump(label) => write!(f, "Jump L{label}")?,
            Op::JumpIfAny(label) => write!(f, "JumpIfAny L{label}")?,
            Op::JumpIfNone(label) => write!(f, "JumpIfNone L{label}")?,
            Op::JumpIfUniform(slot, value, label) => write!(f, "JumpIfUniform u{slot} == {value} L{label}")?,
            Op::SetUniform(slot, value) => write!(f, "SetUniform u{slot} = {value}")?,
            Op::AddUniform(slot, value) => write!(f, "AddUniform u{slot} += {value}")?,
            op => write!(f, "{op:?}")?,
        }
        for value in inst.args.iter().flatten() {
            write!(f, " {}", Operand { code, value: *value })?;
        }
        match inst.mask {
            Some(mask) => write!(f, " if {}", Operand { code, value: mask }),
            None => Ok(()),
        }
    }
}

/// A value where it is read.
struct Operand<'a> {
    code: &'a Code,
    value: Value,
}

impl fmt::Display for Operand<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = self.code.values[self.value as usize];
        match (info.source, info.dtype) {
            (Source::Computed, _) => write!(f, "v{}", self.value),
            (Source::Uniform(slot), dtype) => write!(f, "{dtype}(u{slot})"),
            (Source::Constant(bits), Dtype::Float64) => write!(f, "{:?}", f64::from_bits(bits)),
            (Source::Constant(bits), Dtype::Float32) => write!(f, "{:?}", f32::from_bits(bits as u32)),
            (Source::Constant(bits), _) => write!(f, "{}", bits as i64),
        }
    }
}
