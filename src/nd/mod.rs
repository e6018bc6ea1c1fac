//! Geometry of chunked, blocked arrays: which items of a padded block lie inside the array.
//!
//! An array of extent `shape` is cut into chunks of `chunkshape`, each chunk into blocks of
//! `blockshape`, all in C order (last axis fastest). A block is always stored *padded*: a C-order
//! array of the whole `blockshape`. Its *valid* items form a box anchored at its first item, since
//! only the upper end of an axis can be cut off, by the chunk or by the array. The valid items
//! alone, side by side in C order, are the *packed* form.
//!
//! [`Geometry`] holds the three shapes, [`Block`] says where one block lies, and [`Rows`] walks
//! its valid box as contiguous runs and converts between padded and packed.

mod block;
mod geometry;
mod rows;

pub use block::Block;
pub use geometry::{BlockError, Geometry, GeometryError};
pub use rows::{Plane, Rows};

/// Axes that a block may have; a geometry with more can be described, but has no blocks.
pub const MAX_DIMS: usize = 64;

/// Something for each axis; few of them need no allocation.
type Axes<T> = smallvec::SmallVec<[T; 8]>;
