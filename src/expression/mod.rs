//! The safe core: a compiled expression, and its evaluation on views of arrays.

mod bounded;
mod builder;
mod dump;
mod evaluation;
mod function;
mod packed;
mod variable;
mod words;

use std::fmt;

pub(crate) use bounded::AsError;
pub use bounded::fail_evaluation;
pub use builder::ExpressionBuilder;
pub use dump::Dump;
pub use evaluation::Evaluation;
pub use function::{Function, FunctionPointer};
pub use variable::Variable;
pub use words::{Builtin, BuiltinKind, builtins, is_kernel};

use crate::array::{ArrayMut, ArrayRef, Item, Plan, is_itemwise};
use crate::back::block::Outcome;
use crate::back::policy::Program;
use crate::dtype::Dtype;
use crate::error::Error;
use crate::nd::Geometry;

/// A compiled expression or kernel. Immutable: any number of threads may evaluate it at once.
///
/// ```
/// use miniexpr::{ArrayRef, Dtype, Expression};
///
/// let hypot = Expression::builder("sqrt(a*a + b*b)")
///     .variable("a", Dtype::Float64)
///     .variable("b", Dtype::Float64)
///     .compile()?;
/// let (a, b) = ([3.0, 5.0, 8.0], [4.0, 12.0, 15.0]);
/// let mut out = [0.0; 3];
/// hypot.evaluate(&[ArrayRef::from(&a), ArrayRef::from(&b)], &mut out)?;
/// assert_eq!(out, [5.0, 13.0, 17.0]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
pub struct Expression {
    pub(crate) program: Program,
    /// What arrays run, where the program reduces.
    pub(crate) plan: Plan,
    /// Whether the text was a kernel of statements: its C calls check more than those of expressions.
    pub(crate) is_kernel: bool,
    /// The chunked array whose blocks are evaluated, if it was compiled for one.
    pub(crate) geometry: Option<Geometry>,
    /// Whether evaluations call functions of the program, which may fail.
    calls_host: bool,
    /// Passes of loops that an evaluation may take, where it asks for no fewer.
    max_passes: Option<u64>,
    variables: Vec<Variable>,
    text: Vec<u8>,
}

impl Expression {
    /// Begins to compile `text`: an expression, or a kernel (`def name(…): …`).
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// let kernel = Expression::builder("def f(x):\n    if x < 0:\n        return 0\n    return sqrt(x)\n")
    ///     .variable("x", Dtype::Float64)
    ///     .compile()?;
    /// assert_eq!(kernel.evaluate_to_vec::<f64>(&[ArrayRef::from(&[-4.0, 9.0])])?, [0.0, 3.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn builder(text: &str) -> ExpressionBuilder<'_> {
        ExpressionBuilder::new(text.as_bytes())
    }

    /// The declared variables, in the order in which evaluations take their inputs.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression =
    ///     Expression::builder("a + b").variable("a", Dtype::Int8).variable("b", Dtype::Int16).compile()?;
    /// let names: Vec<&str> = expression.variables().iter().map(|variable| variable.name()).collect();
    /// assert_eq!(names, ["a", "b"]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The dtype of the results.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("sum(a)").variable("a", Dtype::Int8).compile()?;
    /// assert_eq!(expression.dtype(), Dtype::Int64);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn dtype(&self) -> Dtype {
        self.program.kernel.output.dtype
    }

    /// Bytes of one result.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("s + '!'").string_variable("s", Dtype::String, 8).compile()?;
    /// assert_eq!(expression.itemsize(), 12);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn itemsize(&self) -> usize {
        self.program.kernel.output.itemsize
    }

    /// Whether an evaluation gives one value however many items there are: that of a reduction.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let compile = |text| Expression::builder(text).variable("a", Dtype::Float64).compile();
    /// assert!(compile("mean(a)")?.is_scalar());
    /// assert!(!compile("a - mean(a)")?.is_scalar());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn is_scalar(&self) -> bool {
        matches!(self.program.outcome(), Outcome::One { .. }) && !self.program.kernel.has_axes()
    }

    /// Whether the item of a result depends on the items of the inputs at its place alone, so that arrays of the same
    /// shape may be evaluated in pieces, one after another in any order. Reductions, indices, functions of the program
    /// and `print` make it false.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let compile = |text| Expression::builder(text).variable("a", Dtype::Float64).compile();
    /// assert!(compile("a * 2 + sin(a)")?.is_itemwise());
    /// assert!(!compile("a - mean(a)")?.is_itemwise());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn is_itemwise(&self) -> bool {
        is_itemwise(&self.program.kernel)
    }

    /// Whether there is machine code from the start. An expression without may get some once it has been evaluated
    /// on many items.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression, JitMode};
    /// let expression = Expression::builder("1 + 2").jit(JitMode::Off).compile()?;
    /// assert!(!expression.has_machine_code());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn has_machine_code(&self) -> bool {
        self.program.has_code()
    }

    /// Evaluates with the default options: see [`Evaluation::run`].
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("a > 1").variable("a", Dtype::UInt8).compile()?;
    /// let mut out = [false; 3];
    /// expression.evaluate(&[ArrayRef::from(&[0u8, 1, 2])], &mut out)?;
    /// assert_eq!(out, [false, false, true]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn evaluate<'a>(
        &self,
        inputs: &[ArrayRef<'_>],
        output: impl Into<ArrayMut<'a>>,
    ) -> Result<(), Error> {
        self.evaluation().run(inputs, output)
    }

    /// Evaluates into a new vector: see [`Evaluation::run_to_vec`].
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("sum(a)").variable("a", Dtype::Float64).compile()?;
    /// assert_eq!(expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[1.0, 2.5])])?, [3.5]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn evaluate_to_vec<T: Item>(&self, inputs: &[ArrayRef<'_>]) -> Result<Vec<T>, Error> {
        self.evaluation().run_to_vec(inputs)
    }

    /// The shape of the result for these inputs: what they have together by broadcasting, without the axes that a
    /// reduction removes. No dimension, if the result is one value, or if no input is used.
    ///
    /// Errors: those that [`Evaluation::run`] has for the inputs.
    ///
    /// ```
    /// use miniexpr::{ArrayMut, ArrayRef, Dtype, Expression};
    ///
    /// let outer =
    ///     Expression::builder("a * b").variable("a", Dtype::Int16).variable("b", Dtype::Float32).compile()?;
    /// let inputs = [ArrayRef::shaped(&[1i16, 2], &[2, 1])?, ArrayRef::from(&[0.5f32, 1.0, 1.5])];
    /// let shape = outer.result_shape(&inputs)?;
    /// assert_eq!(shape, [2, 3]);
    /// // Enough to make room for a result of any dtype.
    /// let mut bytes = vec![0; shape.iter().product::<usize>() * outer.itemsize()];
    /// outer.evaluate(&inputs, ArrayMut::from_bytes(&mut bytes, outer.dtype(), outer.itemsize(), &shape)?)?;
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn result_shape(&self, inputs: &[ArrayRef<'_>]) -> Result<Vec<usize>, Error> {
        self.evaluation().result_shape(inputs)
    }

    /// Begins an evaluation with options.
    ///
    /// ```
    /// use miniexpr::{Accuracy, ArrayRef, Dtype, Expression};
    ///
    /// let expression = Expression::builder("exp(a)").variable("a", Dtype::Float64).compile()?;
    /// let values: Vec<f64> =
    ///     expression.evaluation().accuracy(Accuracy::Precise).run_to_vec(&[ArrayRef::from(&[0.0])])?;
    /// assert_eq!(values, [1.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn evaluation(&self) -> Evaluation<'_> {
        Evaluation::new(self)
    }
}

/// The text that was compiled.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text))
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression")
            .field("text", &String::from_utf8_lossy(&self.text))
            .field("variables", &self.variables)
            .field("output", &self.program.kernel.output)
            .field("is_scalar", &self.is_scalar())
            .finish()
    }
}
