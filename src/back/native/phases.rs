//! Lane code for strips of items: what runs over the groups of a strip, and the calls that follow it, phase
//! by phase.

use super::lane::{Code, Inst, Op, Source, Value};
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::strips::{CallResult, Role, Straight, Strips};

/// Bytes that the buffers of a strip may take together, so that the first-level cache holds them and the
/// caller's arrays.
const STRIP_BYTES: usize = 1 << 13;

/// Items of a strip: fewer make calls dear, and without buffers nothing asks for few.
const FEWEST_ITEMS: usize = 256;
const MOST_ITEMS: usize = 1 << 20;

/// What a call reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    Buffer(u32),
    /// An input array itself.
    Input(u32),
    /// The output array, in the place of a result.
    Output,
}

/// A vector kernel on a strip.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// Index in [`Code::calls`].
    pub index: u32,
    pub out: Operand,
    pub args: [Option<Operand>; 3],
    /// Bytes of one item of each argument, then of the result.
    pub sizes: [usize; 4],
}

/// Lane code, then calls.
#[derive(Debug, Default)]
pub struct Phase {
    pub insts: Vec<Inst>,
    pub calls: Vec<Call>,
}

/// The phases of a kernel. Without calls, or with loops, there is one.
#[derive(Debug)]
pub struct Schedule {
    pub phases: Vec<Phase>,
    /// Buffers, each with room for a strip of the widest items.
    pub buffers: usize,
    /// Items of a strip.
    pub strip_items: usize,
    /// Whether some lane has 64 bits, so that a vector holds half as many lanes.
    pub is_wide: bool,
}

/// Cuts `code`; values that come from buffers are added to it.
pub fn schedule(code: &mut Code) -> Result<Schedule, OutOfMemory> {
    let is_wide = code.is_wide();
    let is_cut = !code.has_jumps && code.has_calls();
    let insts = std::mem::take(&mut code.insts);
    let mut phases = Vec::new();
    let result = match insts.last() {
        Some(Inst { op: Op::Store, args: [Some(result), ..], .. }) if is_cut => *result,
        _ => {
            phases.try_push(Phase { insts, calls: Vec::new() })?;
            return Ok(Schedule { phases, buffers: 0, strip_items: MOST_ITEMS, is_wide });
        }
    };
    let mut definitions = Vec::try_filled(None, code.values.len())?;
    for inst in &insts {
        if let Some(dst) = inst.dst {
            definitions[dst as usize] = Some(*inst);
        }
    }
    let definitions = Definitions(definitions);
    let mut strips = Strips::cut(&definitions, result as usize, CallResult::Direct)?;
    strips.share_buffers(&definitions)?;
    let mut names = Vec::new();
    for value in 0..code.values.len() as Value {
        names.try_push(value)?;
    }
    let mut writer = Writer { code, definitions: &definitions, strips: &strips, result, names };
    for phase in 0..strips.phases() {
        phases.try_push(writer.phase(phase)?)?;
    }
    let buffers = strips.buffers() as usize;
    let mut strip_items = MOST_ITEMS;
    while strip_items > FEWEST_ITEMS && buffers * strip_items * 8 > STRIP_BYTES {
        strip_items /= 2;
    }
    Ok(Schedule { phases, buffers, strip_items, is_wide })
}

impl Schedule {
    /// Whether the code writes items of the output before it has read the inputs of the whole strip.
    pub fn writes_by_call(&self) -> bool {
        self.phases.iter().flat_map(|phase| &phase.calls).any(|call| call.out == Operand::Output)
    }
}

/// The instruction that computes each value, if there is one: code without jumps writes no value twice.
struct Definitions(Vec<Option<Inst>>);

impl Straight for Definitions {
    fn role(&self, value: usize) -> Role {
        match self.0[value].map(|inst| inst.op) {
            Some(Op::Load(_)) => Role::Array,
            Some(Op::MaskConstant(_)) | None => Role::Constant,
            Some(Op::Call(_)) => Role::Call,
            Some(_) => Role::Work,
        }
    }

    fn operands(&self, value: usize) -> impl Iterator<Item = usize> {
        self.0[value].iter().flat_map(Inst::reads).map(|value| value as usize)
    }
}

/// Writes the instructions of phases.
struct Writer<'a> {
    code: &'a mut Code,
    definitions: &'a Definitions,
    strips: &'a Strips,
    result: Value,
    /// What each value is called in the phase at hand.
    names: Vec<Value>,
}

impl Writer<'_> {
    fn phase(&mut self, phase: u32) -> Result<Phase, OutOfMemory> {
        let mut insts = Vec::new();
        for step in self.strips.steps(self.definitions, phase)? {
            let value = step.node as Value;
            if let Some(inst) = self.inst(value, step.load)? {
                insts.try_push(inst)?;
            }
            if let Some(buffer) = step.store {
                insts.try_push(self.effect(Op::StoreBuffer(buffer), value))?;
            }
        }
        if self.strips.stores_result(phase) {
            insts.try_push(self.effect(Op::Store, self.result))?;
        }
        let mut calls = Vec::new();
        for value in self.strips.calls(phase) {
            calls.try_push(self.call(value))?;
        }
        Ok(Phase { insts, calls })
    }

    /// The instruction that gives a value in this phase; none for one that needs no instruction.
    fn inst(&mut self, value: Value, load: Option<u32>) -> Result<Option<Inst>, OutOfMemory> {
        let Some(mut inst) = self.definitions.0[value as usize] else { return Ok(None) };
        match load {
            Some(buffer) => {
                inst = Inst { op: Op::LoadBuffer(buffer), dst: None, args: [None; 3], mask: None }
            }
            None => inst.args = inst.args.map(|arg| arg.map(|arg| self.name(arg))),
        }
        // What several phases compute or load are values of their own: none of them lives through a phase.
        let name = match self.definitions.role(value as usize) {
            Role::Work if load.is_none() => value,
            _ => self.code.add_value(self.code.dtype(value), Source::Computed)?,
        };
        self.names[value as usize] = name;
        Ok(Some(Inst { dst: Some(name), ..inst }))
    }

    fn name(&self, value: Value) -> Value {
        self.names[value as usize]
    }

    fn effect(&self, op: Op, value: Value) -> Inst {
        Inst { op, dst: None, args: [Some(self.name(value)), None, None], mask: None }
    }

    fn call(&self, value: usize) -> Call {
        let Some(Inst { op: Op::Call(index), args, .. }) = self.definitions.0[value] else {
            unreachable!("the cut takes it for a call")
        };
        let size = |value: Value| self.code.dtype(value).size();
        let [a, b, c] = args.map(|arg| arg.map_or(0, size));
        Call {
            index,
            out: self.strips.buffer(value).map_or(Operand::Output, Operand::Buffer),
            args: args.map(|arg| arg.map(|arg| self.operand(arg))),
            sizes: [a, b, c, size(value as Value)],
        }
    }

    fn operand(&self, value: Value) -> Operand {
        match (self.definitions.0[value as usize].map(|inst| inst.op), self.strips.buffer(value as usize)) {
            (Some(Op::Load(input)), _) => Operand::Input(input),
            (_, Some(buffer)) => Operand::Buffer(buffer),
            (_, None) => unreachable!("what a call reads has a buffer"),
        }
    }
}
