//! From flattened statements to planned ones.

use super::{Head, If, LaneArray, Loop, Node, Printer, Region, Structured, parts};
use crate::back::block::Outcome;
use crate::back::block::layout::{Layout, Place, PlaceId};
use crate::back::block::plan::{Destination, PlanError, Root, plan};
use crate::back::block::reduction::plan_stages;
use crate::back::settings::Settings;
use crate::dtype::Dtype;
use crate::ir::{ExprKind, Kernel, Print, Type};
use crate::kernel::level::Level;
use crate::kernel::{self, LastTwo};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::facts::Facts;
use crate::mid::flatten::{self, for_each_node, for_each_region};

type FlatNode = flatten::Node<flatten::Region>;

/// Bytes of the arrays of one tile: what the first-level cache holds beside inputs and output.
const TILE_BUDGET: usize = 32 * 1024;
/// Bytes of the arrays of one tile above which even the smallest shrinks: strings may be very wide.
const WIDE_TILE_BUDGET: usize = 8 * 1024 * 1024;
/// Bytes of the arrays of all items up to which a kernel that reduces is not divided: the second-level cache
/// holds them.
const UNDIVIDED_BUDGET: usize = 512 * 1024;
const MIN_TILE_ITEMS: usize = 128;
const MAX_TILE_ITEMS: usize = 2048;

impl Structured {
    /// Plans the flattened statements of a kernel, which gives as many values as `outcome` says, for
    /// vector kernels of one SIMD level.
    pub fn new(
        kernel: &Kernel,
        mut nodes: Vec<FlatNode>,
        outcome: Outcome,
        level: Level,
    ) -> Result<Structured, PlanError> {
        let facts = Facts::gather(kernel, &mut nodes)?;
        let mut builder =
            Builder { kernel, level, layout: Layout::default(), facts, reads: Vec::new(), depth: 0 };
        builder.lay_out()?;
        builder.count_reads(&nodes)?;
        let (body, _) = builder.block(&mut nodes)?;
        builder.finish(body, outcome)
    }
}

/// How many values the kernel gives: one for each item, unless its only `return`, after all other
/// statements, gives a value that is reduced.
pub fn outcome(nodes: &[FlatNode]) -> Result<Outcome, OutOfMemory> {
    let mut returns = 0;
    for_each_node(nodes, |node| returns += usize::from(matches!(node, flatten::Node::Return(_))));
    match nodes.last() {
        Some(flatten::Node::Return(region)) if returns == 1 => Outcome::of(&region.graph, region.values[0]),
        _ => Ok(Outcome::PerItem),
    }
}

/// How often a part of the kernel reads each place, and which it changes.
struct Touched {
    reads: Vec<u32>,
    changes: Vec<bool>,
    /// Whether a `continue` of the surrounding loop is inside.
    continues: bool,
}

impl Touched {
    fn none(places: usize) -> Result<Touched, OutOfMemory> {
        let (reads, changes) = (Vec::try_filled(0, places)?, Vec::try_filled(false, places)?);
        Ok(Touched { reads, changes, continues: false })
    }

    fn add(&mut self, other: &Touched) {
        self.reads.iter_mut().zip(&other.reads).for_each(|(mine, theirs)| *mine += theirs);
        self.changes.iter_mut().zip(&other.changes).for_each(|(mine, theirs)| *mine |= theirs);
        self.continues |= other.continues;
    }
}

struct Builder<'a> {
    kernel: &'a Kernel,
    level: Level,
    layout: Layout,
    facts: Facts,
    /// Loops around the statement at hand.
    depth: usize,
    /// How often the whole kernel reads each place of the layout's beginning: inputs, output, index
    /// symbols and locals.
    reads: Vec<u32>,
}

impl Builder<'_> {
    /// Places for inputs, output, index symbols and locals.
    fn lay_out(&mut self) -> Result<(), OutOfMemory> {
        for index in 0..self.kernel.params.len() {
            self.layout.add(Place::Input(index as u32))?;
        }
        self.layout.add(Place::Output)?;
        for &symbol in &self.facts.symbols {
            let place =
                if symbol.is_uniform() { self.layout.add_scalar()? } else { self.layout.add_variable()? };
            self.layout.indices.try_push((symbol, place))?;
        }
        for &is_uniform in &self.facts.is_uniform {
            let place = if is_uniform { self.layout.add_scalar()? } else { self.layout.add_variable()? };
            self.layout.locals.try_push(place)?;
        }
        Ok(())
    }

    fn count_reads(&mut self, nodes: &[FlatNode]) -> Result<(), OutOfMemory> {
        let mut touched = Touched::none(self.layout.places.len())?;
        for_each_region(nodes, |region| self.touch(region, &mut touched));
        self.reads = touched.reads;
        Ok(())
    }

    /// Adds what a region reads and changes.
    fn touch(&self, region: &flatten::Region, touched: &mut Touched) {
        for expr in &region.graph.exprs {
            let place = match expr.kind {
                ExprKind::Param(index) => Some(index),
                ExprKind::Local(local) => Some(self.layout.locals[local as usize]),
                ExprKind::Index(symbol) => self.layout.index(symbol),
                _ => None,
            };
            if let Some(place) = place {
                touched.reads[place as usize] += 1;
            }
        }
        for (local, _) in &region.stores {
            touched.changes[self.layout.locals[*local as usize] as usize] = true;
        }
    }

    fn block(&mut self, nodes: &mut [FlatNode]) -> Result<(Vec<Node>, Touched), PlanError> {
        let mut planned = Vec::new();
        let mut touched = Touched::none(self.reads.len())?;
        for node in nodes {
            match node {
                flatten::Node::If { branches, otherwise } => {
                    self.choice(branches, otherwise, &mut touched, &mut planned)?;
                }
                flatten::Node::Loop(flat) => self.planned_loop(flat, &mut touched, &mut planned)?,
                other => self.simple(other, &mut touched, &mut planned)?,
            }
        }
        Ok((planned, touched))
    }

    // What is not inlined would make the frames larger that are on the stack once for each nested block.

    /// A statement without a block.
    #[inline(never)]
    fn simple(
        &mut self,
        node: &mut FlatNode,
        touched: &mut Touched,
        planned: &mut Vec<Node>,
    ) -> Result<(), PlanError> {
        let node = match node {
            flatten::Node::Compute(region) => Node::Compute(self.region(region, touched)?),
            flatten::Node::Return(region) => Node::Return(self.region(region, touched)?),
            flatten::Node::Print(region, print) => {
                let mut types = Vec::new();
                for value in &region.values {
                    types.try_push(region.graph.expr(*value).ty)?;
                }
                let place = print.place;
                let print = std::mem::replace(print, Print { place, prefix: Vec::new(), values: Vec::new() });
                Node::Print(self.region(region, touched)?, print, types)
            }
            flatten::Node::Break => Node::Break,
            flatten::Node::Continue => {
                touched.continues = true;
                Node::Continue
            }
            flatten::Node::If { .. } | flatten::Node::Loop(_) => unreachable!("they have blocks"),
        };
        Ok(planned.try_push(node)?)
    }

    #[inline(never)]
    fn choice(
        &mut self,
        branches: &mut [(flatten::Region, Vec<FlatNode>)],
        otherwise: &mut [FlatNode],
        touched: &mut Touched,
        planned: &mut Vec<Node>,
    ) -> Result<(), PlanError> {
        let mut inside = Touched::none(self.reads.len())?;
        let mut chosen = Vec::new();
        for (region, body) in branches {
            self.push_condition(region, &mut inside, &mut chosen)?;
            let (body, below) = self.block(body)?;
            inside.add(&below);
            if let Some(last) = chosen.last_mut() {
                last.1 = body;
            }
        }
        let (otherwise, below) = self.block(otherwise)?;
        inside.add(&below);
        touched.add(&inside);
        Ok(planned.try_push(Node::If(If { branches: chosen, otherwise, continues: inside.continues }))?)
    }

    /// Plans a condition, whose branch gets its body later.
    #[inline(never)]
    fn push_condition(
        &mut self,
        region: &flatten::Region,
        inside: &mut Touched,
        chosen: &mut Vec<(Region, Vec<Node>)>,
    ) -> Result<(), PlanError> {
        let region = self.region(region, inside)?;
        Ok(chosen.try_push((region, Vec::new()))?)
    }

    #[inline(never)]
    fn planned_loop(
        &mut self,
        flat: &mut flatten::Loop<flatten::Region>,
        touched: &mut Touched,
        planned: &mut Vec<Node>,
    ) -> Result<(), PlanError> {
        let mut inside = Touched::none(self.reads.len())?;
        self.open_loop(&flat.head, touched, &mut inside, planned)?;
        let place = planned.len() - 1;
        self.depth += 1;
        let (body, below) = self.block(&mut flat.body)?;
        self.depth -= 1;
        inside.add(&below);
        inside.continues = false;
        if let Node::Loop(planned) = &mut planned[place] {
            planned.body = body;
            self.find_arrays(planned, &inside)?;
        }
        touched.add(&inside);
        Ok(())
    }

    /// Begins a loop with its head.
    #[inline(never)]
    fn open_loop(
        &mut self,
        head: &flatten::Head<flatten::Region>,
        touched: &mut Touched,
        inside: &mut Touched,
        planned: &mut Vec<Node>,
    ) -> Result<(), PlanError> {
        let head = match head {
            flatten::Head::While { condition, place } => {
                Head::While { condition: self.region(condition, inside)?, place: *place }
            }
            flatten::Head::For { variable, bounds } => {
                let bounds = self.region(bounds, touched)?;
                let variable = self.layout.locals[*variable as usize];
                inside.changes[variable as usize] = !self.layout.is_single(variable);
                Head::For { variable, bounds }
            }
        };
        let (body, reads, changes) = (Vec::new(), Vec::new(), Vec::new());
        Ok(planned.try_push(Node::Loop(Loop { head, body, reads, changes }))?)
    }

    /// Finds the arrays that a loop reads and changes, given what is touched inside.
    fn find_arrays(&self, planned: &mut Loop, inside: &Touched) -> Result<(), OutOfMemory> {
        for place in 0..self.reads.len() {
            let Some(lane) = self.lane(place as PlaceId) else { continue };
            if inside.changes[place] {
                // A loop around this one enters it again, with the values that it left.
                let is_read_again = self.depth > 0 && inside.reads[place] > 0;
                let is_read_outside = self.reads[place] > inside.reads[place] || is_read_again;
                planned.changes.try_push((lane, is_read_outside))?;
            } else if inside.reads[place] > 0 {
                planned.reads.try_push(lane)?;
            }
        }
        Ok(())
    }

    /// The array at a place, if it holds one element a lane.
    fn lane(&self, place: PlaceId) -> Option<LaneArray> {
        let ty = match self.layout.places[place as usize] {
            Place::Input(index) => self.kernel.params[index as usize].ty,
            Place::Variable(_) => match self.layout.locals.iter().position(|local| *local == place) {
                Some(local) => self.kernel.locals[local].ty,
                None => Dtype::Int64.into(),
            },
            _ => return None,
        };
        let select = kernel::select(ty.dtype, LastTwo::ArrayArray, self.level);
        Some(LaneArray { place, itemsize: ty.itemsize, select })
    }

    #[inline(never)]
    fn region(&mut self, region: &flatten::Region, touched: &mut Touched) -> Result<Region, PlanError> {
        self.touch(region, touched);
        let mut roots = Vec::new();
        let mut stores = Vec::new();
        for (local, expr) in &region.stores {
            roots.try_push(Root { expr: *expr, to: Destination::OwnRegister })?;
            let place = self.layout.locals[*local as usize];
            let dtype = self.kernel.locals[*local as usize].ty.dtype;
            stores.try_push(self.lane(place).ok_or(PlanError::Unsupported { dtype })?)?;
        }
        let graph = &region.graph;
        for expr in &region.values {
            // A string constant is one slot, not an array. Values are read after the stores, which move arrays.
            let is_string = graph.expr(*expr).ty.dtype.is_string();
            let is_moved = region.stores.iter().any(|(local, stored)| {
                stored == expr || matches!(graph.expr(*expr).kind, ExprKind::Local(read) if read == *local)
            });
            let to = if is_string || is_moved { Destination::OwnRegister } else { Destination::Anywhere };
            roots.try_push(Root { expr: *expr, to })?;
        }
        for expr in region.dropped_calls()? {
            roots.try_push(Root { expr, to: Destination::Anywhere })?;
        }
        let mut reduced = Vec::new();
        for root in &roots {
            reduced.try_push(root.expr)?;
        }
        let stages = plan_stages(&self.kernel.tables, graph, &mut self.layout, &reduced, self.level)?;
        let pipeline = plan(&self.kernel.tables, graph, &mut self.layout, &roots, self.level)?;
        Ok(Region { stages, pipeline, stores })
    }

    fn finish(self, body: Vec<Node>, outcome: Outcome) -> Result<Structured, PlanError> {
        let spread = kernel::splat(self.kernel.output.dtype, self.level);
        let mut inputs: Vec<Type> = Vec::new();
        for param in &self.kernel.params {
            inputs.try_push(param.ty)?;
        }
        let (mut positions, mut extents) = (Vec::new(), Vec::new());
        for &(symbol, place) in &self.layout.indices {
            let list = if symbol.is_uniform() { &mut extents } else { &mut positions };
            list.try_push((symbol, place))?;
        }
        let mut locals = Vec::new();
        for (local, &place) in self.layout.locals.iter().enumerate() {
            let is_used = self.facts.reads[local] > 0 || self.facts.loops[local] > 0;
            if is_used && let Some(lane) = self.lane(place) {
                locals.try_push(lane)?;
            }
        }
        let widest = |types: &[Type]| types.iter().map(|ty| ty.itemsize).max().unwrap_or(0);
        let lane_itemsize = [
            self.layout.register_itemsize,
            widest(&inputs),
            self.kernel.output.itemsize,
            locals.iter().map(|lane: &LaneArray| lane.itemsize).max().unwrap_or(0),
            size_of::<i64>(),
        ]
        .into_iter()
        .max()
        .unwrap_or(size_of::<i64>());
        let arrays = self.layout.registers + locals.len() + inputs.len() + 1;
        let lane_bytes = arrays.saturating_mul(lane_itemsize);
        let tile_items = (TILE_BUDGET / lane_bytes).clamp(MIN_TILE_ITEMS, MAX_TILE_ITEMS) & !63;
        let tile_items = tile_items.min((WIDE_TILE_BUDGET / lane_bytes).max(1));
        let keeps_values = self.facts.has_reductions || self.facts.has_prints;
        let is_divided = keeps_values && parts::is_divisible(&body, &locals);
        let parts = if is_divided { parts::divide(body, &locals)? } else { parts::undivided(body)? };
        let undivided_items = match (keeps_values, is_divided) {
            (false, _) => 0,
            (true, true) => UNDIVIDED_BUDGET / lane_bytes,
            (true, false) => usize::MAX,
        };
        Ok(Structured {
            inputs,
            output: self.kernel.output,
            layout: self.layout,
            parts,
            locals,
            positions,
            extents,
            spread,
            lane_itemsize,
            tile_items,
            outcome,
            keeps_values,
            undivided_items,
            calls_host: self.kernel.graph.exprs.iter().any(|expr| matches!(expr.kind, ExprKind::Call { .. })),
            settings: Settings::from_environment(),
            printer: Printer::default(),
        })
    }
}
