//! Modules, section by section, and the one round the function of a kernel.

use std::ffi::CStr;

use super::instruction::{Instruction, LONGEST_UNSIGNED, ValType, unsigned};

use crate::memory::{OutOfMemory, TryGrow};

/// Name of the function that a host takes out of a module.
pub const EXPORT: &CStr = c"me_dsl_jit_kernel";
/// Name of the import that runs a vector kernel of the library.
pub const STRIP: &str = "me_jit_strip";
/// Name of the function table, as side modules import it.
pub const TABLE: &str = "__indirect_function_table";

/// Who makes an instance of a module, which decides how it reaches the library's functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linking {
    /// The helper of the host, which binds functions by name.
    Helper,
    /// Emscripten's dynamic linker, which gives side modules the function table.
    SideModule,
}

/// A function type.
#[derive(Clone, Copy)]
pub struct Signature<'a> {
    pub parameters: &'a [ValType],
    pub results: &'a [ValType],
}

/// What a module imports from `env`.
#[derive(Clone, Copy)]
pub enum Import {
    /// A function with the type of an index.
    Function(u8),
    FunctionTable,
    Memory,
}

/// A module under construction; sections come in the order of the methods.
pub struct Writer(Vec<u8>);

const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";
/// What the dynamic linker asks of a side module: a custom section that says how much memory and how
/// many entries of the function table to set aside.
const NO_MEMORY_NO_TABLE: [u8; 15] = *b"\x08dylink.0\x01\x04\0\0\0\0";
const FUNCTION_TYPE: u8 = 0x60;
const KIND_FUNCTION: u8 = 0;
const KIND_TABLE: u8 = 1;
const KIND_MEMORY: u8 = 2;
const FUNCTION_REFERENCE: u8 = 0x70;
const WITHOUT_MAXIMUM: u8 = 0;
/// Pages of memory, and entries of the table, that a module asks for, so that it fits every host.
const MINIMUM: u8 = 1;

/// Room for the smaller parts of a module.
const PART_BYTES: usize = 64;

impl Writer {
    pub fn new(linking: Linking) -> Result<Writer, OutOfMemory> {
        let mut writer = Writer(Vec::try_copied(&HEADER)?);
        if linking == Linking::SideModule {
            writer.section(0, &NO_MEMORY_NO_TABLE)?;
        }
        Ok(writer)
    }

    pub fn types(&mut self, signatures: &[Signature<'_>]) -> Result<(), OutOfMemory> {
        let mut types = Vec::try_copied(&[signatures.len() as u8])?;
        for Signature { parameters, results } in signatures {
            types.try_reserve(PART_BYTES)?;
            types.push(FUNCTION_TYPE);
            for list in [parameters, results] {
                types.push(list.len() as u8);
                list.iter().for_each(|ty| types.push(*ty as u8));
            }
        }
        self.section(1, &types)
    }

    pub fn imports(&mut self, imports: &[(&str, Import)]) -> Result<(), OutOfMemory> {
        let mut bytes = Vec::try_copied(&[imports.len() as u8])?;
        for (field, import) in imports {
            sized(&mut bytes, b"env")?;
            sized(&mut bytes, field.as_bytes())?;
            match import {
                Import::Function(ty) => bytes.try_extend(&[KIND_FUNCTION, *ty])?,
                Import::Memory => bytes.try_extend(&[KIND_MEMORY, WITHOUT_MAXIMUM, MINIMUM])?,
                Import::FunctionTable => {
                    bytes.try_extend(&[KIND_TABLE, FUNCTION_REFERENCE, WITHOUT_MAXIMUM, MINIMUM])?
                }
            }
        }
        self.section(2, &bytes)
    }

    /// The functions of the module, by the indices of their types.
    pub fn functions(&mut self, types: &[u8]) -> Result<(), OutOfMemory> {
        let mut functions = Vec::try_copied(&[types.len() as u8])?;
        functions.try_extend(types)?;
        self.section(3, &functions)
    }

    /// The export of a function.
    pub fn export(&mut self, name: &CStr, function: u8) -> Result<(), OutOfMemory> {
        let mut exports = Vec::try_copied(&[1])?;
        sized(&mut exports, name.to_bytes())?;
        exports.try_extend(&[KIND_FUNCTION, function])?;
        self.section(7, &exports)
    }

    /// The locals and instructions of the functions; ends the module.
    pub fn code(mut self, functions: &[&[u8]]) -> Result<Vec<u8>, OutOfMemory> {
        let mut code = Vec::try_copied(&[functions.len() as u8])?;
        functions.iter().try_for_each(|function| sized(&mut code, function))?;
        self.section(10, &code)?;
        Ok(self.0)
    }

    fn section(&mut self, id: u8, content: &[u8]) -> Result<(), OutOfMemory> {
        self.0.try_push(id)?;
        sized(&mut self.0, content)
    }
}

/// The length of `content`, then `content`.
fn sized(bytes: &mut Vec<u8>, content: &[u8]) -> Result<(), OutOfMemory> {
    bytes.try_reserve(LONGEST_UNSIGNED + content.len())?;
    unsigned(bytes, content.len() as u32);
    bytes.extend_from_slice(content);
    Ok(())
}

/// Indices of the types of a kernel's module.
const KERNEL_TYPE: u8 = 0;
const STRIP_TYPE: u8 = 1;
const VECTOR_KERNEL_TYPE: u8 = 2;

/// The module of one function `(inputs, output, items) -> status`.
///
/// It imports the memory. If it calls vector kernels, function 0 runs one; it takes six addresses or
/// counts. A helper binds it by the name [`STRIP`]; a side module has one of its own.
pub fn assemble(function: &[u8], calls_strips: bool, linking: Linking) -> Result<Vec<u8>, OutOfMemory> {
    let mut module = Writer::new(linking)?;
    let words = [ValType::I32; 6];
    let kernel = Signature { parameters: &words[..3], results: &words[..1] };
    let memory = ("memory", Import::Memory);
    if !calls_strips {
        module.types(&[kernel])?;
        module.imports(&[memory])?;
        module.functions(&[KERNEL_TYPE])?;
        module.export(EXPORT, 0)?;
        return module.code(&[function]);
    }
    let strip = Signature { parameters: &words, results: &[] };
    let vector_kernel = Signature { parameters: &words[..5], results: &[] };
    module.types(&[kernel, strip, vector_kernel])?;
    match linking {
        Linking::Helper => {
            module.imports(&[memory, (STRIP, Import::Function(STRIP_TYPE))])?;
            module.functions(&[KERNEL_TYPE])?;
            module.export(EXPORT, 1)?;
            module.code(&[function])
        }
        Linking::SideModule => {
            module.imports(&[memory, (TABLE, Import::FunctionTable)])?;
            module.functions(&[STRIP_TYPE, KERNEL_TYPE])?;
            module.export(EXPORT, 1)?;
            module.code(&[&strip_function()?, function])
        }
    }
}

/// Calls the vector kernel of a word, whose address is the first argument, with the others.
fn strip_function() -> Result<Vec<u8>, OutOfMemory> {
    let arguments = [1, 2, 3, 4, 5, 0].map(Instruction::LocalGet);
    let mut code = Vec::try_copied(&arguments)?;
    code.try_extend(&[Instruction::I32Load(0), Instruction::CallIndirect(VECTOR_KERNEL_TYPE.into())])?;
    function(&code)
}

/// The bytes of a function without locals.
pub fn function(code: &[Instruction]) -> Result<Vec<u8>, OutOfMemory> {
    let mut bytes = Vec::new();
    bytes.try_push(0)?;
    code.iter().chain(&[Instruction::End]).try_for_each(|instruction| instruction.encode(&mut bytes))?;
    Ok(bytes)
}
