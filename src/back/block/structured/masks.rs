//! Sets of lanes.

use super::Region;
use super::lanes;
use super::state::{Machine, result};
use crate::back::engine::RunError;

/// A set of lanes of the current frame.
///
/// `All` may include lanes that have left, whose arrays then take values that nobody reads; where
/// lanes that have left must keep their values it stands for lanes that all are there.
#[derive(Clone, Copy)]
pub(super) enum Mask {
    All,
    Nothing,
    /// A mask array of the pool, which belongs to whoever holds this value, and its count.
    Some(*mut u8, usize),
}

impl Machine<'_> {
    /// A mask array as bytes of the current frame's lanes.
    pub(super) fn bytes<'b>(&self, mask: *mut u8) -> &'b mut [u8] {
        // SAFETY: mask arrays belong to the pool, have room for a tile, and hold initialised bytes
        // for the lanes of the frame that they are used in; no two slices of one array are alive.
        unsafe { std::slice::from_raw_parts_mut(mask, self.frame().lanes) }
    }

    pub(super) fn give(&mut self, mask: Mask) {
        if let Mask::Some(array, _) = mask {
            self.work.pool.give(array);
        }
    }

    /// The lanes of a mask that have not left, as a mask array of their own.
    pub(super) fn own_mask(&mut self, mask: Mask) -> Result<(*mut u8, usize), RunError> {
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
    pub(super) fn select(
        &mut self,
        region: &Region,
        mask: Mask,
    ) -> Result<Option<(*mut u8, usize)>, RunError> {
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

    /// A mask without the lanes that have left since `left_before` was the frame's count.
    pub(super) fn without_left(&mut self, mask: Mask, left_before: usize) -> Result<Mask, RunError> {
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
            Mask::All if self.program.keeps_values => {
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

    pub(super) fn counted(&mut self, array: *mut u8) -> Mask {
        match lanes::count(self.bytes(array)) {
            0 => {
                self.work.pool.give(array);
                Mask::Nothing
            }
            count => Mask::Some(array, count),
        }
    }

    /// Lists the lanes of a mask that have not left, in an array of the pool.
    pub(super) fn list(&mut self, mask: Mask) -> Result<(*mut u8, usize), RunError> {
        let array = self.work.pool.take()?;
        let frame = *self.frame();
        let mask = match mask {
            Mask::Some(mask, _) => mask,
            _ => frame.alive,
        };
        let count = lanes::list(self.bytes(mask), list_of(array, frame.lanes));
        Ok((array, count))
    }

    /// The lanes of the current frame that may run, as the mask of a pass.
    pub(super) fn pass_mask(&mut self) -> Result<Mask, RunError> {
        let frame = *self.frame();
        if frame.left == frame.lanes {
            return Ok(Mask::Nothing);
        }
        if self.program.keeps_values && frame.left > 0 {
            let (array, count) = self.own_mask(Mask::All)?;
            return Ok(Mask::Some(array, count));
        }
        Ok(Mask::All)
    }
}

/// An array of the pool as a list of lanes.
pub(super) fn list_of<'a>(array: *mut u8, len: usize) -> &'a mut [u32] {
    // SAFETY: lists are arrays of the pool, aligned, with room for the lanes of a tile, whose
    // elements are written before they are read; no two slices of one array are alive.
    unsafe { std::slice::from_raw_parts_mut(array.cast::<u32>(), len) }
}
