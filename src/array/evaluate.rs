//! One evaluation over arrays: in one call, by tiles, or in passes.

use super::items::{check_output, check_shape, evaluate_items, plain_shape, run_whole, shape_of_inputs};
use super::operand::{Extents, Operand, View};
use super::options::Options;
use super::passes::{Passes, Plan, cannot_split};
use crate::back::block::Outcome;
use crate::back::jit_mode::Mode;
use crate::back::policy::Program;
use crate::error::Error;
use crate::ir::{ExprKind, Kernel};
use crate::memory::OutOfMemory;

/// The shape of what an evaluation gives: that of all inputs that are read, broadcast; no dimensions for a reduction
/// of all items. Where passes decide, NumPy says which it is.
pub fn result_shape(program: &Program, plan: &Plan, inputs: &[Option<Operand>]) -> Result<Extents, Error> {
    if let Some(passes) = deciding_passes(program, plan, inputs, Mode::Default)? {
        return passes.result_shape(inputs);
    }
    match program.outcome() {
        Outcome::One { .. } => {
            shape_of_inputs(program, inputs)?;
            Ok(Extents::new())
        }
        Outcome::PerItem | Outcome::Copies => shape_of_inputs(program, inputs),
    }
}

/// The passes of a kernel whose inputs alone do not say which shape its results have: one that reduces along axes, or
/// arrays of several shapes in a language whose reductions have no dimensions.
fn deciding_passes<'p>(
    program: &Program,
    plan: &'p Plan,
    inputs: &[Option<Operand>],
    mode: Mode,
) -> Result<Option<&'p Passes>, Error> {
    let kernel = &program.kernel;
    if kernel.has_axes() {
        return plan.passes(program, mode)?.ok_or_else(cannot_split).map(Some);
    }
    let mut shapes = inputs.iter().flatten().map(|input| &input.shape);
    let first = shapes.next();
    match kernel.collapses && reduces(kernel) && shapes.any(|shape| Some(shape) != first) {
        true => plan.passes(program, mode),
        false => Ok(None),
    }
}

/// Evaluates as [`evaluate`] does, over arrays of which nothing has been checked. The shortest way: where engines can work on
/// them as they are, nothing is copied.
///
/// # Safety
/// As [`evaluate`].
pub unsafe fn evaluate_views(
    program: &Program,
    plan: &Plan,
    inputs: &[Option<View<'_>>],
    output: View<'_>,
    options: Options<'_>,
) -> Result<(), Error> {
    if !program.kernel.has_axes()
        && options.are_quiet()
        && let Some(shape) = plain_shape(program, inputs.iter().flatten().copied(), output)
    {
        let inputs = inputs.iter().map(|input| input.map_or(std::ptr::null_mut(), |input| input.data));
        // SAFETY: as the caller promises; the arrays lie side by side, and none overlaps the output in part.
        return unsafe { run_whole(program, inputs, output.data, shape, &options) };
    }
    let (inputs, output) = (operands(inputs)?, output.operand()?);
    // SAFETY: as the caller promises.
    unsafe { evaluate(program, plan, &inputs, &output, options) }
}

/// The arrays, each checked.
pub fn operands(views: &[Option<View<'_>>]) -> Result<Vec<Option<Operand>>, Error> {
    let mut operands = Vec::new();
    operands.try_reserve_exact(views.len()).map_err(|_| OutOfMemory)?;
    for view in views {
        operands.push(view.map(|view| view.operand()).transpose()?);
    }
    Ok(operands)
}

/// Evaluates `program` over arrays: an input for each parameter, `None` for those that are not read.
///
/// # Safety
/// The items of the inputs are readable, those of the output writable, and of the sizes that the kernel asks for.
/// Nobody else writes to them meanwhile.
pub unsafe fn evaluate(
    program: &Program,
    plan: &Plan,
    inputs: &[Option<Operand>],
    output: &Operand,
    options: Options<'_>,
) -> Result<(), Error> {
    if let Some(passes) = deciding_passes(program, plan, inputs, options.mode)? {
        let shape = passes.result_shape(inputs)?;
        let is_room_for_one = !program.kernel.has_axes() && shape.is_empty() && output.items() == 1;
        check_shape(output, if is_room_for_one { &output.shape } else { &shape })?;
        // SAFETY: as the caller promises; the output has the shape of the results.
        return unsafe { passes.evaluate(inputs, output, options) };
    }
    let views = || inputs.iter().flatten().map(Operand::view);
    let is_plain = || options.are_quiet() && plain_shape(program, views(), output.view()).is_some();
    let is_simple = !reduces(&program.kernel) || is_plain() || inputs.iter().flatten().any(Operand::is_empty);
    let passes = if is_simple { None } else { plan.passes(program, options.mode)? };
    let Some(passes) = passes else {
        // SAFETY: as the caller promises.
        return unsafe { evaluate_items(program, inputs, output, options) };
    };
    check_output(program, inputs, output)?;
    // SAFETY: as the caller promises; the output has the shape of the results.
    unsafe { passes.evaluate(inputs, output, options) }
}

/// Whether a kernel reduces.
fn reduces(kernel: &Kernel) -> bool {
    kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Reduce(..)))
}
