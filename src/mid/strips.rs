//! Straight-line code cut at its calls, so that each vector kernel sees a whole strip of items.
//!
//! A phase is a loop over the items of a strip, and the calls that follow it. What a call or a later
//! phase reads goes through a buffer of one strip.

use crate::ir::{ExprId, Graph};
use crate::memory::{OutOfMemory, TryGrow};

/// What a node of straight-line code is to the cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// An array of the caller: calls read it where it lies, each loop that needs it loads it.
    Array,
    /// A value that each loop has at no cost; for a call it has to be stored.
    Constant,
    /// Computed by a loop.
    Work,
    /// Computed by a call.
    Call,
}

/// Straight-line code: numbered nodes, operands before their users.
pub trait Straight {
    fn role(&self, node: usize) -> Role;
    fn operands(&self, node: usize) -> impl Iterator<Item = usize>;
}

/// The expressions of a graph, with a function that gives each its role.
pub struct Roles<'a, F>(pub &'a Graph, pub F);

impl<F: Fn(ExprId) -> Role> Straight for Roles<'_, F> {
    fn role(&self, node: usize) -> Role {
        (self.1)(ExprId(node as u32))
    }

    fn operands(&self, node: usize) -> impl Iterator<Item = usize> {
        self.0.operands(ExprId(node as u32)).map(ExprId::index)
    }
}

/// What writes the result to the output where a call computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// The call. It is the last one, but it writes while it reads its operands.
    Direct,
    /// One more loop, which copies it from a buffer.
    Copied,
}

/// What a loop does for a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub node: usize,
    /// The buffer that holds the node already; else it is computed.
    pub load: Option<u32>,
    /// The buffer that the node is stored to.
    pub store: Option<u32>,
}

/// When and where nodes are computed.
#[derive(Debug)]
pub struct Strips {
    root: usize,
    result: CallResult,
    /// `None` for what the result does not need.
    roles: Vec<Option<Role>>,
    /// The loop that computes a node, or that its call follows.
    phase: Vec<u32>,
    buffer: Vec<Option<u32>>,
    buffers: u32,
}

impl Strips {
    /// Cuts the code that computes the node `root`.
    pub fn cut(code: &impl Straight, root: usize, result: CallResult) -> Result<Strips, OutOfMemory> {
        let mut roles = Vec::try_filled(None, root + 1)?;
        roles[root] = Some(code.role(root));
        for node in (0..=root).rev() {
            if roles[node].is_some() {
                code.operands(node).for_each(|operand| roles[operand] = Some(code.role(operand)));
            }
        }
        let mut strips = Strips {
            root,
            result,
            phase: Vec::try_filled(0, roles.len())?,
            buffer: Vec::try_filled(None, roles.len())?,
            roles,
            buffers: 0,
        };
        for node in 0..=root {
            if let Some(role) = strips.roles[node] {
                strips.place(code, node, role);
            }
        }
        Ok(strips)
    }

    /// Finds the phase of a node whose operands have theirs.
    fn place(&mut self, code: &impl Straight, node: usize, role: Role) {
        let phase = code.operands(node).map(|operand| self.available(operand)).max().unwrap_or(0);
        self.phase[node] = phase;
        for operand in code.operands(node) {
            let is_stored = match self.roles[operand] {
                Some(Role::Array) | None => false,
                Some(Role::Constant) => role == Role::Call,
                Some(Role::Work | Role::Call) => role == Role::Call || self.phase[operand] < phase,
            };
            if is_stored {
                self.keep(operand);
            }
        }
        if role == Role::Call && (node != self.root || self.result == CallResult::Copied) {
            self.keep(node);
        }
    }

    fn keep(&mut self, node: usize) {
        if self.buffer[node].is_none() {
            self.buffer[node] = Some(self.buffers);
            self.buffers += 1;
        }
    }

    fn is_call(&self, node: usize) -> bool {
        self.roles[node] == Some(Role::Call)
    }

    /// The first phase that can read a node.
    fn available(&self, node: usize) -> u32 {
        self.phase[node] + u32::from(self.is_call(node))
    }

    pub fn has_calls(&self) -> bool {
        self.roles.contains(&Some(Role::Call))
    }

    /// Number of buffers.
    pub fn buffers(&self) -> u32 {
        self.buffers
    }

    /// The buffer of a node.
    pub fn buffer(&self, node: usize) -> Option<u32> {
        self.buffer[node]
    }

    /// Whether the last call writes the output.
    pub fn writes_by_call(&self) -> bool {
        self.is_call(self.root) && self.result == CallResult::Direct
    }

    /// Number of phases.
    pub fn phases(&self) -> u32 {
        self.phase[self.root] + 1 + u32::from(self.is_call(self.root) && !self.writes_by_call())
    }

    /// Whether the loop of a phase stores the result.
    pub fn stores_result(&self, phase: u32) -> bool {
        phase + 1 == self.phases() && !self.writes_by_call()
    }

    /// The calls of a phase, which do not depend on each other.
    pub fn calls(&self, phase: u32) -> impl Iterator<Item = usize> + '_ {
        (0..=self.root).filter(move |node| self.is_call(*node) && self.phase[*node] == phase)
    }

    /// Whether the loop of a phase finds a node in its buffer.
    fn is_loaded(&self, node: usize, phase: u32) -> bool {
        self.buffer[node].is_some()
            && match self.roles[node] {
                Some(Role::Call) => true,
                Some(Role::Work) => self.phase[node] < phase,
                Some(Role::Array | Role::Constant) | None => false,
            }
    }

    /// What the loop of a phase does, operands before their users.
    pub fn steps(&self, code: &impl Straight, phase: u32) -> Result<Vec<Step>, OutOfMemory> {
        let is_stored =
            |node: usize| self.buffer[node].is_some() && !self.is_call(node) && self.phase[node] == phase;
        let mut steps = Vec::new();
        let mut is_used = Vec::try_filled(false, self.roles.len())?;
        is_used[self.root] = self.stores_result(phase);
        for node in (0..=self.root).rev() {
            if !is_used[node] && !is_stored(node) {
                continue;
            }
            let load = self.buffer[node].filter(|_| self.is_loaded(node, phase));
            if load.is_none() {
                code.operands(node).for_each(|operand| is_used[operand] = true);
            }
            let store = self.buffer[node].filter(|_| is_stored(node));
            steps.try_push(Step { node, load, store })?;
        }
        steps.reverse();
        Ok(steps)
    }

    /// Gives buffers that are never in use at the same time one place.
    pub fn share_buffers(&mut self, code: &impl Straight) -> Result<(), OutOfMemory> {
        let mut uses = self.uses(code)?;
        uses.sort_unstable();
        // The last use of the buffer that has each place.
        let mut taken: Vec<u32> = Vec::new();
        for (first, node, last) in uses {
            let place = match taken.iter().position(|end| *end < first) {
                Some(place) => place,
                None => {
                    taken.try_push(0)?;
                    taken.len() - 1
                }
            };
            taken[place] = last;
            self.buffer[node] = Some(place as u32);
        }
        self.buffers = taken.len() as u32;
        Ok(())
    }

    /// For each node with a buffer, when that is in use: the first time, the node, the last time. A loop is
    /// one point in time, the calls that follow it are the next.
    fn uses(&self, code: &impl Straight) -> Result<Vec<(u32, usize, u32)>, OutOfMemory> {
        let time = |node: usize| 2 * self.phase[node] + u32::from(self.is_call(node));
        let mut last = Vec::try_filled(0, self.roles.len())?;
        last[self.root] = 2 * self.available(self.root);
        for node in (0..=self.root).filter(|node| self.roles[*node].is_some()) {
            code.operands(node).for_each(|operand| last[operand] = last[operand].max(time(node)));
        }
        let mut uses = Vec::new();
        for node in (0..=self.root).filter(|node| self.buffer[*node].is_some()) {
            uses.try_push((time(node), node, last[node]))?;
        }
        Ok(uses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nodes with their operands; a call is `true`. Nodes without operands are arrays.
    struct List(&'static [(bool, &'static [usize])]);

    impl Straight for List {
        fn role(&self, node: usize) -> Role {
            match self.0[node] {
                (true, _) => Role::Call,
                (false, []) => Role::Array,
                (false, _) => Role::Work,
            }
        }

        fn operands(&self, node: usize) -> impl Iterator<Item = usize> {
            self.0[node].1.iter().copied()
        }
    }

    /// f(g(x) + x) * g(x), where f and g are calls.
    const NESTED: List =
        List(&[(false, &[]), (true, &[0]), (false, &[1, 0]), (true, &[2]), (false, &[3, 1])]);

    fn step(node: usize, load: Option<u32>, store: Option<u32>) -> Step {
        Step { node, load, store }
    }

    #[test]
    fn calls_cut_code_into_phases() {
        let strips = Strips::cut(&NESTED, 4, CallResult::Direct).unwrap();
        assert_eq!(strips.phases(), 3);
        assert_eq!(strips.steps(&NESTED, 0).unwrap(), []);
        assert!(strips.calls(0).eq([1]));
        let second = [step(0, None, None), step(1, Some(0), None), step(2, None, Some(1))];
        assert_eq!(strips.steps(&NESTED, 1).unwrap(), second);
        assert!(strips.calls(1).eq([3]));
        let last = [step(1, Some(0), None), step(3, Some(2), None), step(4, None, None)];
        assert_eq!(strips.steps(&NESTED, 2).unwrap(), last);
        assert!(strips.stores_result(2) && !strips.stores_result(1));
    }

    #[test]
    fn a_call_may_write_the_result() {
        let direct = Strips::cut(&NESTED, 3, CallResult::Direct).unwrap();
        assert!(direct.writes_by_call());
        assert_eq!((direct.phases(), direct.buffer(3)), (2, None));
        let copied = Strips::cut(&NESTED, 3, CallResult::Copied).unwrap();
        assert_eq!((copied.phases(), copied.stores_result(2)), (3, true));
        assert_eq!(copied.steps(&NESTED, 2).unwrap(), [step(3, Some(2), None)]);
    }

    #[test]
    fn buffers_of_different_times_share_a_place() {
        // Calls of calls: each buffer is free when the next but one is written.
        let chain = List(&[(false, &[]), (true, &[0]), (true, &[1]), (true, &[2]), (true, &[3])]);
        let mut strips = Strips::cut(&chain, 4, CallResult::Direct).unwrap();
        assert_eq!(strips.buffers(), 3);
        strips.share_buffers(&chain).unwrap();
        assert_eq!(strips.buffers(), 2);
        assert_eq!([1, 2, 3].map(|node| strips.buffer(node)), [Some(0), Some(1), Some(0)]);
    }

    #[test]
    fn what_the_result_does_not_need_has_no_place() {
        let strips = Strips::cut(&NESTED, 2, CallResult::Copied).unwrap();
        assert!(strips.calls(0).eq([1]));
        assert_eq!(strips.buffers(), 1);
    }
}
