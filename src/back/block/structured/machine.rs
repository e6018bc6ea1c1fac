//! Execution of planned statements over the lanes of a tile.

use super::lanes;
use super::pool::Pool;
use super::print::print_line;
use super::{Head, If, Lane, Loop, Node, Positions, Region, Structured};
use crate::back::block::layout::{ConstantBytes, Place, PlaceId};
use crate::back::block::run::run_step;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};

/// Why an evaluation ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunError {
    OutOfMemory,
    /// A step of zero, too many passes of a `while`, or items that end without a value.
    Kernel,
}

impl From<OutOfMemory> for RunError {
    fn from(_: OutOfMemory) -> RunError {
        RunError::OutOfMemory
    }
}

/// What one evaluation needs besides the program; reused from call to call.
#[derive(Default)]
pub struct Workspace {
    pool: Pool,
    at: Vec<*mut u8>,
    scalars: Vec<ConstantBytes>,
    frames: Vec<Frame>,
    saved: Vec<*mut u8>,
}

impl Workspace {
    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        self.pool.bytes()
    }
}

/// The caller's arrays.
#[derive(Clone, Copy)]
pub struct Arrays<'a> {
    pub inputs: &'a [*const u8],
    pub output: *mut u8,
    pub items: usize,
}

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
        let tile_items = if self.is_whole { arrays.items } else { self.tile_items.min(arrays.items) };
        let bytes = tile_items.checked_mul(self.lane_itemsize).ok_or(OutOfMemory)?;
        workspace.pool.reset(bytes)?;
        let mut machine = Machine { program: self, work: workspace, output: std::ptr::null_mut(), accuracy };
        machine.lay_out(positions)?;
        let mut start = 0;
        while start < arrays.items {
            let count = tile_items.min(arrays.items - start);
            // SAFETY: as the caller promises.
            unsafe { machine.tile(arrays, positions, start, count)? };
            start += count;
        }
        Ok(())
    }
}

/// A set of lanes of the current frame.
///
/// `All` may include lanes that have left, whose arrays then take values that nobody reads; where
/// lanes that have left must keep their values it stands for lanes that all are there.
#[derive(Clone, Copy)]
enum Mask {
    All,
    Nothing,
    /// A mask array of the pool, which belongs to whoever holds this value, and its count.
    Some(*mut u8, usize),
}

/// The lanes of a loop, or of the whole tile.
#[derive(Clone, Copy)]
struct Frame {
    lanes: usize,
    /// Mask array of the lanes that have not left.
    alive: *mut u8,
    /// Lanes that have left.
    left: usize,
    /// Lane of the frame below for each lane, a list of u32; null: the same.
    below: *mut u8,
    /// Item of the tile for each lane, a list of u32; null: the same.
    item: *mut u8,
    /// The loop whose lanes these are; null for the tile.
    code: *const Loop,
    /// Start of the arrays of the frame below in [`Workspace::saved`]: the loop's reads, then its
    /// changes.
    saved: usize,
}

/// The counter of a `for`.
#[derive(Clone, Copy)]
enum Counter {
    /// Value, stop, step for all lanes.
    Uniform([i64; 3]),
    /// Arrays of them.
    Lanes([*mut u8; 3]),
}

struct Machine<'a> {
    program: &'a Structured,
    work: &'a mut Workspace,
    /// Output of the tile.
    output: *mut u8,
    accuracy: Accuracy,
}

impl Machine<'_> {
    /// Addresses of everything that stays from tile to tile.
    fn lay_out(&mut self, positions: &Positions<'_>) -> Result<(), RunError> {
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

    fn at(&self, place: PlaceId) -> *mut u8 {
        self.work.at[place as usize]
    }

    fn set_single(&mut self, place: PlaceId, value: i64) {
        // SAFETY: single values have 16 bytes, aligned to as many.
        unsafe { self.at(place).cast::<i64>().write(value) };
    }

    /// Runs the body for `count` items from `start` on.
    ///
    /// # Safety
    /// As [`Structured::run`].
    unsafe fn tile(
        &mut self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        start: usize,
        count: usize,
    ) -> Result<(), RunError> {
        let program = self.program;
        let mut staged = Vec::new();
        for (index, ty) in program.inputs.iter().enumerate() {
            let array = arrays.inputs[index].wrapping_add(start * ty.itemsize);
            self.work.at[index] = if array.addr().is_multiple_of(ty.dtype.align()) {
                array.cast_mut()
            } else {
                let copy = self.work.pool.take()?;
                staged.try_push(copy)?;
                // SAFETY: the input holds `count` items from `start` on, the copy as many.
                unsafe { copy.copy_from_nonoverlapping(array, count * ty.itemsize) };
                copy
            };
        }
        for lane in &program.locals {
            // SAFETY: the array of a local has room for a tile.
            unsafe { self.at(lane.place).write_bytes(0, count * lane.itemsize) };
        }
        for &(symbol, place) in &program.positions {
            // SAFETY: the array has room for a tile of int64.
            let out = unsafe { std::slice::from_raw_parts_mut(self.at(place).cast::<i64>(), count) };
            positions.fill(symbol, start, out);
        }
        self.output = arrays.output.wrapping_add(start * program.output.itemsize);
        let alive = self.work.pool.take()?;
        // SAFETY: a mask has room for a tile.
        unsafe { alive.write_bytes(1, count) };
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
        let rest = self.block(&program.body, Mask::All)?;
        self.give(rest);
        self.work.pool.give(alive);
        staged.into_iter().for_each(|copy| self.work.pool.give(copy));
        let all_returned = self.work.frames[0].left == count;
        if all_returned { Ok(()) } else { Err(RunError::Kernel) }
    }

    fn frame(&self) -> &Frame {
        &self.work.frames[self.work.frames.len() - 1]
    }

    fn frame_mut(&mut self) -> &mut Frame {
        let top = self.work.frames.len() - 1;
        &mut self.work.frames[top]
    }

    /// A mask array as bytes of the current frame's lanes.
    fn bytes<'b>(&self, mask: *mut u8) -> &'b mut [u8] {
        // SAFETY: mask arrays belong to the pool, have room for a tile, and hold initialised bytes
        // for the lanes of the frame that they are used in; no two slices of one array are alive.
        unsafe { std::slice::from_raw_parts_mut(mask, self.frame().lanes) }
    }

    fn give(&mut self, mask: Mask) {
        if let Mask::Some(array, _) = mask {
            self.work.pool.give(array);
        }
    }

    /// Runs statements for the lanes of a mask; the result is the lanes that go on behind them.
    fn block(&mut self, nodes: &[Node], mut mask: Mask) -> Result<Mask, RunError> {
        for node in nodes {
            if matches!(mask, Mask::Nothing) {
                break;
            }
            mask = self.node(node, mask)?;
        }
        Ok(mask)
    }

    fn node(&mut self, node: &Node, mask: Mask) -> Result<Mask, RunError> {
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
                let first = region.stores.len();
                print_line(print, types, |index| self.at(region.pipeline.results[first + index]));
                Ok(mask)
            }
        }
    }

    /// Runs a region over all lanes of the frame and stores for the lanes of the mask.
    fn compute(&mut self, region: &Region, mask: Mask) -> Result<(), RunError> {
        let lanes = self.frame().lanes;
        let at = &self.work.at;
        let pipeline = &region.pipeline;
        let runs = [(&pipeline.uniform, 1), (&pipeline.spread, lanes), (&pipeline.steps, lanes)];
        for (steps, count) in runs {
            for step in steps {
                // SAFETY: places hold arrays of the frame's lanes, or single values.
                unsafe { run_step(step, |place| at[place as usize], count, self.accuracy) };
            }
        }
        for (lane, &from) in region.stores.iter().zip(&pipeline.results) {
            self.store(*lane, from, mask)?;
        }
        Ok(())
    }

    /// Sets an array to the register `from`, which gets the array's old memory.
    fn store(&mut self, lane: Lane, from: PlaceId, mask: Mask) -> Result<(), RunError> {
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

    /// The lanes of a mask that have not left, as a mask array of their own.
    fn own_mask(&mut self, mask: Mask) -> Result<(*mut u8, usize), RunError> {
        let array = self.work.pool.take()?;
        let frame = *self.frame();
        let from = match mask {
            Mask::Some(mask, _) => mask,
            Mask::All | Mask::Nothing => frame.alive,
        };
        // SAFETY: both arrays hold the frame's lanes.
        unsafe { array.copy_from_nonoverlapping(from, frame.lanes) };
        let count = match mask {
            Mask::Some(_, count) => count,
            Mask::All => frame.lanes - frame.left,
            Mask::Nothing => 0,
        };
        Ok((array, count))
    }

    /// Lanes of `mask` for which a condition holds, with their count, or `None` for the same lanes.
    fn select(&mut self, region: &Region, mask: Mask) -> Result<Option<(*mut u8, usize)>, RunError> {
        let condition = result(region, 0);
        let address = self.at(condition);
        if self.program.layout.is_single(condition) {
            // SAFETY: a single bool has a byte.
            let holds = unsafe { address.read() } != 0;
            if holds {
                return Ok(None);
            }
            let array = self.work.pool.take()?;
            return Ok(Some((array, 0)));
        }
        let (array, before) = self.own_mask(mask)?;
        lanes::and(self.bytes(array), self.bytes(address));
        let count = lanes::count(self.bytes(array));
        if count == before {
            self.work.pool.give(array);
            return Ok(None);
        }
        Ok(Some((array, count)))
    }

    fn choose(&mut self, choice: &If, mask: Mask) -> Result<Mask, RunError> {
        let left_before = self.frame().left;
        // Lanes that took a branch and go on to the next pass of the loop.
        let mut skipped = Mask::Nothing;
        // Lanes that no branch has taken yet; `mask` itself until one has.
        let mut rest = mask;
        let mut rest_is_own = false;
        for (index, (region, body)) in choice.branches.iter().enumerate() {
            self.compute(region, rest)?;
            let is_last = index + 1 == choice.branches.len() && choice.otherwise.is_empty();
            match self.select(region, rest)? {
                None => {
                    self.branch(choice, body, rest, &mut skipped)?;
                    if rest_is_own {
                        self.give(rest);
                    }
                    rest = Mask::Nothing;
                    rest_is_own = false;
                    break;
                }
                Some((taken, 0)) => self.work.pool.give(taken),
                Some((taken, count)) => {
                    if !is_last {
                        let (array, before) = self.own_mask(rest)?;
                        lanes::and_not(self.bytes(array), self.bytes(taken));
                        if rest_is_own {
                            self.give(rest);
                        }
                        rest = Mask::Some(array, before - count);
                        rest_is_own = true;
                    }
                    let taken = Mask::Some(taken, count);
                    self.branch(choice, body, taken, &mut skipped)?;
                    self.give(taken);
                }
            }
        }
        if !choice.otherwise.is_empty() && !matches!(rest, Mask::Nothing) {
            self.branch(choice, &choice.otherwise, rest, &mut skipped)?;
        }
        if rest_is_own {
            self.give(rest);
        }
        self.behind_choice(mask, skipped, left_before)
    }

    /// Runs one branch; `taken` stays the caller's.
    fn branch(
        &mut self,
        choice: &If,
        body: &[Node],
        taken: Mask,
        skipped: &mut Mask,
    ) -> Result<(), RunError> {
        let inner = match taken {
            Mask::Some(..) => {
                let (array, count) = self.own_mask(taken)?;
                Mask::Some(array, count)
            }
            other => other,
        };
        let through = self.block(body, inner)?;
        if choice.continues {
            self.note_skipped(taken, through, skipped)?;
        }
        self.give(through);
        Ok(())
    }

    /// Adds the lanes of `taken` that are not in `through`.
    fn note_skipped(&mut self, taken: Mask, through: Mask, skipped: &mut Mask) -> Result<(), RunError> {
        let (lost, count) = match (taken, through) {
            (_, Mask::All) => return Ok(()),
            (taken, through) => {
                let (array, _) = self.own_mask(taken)?;
                if let Mask::Some(through, _) = through {
                    lanes::and_not(self.bytes(array), self.bytes(through));
                }
                (array, lanes::count(self.bytes(array)))
            }
        };
        match *skipped {
            Mask::Some(known, _) => {
                lanes::or(self.bytes(known), self.bytes(lost));
                *skipped = Mask::Some(known, lanes::count(self.bytes(known)));
                self.work.pool.give(lost);
            }
            _ => *skipped = Mask::Some(lost, count),
        }
        Ok(())
    }

    /// The lanes that go on behind a choice that `mask` entered.
    fn behind_choice(&mut self, mask: Mask, skipped: Mask, left_before: usize) -> Result<Mask, RunError> {
        let mask = self.without_left(mask, left_before)?;
        let Mask::Some(skipped, _) = skipped else { return Ok(mask) };
        if matches!(mask, Mask::Nothing) {
            self.work.pool.give(skipped);
            return Ok(mask);
        }
        let (array, _) = self.own_mask(mask)?;
        self.give(mask);
        lanes::and_not(self.bytes(array), self.bytes(skipped));
        self.work.pool.give(skipped);
        Ok(self.counted(array))
    }

    /// A mask without the lanes that have left since `left_before` was the frame's count.
    fn without_left(&mut self, mask: Mask, left_before: usize) -> Result<Mask, RunError> {
        let frame = *self.frame();
        if frame.left == left_before {
            return Ok(mask);
        }
        match mask {
            Mask::Nothing => Ok(mask),
            _ if frame.left == frame.lanes => {
                self.give(mask);
                Ok(Mask::Nothing)
            }
            Mask::All if self.program.is_whole => {
                let (array, count) = self.own_mask(Mask::All)?;
                Ok(Mask::Some(array, count))
            }
            Mask::All => Ok(Mask::All),
            Mask::Some(array, _) => {
                lanes::and(self.bytes(array), self.bytes(frame.alive));
                Ok(self.counted(array))
            }
        }
    }

    fn counted(&mut self, array: *mut u8) -> Mask {
        match lanes::count(self.bytes(array)) {
            0 => {
                self.work.pool.give(array);
                Mask::Nothing
            }
            count => Mask::Some(array, count),
        }
    }

    /// Lists the lanes of a mask that have not left, in an array of the pool.
    fn list(&mut self, mask: Mask) -> Result<(*mut u8, usize), RunError> {
        let array = self.work.pool.take()?;
        let frame = *self.frame();
        let mask = match mask {
            Mask::Some(mask, _) => mask,
            _ => frame.alive,
        };
        let count = lanes::list(self.bytes(mask), list_of(array, frame.lanes));
        Ok((array, count))
    }

    /// The lanes of a mask end with the value at a place.
    fn leave_with_value(&mut self, value: PlaceId, mask: Mask) -> Result<(), RunError> {
        let frame = *self.frame();
        let itemsize = self.program.output.itemsize;
        let is_single = self.program.layout.is_single(value);
        let is_plain = matches!(mask, Mask::All) && frame.left == 0 && frame.item.is_null();
        if is_plain && is_single {
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
    fn spread(&mut self, value: PlaceId) -> Result<*mut u8, RunError> {
        let array = self.work.pool.take()?;
        let value = self.at(value);
        if let Some(spread) = self.program.spread {
            // SAFETY: the array has room for the frame's lanes.
            unsafe { spread(array, value, value, value, self.frame().lanes) };
        }
        Ok(array)
    }

    /// Marks lanes as left, in this frame and those below.
    fn mark_returned(&mut self, mask: Mask) -> Result<(), RunError> {
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

    /// The lanes of a mask leave the innermost loop with the values that they have.
    fn leave_loop(&mut self, mask: Mask) -> Result<(), RunError> {
        let (list, count) = self.list(mask)?;
        self.save_changes(list_of(list, count));
        let frame = self.frame_mut();
        frame.left += count;
        for &lane in list_of(list, count).iter() {
            // SAFETY: the list holds lanes of the frame.
            unsafe { frame.alive.add(lane as usize).write(0) };
        }
        self.work.pool.give(list);
        self.give(mask);
        Ok(())
    }

    /// Hands what lanes of the innermost loop have changed to the frame below.
    fn save_changes(&mut self, list: &[u32]) {
        let frame = *self.frame();
        if frame.below.is_null() {
            return;
        }
        // SAFETY: the frame of a loop points to its code, which outlives the evaluation.
        let code = unsafe { &*frame.code };
        let below = list_of(frame.below, frame.lanes);
        let first = frame.saved + code.reads.len();
        for ((lane, is_read_outside), &array) in code.changes.iter().zip(&self.work.saved[first..]) {
            if *is_read_outside {
                // SAFETY: the arrays hold the lanes of this frame and of the one below.
                unsafe { lanes::scatter(array, self.at(lane.place), list, Some(below), lane.itemsize) };
            }
        }
    }

    fn run_loop(&mut self, code: &Loop, mask: Mask) -> Result<Mask, RunError> {
        let left_before = self.frame().left;
        let counter = match &code.head {
            Head::While { .. } => None,
            Head::For { bounds, .. } => {
                self.compute(bounds, mask)?;
                Some(self.bounds(bounds, mask)?)
            }
        };
        let counter = self.enter(code, mask, counter)?;
        match (&code.head, counter) {
            (Head::For { variable, .. }, Some(counter)) => self.count_passes(code, *variable, counter)?,
            (Head::While { condition, place }, _) => {
                self.while_passes(code, condition, *place)?;
            }
            (Head::For { .. }, None) => {}
        }
        self.exit(code)?;
        self.without_left(mask, left_before)
    }

    /// Reads the bounds of a `for` and refuses a step of zero.
    fn bounds(&mut self, region: &Region, mask: Mask) -> Result<Counter, RunError> {
        let places = [result(region, 0), result(region, 1), result(region, 2)];
        let layout = &self.program.layout;
        if places.iter().all(|place| layout.is_single(*place)) {
            // SAFETY: single values of int64.
            let values = places.map(|place| unsafe { self.at(place).cast::<i64>().read() });
            return if values[2] == 0 { Err(RunError::Kernel) } else { Ok(Counter::Uniform(values)) };
        }
        let lanes = self.frame().lanes;
        let mut arrays = [std::ptr::null_mut(); 3];
        for (array, place) in arrays.iter_mut().zip(places) {
            *array = self.work.pool.take()?;
            let from = self.at(place).cast::<i64>();
            let step = usize::from(!self.program.layout.is_single(place));
            let out = counts_of(*array, lanes);
            for (lane, out) in out.iter_mut().enumerate() {
                // SAFETY: the place holds an int64 for each lane, or one.
                *out = unsafe { from.add(lane * step).read() };
            }
        }
        let (list, count) = self.list(mask)?;
        let steps = counts_of(arrays[2], lanes);
        let is_bad = list_of(list, count).iter().any(|lane| steps[*lane as usize] == 0);
        self.work.pool.give(list);
        if is_bad { Err(RunError::Kernel) } else { Ok(Counter::Lanes(arrays)) }
    }

    /// Pushes a frame with the lanes of a mask for a loop, and the counter for those lanes.
    fn enter(
        &mut self,
        code: &Loop,
        mask: Mask,
        counter: Option<Counter>,
    ) -> Result<Option<Counter>, RunError> {
        let outer = *self.frame();
        let saved = self.work.saved.len();
        for lane in code.reads.iter().chain(code.changes.iter().map(|(lane, _)| lane)) {
            let array = self.at(lane.place);
            self.work.saved.try_push(array)?;
        }
        if self.program.is_whole {
            let (alive, count) = self.own_mask(mask)?;
            let left = outer.lanes - count;
            self.work.frames.try_push(Frame { alive, left, code, saved, ..outer })?;
            return Ok(counter);
        }
        let (below, count) = self.list(mask)?;
        let list = list_of(below, count);
        let is_packed = count < outer.lanes;
        for lane in code.reads.iter().filter(|_| is_packed) {
            let array = self.work.pool.take()?;
            // SAFETY: the list holds lanes of the outer frame.
            unsafe { lanes::gather(array, self.at(lane.place), list, lane.itemsize) };
            self.work.at[lane.place as usize] = array;
        }
        for (lane, _) in &code.changes {
            let array = self.work.pool.take()?;
            // SAFETY: as above; the arrays are distinct.
            unsafe {
                if is_packed {
                    lanes::gather(array, self.at(lane.place), list, lane.itemsize);
                } else {
                    array.copy_from_nonoverlapping(self.at(lane.place), count * lane.itemsize);
                }
            }
            self.work.at[lane.place as usize] = array;
        }
        if let Some(Counter::Lanes(arrays)) = counter {
            // SAFETY: as above; in place, since the list ascends.
            arrays.iter().for_each(|array| unsafe { lanes::gather(*array, *array, list, 8) });
        }
        let item = self.work.pool.take()?;
        let items = list_of(item, count);
        for (item, &lane) in items.iter_mut().zip(list.iter()) {
            *item = if outer.item.is_null() { lane } else { list_of(outer.item, outer.lanes)[lane as usize] };
        }
        let alive = self.work.pool.take()?;
        // SAFETY: a mask has room for a tile.
        unsafe { alive.write_bytes(1, count) };
        self.work.frames.try_push(Frame { lanes: count, alive, left: 0, below, item, code, saved })?;
        Ok(counter)
    }

    /// Pops the frame of a loop; what is still there leaves with its values.
    fn exit(&mut self, code: &Loop) -> Result<(), RunError> {
        let frame = *self.frame();
        if frame.left < frame.lanes {
            let (list, count) = self.list(Mask::All)?;
            self.save_changes(list_of(list, count));
            self.work.pool.give(list);
        }
        self.work.frames.pop();
        self.work.pool.give(frame.alive);
        if self.program.is_whole {
            self.work.saved.truncate(frame.saved);
            return Ok(());
        }
        self.work.pool.give(frame.below);
        self.work.pool.give(frame.item);
        let all = code.reads.iter().chain(code.changes.iter().map(|(lane, _)| lane));
        for (index, lane) in all.enumerate() {
            let outer = self.work.saved[frame.saved + index];
            let inner = std::mem::replace(&mut self.work.at[lane.place as usize], outer);
            if inner != outer {
                self.work.pool.give(inner);
            }
        }
        self.work.saved.truncate(frame.saved);
        Ok(())
    }

    /// The lanes of the current frame that may run, as the mask of a pass.
    fn pass_mask(&mut self) -> Result<Mask, RunError> {
        let frame = *self.frame();
        if frame.left == frame.lanes {
            return Ok(Mask::Nothing);
        }
        if self.program.is_whole && frame.left > 0 {
            let (array, count) = self.own_mask(Mask::All)?;
            return Ok(Mask::Some(array, count));
        }
        Ok(Mask::All)
    }

    /// The lanes for which a condition does not hold leave the loop.
    fn leave_unless(&mut self, region: &Region) -> Result<(), RunError> {
        let mask = self.pass_mask()?;
        if let Some((stay, count)) = self.select(region, mask)? {
            let (leave, before) = self.own_mask(mask)?;
            if count > 0 {
                lanes::and_not(self.bytes(leave), self.bytes(stay));
            }
            self.work.pool.give(stay);
            self.leave_loop(Mask::Some(leave, before - count))?;
        }
        self.give(mask);
        Ok(())
    }

    fn while_passes(
        &mut self,
        code: &Loop,
        condition: &Region,
        place: crate::ir::SourcePlace,
    ) -> Result<(), RunError> {
        let limit = super::limit::while_limit();
        let mut passes: u64 = 0;
        loop {
            let mask = self.pass_mask()?;
            self.compute(condition, mask)?;
            self.give(mask);
            self.leave_unless(condition)?;
            let mask = self.pass_mask()?;
            if matches!(mask, Mask::Nothing) {
                return Ok(());
            }
            if limit.is_some_and(|limit| passes >= limit) {
                super::limit::trace_cap(place, passes);
                return Err(RunError::Kernel);
            }
            passes += 1;
            self.pass(code, mask, &mut None)?;
        }
    }

    /// Runs the body once and packs the lanes when enough have left.
    fn pass(&mut self, code: &Loop, mask: Mask, counter: &mut Option<Counter>) -> Result<(), RunError> {
        let rest = self.block(&code.body, mask)?;
        self.give(rest);
        let frame = self.frame();
        let is_sparse = frame.left * 4 >= frame.lanes && frame.left < frame.lanes;
        if is_sparse && !self.program.is_whole {
            self.pack(code, counter)?;
        }
        Ok(())
    }

    /// Packs the lanes that have not left.
    fn pack(&mut self, code: &Loop, counter: &mut Option<Counter>) -> Result<(), RunError> {
        let frame = *self.frame();
        let (array, count) = self.list(Mask::All)?;
        let list = list_of(array, count);
        for (index, lane) in code.reads.iter().enumerate() {
            let current = self.at(lane.place);
            let is_shared = current == self.work.saved[frame.saved + index];
            let packed = if is_shared { self.work.pool.take()? } else { current };
            // SAFETY: the list holds ascending lanes of the frame.
            unsafe { lanes::gather(packed, current, list, lane.itemsize) };
            self.work.at[lane.place as usize] = packed;
        }
        let owned = code.changes.iter().map(|(lane, _)| (self.at(lane.place), lane.itemsize));
        let lists = [(frame.below, size_of::<u32>()), (frame.item, size_of::<u32>())];
        for (array, itemsize) in owned.chain(lists) {
            // SAFETY: as above, in place.
            unsafe { lanes::gather(array, array, list, itemsize) };
        }
        if let Some(Counter::Lanes(arrays)) = counter {
            // SAFETY: as above.
            arrays.iter().for_each(|array| unsafe { lanes::gather(*array, *array, list, 8) });
        }
        // SAFETY: a mask has room for a tile.
        unsafe { frame.alive.write_bytes(1, count) };
        let frame = self.frame_mut();
        frame.lanes = count;
        frame.left = 0;
        self.work.pool.give(array);
        Ok(())
    }

    fn count_passes(&mut self, code: &Loop, variable: PlaceId, counter: Counter) -> Result<(), RunError> {
        let mut counter = Some(counter);
        loop {
            match &mut counter {
                Some(Counter::Uniform([value, stop, step])) => {
                    let runs = if *step > 0 { *value < *stop } else { *value > *stop };
                    if !runs {
                        return Ok(());
                    }
                    let now = *value;
                    // A counter that would overflow stops at its bound.
                    *value = value.checked_add(*step).unwrap_or(*stop);
                    self.set_variable(variable, now)?;
                }
                Some(Counter::Lanes(arrays)) => {
                    let arrays = *arrays;
                    self.next_counts(variable, arrays)?;
                }
                None => return Ok(()),
            }
            let mask = self.pass_mask()?;
            if matches!(mask, Mask::Nothing) {
                break;
            }
            self.pass(code, mask, &mut counter)?;
            if self.frame().left == self.frame().lanes {
                break;
            }
        }
        if let Some(Counter::Lanes(arrays)) = counter {
            arrays.into_iter().for_each(|array| self.work.pool.give(array));
        }
        Ok(())
    }

    /// Sets the counter of all lanes.
    fn set_variable(&mut self, variable: PlaceId, value: i64) -> Result<(), RunError> {
        if self.program.layout.is_single(variable) {
            self.set_single(variable, value);
            return Ok(());
        }
        let mask = self.pass_mask()?;
        let lanes = self.frame().lanes;
        let counts = counts_of(self.at(variable), lanes);
        match mask {
            Mask::Some(mask, _) => {
                for (count, alive) in counts.iter_mut().zip(self.bytes(mask).iter()) {
                    *count = if *alive != 0 { value } else { *count };
                }
            }
            _ => counts.fill(value),
        }
        self.give(mask);
        Ok(())
    }

    /// Sets the counter of each lane; lanes at their stop leave.
    fn next_counts(&mut self, variable: PlaceId, [value, stop, step]: [*mut u8; 3]) -> Result<(), RunError> {
        let frame = *self.frame();
        let lanes = frame.lanes;
        let (leave, _) = self.own_mask(Mask::All)?;
        let (values, stops, steps) =
            (counts_of(value, lanes), counts_of(stop, lanes), counts_of(step, lanes));
        let mut leaving = 0;
        let alive = self.bytes(frame.alive).iter();
        for (lane, (leave, alive)) in self.bytes(leave).iter_mut().zip(alive).enumerate() {
            let (value, stop, step) = (values[lane], stops[lane], steps[lane]);
            let runs = if step > 0 { value < stop } else { value > stop };
            *leave = *alive & u8::from(!runs);
            leaving += usize::from(*leave);
        }
        if leaving > 0 {
            self.leave_loop(Mask::Some(leave, leaving))?;
        } else {
            self.work.pool.give(leave);
        }
        let counts = counts_of(self.at(variable), lanes);
        for (lane, _) in self.bytes(frame.alive).iter().enumerate().filter(|(_, alive)| **alive != 0) {
            counts[lane] = values[lane];
            // A counter that would overflow stops at its bound.
            values[lane] = values[lane].checked_add(steps[lane]).unwrap_or(stops[lane]);
        }
        Ok(())
    }
}

/// The place of a region's value, behind its stores.
fn result(region: &Region, index: usize) -> PlaceId {
    region.pipeline.results[region.stores.len() + index]
}

/// An array of the pool as a list of lanes.
fn list_of<'a>(array: *mut u8, len: usize) -> &'a mut [u32] {
    // SAFETY: lists are arrays of the pool, aligned, with room for the lanes of a tile, whose
    // elements are written before they are read; no two slices of one array are alive.
    unsafe { std::slice::from_raw_parts_mut(array.cast::<u32>(), len) }
}

/// An array of the pool as int64 values.
fn counts_of<'a>(array: *mut u8, len: usize) -> &'a mut [i64] {
    // SAFETY: as `list_of`; elements of a tile's arrays have at least 8 bytes.
    unsafe { std::slice::from_raw_parts_mut(array.cast::<i64>(), len) }
}
