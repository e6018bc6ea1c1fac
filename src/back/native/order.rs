//! The order in which the parts of a group run.
//!
//! Instructions without jumps and calls between them, a run, are done for one part and then for the
//! next, so that only one part's intermediate results take registers. A run is short enough for the
//! processor to overlap the parts.

use std::ops::Range;

use super::lane::{Inst, Op};
use crate::memory::{OutOfMemory, TryGrow};

/// Instructions of a run at most.
const MAX_RUN: usize = 24;

/// The runs of some instructions, in order. A jump, a call or uniform code is a run by itself.
pub fn runs(insts: &[Inst]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut next = 0;
    std::iter::from_fn(move || {
        let rest = &insts[next..];
        let len = rest.iter().take(MAX_RUN).take_while(|inst| is_done_by_part(inst.op)).count();
        let run = next..next + len.max(1);
        next = run.end;
        (!rest.is_empty()).then_some(run)
    })
}

/// Whether an instruction does the same for each part.
pub fn is_done_by_part(op: Op) -> bool {
    !matches!(
        op,
        Op::Call(_)
            | Op::Label(_)
            | Op::Jump(_)
            | Op::JumpIfAny(_)
            | Op::JumpIfNone(_)
            | Op::FailIfAny(_)
            | Op::SetUniform(..)
            | Op::AddUniform(..)
            | Op::JumpIfUniform(..)
            | Op::ConvertUniform(..)
            | Op::CountPass(_)
            | Op::MeterPass
    )
}

/// When each part of each instruction runs.
pub struct Order {
    parts: usize,
    /// The run of each instruction.
    runs: Vec<Range<usize>>,
}

impl Order {
    pub fn new(insts: &[Inst], parts: usize) -> Result<Order, OutOfMemory> {
        let mut list = Vec::new();
        for run in runs(insts) {
            for _ in run.clone() {
                list.try_push(run.clone())?;
            }
        }
        Ok(Order { parts, runs: list })
    }

    /// The position of one part of an instruction among those of all.
    pub fn position(&self, index: usize, part: usize) -> usize {
        let run = &self.runs[index];
        run.start * self.parts + part * run.len() + (index - run.start)
    }
}
