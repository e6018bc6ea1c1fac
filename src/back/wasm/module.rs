//! Modules, section by section, and the one around the function of a kernel.

use std::ffi::CStr;

use wasm_encoder::{
    CustomSection, Encode as _, EntityType, ExportKind, MemoryType, Module, RawSection, RefType,
    Section as _, SectionId, TableType, ValType,
};

use super::body::Body;
use super::code::at;
use crate::memory::{OutOfMemory, TryGrow};

/// Name of the function that a host takes out of a module.
pub const EXPORT: &CStr = c"me_dsl_jit_kernel";
/// Name of the import that runs a vector kernel of the library.
pub const STRIP: &str = "me_jit_strip";

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

/// The memory of the host, as modules import it. They ask for the least, so that they fit every host; a shared
/// memory has a maximum, of which theirs is the largest.
pub const MEMORY: (&str, EntityType) = (
    "memory",
    EntityType::Memory(MemoryType {
        minimum: 1,
        maximum: if cfg!(threaded_wasm) { Some(65_536) } else { None },
        memory64: false,
        shared: cfg!(threaded_wasm),
        page_size_log2: None,
    }),
);
/// The function table of the host, as side modules import it.
pub const TABLE: (&str, EntityType) = (
    "__indirect_function_table",
    EntityType::Table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: 1,
        maximum: None,
        shared: false,
    }),
);

/// A module under construction; sections come in the order of the methods.
///
/// The module and the sections of `wasm-encoder` own buffers that abort where they cannot grow, so this
/// writes their parts into memory that is reserved ahead.
pub struct Writer(Vec<u8>);

/// What the dynamic linker asks of a side module: how much memory and how many entries of the function
/// table to set aside.
const NO_MEMORY_NO_TABLE: [u8; 6] = [1, 4, 0, 0, 0, 0];
const FUNCTION_TYPE: u8 = 0x60;

/// Room for a part of a section, without the texts or functions in it.
const PART_BYTES: usize = 64;

impl Writer {
    pub fn new(linking: Linking) -> Result<Writer, OutOfMemory> {
        let mut bytes = Vec::try_copied(&Module::HEADER)?;
        if linking == Linking::SideModule {
            bytes.try_reserve(PART_BYTES)?;
            CustomSection { name: "dylink.0".into(), data: NO_MEMORY_NO_TABLE.as_slice().into() }
                .append_to(&mut bytes);
        }
        Ok(Writer(bytes))
    }

    pub fn types(&mut self, signatures: &[Signature<'_>]) -> Result<(), OutOfMemory> {
        let mut types = counted(signatures.len())?;
        for Signature { parameters, results } in signatures {
            types.try_reserve(PART_BYTES)?;
            types.push(FUNCTION_TYPE);
            for list in [parameters, results] {
                list.len().encode(&mut types);
                list.iter().for_each(|ty| ty.encode(&mut types));
            }
        }
        self.section(SectionId::Type, &types)
    }

    /// What the module takes from `env`.
    pub fn imports(&mut self, imports: &[(&str, EntityType)]) -> Result<(), OutOfMemory> {
        let mut bytes = counted(imports.len())?;
        for (field, ty) in imports {
            bytes.try_reserve(PART_BYTES + field.len())?;
            "env".encode(&mut bytes);
            field.encode(&mut bytes);
            ty.encode(&mut bytes);
        }
        self.section(SectionId::Import, &bytes)
    }

    /// The functions of the module, by the indices of their types.
    pub fn functions(&mut self, types: &[u32]) -> Result<(), OutOfMemory> {
        let mut functions = counted(types.len())?;
        functions.try_reserve(types.len() * PART_BYTES)?;
        types.iter().for_each(|ty| ty.encode(&mut functions));
        self.section(SectionId::Function, &functions)
    }

    /// The export of a function.
    pub fn export(&mut self, name: &CStr, function: u32) -> Result<(), OutOfMemory> {
        let mut exports = counted(1)?;
        exports.try_reserve(PART_BYTES + name.count_bytes())?;
        name.to_bytes().encode(&mut exports);
        ExportKind::Func.encode(&mut exports);
        function.encode(&mut exports);
        self.section(SectionId::Export, &exports)
    }

    /// The functions, as [`Body::finish`] gives them; ends the module.
    pub fn code(mut self, functions: &[&[u8]]) -> Result<Vec<u8>, OutOfMemory> {
        let mut code = counted(functions.len())?;
        for function in functions {
            code.try_reserve(PART_BYTES + function.len())?;
            function.encode(&mut code);
        }
        self.section(SectionId::Code, &code)?;
        Ok(self.0)
    }

    fn section(&mut self, id: SectionId, content: &[u8]) -> Result<(), OutOfMemory> {
        self.0.try_reserve(PART_BYTES + content.len())?;
        RawSection { id: id.into(), data: content }.append_to(&mut self.0);
        Ok(())
    }
}

/// The content of a section, which begins with the number of its parts.
fn counted(parts: usize) -> Result<Vec<u8>, OutOfMemory> {
    let mut content = Vec::new();
    content.try_reserve(PART_BYTES)?;
    parts.encode(&mut content);
    Ok(content)
}

/// Indices of the types of a kernel's module.
const KERNEL_TYPE: u32 = 0;
const STRIP_TYPE: u32 = 1;
const VECTOR_KERNEL_TYPE: u32 = 2;

/// The module of one function `(inputs, output, items) -> status`.
///
/// It imports the memory. If it calls vector kernels, function 0 runs one; it takes six addresses or
/// counts. A helper binds it by the name [`STRIP`]; a side module has one of its own.
pub fn assemble(function: &[u8], calls_strips: bool, linking: Linking) -> Result<Vec<u8>, OutOfMemory> {
    let mut module = Writer::new(linking)?;
    let words = [ValType::I32; 6];
    let kernel = Signature { parameters: &words[..3], results: &words[..1] };
    if !calls_strips {
        module.types(&[kernel])?;
        module.imports(&[MEMORY])?;
        module.functions(&[KERNEL_TYPE])?;
        module.export(EXPORT, 0)?;
        return module.code(&[function]);
    }
    let strip = Signature { parameters: &words, results: &[] };
    let vector_kernel = Signature { parameters: &words[..5], results: &[] };
    module.types(&[kernel, strip, vector_kernel])?;
    match linking {
        Linking::Helper => {
            module.imports(&[MEMORY, (STRIP, EntityType::Function(STRIP_TYPE))])?;
            module.functions(&[KERNEL_TYPE])?;
            module.export(EXPORT, 1)?;
            module.code(&[function])
        }
        Linking::SideModule => {
            module.imports(&[MEMORY, TABLE])?;
            module.functions(&[STRIP_TYPE, KERNEL_TYPE])?;
            module.export(EXPORT, 1)?;
            module.code(&[&strip_function()?, function])
        }
    }
}

/// Calls the vector kernel of a word, whose address is the first argument, with the others.
fn strip_function() -> Result<Vec<u8>, OutOfMemory> {
    let mut body = Body::default();
    let mut code = body.code()?;
    for argument in [1, 2, 3, 4, 5, 0] {
        code.local_get(argument);
    }
    code.i32_load(at(0)).call_indirect(0, VECTOR_KERNEL_TYPE);
    body.code()?.end();
    body.finish()
}
