//! Reductions of a program: which expressions are reduced, and in what order.

use super::layout::{Layout, PlaceId};
use super::plan::{Destination, PlanError, Root, plan};
use super::{Pipeline, Step};
use crate::dtype::Dtype;
use crate::ir::{ExprId, ExprKind, Graph, Tables};
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
/// expressions are those of `graph`, the functions those of `tables`.
pub(super) fn plan_stages(
    tables: &Tables,
    graph: &Graph,
    layout: &mut Layout,
    roots: &[ExprId],
    level: Level,
) -> Result<Vec<Stage>, PlanError> {
    layout.reductions.clear();
    let depths = depths(graph, roots)?;
    let last = depths.iter().copied().max().unwrap_or(0);
    let mut stages = Vec::new();
    for depth in 1..=last {
        let at_depth = |id: &ExprId| depths[id.index()] == depth && is_reduction(graph, *id);
        stages.try_push(plan_stage(
            tables,
            graph,
            layout,
            (0..depths.len() as u32).map(ExprId).filter(at_depth),
            level,
        )?)?;
    }
    Ok(stages)
}

/// How many reductions that `roots` need lie inside one another at most.
pub(super) fn deepest(graph: &Graph, roots: &[ExprId]) -> Result<u32, OutOfMemory> {
    Ok(depths(graph, roots)?.into_iter().max().unwrap_or(0))
}

fn is_reduction(graph: &Graph, id: ExprId) -> bool {
    matches!(graph.expr(id).kind, ExprKind::Reduce(..))
}

/// Whether `root` contains a reduction, but no array outside of reductions.
pub(super) fn is_composite(graph: &Graph, root: ExprId) -> Result<bool, OutOfMemory> {
    Ok(deepest(graph, &[root])? > 0 && !graph.has_items(root)?)
}

/// For each expression that `roots` need the number of reductions inside one another, itself
/// included; zero for all others. Nothing where there are no reductions, as in most expressions.
fn depths(graph: &Graph, roots: &[ExprId]) -> Result<Vec<u32>, OutOfMemory> {
    if !graph.ids().any(|id| is_reduction(graph, id)) {
        return Ok(Vec::new());
    }
    let needed = graph.needed(roots)?;
    let mut depths = Vec::try_filled(0, needed.len())?;
    for id in graph.ids().filter(|id| needed[id.index()]) {
        let below = graph.operands(id).map(|operand| depths[operand.index()]).max().unwrap_or(0);
        depths[id.index()] = below + u32::from(is_reduction(graph, id));
    }
    Ok(depths)
}

fn plan_stage(
    tables: &Tables,
    graph: &Graph,
    layout: &mut Layout,
    ids: impl Iterator<Item = ExprId>,
    level: Level,
) -> Result<Stage, PlanError> {
    let (mut roots, mut reductions) = (Vec::new(), Vec::new());
    for id in ids {
        let ExprKind::Reduce(op, argument, _) = graph.expr(id).kind else { continue };
        let (dtype, result) = (graph.expr(argument).ty.dtype, graph.expr(id).ty.dtype);
        let to = layout.add_reduction(id)?;
        let reducer = Reducer::new(op, dtype, level).ok_or(PlanError::Unsupported { dtype })?;
        let reduction = Reduction { reducer, result, from: to, to };
        roots.try_push(Root { expr: argument, to: Destination::Anywhere })?;
        reductions.try_push(reduction)?;
    }
    let mut arguments = plan(tables, graph, layout, &roots, level)?;
    for (index, (reduction, root)) in reductions.iter_mut().zip(&roots).enumerate() {
        let dtype = graph.expr(root.expr).ty.dtype;
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
