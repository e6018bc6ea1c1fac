//! Parts of a kernel that reduces or prints: a reduction needs all items, the statements up to the next one
//! do not, so each part runs tile by tile. Only locals that a later part needs are held for all items.

use super::{Head, LaneArray, Loop, Node, Region};
use crate::back::block::Step;
use crate::back::block::layout::PlaceId;
use crate::back::block::reduction::Stage;
use crate::memory::{OutOfMemory, TryGrow};

/// Statements of the outermost block that follow one another.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// What is reduced over all items before, in this order.
    pub stages: Vec<Stage>,
    pub nodes: Vec<Node>,
    /// The locals that the part uses.
    pub uses: Vec<Use>,
}

/// What a part does with a local.
#[derive(Debug)]
pub(super) struct Use {
    /// Number of the local among those with an array.
    pub local: usize,
    pub lane: LaneArray,
    /// Whether its earlier values count.
    pub enters: bool,
    /// Whether the stages read it.
    pub is_reduced: bool,
    /// Whether the nodes read or change it.
    pub is_touched: bool,
    pub is_changed: bool,
    /// Whether a later part needs its values.
    pub goes_on: bool,
}

/// A set of locals, by their numbers.
type Set = u128;

/// All nodes as one part, which holds nothing.
pub(super) fn undivided(nodes: Vec<Node>) -> Result<Vec<Part>, OutOfMemory> {
    let mut parts = Vec::new();
    parts.try_push(Part { nodes, ..Part::default() })?;
    Ok(parts)
}

/// Whether all reductions and prints stand at the beginning of statements of the outermost block, so that
/// the kernel can be divided there. `locals` are those with an array.
pub(super) fn is_divisible(nodes: &[Node], locals: &[LaneArray]) -> bool {
    locals.len() <= Set::BITS as usize && nodes.iter().all(reduces_first)
}

/// Divides the nodes of a divisible kernel.
pub(super) fn divide(nodes: Vec<Node>, locals: &[LaneArray]) -> Result<Vec<Part>, OutOfMemory> {
    let mut parts: Vec<Part> = Vec::new();
    for mut node in nodes {
        let stages = take_stages(&mut node);
        let begins = !stages.is_empty() || matches!(node, Node::Print(..));
        match parts.last_mut() {
            Some(part) if !begins => part.nodes.try_push(node)?,
            _ => {
                let mut part = Part { stages, ..Part::default() };
                part.nodes.try_push(node)?;
                parts.try_push(part)?;
            }
        }
    }
    Locals(locals).find_uses(&mut parts)?;
    Ok(parts)
}

/// The region that a node computes first, and once.
fn first_region(node: &Node) -> Option<&Region> {
    match node {
        Node::Compute(region) | Node::Return(region) | Node::Print(region, ..) => Some(region),
        Node::If(choice) => choice.branches.first().map(|(region, _)| region),
        Node::Loop(Loop { head: Head::For { bounds, .. }, .. }) => Some(bounds),
        Node::Loop(_) | Node::Break | Node::Continue => None,
    }
}

/// Takes what a node reduces in its first region.
fn take_stages(node: &mut Node) -> Vec<Stage> {
    let region = match node {
        Node::Compute(region) | Node::Return(region) | Node::Print(region, ..) => Some(region),
        Node::If(choice) => choice.branches.first_mut().map(|(region, _)| region),
        Node::Loop(Loop { head: Head::For { bounds, .. }, .. }) => Some(bounds),
        Node::Loop(_) | Node::Break | Node::Continue => None,
    };
    region.map(|region| std::mem::take(&mut region.stages)).unwrap_or_default()
}

/// Whether nothing inside a node, but for its first region, reduces or prints.
fn reduces_first(node: &Node) -> bool {
    match node {
        Node::If(choice) => {
            choice.branches.iter().skip(1).all(|(region, _)| region.stages.is_empty())
                && choice.branches.iter().all(|(_, body)| body.iter().all(is_local))
                && choice.otherwise.iter().all(is_local)
        }
        Node::Loop(code) => {
            let condition = match &code.head {
                Head::While { condition, .. } => condition.stages.is_empty(),
                Head::For { .. } => true,
            };
            condition && code.body.iter().all(is_local)
        }
        _ => true,
    }
}

/// Whether a node neither reduces nor prints.
fn is_local(node: &Node) -> bool {
    !matches!(node, Node::Print(..))
        && first_region(node).is_none_or(|region| region.stages.is_empty())
        && reduces_first(node)
}

/// Whether items may end inside a node.
fn may_return(node: &Node) -> bool {
    match node {
        Node::Return(_) => true,
        Node::If(choice) => {
            choice.branches.iter().any(|(_, body)| body.iter().any(may_return))
                || choice.otherwise.iter().any(may_return)
        }
        Node::Loop(code) => code.body.iter().any(may_return),
        _ => false,
    }
}

/// The locals that an item needs where it goes on after a `break` and a `continue`.
#[derive(Clone, Copy, Default)]
struct Jumps {
    on_break: Set,
    on_continue: Set,
}

/// Locals that nodes read and change.
#[derive(Clone, Copy, Default)]
struct Touched {
    reads: Set,
    changes: Set,
}

/// The locals with an array, in the order of their numbers.
struct Locals<'a>(&'a [LaneArray]);

impl Locals<'_> {
    /// Finds what the parts do with each local.
    fn find_uses(&self, parts: &mut [Part]) -> Result<(), OutOfMemory> {
        let mut are_complete = Vec::new();
        let mut is_complete = true;
        for part in &*parts {
            are_complete.try_push(is_complete)?;
            is_complete &= !part.nodes.iter().any(may_return);
        }
        // What items that go on need, and what is reduced or printed whether they do or not.
        let (mut needed, mut observed): (Set, Set) = (0, 0);
        for (part, is_complete) in parts.iter_mut().zip(are_complete).rev() {
            let after = needed | observed;
            let reduced = part.stages.iter().fold(0, |set, stage| set | self.reduced(stage));
            let printed = match part.nodes.first() {
                Some(Node::Print(region, ..)) => self.reads(region),
                _ => 0,
            };
            needed = self.before(&part.nodes, needed, Jumps::default()) | reduced;
            let set_for_all = if is_complete { self.set_for_all(&part.nodes) } else { 0 };
            observed = observed & !set_for_all | reduced | printed;
            let mut touched = Touched::default();
            self.touch(&part.nodes, &mut touched);
            for (local, &lane) in self.0.iter().enumerate() {
                let is_in = |set: Set| set >> local & 1 != 0;
                if is_in(touched.reads | touched.changes | reduced) {
                    part.uses.try_push(Use {
                        local,
                        lane,
                        enters: is_in(needed | observed),
                        is_reduced: is_in(reduced),
                        is_touched: is_in(touched.reads | touched.changes),
                        is_changed: is_in(touched.changes),
                        goes_on: is_in(after),
                    })?;
                }
            }
        }
        Ok(())
    }

    /// The local at a place as a set, if there is one.
    fn at(&self, place: PlaceId) -> Set {
        self.0.iter().position(|lane| lane.place == place).map_or(0, |local| 1 << local)
    }

    fn reduced(&self, stage: &Stage) -> Set {
        let arguments = stage.reductions.iter().fold(0, |set, reduction| set | self.at(reduction.from));
        arguments | self.operands(&stage.arguments.steps)
    }

    fn operands(&self, steps: &[Step]) -> Set {
        steps.iter().flat_map(Step::operands).fold(0, |set, place| set | self.at(place))
    }

    fn reads(&self, region: &Region) -> Set {
        let results = region.pipeline.results.iter().fold(0, |set, place| set | self.at(*place));
        results | self.operands(&region.pipeline.steps)
    }

    fn changes(&self, region: &Region) -> Set {
        region.stores.iter().fold(0, |set, lane| set | self.at(lane.place))
    }

    /// What an item needs before a region, given what it needs after it.
    fn through(&self, region: &Region, after: Set) -> Set {
        after & !self.changes(region) | self.reads(region)
    }

    /// What an item needs before some nodes, given what it needs after them.
    fn before(&self, nodes: &[Node], after: Set, jumps: Jumps) -> Set {
        nodes.iter().rev().fold(after, |after, node| match node {
            Node::Compute(region) | Node::Print(region, ..) => self.through(region, after),
            Node::Return(region) => self.reads(region),
            Node::Break => jumps.on_break,
            Node::Continue => jumps.on_continue,
            Node::If(choice) => {
                let mut needed = self.before(&choice.otherwise, after, jumps);
                for (region, body) in choice.branches.iter().rev() {
                    needed = self.through(region, needed | self.before(body, after, jumps));
                }
                needed
            }
            Node::Loop(code) => {
                // What the passes after one need adds nothing to what the first needs.
                let body = self.before(&code.body, 0, Jumps { on_break: after, on_continue: 0 });
                match &code.head {
                    Head::While { condition, .. } => self.through(condition, body | after),
                    Head::For { variable, bounds } => {
                        self.through(bounds, body & !self.at(*variable) | after)
                    }
                }
            }
        })
    }

    /// What is set for all items by nodes that all items reach.
    fn set_for_all(&self, nodes: &[Node]) -> Set {
        let mut set = 0;
        for node in nodes {
            set |= first_region(node).map_or(0, |region| self.changes(region));
            if may_return(node) {
                break;
            }
        }
        set
    }

    fn touch(&self, nodes: &[Node], touched: &mut Touched) {
        for node in nodes {
            match node {
                Node::Compute(region) | Node::Return(region) | Node::Print(region, ..) => {
                    self.touch_region(region, touched);
                }
                Node::If(choice) => {
                    for (region, body) in &choice.branches {
                        self.touch_region(region, touched);
                        self.touch(body, touched);
                    }
                    self.touch(&choice.otherwise, touched);
                }
                Node::Loop(code) => {
                    match &code.head {
                        Head::While { condition, .. } => self.touch_region(condition, touched),
                        Head::For { variable, bounds } => {
                            self.touch_region(bounds, touched);
                            touched.changes |= self.at(*variable);
                        }
                    }
                    self.touch(&code.body, touched);
                }
                Node::Break | Node::Continue => {}
            }
        }
    }

    fn touch_region(&self, region: &Region, touched: &mut Touched) {
        touched.reads |= self.reads(region);
        touched.changes |= self.changes(region);
    }
}
