//! A nest of loops cut into tiles: boxes of items that engines work on at once.

use super::copy::copy_box;
use super::nest::{Nest, Walk};
use super::operand::{Extents, dense_strides, extents, is_dense};
use crate::back::block::Bytes;
use crate::kernel::stream;
use crate::memory::{OutOfMemory, TryGrow};

/// Bytes of all arrays of a tile that is copied: they stay in the first-level cache, beside what engines need.
const TILE_BYTES: i64 = 48 << 10;

/// Items of a tile that is copied.
const TILE_ITEMS: std::ops::RangeInclusive<i64> = 256..=4096;

/// Items from which on contiguous rows are worked on where they lie, one by one.
const LONG_ROW: i64 = 512;

/// Items along either side of a tile that transposes: a whole number of lines of the caches both ways.
const TRANSPOSED_SIDE: i64 = 64;

/// Bytes of an output from which on its tiles are stored past the caches.
pub const STREAMED_BYTES: usize = 96 << 20;

/// How a nest is cut. Tiles are numbered in the order of the loops.
#[derive(Debug)]
pub struct Tiling {
    /// Extents of a tile; those at the ends of loops may be shorter.
    tile: Extents,
    /// Tiles along each loop.
    counts: Extents,
    /// Whether the output is stored past the caches.
    streams: bool,
}

impl Tiling {
    /// Cuts a nest with at least one item.
    ///
    /// `longest`: items of the largest tile, where arrays are worked on in place.
    pub fn new(nest: &Nest, longest: i64, streams: bool) -> Result<Tiling, OutOfMemory> {
        let mut tile = extents(nest.extents.iter().map(|_| 1))?;
        let item_bytes: i64 = nest.walks.iter().map(|walk| walk.itemsize as i64).sum();
        let copied = (TILE_BYTES / item_bytes.max(1)).clamp(*TILE_ITEMS.start(), *TILE_ITEMS.end());
        match (tile.len().checked_sub(1), row_of(nest)) {
            (None, _) => {}
            (Some(inner), Some(has_constants)) if nest.extents[inner] >= LONG_ROW => {
                let limit = if has_constants || streams { copied } else { longest };
                tile[inner] = nest.extents[inner].min(limit);
            }
            (Some(inner), _) => match transposed_loop(nest) {
                Some(outer) => {
                    tile[inner] = nest.extents[inner].min(TRANSPOSED_SIDE);
                    tile[outer] = nest.extents[outer].min((copied / tile[inner]).max(1));
                }
                None => fill(&mut tile, &nest.extents, copied),
            },
        }
        let counts = extents(nest.extents.iter().zip(&tile).map(|(extent, tile)| (extent - 1) / tile + 1))?;
        Ok(Tiling { tile, counts, streams })
    }

    /// Number of tiles.
    pub fn count(&self) -> i64 {
        self.counts.iter().product()
    }

    /// Items of a tile that is not cut short.
    pub fn items(&self) -> i64 {
        self.tile.iter().product()
    }
}

/// If all arrays lie side by side along the innermost loop, or stay where they are: whether some stay.
fn row_of(nest: &Nest) -> Option<bool> {
    let inner = nest.extents.len().checked_sub(1)?;
    let mut has_constants = false;
    let is_row = nest.walks.iter().all(|walk| {
        has_constants |= walk.strides[inner] == 0;
        [0, walk.itemsize as i64].contains(&walk.strides[inner])
    });
    is_row.then_some(has_constants)
}

/// A loop along which some input lies closer together than along the innermost one, far enough for a line of the
/// caches to matter.
fn transposed_loop(nest: &Nest) -> Option<usize> {
    let inner = nest.extents.len() - 1;
    if nest.extents[inner] < 8 {
        return None;
    }
    nest.walks[1..].iter().find_map(|walk| {
        let stride = |d: &usize| walk.strides[*d].unsigned_abs();
        let near = (0..inner).filter(|d| stride(d) > 0 && nest.extents[*d] >= 8).min_by_key(stride)?;
        (stride(&near) < 64 && stride(&inner) >= 64).then_some(near)
    })
}

/// Makes the tile as large as `items` allows, innermost loops first.
fn fill(tile: &mut Extents, extents: &[i64], items: i64) {
    let mut left = items;
    for (tile, extent) in tile.iter_mut().zip(extents).rev() {
        *tile = left.clamp(1, *extent);
        if *tile < *extent {
            return;
        }
        left /= extent;
    }
}

/// One tile as engines see it.
pub struct Tile<'t> {
    /// Each input, side by side in the order of the items.
    pub inputs: &'t [*const u8],
    pub output: *mut u8,
    pub items: usize,
    /// Indices of the first item, for each loop.
    pub origin: &'t [i64],
    /// Items along each loop.
    pub extents: &'t [i64],
}

/// Walks over tiles, and copies what does not lie side by side in them. Each thread has its own.
pub struct Tiler<'n> {
    nest: &'n Nest,
    tiling: &'n Tiling,
    origin: Extents,
    extents: Extents,
    staged: Vec<Staged>,
    inputs: Vec<*const u8>,
    _memory: Bytes,
}

/// The copy of a tile of one array.
struct Staged {
    block: *mut u8,
    /// What the copy was made of, if it has been made.
    source: Option<(*mut u8, Extents)>,
}

impl<'n> Tiler<'n> {
    pub fn new(nest: &'n Nest, tiling: &'n Tiling) -> Result<Tiler<'n>, OutOfMemory> {
        let loops = || extents(nest.extents.iter().copied());
        let mut memory = Bytes::default();
        let mut staged = Vec::new();
        staged.try_reserve_exact(nest.walks.len())?;
        let mut total = 0usize;
        for (index, walk) in nest.walks.iter().enumerate() {
            let is_copied = (index == 0 && tiling.streams) || !is_always_dense(nest, tiling, walk);
            let bytes = if is_copied { tiling.items() as usize * walk.itemsize } else { 0 };
            staged.push(Staged { block: std::ptr::without_provenance_mut(total), source: None });
            total = total.checked_add(bytes + BETWEEN_BLOCKS).ok_or(OutOfMemory)?;
            total = total.next_multiple_of(64);
        }
        let block = memory.reserve(total)?;
        for staged in &mut staged {
            staged.block = block.wrapping_add(staged.block.addr());
        }
        let inputs = Vec::try_filled(std::ptr::null(), nest.walks.len() - 1)?;
        Ok(Tiler { nest, tiling, origin: loops()?, extents: loops()?, staged, inputs, _memory: memory })
    }

    /// Calls `work` with the tiles of these numbers, in their order, until it fails.
    ///
    /// # Safety
    /// The arrays of the nest are the caller's to read and to write.
    pub unsafe fn for_each<E: From<OutOfMemory>>(
        &mut self,
        tiles: std::ops::Range<i64>,
        mut work: impl FnMut(Tile<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        for tile in tiles {
            self.go_to(tile);
            // SAFETY: as the caller promises.
            unsafe {
                self.load()?;
                let output = self.output();
                let items = self.extents.iter().product::<i64>() as usize;
                let Tiler { inputs, origin, extents, .. } = self;
                work(Tile { inputs, output, items, origin, extents })?;
                self.store()?;
            }
        }
        Ok(())
    }

    /// Sets origin and extents of a tile.
    fn go_to(&mut self, tile: i64) {
        let mut rest = tile;
        for d in (0..self.origin.len()).rev() {
            let (count, side) = (self.tiling.counts[d], self.tiling.tile[d]);
            self.origin[d] = rest % count * side;
            rest /= count;
            self.extents[d] = side.min(self.nest.extents[d] - self.origin[d]);
        }
    }

    /// The first item of the tile.
    fn start_of(&self, walk: &Walk) -> *mut u8 {
        let offset: i64 = walk.strides.iter().zip(&self.origin).map(|(stride, index)| stride * index).sum();
        walk.start.wrapping_offset(offset as isize)
    }

    /// Finds or copies the inputs of the tile.
    ///
    /// # Safety
    /// The arrays are readable.
    unsafe fn load(&mut self) -> Result<(), OutOfMemory> {
        for (index, walk) in self.nest.walks.iter().enumerate().skip(1) {
            let start = self.start_of(walk);
            if is_dense(&self.extents, &walk.strides, walk.itemsize) {
                self.inputs[index - 1] = start;
                continue;
            }
            let staged = &mut self.staged[index];
            self.inputs[index - 1] = staged.block;
            let is_there =
                |(source, extents): &(*mut u8, Extents)| *source == start && *extents == self.extents;
            if staged.source.as_ref().is_some_and(is_there) {
                continue;
            }
            let strides = dense_strides(&self.extents, walk.itemsize)?;
            // SAFETY: as the caller promises; the block has room for a tile.
            unsafe {
                let from = (start.cast_const(), &walk.strides[..]);
                copy_box((staged.block, &strides), from, &self.extents, walk.itemsize);
            }
            staged.source = Some((start, extents(self.extents.iter().copied())?));
        }
        Ok(())
    }

    /// Where the output of the tile is computed.
    fn output(&self) -> *mut u8 {
        match self.is_output_in_place() {
            true => self.start_of(&self.nest.walks[0]),
            false => self.staged[0].block,
        }
    }

    fn is_output_in_place(&self) -> bool {
        let walk = &self.nest.walks[0];
        !self.tiling.streams && is_dense(&self.extents, &walk.strides, walk.itemsize)
    }

    /// Brings the output of the tile to its place.
    ///
    /// # Safety
    /// The output is writable.
    unsafe fn store(&self) -> Result<(), OutOfMemory> {
        if self.is_output_in_place() {
            return Ok(());
        }
        let walk = &self.nest.walks[0];
        let (to, from) = (self.start_of(walk), self.staged[0].block.cast_const());
        let items = self.extents.iter().product::<i64>() as usize;
        // SAFETY: as the caller promises.
        unsafe {
            if is_dense(&self.extents, &walk.strides, walk.itemsize) {
                stream(to, from, items * walk.itemsize);
            } else {
                let strides = dense_strides(&self.extents, walk.itemsize)?;
                copy_box((to, &walk.strides), (from, &strides), &self.extents, walk.itemsize);
            }
        }
        Ok(())
    }
}

/// Bytes left between two copies: loads that lie a multiple of 4 KiB behind a store wait for it on x86.
const BETWEEN_BLOCKS: usize = 5 * 64;

/// Whether the items of an array lie side by side in every tile.
fn is_always_dense(nest: &Nest, tiling: &Tiling, walk: &Walk) -> bool {
    // Tiles at the ends of loops are shorter in loops that are cut; of those inside, the strides must fit all of them.
    let mut is_cut_inside = false;
    for d in (0..nest.extents.len()).rev() {
        if is_cut_inside && tiling.tile[d] > 1 {
            return false;
        }
        is_cut_inside |= tiling.tile[d] < nest.extents[d];
    }
    is_dense(&tiling.tile, &walk.strides, walk.itemsize)
}
