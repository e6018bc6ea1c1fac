//! From a typed kernel to lane code.
//!
//! A local is bound to the value that it was last given, so most locals cost nothing. Where
//! branches meet, values are selected by mask. A local that lives round a loop has a variable too,
//! which every assignment writes for the active lanes, or for all where only the loop reads it.

mod control;
mod expression;
mod flow;
mod known;

use super::lane::{Code, Inst, Label, Op, Source, Value};
use crate::back::engine::{Refusal, reason};
use crate::back::lane::{Control, LoopId, Private, Scope};
use crate::dtype::{Dtype, Scalar};
use crate::ir::{Expr, ExprKind, Kernel, LocalId, always_returns};
use crate::kernel::level::Level;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::facts::Facts;
use crate::mid::flatten::{Node, Region, any_node, flatten, for_each_region};

use control::{Choice, Round};
use expression::HOST_FUNCTION;
use flow::{Flow, calls_host};
use known::{Key, Known};

/// Expressions beyond which code generation, some steps of which take quadratic time, is not worth it.
const MAX_EXPRESSIONS: usize = 8192;

/// Lane code for a kernel whose vector functions are those of `level`.
pub fn lower(kernel: &Kernel, level: Level) -> Result<Code, Refusal> {
    if !always_returns(&kernel.body) {
        return Err(Refusal::of(reason::NO_RETURN));
    }
    if kernel.graph.len() > MAX_EXPRESSIONS {
        return Err(Refusal::of(reason::TOO_LARGE));
    }
    let mut nodes = flatten(kernel)?;
    let mut expressions = 0;
    for_each_region(&nodes, |region| expressions += region.graph.len());
    if expressions > MAX_EXPRESSIONS {
        return Err(Refusal::of(reason::TOO_LARGE));
    }
    check_calls(kernel, &nodes)?;
    let facts = Facts::gather(kernel, &mut nodes)?;
    let flow = Flow::new(kernel, &nodes)?;
    let mut lowerer = Lowerer {
        kernel,
        level,
        code: Code { has_jumps: flow.has_jumps, index_symbols: facts.symbols, ..Code::default() },
        known: Known::new(),
        known_calls: Known::new(),
        versions: Vec::new(),
        env: Vec::try_filled(Binding::Unset, kernel.locals.len())?,
        variables: Vec::try_filled(None, kernel.locals.len() + 1)?,
        scopes: Vec::new(),
        choices: Vec::new(),
        skips: Vec::new(),
        rounds: Vec::new(),
        result: None,
        private: Private::new(kernel.locals.len(), &nodes)?,
        flow,
    };
    lowerer.whole_body(&nodes)?;
    Ok(lowerer.code)
}

/// Refuses calls of the host that lanes cannot make. A function sees values of lanes that do not run the
/// statement and of those that fill a group, so it must be pure.
fn check_calls(kernel: &Kernel, nodes: &[Node<Region>]) -> Result<(), Refusal> {
    let is_impure = |expr: &Expr| match expr.kind {
        ExprKind::Call { function, .. } => !kernel.tables.function(function).target.is_pure(),
        _ => false,
    };
    if kernel.graph.exprs.iter().any(is_impure) {
        return Err(HOST_FUNCTION);
    }
    let asks_later = any_node(nodes, |node| match node {
        Node::If { branches, .. } => branches.iter().skip(1).any(|(condition, _)| calls_host(condition)),
        _ => false,
    });
    // Where no lane is left to ask for, nothing jumps over the condition.
    match asks_later {
        true => Err(Refusal::of("user functions are not supported by jit ir in elif conditions")),
        false => Ok(()),
    }
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

struct Lowerer<'a> {
    kernel: &'a Kernel,
    level: Level,
    flow: Flow,
    private: Private,
    code: Code,
    /// Results of instructions.
    known: Known,
    /// Results of calls for the lanes that are active, by operands that may differ in other lanes.
    known_calls: Known,
    /// How often a value has been written, for variables and masks that change.
    versions: Vec<u32>,
    env: Vec<Binding>,
    /// Variables of locals that need one; the last entry is that of the result.
    variables: Vec<Option<Value>>,
    scopes: Vec<Scope<Value>>,
    choices: Vec<Choice>,
    /// Jumps over the branches that are open, and what was known before them.
    skips: Vec<(Option<Label>, Mark)>,
    rounds: Vec<Round>,
    /// What the lanes that have returned give, where the result has no variable.
    result: Option<Value>,
}

impl Lowerer<'_> {
    /// The body of the kernel, and the store of its result.
    fn whole_body(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        let result = self.kernel.locals.len() as LocalId;
        for local in 0..=result {
            if self.flow.needs_variable[local as usize] {
                let variable = self.variable(local)?;
                let zero = self.zero(self.code.dtype(variable))?;
                self.rewrite(Op::Move, variable, &[zero], None)?;
            }
        }
        let mask = match self.flow.needs_variable[result as usize] {
            true => Some(self.append(Op::MaskConstant(true), Dtype::Bool, &[])?),
            false => None,
        };
        self.scopes.try_push(Scope::of(mask))?;
        self.block(nodes)?;
        let value = self.variables[result as usize].or(self.result);
        let Some(value) = value else { unreachable!("every lane returns") };
        Ok(self.effect(Op::Store, &[value])?)
    }

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
        let key = self.key(op, dtype, args);
        if let Some(value) = self.known.find(&key) {
            return Ok(value);
        }
        let value = self.append(op, dtype, args)?;
        self.known.add(key, value)?;
        Ok(value)
    }

    fn key(&self, op: Op, dtype: Dtype, args: &[Value]) -> Key {
        let args = instruction(op, None, args).args;
        let versions = args.map(|arg| arg.map_or(0, |value| self.versions[value as usize]));
        Key { op, dtype, args, versions }
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

    /// Whether instructions that come later may write the value.
    fn is_variable(&self, value: Value) -> bool {
        self.versions[value as usize] > 0
    }

    /// Gives a local a value, for the active lanes.
    fn bind(&mut self, local: LocalId, value: Value) -> Result<(), OutOfMemory> {
        let (mask, body_of) = self.scopes.last().map_or((None, None), |scope| (scope.mask, scope.body_of));
        self.bind_in(local, value, mask, body_of)
    }

    /// Gives a local a value, for the lanes of a mask that are in a loop's body, if a loop is given.
    fn bind_in(
        &mut self,
        local: LocalId,
        value: Value,
        mask: Option<Value>,
        body_of: Option<LoopId>,
    ) -> Result<(), OutOfMemory> {
        if self.flow.needs_variable[local as usize] {
            let variable = self.variable(local)?;
            let lanes = self.private.lanes_of_write(local, mask, body_of, &self.scopes);
            self.rewrite(Op::Move, variable, &[value], lanes)?;
        }
        self.env[local as usize] = Binding::Value(value);
        Ok(())
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

    /// How much is known.
    fn known(&self) -> Mark {
        Mark { values: self.known.len(), calls: self.known_calls.len() }
    }

    /// Forgets the values computed since a point, which later code may not have passed.
    fn forget(&mut self, mark: Mark) {
        self.known.truncate(mark.values);
        self.known_calls.truncate(mark.calls);
    }
}

/// How much was known at some point.
#[derive(Clone, Copy)]
struct Mark {
    values: usize,
    calls: usize,
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
