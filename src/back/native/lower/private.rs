//! Which locals only one loop reads.
//!
//! A lane that has left the loop never sees such a local again, so in the body it may be written for
//! all lanes: that is cheaper than for some, and the next pass need not wait for the mask.

use crate::ir::{ExprId, ExprKind, Kernel, LocalId, Stmt};
use crate::memory::{OutOfMemory, TryGrow};

/// Index in [`Private::loops`]; loops around a loop have lower ones.
pub type LoopId = usize;

/// Where a local is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Readers {
    Nowhere,
    Within(LoopId),
    Anywhere,
}

struct LoopInfo {
    /// Address of the first statement of its body.
    body: *const Stmt,
    parent: Option<LoopId>,
    /// Locals that statements of the same block assign before the loop.
    fresh: Vec<LocalId>,
}

/// The findings.
pub struct Private {
    loops: Vec<LoopInfo>,
    readers: Vec<Readers>,
}

impl Private {
    pub fn new(kernel: &Kernel) -> Result<Private, OutOfMemory> {
        let readers = Vec::try_filled(Readers::Nowhere, kernel.locals.len())?;
        let mut search = Search { kernel, found: Private { loops: Vec::new(), readers } };
        search.block(&kernel.body, None)?;
        Ok(search.found)
    }

    /// The loop with this body.
    pub fn loop_of(&self, body: &[Stmt]) -> Option<LoopId> {
        self.loops.iter().position(|info| info.body == body.as_ptr())
    }

    /// Whether no lane that has left the loop reads what it then held. Each time the loop is entered,
    /// the local must have a new value.
    pub fn is_private(&self, local: LocalId, id: LoopId) -> bool {
        let info = &self.loops[id];
        let is_read_inside = match self.readers[local as usize] {
            Readers::Nowhere => true,
            Readers::Within(reader) => self.common(reader, id) == Some(id),
            Readers::Anywhere => false,
        };
        is_read_inside && (info.parent.is_none() || info.fresh.contains(&local))
    }

    /// The innermost loop around two, each of which counts as around itself.
    fn common(&self, a: LoopId, b: LoopId) -> Option<LoopId> {
        let (mut a, mut b) = (a, b);
        while a != b {
            let inner = if a > b { &mut a } else { &mut b };
            *inner = self.loops[*inner].parent?;
        }
        Some(a)
    }
}

/// A walk over all statements.
struct Search<'a> {
    kernel: &'a Kernel,
    found: Private,
}

impl Search<'_> {
    fn block(&mut self, block: &[Stmt], inside: Option<LoopId>) -> Result<(), OutOfMemory> {
        for (index, stmt) in block.iter().enumerate() {
            match stmt {
                Stmt::Assign { value, .. } | Stmt::Return(value) => self.read(*value, inside)?,
                Stmt::If { branches, otherwise } => {
                    for branch in branches {
                        self.read(branch.condition, inside)?;
                        self.block(&branch.body, inside)?;
                    }
                    self.block(otherwise, inside)?;
                }
                Stmt::While { condition, body, .. } => {
                    let id = self.enter(body, &block[..index], inside)?;
                    self.read(*condition, Some(id))?;
                    self.block(body, Some(id))?;
                }
                Stmt::For { start, stop, step, body, .. } => {
                    for bound in [start, stop, step] {
                        self.read(*bound, inside)?;
                    }
                    let id = self.enter(body, &block[..index], inside)?;
                    self.block(body, Some(id))?;
                }
                Stmt::Break | Stmt::Continue | Stmt::Print(_) => {}
            }
        }
        Ok(())
    }

    fn enter(
        &mut self,
        body: &[Stmt],
        before: &[Stmt],
        parent: Option<LoopId>,
    ) -> Result<LoopId, OutOfMemory> {
        let mut fresh = Vec::new();
        for stmt in before {
            if let Stmt::Assign { local, .. } = stmt {
                fresh.try_push(*local)?;
            }
        }
        self.found.loops.try_push(LoopInfo { body: body.as_ptr(), parent, fresh })?;
        Ok(self.found.loops.len() - 1)
    }

    /// Notes the locals that an expression reads.
    fn read(&mut self, root: ExprId, inside: Option<LoopId>) -> Result<(), OutOfMemory> {
        let mut seen = Vec::try_filled(false, self.kernel.graph.len())?;
        let mut stack = Vec::new();
        stack.try_push(root)?;
        while let Some(id) = stack.pop() {
            if std::mem::replace(&mut seen[id.index()], true) {
                continue;
            }
            if let ExprKind::Local(local) = self.kernel.graph.expr(id).kind {
                self.note(local, inside);
            }
            self.kernel.graph.operands(id).try_for_each(|operand| stack.try_push(operand))?;
        }
        Ok(())
    }

    fn note(&mut self, local: LocalId, inside: Option<LoopId>) {
        let known = self.found.readers[local as usize];
        let around = match (known, inside) {
            (Readers::Nowhere, inside) => inside,
            (Readers::Within(known), Some(inside)) => self.found.common(known, inside),
            _ => None,
        };
        self.found.readers[local as usize] = around.map_or(Readers::Anywhere, Readers::Within);
    }
}
