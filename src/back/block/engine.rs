//! The interpreter's choice between straight-line code and control flow.

use super::scratch::Scratch;
use super::structured::{Arrays, Positions, RunError, Structured};
use super::{PlanError, Program};
use crate::ir::{ExprKind, Kernel, Stmt};
use crate::kernel::Accuracy;
use crate::kernel::level::Level;

/// A planned kernel. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Engine(Plan);

#[derive(Debug)]
enum Plan {
    /// One value for each item.
    Straight(Program),
    Structured(Structured),
}

// SAFETY: a plan holds addresses of vector kernels and of host functions, no data of its own that
// changes; the host promises that its functions may be called from every evaluating thread.
unsafe impl Send for Engine {}
// SAFETY: as above.
unsafe impl Sync for Engine {}

impl Engine {
    /// Plans a kernel for vector kernels of one SIMD level.
    pub fn new(kernel: &Kernel, level: Level) -> Result<Engine, PlanError> {
        if let [Stmt::Return(value)] = kernel.body[..]
            && !has_index_symbols(kernel)
        {
            return Ok(Engine(Plan::Straight(Program::new(kernel, kernel, value, level)?)));
        }
        Ok(Engine(Plan::Structured(Structured::new(kernel, level)?)))
    }

    /// Evaluates all items.
    ///
    /// # Safety
    /// Each input holds as many readable items of its type as `arrays` says, in the order of the
    /// kernel's parameters; the output has room for as many. The output may be one of the inputs if
    /// it has the same item size; other overlaps give unspecified values. Any alignment is fine.
    pub unsafe fn run(
        &self,
        arrays: Arrays<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Result<(), RunError> {
        if arrays.items == 0 {
            return Ok(());
        }
        let mut scratch = Scratch::take();
        // SAFETY: as the caller promises.
        let result = unsafe {
            match &self.0 {
                Plan::Straight(program) => {
                    program.run(&mut scratch, arrays, accuracy).map_err(RunError::from)
                }
                Plan::Structured(program) => program.run(&mut scratch.workspace, arrays, positions, accuracy),
            }
        };
        scratch.put_back();
        result
    }
}

fn has_index_symbols(kernel: &Kernel) -> bool {
    kernel.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_)))
}
