//! Evaluations of kernels as they are: items by tiles, or all in one call where a kernel reduces.

use std::sync::atomic::{AtomicI64, AtomicU8, Ordering as Atomic};
use std::time::Duration;

use super::nest::{Nest, Order};
use super::operand::{Extents, MAX_NDIM, Operand, OperandError, View, extents};
use super::options::{CallerOnly, Options, Stop, check, run_error};
use super::overlap::{Relation, overlaps_itself, relation};
use super::shape::{Shape, broadcast};
use super::tile::{STREAMED_BYTES, Tile, Tiler, Tiling, Work};
use super::{copy, pool};
use crate::back::block::{Bytes, Items, Outcome};
use crate::back::budget::{Budget, Scope};
use crate::back::clock::Moment;
use crate::back::jit_mode::Mode;
use crate::back::policy::Program;
use crate::error::{Error, ErrorKind};
use crate::ir::{ExprKind, Kernel, ReduceOp, Stmt, any_in};
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

/// Evaluates a kernel as it is: all of it in one call, where it reduces.
///
/// # Safety
/// As [`evaluate`].
pub(super) unsafe fn evaluate_items(
    program: &Program,
    inputs: &[Option<Operand>],
    output: &Operand,
    mut options: Options<'_>,
) -> Result<(), Error> {
    if options.are_quiet()
        && let Some(shape) = plain_shape(program, inputs.iter().flatten().map(Operand::view), output.view())
    {
        // SAFETY: as the caller promises; the arrays lie side by side, and none overlaps the output in part.
        return unsafe { run_whole(program, addresses(inputs), output.data, shape, &options) };
    }
    let shape = check_output(program, inputs, output)?;
    let items = shape.iter().product::<i64>();
    let is_empty = items == 0;
    if is_empty {
        check_empty(&program.kernel)?;
        if program.outcome() == Outcome::PerItem || program.outcome() == Outcome::Copies {
            return Ok(());
        }
    }
    let mut copies = Copies::default();
    let mut separate = Vec::new();
    separate.try_reserve_exact(inputs.len()).map_err(|_| OutOfMemory)?;
    for input in inputs {
        separate.push(match input {
            Some(input) if relation(input, output) == Relation::Mixed => {
                // SAFETY: as the caller promises.
                Some(unsafe { copies.dense(input, &input.shape)? })
            }
            _ => input.clone(),
        });
    }
    let order = order_of(&program.kernel);
    if order == ItemOrder::Together || is_empty {
        // SAFETY: as the caller promises.
        return unsafe { evaluate_together(program, &mut separate, output, &shape, &mut copies, &options) };
    }
    let order = if order == ItemOrder::Any { Order::Any } else { Order::C };
    let nest = Nest::new(output, &separate, order)?;
    let longest = if options.are_quiet() { i64::MAX } else { longest_tile(&program.kernel, items, &options) };
    let streams = output.items().saturating_mul(output.itemsize) >= STREAMED_BYTES;
    let work = Work { order, longest, streams, is_one_pass: program.takes_one_pass() };
    let tiling = Tiling::new(&nest, work)?;
    let job = Job { program, nest: &nest, tiling: &tiling, shape: &shape, order, inputs: &separate };
    // SAFETY: as the caller promises; no input overlaps the output but where it is the same array.
    unsafe { job.run(items, &mut options) }
}

/// The shape of the items, where engines can work on the arrays as they are, in one call.
pub(super) fn plain_shape<'v>(
    program: &Program,
    inputs: impl Iterator<Item = View<'v>> + Clone,
    output: View<'v>,
) -> Option<&'v [i64]> {
    let shape = match program.outcome() {
        Outcome::One { .. } if output.shape.iter().any(|extent| *extent != 1) => return None,
        Outcome::One { .. } => inputs.clone().next()?.shape,
        Outcome::PerItem | Outcome::Copies => output.shape,
    };
    let written = output.dense_bytes().filter(|bytes| *bytes < STREAMED_BYTES)?;
    let is_plain = |input: View<'v>| {
        let Some(read) = input.dense_bytes() else { return false };
        let (start, out) = (input.data.addr(), output.data.addr());
        let is_apart = start.saturating_add(read) <= out || out.saturating_add(written) <= start;
        let is_same = start == out && read == written && input.itemsize == output.itemsize;
        input.shape == shape && (is_apart || is_same)
    };
    (shape.len() <= MAX_NDIM && inputs.clone().all(is_plain)).then_some(shape)
}

pub(super) fn shape_of_inputs(program: &Program, inputs: &[Option<Operand>]) -> Result<Extents, Error> {
    let names = program.kernel.params.iter().map(|param| &param.name[..]);
    broadcast(names.zip(inputs).filter_map(|(name, input)| Some((name, input.as_ref()?))))
}

/// The shape of the items that are evaluated, if the output has the shape of the result.
pub(super) fn check_output(
    program: &Program,
    inputs: &[Option<Operand>],
    output: &Operand,
) -> Result<Extents, Error> {
    let shape = shape_of_inputs(program, inputs)?;
    let (shape, is_right) = match program.outcome() {
        Outcome::One { .. } => (shape, output.shape.iter().all(|extent| *extent == 1)),
        // Without inputs, there are as many items as are asked for.
        _ if inputs.iter().all(Option::is_none) => (extents(output.shape.iter().copied())?, true),
        _ => {
            let is_right = output.shape == shape;
            (shape, is_right)
        }
    };
    if !is_right {
        let one = matches!(program.outcome(), Outcome::One { .. });
        return Err(wrong_shape(output, if one { &[] } else { &shape }));
    }
    // The items may be more than each array has, by broadcasting.
    if !shape.contains(&0)
        && shape.iter().try_fold(1i64, |items, extent| items.checked_mul(*extent)).is_none()
    {
        return Err(OperandError::TooLarge.into());
    }
    check_overlap(output)?;
    Ok(shape)
}

/// Checks that an output has the shape of the results, each at a place of its own.
pub(super) fn check_shape(output: &Operand, shape: &[i64]) -> Result<(), Error> {
    match output.shape[..] == *shape {
        true => check_overlap(output),
        false => Err(wrong_shape(output, shape)),
    }
}

fn wrong_shape(output: &Operand, shape: &[i64]) -> Error {
    let (given, result) = (Shape(&output.shape), Shape(shape));
    let message = format_args!("the output has the shape {given}, but the result has {result}");
    Error::new(ErrorKind::Shape, message)
}

fn check_overlap(output: &Operand) -> Result<(), Error> {
    if overlaps_itself(output)? {
        let message = format_args!("two items of the output share memory");
        return Err(Error::new(ErrorKind::Shape, message));
    }
    Ok(())
}

/// Refuses the smallest or largest of no items.
fn check_empty(kernel: &Kernel) -> Result<(), Error> {
    let extreme = kernel.graph.exprs.iter().find_map(|expr| match expr.kind {
        ExprKind::Reduce(ReduceOp::Min, ..) => Some("min"),
        ExprKind::Reduce(ReduceOp::Max, ..) => Some("max"),
        _ => None,
    });
    match extreme {
        None => Ok(()),
        Some(name) => {
            let message = format_args!("there is no {name} of no items");
            Err(Error::new(ErrorKind::InvalidReduction, message))
        }
    }
}

/// What a kernel asks of the order in which items are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ItemOrder {
    Any,
    /// Items know their indices, or a function of the program sees their order.
    C,
    /// All items are evaluated in one call: there are reductions, or it prints.
    Together,
}

fn order_of(kernel: &Kernel) -> ItemOrder {
    let mut order = ItemOrder::Any;
    for expr in &kernel.graph.exprs {
        match expr.kind {
            ExprKind::Reduce(..) => return ItemOrder::Together,
            ExprKind::Index(_) | ExprKind::Call { .. } => order = ItemOrder::C,
            _ => {}
        }
    }
    match any_in(&kernel.body, |stmt| matches!(stmt, Stmt::Print(_))) {
        true => ItemOrder::Together,
        false => order,
    }
}

/// Whether items may be evaluated in any pieces and order.
pub fn is_itemwise(kernel: &Kernel) -> bool {
    order_of(kernel) == ItemOrder::Any
}

/// Arrays that stand in for the caller's.
#[derive(Default)]
pub(super) struct Copies(Vec<Bytes>);

impl Copies {
    /// Room for an array that lies side by side.
    pub(super) fn room(&mut self, itemsize: usize, shape: &[i64]) -> Result<Operand, Error> {
        let size = itemsize as i64;
        let bytes = shape.iter().try_fold(size, |bytes, extent| bytes.checked_mul(*extent));
        let bytes = bytes.and_then(|bytes| usize::try_from(bytes).ok()).ok_or(OutOfMemory)?;
        let mut memory = Bytes::default();
        let data = memory.reserve(bytes)?;
        self.0.try_push(memory)?;
        Ok(Operand::dense(data, itemsize, shape)?)
    }

    /// The items of `array`, stretched to `shape`, side by side.
    ///
    /// # Safety
    /// The items are readable.
    unsafe fn dense(&mut self, array: &Operand, shape: &[i64]) -> Result<Operand, Error> {
        let copied = self.room(array.itemsize, shape)?;
        let strides = array.broadcast_strides(shape)?;
        let to = (copied.data, &copied.strides[..]);
        // SAFETY: as the caller promises; the new array has room for the items, and is apart.
        unsafe { copy::copy_box(to, (array.data, &strides), shape, array.itemsize) };
        Ok(copied)
    }
}

/// Evaluates all items in one call of the engines, on copies of what does not lie side by side.
///
/// # Safety
/// As [`evaluate`].
unsafe fn evaluate_together(
    program: &Program,
    inputs: &mut [Option<Operand>],
    output: &Operand,
    shape: &[i64],
    copies: &mut Copies,
    options: &Options<'_>,
) -> Result<(), Error> {
    for input in inputs.iter_mut().flatten() {
        if !input.is_dense() || input.shape[..] != *shape {
            // SAFETY: as the caller promises.
            *input = unsafe { copies.dense(input, shape)? };
        }
    }
    if output.is_dense() {
        // SAFETY: as the caller promises.
        return unsafe { run_whole(program, addresses(inputs), output.data, shape, options) };
    }
    let room = copies.room(output.itemsize, &output.shape)?;
    // SAFETY: as the caller promises; the strides have been checked, so no items of the output share memory.
    unsafe {
        run_whole(program, addresses(inputs), room.data, shape, options)?;
        let from = (room.data.cast_const(), &room.strides[..]);
        copy::copy_box((output.data, &output.strides), from, &output.shape, output.itemsize);
    }
    Ok(())
}

/// Evaluates the items of `shape` in one call.
///
/// # Safety
/// As [`evaluate`], for arrays that lie side by side, none of which overlaps the output in part.
pub(super) unsafe fn run_whole(
    program: &Program,
    inputs: impl ExactSizeIterator<Item = *mut u8>,
    output: *mut u8,
    shape: &[i64],
    options: &Options<'_>,
) -> Result<(), Error> {
    let mut pointers = smallvec::SmallVec::<[*const u8; 8]>::new();
    pointers.try_reserve(inputs.len()).map_err(|_| OutOfMemory)?;
    pointers.extend(inputs.map(<*mut u8>::cast_const));
    let items = shape.iter().product::<i64>() as usize;
    let positions = Positions { shape, origin: &ORIGIN[..shape.len()], extents: shape };
    let Options { accuracy, mode, .. } = *options;
    // SAFETY: as the caller promises.
    let result = unsafe { program.run(&pointers, output, Items::First(items), &positions, accuracy, mode) };
    result.map_err(run_error)
}

/// Where the inputs lie; NULL for those that are not read.
fn addresses(inputs: &[Option<Operand>]) -> impl ExactSizeIterator<Item = *mut u8> {
    inputs.iter().map(|input| input.as_ref().map_or(std::ptr::null_mut(), |input| input.data))
}

/// The indices of the first item of an array.
static ORIGIN: [i64; MAX_NDIM] = [0; MAX_NDIM];

/// Items of the largest tile where threads share tiles, or progress is reported between them: few of a
/// kernel with loops, whose items may take long.
fn longest_tile(kernel: &Kernel, items: i64, options: &Options<'_>) -> i64 {
    let has_loops = any_in(&kernel.body, |stmt| matches!(stmt, Stmt::While { .. } | Stmt::For { .. }));
    match has_loops {
        true => 256,
        false => (items / (options.threads.max(1) as i64 * 8)).clamp(1024, 16384),
    }
}

/// Work below this is done by the calling thread alone: a worker takes some microseconds to wake.
const WORTH_SHARING: Duration = Duration::from_micros(20);

/// Items that take so little time that nobody looks at the budget.
const QUIET_ITEMS: i64 = 1 << 16;

/// What a thread takes at a time lasts about so long: the time until a cancellation is noticed.
const TURN: Duration = Duration::from_micros(500);

/// The tiles of one evaluation.
struct Job<'j> {
    program: &'j Program,
    nest: &'j Nest,
    tiling: &'j Tiling,
    shape: &'j [i64],
    order: Order,
    inputs: &'j [Option<Operand>],
}

// SAFETY: the job reads and writes the arrays of the nest, each item of the output by one thread; the addresses in
// `inputs` only say which inputs there are.
unsafe impl Sync for Job<'_> {}

/// What threads know of each other.
struct Shared<'s, 'o> {
    /// The first tile that nobody has taken.
    next: AtomicI64,
    /// Tiles taken at a time.
    turn: i64,
    done: AtomicI64,
    /// A [`Stop`], or 0.
    stop: AtomicU8,
    budget: Option<&'o Budget<'o>>,
    progress: CallerOnly<Option<&'s mut &'o mut dyn FnMut(i64, i64)>>,
}

/// What a tile is taken to last where there is no clock, or one too coarse to tell.
const GUESS: Duration = Duration::from_micros(20);

/// How long `work` takes, more than nothing.
fn timed<E>(work: impl FnOnce() -> Result<(), E>) -> Result<Duration, E> {
    let start = Moment::now();
    work()?;
    let time = start.and_then(|start| Some(Moment::now()?.since(start)));
    Ok(time.filter(|time| !time.is_zero()).unwrap_or(GUESS))
}

impl Job<'_> {
    /// Evaluates all tiles.
    ///
    /// # Safety
    /// As [`evaluate`]; no input overlaps the output but where it is the same array.
    unsafe fn run(&self, items: i64, options: &mut Options<'_>) -> Result<(), Error> {
        let count = self.tiling.count();
        let mut tiler = Tiler::new(self.nest, self.tiling)?;
        let is_quiet = options.are_quiet();
        let Options { accuracy, mode, threads, budget, ref mut progress } = *options;
        // SAFETY: as the caller promises, here and below.
        let mut evaluate = |tiles| unsafe { self.tiles(&mut tiler, tiles, accuracy, mode) };
        if is_quiet {
            // Engines that are called for a few items do not look at the budget.
            let turn = if budget.is_some() { (QUIET_ITEMS / self.tiling.items()).max(1) } else { count };
            return (0..count)
                .step_by(turn as usize)
                .try_for_each(|first| {
                    check(budget)?;
                    evaluate(first..count.min(first + turn))
                })
                .map_err(|stop| stop.error(budget));
        }
        // The first tile shows how long the others take.
        let time =
            timed(|| check(budget).and_then(|()| evaluate(0..1))).map_err(|stop| stop.error(budget))?;
        let left = time.saturating_mul(u32::try_from(count - 1).unwrap_or(u32::MAX));
        let threads = if left < WORTH_SHARING { 1 } else { threads.min(count as usize - 1) };
        let shares = (count - 1) / (4 * threads as i64);
        let turn = (TURN.as_nanos() / time.as_nanos()) as i64;
        let shared = Shared {
            next: AtomicI64::new(1),
            turn: turn.min(shares).max(1),
            done: AtomicI64::new(self.tiling.items().min(items)),
            stop: AtomicU8::new(0),
            budget,
            progress: CallerOnly::new(progress.as_mut()),
        };
        drop(tiler);
        let work = |index: usize| {
            // SAFETY: as the caller promises; the thread with index 0 is this one.
            let turns = || unsafe { self.take_turns(index == 0, count, items, &shared, accuracy, mode) };
            let result = Scope::run_in(budget, turns);
            if let Err(stop) = result {
                shared.stop.store(stop as u8, Atomic::Relaxed);
            }
        };
        if pool::run(threads, &work).is_err() {
            return Err(Error::internal());
        }
        if let Some(stop) = Stop::from_code(shared.stop.into_inner()) {
            return Err(stop.error(budget));
        }
        // Another thread may have finished the last items.
        if let Some(progress) = progress {
            progress(items, items);
        }
        Ok(())
    }

    /// Evaluates tiles that nobody has taken until none is left.
    ///
    /// # Safety
    /// As [`Job::run`]; `is_caller` holds on the calling thread alone.
    unsafe fn take_turns(
        &self,
        is_caller: bool,
        count: i64,
        items: i64,
        shared: &Shared<'_, '_>,
        accuracy: Accuracy,
        mode: Mode,
    ) -> Result<(), Stop> {
        let mut tiler = Tiler::new(self.nest, self.tiling)?;
        loop {
            if shared.stop.load(Atomic::Relaxed) != 0 {
                return Ok(());
            }
            check(shared.budget)?;
            let first = shared.next.fetch_add(shared.turn, Atomic::Relaxed);
            if first >= count {
                return Ok(());
            }
            let tiles = first..count.min(first + shared.turn);
            let taken = (tiles.end - tiles.start) * self.tiling.items();
            // SAFETY: as the caller promises.
            unsafe { self.tiles(&mut tiler, tiles, accuracy, mode)? };
            let done = shared.done.fetch_add(taken, Atomic::Relaxed) + taken;
            if is_caller {
                // SAFETY: this is the calling thread, and the reference ends here.
                if let Some(progress) = unsafe { shared.progress.get() } {
                    progress(done.min(items), items);
                }
            }
        }
    }

    /// Evaluates the tiles of these numbers.
    ///
    /// # Safety
    /// As [`Job::run`].
    unsafe fn tiles(
        &self,
        tiler: &mut Tiler<'_>,
        tiles: std::ops::Range<i64>,
        accuracy: Accuracy,
        mode: Mode,
    ) -> Result<(), Stop> {
        let mut pointers = Vec::new();
        pointers.try_reserve_exact(self.inputs.len()).map_err(|_| OutOfMemory)?;
        let work = |tile: Tile<'_>| {
            pointers.clear();
            let mut read = tile.inputs.iter();
            for input in self.inputs {
                let next = if input.is_some() { read.next() } else { None };
                pointers.push(next.copied().unwrap_or_default());
            }
            let extent = [tile.items as i64];
            let positions = match self.order {
                Order::C => Positions { shape: self.shape, origin: tile.origin, extents: tile.extents },
                Order::Any => Positions { shape: &extent, origin: &[0], extents: &extent },
            };
            let items = Items::First(tile.items);
            // SAFETY: as the caller promises, and the tiler gives arrays of that many items.
            unsafe { self.program.run(&pointers, tile.output, items, &positions, accuracy, mode) }?;
            Ok(())
        };
        // SAFETY: as the caller promises.
        unsafe { tiler.for_each(tiles, work) }
    }
}
