//! The sections round the function of a kernel.

use wasm_encoder::{Encode, ValType};

use crate::memory::{OutOfMemory, TryGrow};

/// Name of the export, as every host looks it up.
const EXPORT: &str = "me_dsl_jit_kernel";
/// Name of the import that runs a vector kernel of the library.
pub const STRIP: &str = "me_jit_strip";

const HEADER: [u8; 8] = *b"\0asm\x01\0\0\0";
const FUNCTION_TYPE: u8 = 0x60;
const KIND_FUNCTION: u8 = 0;
const KIND_MEMORY: u8 = 2;
const WITHOUT_MAXIMUM: u8 = 0;
/// Pages of memory that the kernel asks for, so that it fits every host.
const MINIMUM_PAGES: u32 = 1;

/// Room for everything but the function.
const FRAME_BYTES: usize = 256;

/// The module of one function `(inputs, output, items) -> status`.
///
/// It imports `env.memory` and, if it calls vector kernels, `env.me_jit_strip`, which is then
/// function 0 and takes six addresses or counts.
pub fn assemble(function: &[u8], calls_strips: bool) -> Result<Vec<u8>, OutOfMemory> {
    let mut module = Vec::new();
    module.try_reserve(FRAME_BYTES + function.len())?;
    module.extend_from_slice(&HEADER);

    let mut types = Vec::try_copied(&[1 + u8::from(calls_strips)])?;
    signature(&mut types, 3, true)?;
    if calls_strips {
        signature(&mut types, 6, false)?;
    }
    section(&mut module, 1, &types)?;

    let mut imports = Vec::try_copied(&[1 + u8::from(calls_strips)])?;
    name(&mut imports, "env")?;
    name(&mut imports, "memory")?;
    imports.try_extend(&[KIND_MEMORY, WITHOUT_MAXIMUM, MINIMUM_PAGES as u8])?;
    if calls_strips {
        name(&mut imports, "env")?;
        name(&mut imports, STRIP)?;
        imports.try_extend(&[KIND_FUNCTION, 1])?;
    }
    section(&mut module, 2, &imports)?;

    section(&mut module, 3, &[1, 0])?;

    let mut exports = Vec::try_copied(&[1])?;
    name(&mut exports, EXPORT)?;
    exports.try_extend(&[KIND_FUNCTION, u8::from(calls_strips)])?;
    section(&mut module, 7, &exports)?;

    let mut code = Vec::try_copied(&[1])?;
    sized(&mut code, function)?;
    section(&mut module, 10, &code)?;
    Ok(module)
}

/// A function type of `parameters` 32-bit integers.
fn signature(types: &mut Vec<u8>, parameters: u8, has_result: bool) -> Result<(), OutOfMemory> {
    types.try_reserve(FRAME_BYTES)?;
    types.extend_from_slice(&[FUNCTION_TYPE, parameters]);
    (0..parameters).for_each(|_| ValType::I32.encode(types));
    types.push(u8::from(has_result));
    if has_result {
        ValType::I32.encode(types);
    }
    Ok(())
}

fn name(bytes: &mut Vec<u8>, text: &str) -> Result<(), OutOfMemory> {
    sized(bytes, text.as_bytes())
}

fn section(module: &mut Vec<u8>, id: u8, content: &[u8]) -> Result<(), OutOfMemory> {
    module.try_push(id)?;
    sized(module, content)
}

/// The length of `content`, then `content`.
fn sized(bytes: &mut Vec<u8>, content: &[u8]) -> Result<(), OutOfMemory> {
    bytes.try_reserve(size_of::<u64>() + content.len())?;
    content.len().encode(bytes);
    bytes.extend_from_slice(content);
    Ok(())
}
