//! Loops: frames of packed lanes, pass by pass.

use super::lanes;
use super::masks::{Mask, list_of};
use super::state::{Frame, Machine, result};
use super::{Head, Loop, Region};
use crate::back::block::layout::PlaceId;
use crate::back::engine::RunError;
use crate::back::trace::tell;
use crate::ir::SourcePlace;
use crate::memory::TryGrow;

/// The counter of a `for`.
#[derive(Clone, Copy)]
pub(super) enum Counter {
    /// Value, stop, step for all lanes.
    Uniform([i64; 3]),
    /// Arrays of them.
    Lanes([*mut u8; 3]),
}

impl Machine<'_> {
    /// The lanes of a mask leave the innermost loop with the values that they have.
    #[inline(never)]
    pub(super) fn leave_loop(&mut self, mask: Mask) -> Result<(), RunError> {
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
    pub(super) fn save_changes(&mut self, list: &[u32]) {
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

    pub(super) fn run_loop(&mut self, code: &Loop, mask: Mask) -> Result<Mask, RunError> {
        let left_before = self.frame().left;
        let counter = match &code.head {
            Head::While { .. } => None,
            Head::For { variable, bounds } => {
                self.compute(bounds, mask)?;
                Some(self.bounds(bounds, *variable, mask)?)
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
    #[inline(never)]
    pub(super) fn bounds(
        &mut self,
        region: &Region,
        variable: PlaceId,
        mask: Mask,
    ) -> Result<Counter, RunError> {
        let places = [result(region, 0), result(region, 1), result(region, 2)];
        let layout = &self.program.layout;
        // A counter has one place only if its bounds are the same for all lanes; they may lie in arrays all the
        // same, where locals keep them too.
        if layout.is_single(variable) || places.iter().all(|place| layout.is_single(*place)) {
            // SAFETY: single values of int64, or arrays of them, in which all lanes have the same.
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
    #[inline(never)]
    pub(super) fn enter(
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
        if self.program.keeps_values {
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
    #[inline(never)]
    pub(super) fn exit(&mut self, code: &Loop) -> Result<(), RunError> {
        let frame = *self.frame();
        if frame.left < frame.lanes {
            let (list, count) = self.list(Mask::All)?;
            self.save_changes(list_of(list, count));
            self.work.pool.give(list);
        }
        self.work.frames.pop();
        self.work.pool.give(frame.alive);
        if self.program.keeps_values {
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

    /// The lanes for which a condition does not hold leave the loop.
    pub(super) fn leave_unless(&mut self, region: &Region) -> Result<(), RunError> {
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

    pub(super) fn while_passes(
        &mut self,
        code: &Loop,
        condition: &Region,
        place: SourcePlace,
    ) -> Result<(), RunError> {
        let limit = self.program.settings.while_limit;
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
                trace_cap(place, passes, self.program.settings.is_traced);
                return Err(RunError::Kernel);
            }
            passes += 1;
            self.pass(code, mask, &mut None)?;
        }
    }

    /// Runs the body once and packs the lanes when enough have left.
    pub(super) fn pass(
        &mut self,
        code: &Loop,
        mask: Mask,
        counter: &mut Option<Counter>,
    ) -> Result<(), RunError> {
        self.meter.pass()?;
        let rest = self.block(&code.body, mask)?;
        self.give(rest);
        let frame = self.frame();
        let is_sparse = frame.left * 4 >= frame.lanes && frame.left < frame.lanes;
        if is_sparse && !self.program.keeps_values {
            self.pack(code, counter)?;
        }
        Ok(())
    }

    /// Packs the lanes that have not left.
    #[inline(never)]
    pub(super) fn pack(&mut self, code: &Loop, counter: &mut Option<Counter>) -> Result<(), RunError> {
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

    pub(super) fn count_passes(
        &mut self,
        code: &Loop,
        variable: PlaceId,
        counter: Counter,
    ) -> Result<(), RunError> {
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
    pub(super) fn set_variable(&mut self, variable: PlaceId, value: i64) -> Result<(), RunError> {
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
    pub(super) fn next_counts(
        &mut self,
        variable: PlaceId,
        [value, stop, step]: [*mut u8; 3],
    ) -> Result<(), RunError> {
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

/// Traces that a loop was stopped.
fn trace_cap(place: SourcePlace, passes: u64, is_traced: bool) {
    let SourcePlace { line, column } = place;
    let text =
        format_args!("while iteration cap hit at {line}:{column} after {passes} iterations (limit={passes})");
    tell(text, is_traced);
}

/// An array of the pool as int64 values.
pub(super) fn counts_of<'a>(array: *mut u8, len: usize) -> &'a mut [i64] {
    // SAFETY: as `list_of`; elements of a tile's arrays have at least 8 bytes.
    unsafe { std::slice::from_raw_parts_mut(array.cast::<i64>(), len) }
}
