//! The body of a function, written instruction by instruction.

use wasm_encoder::{Encode as _, InstructionSink, ValType};

use super::code::Code;
use crate::memory::{OutOfMemory, TryGrow};

/// Index of a WebAssembly local.
pub type Register = u32;

/// The kernel's parameters: addresses of the table of inputs and of the output, and the item count.
pub const INPUTS: Register = 0;
pub const OUTPUT: Register = 1;
pub const ITEMS: Register = 2;
const PARAMETERS: u32 = 3;

/// Bytes that a run of registers does not exceed: its length and its type.
const LONGEST_RUN: usize = 8;

/// Instructions in two parts: what runs once per call, and the rest.
#[derive(Debug, Default)]
pub struct Body {
    once: Code,
    rest: Code,
    /// Runs of registers of one type.
    runs: Vec<(u32, ValType)>,
    registers: u32,
}

impl Body {
    /// Appends instructions.
    pub fn code(&mut self) -> Result<InstructionSink<'_>, OutOfMemory> {
        self.rest.instructions()
    }

    /// Appends instructions to what runs once per call.
    pub fn once(&mut self) -> Result<InstructionSink<'_>, OutOfMemory> {
        self.once.instructions()
    }

    /// A register that no other part of the code uses.
    pub fn new_register(&mut self, ty: ValType) -> Result<Register, OutOfMemory> {
        match self.runs.last_mut() {
            Some((count, last)) if *last == ty => *count += 1,
            _ => self.runs.try_push((1, ty))?,
        }
        self.registers += 1;
        Ok(PARAMETERS + self.registers - 1)
    }

    /// A new register with the value on top of the stack.
    pub fn keep(&mut self, ty: ValType) -> Result<Register, OutOfMemory> {
        let register = self.new_register(ty)?;
        self.code()?.local_set(register);
        Ok(register)
    }

    /// The function as the code section holds it: its registers and instructions.
    pub fn finish(&self) -> Result<Vec<u8>, OutOfMemory> {
        let (once, rest) = (self.once.bytes(), self.rest.bytes());
        let mut bytes = Vec::new();
        bytes.try_reserve((self.runs.len() + 1) * LONGEST_RUN + once.len() + rest.len())?;
        (self.runs.len() as u32).encode(&mut bytes);
        for (count, ty) in &self.runs {
            count.encode(&mut bytes);
            ty.encode(&mut bytes);
        }
        bytes.extend_from_slice(once);
        bytes.extend_from_slice(rest);
        Ok(bytes)
    }
}
