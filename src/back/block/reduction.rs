//! Reductions of a program: which expressions are reduced, and in what order.

use super::layout::{Layout, PlaceId};
use super::plan::{Destination, PlanError, Root, plan};
use super::{Pipeline, Step};
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, Kernel};
use crate::kernel;
use crate::kernel::level::Level;
use crate::kernel::reduce::{Accumulator, Reducer};
use crate::memory::{OutOfMemory, TryGrow};

/// Reductions that are done in one pass over all items.
#[derive(Debug)]
pub(super) struct Stage {
    /// Computes the arguments.
    pub arguments: Pipeline,
    pub reductions: Vec<Reduction>,
}

/// One reduction of an array to a single value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reduction {
    pub reducer: Reducer,
    result: Dtype,
    pub from: PlaceId,
    pub to: PlaceId,
}

impl Reduction {
    /// Writes the result to its place.
    ///
    /// # Safety
    /// `to` is writable for a value of any dtype, aligned for it.
    pub unsafe fn finish(&self, accumulator: &Accumulator, to: *mut u8) {
        let bytes = accumulator.finish().to_bytes(self.result);
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[u8; 16]>().write(bytes) };
    }
}

/// Plans all reductions that `roots` need, and gives each its place in the layout, which forgets those
/// of other arenas. A reduction inside the argument of another belongs to an earlier stage. The
/// expressions are those of `kernel`, the functions those of `tables`.
pub(super) fn plan_stages(
    tables: &Kernel,
    kernel: &Kernel,
    layout: &mut Layout,
    roots: &[ExprId],
    level: Level,
) -> Result<Vec<Stage>, PlanError> {
    layout.reductions.clear();
    let depths = depths(kernel, roots)?;
    let last = depths.iter().copied().max().unwrap_or(0);
    let mut stages = Vec::new();
    for depth in 1..=last {
        let at_depth = |id: &ExprId| depths[id.index()] == depth && is_reduction(kernel, *id);
        stages.try_push(plan_stage(
            tables,
            kernel,
            layout,
            (0..depths.len() as u32).map(ExprId).filter(at_depth),
            level,
        )?)?;
    }
    Ok(stages)
}

/// How many reductions that `roots` need lie inside one another at most.
pub(super) fn deepest(kernel: &Kernel, roots: &[ExprId]) -> Result<u32, OutOfMemory> {
    Ok(depths(kernel, roots)?.into_iter().max().unwrap_or(0))
}

fn is_reduction(kernel: &Kernel, id: ExprId) -> bool {
    matches!(kernel.expr(id).kind, ExprKind::Reduce(..))
}

/// Whether `root` contains a reduction, but no array outside of reductions.
pub(super) fn is_composite(kernel: &Kernel, root: ExprId) -> Result<bool, OutOfMemory> {
    let needed = needed(kernel, &[root], |id| !is_reduction(kernel, id))?;
    let any = |found: fn(&ExprKind) -> bool| {
        kernel.exprs.iter().zip(&needed).any(|(expr, needed)| *needed && found(&expr.kind))
    };
    let has_array = any(|kind| {
        matches!(kind, ExprKind::Param(_) | ExprKind::Local(_) | ExprKind::Index(_) | ExprKind::Call { .. })
    });
    Ok(!has_array && any(|kind| matches!(kind, ExprKind::Reduce(..))))
}

/// Which expressions `roots` need, not looking into those that `enters` refuses.
fn needed(
    kernel: &Kernel,
    roots: &[ExprId],
    enters: impl Fn(ExprId) -> bool,
) -> Result<Vec<bool>, OutOfMemory> {
    let count = roots.iter().map(|root| root.0 + 1).max().unwrap_or(0);
    let mut needed = Vec::try_filled(false, count as usize)?;
    roots.iter().for_each(|root| needed[root.index()] = true);
    for id in (0..count).rev().map(ExprId) {
        if needed[id.index()] && enters(id) {
            kernel.for_each_operand(id, |operand| needed[operand.index()] = true);
        }
    }
    Ok(needed)
}

/// For each expression that `roots` need the number of reductions inside one another, itself
/// included; zero for all others.
fn depths(kernel: &Kernel, roots: &[ExprId]) -> Result<Vec<u32>, OutOfMemory> {
    let needed = needed(kernel, roots, |_| true)?;
    let mut depths = Vec::try_filled(0, needed.len())?;
    for id in (0..needed.len() as u32).map(ExprId).filter(|id| needed[id.index()]) {
        let mut below = 0;
        kernel.for_each_operand(id, |operand| below = below.max(depths[operand.index()]));
        depths[id.index()] = below + u32::from(is_reduction(kernel, id));
    }
    Ok(depths)
}

fn plan_stage(
    tables: &Kernel,
    kernel: &Kernel,
    layout: &mut Layout,
    ids: impl Iterator<Item = ExprId>,
    level: Level,
) -> Result<Stage, PlanError> {
    let (mut roots, mut reductions) = (Vec::new(), Vec::new());
    for id in ids {
        let ExprKind::Reduce(op, argument) = kernel.expr(id).kind else { continue };
        let (dtype, result) = (kernel.expr(argument).ty.dtype, kernel.expr(id).ty.dtype);
        let to = layout.add_reduction(id)?;
        let reducer = Reducer::new(op, dtype, level).ok_or(PlanError::Unsupported { dtype })?;
        let reduction = Reduction { reducer, result, from: to, to };
        roots.try_push(Root { expr: argument, to: Destination::Anywhere })?;
        reductions.try_push(reduction)?;
    }
    let mut arguments = plan(tables, kernel, layout, &roots, level)?;
    for (index, (reduction, root)) in reductions.iter_mut().zip(&roots).enumerate() {
        let dtype = kernel.expr(root.expr).ty.dtype;
        reduction.from = array(&mut arguments, layout, index, (dtype, level))?;
    }
    Ok(Stage { arguments, reductions })
}

/// Place of a result of this dtype as an array; a single value is spread over a register.
fn array(
    pipeline: &mut Pipeline,
    layout: &mut Layout,
    index: usize,
    (dtype, level): (Dtype, Level),
) -> Result<PlaceId, PlanError> {
    let from = pipeline.results[index];
    if !layout.is_single(from) {
        return Ok(from);
    }
    let splat = kernel::splat(dtype, level).ok_or(PlanError::Unsupported { dtype })?;
    let out = layout.add_register(dtype.size())?;
    pipeline.spread.try_push(Step::Vector { kernels: [splat; 3], out, operands: [from; 3] })?;
    Ok(out)
}
