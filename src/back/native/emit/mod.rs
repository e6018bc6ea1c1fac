//! From scheduled lane code to machine code: the frame of the function, the loops over strips and
//! groups, jumps, uniform slots and calls. What depends on the vector instructions is behind [`Vectors`].
//!
//! A group is `parts` vectors of lanes. Registers: r12 context, rbx frame, r15 first item of the
//! strip, r14 item after its last, r13 first item of the group, rbp that item within the strip; the
//! registers of `ADDRESSES` the first items of arrays, where groups make no calls.

use std::marker::PhantomData;
use std::ops::Range;

use super::encoder::gpr::*;
use super::encoder::{Assembler, Condition, Mem};
use super::frame::{Frame, context};
use super::place::Place;
use super::vectors::Vectors;
use crate::back::native::allocate::{Allocation, allocate};
use crate::back::native::lane::{Callee, Code, Inst, Op, Slot, Status};
use crate::back::native::order::{is_done_by_part, runs};
use crate::back::native::phases::{Call, Operand, STRIP_ITEMS, Schedule};
use crate::dtype::Dtype;
use crate::memory::{OutOfMemory, TryGrow};

/// Parts of a group in a loop: the chains of two hide each other's latency.
const LOOP_PARTS: usize = 2;

/// Hold addresses of arrays in code without calls.
const ADDRESSES: [u8; 7] = [RDX, RSI, RDI, R8, R9, R10, R11];

/// An array of the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Array {
    Input(u32),
    Output,
}

/// Machine code, and what its caller must know.
pub struct Machine {
    pub bytes: Vec<u8>,
    /// Bytes of the frame that it needs.
    pub frame_bytes: usize,
    /// It evaluates multiples of so many items.
    pub group_items: usize,
}

/// Machine code for a kernel.
pub fn emit<V: Vectors>(code: &Code, schedule: &Schedule) -> Result<Machine, OutOfMemory> {
    let parts = if code.has_loops { LOOP_PARTS } else { 1 };
    let lanes = V::BYTES / if schedule.is_wide { 8 } else { 4 };
    let frame = Frame::new(code.uniform_bytes, schedule);
    let mut allocations = Vec::new();
    let mut spills = 0;
    for phase in &schedule.phases {
        let allocation = allocate(code, &phase.insts, parts, &V::REGISTERS, spills)?;
        spills = allocation.spills;
        allocations.try_push(allocation)?;
    }
    let mut asm = Assembler::default();
    let exit = asm.new_label();
    let mut emitter = Emitter {
        asm,
        code,
        schedule,
        frame,
        parts,
        lanes,
        addresses: [None; ADDRESSES.len()],
        labels: Vec::new(),
        exit,
        vectors: PhantomData::<V>,
    };
    for _ in &code.labels {
        let label = emitter.asm.new_label();
        emitter.labels.try_push(label)?;
    }
    emitter.whole(&allocations);
    let bytes = emitter.asm.finish()?;
    Ok(Machine { bytes, frame_bytes: frame.bytes(spills), group_items: parts * lanes })
}

/// The machine code under construction.
pub struct Emitter<'a, V> {
    pub asm: Assembler,
    pub code: &'a Code,
    schedule: &'a Schedule,
    pub frame: Frame,
    pub parts: usize,
    /// Lanes of one part.
    pub lanes: usize,
    /// The arrays whose addresses are in [`ADDRESSES`].
    addresses: [Option<Array>; ADDRESSES.len()],
    labels: Vec<usize>,
    exit: usize,
    vectors: PhantomData<V>,
}

const SAVED: [u8; 6] = [RBX, RBP, R12, R13, R14, R15];

impl<V: Vectors> Emitter<'_, V> {
    fn whole(&mut self, allocations: &[Allocation]) {
        SAVED.into_iter().for_each(|register| self.asm.push(register));
        self.asm.add_immediate(4, -8);
        self.asm.copy(R12, RDI);
        self.asm.load(RBX, Mem::Base(R12, context::FRAME));
        self.asm.immediate(R15, 0);
        let strip = self.asm.new_label();
        self.asm.bind(strip);
        self.strip_end();
        let schedule = self.schedule;
        for (phase, homes) in schedule.phases.iter().zip(allocations) {
            self.groups(&phase.insts, homes);
            for call in &phase.calls {
                self.strip_call(call);
            }
        }
        self.asm.copy(R15, R14);
        self.asm.load(RAX, Mem::Base(R12, context::ITEMS));
        self.asm.compare(R15, RAX);
        self.asm.jump_if(Condition::Below, strip);
        self.asm.immediate(RAX, Status::Done as i64);
        self.asm.bind(self.exit);
        self.asm.zero_upper();
        self.asm.add_immediate(4, 8);
        SAVED.into_iter().rev().for_each(|register| self.asm.pop(register));
        self.asm.ret();
    }

    /// r14 = the end of the strip that starts at r15; all items are one strip without strip calls.
    fn strip_end(&mut self) {
        self.asm.load(R14, Mem::Base(R12, context::ITEMS));
        if self.schedule.phases.iter().any(|phase| !phase.calls.is_empty()) {
            self.asm.address(RAX, Mem::Base(R15, STRIP_ITEMS as i32));
            self.asm.minimum(R14, RAX);
        }
    }

    /// A loop over the groups of a strip.
    fn groups(&mut self, insts: &[Inst], homes: &Allocation) {
        if insts.is_empty() {
            return;
        }
        self.keep_addresses(insts);
        self.asm.copy(R13, R15);
        let head = self.asm.new_label();
        self.asm.bind(head);
        if insts.iter().any(|inst| matches!(inst.op, Op::LoadBuffer(_) | Op::StoreBuffer(_))) {
            self.asm.copy(RBP, R13);
            self.asm.subtract(RBP, R15);
        }
        for run in runs(insts) {
            self.run(run, insts, homes);
        }
        self.asm.add_immediate(R13, (self.parts * self.lanes) as i32);
        self.asm.compare(R13, R14);
        self.asm.jump_if(Condition::Below, head);
    }

    /// Loads the addresses of the first arrays that the code reads or writes, if no call would overwrite them.
    fn keep_addresses(&mut self, insts: &[Inst]) {
        self.addresses = [None; ADDRESSES.len()];
        if insts.iter().any(|inst| matches!(inst.op, Op::Call(_))) {
            return;
        }
        for inst in insts {
            let array = match inst.op {
                Op::Load(input) => Array::Input(input),
                Op::Store => Array::Output,
                _ => continue,
            };
            if self.addresses.contains(&Some(array)) {
                continue;
            }
            let Some(free) = self.addresses.iter().position(Option::is_none) else { return };
            self.load_address(ADDRESSES[free], array);
            self.addresses[free] = Some(array);
        }
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
            Op::JumpIfAny(label) => self.jump_on(inst, homes, Condition::NotEqual, label),
            Op::JumpIfNone(label) => self.jump_on(inst, homes, Condition::Equal, label),
            Op::FailIfAny(status) => self.fail_if_any(inst, homes, status),
            Op::SetUniform(slot, value) => {
                self.asm.immediate(RAX, value);
                self.store_uniform(slot);
            }
            Op::AddUniform(slot, value) => {
                self.load_uniform(slot);
                self.asm.immediate(RCX, value);
                self.asm.address(RAX, Mem::Indexed(RAX, RCX, 0, 0));
                self.store_uniform(slot);
            }
            Op::JumpIfUniform(slot, value, label) => {
                self.load_uniform(slot);
                self.asm.immediate(RCX, value);
                self.asm.compare(RAX, RCX);
                self.asm.jump_if(Condition::Equal, self.labels[label as usize]);
            }
            Op::ConvertUniform(from, to, dtype) => self.convert_uniform(from, to, dtype),
            Op::CountPass(slot) => self.count_pass(slot),
            Op::Call(call) => self.group_call(index, inst, call, homes),
            _ => {}
        }
    }

    fn load_uniform(&mut self, slot: Slot) {
        self.asm.load(RAX, Mem::Base(RBX, self.frame.uniform(slot)));
    }

    fn store_uniform(&mut self, slot: Slot) {
        self.asm.store(Mem::Base(RBX, self.frame.uniform(slot)), RAX);
    }

    fn test_mask(&mut self, inst: &Inst, homes: &Allocation) {
        if let Some(mask) = inst.args[0] {
            V::test_mask(self, mask, homes);
        }
    }

    fn jump_on(&mut self, inst: &Inst, homes: &Allocation, condition: Condition, label: u32) {
        self.test_mask(inst, homes);
        self.asm.jump_if(condition, self.labels[label as usize]);
    }

    fn fail_if_any(&mut self, inst: &Inst, homes: &Allocation, status: Status) {
        self.test_mask(inst, homes);
        let passed = self.asm.new_label();
        self.asm.jump_if(Condition::Equal, passed);
        self.fail(status);
        self.asm.bind(passed);
    }

    fn fail(&mut self, status: Status) {
        self.asm.immediate(RAX, status as i64);
        self.asm.jump(self.exit);
    }

    fn count_pass(&mut self, slot: Slot) {
        self.load_uniform(slot);
        self.asm.load(RCX, Mem::Base(R12, context::PASS_CAP));
        self.asm.compare(RAX, RCX);
        let passed = self.asm.new_label();
        self.asm.jump_if(Condition::Less, passed);
        self.fail(Status::TooManyPasses);
        self.asm.bind(passed);
        self.asm.add_immediate(RAX, 1);
        self.store_uniform(slot);
    }

    /// One int64 of the frame as another dtype.
    fn convert_uniform(&mut self, from: Slot, to: Slot, dtype: Dtype) {
        self.load_uniform(from);
        if dtype.is_float() {
            V::float_to_uniform(self, to, dtype == Dtype::Float64);
        } else {
            self.store_uniform(to);
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
        for (operand, register) in [RDX, RCX, R8].into_iter().enumerate() {
            self.asm.address(register, Mem::Base(RBX, self.frame.call_buffer(operand)));
        }
        self.asm.address(RSI, Mem::Base(RBX, self.frame.call_buffer(3)));
        self.asm.immediate(R9, (self.parts * self.lanes) as i64);
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
        let offset = part * self.lanes * dtype.size();
        Mem::Base(RBX, self.frame.call_buffer(operand) + offset as i32)
    }

    /// Makes call `call` with its operands in place.
    fn invoke(&mut self, call: u32) {
        self.asm.load(RDI, Mem::Base(R12, context::FUNCTIONS));
        self.asm.add_immediate(RDI, call as i32 * size_of::<Callee>() as i32);
        self.asm.zero_upper();
        self.asm.call(Mem::Base(R12, context::INVOKE));
    }

    /// A call on the strip.
    fn strip_call(&mut self, call: &Call) {
        for (slot, register) in [RDX, RCX, R8].into_iter().enumerate() {
            match call.args[slot] {
                None => {}
                Some(Operand::Buffer(buffer)) => {
                    self.asm.address(register, Mem::Base(RBX, self.frame.buffer(buffer)));
                }
                Some(Operand::Input(input)) => {
                    let scale = call.sizes[slot].trailing_zeros() as u8;
                    self.load_address(register, Array::Input(input));
                    self.asm.address(register, Mem::Indexed(register, R15, scale, 0));
                }
            }
        }
        self.asm.address(RSI, Mem::Base(RBX, self.frame.buffer(call.out)));
        self.asm.copy(R9, R14);
        self.asm.subtract(R9, R15);
        self.invoke(call.index);
    }

    /// The address of an array's first item, to a register.
    fn load_address(&mut self, register: u8, array: Array) {
        match array {
            Array::Input(input) => {
                self.asm.load(register, Mem::Base(R12, context::INPUTS));
                self.asm.load(register, Mem::Base(register, 8 * input as i32));
            }
            Array::Output => self.asm.load(register, Mem::Base(R12, context::OUTPUT)),
        }
    }

    /// The register with the address of an array's first item.
    pub fn address(&mut self, array: Array) -> u8 {
        match self.addresses.iter().position(|kept| *kept == Some(array)) {
            Some(kept) => ADDRESSES[kept],
            None => {
                self.load_address(RAX, array);
                RAX
            }
        }
    }
}
