//! From a typed kernel to lane code.
//!
//! A local is bound to the value that it was last given, so most locals cost nothing. Where
//! branches meet, values are selected by mask. A local that lives round a loop has a variable too,
//! which every assignment writes for the active lanes, or for all where only the loop reads it.

mod control;
mod expression;
mod flow;
mod private;

use super::lane::{Code, Inst, Op, Source, Value};
use crate::back::engine::{Refusal, reason};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{ExprId, Kernel, LocalId};
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};

use flow::Flow;
use private::{LoopId, Private};

/// Lane code for a kernel whose vector functions are those of `level`.
pub fn lower(kernel: &Kernel, level: Level) -> Result<Code, Refusal> {
    let flow = Flow::new(kernel)?;
    if !flow.always_returns {
        return Err(Refusal::of(reason::NO_RETURN));
    }
    let mut lowerer = Lowerer {
        kernel,
        level,
        code: Code { has_jumps: flow.has_jumps, ..Code::default() },
        memo: Vec::try_filled(None, kernel.graph.len())?,
        memo_log: Vec::new(),
        known: Vec::new(),
        versions: Vec::new(),
        env: Vec::try_filled(Binding::Unset, kernel.locals.len())?,
        variables: Vec::try_filled(None, kernel.locals.len() + 1)?,
        regions: Vec::new(),
        result: None,
        private: Private::new(kernel)?,
        flow,
    };
    lowerer.whole_body()?;
    Ok(lowerer.code)
}

/// What a local holds at the current point, for the active lanes.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Binding {
    /// Never assigned: zero.
    Unset,
    Value(Value),
    /// In its variable.
    Variable,
}

/// A block of statements and the lanes that run it.
#[derive(Clone, Copy, Debug)]
struct Region {
    /// `None` is all lanes.
    mask: Option<Value>,
    /// In the body of a loop, the lanes that go round again; `None` is all.
    loop_mask: Option<Value>,
    /// Set for the body of a loop.
    loop_id: Option<LoopId>,
}

/// A value that is computed already: an instruction without effect, and its result.
struct Known {
    inst: Inst,
    dtype: Dtype,
    versions: [u32; 3],
    value: Value,
}

struct Lowerer<'a> {
    kernel: &'a Kernel,
    level: Level,
    flow: Flow,
    private: Private,
    code: Code,
    /// Value of each expression that is computed at the current point.
    memo: Vec<Option<Value>>,
    memo_log: Vec<ExprId>,
    known: Vec<Known>,
    /// How often a value has been written, for variables and masks that change.
    versions: Vec<u32>,
    env: Vec<Binding>,
    /// Variables of locals that need one; the last entry is that of the result.
    variables: Vec<Option<Value>>,
    regions: Vec<Region>,
    /// What the lanes that have returned give, where the result has no variable.
    result: Option<Value>,
}

/// Newest known values that a search looks at.
const SEARCH_LIMIT: usize = 96;

impl Lowerer<'_> {
    /// A new value of an instruction's result.
    fn new_value(&mut self, dtype: Dtype, source: Source) -> Result<Value, OutOfMemory> {
        self.versions.try_push(0)?;
        self.code.add_value(dtype, source)
    }

    fn constant(&mut self, value: Scalar, dtype: Dtype) -> Result<Value, OutOfMemory> {
        if dtype == Dtype::Bool {
            return self.emit(Op::MaskConstant(value.is_true()), Dtype::Bool, &[]);
        }
        let bits = lane_bits(value, dtype);
        let wanted = Source::Constant(bits);
        let found = self.code.values.iter().position(|info| info.dtype == dtype && info.source == wanted);
        match found {
            Some(value) => Ok(value as Value),
            None => self.new_value(dtype, wanted),
        }
    }

    fn integer(&mut self, value: i64, dtype: Dtype) -> Result<Value, OutOfMemory> {
        self.constant(Scalar::Int(i128::from(value)).cast(dtype), dtype)
    }

    /// The result of an instruction without effect: the one that is known, or a new one.
    fn emit(&mut self, op: Op, dtype: Dtype, args: &[Value]) -> Result<Value, OutOfMemory> {
        let inst = instruction(op, None, args);
        let versions = self.arg_versions(&inst);
        let known = self.known.iter().rev().take(SEARCH_LIMIT).find(|known| {
            known.dtype == dtype
                && known.inst.op == inst.op
                && known.inst.args == inst.args
                && known.versions == versions
        });
        if let Some(known) = known {
            return Ok(known.value);
        }
        let value = self.append(op, dtype, args)?;
        self.known.try_push(Known { inst, dtype, versions, value })?;
        Ok(value)
    }

    fn arg_versions(&self, inst: &Inst) -> [u32; 3] {
        inst.args.map(|arg| arg.map_or(0, |value| self.versions[value as usize]))
    }

    /// The result of a new instruction.
    fn append(&mut self, op: Op, dtype: Dtype, args: &[Value]) -> Result<Value, OutOfMemory> {
        let value = self.new_value(dtype, Source::Computed)?;
        self.code.insts.try_push(instruction(op, Some(value), args))?;
        Ok(value)
    }

    /// An instruction that only has an effect.
    fn effect(&mut self, op: Op, args: &[Value]) -> Result<(), OutOfMemory> {
        self.code.insts.try_push(instruction(op, None, args))
    }

    /// Writes a variable or a mask that exists.
    fn rewrite(
        &mut self,
        op: Op,
        dst: Value,
        args: &[Value],
        mask: Option<Value>,
    ) -> Result<(), OutOfMemory> {
        self.versions[dst as usize] += 1;
        let inst = Inst { mask, ..instruction(op, Some(dst), args) };
        self.code.insts.try_push(inst)
    }

    /// The lanes that run the current block.
    fn active(&self) -> Option<Value> {
        self.regions.last().and_then(|region| region.mask)
    }

    /// The lanes for which a local must be written at the current point, which is in a region of `mask`;
    /// `None` is all lanes. Those that are not active have left the loops around, if no other region is.
    fn lanes_of_write(&self, local: LocalId, mask: Option<Value>, id: Option<LoopId>) -> Option<Value> {
        let is_left = |region: &Region| region.loop_id.is_some() && region.loop_mask == region.mask;
        let is_private = id.is_some_and(|id| self.private.is_private(local, id));
        if is_private && self.regions.iter().skip(1).all(is_left) { None } else { mask }
    }

    /// The variable of a local, or of the result for the index after the last local.
    fn variable(&mut self, local: LocalId) -> Result<Value, OutOfMemory> {
        if let Some(variable) = self.variables[local as usize] {
            return Ok(variable);
        }
        let dtype = match self.kernel.locals.get(local as usize) {
            Some(local) => local.ty.dtype,
            None => self.kernel.output.dtype,
        };
        let variable = self.new_value(dtype, Source::Computed)?;
        self.variables[local as usize] = Some(variable);
        Ok(variable)
    }

    /// Forgets the values computed since a point, which later code may not have passed.
    fn forget(&mut self, known: usize, logged: usize) {
        self.known.truncate(known);
        for id in self.memo_log.drain(logged..) {
            self.memo[id.index()] = None;
        }
    }
}

fn instruction(op: Op, dst: Option<Value>, args: &[Value]) -> Inst {
    let mut list = [None; 3];
    for (slot, arg) in list.iter_mut().zip(args) {
        *slot = Some(*arg);
    }
    Inst { op, dst, args: list, mask: None }
}

/// The bits of a constant as a lane holds them: narrow integers are extended to 32 bits.
fn lane_bits(value: Scalar, dtype: Dtype) -> u64 {
    let wide = match dtype {
        Dtype::Int8 | Dtype::Int16 | Dtype::UInt8 | Dtype::UInt16 => value.cast(dtype).to_bytes(Dtype::Int32),
        _ => value.to_bytes(dtype),
    };
    let size = super::lane::lane_bytes(dtype);
    let mut bytes = [0; 8];
    bytes[..size].copy_from_slice(&wide[..size]);
    u64::from_le_bytes(bytes)
}
