//! Cuts a call into what the function of a module takes.

use super::Needs;
use crate::back::block::Arrays;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

/// How the function ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// There was no memory to call it.
    #[cfg_attr(not(target_os = "emscripten"), allow(dead_code, reason = "the engine of the host says it"))]
    NotRun = -1,
    /// All outputs are written.
    Done = 0,
    /// A `range` has the step zero.
    ZeroStep = 1,
    /// A `while` needs more passes than the cap.
    TooManyPasses = 2,
}

/// Items for which index symbols are computed at once.
const SYMBOL_ITEMS: usize = 1024;
/// Bytes of the widest element.
const WORD: usize = size_of::<u64>();

/// Runs a function over all items of a call. Tells whether the output is complete; if not, the
/// interpreter can write it.
///
/// `call` takes the addresses of the inputs and of the arrays of index symbols, the output and the
/// item count, which the function's needs allow, and gives the status.
///
/// # Safety
/// As `Interpreter::run`.
pub unsafe fn run(
    needs: &Needs,
    arrays: Arrays<'_>,
    positions: &Positions<'_>,
    mut call: impl FnMut(&[*const u8], *mut u8, usize) -> i32,
) -> Result<bool, OutOfMemory> {
    if !are_regular(needs, arrays.inputs) {
        return Ok(false);
    }
    let group = needs.group as usize;
    let mut most = needs.most_items.map_or(usize::MAX & !63, |most| most as usize);
    if !needs.symbols.is_empty() {
        most = most.min(SYMBOL_ITEMS);
    }
    let whole = arrays.items - arrays.items % group;
    let mut symbols: Vec<i64> =
        Vec::try_filled(0, needs.symbols.len() * most.min(whole.max(group)).min(SYMBOL_ITEMS))?;
    let mut table: Vec<*const u8> =
        Vec::try_filled(std::ptr::null(), needs.inputs.len() + needs.symbols.len())?;
    let mut start = 0;
    while start < whole {
        let count = most.min(whole - start);
        for (entry, (input, size)) in table.iter_mut().zip(arrays.inputs.iter().zip(&needs.inputs)) {
            *entry = input.wrapping_add(start * *size as usize);
        }
        for (index, symbol) in needs.symbols.iter().enumerate() {
            let values = &mut symbols[index * count..(index + 1) * count];
            positions.fill(*symbol, start, values);
            table[needs.inputs.len() + index] = values.as_ptr().cast();
        }
        let output = arrays.output.wrapping_add(start * needs.output as usize);
        if call(&table, output, count) != Status::Done as i32 {
            return Ok(false);
        }
        start += count;
    }
    if start == arrays.items {
        return Ok(true);
    }
    // SAFETY: as the caller promises.
    unsafe { run_rest(needs, arrays, positions, start, &mut call) }
}

/// Whether all inputs are there and aligned: vector kernels read them where they lie.
fn are_regular(needs: &Needs, inputs: &[*const u8]) -> bool {
    let is_regular =
        |(input, size): (&*const u8, &u32)| !input.is_null() && input.addr().is_multiple_of(*size as usize);
    inputs.len() == needs.inputs.len() && inputs.iter().zip(&needs.inputs).all(is_regular)
}

/// The items behind the last whole group, in a group of their own that the last item fills up: it
/// takes no more passes than the item itself.
///
/// # Safety
/// As [`run`]; less than a group of items lies behind `start`.
unsafe fn run_rest(
    needs: &Needs,
    arrays: Arrays<'_>,
    positions: &Positions<'_>,
    start: usize,
    call: &mut impl FnMut(&[*const u8], *mut u8, usize) -> i32,
) -> Result<bool, OutOfMemory> {
    let group = needs.group as usize;
    let rest = arrays.items - start;
    let inputs = needs.inputs.len();
    let mut words: Vec<u64> = Vec::try_filled(0, (inputs + 1) * group)?;
    let mut symbols: Vec<i64> = Vec::try_filled(0, needs.symbols.len() * group)?;
    let mut table: Vec<*const u8> = Vec::try_filled(std::ptr::null(), inputs + needs.symbols.len())?;
    for (index, size) in needs.inputs.iter().enumerate() {
        let size = *size as usize;
        let copy = words[index * group..].as_mut_ptr().cast::<u8>();
        let from = arrays.inputs[index].wrapping_add(start * size);
        for item in 0..group {
            // SAFETY: the input has `rest` items from `start` on; the copy has room for a group of
            // elements of at most a word.
            unsafe {
                copy.add(item * size).copy_from_nonoverlapping(from.add(item.min(rest - 1) * size), size)
            };
        }
        table[index] = copy;
    }
    for (index, symbol) in needs.symbols.iter().enumerate() {
        let values = &mut symbols[index * group..(index + 1) * group];
        positions.fill(*symbol, start, &mut values[..rest]);
        let last = values[rest - 1];
        values[rest..].fill(last);
        table[inputs + index] = values.as_ptr().cast();
    }
    let result = words[inputs * group..].as_mut_ptr().cast::<u8>();
    if call(&table, result, group) != Status::Done as i32 {
        return Ok(false);
    }
    let size = needs.output as usize;
    debug_assert!(size <= WORD);
    // SAFETY: the output has room for `rest` items from `start` on, and the result holds a group.
    unsafe {
        let output = arrays.output.add(start * size);
        output.copy_from_nonoverlapping(result, rest * size);
    }
    Ok(true)
}
