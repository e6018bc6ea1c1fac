//! Views of a caller's arrays: what an evaluation reads and writes.

mod item;
mod view;

pub use item::Item;
pub use view::{ArrayMut, ArrayRef};
