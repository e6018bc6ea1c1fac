//! One evaluation: its options, the checks of its arrays, and the call of the engines.

use smallvec::SmallVec;

use super::Expression;
use super::variable::Role;
use crate::array::{ArrayMut, ArrayRef, Item};
use crate::back::block::Items;
use crate::back::engine::RunError;
use crate::back::jit_mode::Mode;
use crate::back::simd_backend;
use crate::error::{Error, ErrorKind};
use crate::ir::Type;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::Positions;

/// An evaluation with its options; made by [`Expression::evaluation`].
///
/// ```
/// use miniexpr::{ArrayRef, Dtype, Expression, JitMode};
///
/// let square = Expression::builder("x * x").variable("x", Dtype::Int32).compile()?;
/// let mut out = [0i32; 2];
/// square.evaluation().jit(JitMode::Off).run(&[ArrayRef::from(&[3, -4])], &mut out)?;
/// assert_eq!(out, [9, 16]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "`run` evaluates"]
pub struct Evaluation<'e> {
    expression: &'e Expression,
    accuracy: Accuracy,
    mode: Mode,
}

/// Inputs of this number take no allocation.
type Pointers = SmallVec<[*const u8; 8]>;

impl<'e> Evaluation<'e> {
    pub(super) fn new(expression: &'e Expression) -> Evaluation<'e> {
        Evaluation { expression, accuracy: Accuracy::Fast, mode: Mode::Default }
    }

    /// Asks for transcendental functions of another accuracy; [`Accuracy::Fast`] unless this is called.
    ///
    /// ```
    /// # use miniexpr::{Accuracy, ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("cos(a)").variable("a", Dtype::Float64).compile()?;
    /// let evaluation = expression.evaluation().accuracy(Accuracy::Precise);
    /// assert_eq!(evaluation.run_to_vec::<f64>(&[ArrayRef::from(&[0.0])])?, [1.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn accuracy(self, accuracy: Accuracy) -> Self {
        Evaluation { accuracy, ..self }
    }

    /// Says whether machine code may run; it may unless this is called with [`JitMode::Off`](Mode::Off).
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression, JitMode};
    /// let expression = Expression::builder("def f(a):\n    return a + 1\n").variable("a", Dtype::Int64).compile()?;
    /// let evaluation = expression.evaluation().jit(JitMode::Off);
    /// assert_eq!(evaluation.run_to_vec::<i64>(&[ArrayRef::from(&[1i64])])?, [2]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn jit(self, mode: Mode) -> Self {
        Evaluation { mode, ..self }
    }

    /// Evaluates: reads an array for each declared variable, in their order, and writes the values to `output`.
    ///
    /// The inputs that are used have one length, which is that of the output too, unless the expression
    /// [is scalar](Expression::is_scalar): then the output has one item. Types are those of
    /// [`Expression::variables`] and [`Expression::dtype`], itemsizes of strings included.
    ///
    /// Errors: [`ErrorKind::InputCount`], [`ErrorKind::WrongType`] and [`ErrorKind::Shape`] for arrays that are
    /// not like that, and nothing is written; [`ErrorKind::Kernel`] and [`ErrorKind::OutOfMemory`], after which the
    /// output may hold anything.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression};
    ///
    /// let expression = Expression::builder("a + b")
    ///     .variable("a", Dtype::Int64)
    ///     .variable("b", Dtype::Int64)
    ///     .compile()?;
    /// let (a, short) = ([1i64, 2, 3], [10i64, 20]);
    /// let inputs = [ArrayRef::from(&a), ArrayRef::from(&short)];
    /// let error = expression.evaluation().run(&inputs, &mut [0i64; 3]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Shape);
    /// assert_eq!(error.message(), "'a' has 3 items, but 'b' has 2");
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn run<'a>(self, inputs: &[ArrayRef<'_>], output: impl Into<ArrayMut<'a>>) -> Result<(), Error> {
        let length = self.check_inputs(inputs)?;
        // SAFETY: the inputs have been checked.
        unsafe { self.run_checked(inputs, length, output.into()) }
    }

    /// Evaluates into a new vector, see [`Evaluation::run`].
    ///
    /// Without any used input there is one item.
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("a * 0.5").variable("a", Dtype::Float32).compile()?;
    /// let values: Vec<f32> = expression.evaluation().run_to_vec(&[ArrayRef::from(&[1f32, 3.0])])?;
    /// assert_eq!(values, [0.5, 1.5]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn run_to_vec<T: Item>(self, inputs: &[ArrayRef<'_>]) -> Result<Vec<T>, Error> {
        let length = self.check_inputs(inputs)?;
        let results = if self.expression.is_scalar() { 1 } else { length.unwrap_or(1) };
        let mut values = Vec::try_filled(T::default(), results)?;
        // SAFETY: the inputs have been checked.
        unsafe { self.run_checked(inputs, length, ArrayMut::from(&mut values))? };
        Ok(values)
    }

    /// Checks the output, and evaluates.
    ///
    /// # Safety
    /// [`Evaluation::check_inputs`] gave `length` for these inputs.
    unsafe fn run_checked(
        self,
        inputs: &[ArrayRef<'_>],
        length: Option<usize>,
        mut output: ArrayMut<'_>,
    ) -> Result<(), Error> {
        if output.ty() != self.expression.program.kernel.output {
            let (wanted, given) = (self.expression.program.kernel.output, output.ty());
            return Err(wrong_type(format_args!("the output"), wanted, given));
        }
        let items = length.unwrap_or(if self.expression.is_scalar() { 1 } else { output.len() });
        let results = if self.expression.is_scalar() { 1 } else { items };
        if output.len() != results {
            let message = format_args!("the output has {} items instead of {results}", output.len());
            return Err(Error::new(ErrorKind::Shape, message));
        }
        let pointers = self.pointers(inputs)?;
        // SAFETY: inputs that are read have `items` items each, and the output has room for the results, all of the
        // types that the kernel takes and gives. The output is borrowed exclusively, so it overlaps nothing.
        unsafe { self.run_unchecked(&pointers, output.as_mut_ptr(), items) }
    }

    /// The common length of the inputs that are used, if there is any.
    fn check_inputs(&self, inputs: &[ArrayRef<'_>]) -> Result<Option<usize>, Error> {
        let variables = self.expression.variables();
        if inputs.len() != variables.len() {
            let message = format_args!("{} inputs for {} variables", inputs.len(), variables.len());
            return Err(Error::new(ErrorKind::InputCount, message));
        }
        for (variable, input) in variables.iter().zip(inputs) {
            if input.ty() != variable.ty {
                return Err(wrong_type(format_args!("'{}'", variable.name()), variable.ty, input.ty()));
            }
        }
        let mut used = variables.iter().zip(inputs).filter(|(variable, _)| variable.is_used());
        let Some((first, input)) = used.next() else { return Ok(None) };
        let length = input.len();
        match used.find(|(_, input)| input.len() != length) {
            None => Ok(Some(length)),
            Some((other, input)) => Err(Error::new(
                ErrorKind::Shape,
                format_args!(
                    "'{}' has {length} items, but '{}' has {}",
                    first.name(),
                    other.name(),
                    input.len()
                ),
            )),
        }
    }

    /// The inputs that are parameters of the kernel; NULL for one that is not read.
    fn pointers(&self, inputs: &[ArrayRef<'_>]) -> Result<Pointers, Error> {
        let mut pointers = Pointers::new();
        pointers.try_reserve(inputs.len()).map_err(|_| OutOfMemory)?;
        for (variable, input) in self.expression.variables().iter().zip(inputs) {
            match variable.role {
                Role::Read => pointers.push(input.as_ptr()),
                Role::Unread => pointers.push(std::ptr::null()),
                Role::Unbound => {}
            }
        }
        Ok(pointers)
    }

    /// # Safety
    /// Each of `inputs` is an array of `items` items of its parameter's type, or NULL if that is not read;
    /// `output` has room for as many results.
    unsafe fn run_unchecked(&self, inputs: &[*const u8], output: *mut u8, items: usize) -> Result<(), Error> {
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let accuracy = if simd_backend::is_scalar() { Accuracy::Scalar } else { self.accuracy };
        // SAFETY: as the caller promises.
        let result = unsafe {
            self.expression.program.run(inputs, output, Items::First(items), &positions, accuracy, self.mode)
        };
        result.map_err(|error| match error {
            RunError::OutOfMemory => OutOfMemory.into(),
            RunError::Kernel => Error::new(
                ErrorKind::Kernel,
                format_args!("a range has a step of zero, a loop does not end, or items end without a value"),
            ),
        })
    }
}

fn wrong_type(what: std::fmt::Arguments<'_>, wanted: Type, given: Type) -> Error {
    let message = match wanted.dtype == given.dtype {
        true => format_args!("{what} takes items of {} bytes, not {}", wanted.itemsize, given.itemsize),
        false => format_args!("{what} is {}, not {}", wanted.dtype, given.dtype),
    };
    Error::new(ErrorKind::WrongType, message)
}
