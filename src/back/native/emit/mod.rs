//! From scheduled lane code to machine code: the frame of the function, the loops over strips and
//! groups, jumps, uniform slots and calls. A processor's own are its general instructions, behind
//! [`Assembler`], and its vector instructions, behind [`Vectors`].
//!
//! A group is `parts` vectors of lanes.

mod assembler;
mod frame;
mod place;
mod vectors;

pub use assembler::{Addressing, Assembler, Condition, Mem, Roles};
pub use vectors::{Hold, Number, Place, Vectors};

use std::ops::Range;

use super::allocate::{Allocation, allocate};
use super::lane::{Callee, Code, Inst, Op, Slot, Source, Value};
use super::order::{is_done_by_part, runs};
use super::phases::{Call, Operand, Phase, Schedule};
use crate::back::budget::{NO_CAP, count};
use crate::back::call::Status;
use crate::back::engine::Refusal;
use crate::dtype::Dtype;
use crate::memory::{OutOfMemory, TryGrow};

use assembler::MAX_ADDRESSES;
use frame::{Frame, context};

/// An array of the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Array {
    Input(u32),
    Output,
}

/// An array whose address is in a register.
#[derive(Clone, Copy)]
struct Kept {
    array: Array,
    /// Bytes of an item.
    size: usize,
}

/// Machine code, and what its caller must know.
pub struct Machine {
    pub bytes: Vec<u8>,
    /// Bytes of the frame that it needs.
    pub frame_bytes: usize,
    /// It evaluates multiples of so many items.
    pub group_items: usize,
}

/// What decides how many parts a group has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Straight,
    Loop,
    /// The calls are on one group.
    LoopWithCalls,
}

impl Shape {
    fn of(code: &Code, schedule: &Schedule) -> Shape {
        let is_call = |inst: &Inst| matches!(inst.op, Op::Call(_));
        match code.has_jumps {
            true if schedule.phases.iter().any(|phase| phase.insts.iter().any(is_call)) => {
                Shape::LoopWithCalls
            }
            true => Shape::Loop,
            false => Shape::Straight,
        }
    }
}

/// Instructions, those of all parts counted, beyond which a group has few parts: its code would be
/// large and take long to generate.
const MAX_INSTS: usize = 16384;

/// Machine code for a kernel. A group has as many parts as the instruction set wants if their values
/// have registers; calls are worth values that have none.
pub fn emit<V: Vectors>(code: &Code, schedule: &Schedule) -> Result<Machine, Refusal> {
    let lanes = V::BYTES / if schedule.is_wide { 8 } else { 4 };
    let shape = Shape::of(code, schedule);
    let (fewest, more) = V::parts(shape, lanes);
    let insts: usize = schedule.phases.iter().map(|phase| phase.insts.len()).sum();
    for &parts in more.iter().filter(|parts| insts * **parts <= MAX_INSTS) {
        let homes = homes::<V>(code, schedule, parts)?;
        if homes.iter().all(|homes| homes.spills == 0) || shape == Shape::LoopWithCalls {
            match generate::<V>(code, schedule, &homes, lanes, parts) {
                Err(Refusal::Unsupported(_)) => {}
                done => return done,
            }
        }
    }
    let homes = homes::<V>(code, schedule, fewest)?;
    generate::<V>(code, schedule, &homes, lanes, fewest)
}

/// Where the values of each phase lie.
fn homes<V: Vectors>(code: &Code, schedule: &Schedule, parts: usize) -> Result<Vec<Allocation>, Refusal> {
    let mut all = Vec::new();
    let mut spills = 0;
    for phase in &schedule.phases {
        let homes = allocate(code, &phase.insts, parts, &V::REGISTERS, spills)?;
        spills = homes.spills;
        all.try_push(homes)?;
    }
    Ok(all)
}

fn generate<V: Vectors>(
    code: &Code,
    schedule: &Schedule,
    homes: &[Allocation],
    lanes: usize,
    parts: usize,
) -> Result<Machine, Refusal> {
    let frame = Frame::new(code.uniform_bytes, schedule);
    let mut asm = V::Assembler::default();
    let exit = asm.new_label();
    let mut emitter = Emitter::<V> {
        asm,
        code,
        schedule,
        frame,
        parts,
        lanes,
        addresses: [None; MAX_ADDRESSES],
        counters: Vec::new(),
        labels: Vec::new(),
        exit,
        refills: Vec::new(),
    };
    let passes = |phase: &Phase| phase.insts.iter().filter(|inst| matches!(inst.op, Op::MeterPass)).count();
    emitter.refills.try_reserve(schedule.phases.iter().map(passes).sum()).map_err(|_| OutOfMemory)?;
    for inst in schedule.phases.iter().flat_map(|phase| &phase.insts) {
        if let Op::SetUniform(slot, _) = inst.op {
            emitter.counters.try_push(slot)?;
        }
    }
    for _ in &code.labels {
        let label = emitter.asm.new_label();
        emitter.labels.try_push(label)?;
    }
    emitter.whole(homes);
    let bytes = emitter.asm.finish()?;
    let spills = homes.last().map_or(0, |homes| homes.spills);
    Ok(Machine { bytes, frame_bytes: frame.bytes(spills), group_items: parts * lanes })
}

/// Where a pass finds that the meter has to look.
#[derive(Clone, Copy)]
struct Refill {
    /// The instruction that counts the pass.
    index: usize,
    /// Where the code for it begins, and where it goes on.
    label: usize,
    resume: usize,
}

/// The machine code under construction.
pub struct Emitter<'a, V: Vectors> {
    pub asm: V::Assembler,
    pub code: &'a Code,
    schedule: &'a Schedule,
    pub frame: Frame,
    pub parts: usize,
    /// Lanes of one part.
    pub lanes: usize,
    /// The arrays whose addresses are in registers.
    addresses: [Option<Kept>; MAX_ADDRESSES],
    /// The uniform slots that count, those of [`Roles::counters`] first.
    counters: Vec<Slot>,
    labels: Vec<usize>,
    exit: usize,
    /// Those of the groups at hand; with room for all.
    refills: Vec<Refill>,
}

impl<V: Vectors> Emitter<'_, V> {
    pub const ROLES: Roles = V::Assembler::ROLES;

    fn whole(&mut self, homes: &[Allocation]) {
        let Roles { context, frame, strip, strip_end, scratch, result, .. } = Self::ROLES;
        self.asm.enter();
        self.asm.load(frame, Mem::Base(context, context::FRAME));
        self.asm.immediate(strip, 0);
        let head = self.asm.new_label();
        self.asm.bind(head);
        self.strip_end();
        let schedule = self.schedule;
        for (phase, homes) in schedule.phases.iter().zip(homes) {
            self.groups(&phase.insts, homes);
            for call in &phase.calls {
                self.strip_call(call);
            }
        }
        self.asm.copy(strip, strip_end);
        self.asm.load(scratch, Mem::Base(context, context::ITEMS));
        self.asm.compare(strip, scratch);
        self.asm.jump_if(Condition::Below, head);
        self.asm.immediate(result, Status::Done as i64);
        self.asm.bind(self.exit);
        self.asm.leave();
    }

    /// Sets the end of the strip; all items are one strip without strip calls.
    fn strip_end(&mut self) {
        let Roles { context, strip, strip_end, scratch, .. } = Self::ROLES;
        self.asm.load(strip_end, Mem::Base(context, context::ITEMS));
        if self.schedule.phases.iter().any(|phase| !phase.calls.is_empty()) {
            self.asm.address(scratch, Mem::Base(strip, self.schedule.strip_items as i32));
            self.asm.minimum(strip_end, scratch);
        }
    }

    /// A loop over the groups of a strip.
    fn groups(&mut self, insts: &[Inst], homes: &Allocation) {
        if insts.is_empty() {
            return;
        }
        let Roles { strip, strip_end, item, strip_item, .. } = Self::ROLES;
        self.keep_addresses(insts);
        for &(value, register) in homes.shared() {
            if let Source::Constant(bits) = self.code.values[value as usize].source {
                V::repeat(self, Number::Constant(bits, self.code.dtype(value)), register);
            }
        }
        self.asm.copy(item, strip);
        let head = self.asm.new_label();
        self.asm.bind(head);
        if insts.iter().any(|inst| matches!(inst.op, Op::LoadBuffer(_) | Op::StoreBuffer(_))) {
            self.asm.copy(strip_item, item);
            self.asm.subtract(strip_item, strip);
        }
        if insts.iter().any(|inst| matches!(inst.op, Op::MeterPass)) {
            self.count_anew();
        }
        for run in runs(insts) {
            self.run(run, insts, homes);
        }
        self.step_addresses();
        self.asm.add_immediate(item, (self.parts * self.lanes) as i32);
        self.asm.compare(item, strip_end);
        self.asm.jump_if(Condition::Below, head);
        let refills = std::mem::take(&mut self.refills);
        if refills.is_empty() {
            return;
        }
        let end = self.asm.new_label();
        self.asm.jump(end);
        for refill in refills {
            self.refill(refill, homes);
        }
        self.asm.bind(end);
    }

    /// Loads the addresses of the first arrays that the code reads or writes, if no call would overwrite them.
    fn keep_addresses(&mut self, insts: &[Inst]) {
        self.addresses = [None; MAX_ADDRESSES];
        if insts.iter().any(|inst| matches!(inst.op, Op::Call(_))) {
            return;
        }
        for inst in insts {
            let (array, value) = match inst.op {
                Op::Load(input) => (Array::Input(input), inst.dst),
                Op::Store => (Array::Output, inst.args[0]),
                _ => continue,
            };
            if self.kept(array).is_some() {
                continue;
            }
            let registers = Self::ROLES.addresses;
            let Some(free) = self.addresses[..registers.len()].iter().position(Option::is_none) else {
                return;
            };
            let size = value.map_or(1, |value| self.code.dtype(value).size());
            self.load_address(registers[free], array);
            if V::Assembler::ADDRESSING == Addressing::Stepped {
                let first = Mem::Indexed(registers[free], Self::ROLES.strip, scale(size), 0);
                self.asm.address(registers[free], first);
            }
            self.addresses[free] = Some(Kept { array, size });
        }
    }

    /// Moves the addresses of groups on to the next.
    fn step_addresses(&mut self) {
        if V::Assembler::ADDRESSING == Addressing::Indexed {
            return;
        }
        for (register, kept) in Self::ROLES.addresses.iter().zip(self.addresses) {
            if let Some(Kept { size, .. }) = kept {
                self.asm.add_immediate(*register, (self.parts * self.lanes * size) as i32);
            }
        }
    }

    /// The register with the address of an array.
    fn kept(&self, array: Array) -> Option<u8> {
        let index = self.addresses.iter().position(|kept| kept.is_some_and(|kept| kept.array == array));
        index.map(|index| Self::ROLES.addresses[index])
    }

    /// A run of instructions, part after part.
    fn run(&mut self, run: Range<usize>, insts: &[Inst], homes: &Allocation) {
        let first = &insts[run.start];
        if !is_done_by_part(first.op) {
            return self.inst(run.start, first, homes);
        }
        for part in 0..self.parts {
            for inst in &insts[run.clone()] {
                Place { e: self, homes, part }.inst(inst);
            }
        }
    }

    /// An instruction that is one for all parts.
    fn inst(&mut self, index: usize, inst: &Inst, homes: &Allocation) {
        match inst.op {
            Op::Label(label) => self.asm.bind(self.labels[label as usize]),
            Op::Jump(label) => self.asm.jump(self.labels[label as usize]),
            Op::JumpIfAny(label) => self.jump_if(Hold::Any, inst, homes, self.labels[label as usize]),
            Op::JumpIfNone(label) => self.jump_if(Hold::None, inst, homes, self.labels[label as usize]),
            Op::FailIfAny(status) => self.fail_if_any(inst, homes, status),
            Op::SetUniform(slot, value) => {
                let register = self.counter(slot).unwrap_or(Self::ROLES.scratch);
                self.asm.immediate(register, value);
                self.set_uniform(slot, register, homes);
            }
            Op::AddUniform(slot, value) => {
                let register = self.load_uniform(slot);
                self.asm.add_long(register, value);
                self.set_uniform(slot, register, homes);
            }
            Op::JumpIfUniform(slot, value, label) => {
                let register = self.load_uniform(slot);
                self.asm.compare_long(register, value);
                self.asm.jump_if(Condition::Equal, self.labels[label as usize]);
            }
            Op::ConvertUniform(from, to, dtype) => self.convert_uniform(from, to, dtype, homes),
            Op::CountPass(slot) => self.count_pass(slot, homes),
            Op::MeterPass => self.meter_pass(index),
            Op::Call(call) => self.group_call(index, inst, call, homes),
            _ => unreachable!("each part has this instruction"),
        }
    }

    /// Where a uniform slot lies.
    pub fn uniform(&self, slot: Slot) -> Mem {
        Mem::Base(Self::ROLES.frame, self.frame.uniform(slot))
    }

    /// The general register that holds a uniform slot all the time.
    pub fn counter(&self, slot: Slot) -> Option<u8> {
        let index = self.counters.iter().position(|counter| *counter == slot);
        index.and_then(|index| Self::ROLES.counters.get(index).copied())
    }

    /// The general register with a uniform slot, for now.
    fn load_uniform(&mut self, slot: Slot) -> u8 {
        self.counter(slot).unwrap_or_else(|| {
            self.asm.load(Self::ROLES.scratch, self.uniform(slot));
            Self::ROLES.scratch
        })
    }

    /// A uniform slot has a new number, which is in the register that [`Emitter::load_uniform`] gives.
    fn set_uniform(&mut self, slot: Slot, register: u8, homes: &Allocation) {
        if self.counter(slot).is_none() {
            self.asm.store(self.uniform(slot), register);
        }
        if let Some((value, vector)) = self.shared(slot, homes) {
            V::repeat(self, Number::General(register, self.code.dtype(value)), vector);
        }
    }

    /// The value of a uniform slot that has a vector register.
    fn shared(&self, slot: Slot, homes: &Allocation) -> Option<(Value, u8)> {
        let is_of_slot = |value: Value| self.code.values[value as usize].source == Source::Uniform(slot);
        homes.shared().iter().copied().find(|(value, _)| is_of_slot(*value))
    }

    fn jump_if(&mut self, hold: Hold, inst: &Inst, homes: &Allocation, label: usize) {
        if let Some(mask) = inst.args[0] {
            V::jump_if_lanes(self, hold, mask, homes, label);
        }
    }

    fn fail_if_any(&mut self, inst: &Inst, homes: &Allocation, status: Status) {
        let passed = self.asm.new_label();
        self.jump_if(Hold::None, inst, homes, passed);
        self.fail(status);
        self.asm.bind(passed);
    }

    fn fail(&mut self, status: Status) {
        self.asm.immediate(Self::ROLES.result, status as i64);
        self.asm.jump(self.exit);
    }

    fn count_pass(&mut self, slot: Slot, homes: &Allocation) {
        let Roles { context, other, .. } = Self::ROLES;
        let register = self.load_uniform(slot);
        self.asm.load(other, Mem::Base(context, context::PASS_CAP));
        self.asm.compare(register, other);
        let passed = self.asm.new_label();
        self.asm.jump_if(Condition::Less, passed);
        self.fail(Status::TooManyPasses);
        self.asm.bind(passed);
        self.asm.add_immediate(register, 1);
        self.set_uniform(slot, register, homes);
    }

    /// Begins to count the passes of a group, where they are capped: `Count::grant`.
    fn count_anew(&mut self) {
        let Roles { context, scratch, other, .. } = Self::ROLES;
        let field = |offset: u32| Mem::Base(context, context::COUNT + offset as i32);
        let [is_done, grant, is_near, stays] = [(); 4].map(|()| self.asm.new_label());
        self.asm.load(scratch, field(count::CAP));
        self.asm.compare_long(scratch, NO_CAP as i64);
        self.asm.jump_if(Condition::Equal, is_done);
        self.asm.load(scratch, field(count::AHEAD));
        self.asm.compare_long(scratch, 0);
        self.asm.jump_if(Condition::Equal, is_near);
        self.asm.jump(grant);
        // The next question comes before the cap, as it mostly does: what is left stays.
        self.asm.bind(is_near);
        self.asm.load(scratch, field(count::LEFT));
        self.asm.load(other, field(count::CAP));
        self.asm.compare(scratch, other);
        self.asm.jump_if(Condition::Below, stays);
        self.asm.bind(grant);
        self.asm.load(scratch, field(count::AHEAD));
        self.asm.load(other, field(count::LEFT));
        self.asm.address(scratch, Mem::Indexed(scratch, other, 0, 0));
        self.asm.load(other, field(count::CAP));
        self.asm.minimum(other, scratch);
        self.asm.store(field(count::LEFT), other);
        self.asm.store(field(count::START), other);
        self.asm.subtract(scratch, other);
        self.asm.store(field(count::AHEAD), scratch);
        self.asm.jump(is_done);
        self.asm.bind(stays);
        self.asm.store(field(count::START), scratch);
        self.asm.bind(is_done);
    }

    /// Counts a pass. What is to do every so many passes stands behind the loop over groups.
    fn meter_pass(&mut self, index: usize) {
        let Roles { context, .. } = Self::ROLES;
        let (label, resume) = (self.asm.new_label(), self.asm.new_label());
        self.asm.count_down(Mem::Base(context, context::COUNT + count::LEFT as i32));
        self.asm.jump_if(Condition::Negative, label);
        self.asm.bind(resume);
        self.refills.push(Refill { index, label, resume });
    }

    /// Lets the meter look, with all registers as they were behind it.
    fn refill(&mut self, Refill { index, label, resume }: Refill, homes: &Allocation) {
        let Roles { context, scratch, result, item, arguments: [first, ..], .. } = Self::ROLES;
        self.asm.bind(label);
        let saved = || {
            let live = homes.live_across(index).map(|(value, _, register)| (value, register));
            live.chain(homes.shared().iter().copied())
        };
        for (value, register) in saved() {
            V::save(self, value, register);
        }
        self.asm.copy(first, context);
        self.asm.call(Mem::Base(context, context::REFILL));
        self.asm.copy(scratch, result);
        for (value, register) in saved() {
            V::restore(self, value, register);
        }
        for (register, kept) in Self::ROLES.addresses.iter().zip(self.addresses) {
            let Some(Kept { array, size }) = kept else { continue };
            self.load_address(*register, array);
            if V::Assembler::ADDRESSING == Addressing::Stepped {
                self.asm.address(*register, Mem::Indexed(*register, item, scale(size), 0));
            }
        }
        self.asm.compare_long(scratch, Status::Done as i64);
        self.asm.jump_if(Condition::Equal, resume);
        self.asm.copy(result, scratch);
        self.asm.jump(self.exit);
    }

    /// The int64 of a uniform slot as another dtype. Where a vector register has it, it is never read from
    /// the frame.
    fn convert_uniform(&mut self, from: Slot, to: Slot, dtype: Dtype, homes: &Allocation) {
        let register = self.load_uniform(from);
        match self.shared(to, homes) {
            Some((_, vector)) => V::repeat(self, Number::General(register, dtype), vector),
            None if dtype.is_float() => {
                V::float_to_uniform(self, to, register, dtype == Dtype::Float64);
            }
            None => self.asm.store(self.uniform(to), register),
        }
    }

    /// A call on the group, with the live registers saved round it.
    fn group_call(&mut self, index: usize, inst: &Inst, call: u32, homes: &Allocation) {
        for (operand, arg) in inst.args.iter().enumerate() {
            let Some(value) = *arg else { continue };
            for part in 0..self.parts {
                let at = self.call_buffer_part(operand, part, self.code.dtype(value));
                V::store_items(&mut Place { e: self, homes, part }, value, at);
            }
        }
        for (value, _, register) in homes.live_across(index) {
            V::save(self, value, register);
        }
        let Roles { frame, arguments: [_, out, a, b, c, count], .. } = Self::ROLES;
        for (operand, register) in [a, b, c].into_iter().enumerate() {
            self.asm.address(register, Mem::Base(frame, self.frame.call_buffer(operand)));
        }
        self.asm.address(out, Mem::Base(frame, self.frame.call_buffer(3)));
        self.asm.immediate(count, (self.parts * self.lanes) as i64);
        self.invoke(call);
        for (value, _, register) in homes.live_across(index) {
            V::restore(self, value, register);
        }
        let Some(dst) = inst.dst else { return };
        for part in 0..self.parts {
            let at = self.call_buffer_part(3, part, self.code.dtype(dst));
            V::load_items(&mut Place { e: self, homes, part }, dst, at);
        }
    }

    fn call_buffer_part(&self, operand: usize, part: usize, dtype: Dtype) -> Mem {
        Mem::Base(Self::ROLES.frame, self.frame.call_buffer(operand) + self.part_offset(dtype, part))
    }

    /// Makes call `call` with its operands in place.
    fn invoke(&mut self, call: u32) {
        let Roles { context, arguments: [callee, ..], .. } = Self::ROLES;
        self.asm.load(callee, Mem::Base(context, context::FUNCTIONS));
        self.asm.add_immediate(callee, call as i32 * size_of::<Callee>() as i32);
        self.asm.call(Mem::Base(context, context::INVOKE));
    }

    /// A call on the strip.
    fn strip_call(&mut self, call: &Call) {
        let Roles { strip, strip_end, arguments: [_, out, a, b, c, count], .. } = Self::ROLES;
        for ((slot, register), size) in [a, b, c].into_iter().enumerate().zip(call.sizes) {
            if let Some(operand) = call.args[slot] {
                self.strip_operand(register, operand, size);
            }
        }
        self.strip_operand(out, call.out, call.sizes[3]);
        self.asm.copy(count, strip_end);
        self.asm.subtract(count, strip);
        self.invoke(call.index);
    }

    /// The address of the strip's first item of an operand, to a register.
    fn strip_operand(&mut self, register: u8, operand: Operand, size: usize) {
        let array = match operand {
            Operand::Buffer(buffer) => {
                return self.asm.address(register, Mem::Base(Self::ROLES.frame, self.frame.buffer(buffer)));
            }
            Operand::Input(input) => Array::Input(input),
            Operand::Output => Array::Output,
        };
        self.load_address(register, array);
        self.asm.address(register, Mem::Indexed(register, Self::ROLES.strip, scale(size), 0));
    }

    /// The address of an array's first item, to a register.
    fn load_address(&mut self, register: u8, array: Array) {
        let Roles { context, .. } = Self::ROLES;
        match array {
            Array::Input(input) => {
                self.asm.load(register, Mem::Base(context, context::INPUTS));
                self.asm.load(register, Mem::Base(register, 8 * input as i32));
            }
            Array::Output => self.asm.load(register, Mem::Base(context, context::OUTPUT)),
        }
    }

    /// Where the items of one part of the group lie in an array.
    fn items(&mut self, array: Array, dtype: Dtype, part: usize) -> Mem {
        let Roles { item, scratch, .. } = Self::ROLES;
        match (self.kept(array), V::Assembler::ADDRESSING) {
            (Some(register), Addressing::Stepped) => Mem::Base(register, self.part_offset(dtype, part)),
            (Some(register), Addressing::Indexed) => self.part_items(register, item, 0, dtype, part),
            (None, _) => {
                self.load_address(scratch, array);
                self.part_items(scratch, item, 0, dtype, part)
            }
        }
    }

    /// Where the items of one part of the group lie in a buffer.
    fn buffer_items(&self, buffer: u32, dtype: Dtype, part: usize) -> Mem {
        let Roles { frame, strip_item, .. } = Self::ROLES;
        self.part_items(frame, strip_item, self.frame.buffer(buffer), dtype, part)
    }

    fn part_items(&self, base: u8, index: u8, offset: i32, dtype: Dtype, part: usize) -> Mem {
        Mem::Indexed(base, index, scale(dtype.size()), offset + self.part_offset(dtype, part))
    }

    /// Bytes of the parts before one.
    fn part_offset(&self, dtype: Dtype, part: usize) -> i32 {
        (part * self.lanes * dtype.size()) as i32
    }
}

/// The power of two that an index is multiplied with, for items of so many bytes.
fn scale(size: usize) -> u8 {
    size.trailing_zeros() as u8
}
