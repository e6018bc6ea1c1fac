//! Which locals only one loop reads.
//!
//! A lane that has left the loop never sees such a local again, so in the body it may be written for
//! all lanes: that is cheaper than for some, and the next pass need not wait for the mask.

use super::{LoopId, Scope};
use crate::ir::LocalId;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Node, Region};

/// Index in [`Private::loops`]; loops around a loop have lower ones.
type Index = usize;

/// Where a local is read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Readers {
    Nowhere,
    Within(Index),
    Anywhere,
}

#[derive(Debug)]
struct LoopInfo {
    id: LoopId,
    parent: Option<Index>,
    /// Locals that regions of the same block store before the loop.
    fresh: Vec<LocalId>,
}

/// The findings.
#[derive(Debug)]
pub struct Private {
    loops: Vec<LoopInfo>,
    readers: Vec<Readers>,
}

impl Private {
    /// Looks through the body of a kernel with so many locals.
    pub fn new(locals: usize, nodes: &[Node<Region>]) -> Result<Private, OutOfMemory> {
        let readers = Vec::try_filled(Readers::Nowhere, locals)?;
        let mut found = Private { loops: Vec::new(), readers };
        found.block(nodes, None)?;
        Ok(found)
    }

    /// Whether no lane that has left the loop reads what it then held. Each time the loop is entered,
    /// the local must have a new value.
    fn is_private(&self, local: LocalId, id: LoopId) -> bool {
        let Some(index) = self.loops.iter().position(|info| info.id == id) else {
            unreachable!("all loops are looked through")
        };
        let info = &self.loops[index];
        let is_read_inside = match self.readers[local as usize] {
            Readers::Nowhere => true,
            Readers::Within(reader) => self.common(reader, index) == Some(index),
            Readers::Anywhere => false,
        };
        is_read_inside && (info.parent.is_none() || info.fresh.contains(&local))
    }

    /// The lanes for which a local must be written at a point inside some blocks, which is in one of `mask`, and in the
    /// body of a loop, if one is given; `None` is all lanes. Those that are not active have left the loops around, if no
    /// other block is.
    pub fn lanes_of_write<V: PartialEq>(
        &self,
        local: LocalId,
        mask: Option<V>,
        body_of: Option<LoopId>,
        blocks: &[Scope<V>],
    ) -> Option<V> {
        let is_left = |scope: &Scope<V>| scope.body_of.is_some() && scope.loop_mask == scope.mask;
        let is_private = body_of.is_some_and(|id| self.is_private(local, id));
        if is_private && blocks.iter().skip(1).all(is_left) { None } else { mask }
    }

    /// The innermost loop around two, each of which counts as around itself.
    fn common(&self, a: Index, b: Index) -> Option<Index> {
        let (mut a, mut b) = (a, b);
        while a != b {
            let inner = if a > b { &mut a } else { &mut b };
            *inner = self.loops[*inner].parent?;
        }
        Some(a)
    }

    fn block(&mut self, block: &[Node<Region>], inside: Option<Index>) -> Result<(), OutOfMemory> {
        // What regions of the block have stored so far.
        let mut fresh = Vec::new();
        for node in block {
            match node {
                Node::Compute(region) | Node::Return(region) | Node::Print(region, _) => {
                    self.region(region, inside, &mut fresh)?;
                }
                Node::If { branches, otherwise } => {
                    for (region, body) in branches {
                        self.region(region, inside, &mut fresh)?;
                        self.block(body, inside)?;
                    }
                    self.block(otherwise, inside)?;
                }
                Node::Loop(flat) => {
                    if let Head::For { bounds, .. } = &flat.head {
                        self.region(bounds, inside, &mut fresh)?;
                    }
                    let fresh = Vec::try_copied(&fresh)?;
                    self.loops.try_push(LoopInfo { id: flat, parent: inside, fresh })?;
                    let index = self.loops.len() - 1;
                    if let Head::While { condition, .. } = &flat.head {
                        self.note_reads(condition, Some(index));
                    }
                    self.block(&flat.body, Some(index))?;
                }
                Node::Break | Node::Continue => {}
            }
        }
        Ok(())
    }

    /// Notes what a region reads, and what it stores for all lanes that run the block.
    fn region(
        &mut self,
        region: &Region,
        inside: Option<Index>,
        fresh: &mut Vec<LocalId>,
    ) -> Result<(), OutOfMemory> {
        self.note_reads(region, inside);
        region.stores.iter().try_for_each(|(local, _)| fresh.try_push(*local))
    }

    fn note_reads(&mut self, region: &Region, inside: Option<Index>) {
        for local in region.reads() {
            let around = match (self.readers[local as usize], inside) {
                (Readers::Nowhere, inside) => inside,
                (Readers::Within(known), Some(inside)) => self.common(known, inside),
                _ => None,
            };
            self.readers[local as usize] = around.map_or(Readers::Anywhere, Readers::Within);
        }
    }
}
