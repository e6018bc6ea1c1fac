//! Constant folding: a constant has the value that the engine computes for it.
//!
//! The value of a constant node depends on the dtype in which it is wanted, as the value of any other
//! node does, so folding goes the way of all nodes: the demand for it is spread over its operands, and
//! what is emitted is computed by the vector kernels, one item long.

use super::Rules;
use super::demand::{Demand, Spreader};
use super::emit::Emitter;
use super::typed::Typed;
use crate::dtype::{Dtype, Scalar};
use crate::front::error::{CompileError, Status};
use crate::front::scope::Scope;
use crate::front::tree::{NodeId, NodeKind, Tree};
use crate::ir::{Builder, ExprId};
use crate::memory::{OutOfMemory, TryGrow};
use crate::operation::known::value_of;

/// Computes constant nodes of one tree.
pub struct Folder<'a> {
    scope: &'a Scope<'a>,
    tree: &'a Tree,
    rules: Rules,
    /// Where the nodes at hand are emitted.
    builder: Builder,
    /// The value of each node at hand.
    exprs: Vec<ExprId>,
    /// The nodes at hand, users before operands.
    nodes: Vec<(NodeId, Demand)>,
    wanted: Vec<(NodeId, Dtype)>,
}

impl<'a> Folder<'a> {
    pub fn new(scope: &'a Scope<'a>, tree: &'a Tree, rules: Rules) -> Folder<'a> {
        Folder {
            scope,
            tree,
            rules,
            builder: Builder::new(),
            exprs: Vec::new(),
            nodes: Vec::new(),
            wanted: Vec::new(),
        }
    }

    /// The value of the constant node `id`, whose own is known, where it is wanted in `dtype`.
    pub fn value(&mut self, typed: &[Typed], id: NodeId, dtype: Dtype) -> Result<Scalar, CompileError> {
        match self.settled(typed, id, dtype) {
            Some(value) => Ok(value),
            None => self.compute(typed, id, dtype),
        }
    }

    /// The value of a node that needs no computing: a literal, a node in its own dtype, a call of a host
    /// function, which is called once.
    fn settled(&self, typed: &[Typed], id: NodeId, dtype: Dtype) -> Option<Scalar> {
        let Typed { compute, constant, .. } = typed[id as usize];
        let is_fixed = matches!(self.tree.node(id).kind, NodeKind::Number(_) | NodeKind::Call(..));
        let is_own = dtype == compute || dtype == typed[id as usize].own();
        constant.filter(|_| is_fixed || is_own).map(|value| value.cast(dtype))
    }

    /// The value of the constant node `id`, computed in `dtype` from its operands.
    pub fn compute(&mut self, typed: &[Typed], id: NodeId, dtype: Dtype) -> Result<Scalar, CompileError> {
        if self.exprs.is_empty() {
            self.exprs = Vec::try_filled(ExprId(0), self.tree.nodes.len())?;
        }
        self.spread(typed, id, dtype)?;
        let exprs = std::mem::take(&mut self.exprs);
        let mut builder = std::mem::take(&mut self.builder);
        let mut emitter = Emitter::new(&mut builder, self.scope, self.tree, exprs);
        for &(node, demand) in self.nodes.iter().rev() {
            let settled = if node == id { None } else { self.settled(typed, node, demand.result) };
            emitter.exprs[node as usize] = match settled {
                Some(value) => emitter.builder.constant(value, demand.result)?,
                None => emitter.node(typed, node, demand)?,
            };
        }
        self.exprs = emitter.exprs;
        let value = value_of(&builder.graph, self.exprs[id as usize]);
        self.builder = builder;
        value.ok_or_else(|| {
            let message = format_args!("this operation is not defined for these constants");
            CompileError::new(Status::InvalidType, message)
        })
    }

    /// Gathers the nodes that the value of `id` in `dtype` is computed from.
    fn spread(&mut self, typed: &[Typed], id: NodeId, dtype: Dtype) -> Result<(), OutOfMemory> {
        let demand = |result| Demand { result, work: result };
        let wanted = std::mem::take(&mut self.wanted);
        let mut spreader = Spreader::new(self.scope, self.tree, typed, self.rules, wanted);
        self.nodes.clear();
        self.nodes.try_push((id, demand(dtype)))?;
        let mut next = 0;
        while let Some(&(node, Demand { result, .. })) = self.nodes.get(next) {
            if node == id || self.settled(typed, node, result).is_none() {
                self.nodes[next].1.work = spreader.node(node, result);
                for (operand, result) in spreader.take()? {
                    self.nodes.try_push((operand, demand(result)))?;
                }
            }
            next += 1;
        }
        self.wanted = spreader.into_buffer();
        Ok(())
    }
}
