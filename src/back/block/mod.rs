//! The block interpreter: a register program run over blocks that stay in the first-level cache.
//!
//! [`Engine`] is what runs a kernel: a [`Program`] where its body is one value, else a [`structured`]
//! one. `plan` turns expressions into a [`Pipeline`]: steps that each run one vector kernel on the places
//! of a [`layout`]. `run` executes a [`Program`] block by block, with registers in a per-thread
//! scratch memory that is reused.

mod engine;
mod layout;
mod plan;
mod run;
mod scratch;
mod string_step;
mod structured;

use crate::ir::{ExprId, Kernel, Type, UserFunction};
use crate::kernel::Kernel as VectorKernel;
use crate::kernel::level::Level;
use crate::memory::TryGrow;

use layout::{Layout, Place, PlaceId};
use string_step::StringStep;

use plan::{Destination, Root, plan};

pub use engine::Engine;
pub use plan::PlanError;
pub use structured::{Arrays, Positions, RunError};

/// A register program for a kernel whose body is one `return`. Immutable, and safe to run from any
/// number of threads.
#[derive(Debug)]
struct Program {
    /// Types of the inputs, in the order in which evaluation receives them.
    inputs: Vec<Type>,
    output: Type,
    layout: Layout,
    pipeline: Pipeline,
    /// Items per block.
    block_items: usize,
}

/// The steps that compute some expressions.
#[derive(Debug, Default)]
struct Pipeline {
    /// Steps on single values, which are the same for all items; run once.
    uniform: Vec<Step>,
    /// Steps that spread single values over registers; run once.
    spread: Vec<Step>,
    /// Steps run for every block.
    steps: Vec<Step>,
    /// Places of the results, in the order of the roots.
    results: Vec<PlaceId>,
}

/// One operation on a block.
#[derive(Clone, Debug)]
enum Step {
    /// A vector kernel, one for each [`Accuracy`](crate::kernel::Accuracy).
    Vector { kernels: [VectorKernel; 3], out: PlaceId, operands: [PlaceId; 3] },
    /// A host function, called item by item.
    Call { target: UserFunction, out: PlaceId, args: [PlaceId; UserFunction::MAX_ARITY] },
    /// An operation on strings.
    String(StringStep),
}

impl Program {
    /// Plans one value: the expressions are those of `arena`, inputs and functions those of `kernel`.
    fn new(kernel: &Kernel, arena: &Kernel, value: ExprId, level: Level) -> Result<Program, PlanError> {
        let mut layout = Layout::default();
        let mut inputs = Vec::new();
        for (index, param) in kernel.params.iter().enumerate() {
            inputs.try_push(param.ty)?;
            layout.add(Place::Input(index as u32))?;
        }
        let output = layout.add(Place::Output)?;
        let root = Root { expr: value, to: Destination::Place(output) };
        let pipeline = plan(kernel, arena, &mut layout, &[root], level)?;
        let block_items = layout.block_items();
        Ok(Program { inputs, output: kernel.output, layout, pipeline, block_items })
    }
}
