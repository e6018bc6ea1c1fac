//! Execution of a register program.

use std::slice;

use super::bytes::aligned_bytes;
use super::direct::{is_aligned, overlap};
use super::layout::{ConstantBytes, Place, PlaceId};
use super::reduction::Stage;
use super::scratch::Scratch;
use super::staged::{Base, Staged};
use super::steps::{run_step, started};
use super::walk::{Items, Placement, Walk, least_items, reduces_by_rows};
use super::{Outcome, Pipeline, Program, Step};
use crate::back::budget::{self, Budget, Stop};
use crate::back::engine::RunError;
use crate::ir::Type;
use crate::kernel::reduce::{Accumulator, GRAIN};
use crate::kernel::{Accuracy, STREAMS};
use crate::memory::{OutOfMemory, TryGrow};
use crate::nd::{Plane, Rows};

impl Program {
    /// Evaluates the items.
    ///
    /// # Safety
    /// As [`Interpreter::run`](super::Interpreter::run), for at least one item or a reduction.
    pub unsafe fn run(
        &self,
        scratch: &mut Scratch,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        accuracy: Accuracy,
    ) -> Result<(), RunError> {
        let walk = self.prepare(scratch, inputs, output, items)?;
        // SAFETY: the budget is used in this run alone.
        let watch = unsafe { self.watch(items.count()) };
        // SAFETY: the bases are valid for the walk, or for one block where their stride is zero.
        unsafe { self.run_all(scratch, walk, accuracy, watch)? };
        if let (Items::Valid(rows), Outcome::PerItem) = (items, self.outcome) {
            // SAFETY: the output has room for the padded block.
            unsafe { zero_padding(rows, self.output.itemsize, output) };
        }
        Ok(())
    }

    /// See [`Interpreter::is_defined_everywhere`](super::Interpreter::is_defined_everywhere).
    pub(super) fn is_defined_everywhere(&self) -> bool {
        self.outcome == Outcome::PerItem && self.stages.is_empty() && self.is_pure()
    }

    /// Whether no step is seen by the host, so that values may be computed that nobody asked for.
    fn is_pure(&self) -> bool {
        let mut steps = self.steps_of_items();
        !steps.any(|step| matches!(step, Step::Call { .. }))
    }

    /// Watches a run of this many items.
    ///
    /// # Safety
    /// As [`budget::current`].
    pub(super) unsafe fn watch<'b>(&self, items: usize) -> Watch<'b> {
        // SAFETY: as the caller promises.
        let budget = unsafe { budget::current() };
        let interval = if budget.is_some() { self.quiet_items() } else { usize::MAX };
        Watch { budget: budget.filter(|_| items > interval), interval, unseen: 0, stop: None }
    }

    /// Items that take little time.
    fn quiet_items(&self) -> usize {
        if !self.is_pure() {
            // Functions of the host may take any time for each, and fail.
            return 0;
        }
        let inputs = self.inputs.iter().map(|ty| ty.itemsize);
        let widest = inputs.chain([self.output.itemsize, self.layout.register_itemsize]).max().unwrap_or(1);
        let cost = self.steps_of_items().count().max(1).saturating_mul(widest.div_ceil(WIDE_BYTES));
        (QUIET_STEPS / cost).max(1)
    }

    /// The steps on items.
    fn steps_of_items(&self) -> impl Iterator<Item = &Step> {
        let last = if self.outcome == Outcome::PerItem { &self.pipeline.steps[..] } else { &[] };
        self.stages.iter().flat_map(|stage| &stage.arguments.steps).chain(last)
    }

    /// Lays out the scratch memory and the table of bases.
    fn prepare<'a>(
        &self,
        scratch: &mut Scratch,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'a>,
    ) -> Result<Walk<'a>, OutOfMemory> {
        let mut placement = self.placement(items);
        self.find_staged(&mut scratch.staged, inputs, output, items, placement)?;
        if placement != Placement::Packed && !scratch.staged.is_empty() && matches!(items, Items::Valid(_)) {
            // Where some array is copied anyway, all are packed, so that blocks need not end with rows.
            placement = Placement::Packed;
            self.find_staged(&mut scratch.staged, inputs, output, items, placement)?;
        }
        let block_items = self.items_of_block(items, placement, !scratch.staged.is_empty());
        let layout = &self.layout;
        let register_bytes = aligned_bytes(block_items, layout.register_itemsize)?;
        let scalars = layout.registers.checked_mul(register_bytes).ok_or(OutOfMemory)?;
        let scalar_bytes = aligned_bytes(layout.scalars, SCALAR_BYTES)?;
        let mut total = scalars.checked_add(scalar_bytes).ok_or(OutOfMemory)?;
        for staged in &mut scratch.staged {
            staged.block = std::ptr::without_provenance_mut(total);
            let bytes = aligned_bytes(block_items, staged.itemsize)?;
            total = total.checked_add(bytes).ok_or(OutOfMemory)?;
        }
        let memory = if total == 0 { std::ptr::null_mut() } else { scratch.bytes.reserve(total)? };
        for staged in &mut scratch.staged {
            staged.block = memory.wrapping_add(staged.block.addr());
        }
        scratch.bases.clear();
        scratch.bases.try_reserve(layout.places.len())?;
        for &place in &layout.places {
            let staged = scratch.staged.iter().find(|staged| staged.place == place);
            scratch.bases.push(match (place, staged) {
                (_, Some(staged)) => Base { address: staged.block, stride: 0 },
                (Place::Input(index), None) => {
                    let index = index as usize;
                    // Without items there may be no inputs either.
                    let input = inputs.get(index).map_or(std::ptr::null_mut(), |input| input.cast_mut());
                    Base { address: input, stride: self.inputs[index].itemsize }
                }
                (Place::Output, None) => Base { address: output, stride: self.output.itemsize },
                (Place::Register(index), None) => {
                    Base { address: memory.wrapping_add(index as usize * register_bytes), stride: 0 }
                }
                (Place::Text(offset), None) => {
                    let text = layout.texts[offset as usize..].as_ptr();
                    Base { address: text.cast_mut(), stride: 0 }
                }
                (Place::Constant(index), None) => {
                    let constant = layout.constants[index as usize].0.as_ptr();
                    Base { address: constant.cast_mut(), stride: 0 }
                }
                (Place::Variable(_), None) => Base { address: std::ptr::null_mut(), stride: 0 },
                (Place::Scalar(index), None) => {
                    let offset = scalars + index as usize * SCALAR_BYTES;
                    Base { address: memory.wrapping_add(offset), stride: 0 }
                }
            });
        }
        Ok(Walk { items, placement, block_items, reduces: !self.stages.is_empty() })
    }

    /// Most items of a block.
    fn items_of_block(&self, items: Items<'_>, placement: Placement, is_staged: bool) -> usize {
        let limit = if is_staged { self.block_items.min(STAGED_ITEMS) } else { self.block_items };
        match items {
            Items::Valid(rows) if !self.stages.is_empty() && reduces_by_rows(rows) => {
                let Plane { row, stride, .. } = rows.first_plane();
                let least = least_items(row, if placement == Placement::Packed { row } else { stride });
                limit.max(least).min(rows.padded_items())
            }
            _ => limit.min(items.count().max(1)),
        }
    }

    /// Where items are best worked on, if the caller's arrays allow it.
    fn placement(&self, items: Items<'_>) -> Placement {
        let Items::Valid(rows) = items else { return Placement::Rows };
        let Plane { row, stride, .. } = rows.first_plane();
        if row >= rows.valid_items() {
            return Placement::Rows;
        }
        if !self.stages.is_empty() && reduces_by_rows(rows) {
            let gaps_are_small = row >= stride / 4 * 3;
            if self.steps_of_items().next().is_none() || gaps_are_small && self.is_pure() {
                return Placement::Gaps;
            }
        }
        let is_one_step = self.stages.is_empty() && self.pipeline.steps.len() == 1;
        // Rows must be long enough to pay for running the steps on each.
        let longest_packed = if is_one_step { LONG_ROW_OF_ONE_STEP } else { LONG_ROW };
        if row >= longest_packed { Placement::Rows } else { Placement::Packed }
    }

    /// Lists the arrays that blocks must be copied through: all of them if they are not walked in
    /// place, otherwise those that kernels cannot work on.
    fn find_staged(
        &self,
        list: &mut Vec<Staged>,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        placement: Placement,
    ) -> Result<(), OutOfMemory> {
        let in_place = placement != Placement::Packed;
        list.clear();
        let streams = self.streams(items);
        let mut stage = |place, array: *mut u8, ty: Type| {
            let (block, itemsize) = (std::ptr::null_mut(), ty.itemsize);
            list.try_push(Staged { place, array, block, itemsize, streams })
        };
        let mut overlaps = false;
        for (index, (ty, &input)) in self.inputs.iter().zip(inputs).enumerate() {
            if !in_place || !is_aligned(*ty, input) {
                stage(Place::Input(index as u32), input.cast_mut(), *ty)?;
            }
            overlaps |= overlap((input, ty.itemsize), (output, self.output.itemsize), items.span());
        }
        let has_gaps = !in_place && self.outcome == Outcome::PerItem;
        if has_gaps || overlaps || streams || !is_aligned(self.output, output) {
            stage(Place::Output, output, self.output)?;
        }
        Ok(())
    }

    /// Whether the output is so large that it is stored past the caches. Only strings are: their operations
    /// write more than they compute.
    fn streams(&self, items: Items<'_>) -> bool {
        let bytes = items.count().saturating_mul(self.output.itemsize);
        STREAMS
            && matches!(items, Items::First(_))
            && self.output.dtype.is_string()
            && bytes >= STREAMED_BYTES
    }

    /// # Safety
    /// The scratch memory has been prepared for the walk.
    unsafe fn run_all(
        &self,
        scratch: &mut Scratch,
        walk: Walk<'_>,
        accuracy: Accuracy,
        mut watch: Watch<'_>,
    ) -> Result<(), RunError> {
        let Scratch { bases, staged, accumulators, .. } = scratch;
        for stage in &self.stages {
            let accumulators = started(accumulators, &stage.reductions)?;
            // SAFETY: as the caller promises.
            unsafe { run_stage(stage, bases, staged, accumulators, walk, accuracy, &mut watch)? };
        }
        let walk = match self.outcome {
            Outcome::PerItem => walk,
            Outcome::Copies => {
                Walk { items: Items::First(walk.items.count()), placement: Placement::Rows, ..walk }
            }
            Outcome::One { .. } => Walk { items: Items::First(1), placement: Placement::Rows, ..walk },
        };
        let is_read = |staged: &&Staged| staged.place != Place::Output && self.outcome == Outcome::PerItem;
        // SAFETY: as the caller promises; what does not depend on an item reads no input.
        unsafe {
            begin(&self.pipeline, bases, walk.block_items, accuracy);
            walk.for_each_block(|block| {
                staged.iter().filter(is_read).for_each(|staged| staged.load(walk.items, block));
                for step in &self.pipeline.steps {
                    run_step(
                        step,
                        |place| bases[place as usize].at(block.start),
                        block.rows.span(),
                        accuracy,
                    );
                }
                let written = staged.iter().find(|staged| staged.place == Place::Output);
                written.into_iter().for_each(|staged| staged.store(walk.items, block));
                watch.goes_on(block.rows.total())
            });
        }
        watch.end()
    }
}

/// Looks at the budget of an evaluation between blocks.
pub(super) struct Watch<'b> {
    /// `None` where nobody looks.
    budget: Option<&'b Budget<'b>>,
    /// Items between two looks, and those since the last one.
    interval: usize,
    unseen: usize,
    stop: Option<Stop>,
}

/// Steps on an item that take some hundred microseconds in all, and some milliseconds if they are functions.
const QUIET_STEPS: usize = 1 << 18;

/// Bytes of a value that a step takes at once, as it were: those of strings may have more.
const WIDE_BYTES: usize = 16;

impl Watch<'_> {
    /// Items that can be worked on before [`Watch::goes_on`] has to be asked.
    pub(super) fn quiet_items(&self) -> usize {
        if self.budget.is_some() { self.interval } else { usize::MAX }
    }

    /// Whether to go on after a block of this many items.
    #[inline]
    pub(super) fn goes_on(&mut self, items: usize) -> bool {
        self.budget.is_none() || self.look(items)
    }

    fn look(&mut self, items: usize) -> bool {
        self.unseen += items;
        if self.unseen >= self.interval {
            self.unseen = 0;
            self.stop = self.budget.and_then(|budget| budget.check().err());
        }
        self.stop.is_none()
    }

    pub(super) fn end(&self) -> Result<(), RunError> {
        self.stop.map_or(Ok(()), |stop| Err(stop.into()))
    }
}

/// Reduces all items and writes the results to their places.
///
/// # Safety
/// The bases are valid for the walk, or for one block where their stride is zero.
unsafe fn run_stage(
    stage: &Stage,
    bases: &[Base],
    staged: &[Staged],
    accumulators: &mut [Accumulator],
    walk: Walk<'_>,
    accuracy: Accuracy,
    watch: &mut Watch<'_>,
) -> Result<(), RunError> {
    // SAFETY: as the caller promises.
    unsafe {
        begin(&stage.arguments, bases, walk.block_items, accuracy);
        walk.for_each_block(|block| {
            let inputs = staged.iter().filter(|staged| staged.place != Place::Output);
            inputs.for_each(|staged| staged.load(walk.items, block));
            for step in &stage.arguments.steps {
                run_step(step, |place| bases[place as usize].at(block.start), block.rows.span(), accuracy);
            }
            for (reduction, accumulator) in stage.reductions.iter().zip(accumulators.iter_mut()) {
                accumulator.update_rows(bases[reduction.from as usize].at(block.start), block.rows);
            }
            watch.goes_on(block.rows.total()) && !accumulators.iter().all(Accumulator::is_decided)
        });
    }
    watch.end()?;
    for (reduction, accumulator) in stage.reductions.iter().zip(accumulators) {
        // SAFETY: the place of a result has room for a value of any dtype.
        unsafe { reduction.finish(accumulator, bases[reduction.to as usize].address) };
    }
    Ok(())
}

/// Runs the steps that come before the blocks.
///
/// # Safety
/// The bases belong to the layout of the pipeline, with registers of `block_items` items.
unsafe fn begin(pipeline: &Pipeline, bases: &[Base], block_items: usize, accuracy: Accuracy) {
    let at = |place: PlaceId| bases[place as usize].address;
    for step in &pipeline.uniform {
        // SAFETY: these steps work on single values.
        unsafe { run_step(step, at, 1, accuracy) };
    }
    for step in &pipeline.spread {
        // SAFETY: these steps spread single values over registers of `block_items` items.
        unsafe { run_step(step, at, block_items, accuracy) };
    }
}

/// Writes zero bytes to the padding of a block.
///
/// # Safety
/// `block` has room for the padded block, with items of `itemsize` bytes.
pub unsafe fn zero_padding(rows: &Rows, itemsize: usize, block: *mut u8) {
    // SAFETY: as the caller promises.
    let padded = unsafe { slice::from_raw_parts_mut(block, rows.padded_items() * itemsize) };
    rows.zero_padding(itemsize, padded);
}

/// Bytes of a single value of any numeric dtype.
const SCALAR_BYTES: usize = size_of::<ConstantBytes>();

/// Items per block where arrays are staged, so that their copies stay in the first-level cache.
const STAGED_ITEMS: usize = 2 * GRAIN;

/// Bytes of a result of strings from which on it is stored past the caches. Shorter ones take up to a fifth
/// longer that way where the cache that all cores share holds them.
const STREAMED_BYTES: usize = 96 << 20;

/// Items from which on a row of a padded block is evaluated where it lies: a program of one step loses
/// less by short blocks.
const LONG_ROW: usize = 512;
const LONG_ROW_OF_ONE_STEP: usize = 48;
