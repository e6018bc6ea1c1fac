//! What the parts of a kernel's C text are written with, and the names of types and arrays in it.

use std::fmt;

use super::functions::Call;
use super::text::Text;
use crate::back::engine::{Refusal, reason};
use crate::back::identity::Gates;
use crate::dtype::Dtype;
use crate::ir::{ExprId, Graph, IndexSymbol, Kernel};
use crate::memory::{OutOfMemory, TryGrow};

/// A text that is being written.
pub(super) struct Generator<'a> {
    pub(super) kernel: &'a Kernel,
    /// The expressions that are written: those of the kernel, or of the one value that it gives.
    pub(super) graph: &'a Graph,
    pub(super) gates: Gates,
    pub(super) text: Text,
    /// Index symbols that the kernel reads.
    pub(super) symbols: Vec<IndexSymbol>,
    /// Library functions that the code calls.
    pub(super) calls: Vec<Call>,
    /// Whether locals exist: in straight-line code only those are read that nothing has set.
    pub(super) has_locals: bool,
    /// Expressions that are constants of a block around the current point.
    pub(super) written: Vec<bool>,
    pub(super) log: Vec<ExprId>,
    pub(super) indent: usize,
    pub(super) loops: u32,
}

impl Generator<'_> {
    pub(super) fn reject<T>(&self, id: ExprId, reason: &'static str) -> Result<T, Refusal> {
        let place = self.graph.places.get(id.index()).copied().unwrap_or_default();
        Err(Refusal::at(place, reason))
    }

    pub(super) fn type_of(&self, id: ExprId) -> Result<&'static str, Refusal> {
        match c_type(self.graph.expr(id).ty.dtype) {
            Some(name) => Ok(name),
            None => self.reject(id, reason::DTYPE),
        }
    }

    pub(super) fn output_type(&self) -> Result<&'static str, Refusal> {
        type_named(self.kernel.output.dtype, "output dtype does not match jit ir return dtype")
    }

    pub(super) fn line(&mut self, text: std::fmt::Arguments<'_>) -> Result<(), Refusal> {
        let indent = 4 * self.indent;
        Ok(self.text.add(format_args!("{:indent$}{text}\n", ""))?)
    }

    /// Opens a loop over items. The output may be an input, but then each item is read before it is
    /// written, so no pass depends on another: without the hint, nested loops are not vectorised.
    pub(super) fn open_loop(&mut self, index: &str, count: &str) -> Result<(), Refusal> {
        self.text.add(format_args!("#pragma GCC ivdep\n"))?;
        self.line(format_args!("for (int64_t {index} = 0; {index} < {count}; {index}++) {{"))?;
        self.indent += 1;
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), Refusal> {
        self.indent -= 1;
        self.line(format_args!("}}"))
    }

    /// The number under which generated code calls a function.
    pub(super) fn call_number(&mut self, call: Call) -> Result<usize, OutOfMemory> {
        let is_same = |known: &Call| known.function == call.function && known.dtype == call.dtype;
        if let Some(number) = self.calls.iter().position(is_same) {
            return Ok(number);
        }
        self.calls.try_push(call)?;
        Ok(self.calls.len() - 1)
    }
}

/// The C type of a dtype.
pub fn c_type(dtype: Dtype) -> Option<&'static str> {
    Some(match dtype {
        Dtype::Bool => "bool",
        Dtype::Int8 => "int8_t",
        Dtype::Int16 => "int16_t",
        Dtype::Int32 => "int32_t",
        Dtype::Int64 => "int64_t",
        Dtype::UInt8 => "uint8_t",
        Dtype::UInt16 => "uint16_t",
        Dtype::UInt32 => "uint32_t",
        Dtype::UInt64 => "uint64_t",
        Dtype::Float32 => "float",
        Dtype::Float64 => "double",
        _ => return None,
    })
}

/// The C type of a dtype, or a refusal for `reason`.
pub(super) fn type_named(dtype: Dtype, reason: &'static str) -> Result<&'static str, Refusal> {
    c_type(dtype).ok_or(Refusal::of(reason))
}

/// The C type of a parameter.
pub(super) fn parameter_type(dtype: Dtype) -> Result<&'static str, Refusal> {
    type_named(dtype, reason::PARAMETER)
}

/// The name of a parameter's array.
pub struct Array<'a>(pub &'a [u8]);

impl fmt::Display for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of the language are ASCII.
        write!(f, "__me_in_{}", std::str::from_utf8(self.0).unwrap_or_default())
    }
}

/// The C type of the elements of an array: any byte but zero is true.
pub fn element_type(dtype: Dtype) -> Result<&'static str, Refusal> {
    if dtype == Dtype::Bool { Ok("uint8_t") } else { parameter_type(dtype) }
}
