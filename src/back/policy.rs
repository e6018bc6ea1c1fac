//! Which engine runs an evaluation.

use super::block::{Interpreter, Items, Outcome, PaddedBlocks, PlanError, Printer, zero_padding};
use super::engine::RunError;
use super::hot::Hot;
use super::jit::Jit;
use super::jit_mode::Mode;
use super::simd_backend;
use crate::error::{Error, ErrorKind};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::memory::OutOfMemory;
use crate::mid::Positions;
use crate::nd::Rows;

/// A typed kernel and the engines that may run it. Immutable, and safe to run from any number of threads.
#[derive(Debug)]
pub struct Program {
    pub kernel: Kernel,
    interpreter: Interpreter,
    /// Code, where the kernel has some from the start.
    jit: Option<Jit>,
    /// Machine code that a plain expression gets once it has been evaluated on many items.
    hot: Hot,
}

impl Program {
    /// Plans `kernel` for this machine. `is_kernel`: the text was a kernel of statements.
    pub fn new(kernel: Kernel, is_kernel: bool, mode: Mode) -> Result<Program, Error> {
        // The first compilation chooses the backend for the process, and traces it.
        simd_backend::choose();
        let interpreter = Interpreter::new(&kernel, Level::current()).map_err(|error| match error {
            PlanError::OutOfMemory => OutOfMemory.into(),
            PlanError::Unsupported { dtype } => Error::new(
                ErrorKind::InvalidType,
                format_args!("an operation of this expression is not defined for {dtype}"),
            ),
        })?;
        let jit = if is_kernel || mode == Mode::On { Jit::prepare(&kernel, mode) } else { None };
        let hot = if is_kernel || mode == Mode::Off { Hot::never() } else { Hot::new(&kernel, &interpreter) };
        Ok(Program { kernel, interpreter, jit, hot })
    }

    /// Prints to `printer` from now on.
    pub fn print_to(&mut self, printer: Printer) {
        self.interpreter.print_to(printer);
    }

    /// How many values an evaluation gives.
    pub fn outcome(&self) -> Outcome {
        self.interpreter.outcome()
    }

    /// Whether the arrays are gone through once, by one vector kernel or by the machine code of a plain expression.
    pub fn takes_one_pass(&self) -> bool {
        self.jit.is_none() && (self.interpreter.passes() == 1 || self.hot.may_have_code())
    }

    /// Whether there is machine code from the start.
    pub fn has_code(&self) -> bool {
        self.jit.is_some()
    }

    /// Evaluates by machine code if there is some and `mode` allows it; else by the interpreter.
    ///
    /// Kernels that reduce along axes are refused: they are run in passes.
    ///
    /// # Safety
    /// As [`Interpreter::run`].
    pub unsafe fn run(
        &self,
        inputs: &[*const u8],
        output: *mut u8,
        items: Items<'_>,
        positions: &Positions<'_>,
        accuracy: Accuracy,
        mode: Mode,
    ) -> Result<(), RunError> {
        if self.kernel.has_axes() {
            return Err(RunError::Axes);
        }
        if let Items::Valid(rows) = items
            && self.interpreter.is_defined_everywhere()
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
            None => unsafe { self.interpreter.run(inputs, output, items, positions, accuracy) },
        }
    }

    /// Evaluates by the machine code of the kernel, or by the interpreter where that is known to be faster;
    /// `None` where the interpreter has to.
    ///
    /// # Safety
    /// As [`Interpreter::run`].
    #[inline(never)]
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
        let by_interpreter = || unsafe { self.interpreter.run(inputs, output, items, positions, accuracy) };
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
    /// As [`Interpreter::run`].
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dtype::Dtype;
    use crate::front::testing::compile;
    use crate::ir::Axes;

    /// Items without a shape have no axes: the sum of all of them would be a wrong answer.
    #[test]
    fn reductions_along_axes_are_refused() {
        let mut kernel = compile("sum(x)", &[("x", Dtype::Float64)]);
        assert_eq!(kernel.reduce_along(Axes::new(Some(&[0]), false).unwrap()), Ok(true));
        assert_eq!(kernel.validate(), Ok(()));
        assert!(kernel.to_string().contains("reduce Sum %0 axis=[0]"), "{kernel}");
        let program = Program::new(kernel, false, Mode::Off).unwrap();
        let (input, mut output) = ([1.0, 2.0], 0.0f64);
        let positions = Positions { shape: &[2], origin: &[0], extents: &[2] };
        // SAFETY: the arrays have as many items.
        let result = unsafe {
            let inputs = [input.as_ptr().cast()];
            let output = (&raw mut output).cast();
            program.run(&inputs, output, Items::First(2), &positions, Accuracy::Fast, Mode::Off)
        };
        assert_eq!(result, Err(RunError::Axes));
    }
}
