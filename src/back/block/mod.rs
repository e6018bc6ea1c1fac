//! The block interpreter: a register program run over blocks that stay in the first-level cache.
//!
//! `plan` turns a kernel into a [`Program`]: steps that each run one vector kernel. `run` executes
//! them block by block, with registers in a per-thread scratch memory that is reused.

mod plan;
mod run;
mod scratch;

use crate::ir::{Type, UserFunction};
use crate::kernel::Kernel as VectorKernel;

pub use plan::{PlanError, plan};

/// Index in [`Program::places`].
type PlaceId = u32;

/// A register program. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Program {
    /// Types of the inputs, in the order in which evaluation receives them.
    inputs: Vec<Type>,
    output: Type,
    places: Vec<Place>,
    constants: Vec<ConstantBytes>,
    /// Steps run once per evaluation, over the first block's registers.
    setup: Vec<Step>,
    /// Steps run for every block.
    steps: Vec<Step>,
    registers: usize,
    /// Bytes of one element of a register.
    register_itemsize: usize,
    /// Items per block.
    block_items: usize,
}

/// One value of any numeric dtype, aligned for it.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct ConstantBytes([u8; 16]);

/// Where an operand or a result lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// The caller's input array.
    Input(u32),
    /// The caller's output array.
    Output,
    /// A block of scratch memory.
    Register(u32),
    /// One value of [`Program::constants`] for all items.
    Constant(u32),
}

/// One operation on a block.
#[derive(Clone, Debug)]
enum Step {
    /// A vector kernel, one for each [`Accuracy`](crate::kernel::Accuracy).
    Vector { kernels: [VectorKernel; 3], out: PlaceId, operands: [PlaceId; 3] },
    /// A host function, called item by item.
    Call { target: UserFunction, out: PlaceId, args: [PlaceId; UserFunction::MAX_ARITY] },
}
