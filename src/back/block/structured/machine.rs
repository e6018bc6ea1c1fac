//! Execution of planned statements over the lanes of a tile.

use super::by_part::reduced_together;
use super::lanes;
use super::masks::{Mask, list_of};
use super::print::print_line;
use super::state::{Arrays, Frame, Machine, Tile, Workspace, result};
use super::{LaneArray, Node, Region, Structured};
use crate::back::block::direct::is_aligned;
use crate::back::block::layout::{ConstantBytes, Place, PlaceId};
use crate::back::block::reduction::Stage;
use crate::back::block::steps::{call_each, run_step};
use crate::back::block::{Outcome, Pipeline, Step};
use crate::back::budget::{self, Meter};
use crate::back::engine::RunError;
use crate::kernel::Accuracy;
use crate::kernel::reduce::Accumulator;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

impl Structured {
    /// Evaluates all items.
    ///
    /// # Safety
    /// Each input holds `items` readable items of its type, in the order of the kernel's parameters;
    /// the output has room for as many and overlaps no input. Any alignment is fine.
    pub unsafe fn run(
        &self,
        workspace: &mut Workspace,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Result<(), RunError> {
        let runs_together = arrays.items <= self.undivided_items;
        let tile_items = if runs_together { arrays.items } else { self.tile_items.min(arrays.items) };
        let is_divided = self.parts.len() > 1 || self.parts.iter().any(|part| !part.stages.is_empty());
        let by_part = is_divided && tile_items < arrays.items;
        let most = if by_part { reduced_together(tile_items).min(arrays.items) } else { tile_items };
        let bytes = most.checked_mul(self.lane_itemsize).ok_or(OutOfMemory)?;
        workspace.pool.reset(bytes, self.layout.registers + self.layout.variables)?;
        let mut machine = Machine {
            program: self,
            work: workspace,
            output: std::ptr::null_mut(),
            accuracy,
            is_first_tile: true,
            // SAFETY: the meter is used in this run alone.
            meter: Meter::new(unsafe { budget::current() }, self.passes_between_looks(most)),
        };
        machine.lay_out(positions)?;
        if by_part {
            // SAFETY: as the caller promises.
            return unsafe { machine.run_parts(arrays, positions, tile_items) };
        }
        let mut start = 0;
        while start < arrays.items {
            let count = tile_items.min(arrays.items - start);
            if start > 0 {
                machine.meter.next_items(0)?;
            }
            // SAFETY: as the caller promises.
            unsafe { machine.tile(arrays, positions, Tile { start, count })? };
            start += count;
        }
        Ok(())
    }
}

/// Operations on a lane that take some hundred microseconds in all.
const QUIET_OPERATIONS: usize = 1 << 19;

impl Structured {
    /// Passes of a loop over this many items that take little time.
    fn passes_between_looks(&self, items: usize) -> i64 {
        if self.calls_host {
            return 1;
        }
        // An operation has a place for its result, and takes some time even of few lanes.
        let operations = self.layout.places.len().saturating_mul(items.max(64));
        (QUIET_OPERATIONS / operations.max(1)) as i64
    }
}

impl Machine<'_> {
    /// Addresses of everything that stays from tile to tile.
    pub(super) fn lay_out(&mut self, positions: &Positions<'_>) -> Result<(), RunError> {
        let layout = &self.program.layout;
        let work = &mut *self.work;
        work.frames.clear();
        work.saved.clear();
        work.scalars.clear();
        work.scalars.try_reserve(layout.scalars).map_err(OutOfMemory::from)?;
        work.scalars.resize(layout.scalars, ConstantBytes([0; 16]));
        work.at.clear();
        for place in &layout.places {
            let address = match *place {
                Place::Input(_) | Place::Output => std::ptr::null_mut(),
                Place::Register(_) | Place::Variable(_) => work.pool.take()?,
                Place::Constant(index) => layout.constants[index as usize].0.as_ptr().cast_mut(),
                Place::Text(offset) => layout.texts.as_ptr().wrapping_add(offset as usize).cast_mut(),
                Place::Scalar(index) => work.scalars[index as usize].0.as_mut_ptr(),
            };
            work.at.try_push(address)?;
        }
        for &(symbol, place) in &self.program.extents {
            self.set_single(place, positions.uniform(symbol));
        }
        Ok(())
    }

    /// Runs all parts for the items of a tile.
    ///
    /// # Safety
    /// As [`Structured::run`].
    unsafe fn tile(
        &mut self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        tile: Tile,
    ) -> Result<(), RunError> {
        // SAFETY: as the caller promises.
        let staged = unsafe { self.load_items(arrays, positions, tile)? };
        for lane in &self.program.locals {
            // SAFETY: the array of a local has room for a tile.
            unsafe { self.at(lane.place).write_bytes(0, tile.count * lane.itemsize) };
        }
        let alive = self.work.pool.take()?;
        // SAFETY: a mask has room for a tile.
        unsafe { alive.write_bytes(1, tile.count) };
        self.begin_frame(tile.count, alive)?;
        let mut mask = Mask::All;
        for part in &self.program.parts {
            if matches!(mask, Mask::Nothing) {
                break;
            }
            part.stages.iter().for_each(|stage| self.reduce(stage));
            mask = self.block(&part.nodes, mask)?;
        }
        self.give(mask);
        self.work.pool.give(alive);
        staged.into_iter().for_each(|copy| self.work.pool.give(copy));
        let all_returned = self.work.frames[0].left == tile.count;
        if all_returned { Ok(()) } else { Err(RunError::Kernel) }
    }

    /// Sets the places of inputs and positions, and the output, to those of a tile. Copies of inputs that
    /// are not aligned are the caller's to give back.
    ///
    /// # Safety
    /// As [`Structured::run`].
    pub(super) unsafe fn load_items(
        &mut self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        Tile { start, count }: Tile,
    ) -> Result<Vec<*mut u8>, RunError> {
        let program = self.program;
        let mut staged = Vec::new();
        for (index, ty) in program.inputs.iter().enumerate() {
            let array = arrays.inputs[index].wrapping_add(start * ty.itemsize);
            self.work.at[index] = if is_aligned(*ty, array) {
                array.cast_mut()
            } else {
                let copy = self.work.pool.take()?;
                staged.try_push(copy)?;
                // SAFETY: the input holds `count` items from `start` on, the copy as many.
                unsafe { copy.copy_from_nonoverlapping(array, count * ty.itemsize) };
                copy
            };
        }
        for &(symbol, place) in &program.positions {
            // SAFETY: the array has room for a tile of int64.
            let out = unsafe { std::slice::from_raw_parts_mut(self.at(place).cast::<i64>(), count) };
            positions.fill(symbol, start, out);
        }
        self.output = match program.outcome {
            Outcome::One { .. } => arrays.output,
            _ => arrays.output.wrapping_add(start * program.output.itemsize),
        };
        Ok(staged)
    }

    /// Begins with the lanes of a tile, of which none has left.
    pub(super) fn begin_frame(&mut self, count: usize, alive: *mut u8) -> Result<(), RunError> {
        self.work.frames.clear();
        self.work.frames.try_push(Frame {
            lanes: count,
            alive,
            left: 0,
            below: std::ptr::null_mut(),
            item: std::ptr::null_mut(),
            code: std::ptr::null(),
            saved: 0,
        })?;
        Ok(())
    }

    /// Runs statements for the lanes of a mask; the result is the lanes that go on after them.
    pub(super) fn block(&mut self, nodes: &[Node], mut mask: Mask) -> Result<Mask, RunError> {
        for node in nodes {
            if matches!(mask, Mask::Nothing) {
                break;
            }
            mask = self.node(node, mask)?;
        }
        Ok(mask)
    }

    pub(super) fn node(&mut self, node: &Node, mask: Mask) -> Result<Mask, RunError> {
        match node {
            Node::Compute(region) => {
                self.compute(region, mask)?;
                Ok(mask)
            }
            Node::Return(region) => {
                self.compute(region, mask)?;
                self.leave_with_value(result(region, 0), mask)?;
                Ok(Mask::Nothing)
            }
            Node::If(choice) => self.choose(choice, mask),
            Node::Loop(code) => self.run_loop(code, mask),
            Node::Break => {
                self.leave_loop(mask)?;
                Ok(Mask::Nothing)
            }
            Node::Continue => {
                self.give(mask);
                Ok(Mask::Nothing)
            }
            Node::Print(region, print, types) => {
                self.compute(region, mask)?;
                if self.is_first_tile {
                    let first = region.stores.len();
                    let printer = &self.program.printer;
                    print_line(printer, print, types, |index| {
                        self.at(region.pipeline.results[first + index])
                    })?;
                }
                match mask {
                    Mask::Some(none, 0) => {
                        self.work.pool.give(none);
                        Ok(Mask::Nothing)
                    }
                    mask => Ok(mask),
                }
            }
        }
    }

    /// Runs a region over all lanes of the frame and stores for the lanes of the mask.
    #[inline(never)]
    pub(super) fn compute(&mut self, region: &Region, mask: Mask) -> Result<(), RunError> {
        if self.frame().lanes > QUIET_OPERATIONS {
            self.meter.look()?;
        }
        for stage in &region.stages {
            self.reduce(stage);
        }
        let pipeline = &region.pipeline;
        match pipeline.makes_calls() {
            true => self.run_calling_pipeline(pipeline, mask)?,
            false => self.run_pipeline(pipeline),
        }
        for (lane, &from) in region.stores.iter().zip(&pipeline.results) {
            self.store(*lane, from, mask)?;
        }
        Ok(())
    }

    /// Runs the steps of a pipeline over all lanes of the frame.
    pub(super) fn run_pipeline(&mut self, pipeline: &Pipeline) {
        let lanes = self.frame().lanes;
        let at = &self.work.at;
        let runs = [(&pipeline.uniform, 1), (&pipeline.spread, lanes), (&pipeline.steps, lanes)];
        for (steps, count) in runs {
            for step in steps {
                // SAFETY: places hold arrays of the frame's lanes, or single values.
                unsafe { run_step(step, |place| at[place as usize], count, self.accuracy) };
            }
        }
    }

    /// As [`Machine::run_pipeline`], with calls that count for the lanes of the mask only.
    #[inline(never)]
    fn run_calling_pipeline(&mut self, pipeline: &Pipeline, mask: Mask) -> Result<(), RunError> {
        let lanes = self.frame().lanes;
        let (list, count) = self.list(mask)?;
        let called = list_of(list, count);
        let at = &self.work.at;
        let runs = [(&pipeline.uniform, 1), (&pipeline.spread, lanes), (&pipeline.steps, lanes)];
        for (steps, count) in runs {
            for step in steps {
                // SAFETY: places hold arrays of the frame's lanes, or single values.
                unsafe {
                    match step {
                        Step::Call { target, out, args } if !target.is_pure() => {
                            let out = at[*out as usize];
                            out.write_bytes(0, lanes * size_of::<f64>());
                            let args = args.map(|place| at[place as usize].cast_const());
                            let args = &args[..usize::from(target.arity())];
                            call_each(target, out, args, called.iter().map(|lane| *lane as usize));
                        }
                        _ => run_step(step, |place| at[place as usize], count, self.accuracy),
                    }
                }
            }
        }
        self.work.pool.give(list);
        Ok(())
    }

    /// Reduces arrays of all lanes, which are all items where a kernel reduces.
    fn reduce(&mut self, stage: &Stage) {
        self.run_pipeline(&stage.arguments);
        let lanes = self.frame().lanes;
        for reduction in &stage.reductions {
            let mut accumulator = Accumulator::new(reduction.reducer);
            // SAFETY: the argument holds the frame's lanes, the result is a single value.
            unsafe {
                accumulator.update(self.at(reduction.from), lanes);
                reduction.finish(&accumulator, self.at(reduction.to));
            }
        }
    }

    /// Sets an array to the register `from`, which gets the array's old memory.
    pub(super) fn store(&mut self, lane: LaneArray, from: PlaceId, mask: Mask) -> Result<(), RunError> {
        if let Mask::Some(mask, _) = mask {
            let merged = self.work.pool.take()?;
            // SAFETY: all four arrays hold the frame's lanes and are distinct.
            unsafe { lane.merge(merged, mask, [self.at(from), self.at(lane.place)], self.frame().lanes) };
            let old = std::mem::replace(&mut self.work.at[lane.place as usize], merged);
            self.work.pool.give(old);
        } else {
            self.work.at.swap(lane.place as usize, from as usize);
        }
        Ok(())
    }

    /// The lanes of a mask end with the value at a place.
    #[inline(never)]
    pub(super) fn leave_with_value(&mut self, value: PlaceId, mask: Mask) -> Result<(), RunError> {
        let frame = *self.frame();
        let itemsize = self.program.output.itemsize;
        let is_single = self.program.layout.is_single(value);
        let is_plain = matches!(mask, Mask::All) && frame.left == 0 && frame.item.is_null();
        if let Outcome::One { .. } = self.program.outcome {
            // SAFETY: the output has room for one item, and the value is there for the first lane.
            unsafe { self.output.copy_from_nonoverlapping(self.at(value), itemsize) };
        } else if is_plain && is_single {
            // SAFETY: the output of the tile may be unaligned; so the value goes through an array.
            unsafe {
                let array = self.spread(value)?;
                self.output.copy_from_nonoverlapping(array, frame.lanes * itemsize);
                self.work.pool.give(array);
            }
        } else if is_plain {
            // SAFETY: both hold the lanes of the tile.
            unsafe { self.output.copy_from_nonoverlapping(self.at(value), frame.lanes * itemsize) };
        } else {
            let array = if is_single { self.spread(value)? } else { self.at(value) };
            let (list, count) = self.list(mask)?;
            let items = (!frame.item.is_null()).then(|| &*list_of(frame.item, frame.lanes));
            // SAFETY: every lane has an item of the tile.
            unsafe { lanes::scatter(self.output, array, list_of(list, count), items, itemsize) };
            self.work.pool.give(list);
            if is_single {
                self.work.pool.give(array);
            }
        }
        self.mark_returned(mask)?;
        self.give(mask);
        Ok(())
    }

    /// A single value of the output's dtype in every lane of an array.
    pub(super) fn spread(&mut self, value: PlaceId) -> Result<*mut u8, RunError> {
        let array = self.work.pool.take()?;
        let value = self.at(value);
        if let Some(spread) = self.program.spread {
            // SAFETY: the array has room for the frame's lanes.
            unsafe { spread(array, value, value, value, self.frame().lanes) };
        }
        Ok(array)
    }

    /// Marks lanes as left, in this frame and those below.
    pub(super) fn mark_returned(&mut self, mask: Mask) -> Result<(), RunError> {
        let (array, count) = self.list(mask)?;
        let list = list_of(array, count);
        for depth in (0..self.work.frames.len()).rev() {
            let frame = &mut self.work.frames[depth];
            frame.left += count;
            // SAFETY: the list holds lanes of the frame.
            list.iter().for_each(|lane| unsafe { frame.alive.add(*lane as usize).write(0) });
            if !frame.below.is_null() {
                let below = list_of(frame.below, frame.lanes);
                list.iter_mut().for_each(|lane| *lane = below[*lane as usize]);
            }
        }
        self.work.pool.give(array);
        Ok(())
    }
}
