//! Execution of a kernel part by part, each tile by tile.

use super::Node;
use super::lanes;
use super::masks::Mask;
use super::parts::{Part, Use};
use super::state::{Arrays, Machine, Tile};
use crate::back::block::reduction::Stage;
use crate::back::block::steps::started;
use crate::back::engine::RunError;
use crate::kernel::reduce::GRAIN;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

/// Tiles of `tile_items` items, and one of the rest.
fn tiles(items: usize, tile_items: usize) -> impl Iterator<Item = Tile> {
    (0..items).step_by(tile_items).map(move |start| Tile { start, count: tile_items.min(items - start) })
}

/// Items that are reduced together where `tile_items` are run together: an accumulator takes whole grains.
pub(super) fn reduced_together(tile_items: usize) -> usize {
    tile_items.checked_next_multiple_of(GRAIN).unwrap_or(tile_items)
}

impl Machine<'_> {
    /// Runs all parts.
    ///
    /// # Safety
    /// As [`Structured::run`](super::Structured::run); the arrays of the pool hold as many items as are reduced
    /// together.
    pub(super) unsafe fn run_parts(
        &mut self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        tile_items: usize,
    ) -> Result<(), RunError> {
        let program = self.program;
        let items = arrays.items;
        self.work.held.clear();
        self.work.lent.clear();
        self.work.values.clear();
        self.work.values.try_reserve(program.locals.len()).map_err(OutOfMemory::from)?;
        self.work.values.resize_with(program.locals.len(), || None);
        let alive = self.work.held.take(items)?;
        // SAFETY: the array has a byte for each item.
        unsafe { alive.address.write_bytes(1, items) };
        // Passes that the items of each tile have taken in the parts before.
        let mut passes = Vec::new();
        if self.meter.is_capped() {
            passes = Vec::try_filled(0, items.div_ceil(tile_items))?;
        }
        let mut left = 0;
        for part in program.parts.iter() {
            if left == items {
                break;
            }
            for stage in &part.stages {
                // SAFETY: as the caller promises.
                unsafe { self.reduce_by_tile((part, stage), arrays, positions, tile_items)? };
            }
            self.hold(part, items, left)?;
            left = 0;
            for (index, tile) in tiles(items, tile_items).enumerate() {
                let alive = alive.address.wrapping_add(tile.start);
                self.meter.next_items(passes.get(index).copied().unwrap_or(0))?;
                // SAFETY: as the caller promises.
                unsafe { self.run_part(part, arrays, positions, tile, alive)? };
                if let Some(passes) = passes.get_mut(index) {
                    *passes = self.meter.taken();
                }
                left += self.frame().left;
            }
            self.let_go(part);
        }
        if left == items { Ok(()) } else { Err(RunError::Kernel) }
    }

    /// Arrays for the locals that the part changes for later ones; of all items `left` have left.
    fn hold(&mut self, part: &Part, items: usize, left: usize) -> Result<(), RunError> {
        for used in part.uses.iter().filter(|used| used.is_changed && used.goes_on) {
            if self.work.values[used.local].is_none() {
                let bytes = items.checked_mul(used.lane.itemsize).ok_or(OutOfMemory)?;
                let held = self.work.held.take(bytes)?;
                // Tiles whose items all have left do not set theirs.
                if used.enters || left > 0 {
                    // SAFETY: the array has as many bytes.
                    unsafe { held.address.write_bytes(0, bytes) };
                }
                self.work.values[used.local] = Some(held);
            }
        }
        Ok(())
    }

    /// Gives the arrays back that no later part needs.
    fn let_go(&mut self, part: &Part) {
        for used in part.uses.iter().filter(|used| !used.goes_on) {
            if let Some(held) = self.work.values[used.local].take() {
                self.work.held.give(held);
            }
        }
    }

    /// Runs a part for the items of a tile that have not left.
    ///
    /// # Safety
    /// As [`Machine::run_parts`]; `alive` says which items of the tile have not left.
    unsafe fn run_part(
        &mut self,
        part: &Part,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        tile: Tile,
        alive: *mut u8,
    ) -> Result<(), RunError> {
        self.is_first_tile = tile.start == 0;
        self.begin_frame(tile.count, alive)?;
        let left = tile.count - lanes::count(self.bytes(alive));
        self.frame_mut().left = left;
        let mut mask = self.pass_mask()?;
        if matches!(mask, Mask::Nothing) {
            // A line that is printed has the values of the first item, which may have left.
            let prints = self.is_first_tile && matches!(part.nodes.first(), Some(Node::Print(..)));
            if !prints {
                return Ok(());
            }
            let (none, _) = self.own_mask(mask)?;
            mask = Mask::Some(none, 0);
        }
        // SAFETY: as the caller promises.
        let staged = unsafe { self.load_items(arrays, positions, tile)? };
        let touched = || part.uses.iter().filter(|used| used.is_touched);
        for used in touched() {
            // SAFETY: arrays of locals have room for a tile.
            unsafe { self.load(used, tile, used.is_changed)? };
        }
        let rest = self.block(&part.nodes, mask)?;
        self.give(rest);
        for used in touched().filter(|used| used.is_changed && used.goes_on) {
            if let Some(held) = &self.work.values[used.local] {
                let itemsize = used.lane.itemsize;
                // SAFETY: both hold the items of the tile.
                unsafe {
                    let array = held.address.add(tile.start * itemsize);
                    array.copy_from_nonoverlapping(self.at(used.lane.place), tile.count * itemsize);
                }
            }
        }
        self.unload(staged);
        Ok(())
    }

    /// Sets the array of a local to the values that it has for a tile. Where nothing changes them, they are used
    /// where they lie.
    ///
    /// # Safety
    /// The array of the local has room for the tile.
    unsafe fn load(&mut self, used: &Use, tile: Tile, is_changed: bool) -> Result<(), RunError> {
        let Use { local, lane, enters, .. } = *used;
        let bytes = tile.count * lane.itemsize;
        let array = self.at(lane.place);
        // SAFETY: as the caller promises; what is held has room for all items.
        unsafe {
            match &self.work.values[local] {
                Some(held) if enters => {
                    let values = held.address.add(tile.start * lane.itemsize);
                    if is_changed {
                        array.copy_from_nonoverlapping(values, bytes);
                    } else {
                        self.work.lent.try_push((lane.place, array))?;
                        self.work.at[lane.place as usize] = values;
                    }
                }
                _ => array.write_bytes(0, bytes),
            }
        }
        Ok(())
    }

    /// Ends a tile: places get their own arrays again.
    fn unload(&mut self, staged: Vec<*mut u8>) {
        while let Some((place, array)) = self.work.lent.pop() {
            self.work.at[place as usize] = array;
        }
        staged.into_iter().for_each(|copy| self.work.pool.give(copy));
    }

    /// Reduces all items, tile by tile.
    ///
    /// # Safety
    /// As [`Machine::run_parts`].
    unsafe fn reduce_by_tile(
        &mut self,
        (part, stage): (&Part, &Stage),
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        tile_items: usize,
    ) -> Result<(), RunError> {
        let mut memory = std::mem::take(&mut self.work.accumulators);
        let accumulators = started(&mut memory, &stage.reductions)?;
        let makes_calls = stage.arguments.makes_calls();
        for tile in tiles(arrays.items, reduced_together(tile_items)) {
            self.begin_frame(tile.count, std::ptr::null_mut())?;
            // SAFETY: as the caller promises.
            let staged = unsafe { self.load_items(arrays, positions, tile)? };
            for used in part.uses.iter().filter(|used| used.is_reduced) {
                // SAFETY: arrays of locals have room for a tile.
                unsafe { self.load(used, tile, false)? };
            }
            self.run_pipeline(&stage.arguments);
            for (reduction, accumulator) in stage.reductions.iter().zip(accumulators.iter_mut()) {
                // SAFETY: the argument holds the items of the tile.
                unsafe { accumulator.update(self.at(reduction.from), tile.count) };
            }
            self.unload(staged);
            if !makes_calls && accumulators.iter().all(|accumulator| accumulator.is_decided()) {
                break;
            }
        }
        for (reduction, accumulator) in stage.reductions.iter().zip(accumulators) {
            // SAFETY: the result is a single value.
            unsafe { reduction.finish(accumulator, self.at(reduction.to)) };
        }
        self.work.accumulators = memory;
        Ok(())
    }
}
