//! Arrays of any shape and strides: views of a caller's arrays, and evaluations over them.
//!
//! [`evaluate`] chooses the way, as [`options`] ask. [`items`] broadcasts the inputs ([`shape`]), sees who shares memory with
//! the output ([`overlap`]), makes a nest of loops that follows the output through memory ([`nest`]), and cuts it into
//! tiles ([`tile`]) that engines work on: in place where items lie side by side, else on copies ([`copy`]) that stay in the
//! first-level cache. Threads share tiles ([`pool`]). Kernels that reduce are run in [`passes`], each of which computes
//! values and reduces them along axes ([`reduce`]). An [`operand`] is an array as addresses.

mod copy;
mod evaluate;
mod item;
mod items;
mod nest;
mod operand;
mod options;
mod overlap;
mod passes;
pub mod pool;
mod reduce;
mod shape;
mod tile;
mod view;

pub use evaluate::{evaluate, evaluate_views, operands, result_shape};
pub use item::Item;
pub use items::is_itemwise;
pub use operand::{Operand, View};
pub use options::{Options, run_error};
pub use passes::Plan;
pub use view::{ArrayMut, ArrayRef};
