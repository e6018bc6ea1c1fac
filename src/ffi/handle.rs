//! What an opaque `me_expr` is.

use super::types::me_expr;
use crate::back::block::{Engine, Items, PaddedBlocks, PlanError, RunError, zero_padding};
use crate::back::hot::Hot;
use crate::back::jit::Jit;
use crate::back::jit_mode::Mode;
use crate::back::simd_backend;
use crate::front::{CompileError, Status};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::memory::try_box;
use crate::mid::Positions;
use crate::nd::{Geometry, Rows};

/// A compiled expression: the typed kernel and the engine that runs it.
pub(super) struct Expression {
    pub kernel: Kernel,
    pub engine: Engine,
    /// Whether the text was a kernel of statements: its calls check more than those of expressions.
    pub is_kernel: bool,
    /// Machine code, where the kernel has some.
    pub jit: Option<Jit>,
    /// Machine code that a plain expression gets when it is evaluated on many items.
    hot: Hot,
    /// The chunked array whose blocks are evaluated, if it was compiled for one.
    pub geometry: Option<Geometry>,
}

impl Expression {
    /// Plans `kernel` for this machine, without machine code.
    pub fn new(
        kernel: Kernel,
        is_kernel: bool,
        geometry: Option<Geometry>,
    ) -> Result<Expression, CompileError> {
        // The first compilation chooses the backend for the process, and tells it.
        simd_backend::choose();
        match Engine::new(&kernel, Level::current()) {
            Ok(engine) => {
                Ok(Expression { kernel, engine, is_kernel, jit: None, hot: Hot::never(), geometry })
            }
            Err(PlanError::OutOfMemory) => Err(crate::memory::OutOfMemory.into()),
            Err(PlanError::Unsupported { dtype }) => Err(CompileError::new(
                Status::InvalidType,
                format_args!("an operation of this expression is not defined for {dtype}"),
            )),
        }
    }

    /// The expression, for which machine code may be generated once it has been evaluated on many items.
    pub fn that_may_get_hot(self) -> Expression {
        Expression { hot: Hot::new(&self.kernel, &self.engine), ..self }
    }

    /// Evaluates by machine code if there is some and `mode` allows it; else by the interpreter.
    ///
    /// # Safety
    /// As [`Engine::run`].
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        mode: Mode,
    ) -> Result<(), RunError> {
        if let Items::Valid(rows) = items
            && self.engine.is_defined_everywhere()
            && rows.are_dense()
        {
            let all = Items::First(rows.padded_items());
            // SAFETY: as the caller promises; the arrays hold padded blocks.
            unsafe {
                self.run(inputs, output, all, positions, accuracy, mode)?;
                zero_padding(rows, self.kernel.output.itemsize, output);
            }
            return Ok(());
        }
        let result = match (&self.jit, items) {
            _ if mode == Mode::Off => None,
            // SAFETY: as the caller promises.
            (Some(jit), _) => unsafe { self.run_jit(jit, inputs, output, items, positions, accuracy, mode) },
            // SAFETY: as the caller promises.
            (None, Items::First(n)) => unsafe {
                self.hot.run(&self.kernel, inputs, output, n, positions, accuracy)
            },
            (None, Items::Valid(_)) => None,
        };
        match result {
            Some(result) => result,
            // SAFETY: as the caller promises.
            None => unsafe { self.engine.run(inputs, output, items, positions, accuracy) },
        }
    }

    /// Evaluates by the machine code of the kernel, or by the interpreter where that is known to be faster;
    /// `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Engine::run`].
    #[allow(clippy::too_many_arguments, reason = "those of an evaluation")]
    unsafe fn run_jit(
        &self,
        jit: &Jit,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        mode: Mode,
    ) -> Option<Result<(), RunError>> {
        // SAFETY: as the caller promises.
        let by_code = || unsafe {
            match items {
                Items::First(n) => jit.run(inputs, output, n, positions, accuracy),
                Items::Valid(rows) => self.run_packed(jit, inputs, output, rows, positions, accuracy),
            }
        };
        // SAFETY: as the caller promises.
        let by_interpreter = || unsafe { self.engine.run(inputs, output, items, positions, accuracy) };
        match jit.contest() {
            Some(contest) if mode == Mode::Default => {
                Some(contest.run(items.count(), by_code, by_interpreter))
            }
            _ => by_code(),
        }
    }

    /// Evaluates the valid items of padded blocks by machine code; `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Engine::run`].
    unsafe fn run_packed(
        &self,
        jit: &Jit,
        inputs: &[*const u8],
        output: *mut u8,
        rows: &Rows,
        positions: &Positions<'_>,
        accuracy: Accuracy,
    ) -> Option<Result<(), RunError>> {
        let sizes = self.kernel.params.iter().map(|param| param.ty.itemsize);
        let inputs = inputs.iter().copied().zip(sizes);
        let blocks = PaddedBlocks { rows, inputs, output, itemsize: self.kernel.output.itemsize };
        // SAFETY: as the caller promises; the packed arrays hold the valid items.
        unsafe {
            blocks.evaluate_items(|inputs, output| {
                jit.run(inputs, output, rows.valid_items(), positions, accuracy)
            })
        }
    }

    /// Gives the expression to C, which owns it until `me_free`.
    pub fn into_raw(self) -> Result<*mut me_expr, CompileError> {
        Ok(Box::into_raw(try_box(self)?).cast())
    }

    /// The expression behind a pointer from C; `None` for NULL.
    ///
    /// # Safety
    /// `expr` is NULL or comes from [`Expression::into_raw`] and has not been freed; it stays alive
    /// as long as the reference is used.
    pub unsafe fn from_raw<'a>(expr: *const me_expr) -> Option<&'a Expression> {
        // SAFETY: as the caller promises.
        unsafe { expr.cast::<Expression>().as_ref() }
    }

    /// Frees an expression; NULL is fine.
    ///
    /// # Safety
    /// As [`Expression::from_raw`], and nobody uses the expression any more.
    pub unsafe fn free(expr: *mut me_expr) {
        if !expr.is_null() {
            // SAFETY: the pointer comes from `Box::into_raw`.
            drop(unsafe { Box::from_raw(expr.cast::<Expression>()) });
        }
    }
}
