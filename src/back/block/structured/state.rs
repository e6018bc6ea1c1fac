//! What a run works on: the caller's arrays, the memory, and the lanes at hand.

use super::pool::{Held, Pool, Store};
use super::{Loop, Region, Structured};
use crate::back::block::layout::{ConstantBytes, PlaceId};
use crate::back::budget::Meter;
use crate::kernel::Accuracy;
use crate::kernel::reduce::Accumulator;

/// What one evaluation needs besides the program; reused from call to call.
#[derive(Default)]
pub struct Workspace {
    pub(super) pool: Pool,
    pub(super) at: Vec<*mut u8>,
    pub(super) scalars: Vec<ConstantBytes>,
    pub(super) frames: Vec<Frame>,
    pub(super) saved: Vec<*mut u8>,
    /// Arrays of all items.
    pub(super) held: Store,
    /// What is held for each local; nothing as long as it is zero.
    pub(super) values: Vec<Option<Held>>,
    /// Places that use what is held where it lies, with their own arrays.
    pub(super) lent: Vec<(PlaceId, *mut u8)>,
    pub(super) accumulators: Vec<Accumulator>,
}

impl Workspace {
    /// Bytes of memory held.
    pub fn bytes(&self) -> usize {
        self.pool.bytes().saturating_add(self.held.bytes())
    }
}

/// The caller's arrays.
#[derive(Clone, Copy)]
pub struct Arrays<'a> {
    pub inputs: &'a [*const u8],
    pub output: *mut u8,
    pub items: usize,
}

/// Items from `start` on.
#[derive(Clone, Copy)]
pub(super) struct Tile {
    pub start: usize,
    pub count: usize,
}

/// The lanes of a loop, or of the whole tile.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) lanes: usize,
    /// Mask array of the lanes that have not left.
    pub(super) alive: *mut u8,
    /// Lanes that have left.
    pub(super) left: usize,
    /// LaneArray of the frame below for each lane, a list of u32; null: the same.
    pub(super) below: *mut u8,
    /// Item of the tile for each lane, a list of u32; null: the same.
    pub(super) item: *mut u8,
    /// The loop whose lanes these are; null for the tile.
    pub(super) code: *const Loop,
    /// Start of the arrays of the frame below in [`Workspace::saved`]: the loop's reads, then its
    /// changes.
    pub(super) saved: usize,
}

pub(super) struct Machine<'a> {
    pub(super) program: &'a Structured,
    pub(super) work: &'a mut Workspace,
    /// Output of the tile.
    pub(super) output: *mut u8,
    pub(super) accuracy: Accuracy,
    /// Whether the tile begins with the first item, whose values are printed.
    pub(super) is_first_tile: bool,
    pub(super) meter: Meter<'a>,
}

impl Machine<'_> {
    /// The address of a place.
    pub(super) fn at(&self, place: PlaceId) -> *mut u8 {
        self.work.at[place as usize]
    }

    pub(super) fn set_single(&mut self, place: PlaceId, value: i64) {
        // SAFETY: single values have 16 bytes, aligned to as many.
        unsafe { self.at(place).cast::<i64>().write(value) };
    }

    pub(super) fn frame(&self) -> &Frame {
        &self.work.frames[self.work.frames.len() - 1]
    }

    pub(super) fn frame_mut(&mut self) -> &mut Frame {
        let top = self.work.frames.len() - 1;
        &mut self.work.frames[top]
    }
}

/// The place of a region's value, after its stores.
pub(super) fn result(region: &Region, index: usize) -> PlaceId {
    region.pipeline.results[region.stores.len() + index]
}
