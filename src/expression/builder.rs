//! From a text and what it may name to an expression.

use super::variable::{Role, Variable};
use super::{Expression, Function};
use crate::array::pool;
use crate::back::block::Printer;
use crate::back::jit_mode::Mode;
use crate::back::policy::Program;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind};
use crate::front::error::Quoted;
use crate::front::{self, Dialect, Entry, EntryKind, Language, Lifting, Profile, without_pragmas};
use crate::ir::{Axes, Compiler, ExprKind, Kernel, Type};
use crate::memory::{OutOfMemory, TryGrow};
use crate::nd::Geometry;

/// What a compilation is given, step by step; made by [`Expression::builder`].
///
/// A wrong step is an error of [`ExpressionBuilder::compile`].
///
/// ```
/// use miniexpr::{Dtype, Expression};
///
/// let expression = Expression::builder("a < b").variable("a", Dtype::Int32).variable("b", Dtype::Int32).compile()?;
/// assert_eq!(expression.dtype(), Dtype::Bool);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Debug)]
pub struct ExpressionBuilder<'a> {
    text: &'a [u8],
    /// What the text may name, or the first error among it.
    entries: Result<Vec<Entry<'a>>, Error>,
    output: Option<Dtype>,
    dialect: Dialect,
    /// The axes of the reduction whose value the text is.
    axes: Result<Option<Vec<i32>>, OutOfMemory>,
    keepdims: bool,
    mode: Mode,
    geometry: Option<Geometry>,
    profile: Profile,
    printer: Result<Printer, OutOfMemory>,
    like_reference: bool,
}

impl<'a> ExpressionBuilder<'a> {
    pub(crate) fn new(text: &'a [u8]) -> ExpressionBuilder<'a> {
        ExpressionBuilder {
            text,
            entries: Ok(Vec::new()),
            output: None,
            dialect: Dialect::default(),
            axes: Ok(None),
            keepdims: false,
            mode: Mode::Default,
            geometry: None,
            profile: Profile::default(),
            printer: Ok(Printer::default()),
            like_reference: false,
        }
    }

    /// Declares a variable: an input array of a numeric dtype. Evaluations take their inputs in the order of
    /// declaration.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("2 * a").variable("a", Dtype::Float32).compile()?;
    /// assert_eq!(expression.dtype(), Dtype::Float32);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn variable(self, name: &'a str, dtype: Dtype) -> Self {
        self.string_variable(name, dtype, if dtype.is_string() { 0 } else { dtype.size() })
    }

    /// Declares a variable of fixed-width strings of `itemsize` bytes, see
    /// [`ArrayRef::strings`](crate::ArrayRef::strings).
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype, Expression};
    /// let expression = Expression::builder("startswith(name, 'ab')")
    ///     .string_variable("name", Dtype::Bytes, 4)
    ///     .compile()?;
    /// let names = ArrayRef::strings(b"abcdxabc", Dtype::Bytes, 4)?;
    /// assert_eq!(expression.evaluate_to_vec::<bool>(&[names])?, [true, false]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn string_variable(self, name: &'a str, dtype: Dtype, itemsize: usize) -> Self {
        let name = name.as_bytes();
        self.with(Entry { name, dtype: Some(dtype), itemsize, kind: EntryKind::Variable })
    }

    /// Declares a function of the program, see [`Function`].
    ///
    /// ```
    /// # use miniexpr::{Expression, Function};
    /// extern "C" fn next(x: f64) -> f64 {
    ///     x + 1.0
    /// }
    ///
    /// let next = Function::new(next as extern "C" fn(f64) -> f64);
    /// let expression = Expression::builder("next(1)").function("next", next).compile()?;
    /// assert_eq!(expression.evaluate_to_vec::<f64>(&[])?, [2.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn function(self, name: &'a str, function: Function) -> Self {
        let (name, dtype, kind) = (name.as_bytes(), Some(function.dtype()), function.kind());
        self.with(Entry { name, dtype, itemsize: 0, kind })
    }

    /// Asks for results of `dtype`; otherwise the dtype follows from the text and the variables.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let expression = Expression::builder("a / 2")
    ///     .variable("a", Dtype::Int16)
    ///     .output(Dtype::Float32)
    ///     .compile()?;
    /// assert_eq!(expression.dtype(), Dtype::Float32);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn output(self, dtype: Dtype) -> Self {
        ExpressionBuilder { output: Some(dtype), ..self }
    }

    /// Says which language the text is written in; [`Dialect::NumPy`] unless this is called.
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dialect, Dtype, Expression};
    /// let expression = Expression::builder("0 < x < 2**3**2")
    ///     .variable("x", Dtype::Int16)
    ///     .dialect(Dialect::NumPy)
    ///     .compile()?;
    /// let values: Vec<bool> = expression.evaluate_to_vec(&[ArrayRef::from(&[0i16, 1, 511, 512])])?;
    /// assert_eq!(values, [false, true, true, false]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn dialect(self, dialect: Dialect) -> Self {
        ExpressionBuilder { dialect, ..self }
    }

    /// Reduces along these axes only: the text is a reduction, such as `sum(a * b)`, and gives an array with a
    /// value for each place along the other axes. Negative axes count from the end; the order means nothing.
    /// Without this call all items are reduced.
    ///
    /// An array that lacks one of the axes is an error of the evaluation; a text that is no reduction, one of
    /// [`ExpressionBuilder::compile`].
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let rows = Expression::builder("sum(a * a)").variable("a", Dtype::Float64).axis(&[-1]).compile()?;
    /// assert!(!rows.is_scalar());
    /// let error = Expression::builder("a + 1").variable("a", Dtype::Float64).axis(&[0]).compile().unwrap_err();
    /// assert_eq!(error.message(), "axes are given for a text that is not a reduction");
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn axis(self, axes: &[i32]) -> Self {
        ExpressionBuilder { axes: Vec::try_copied(axes).map(Some), ..self }
    }

    /// Says whether the axes that are reduced stay, with an extent of one, so that the result goes together with
    /// the arrays that it was made of; they do not unless this is called. As [`ExpressionBuilder::axis`], it is
    /// for a text that is a reduction.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let means =
    ///     Expression::builder("mean(a)").variable("a", Dtype::Float64).axis(&[0]).keepdims(true).compile()?;
    /// assert_eq!(means.dtype(), Dtype::Float64);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn keepdims(self, keepdims: bool) -> Self {
        ExpressionBuilder { keepdims, ..self }
    }

    /// Says what to do with machine code; [`JitMode::Default`](Mode::Default) unless this is called.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression, JitMode};
    /// let expression =
    ///     Expression::builder("a + 1").variable("a", Dtype::Float64).jit(JitMode::Off).compile()?;
    /// assert!(!expression.has_machine_code());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn jit(self, mode: Mode) -> Self {
        ExpressionBuilder { mode, ..self }
    }

    /// Says what the text may use and how large it may be; anything unless this is called. For text from users, begin
    /// with [`Profile::sandbox`].
    ///
    /// ```
    /// # use miniexpr::{ErrorKind, Expression, Profile};
    /// let error = Expression::builder("((((1))))")
    ///     .profile(Profile { max_nesting: Some(3), ..Profile::sandbox() })
    ///     .compile()
    ///     .unwrap_err();
    /// assert_eq!((error.kind(), error.span()), (ErrorKind::Limit, Some(3..4)));
    /// ```
    pub fn profile(self, profile: Profile) -> Self {
        ExpressionBuilder { profile, ..self }
    }

    /// Gives what a kernel prints to `printer`, a line with its newline at a time, in any thread that evaluates; it goes to
    /// C's standard output unless this is called.
    ///
    /// ```
    /// use std::sync::{Arc, Mutex};
    ///
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// let lines = Arc::new(Mutex::new(String::new()));
    /// let printed = Arc::clone(&lines);
    /// let kernel = Expression::builder("def f(x):\n    print(\"at most {}\", max(x))\n    return x\n")
    ///     .variable("x", Dtype::Float64)
    ///     .print(move |line| printed.lock().unwrap().push_str(&String::from_utf8_lossy(line)))
    ///     .compile()?;
    /// kernel.evaluate_to_vec::<f64>(&[ArrayRef::from(&[0.5, 2.5])])?;
    /// assert_eq!(*lines.lock().unwrap(), "at most 2.5\n");
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn print(self, printer: impl Fn(&[u8]) + Send + Sync + 'static) -> Self {
        ExpressionBuilder { printer: Printer::new(printer), ..self }
    }

    /// Takes the table of names as the reference does: the first of equal names counts, a name may be any bytes, and all
    /// variables are parameters of a kernel.
    pub(crate) fn like_reference(self, like_reference: bool) -> Self {
        ExpressionBuilder { like_reference, ..self }
    }

    /// Compiles for the blocks of a chunked array.
    pub(crate) fn geometry(self, geometry: Option<Geometry>) -> Self {
        ExpressionBuilder { geometry, ..self }
    }

    /// Adds an entry whose name and kind are known to be right, or the reason why there is none. The first
    /// error stays; the dtype of the output is known by now if variables take it.
    pub(crate) fn add(&mut self, entry: Result<Entry<'a>, Error>) {
        let Ok(entries) = &mut self.entries else { return };
        let added = entry.and_then(|entry| {
            check_strings(&entry, self.output)?;
            Ok(entries.try_push(entry)?)
        });
        if let Err(error) = added {
            self.entries = Err(error);
        }
    }

    /// The builder with one more entry.
    fn with(mut self, entry: Entry<'a>) -> Self {
        self.add(Ok(entry));
        self
    }

    /// Compiles the text.
    ///
    /// The parameters of a kernel are some of the variables, in any order.
    ///
    /// Errors: [`ErrorKind::InvalidArgument`] for a name that no text can use, and for two equal ones;
    /// [`ErrorKind::Syntax`] with the place, for everything that is wrong with a kernel, and for a text that is no expression; [`ErrorKind::InvalidType`] and [`ErrorKind::InvalidReduction`] for operations that have
    /// no meaning; [`ErrorKind::OutOfMemory`].
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression};
    /// let error = Expression::builder("a +").variable("a", Dtype::Float64).compile().unwrap_err();
    /// assert_eq!(error.span(), Some(3..3));
    /// ```
    pub fn compile(self) -> Result<Expression, Error> {
        let (text, dialect) = (self.text, self.dialect);
        if u32::try_from(text.len()).is_err() {
            return Err(Error::new(ErrorKind::InvalidArgument, format_args!("the text is longer than 4 GB")));
        }
        self.profile.check_text(text)?;
        if !self.like_reference
            && let Ok(entries) = &self.entries
        {
            check_names(entries)?;
        }
        let language = Language::of(text, dialect);
        if self.profile.expressions_only && language == Language::Kernel {
            let message = format_args!("the text is a kernel; expressions alone are allowed here");
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let masked = if self.profile.ignore_pragmas { Some(without_pragmas(text)?) } else { None };
        let read = masked.as_deref().unwrap_or(text);
        match (self.compile_as(read, language), language) {
            (Err(error), Language::Kernel) => Err(kernel_error(read, dialect, error)),
            (result, _) => result,
        }
    }

    /// Compiles what is read of the text.
    fn compile_as(self, read: &[u8], language: Language) -> Result<Expression, Error> {
        let ExpressionBuilder {
            text,
            entries,
            output,
            dialect,
            axes,
            keepdims,
            mode,
            geometry,
            profile,
            printer,
            like_reference,
        } = self;
        let entries = entries?;
        pool::read_environment();
        let lifting = if mode == Mode::On { Lifting::IfPossible } else { Lifting::Never };
        let bound = match language {
            Language::Kernel if !like_reference => bound_entries(&entries, read, dialect)?,
            _ => None,
        };
        let bound = bound.as_deref().unwrap_or(&entries);
        let mut kernel = front::compile(read, language, dialect, bound, output, lifting)?;
        profile.check_kernel(&kernel, read)?;
        let axes = Axes::new(axes?.as_deref(), keepdims)?;
        if axes != Axes::default() && !kernel.reduce_along(axes)? {
            let message = format_args!("axes are given for a text that is not a reduction");
            return Err(Error::new(ErrorKind::InvalidReduction, message));
        }
        let is_kernel = language == Language::Kernel;
        if profile.no_disk_cache {
            kernel.compiler = Compiler::InProcess;
        }
        let mut program = Program::new(kernel, is_kernel, mode)?;
        program.print_to(printer?);
        let calls_host =
            program.kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Call { .. }));
        let variables = variables(&entries, output, &program.kernel)?;
        Ok(Expression {
            program,
            plan: crate::array::Plan::default(),
            is_kernel,
            geometry,
            calls_host,
            max_passes: profile.max_passes,
            variables,
            text: Vec::try_copied(text)?,
        })
    }
}

/// Refuses names that no text can mention, and those that stand for two things.
fn check_names(entries: &[Entry<'_>]) -> Result<(), Error> {
    let mut names = Vec::new();
    for entry in entries {
        if !front::is_name(entry.name) {
            let message = format_args!("{} is not a name that a text can use", Quoted(entry.name));
            return Err(Error::new(ErrorKind::InvalidArgument, message));
        }
        names.try_push(entry.name)?;
    }
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        None => Ok(()),
        Some(pair) => {
            let message = format_args!("there are two variables or functions named {}", Quoted(pair[0]));
            Err(Error::new(ErrorKind::InvalidArgument, message))
        }
    }
}

/// The entries without the variables that are no parameters of a kernel; `None` where its signature has a fault.
fn bound_entries<'a>(
    entries: &[Entry<'a>],
    source: &[u8],
    dialect: Dialect,
) -> Result<Option<Vec<Entry<'a>>>, OutOfMemory> {
    let Ok(params) = front::kernel_parameters(source, dialect) else { return Ok(None) };
    let mut bound = Vec::new();
    for entry in entries {
        if !matches!(entry.kind, EntryKind::Variable) || params.contains(&entry.name) {
            bound.try_push(*entry)?;
        }
    }
    Ok(Some(bound))
}

/// The variables among the entries, with the parameters of the kernel that they are.
fn variables(
    entries: &[Entry<'_>],
    output: Option<Dtype>,
    kernel: &Kernel,
) -> Result<Vec<Variable>, OutOfMemory> {
    let mut is_read = Vec::try_filled(false, kernel.params.len())?;
    for expr in &kernel.graph.exprs {
        if let ExprKind::Param(param) = expr.kind {
            is_read[param as usize] = true;
        }
    }
    let mut variables = Vec::new();
    // Parameters are variables in the order of declaration.
    let mut params = kernel.params.iter().zip(is_read).peekable();
    let is_variable = |(_, entry): &(u32, &Entry<'_>)| matches!(entry.kind, EntryKind::Variable);
    for (index, entry) in (0..).zip(entries).filter(is_variable) {
        let dtype = entry.dtype.or(output).unwrap_or(Dtype::Float64);
        let itemsize = if dtype.is_string() { entry.itemsize } else { dtype.size() };
        let role = match params.next_if(|(param, _)| param.name == entry.name) {
            Some((_, true)) => Role::Read,
            Some((_, false)) => Role::Unread,
            None => Role::Unbound,
        };
        let mut name = Vec::try_copied(entry.name)?;
        name.try_push(0)?;
        variables.try_push(Variable { name, entry: index, ty: Type { dtype, itemsize }, role })?;
    }
    Ok(variables)
}

/// Refuses strings without an itemsize, and functions that return strings.
fn check_strings(entry: &Entry<'_>, output: Option<Dtype>) -> Result<(), Error> {
    let Entry { name, itemsize, .. } = *entry;
    let (dtype, is_variable) = match entry.kind {
        EntryKind::Variable => (entry.dtype.or(output), true),
        EntryKind::Function { .. } => (entry.dtype, false),
    };
    let Some(dtype) = dtype.filter(|dtype| dtype.is_string()) else { return Ok(()) };
    if !is_variable {
        let message = format_args!("a function cannot return a string");
        return Err(Error::new(ErrorKind::InvalidType, message));
    }
    if !(Type { dtype, itemsize }).has_whole_units() {
        let name = Quoted(name);
        let message = format_args!("the itemsize of the string {name} is invalid");
        return Err(Error::new(ErrorKind::InvalidType, message));
    }
    Ok(())
}

/// The error of a kernel: it is always a syntax error, and one in the source goes before one in the
/// caller's table.
fn kernel_error(source: &[u8], dialect: Dialect, error: Error) -> Error {
    match front::check_syntax(source, dialect) {
        Err(fault) if error.kind() != ErrorKind::Syntax => fault,
        _ if error.kind() == ErrorKind::Refused => error,
        _ => error.into_syntax_error(),
    }
}
