//! Straight-line code cut at its calls, so that each vector kernel sees a whole strip of items.
//!
//! A phase is lane code that runs over all groups of a strip, and the calls that follow it. Values
//! that a later phase or a call reads go through buffers of one strip.

use super::lane::{Code, Inst, Op, Source, Value};
use crate::memory::{OutOfMemory, TryGrow};

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

/// When buffers are in use; a phase is two steps, its instructions and its calls.
struct Uses {
    /// The buffers that each step is the first to use.
    starting: Vec<Vec<u32>>,
    /// The last step that uses each buffer.
    last: Vec<usize>,
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
    if code.has_jumps || !code.has_calls() {
        let mut phases = Vec::new();
        phases.try_push(Phase { insts: std::mem::take(&mut code.insts), calls: Vec::new() })?;
        return Ok(Schedule { phases, buffers: 0, strip_items: MOST_ITEMS, is_wide });
    }
    let insts = std::mem::take(&mut code.insts);
    let mut cutter = Cutter::new(code, &insts)?;
    cutter.place(&insts)?;
    for inst in &insts {
        cutter.inst(inst)?;
    }
    let mut schedule = Schedule { is_wide, ..cutter.schedule };
    schedule.call_into_output();
    schedule.share_buffers()?;
    Ok(schedule)
}

impl Schedule {
    /// Whether the code writes items of the output before it has read the inputs of the whole strip.
    pub fn writes_by_call(&self) -> bool {
        self.phases.iter().flat_map(|phase| &phase.calls).any(|call| call.out == Operand::Output)
    }

    /// Lets the last call write its result to the output, where the last phase would only copy it there.
    fn call_into_output(&mut self) {
        let [.., phase, copy] = &mut self.phases[..] else { return };
        let [load, store] = &copy.insts[..] else { return };
        let Op::LoadBuffer(buffer) = load.op else { return };
        if store.op != Op::Store || store.args[0] != load.dst || !copy.calls.is_empty() {
            return;
        }
        let Some(index) = phase.calls.iter().position(|call| call.out == Operand::Buffer(buffer)) else {
            return;
        };
        // Calls of one phase do not depend on each other.
        phase.calls[index..].rotate_left(1);
        if let Some(last) = phase.calls.last_mut() {
            last.out = Operand::Output;
        }
        self.phases.pop();
    }

    /// Gives buffers that are never in use at the same time one place, and chooses the length of the strip by
    /// what is left.
    fn share_buffers(&mut self) -> Result<(), OutOfMemory> {
        let uses = self.uses()?;
        let mut places = Vec::try_filled(0, uses.last.len())?;
        // The last use of the buffer that holds each place.
        let mut taken: Vec<usize> = Vec::new();
        for step in 0..2 * self.phases.len() {
            for &buffer in &uses.starting[step] {
                let last = uses.last[buffer as usize];
                match taken.iter().position(|end| *end < step) {
                    Some(place) => (taken[place], places[buffer as usize]) = (last, place as u32),
                    None => {
                        places[buffer as usize] = taken.len() as u32;
                        taken.try_push(last)?;
                    }
                }
            }
        }
        self.for_each_buffer(|_, buffer| *buffer = places[*buffer as usize]);
        self.buffers = taken.len();
        while self.strip_items > FEWEST_ITEMS && self.buffers * self.strip_items * 8 > STRIP_BYTES {
            self.strip_items /= 2;
        }
        Ok(())
    }

    fn uses(&mut self) -> Result<Uses, OutOfMemory> {
        let mut uses = Uses { starting: Vec::new(), last: Vec::try_filled(0, self.buffers)? };
        for _ in 0..2 * self.phases.len() {
            uses.starting.try_push(Vec::new())?;
        }
        let mut seen = Vec::try_filled(false, self.buffers)?;
        let mut result = Ok(());
        self.for_each_buffer(|step, buffer| {
            uses.last[*buffer as usize] = step;
            if !std::mem::replace(&mut seen[*buffer as usize], true) && result.is_ok() {
                result = uses.starting[step].try_push(*buffer);
            }
        });
        result.map(|()| uses)
    }

    fn for_each_buffer(&mut self, mut visit: impl FnMut(usize, &mut u32)) {
        for (index, phase) in self.phases.iter_mut().enumerate() {
            for inst in &mut phase.insts {
                if let Op::LoadBuffer(buffer) | Op::StoreBuffer(buffer) = &mut inst.op {
                    visit(2 * index, buffer);
                }
            }
            for call in &mut phase.calls {
                for operand in call.args.iter_mut().flatten().chain([&mut call.out]) {
                    if let Operand::Buffer(buffer) = operand {
                        visit(2 * index + 1, buffer);
                    }
                }
            }
        }
    }
}

struct Cutter<'a> {
    code: &'a mut Code,
    schedule: Schedule,
    /// First phase in which a value is there.
    ready: Vec<usize>,
    /// Phase whose instructions compute a value; `None` for what calls write.
    computed_in: Vec<Option<usize>>,
    /// The instruction of a value that each phase computes for itself.
    loads: Vec<Option<Inst>>,
    buffers: Vec<Option<u32>>,
    /// The name of a value in a later phase: phase, value, name.
    names: Vec<(usize, Value, Value)>,
}

impl<'a> Cutter<'a> {
    fn new(code: &'a mut Code, insts: &[Inst]) -> Result<Cutter<'a>, OutOfMemory> {
        let count = code.values.len();
        let mut loads = Vec::try_filled(None, count)?;
        for inst in insts {
            if let (true, Some(dst)) = (is_repeatable(inst.op), inst.dst) {
                loads[dst as usize] = Some(*inst);
            }
        }
        let schedule = Schedule { phases: Vec::new(), buffers: 0, strip_items: MOST_ITEMS, is_wide: false };
        let ready = Vec::try_filled(0, count)?;
        let (computed_in, buffers) = (Vec::try_filled(None, count)?, Vec::try_filled(None, count)?);
        Ok(Cutter { code, schedule, ready, computed_in, loads, buffers, names: Vec::new() })
    }

    /// Finds the phase of each value and makes the phases.
    fn place(&mut self, insts: &[Inst]) -> Result<(), OutOfMemory> {
        let mut last = 0;
        for inst in insts {
            let phase = self.phase_of(inst);
            if let Some(dst) = inst.dst {
                let is_call = matches!(inst.op, Op::Call(_));
                self.ready[dst as usize] = phase + usize::from(is_call);
                self.computed_in[dst as usize] = (!is_call).then_some(phase);
            }
            last = last.max(phase);
        }
        for _ in 0..=last {
            self.schedule.phases.try_push(Phase::default())?;
        }
        Ok(())
    }

    fn phase_of(&self, inst: &Inst) -> usize {
        inst.reads().map(|value| self.ready[value as usize]).max().unwrap_or(0)
    }

    fn inst(&mut self, inst: &Inst) -> Result<(), OutOfMemory> {
        let phase = self.phase_of(inst);
        if let Op::Call(index) = inst.op {
            return self.call(index, inst, phase);
        }
        if is_repeatable(inst.op) {
            return Ok(());
        }
        let mut renamed = *inst;
        for arg in renamed.args.iter_mut().flatten() {
            *arg = self.name(*arg, phase)?;
        }
        self.schedule.phases[phase].insts.try_push(renamed)
    }

    /// The value as `phase` knows it: loaded where it comes from a call or an earlier phase.
    fn name(&mut self, value: Value, phase: usize) -> Result<Value, OutOfMemory> {
        let load = self.loads[value as usize];
        let is_here = load.is_none() && self.computed_in[value as usize] == Some(phase);
        if is_here || !self.code.is_computed(value) {
            return Ok(value);
        }
        if let Some((_, _, name)) = self.names.iter().find(|(p, v, _)| (*p, *v) == (phase, value)) {
            return Ok(*name);
        }
        let op = match load {
            Some(load) => load.op,
            None => Op::LoadBuffer(self.buffer(value)?),
        };
        let name = self.code.add_value(self.code.dtype(value), Source::Computed)?;
        let inst = Inst { op, dst: Some(name), args: [None; 3], mask: None };
        self.schedule.phases[phase].insts.try_push(inst)?;
        self.names.try_push((phase, value, name))?;
        Ok(name)
    }

    /// The buffer of a value; the phase that computes it stores it there.
    fn buffer(&mut self, value: Value) -> Result<u32, OutOfMemory> {
        if let Some(buffer) = self.buffers[value as usize] {
            return Ok(buffer);
        }
        let buffer = self.new_buffer();
        self.buffers[value as usize] = Some(buffer);
        let phase = self.computed_in[value as usize].unwrap_or(0);
        self.store(buffer, value, phase)?;
        Ok(buffer)
    }

    fn store(&mut self, buffer: u32, value: Value, phase: usize) -> Result<(), OutOfMemory> {
        let args = [Some(value), None, None];
        let inst = Inst { op: Op::StoreBuffer(buffer), dst: None, args, mask: None };
        self.schedule.phases[phase].insts.try_push(inst)
    }

    fn new_buffer(&mut self) -> u32 {
        self.schedule.buffers += 1;
        self.schedule.buffers as u32 - 1
    }

    fn call(&mut self, index: u32, inst: &Inst, phase: usize) -> Result<(), OutOfMemory> {
        let mut call = Call { index, out: Operand::Output, args: [None; 3], sizes: [0; 4] };
        for (slot, arg) in inst.args.iter().enumerate() {
            let Some(value) = *arg else { continue };
            call.sizes[slot] = self.code.dtype(value).size();
            call.args[slot] = Some(match self.loads[value as usize] {
                Some(Inst { op: Op::Load(input), .. }) => Operand::Input(input),
                Some(_) => {
                    let buffer = self.new_buffer();
                    let name = self.name(value, phase)?;
                    self.store(buffer, name, phase)?;
                    Operand::Buffer(buffer)
                }
                None => Operand::Buffer(self.buffer(value)?),
            });
        }
        if let Some(dst) = inst.dst {
            let buffer = self.new_buffer();
            self.buffers[dst as usize] = Some(buffer);
            call.out = Operand::Buffer(buffer);
            call.sizes[3] = self.code.dtype(dst).size();
        }
        self.schedule.phases[phase].calls.try_push(call)
    }
}

/// Instructions that are cheaper to repeat in each phase than to keep the result of.
fn is_repeatable(op: Op) -> bool {
    matches!(op, Op::Load(_) | Op::MaskConstant(_))
}
