//! The body of the one function of a module, written instruction by instruction.

use super::instruction::{Instruction, LONGEST_UNSIGNED, ValType, unsigned};

use crate::memory::{OutOfMemory, TryGrow};

/// Index of a WebAssembly local.
pub type Register = u32;

/// The kernel's parameters: addresses of the table of inputs and of the output, and the item count.
pub const INPUTS: Register = 0;
pub const OUTPUT: Register = 1;
pub const ITEMS: Register = 2;
const PARAMETERS: u32 = 3;

/// Instructions in two parts: what runs once per call, and the rest.
#[derive(Debug, Default)]
pub struct Body {
    once: Vec<u8>,
    rest: Vec<u8>,
    /// Runs of registers of one type.
    runs: Vec<(u32, ValType)>,
    registers: u32,
}

impl Body {
    /// Appends one instruction.
    pub fn put(&mut self, instruction: Instruction) -> Result<(), OutOfMemory> {
        instruction.encode(&mut self.rest)
    }

    /// Appends instructions.
    pub fn put_all(&mut self, instructions: &[Instruction]) -> Result<(), OutOfMemory> {
        instructions.iter().try_for_each(|instruction| instruction.encode(&mut self.rest))
    }

    /// Appends instructions to what runs once per call.
    pub fn put_once(&mut self, instructions: &[Instruction]) -> Result<(), OutOfMemory> {
        instructions.iter().try_for_each(|instruction| instruction.encode(&mut self.once))
    }

    pub fn get(&mut self, register: Register) -> Result<(), OutOfMemory> {
        self.put(Instruction::LocalGet(register))
    }

    pub fn set(&mut self, register: Register) -> Result<(), OutOfMemory> {
        self.put(Instruction::LocalSet(register))
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
        self.set(register)?;
        Ok(register)
    }

    pub fn open_block(&mut self) -> Result<(), OutOfMemory> {
        self.put(Instruction::Block)
    }

    pub fn open_loop(&mut self) -> Result<(), OutOfMemory> {
        self.put(Instruction::Loop)
    }

    pub fn close(&mut self) -> Result<(), OutOfMemory> {
        self.put(Instruction::End)
    }

    /// The function as the code section holds it: its registers and instructions.
    pub fn finish(&self) -> Result<Vec<u8>, OutOfMemory> {
        let mut bytes = Vec::new();
        let runs_room = (self.runs.len() + 1) * (LONGEST_UNSIGNED + 1);
        bytes.try_reserve(runs_room + self.once.len() + self.rest.len())?;
        unsigned(&mut bytes, self.runs.len() as u32);
        for (count, ty) in &self.runs {
            unsigned(&mut bytes, *count);
            bytes.push(*ty as u8);
        }
        bytes.extend_from_slice(&self.once);
        bytes.extend_from_slice(&self.rest);
        Ok(bytes)
    }
}
