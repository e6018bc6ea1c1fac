//! Kernels that reduce, over arrays: a pass at a time, each over the shape of what it reads.

use std::sync::OnceLock;

use super::copy;
use super::items::{Copies, evaluate_items};
use super::operand::{Extents, Operand, OperandError, extents};
use super::options::{Options, run_error};
use super::overlap::{Relation, relation};
use super::reduce::{Reducers, Source, reduce};
use super::shape::{Shape, broadcast};
use crate::back::engine::RunError;
use crate::back::jit_mode::Mode;
use crate::back::policy::Program;
use crate::error::{Error, ErrorKind};
use crate::ir::{Axes, ExprKind, Kernel, ParamId, ReduceOp};
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::passes::{Reduction, passes};

/// The passes of a kernel, made when arrays need them first.
#[derive(Debug, Default)]
pub struct Plan(OnceLock<Option<Passes>>);

impl Plan {
    /// The passes of the kernel of `program`; `None` where it does not reduce, or cannot be split.
    pub fn passes(&self, program: &Program, mode: Mode) -> Result<Option<&Passes>, Error> {
        if let Some(passes) = self.0.get() {
            return Ok(passes.as_ref());
        }
        let passes = Passes::new(&program.kernel, mode)?;
        // Another thread may have been faster.
        Ok(self.0.get_or_init(|| passes).as_ref())
    }
}

/// The passes of a kernel, in their order.
#[derive(Debug)]
pub struct Passes(Vec<Pass>);

#[derive(Debug)]
struct Pass {
    program: Program,
    reads: Vec<ParamId>,
    /// The input whose items are the values.
    input: Option<ParamId>,
    /// Whether values depend on the items of the inputs alone, not on where these are, nor on the program.
    is_plain: bool,
    reduction: Option<(Reduction, Reducers)>,
}

/// The shapes of a pass.
struct Shapes {
    /// That of the values which it computes.
    values: Extents,
    /// The dimensions that it reduces, a bit for each.
    reduced: u32,
    result: Extents,
}

impl Passes {
    fn new(kernel: &Kernel, mode: Mode) -> Result<Option<Passes>, Error> {
        let Some(split) = passes(kernel)? else { return Ok(None) };
        let mut list = Vec::new();
        for pass in split {
            let (input, values) = (pass.input(), pass.kernel.output.dtype);
            let is_plain = is_plain(&pass.kernel);
            let reduction = match pass.reduction {
                None => None,
                Some(reduction) => {
                    let reducers =
                        Reducers::new(reduction.op, values, reduction.result.dtype, Level::current());
                    let reducers = reducers.ok_or_else(|| {
                        Error::new(
                            ErrorKind::InvalidReduction,
                            format_args!("a reduction is not defined for {values}"),
                        )
                    })?;
                    Some((reduction, reducers))
                }
            };
            let program = Program::new(pass.kernel, false, mode)?;
            list.try_push(Pass { program, reads: pass.reads, input, is_plain, reduction })?;
        }
        Ok(Some(Passes(list)))
    }

    /// The shape of the results.
    pub fn result_shape(&self, inputs: &[Option<Operand>]) -> Result<Extents, Error> {
        let shapes = self.shapes(inputs)?;
        Ok(shapes.into_iter().next_back().map(|shapes| shapes.result).unwrap_or_default())
    }

    fn shapes(&self, inputs: &[Option<Operand>]) -> Result<Vec<Shapes>, Error> {
        let mut all: Vec<Shapes> = Vec::new();
        // What stands for the results, of which nothing but the shape is known.
        let mut results: Vec<Operand> = Vec::new();
        for pass in &self.0 {
            let operand = |param: ParamId| match inputs.get(param as usize) {
                Some(input) => input.as_ref(),
                None => results.get(param as usize - inputs.len()),
            };
            let read = pass
                .reads
                .iter()
                .filter_map(|param| Some((self.name(pass, *param, inputs.len()), operand(*param)?)));
            let values = broadcast(read)?;
            // The items may be more than each array has, by broadcasting.
            if !values.contains(&0)
                && values.iter().try_fold(1i64, |items, extent| items.checked_mul(*extent)).is_none()
            {
                return Err(OperandError::TooLarge.into());
            }
            let (reduced, result) = match &pass.reduction {
                None => (0, extents(values.iter().copied())?),
                Some((reduction, _)) => reduced_shape(&values, reduction)?,
            };
            let itemsize = pass.result_itemsize();
            results.try_push(Operand::dense(std::ptr::null_mut(), itemsize, &result)?)?;
            all.try_push(Shapes { values, reduced, result })?;
        }
        Ok(all)
    }

    /// The name of an input, for messages; that of a reduction is its operation.
    fn name<'p>(&'p self, pass: &'p Pass, param: ParamId, inputs: usize) -> &'p [u8] {
        let reduction =
            (param as usize).checked_sub(inputs).and_then(|index| self.0[index].reduction.as_ref());
        match reduction {
            Some((reduction, _)) => name_of(reduction.op).as_bytes(),
            None => &pass.program.kernel.params[param as usize].name,
        }
    }

    /// Evaluates the passes.
    ///
    /// # Safety
    /// As [`evaluate`](super::evaluate::evaluate).
    pub unsafe fn evaluate(
        &self,
        inputs: &[Option<Operand>],
        output: &Operand,
        mut options: Options<'_>,
    ) -> Result<(), Error> {
        let shapes = self.shapes(inputs)?;
        let mut copies = Copies::default();
        let mut operands = Vec::new();
        operands.try_reserve_exact(inputs.len() + self.0.len()).map_err(|_| OutOfMemory)?;
        operands.extend(inputs.iter().cloned());
        for (index, (pass, shapes)) in self.0.iter().zip(&shapes).enumerate() {
            let is_last = index + 1 == self.0.len();
            let mut read = Vec::try_filled(None, pass.program.kernel.params.len())?;
            for param in &pass.reads {
                read[*param as usize] = operands[*param as usize].clone();
            }
            let Some((_, reducers)) = &pass.reduction else {
                // The result of a reduction alone may be wanted for each item of an array.
                if let Some(operand) = read.iter_mut().flatten().next() {
                    let strides = operand.broadcast_strides(&output.shape)?;
                    *operand = Operand::strided(operand.data, operand.itemsize, &output.shape, &strides)?;
                }
                // SAFETY: as the caller promises; the results are there.
                return unsafe { evaluate_items(&pass.program, &read, output, options) };
            };
            let progress = if is_last { options.progress.take() } else { None };
            let itemsize = pass.result_itemsize();
            let is_apart = |input: &Operand| relation(input, output) == Relation::Apart;
            let is_in_place = is_last && output.is_dense() && read.iter().flatten().all(is_apart);
            let result = match is_in_place {
                true => Operand::dense(output.data, itemsize, &shapes.result)?,
                false => copies.room(itemsize, &shapes.result)?,
            };
            // SAFETY: as the caller promises; the results have room, and share no memory with what is read.
            unsafe {
                let values = match (pass.input, pass.is_plain) {
                    (None, false) => Some(pass.values(&read, &shapes.values, &mut copies, &options)?),
                    _ => None,
                };
                let input = pass.input.and_then(|input| read[input as usize].as_ref());
                let source = match values.as_ref().or(input) {
                    Some(array) => Source::Items(array),
                    None => Source::Computed(&pass.program, &read),
                };
                let Options { accuracy, mode, threads, budget, .. } = options;
                let part = Options { accuracy, mode, threads, budget, progress };
                reduce(source, reducers, &shapes.values, shapes.reduced, result.data, part)?;
                if is_last && !is_in_place {
                    let room = Operand::dense(result.data, itemsize, &output.shape)?;
                    let from = (room.data.cast_const(), &room.strides[..]);
                    copy::copy_box((output.data, &output.strides), from, &output.shape, itemsize);
                }
            }
            operands.push(Some(result));
        }
        Ok(())
    }
}

impl Pass {
    /// The values of the pass, all of them.
    ///
    /// # Safety
    /// As [`evaluate`](super::evaluate::evaluate).
    unsafe fn values(
        &self,
        read: &[Option<Operand>],
        shape: &[i64],
        copies: &mut Copies,
        options: &Options<'_>,
    ) -> Result<Operand, Error> {
        let values = copies.room(self.program.kernel.output.itemsize, shape)?;
        let Options { accuracy, mode, threads, budget, .. } = *options;
        let options = Options { accuracy, mode, threads, budget, progress: None };
        // SAFETY: as the caller promises; nobody knows the room yet.
        unsafe { evaluate_items(&self.program, read, &values, options)? };
        Ok(values)
    }

    /// Bytes of a result.
    fn result_itemsize(&self) -> usize {
        self.reduction.as_ref().map_or(self.program.kernel.output, |(reduction, _)| reduction.result).itemsize
    }
}

/// The dimensions of values that are reduced, and the shape that is left.
fn reduced_shape(values: &[i64], reduction: &Reduction) -> Result<(u32, Extents), Error> {
    let Axes { keepdims, .. } = reduction.axes;
    let reduced = reduction.axes.reduced(values.len()).map_err(|error| {
        let shape = Shape(values);
        let name = name_of(reduction.op);
        Error::new(ErrorKind::Shape, format_args!("{error}: {name} of an array of shape {shape}"))
    })?;
    let is_reduced = |d: usize| reduced >> d & 1 == 1;
    let is_empty = values.iter().enumerate().any(|(d, extent)| is_reduced(d) && *extent == 0);
    let has_results = values.iter().enumerate().all(|(d, extent)| is_reduced(d) || *extent != 0);
    if is_empty
        && has_results
        && matches!(reduction.op, ReduceOp::Min | ReduceOp::Max | ReduceOp::ArgMin | ReduceOp::ArgMax)
    {
        let message = format_args!("there is no {} of no items", name_of(reduction.op));
        return Err(Error::new(ErrorKind::InvalidReduction, message));
    }
    let mut result = Extents::new();
    result.try_reserve(values.len()).map_err(|_| OutOfMemory)?;
    for (d, extent) in values.iter().enumerate() {
        match is_reduced(d) {
            false => result.push(*extent),
            true if keepdims => result.push(1),
            true => {}
        }
    }
    Ok((reduced, result))
}

fn name_of(op: ReduceOp) -> &'static str {
    match op {
        ReduceOp::Sum => "sum",
        ReduceOp::Prod => "prod",
        ReduceOp::Mean => "mean",
        ReduceOp::Min => "min",
        ReduceOp::Max => "max",
        ReduceOp::Any => "any",
        ReduceOp::All => "all",
        ReduceOp::Count => "count",
        ReduceOp::Deviations => "var",
        ReduceOp::ArgMin => "argmin",
        ReduceOp::ArgMax => "argmax",
    }
}

/// The error of a kernel that reduces along axes, and cannot be split.
pub fn cannot_split() -> Error {
    run_error(RunError::Axes)
}

/// Whether the values of a pass depend on more than the items of its inputs: on where they are, or on the program.
fn is_plain(kernel: &Kernel) -> bool {
    !kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Index(_) | ExprKind::Call { .. }))
}
