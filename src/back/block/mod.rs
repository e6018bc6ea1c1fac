//! The block interpreter: a register program run over blocks that stay in the first-level cache.
//!
//! [`Interpreter`] is what runs a kernel: a [`Program`] where its body is one value, else a [`structured`]
//! one. `plan` turns expressions into a [`Pipeline`]: steps that each run one vector kernel, or several that
//! `fusion` joined, on the places of a [`layout`]. `run` executes a [`Program`] block by block, as `walk` cuts
//! the items, with registers in a per-thread scratch memory that is reused; `direct` is the short way of a single
//! step on whole arrays.

mod bytes;
mod direct;
mod fusion;
mod interpreter;
mod layout;
mod packed;
mod plan;
mod reduction;
mod run;
pub(super) mod scratch;
mod staged;
mod steps;
mod string_step;
mod structured;
mod walk;

use crate::ir::{ExprId, ExprKind, Graph, Kernel, ReduceOp, Type, UserFunction};
use crate::kernel::Kernel as VectorKernel;
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};

use layout::{Layout, Place, PlaceId};
use plan::{Destination, Root, plan};
use reduction::{Stage, plan_stages};
use string_step::StringStep;

pub use bytes::{ALIGN, Bytes};
pub(super) use direct::overlap;
pub use interpreter::Interpreter;
pub use packed::PaddedBlocks;
pub use plan::PlanError;
pub use run::zero_padding;
#[cfg(machine_code)]
pub(super) use steps::call_each;
pub use structured::Printer;
pub use walk::Items;

/// A register program for a kernel whose body is one `return`. Immutable, and safe to run from any
/// number of threads.
#[derive(Debug)]
struct Program {
    /// Types of the inputs, in the order in which evaluation receives them.
    inputs: Vec<Type>,
    output: Type,
    outcome: Outcome,
    layout: Layout,
    /// What is reduced before the pipeline runs, in this order.
    stages: Vec<Stage>,
    pipeline: Pipeline,
    /// Items per block.
    block_items: usize,
}

/// How many values a program gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// One for each item.
    PerItem,
    /// One for all items, written once for each: there are reductions, but no array outside them.
    Copies,
    /// The one value of a reduction, and whether that is a mean.
    One { is_mean: bool },
}

impl Outcome {
    /// What `root` gives, the value of a kernel.
    fn of(graph: &Graph, root: ExprId) -> Result<Outcome, OutOfMemory> {
        let value = match graph.expr(root).kind {
            ExprKind::Cast(value) => value,
            _ => root,
        };
        if let ExprKind::Reduce(op, _, _) = graph.expr(value).kind {
            return Ok(Outcome::One { is_mean: op == ReduceOp::Mean });
        }
        Ok(if reduction::is_composite(graph, root)? { Outcome::Copies } else { Outcome::PerItem })
    }
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

impl Pipeline {
    /// Whether steps call functions of the host for which it counts how often.
    fn makes_calls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Call { target, .. } if !target.is_pure()))
    }
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

impl Step {
    /// Places that the step reads.
    fn operands(&self) -> impl Iterator<Item = PlaceId> {
        let mut places = [0; UserFunction::MAX_ARITY];
        let count = match self {
            Step::Vector { operands, .. } => {
                places[..operands.len()].copy_from_slice(operands);
                operands.len()
            }
            Step::Call { target, args, .. } => {
                places = *args;
                usize::from(target.arity())
            }
            Step::String(step) => {
                places[..step.operands.len()].copy_from_slice(&step.operands.map(|operand| operand.place));
                step.operands.len()
            }
        };
        places.into_iter().take(count)
    }
}

impl Program {
    /// Plans one value of `graph` for the inputs and tables of `kernel`.
    fn new(kernel: &Kernel, graph: &Graph, value: ExprId, level: Level) -> Result<Program, PlanError> {
        let mut layout = Layout::default();
        let mut inputs = Vec::new();
        for (index, param) in kernel.params.iter().enumerate() {
            inputs.try_push(param.ty)?;
            layout.add(Place::Input(index as u32))?;
        }
        let output = layout.add(Place::Output)?;
        let stages = plan_stages(&kernel.tables, graph, &mut layout, &[value], level)?;
        let outcome = match Outcome::of(graph, value)? {
            Outcome::Copies if kernel.collapses => Outcome::One { is_mean: false },
            outcome => outcome,
        };
        let root = Root { expr: value, to: Destination::Place(output) };
        let pipeline = plan(&kernel.tables, graph, &mut layout, &[root], level)?;
        let block_items = layout.block_items();
        Ok(Program { inputs, output: kernel.output, outcome, layout, stages, pipeline, block_items })
    }
}
