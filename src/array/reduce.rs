//! Reductions along axes.
//!
//! The dimensions of the values are loops that are kept, a result for each step, and loops that are reduced. The items of
//! a result are numbered in C order along the reduced loops, and that alone decides how floating-point numbers are
//! joined. Results are made in two ways: one after the other, each from a line of items, or many at a time, as the columns
//! of a table whose rows lie along one of the kept loops. Values that are computed come block by block.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering as Atomic};

use smallvec::SmallVec;

use super::copy::copy_box;
use super::operand::Operand;
use super::options::{CallerOnly, Options, Stop, check};
use super::pool;
use crate::back::block::{Bytes, Items};
use crate::back::budget::{Budget, Scope};
use crate::back::jit_mode::Mode;
use crate::back::policy::Program;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::ir::ReduceOp;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::kernel::reduce::{
    Accumulator, ColumnAccumulator, ColumnReducer, Columns, GRAIN, Reducer, RowSet, RowsInMemory,
};
use crate::kernel::strided::prefetch_bytes;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

/// What one reduction needs of the kernels.
#[derive(Clone, Copy, Debug)]
pub struct Reducers {
    line: Reducer,
    /// `None` for what is reduced in lines alone.
    columns: Option<ColumnReducer>,
    values: Dtype,
    result: Dtype,
}

impl Reducers {
    /// The reduction of values of one dtype to results of another; `None` where it is not defined.
    pub fn new(op: ReduceOp, values: Dtype, result: Dtype, level: Level) -> Option<Reducers> {
        let line = Reducer::new(op, values, level)?;
        Some(Reducers { line, columns: ColumnReducer::new(op, values, level), values, result })
    }
}

/// Where the values come from.
#[derive(Clone, Copy)]
pub enum Source<'s> {
    /// They are the items of an array.
    Items(&'s Operand),
    /// A kernel computes them, each from the items at its own indices.
    Computed(&'s Program, &'s [Option<Operand>]),
}

/// Results that are made together as columns.
const COLUMNS: i64 = 4096;
/// Columns from which on rows are computed one by one.
const WIDE: usize = 128;
/// Items of a line that are computed or copied at a time; a multiple of [`GRAIN`].
const BLOCK: usize = 16 * GRAIN;
/// Items along an axis from which on lines are taken, where they lie side by side and results do not.
const LONG_LINE: i64 = 96;
/// Items below which a reduction is not worth sharing.
const WORTH_SHARING: i64 = 1 << 16;
/// Items of a unit of lines, and the fewest of a piece.
const UNIT: i64 = 1 << 14;
/// Items that are taken at once.
const TURN: i64 = 1 << 18;
/// Items between two looks at whether to stop.
const LOOK: i64 = 1 << 15;

/// A loop over all arrays that are read.
#[derive(Clone, Debug)]
struct Axis {
    extent: i64,
    /// Bytes from one step to the next, for each array.
    strides: SmallVec<[i64; 4]>,
    /// Results from one step to the next.
    result: i64,
}

/// An array that is read.
#[derive(Clone, Copy, Debug)]
struct Array {
    start: *const u8,
    itemsize: usize,
}

/// A reduction as loops.
struct Loops<'l> {
    reducers: &'l Reducers,
    program: Option<(&'l Program, SmallVec<[Option<usize>; 4]>)>,
    arrays: SmallVec<[Array; 4]>,
    /// The kept loops but for the columns, outermost first.
    kept: SmallVec<[Axis; 4]>,
    columns: Axis,
    /// The reduced loops, outermost first.
    reduced: SmallVec<[Axis; 4]>,
    /// Items of a result.
    items: i64,
    out: *mut u8,
}

// SAFETY: threads read the arrays, and each writes other results.
unsafe impl Sync for Loops<'_> {}

/// Reduces the values of `shape` along the dimensions whose bits are set in `reduced`; the results lie side by side at
/// `out`, in C order of the other dimensions.
///
/// # Safety
/// The items of the inputs can be read; there is room for the results, and it is apart from the inputs.
pub unsafe fn reduce(
    source: Source<'_>,
    reducers: &Reducers,
    shape: &[i64],
    reduced: u32,
    out: *mut u8,
    mut options: Options<'_>,
) -> Result<(), Error> {
    let budget = options.budget;
    check(budget).map_err(|stop| stop.error(budget))?;
    let loops = Loops::new(source, reducers, shape, reduced, out)?;
    let call = Call { accuracy: options.accuracy, mode: options.mode };
    let total = shape.iter().product::<i64>();
    let threads = if total < WORTH_SHARING { 1 } else { options.threads };
    let cut = Cut::new(&loops, threads);
    let parts: Mutex<Vec<(i64, Part)>> = Mutex::new(Vec::new());
    let shared = Shared {
        next: AtomicI64::new(0),
        stop: AtomicU8::new(0),
        done: AtomicI64::new(0),
        budget,
        progress: CallerOnly::new(options.progress.take()),
        total,
    };
    let work = |index: usize| {
        let run = || -> Result<(), Stop> {
            let mut worker = Worker::new(&loops, cut, call, &shared, index == 0)?;
            loop {
                let task = shared.next.fetch_add(1, Atomic::Relaxed);
                if task >= cut.units * cut.pieces {
                    return Ok(());
                }
                let (unit, piece) = (task / cut.pieces, task % cut.pieces);
                // SAFETY: as the caller promises.
                unsafe { worker.reduce_unit(unit, cut.items(piece, loops.items))? };
                if cut.pieces > 1 {
                    let part = worker.take_part()?;
                    let mut parts = parts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                    parts.try_push((task, part))?;
                }
            }
        };
        if let Err(stop) = Scope::run_in(budget, run) {
            shared.stop.store(stop as u8, Atomic::Relaxed);
        }
    };
    if pool::run(threads, &work).is_err() {
        return Err(Error::internal());
    }
    if let Some(stop) = Stop::from_code(shared.stop.load(Atomic::Relaxed)) {
        return Err(stop.error(budget));
    }
    if cut.pieces > 1 {
        let mut parts = parts.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
        parts.sort_by_key(|(task, _)| *task);
        // SAFETY: as the caller promises.
        unsafe { join(&loops, cut, parts, call, &shared).map_err(|stop| stop.error(budget))? };
    }
    if let Some(progress) = shared.progress.into_inner() {
        progress(total, total);
    }
    Ok(())
}

/// A piece of the items of a result, reduced by itself.
enum Part {
    Line(Box<Accumulator>),
    Columns(Box<ColumnAccumulator>),
}

/// How a reduction is cut: into units of results, and these, where they are few, into pieces of their items.
#[derive(Clone, Copy, Debug)]
struct Cut {
    /// Whether results are made one after the other.
    lines: bool,
    /// Columns of a unit.
    width: i64,
    /// Units of a step of the kept loops.
    tiles: i64,
    units: i64,
    pieces: i64,
    /// Items of a piece: `GRAIN · 2^k` if there are several.
    length: i64,
}

impl Cut {
    fn new(loops: &Loops<'_>, threads: usize) -> Cut {
        let lines = loops.takes_lines();
        let columns = loops.columns.extent;
        let width = if lines { (UNIT / loops.items.max(1)).clamp(1, COLUMNS) } else { COLUMNS };
        let tiles = (columns + width - 1) / width;
        let units = tiles * loops.kept.iter().map(|axis| axis.extent).product::<i64>();
        let whole = Cut { lines, width, tiles, units, pieces: 1, length: loops.items };
        let threads = threads as i64;
        let is_enough = units == 0 || units >= 2 * threads || (lines && width > 1);
        if threads == 1 || is_enough || !loops.reducers.line.can_be_joined() {
            return whole;
        }
        let grain = GRAIN as u64;
        let wanted = (4 * threads / units).max(1);
        let least = UNIT / if lines { 1 } else { columns.min(COLUMNS) };
        let length = ((loops.items / wanted).max(least) as u64).next_power_of_two().max(grain) as i64;
        match (loops.items + length - 1) / length {
            0 | 1 => whole,
            pieces => Cut { pieces, length, ..whole },
        }
    }

    /// The items of a piece.
    fn items(&self, piece: i64, items: i64) -> Range<i64> {
        (piece * self.length).min(items)..((piece + 1) * self.length).min(items)
    }
}

/// Joins the pieces of each unit, in their order, and writes the results.
///
/// # Safety
/// As [`reduce`].
unsafe fn join(
    loops: &Loops<'_>,
    cut: Cut,
    parts: Vec<(i64, Part)>,
    call: Call,
    shared: &Shared<'_>,
) -> Result<(), Stop> {
    let mut worker = Worker::new(loops, cut, call, shared, true)?;
    for (task, part) in parts {
        let (unit, piece) = (task / cut.pieces, task % cut.pieces);
        match part {
            Part::Line(part) if piece == 0 => worker.line = *part,
            Part::Line(part) => worker.line.merge(&part),
            Part::Columns(mut part) => match &mut worker.columns {
                Some(columns) if piece > 0 => columns.merge(&mut part)?,
                columns => *columns = Some(*part),
            },
        }
        if piece + 1 == cut.pieces {
            let (outer, columns) = worker.place(unit);
            // SAFETY: as the caller promises.
            unsafe { worker.finish(outer, columns)? };
        }
    }
    Ok(())
}

/// How kernels are run.
#[derive(Clone, Copy)]
struct Call {
    accuracy: Accuracy,
    mode: Mode,
}

/// What threads know of each other.
struct Shared<'s> {
    next: AtomicI64,
    stop: AtomicU8,
    done: AtomicI64,
    budget: Option<&'s Budget<'s>>,
    progress: CallerOnly<Option<&'s mut dyn FnMut(i64, i64)>>,
    total: i64,
}

impl<'l> Loops<'l> {
    fn new(
        source: Source<'l>,
        reducers: &'l Reducers,
        shape: &[i64],
        reduced: u32,
        out: *mut u8,
    ) -> Result<Loops<'l>, OutOfMemory> {
        let mut arrays = SmallVec::new();
        let mut strides: SmallVec<[super::operand::Extents; 4]> = SmallVec::new();
        let mut add = |operand: &Operand| -> Result<usize, OutOfMemory> {
            arrays.try_reserve(1).map_err(|_| OutOfMemory)?;
            strides.try_reserve(1).map_err(|_| OutOfMemory)?;
            arrays.push(Array { start: operand.data, itemsize: operand.itemsize });
            strides.push(operand.broadcast_strides(shape)?);
            Ok(arrays.len() - 1)
        };
        let program = match source {
            Source::Items(operand) => {
                add(operand)?;
                None
            }
            Source::Computed(program, inputs) => {
                let mut slots = SmallVec::new();
                slots.try_reserve(inputs.len()).map_err(|_| OutOfMemory)?;
                for input in inputs {
                    slots.push(input.as_ref().map(&mut add).transpose()?);
                }
                Some((program, slots))
            }
        };
        let (mut kept, mut axes) = (SmallVec::<[Axis; 4]>::new(), SmallVec::<[Axis; 4]>::new());
        kept.try_reserve(shape.len()).map_err(|_| OutOfMemory)?;
        axes.try_reserve(shape.len()).map_err(|_| OutOfMemory)?;
        let mut result = 1;
        for d in (0..shape.len()).rev() {
            let is_reduced = reduced >> d & 1 == 1;
            let mut of_arrays = SmallVec::new();
            of_arrays.try_reserve(strides.len()).map_err(|_| OutOfMemory)?;
            of_arrays.extend(strides.iter().map(|strides| strides[d]));
            let step = if is_reduced { 0 } else { result };
            let axis = Axis { extent: shape[d], strides: of_arrays, result: step };
            if !is_reduced {
                result = result.saturating_mul(shape[d]);
            }
            if shape[d] != 1 {
                add_axis(if is_reduced { &mut axes } else { &mut kept }, axis);
            }
        }
        kept.reverse();
        axes.reverse();
        let items = axes.iter().map(|axis| axis.extent).product();
        // The columns are the kept loop along which the arrays are closest.
        let length =
            |axis: &Axis| axis.strides.iter().map(|stride| stride.unsigned_abs() as u128).sum::<u128>();
        let nearest = (0..kept.len()).rev().min_by_key(|index| length(&kept[*index]));
        let columns = match nearest {
            Some(index) => kept.remove(index),
            None => Axis { extent: 1, strides: SmallVec::from_elem(0, strides.len()), result: 0 },
        };
        Ok(Loops { reducers, program, arrays, kept, columns, reduced: axes, items, out })
    }

    /// Whether results are made one after the other.
    fn takes_lines(&self) -> bool {
        let lies_side_by_side = |axis: &Axis| {
            let mut pairs = axis.strides.iter().zip(&self.arrays);
            pairs.all(|(stride, array)| [0, array.itemsize as i64].contains(stride))
                && axis.strides.iter().any(|stride| *stride != 0)
        };
        match self.reduced.last() {
            _ if self.reducers.columns.is_none() => true,
            Some(_) if self.columns.extent == 1 => true,
            None => false,
            Some(inner) => {
                inner.extent >= LONG_LINE && lies_side_by_side(inner) && !lies_side_by_side(&self.columns)
            }
        }
    }

    /// The loops that begin at item `item` of a result: bytes from the first item, for an array.
    fn offset_of_item(&self, array: usize, item: i64) -> i64 {
        offset(&self.reduced, item, |axis| axis.strides[array])
    }
}

/// Bytes, or results, from the beginning of loops to a step, counted in C order.
fn offset(axes: &[Axis], step: i64, stride: impl Fn(&Axis) -> i64) -> i64 {
    let (mut rest, mut offset) = (step, 0);
    for axis in axes.iter().skip(1).rev() {
        offset += rest % axis.extent * stride(axis);
        rest /= axis.extent;
    }
    offset + axes.first().map_or(0, |axis| rest * stride(axis))
}

/// Adds a loop outside of others, the innermost first; it becomes one with the last of them where all arrays step
/// through both as through one.
fn add_axis(axes: &mut SmallVec<[Axis; 4]>, axis: Axis) {
    if let Some(inner) = axes.last_mut() {
        let follows =
            |outer: &i64, inner_stride: &i64, extent: i64| inner_stride.checked_mul(extent) == Some(*outer);
        let extent = inner.extent;
        let is_one =
            axis.strides.iter().zip(&inner.strides).all(|(outer, inner)| follows(outer, inner, extent))
                && follows(&axis.result, &inner.result, extent);
        if is_one {
            inner.extent *= axis.extent;
            return;
        }
    }
    axes.push(axis);
}

/// What reduces the columns of a unit, if anything does.
fn new_columns(loops: &Loops<'_>) -> Result<Option<ColumnAccumulator>, OutOfMemory> {
    let columns = loops.columns.extent.min(COLUMNS) as usize;
    loops.reducers.columns.map(|reducer| ColumnAccumulator::new(reducer, columns)).transpose()
}

/// Whether steps of one axis are of one item, and those of the other of `width`, in all arrays.
fn follow_one_another(arrays: &[Array], within: &Axis, across: &Axis, width: i64) -> bool {
    arrays.iter().zip(within.strides.iter().zip(&across.strides)).all(|(array, (&step, &next))| {
        let size = array.itemsize as i64;
        step == size && next == width * size
    })
}

/// Whether an address suits numbers of a size.
fn is_aligned(start: *const u8, size: usize) -> bool {
    start.addr().is_multiple_of(size.min(align_of::<f64>()))
}

/// One thread's share of the work.
struct Worker<'w, 's> {
    loops: &'w Loops<'w>,
    cut: Cut,
    call: Call,
    shared: &'w Shared<'s>,
    is_caller: bool,
    /// Items since the last look.
    unseen: i64,
    line: Accumulator,
    columns: Option<ColumnAccumulator>,
    block: Block,
    results: Bytes,
}

/// Values of a box of items, computed or copied.
#[derive(Default)]
struct Block {
    values: Bytes,
    /// Copies of arrays that do not lie side by side.
    copies: SmallVec<[Bytes; 4]>,
    pointers: Vec<*const u8>,
}

impl<'w, 's> Worker<'w, 's> {
    fn new(
        loops: &'w Loops<'w>,
        cut: Cut,
        call: Call,
        shared: &'w Shared<'s>,
        is_caller: bool,
    ) -> Result<Worker<'w, 's>, OutOfMemory> {
        let mut block = Block::default();
        block.copies.try_reserve(loops.arrays.len()).map_err(|_| OutOfMemory)?;
        block.copies.extend(loops.arrays.iter().map(|_| Bytes::default()));
        Ok(Worker {
            loops,
            cut,
            call,
            shared,
            is_caller,
            unseen: 0,
            line: Accumulator::new(loops.reducers.line),
            columns: new_columns(loops)?,
            block,
            results: Bytes::default(),
        })
    }

    /// Reports progress to the caller, and asks whether to go on.
    fn look_up(&mut self, items: i64) -> Result<(), Stop> {
        self.unseen += items;
        if self.unseen < LOOK {
            return Ok(());
        }
        let items = std::mem::take(&mut self.unseen);
        let done = self.shared.done.fetch_add(items, Atomic::Relaxed) + items;
        if self.is_caller {
            // SAFETY: this is the calling thread, and the reference ends here.
            if let Some(progress) = unsafe { self.shared.progress.get() } {
                progress(done, self.shared.total);
            }
        }
        if let Some(stop) = Stop::from_code(self.shared.stop.load(Atomic::Relaxed)) {
            return Err(stop);
        }
        check(self.shared.budget)
    }

    /// The step of the kept loops of a unit, and its columns.
    fn place(&self, unit: i64) -> (i64, Range<i64>) {
        let Cut { width, tiles, .. } = self.cut;
        let (outer, tile) = (unit / tiles, unit % tiles);
        (outer, tile * width..((tile + 1) * width).min(self.loops.columns.extent))
    }

    /// Where the items of an array begin that belong to a step of the kept loops and a column.
    fn start(&self, array: usize, outer: i64, column: i64) -> *const u8 {
        let Loops { arrays, kept, columns, .. } = self.loops;
        let bytes = offset(kept, outer, |axis| axis.strides[array]) + column * columns.strides[array];
        arrays[array].start.wrapping_offset(bytes as isize)
    }

    /// Reduces some items of the results of a unit; if they are all, the results are written.
    ///
    /// # Safety
    /// As [`reduce`].
    unsafe fn reduce_unit(&mut self, unit: i64, items: Range<i64>) -> Result<(), Stop> {
        let (outer, columns) = self.place(unit);
        let is_whole = self.cut.pieces == 1;
        // SAFETY: as the caller promises.
        unsafe {
            if let (false, Some(accumulator)) = (self.cut.lines, &mut self.columns) {
                accumulator.restart((columns.end - columns.start) as usize)?;
                self.reduce_columns(outer, columns.clone(), items)?;
                return if is_whole { Ok(self.finish(outer, columns)?) } else { Ok(()) };
            }
            if is_whole && self.lines_follow_one_another() {
                return self.reduce_lines(outer, columns);
            }
            for column in columns {
                self.line.restart(self.loops.reducers.line);
                self.reduce_line(outer, column, items.clone())?;
                if is_whole {
                    self.finish(outer, column..column + 1)?;
                }
            }
        }
        Ok(())
    }

    /// Whether lines are computed, from items that lie one after the other in all arrays, through several lines of the
    /// size of a block.
    fn lines_follow_one_another(&self) -> bool {
        let Loops { program, arrays, columns, reduced, items, .. } = self.loops;
        let [axis] = &reduced[..] else { return false };
        program.is_some()
            && (1..=BLOCK as i64 / 2).contains(items)
            && follow_one_another(arrays, axis, columns, *items)
    }

    /// Computes and reduces lines that follow one another, as many at a time as make a block.
    ///
    /// # Safety
    /// As [`reduce`].
    unsafe fn reduce_lines(&mut self, outer: i64, columns: Range<i64>) -> Result<(), Stop> {
        let Loops { reducers, items, .. } = self.loops;
        let line_bytes = *items as usize * reducers.values.size();
        for first in columns.clone().step_by((BLOCK as i64 / items) as usize) {
            let lines = first..columns.end.min(first + BLOCK as i64 / items);
            let count = (lines.end - lines.start) * items;
            // SAFETY: as the caller promises; items that follow one another are those of one line as well.
            unsafe {
                let values = self.block_of(outer, first..first + 1, 0..count)?;
                for (line, column) in lines.enumerate() {
                    self.line.restart(reducers.line);
                    self.line.update(values.wrapping_add(line * line_bytes), *items as usize);
                    self.finish(outer, column..column + 1)?;
                }
            }
            self.look_up(count)?;
        }
        Ok(())
    }

    /// # Safety
    /// As [`reduce`].
    unsafe fn reduce_line(&mut self, outer: i64, column: i64, items: Range<i64>) -> Result<(), Stop> {
        let loops = self.loops;
        let size = loops.reducers.values.size();
        // The items of an array that lie side by side, and aligned, need no copies.
        if loops.program.is_none()
            && let [axis] = &loops.reduced[..]
            && axis.strides[0] == size as i64
        {
            let start = self.start(0, outer, column);
            if is_aligned(start, size) {
                let mut first = items.start;
                while first < items.end && !self.line.is_decided() {
                    let count = (items.end - first).min(TURN);
                    let from = start.wrapping_offset(first as isize * size as isize);
                    // SAFETY: as the caller promises.
                    unsafe { self.line.update(from, count as usize) };
                    first += count;
                    self.look_up(count)?;
                }
                return Ok(());
            }
        }
        let mut first = items.start;
        while first < items.end && !self.line.is_decided() {
            let count = (items.end - first).min(BLOCK as i64);
            // SAFETY: as the caller promises.
            unsafe {
                let from = self.block_of(outer, column..column + 1, first..first + count)?;
                self.line.update(from, count as usize);
            }
            first += count;
            self.look_up(count)?;
        }
        Ok(())
    }

    /// # Safety
    /// As [`reduce`].
    unsafe fn reduce_columns(
        &mut self,
        outer: i64,
        columns: Range<i64>,
        items: Range<i64>,
    ) -> Result<(), Stop> {
        let count = columns.end - columns.start;
        let step = (TURN / count.max(1)).max(1) as u64;
        let step = step.next_multiple_of(GRAIN as u64) as i64;
        let mut first = items.start;
        loop {
            let rows = (items.end - first).min(step);
            // SAFETY: as the caller promises.
            unsafe { self.add_rows(outer, &columns, first, rows)? };
            first += rows;
            self.look_up(rows * count)?;
            if first >= items.end {
                return Ok(());
            }
        }
    }

    /// Adds `rows` items of each column, from item `first` on.
    ///
    /// # Safety
    /// As [`reduce`].
    unsafe fn add_rows(
        &mut self,
        outer: i64,
        columns: &Range<i64>,
        first: i64,
        rows: i64,
    ) -> Result<(), Stop> {
        let loops = self.loops;
        let size = loops.reducers.values.size();
        let Some(mut accumulator) = self.columns.take() else { return Ok(()) };
        // Numbers of rows count from the first one of the accumulator.
        let begin = first - accumulator.rows() as i64;
        let result = if loops.program.is_none() {
            let start = self.start(0, outer, columns.start);
            let column = loops.columns.strides[0] as isize;
            let fetch = |part: Range<usize>, set: RowSet| {
                let start = start.wrapping_offset(part.start as isize * column);
                let row =
                    |row: usize| start.wrapping_offset(loops.offset_of_item(0, begin + row as i64) as isize);
                Ok::<_, Stop>(RowsInMemory { rows: set.map(row), column })
            };
            let columns = if column == size as isize { Columns::SideBySide } else { Columns::Apart };
            // SAFETY: as the caller promises.
            unsafe { accumulator.update_with(rows as usize, columns, fetch) }
        } else {
            let mut chunk: Option<(usize, Range<usize>, *const u8)> = None;
            let last = accumulator.rows() + rows as usize;
            let fetch = |part: Range<usize>, set: RowSet| {
                let at = columns.start + part.start as i64..columns.start + part.end as i64;
                let row = |values: *const u8, row: usize| values.wrapping_add(row * part.len() * size);
                let from = begin + set.first as i64;
                if part.len() >= WIDE
                    && set.step == 1
                    && self.rows_follow_one_another(at.end - at.start, from, set.count)
                {
                    // SAFETY: as the caller promises.
                    let values = unsafe { self.block_of(outer, at, from..from + set.count as i64)? };
                    let rows = set.map(|number| row(values, number - set.first));
                    return Ok::<_, Stop>(RowsInMemory { rows, column: size as isize });
                }
                if part.len() >= WIDE {
                    let mut pointers = [std::ptr::null(); 8];
                    let row_bytes = part.len() * size;
                    let room = self.block.values.reserve(8 * row_bytes)?;
                    for (k, pointer) in pointers.iter_mut().enumerate().take(set.count) {
                        let item = begin + (set.first + k * set.step) as i64;
                        let to = room.wrapping_add(k * row_bytes);
                        if k + 1 < set.count {
                            self.prefetch_row(outer, &at, item + set.step as i64);
                        }
                        // SAFETY: as the caller promises.
                        unsafe { self.compute(outer, &at, item..item + 1, to)? };
                        *pointer = to.cast_const();
                    }
                    return Ok(RowsInMemory { rows: pointers, column: size as isize });
                }
                // All rows of a chunk at once.
                let chunk_start = set.first / GRAIN * GRAIN;
                let is_there =
                    chunk.as_ref().is_some_and(|(row, columns, _)| *row == chunk_start && *columns == part);
                if !is_there {
                    let end = last.min(chunk_start + GRAIN);
                    let items = begin + chunk_start as i64..begin + end as i64;
                    // SAFETY: as the caller promises.
                    let values = unsafe { self.block_of(outer, at, items)? };
                    chunk = Some((chunk_start, part.clone(), values));
                }
                let values = chunk.as_ref().map_or(std::ptr::null(), |(_, _, values)| *values);
                let rows = set.map(|number| row(values, number - chunk_start));
                Ok(RowsInMemory { rows, column: size as isize })
            };
            // SAFETY: as the caller promises.
            unsafe { accumulator.update_with(rows as usize, Columns::Computed, fetch) }
        };
        self.columns = Some(accumulator);
        result
    }

    /// The values of a box of items and columns, side by side: those of the columns of an item, then of the next.
    ///
    /// # Safety
    /// As [`reduce`]. The values are there until the next call.
    unsafe fn block_of(
        &mut self,
        outer: i64,
        columns: Range<i64>,
        items: Range<i64>,
    ) -> Result<*const u8, Stop> {
        // SAFETY: as the caller promises.
        unsafe {
            if self.loops.program.is_none() {
                return Ok(self.side_by_side(0, outer, &columns, &items, true)?);
            }
            let count = ((columns.end - columns.start) * (items.end - items.start)) as usize;
            let to = self.block.values.reserve(count * self.loops.reducers.values.size())?;
            self.compute(outer, &columns, items, to)?;
            Ok(to.cast_const())
        }
    }

    /// Whether rows of this many columns, `count` from item `first` on, lie one after the other in all arrays.
    fn rows_follow_one_another(&self, width: i64, first: i64, count: usize) -> bool {
        let Loops { arrays, columns, reduced, .. } = self.loops;
        let Some(inner) = reduced.last() else { return false };
        let is_in_one_run = first % inner.extent + count as i64 <= inner.extent;
        is_in_one_run && follow_one_another(arrays, columns, inner, width)
    }

    /// Asks for the items of a row, where they lie side by side.
    fn prefetch_row(&self, outer: i64, columns: &Range<i64>, item: i64) {
        let loops = self.loops;
        for (index, array) in loops.arrays.iter().enumerate() {
            if loops.columns.strides[index] == array.itemsize as i64 {
                let start = self.start(index, outer, columns.start);
                let row = start.wrapping_offset(loops.offset_of_item(index, item) as isize);
                prefetch_bytes(row, (columns.end - columns.start) as usize * array.itemsize);
            }
        }
    }

    /// Computes the values of a box of items and columns.
    ///
    /// # Safety
    /// As [`reduce`]; there is room for the values.
    unsafe fn compute(
        &mut self,
        outer: i64,
        columns: &Range<i64>,
        items: Range<i64>,
        to: *mut u8,
    ) -> Result<(), Stop> {
        let Some((program, slots)) = &self.loops.program else { return Ok(()) };
        self.block.pointers.clear();
        for slot in slots {
            let pointer = match slot {
                // SAFETY: as the caller promises.
                Some(array) => unsafe { self.side_by_side(*array, outer, columns, &items, false)? },
                None => std::ptr::null(),
            };
            self.block.pointers.try_push(pointer)?;
        }
        let count = (columns.end - columns.start) * (items.end - items.start);
        let extent = [count];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let Call { accuracy, mode } = self.call;
        let values = Items::First(count as usize);
        // SAFETY: as the caller promises; the arrays hold that many items.
        unsafe { program.run(&self.block.pointers, to, values, &positions, accuracy, mode)? };
        Ok(())
    }

    /// The items of an array for a box of items and columns, side by side and, if that is asked for, aligned: where they
    /// are, or copied.
    ///
    /// # Safety
    /// As [`reduce`].
    unsafe fn side_by_side(
        &mut self,
        array: usize,
        outer: i64,
        columns: &Range<i64>,
        items: &Range<i64>,
        aligned: bool,
    ) -> Result<*const u8, OutOfMemory> {
        let loops = self.loops;
        let size = loops.arrays[array].itemsize as i64;
        let start = self.start(array, outer, columns.start);
        let (width, column) = (columns.end - columns.start, loops.columns.strides[array]);
        let inner = loops.reduced.last();
        let (run, row) = inner.map_or((1, 0), |axis| (axis.extent, axis.strides[array]));
        let is_row = width == 1 || column == size;
        let is_in_one_run = loops.reduced.len() <= 1 || items.start / run == (items.end - 1) / run;
        let is_dense = is_row && (items.end - items.start == 1 || (is_in_one_run && row == width * size));
        let at = |item: i64| start.wrapping_offset(loops.offset_of_item(array, item) as isize);
        let is_usable = !aligned || is_aligned(at(items.start), size as usize);
        if is_dense && is_usable {
            return Ok(at(items.start));
        }
        let bytes = (width * (items.end - items.start) * size) as usize;
        let to = self.block.copies[array].reserve(bytes)?;
        let (mut item, mut place) = (items.start, to);
        let is_run = is_row && row == width * size;
        while item < items.end {
            let count = (run - item % run).min(items.end - item);
            let bytes = (count * width * size) as usize;
            // SAFETY: as the caller promises; there is room for the items.
            unsafe {
                if is_run {
                    // The run after the next lies elsewhere: the processor does not see it coming.
                    prefetch_bytes(at(item + count + run), bytes);
                    place.copy_from_nonoverlapping(at(item), bytes);
                } else {
                    let strides = [width * size, size];
                    copy_box((place, &strides), (at(item), &[row, column]), &[count, width], size as usize);
                }
            }
            place = place.wrapping_add(bytes);
            item += count;
        }
        Ok(to.cast_const())
    }

    /// The state of a piece; the worker begins anew.
    fn take_part(&mut self) -> Result<Part, OutOfMemory> {
        if self.cut.lines {
            let fresh = Accumulator::new(self.loops.reducers.line);
            return Ok(Part::Line(crate::memory::try_box(std::mem::replace(&mut self.line, fresh))?));
        }
        match std::mem::replace(&mut self.columns, new_columns(self.loops)?) {
            Some(columns) => Ok(Part::Columns(crate::memory::try_box(columns)?)),
            None => unreachable!("a worker has what its units need"),
        }
    }

    /// Writes the results of some columns.
    ///
    /// # Safety
    /// As [`reduce`].
    unsafe fn finish(&mut self, outer: i64, columns: Range<i64>) -> Result<(), OutOfMemory> {
        let Loops { reducers, kept, columns: axis, out, .. } = self.loops;
        let size = reducers.result.size();
        let first = offset(kept, outer, |axis| axis.result) + columns.start * axis.result;
        let to = out.wrapping_offset(first as isize * size as isize);
        // SAFETY: as the caller promises.
        unsafe {
            let Some(accumulator) = self.columns.as_mut().filter(|_| !self.cut.lines) else {
                let bytes = self.line.finish().to_bytes(reducers.result);
                bytes.as_ptr().copy_to_nonoverlapping(to, size);
                return Ok(());
            };
            let width = columns.end - columns.start;
            if axis.result == 1 || width == 1 {
                return accumulator.finish(to, reducers.result);
            }
            let room = self.results.reserve(width as usize * size)?;
            accumulator.finish(room, reducers.result)?;
            let strides = [axis.result * size as i64];
            copy_box((to, &strides), (room.cast_const(), &[size as i64]), &[width], size);
        }
        Ok(())
    }
}
