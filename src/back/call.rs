//! The call of a kernel's code: which arrays it can take, and how they are cut into what it takes.
//!
//! Code works on groups of items. Whole groups are evaluated where the arrays lie; the items after the last of
//! them in a group of copies, which the last item fills up: it takes no more passes than the item itself. Index
//! symbols come as arrays.
//!
//! The interpreter takes the evaluations for which there is no memory, and those of arrays that code cannot take:
//! not aligned for their dtype, or with an output that lies over an input without being it. Code that ends early
//! has found what the interpreter would find, and is not run again to hear it twice.

#![cfg_attr(
    not(any(machine_code, c_compiler, wasm_modules)),
    allow(dead_code, reason = "there is no code to call in a build without engines")
)]

use super::block::scratch::Scratch;
use super::block::{ALIGN, Bytes, overlap};
use super::budget::{self, Meter, Stop};
use super::engine::{Call, RunError};
use super::settings::Settings;
use super::trace::tell;
use crate::ir::IndexSymbol;

/// How the code of a kernel ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    /// All items are written.
    Done = 0,
    /// A `range` has the step zero.
    ZeroStep = 1,
    /// A `while` needs more passes than the cap.
    TooManyPasses = 2,
    /// The meter of the run says so.
    Stopped = 3,
}

impl Status {
    /// The status that code returns as `code`; `None` for one that it does not know.
    pub fn of(code: i32) -> Option<Status> {
        [Status::Done, Status::ZeroStep, Status::TooManyPasses, Status::Stopped]
            .into_iter()
            .find(|status| *status as i32 == code)
    }
}

/// What the code of a kernel needs of whoever calls it.
#[derive(Debug)]
pub struct Needs {
    /// Bytes of one item of each input, and of the output.
    pub inputs: Vec<usize>,
    pub output: usize,
    /// Symbols whose int64 values come as arrays after the inputs.
    pub symbols: Vec<IndexSymbol>,
    /// Addresses that the engine itself adds to the table of arrays.
    pub slots: usize,
    /// The item count of a run is a multiple of this,
    pub group: usize,
    /// and at most this, which is a multiple of it too; `None`: all of them.
    pub most_items: Option<usize>,
    /// Bytes of memory for what lives during a call.
    pub frame: usize,
    /// Whether the code reads each item before it writes it, so that the output may be an input.
    pub works_in_place: bool,
    /// Items that take little time, but for loops: a multiple of the group too.
    pub quiet_items: usize,
    /// Where the code has loops, passes of them that take little time: it counts down and, where they are
    /// capped, begins anew with each group; see [`Count`](budget::Count).
    pub quiet_passes: Option<i64>,
}

/// Items of whole groups that take little time, if that many groups do.
pub fn quiet_items(groups: usize, group: usize) -> usize {
    groups.clamp(1, MOST_QUIET_ITEMS / group) * group
}

/// Items from which on it is worth a question whether to go on, whatever is done with them.
const MOST_QUIET_ITEMS: usize = 1 << 20;

/// One run of the code.
pub struct Run<'a, 'b> {
    /// Where the inputs and the symbols lie, NULL for inputs that the kernel does not read; with room for the
    /// engine's slots.
    pub arrays: &'a mut Vec<*const u8>,
    pub output: *mut u8,
    pub items: usize,
    /// The memory that the code needs, aligned to a cache line, and the same for all runs of a call.
    pub frame: *mut u8,
    /// Counts the passes of the code's loops.
    pub meter: &'a mut Meter<'b>,
}

/// Items for which index symbols are computed at once.
pub const SYMBOL_ITEMS: usize = 1024;
/// Bytes of the widest item.
const WORD: usize = size_of::<u64>();

/// Evaluates all items of a call by `run`, which runs the code and gives its status. `None`, of `run` too, where
/// the interpreter has to evaluate them.
///
/// # Safety
/// As [`Code::run`](super::engine::Code::run). For `run`, the arrays of a [`Run`] are as the needs say.
pub unsafe fn drive(
    needs: &Needs,
    call: Call<'_>,
    run: impl FnMut(Run<'_, '_>) -> Option<Status>,
) -> Option<Result<(), RunError>> {
    if !are_aligned(needs, &call) || overlaps(needs, &call) {
        return None;
    }
    let mut scratch = Scratch::take().ok()?;
    // SAFETY: as the caller promises.
    let mut meter = unsafe { meter(needs, call.items) };
    // SAFETY: as the caller promises.
    let status = unsafe { run_all(needs, &call, &mut scratch.bytes, &mut meter, run) };
    scratch.put_back();
    match status? {
        Status::Done => Some(Ok(())),
        Status::Stopped => Some(Err(meter.stop().unwrap_or(Stop::Cancelled).into())),
        status => {
            trace_stop(status, call.settings);
            Some(Err(RunError::Kernel))
        }
    }
}

/// The meter of a call over this many items; few items take little time, except in loops.
///
/// # Safety
/// The meter is used in this call alone.
unsafe fn meter<'b>(needs: &Needs, items: usize) -> Meter<'b> {
    let is_watched = needs.quiet_passes.is_some() || items > needs.quiet_items;
    // SAFETY: as the caller promises.
    let budget = if is_watched { unsafe { budget::current() } } else { None };
    Meter::new(budget, needs.quiet_passes.unwrap_or(1))
}

fn are_aligned(needs: &Needs, call: &Call<'_>) -> bool {
    debug_assert_eq!(needs.inputs.len(), call.inputs.len());
    let mut inputs = call.inputs.iter().zip(&needs.inputs);
    inputs.all(|(input, size)| input.addr().is_multiple_of(*size))
        && call.output.addr().is_multiple_of(needs.output)
}

/// Whether items of the output may be written over items of an input that are still to be read.
fn overlaps(needs: &Needs, call: &Call<'_>) -> bool {
    let output = call.output.cast_const();
    call.inputs.iter().zip(&needs.inputs).any(|(&input, &size)| {
        let is_in_place = needs.works_in_place && input == output && size == needs.output;
        !is_in_place && !input.is_null() && overlap((input, size), (output, needs.output), call.items)
    })
}

fn trace_stop(status: Status, settings: Settings) {
    if let (Status::TooManyPasses, Some(limit)) = (status, settings.while_limit) {
        tell(format_args!("while iteration cap hit (limit={limit})"), settings.is_traced);
    }
}

/// # Safety
/// As [`drive`].
unsafe fn run_all(
    needs: &Needs,
    call: &Call<'_>,
    memory: &mut Bytes,
    meter: &mut Meter<'_>,
    mut run: impl FnMut(Run<'_, '_>) -> Option<Status>,
) -> Option<Status> {
    let &Call { inputs, output, items, positions, .. } = call;
    let tables = inputs.len() + needs.symbols.len();
    let mut most = needs.most_items.unwrap_or(usize::MAX);
    if !needs.symbols.is_empty() {
        most = most.min(SYMBOL_ITEMS);
    }
    if meter.is_watched() {
        most = most.min(needs.quiet_items);
    }
    debug_assert!(needs.quiet_items.is_multiple_of(needs.group));
    debug_assert!(needs.most_items.is_none_or(|most| most.is_multiple_of(needs.group)));
    debug_assert!(SYMBOL_ITEMS.is_multiple_of(needs.group));
    let most = most.min(items).max(1);

    let frame_bytes = needs.frame.next_multiple_of(ALIGN);
    let symbol_bytes = most * size_of::<i64>();
    let group_bytes = needs.group * WORD;
    let frame =
        memory.reserve(frame_bytes + needs.symbols.len() * symbol_bytes + (tables + 1) * group_bytes).ok()?;
    let symbols = frame.wrapping_add(frame_bytes);
    let copies = symbols.wrapping_add(needs.symbols.len() * symbol_bytes);
    let mut arrays: Vec<*const u8> = Vec::new();
    arrays.try_reserve_exact(tables + needs.slots).ok()?;

    let mut last_look = 0;
    for start in (0..items).step_by(most) {
        let count = most.min(items - start);
        if meter.is_watched() && start - last_look >= needs.quiet_items {
            last_look = start;
            if meter.look().is_err() {
                return Some(Status::Stopped);
            }
        }
        arrays.clear();
        for (&input, &size) in inputs.iter().zip(&needs.inputs) {
            arrays.push(if input.is_null() { input } else { input.wrapping_add(start * size) });
        }
        for (index, symbol) in needs.symbols.iter().enumerate() {
            let values = symbols.wrapping_add(index * symbol_bytes);
            // SAFETY: the memory has initialised bytes for as many integers, at a multiple of their size.
            positions.fill(*symbol, start, unsafe { std::slice::from_raw_parts_mut(values.cast(), count) });
            arrays.push(values);
        }
        let output = output.wrapping_add(start * needs.output);
        let whole = count - count % needs.group;
        if whole > 0 {
            let status = run(Run { arrays: &mut arrays, output, items: whole, frame, meter })?;
            if status != Status::Done {
                return Some(status);
            }
            arrays.truncate(tables);
        }
        if whole == count {
            continue;
        }
        let rest = count - whole;
        // SAFETY: the arrays have `rest` items after the whole groups, and there is room for a group of copies of
        // each.
        unsafe { copy_rest(needs, &mut arrays, copies, whole, rest) };
        let result = copies.wrapping_add(tables * group_bytes);
        let status = run(Run { arrays: &mut arrays, output: result, items: needs.group, frame, meter })?;
        if status != Status::Done {
            return Some(status);
        }
        // SAFETY: the output has room for these items, and the result is a group of them.
        unsafe {
            let output = output.add(whole * needs.output);
            output.copy_from_nonoverlapping(result, rest * needs.output);
        }
    }
    Some(Status::Done)
}

/// Puts copies of the `rest` items from `start` on in the place of the arrays, each completed to a group with the
/// last item.
///
/// # Safety
/// The arrays have the items, and `copies` is room for a group of the widest items for each.
unsafe fn copy_rest(needs: &Needs, arrays: &mut [*const u8], copies: *mut u8, start: usize, rest: usize) {
    let sizes = needs.inputs.iter().copied().chain(std::iter::repeat(size_of::<i64>()));
    for (index, (array, size)) in
        arrays.iter_mut().zip(sizes).enumerate().filter(|(_, (array, _))| !array.is_null())
    {
        let copy = copies.wrapping_add(index * needs.group * WORD);
        for item in 0..needs.group {
            let from = (start + item.min(rest - 1)) * size;
            // SAFETY: as the caller promises; an item is at most a word.
            unsafe { copy.add(item * size).copy_from_nonoverlapping(array.add(from), size) };
        }
        *array = copy;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Accuracy;
    use crate::mid::Positions;

    /// What the code `x * 2 + _flat_idx` needs; its other input, one byte an item, is not read.
    fn needs(group: usize, most_items: Option<usize>) -> Needs {
        Needs {
            inputs: vec![8, 1],
            output: 8,
            symbols: vec![IndexSymbol::Flat],
            slots: 1,
            group,
            most_items,
            frame: 100,
            works_in_place: true,
            quiet_items: quiet_items(1, group),
            quiet_passes: None,
        }
    }

    /// The code.
    fn double(run: &mut Run<'_, '_>) {
        let [x, _, index] = run.arrays[..] else { panic!("{} arrays", run.arrays.len()) };
        // SAFETY: the arrays have the items that the run says, the frame the bytes that it asks for.
        unsafe {
            run.frame.write_bytes(0xff, 100);
            for item in 0..run.items {
                let value = *x.cast::<i64>().add(item) * 2 + *index.cast::<i64>().add(item);
                run.output.cast::<i64>().add(item).write(value);
            }
        }
        run.arrays.push(run.frame);
    }

    /// Drives `run` over an input and an output at these addresses.
    fn drive_over(
        needs: &Needs,
        items: usize,
        [input, output]: [*mut u8; 2],
        run: impl FnMut(Run<'_, '_>) -> Option<Status>,
    ) -> Option<Result<(), RunError>> {
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let call = Call {
            inputs: &[input.cast_const(), std::ptr::null()],
            output,
            items,
            positions: &positions,
            accuracy: Accuracy::Fast,
            settings: Settings::default(),
        };
        // SAFETY: the tests give arrays of as many items, or code that touches none.
        unsafe { drive(needs, call, run) }
    }

    #[test]
    fn every_item_is_evaluated_in_whole_groups() {
        for (group, most) in [(1, None), (8, None), (8, Some(16)), (32, Some(256))] {
            for items in [0, 1, 7, 8, 9, 16, 33, 1000, 1024, 1025, 3001] {
                let needs = needs(group, most);
                let mut x: Vec<i64> = (0..items as i64).map(|item| item * item).collect();
                let address = x.as_mut_ptr().cast();
                let mut done = 0;
                let result = drive_over(&needs, items, [address; 2], |mut run| {
                    assert!(run.items > 0 && run.items.is_multiple_of(group));
                    assert!(run.items <= most.unwrap_or(items.next_multiple_of(group)));
                    assert!(run.frame.addr().is_multiple_of(ALIGN));
                    assert!(run.arrays[1].is_null());
                    done += run.items;
                    double(&mut run);
                    Some(Status::Done)
                });
                assert_eq!(result, Some(Ok(())));
                assert_eq!(done, items.next_multiple_of(group));
                let expected = (0..items as i64).map(|item| 2 * item * item + item);
                assert!(x.into_iter().eq(expected), "{items} items in groups of {group}");
            }
        }
    }

    /// The lanes without an item do what that of the last item does.
    #[test]
    fn the_last_item_fills_a_group_up() {
        let mut x = [5i64, 6, 7];
        let address = x.as_mut_ptr().cast();
        let result = drive_over(&needs(8, None), x.len(), [address; 2], |run| {
            // SAFETY: a run is a group of items.
            let lanes =
                unsafe { [0, 2].map(|array| std::slice::from_raw_parts(run.arrays[array].cast::<i64>(), 8)) };
            assert_eq!(lanes, [[5, 6, 7, 7, 7, 7, 7, 7], [0, 1, 2, 2, 2, 2, 2, 2]]);
            // SAFETY: the output is a group of items.
            unsafe { run.output.cast::<[i64; 8]>().write([1; 8]) };
            Some(Status::Done)
        });
        assert_eq!((result, x), (Some(Ok(())), [1; 3]));
    }

    #[test]
    fn the_interpreter_takes_arrays_that_code_cannot() {
        let mut memory = [0i64; 64];
        let base = memory.as_mut_ptr().cast::<u8>();
        let at = |bytes| base.wrapping_add(bytes);
        let in_place = needs(8, None);
        let by_call = Needs { works_in_place: false, ..needs(8, None) };
        let narrow = Needs { output: 4, ..needs(8, None) };
        for (needs, input, output, is_taken) in [
            (&in_place, 0, 0, true),
            (&in_place, 0, 128, true),
            (&in_place, 4, 256, false),
            (&in_place, 0, 260, false),
            (&in_place, 0, 8, false),
            (&in_place, 8, 0, false),
            (&in_place, 0, 120, false),
            (&by_call, 0, 0, false),
            (&by_call, 0, 128, true),
            (&narrow, 0, 0, false),
            (&narrow, 0, 132, true),
        ] {
            let mut runs = 0;
            let result = drive_over(needs, 16, [at(input), at(output)], |_| {
                runs += 1;
                Some(Status::Done)
            });
            assert_eq!((result.is_some(), runs > 0), (is_taken, is_taken), "{input} {output}");
        }
    }

    #[test]
    fn code_that_stops_is_not_run_further() {
        let stops = [
            (Some(Status::ZeroStep), Some(Err(RunError::Kernel))),
            (Some(Status::TooManyPasses), Some(Err(RunError::Kernel))),
            (None, None),
        ];
        for (status, expected) in stops {
            // Of whole groups, and of the last items.
            for items in [64, 3] {
                let mut x = [7i64; 64];
                let address = x.as_mut_ptr().cast();
                let mut runs = 0;
                let result = drive_over(&needs(8, Some(8)), items, [address; 2], |_| {
                    runs += 1;
                    status
                });
                assert_eq!((result, runs, x), (expected, 1, [7; 64]));
            }
        }
    }

    #[test]
    fn statuses_are_those_of_generated_code() {
        assert_eq!(
            [-1, 0, 1, 2, 3, 4].map(Status::of),
            [
                None,
                Some(Status::Done),
                Some(Status::ZeroStep),
                Some(Status::TooManyPasses),
                Some(Status::Stopped),
                None
            ]
        );
        let prelude = include_str!("c/prelude.h");
        assert!(prelude.contains("enum { ME_ZERO_STEP = 1, ME_TOO_MANY_PASSES = 2, ME_STOPPED = 3 };"));
    }
}
