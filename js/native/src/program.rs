//! Compiled texts.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use miniexpr::{ArrayRef, Dialect, Dtype, Error, ErrorKind, Expression, Profile};
use napi::bindgen_prelude::{AsyncTask, Either, Float64ArraySlice, Uint8Array};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi_derive::napi;
use smallvec::SmallVec;

use crate::control::Control;
use crate::failure::Failure;
use crate::layout::Layouts;
use crate::lines::{Lines, Shared};
use crate::memory::{Memory, copied};
use crate::task::Task;

/// Inputs of most calls.
pub const FEW: usize = 8;

type Views<'a> = SmallVec<[ArrayRef<'a>; FEW]>;

/// A compiled text, until [`Program::dispose`] or the garbage collector.
#[napi]
pub struct Program {
    expression: Shared,
}

/// A variable of a text.
#[napi(object)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The value of its dtype in C.
    pub dtype: u32,
    /// Bytes of an item.
    pub itemsize: u32,
}

/// What a text from users may do and how large it may be; what is absent is as [`Profile::sandbox`] has it.
#[napi(object)]
pub struct Sandbox {
    /// Whether kernels are allowed.
    pub kernels: bool,
    /// Brackets and blocks inside one another.
    pub max_nesting: Option<u32>,
    /// Bytes of the text.
    pub max_text_bytes: Option<i64>,
    /// Names, numbers, strings and operators.
    pub max_nodes: Option<i64>,
    /// Bytes of strings and numbers in the text.
    pub max_constant_bytes: Option<i64>,
    /// Passes of loops that an item may take in all.
    pub max_passes: Option<i64>,
}

impl Sandbox {
    fn profile(&self) -> Profile {
        let strict = Profile::sandbox();
        let limit =
            |given: Option<i64>, standard| given.and_then(|limit| u64::try_from(limit).ok()).or(standard);
        Profile {
            expressions_only: !self.kernels,
            max_nesting: self.max_nesting.or(strict.max_nesting),
            max_text_bytes: limit(self.max_text_bytes, strict.max_text_bytes),
            max_nodes: limit(self.max_nodes, strict.max_nodes),
            max_constant_bytes: limit(self.max_constant_bytes, strict.max_constant_bytes),
            max_passes: limit(self.max_passes, strict.max_passes),
            ..strict
        }
    }
}

/// Takes a line that is printed, in the thread of JavaScript; does not keep the process alive.
type Printer = ThreadsafeFunction<String, (), String, napi::Status, false, true>;

/// Compiles a text, within `sandbox` if it is there. `dtype` is that of the result, 0 to infer it; `dialect` has the value
/// of C. What is printed goes to `print`, or to C's `stdout`.
#[napi(catch_unwind)]
pub fn compile(
    text: String,
    variables: Vec<Variable>,
    dtype: u32,
    dialect: u32,
    sandbox: Option<Sandbox>,
    print: Option<Printer>,
) -> Either<Program, Failure> {
    match expression(&text, &variables, dtype, dialect, sandbox, print) {
        Ok(expression) => {
            Either::A(Program { expression: Rc::new(RefCell::new(Some(Arc::new(expression)))) })
        }
        Err(error) => Either::B(Failure::of_text(error)),
    }
}

fn expression(
    text: &str,
    variables: &[Variable],
    dtype: u32,
    dialect: u32,
    sandbox: Option<Sandbox>,
    print: Option<Printer>,
) -> Result<Expression, Error> {
    let dialect = match dialect {
        0 => Dialect::Miniexpr,
        1 => Dialect::NumPy,
        _ => Dialect::NumExpr,
    };
    let mut builder = Expression::builder(text).dialect(dialect);
    for variable in variables {
        builder = builder.string_variable(&variable.name, known(variable.dtype)?, variable.itemsize as usize);
    }
    if dtype != 0 {
        builder = builder.output(known(dtype)?);
    }
    if let Some(sandbox) = sandbox {
        builder = builder.profile(sandbox.profile());
    }
    if let Some(print) = print {
        builder = builder.print(move |line| {
            let line = String::from_utf8_lossy(line.strip_suffix(b"\n").unwrap_or(line));
            // A process that ends takes no lines any more.
            let _ = print.call(line.into_owned(), ThreadsafeFunctionCallMode::NonBlocking);
        });
    }
    builder.compile()
}

fn known(code: u32) -> Result<Dtype, Error> {
    let unknown = || Error::new(ErrorKind::InvalidType, format_args!("there is no dtype {code}"));
    Dtype::from_code(code).ok_or_else(unknown)
}

#[napi]
impl Program {
    /// The value of the dtype of results in C; 0 after `dispose`.
    #[napi(getter)]
    pub fn dtype(&self) -> u32 {
        self.expression.borrow().as_ref().map_or(0, |expression| expression.dtype().code())
    }

    /// Bytes of a result; 0 after `dispose`.
    #[napi(getter)]
    pub fn itemsize(&self) -> u32 {
        self.expression.borrow().as_ref().map_or(0, |expression| expression.itemsize() as u32)
    }

    /// For each variable, whether evaluations read it. They take those arrays only.
    #[napi(getter)]
    pub fn used(&self) -> Vec<bool> {
        let expression = self.expression.borrow();
        let variables = expression.iter().flat_map(|expression| expression.variables());
        variables.map(|variable| variable.is_used()).collect()
    }

    /// Gives the memory back once no evaluation needs it.
    #[napi]
    pub fn dispose(&self) {
        self.expression.take();
    }

    /// The extents of the result for these inputs; the layout of the output is not looked at.
    #[napi(catch_unwind)]
    pub fn result_shape(&self, layouts: Float64ArraySlice, inputs: Vec<Memory>) -> Either<Vec<f64>, Failure> {
        let expression = self.expression.borrow();
        let shape = alive(&expression).and_then(|expression| {
            let layouts = Layouts::read(&layouts, inputs.len() + 1)?;
            // SAFETY: no JavaScript runs, and nobody writes there.
            let items: Vec<&[u8]> = inputs.iter().map(|input| unsafe { input.bytes() }).collect();
            expression.result_shape(&laid_out(expression, &layouts, &items)?)
        });
        match shape {
            Ok(shape) => Either::A(shape.into_iter().map(|extent| extent as f64).collect()),
            Err(error) => Either::B(Failure::of_evaluation(error)),
        }
    }

    /// Evaluates into `output`, which may overlap inputs, within so many milliseconds if `timeout` is not 0.
    #[napi(catch_unwind)]
    pub fn evaluate(
        &self,
        layouts: Float64ArraySlice,
        timeout: f64,
        output: Memory,
        inputs: Vec<Memory>,
    ) -> Option<Failure> {
        let expression = self.expression.borrow();
        let evaluated = alive(&expression).and_then(|expression| {
            let layouts = Layouts::read(&layouts, inputs.len() + 1)?;
            apart(output, inputs.into_iter(), |output, items| {
                let evaluation = expression.evaluation();
                let evaluation = match Duration::try_from_secs_f64(timeout / 1000.0) {
                    Ok(timeout) if !timeout.is_zero() => evaluation.timeout(timeout),
                    _ => evaluation,
                };
                evaluate(expression, &layouts, output, items, evaluation)
            })
        });
        evaluated.err().map(Failure::of_evaluation)
    }

    /// See [`Lines`].
    #[napi(getter)]
    pub fn lines(&self) -> Lines {
        Lines(Rc::clone(&self.expression))
    }

    /// Evaluates copies of the inputs in a thread of libuv. Resolves to nothing, or to a failure.
    ///
    /// `output` belongs to the evaluation until then: nobody may read, detach or resize it.
    #[napi(catch_unwind)]
    pub fn evaluate_async(
        &self,
        control: &Control,
        layouts: Float64ArraySlice,
        output: Uint8Array,
        inputs: Vec<Memory>,
    ) -> napi::Result<AsyncTask<Task>> {
        let task = self.task(control, &layouts, output, &inputs);
        task.map(AsyncTask::new).map_err(|error| napi::Error::from_reason(error.message().to_owned()))
    }

    fn task(
        &self,
        control: &Control,
        layouts: &[f64],
        output: Uint8Array,
        inputs: &[Memory],
    ) -> Result<Task, Error> {
        Ok(Task {
            expression: self.expression.borrow().clone().ok_or_else(disposed)?,
            layouts: Layouts::read(layouts, inputs.len() + 1)?,
            output,
            // SAFETY: no JavaScript runs, and nobody writes there.
            inputs: inputs.iter().map(|input| copied(unsafe { input.bytes() })).collect::<Result<_, _>>()?,
            state: Arc::clone(&control.state),
        })
    }
}

/// The expression, if it has not been disposed of.
pub fn alive(expression: &Option<Arc<Expression>>) -> Result<&Expression, Error> {
    expression.as_deref().ok_or_else(disposed)
}

fn disposed() -> Error {
    Error::new(ErrorKind::InvalidArgument, format_args!("the expression has been disposed of"))
}

/// Runs `evaluate` with the bytes of an output and of inputs, of which those that overlap it are copied first.
pub fn apart(
    output: Memory,
    inputs: impl Iterator<Item = Memory>,
    evaluate: impl FnOnce(&mut [u8], &[&[u8]]) -> Result<(), Error>,
) -> Result<(), Error> {
    let inputs: SmallVec<[(Memory, Option<Vec<u8>>); FEW]> = inputs
        .map(|input| {
            // SAFETY: no JavaScript runs, and nothing is written yet.
            let copy = || unsafe { copied(input.bytes()) };
            Ok((input, input.overlaps(output).then(copy).transpose()?))
        })
        .collect::<Result<_, Error>>()?;
    let items: SmallVec<[&[u8]; FEW]> = inputs
        .iter()
        // SAFETY: no JavaScript runs, and what overlaps the output is not borrowed.
        .map(|(input, copy)| copy.as_deref().unwrap_or_else(|| unsafe { input.bytes() }))
        .collect();
    // SAFETY: no JavaScript runs, and nothing that is borrowed overlaps it.
    evaluate(unsafe { output.bytes_mut() }, &items)
}

/// Evaluates arrays that lie as `layouts` says.
pub fn evaluate(
    expression: &Expression,
    layouts: &Layouts,
    output: &mut [u8],
    inputs: &[&[u8]],
    evaluation: miniexpr::Evaluation<'_>,
) -> Result<(), Error> {
    let inputs = laid_out(expression, layouts, inputs)?;
    let output = layouts.output(output, expression.dtype(), expression.itemsize())?;
    evaluation.threads(layouts.threads).run(&inputs, output)
}

/// The inputs of an evaluation, as `layouts` says.
fn laid_out<'a>(
    expression: &Expression,
    layouts: &'a Layouts,
    inputs: &[&'a [u8]],
) -> Result<Views<'a>, Error> {
    // The output comes first.
    views(expression, inputs, |array, bytes, dtype, itemsize| layouts.view(array + 1, bytes, dtype, itemsize))
}

/// An array for each variable, with no item for those that are not read.
pub fn views<'a>(
    expression: &Expression,
    inputs: &[&'a [u8]],
    view: impl Fn(usize, &'a [u8], Dtype, usize) -> Result<ArrayRef<'a>, Error>,
) -> Result<Views<'a>, Error> {
    let mut given = inputs.iter().zip(0..);
    let mut missing =
        || Error::new(ErrorKind::InputCount, format_args!("{} inputs are not enough", inputs.len()));
    let variables = expression.variables().iter();
    variables
        .map(|variable| {
            let (dtype, itemsize) = (variable.dtype(), variable.itemsize());
            if !variable.is_used() {
                return ArrayRef::from_bytes(&[], dtype, itemsize, &[0]);
            }
            let (bytes, array) = given.next().ok_or_else(&mut missing)?;
            view(array, bytes, dtype, itemsize)
        })
        .collect()
}
