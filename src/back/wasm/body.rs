//! The body of the one function of a module, written instruction by instruction.

use wasm_encoder::{BlockType, Encode, Instruction, MemArg, MemArgTarget, ValType};

use crate::memory::{OutOfMemory, TryGrow};

/// Index of a WebAssembly local.
pub type Register = u32;

/// The kernel's parameters: addresses of the table of inputs and of the output, and the item count.
pub const INPUTS: Register = 0;
pub const OUTPUT: Register = 1;
pub const ITEMS: Register = 2;
const PARAMETERS: u32 = 3;

/// Bytes that no instruction of a kernel exceeds.
pub const LONGEST_INSTRUCTION: usize = 32;

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
    pub fn put(&mut self, instruction: Instruction<'_>) -> Result<(), OutOfMemory> {
        encode(&mut self.rest, &instruction)
    }

    /// Appends instructions.
    pub fn put_all(&mut self, instructions: &[Instruction<'_>]) -> Result<(), OutOfMemory> {
        instructions.iter().try_for_each(|instruction| encode(&mut self.rest, instruction))
    }

    /// Appends instructions to what runs once per call.
    pub fn put_once(&mut self, instructions: &[Instruction<'_>]) -> Result<(), OutOfMemory> {
        instructions.iter().try_for_each(|instruction| encode(&mut self.once, instruction))
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
        self.put(Instruction::Block(BlockType::Empty))
    }

    pub fn open_loop(&mut self) -> Result<(), OutOfMemory> {
        self.put(Instruction::Loop(BlockType::Empty))
    }

    pub fn close(&mut self) -> Result<(), OutOfMemory> {
        self.put(Instruction::End)
    }

    /// The function as the code section holds it: its registers and instructions.
    pub fn finish(&self) -> Result<Vec<u8>, OutOfMemory> {
        let mut bytes = Vec::new();
        bytes.try_reserve((self.runs.len() + 1) * LONGEST_INSTRUCTION + self.once.len() + self.rest.len())?;
        self.runs.len().encode(&mut bytes);
        for (count, ty) in &self.runs {
            count.encode(&mut bytes);
            ty.encode(&mut bytes);
        }
        bytes.extend_from_slice(&self.once);
        bytes.extend_from_slice(&self.rest);
        Ok(bytes)
    }
}

/// A memory operand at a fixed distance from the address on the stack, of any alignment.
pub fn at(offset: u32) -> MemArg {
    MemArg { offset: u64::from(offset), align: 0, target: MemArgTarget::Memory(0), ordering: None }
}

fn encode(code: &mut Vec<u8>, instruction: &Instruction<'_>) -> Result<(), OutOfMemory> {
    code.try_reserve(LONGEST_INSTRUCTION)?;
    instruction.encode(code);
    Ok(())
}
