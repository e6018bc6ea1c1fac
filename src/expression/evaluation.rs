//! One evaluation: its options, the checks of its arrays, and the call of the engines.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use smallvec::SmallVec;

use super::Expression;
use super::variable::Role;
use crate::array::{ArrayMut, ArrayRef, Item, Operand, Options, evaluate, pool, result_shape};
use crate::back::budget::{Flag, Limits};
use crate::back::jit_mode::Mode;
use crate::back::simd_backend;
use crate::error::{Error, ErrorKind};
use crate::ir::Type;
use crate::kernel::Accuracy;
use crate::memory::{OutOfMemory, TryGrow, try_box};

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
#[must_use = "`run` evaluates"]
pub struct Evaluation<'e> {
    expression: &'e Expression,
    accuracy: Accuracy,
    mode: Mode,
    threads: usize,
    limits: Limits<'e>,
    progress: Option<Progress<'e>>,
}

/// The function that follows the progress of an evaluation; an error if there was no memory for it.
type Progress<'e> = Result<Box<dyn FnMut(i64, i64) + 'e>, OutOfMemory>;

/// Inputs of this number take no allocation.
type Operands = SmallVec<[Option<Operand>; 4]>;

impl<'e> Evaluation<'e> {
    pub(super) fn new(expression: &'e Expression) -> Evaluation<'e> {
        let (accuracy, mode) = (Accuracy::Fast, Mode::Default);
        Evaluation { expression, accuracy, mode, threads: 1, limits: Limits::default(), progress: None }
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

    /// Asks for up to `threads` threads at once, the calling one included; 0 for as many as the process may use, see
    /// [`num_threads`](crate::num_threads). One alone works unless this is called, and where there is little to do.
    /// Functions of the program are then called from several threads. The results are the same, bit for bit.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// let expression = Expression::builder("sin(a)**2 + cos(a)**2").variable("a", Dtype::Float64).compile()?;
    /// let angles = vec![0.5; 1_000_000];
    /// let one = expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&angles)])?;
    /// let four: Vec<f64> = expression.evaluation().threads(4).run_to_vec(&[ArrayRef::from(&angles)])?;
    /// assert_eq!(one, four);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn threads(self, threads: usize) -> Self {
        Evaluation { threads, ..self }
    }

    /// Stops the evaluation with [`ErrorKind::Cancelled`] within some milliseconds after `flag` is set, by any thread or
    /// by [`Evaluation::progress`]. The output may then hold anything; the expression is as it was.
    ///
    /// ```
    /// use std::sync::atomic::AtomicBool;
    ///
    /// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression};
    ///
    /// let expression = Expression::builder("a + 1").variable("a", Dtype::Float64).compile()?;
    /// let flag = AtomicBool::new(true);
    /// let result = expression.evaluation().cancel(&flag).run(&[ArrayRef::from(&[1.0, 2.0])], &mut [0.0; 2]);
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::Cancelled);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn cancel(self, flag: &'e AtomicBool) -> Self {
        Evaluation { limits: Limits { flag: Some(Flag::Bool(flag)), ..self.limits }, ..self }
    }

    /// Stops the evaluation with [`ErrorKind::TimedOut`] when it has taken `timeout`, or some milliseconds more.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression};
    ///
    /// let text = "def f(x):\n    y = x\n    for i in range(10**12):\n        y = y + 1\n    return y\n";
    /// let endless = Expression::builder(text).variable("x", Dtype::Float64).compile()?;
    /// let evaluation = endless.evaluation().timeout(Duration::from_millis(10));
    /// let error = evaluation.run_to_vec::<f64>(&[ArrayRef::from(&[0.0])]).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::TimedOut);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn timeout(self, timeout: Duration) -> Self {
        Evaluation { limits: Limits { timeout: Some(timeout), ..self.limits }, ..self }
    }

    /// Stops the evaluation with [`ErrorKind::TooManyPasses`] when an item would take more than `passes` passes of loops in
    /// all. A pass counts for all items that are evaluated together, also for those that no longer take part.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression};
    ///
    /// let text = "def f(x):\n    y = x\n    for i in range(100):\n        y = y + 1\n    return y\n";
    /// let kernel = Expression::builder(text).variable("x", Dtype::Float64).compile()?;
    /// let run = |passes| kernel.evaluation().max_passes(passes).run_to_vec::<f64>(&[ArrayRef::from(&[0.0])]);
    /// assert_eq!(run(100)?, [100.0]);
    /// assert_eq!(run(99).unwrap_err().kind(), ErrorKind::TooManyPasses);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn max_passes(self, passes: u64) -> Self {
        Evaluation { limits: Limits { passes: Some(passes), ..self.limits }, ..self }
    }

    /// Calls `progress` now and then, on the calling thread, with the number of items that are done and that of all.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// let expression = Expression::builder("a + 1").variable("a", Dtype::Float64).compile()?;
    /// let (values, mut out) = (vec![0.0; 1_000_000], vec![0.0; 1_000_000]);
    /// let mut last = (0, 0);
    /// let evaluation = expression.evaluation().progress(|done, all| last = (done, all));
    /// evaluation.run(&[ArrayRef::from(&values)], &mut out)?;
    /// assert_eq!(last, (1_000_000, 1_000_000));
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn progress(self, mut progress: impl FnMut(usize, usize) + 'e) -> Self {
        let progress = try_box(move |done: i64, all: i64| progress(done as usize, all as usize));
        Evaluation {
            progress: Some(progress.map(|progress| progress as Box<dyn FnMut(i64, i64) + 'e>)),
            ..self
        }
    }

    /// Evaluates: reads an array for each declared variable, in their order, and writes the values to `output`.
    ///
    /// The inputs that are used are broadcast: their shapes are aligned at the last dimension, and of two
    /// extents that differ one is 1 or missing. The output has the shape that they have together; one item, if the
    /// expression [is scalar](Expression::is_scalar); any shape, if no input is used. Types are those of
    /// [`Expression::variables`] and [`Expression::dtype`], itemsizes of strings included.
    ///
    /// Errors: [`ErrorKind::InputCount`], [`ErrorKind::WrongType`] and [`ErrorKind::Shape`] for arrays that are
    /// not like that, and nothing is written; [`ErrorKind::InvalidReduction`] for the smallest or largest of no items;
    /// [`ErrorKind::Kernel`], [`ErrorKind::Cancelled`], [`ErrorKind::TimedOut`], [`ErrorKind::TooManyPasses`],
    /// [`ErrorKind::Callback`] and [`ErrorKind::OutOfMemory`], after which the output may hold anything.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, ErrorKind, Expression};
    ///
    /// let expression = Expression::builder("a + b")
    ///     .variable("a", Dtype::Int64)
    ///     .variable("b", Dtype::Int64)
    ///     .compile()?;
    /// let (a, ten) = ([1i64, 2, 3], [10i64]);
    /// let mut out = [0i64; 3];
    /// expression.evaluation().run(&[ArrayRef::from(&a), ArrayRef::from(&ten)], &mut out)?;
    /// assert_eq!(out, [11, 12, 13]);
    ///
    /// let inputs = [ArrayRef::from(&a), ArrayRef::from(&[10i64, 20])];
    /// let error = expression.evaluation().run(&inputs, &mut out).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Shape);
    /// assert_eq!(error.message(), "'a' of shape (3,) and 'b' of shape (2,) cannot be broadcast together");
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn run<'a>(self, inputs: &[ArrayRef<'_>], output: impl Into<ArrayMut<'a>>) -> Result<(), Error> {
        let operands = self.operands(inputs)?;
        self.run_checked(&operands, output.into())
    }

    /// Evaluates into a new vector, see [`Evaluation::run`]: the items in C order.
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
        let operands = self.operands(inputs)?;
        let shape = self.shape_for(&operands)?;
        let items = shape.iter().try_fold(1usize, |items, extent| items.checked_mul(*extent));
        let mut values = Vec::try_filled(T::default(), items.ok_or(OutOfMemory)?)?;
        self.run_checked(&operands, ArrayMut::shaped(&mut values, &shape)?)?;
        Ok(values)
    }

    /// The shape of the result for inputs.
    pub(super) fn result_shape(&self, inputs: &[ArrayRef<'_>]) -> Result<Vec<usize>, Error> {
        let shape = self.shape_for(&self.operands(inputs)?)?;
        Ok(Vec::try_copied(&shape)?)
    }

    /// The shape of the result for inputs that have been checked.
    fn shape_for(&self, inputs: &[Option<Operand>]) -> Result<SmallVec<[usize; 8]>, Error> {
        let shape = result_shape(&self.expression.program, &self.expression.plan, inputs)?;
        let mut extents = SmallVec::new();
        extents.try_reserve(shape.len()).map_err(|_| OutOfMemory)?;
        for extent in &shape {
            extents.push(usize::try_from(*extent).map_err(|_| OutOfMemory)?);
        }
        Ok(extents)
    }

    /// Checks the output, and evaluates inputs that have been checked.
    fn run_checked(self, inputs: &[Option<Operand>], mut output: ArrayMut<'_>) -> Result<(), Error> {
        let wanted = self.expression.program.kernel.output;
        if output.ty() != wanted {
            return Err(wrong_type(format_args!("the output"), wanted, output.ty()));
        }
        let output = output.operand()?;
        let mut progress = self.progress.transpose()?;
        let accuracy = if simd_backend::is_scalar() { Accuracy::Scalar } else { self.accuracy };
        let threads = if self.threads == 0 { pool::num_threads() } else { self.threads };
        let Evaluation { expression, mode, limits, .. } = self;
        expression.bounded(limits, |budget| {
            let progress = progress.as_mut().map(|progress| &mut **progress as &mut dyn FnMut(i64, i64));
            let options = Options { accuracy, mode, threads, budget, progress };
            // SAFETY: the arrays are borrowed views of the types that the kernel takes and gives, the output
            // exclusively.
            unsafe { evaluate(&expression.program, &expression.plan, inputs, &output, options) }
        })
    }

    /// The inputs that are parameters of the kernel, of the declared types; `None` for one that is not read.
    fn operands(&self, inputs: &[ArrayRef<'_>]) -> Result<Operands, Error> {
        let variables = self.expression.variables();
        if inputs.len() != variables.len() {
            let message = format_args!("{} inputs for {} variables", inputs.len(), variables.len());
            return Err(Error::new(ErrorKind::InputCount, message));
        }
        let mut operands = Operands::new();
        operands.try_reserve(inputs.len()).map_err(|_| OutOfMemory)?;
        for (variable, input) in variables.iter().zip(inputs) {
            if input.ty() != variable.ty {
                return Err(wrong_type(format_args!("'{}'", variable.name()), variable.ty, input.ty()));
            }
            match variable.role {
                Role::Read => operands.push(Some(input.operand()?)),
                Role::Unread => operands.push(None),
                Role::Unbound => {}
            }
        }
        Ok(operands)
    }
}

impl fmt::Debug for Evaluation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluation")
            .field("expression", self.expression)
            .field("accuracy", &self.accuracy)
            .field("mode", &self.mode)
            .field("threads", &self.threads)
            .finish_non_exhaustive()
    }
}

fn wrong_type(what: std::fmt::Arguments<'_>, wanted: Type, given: Type) -> Error {
    let message = match wanted.dtype == given.dtype {
        true => format_args!("{what} takes items of {} bytes, not {}", wanted.itemsize, given.itemsize),
        false => format_args!("{what} is {}, not {}", wanted.dtype, given.dtype),
    };
    Error::new(ErrorKind::WrongType, message)
}
