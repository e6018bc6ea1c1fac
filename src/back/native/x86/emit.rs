//! From scheduled lane code to AVX-512 instructions.
//!
//! A group is `parts` vectors of lanes. Registers: r12 context, rbx frame, r15 first item of the
//! strip, r14 item after its last, r13 first item of the group, rbp that item within the strip; the
//! registers of `ADDRESSES` the first items of arrays, where groups make no calls.
//! Vector registers 29 to 31 and mask registers 6 and 7 hold operands for one instruction; with one
//! part mask register 1 holds the lanes that have items.

use super::encoder::gpr::*;
use super::encoder::{Assembler, Condition, Length, Masking, Mem, Opcode, Rm};
use super::frame::{Frame, context};
use super::instructions as isa;
use crate::back::native::allocate::{Allocation, Home, Registers, allocate};
use crate::back::native::lane::{Code, Inst, Op, Slot, Source, Status, Value, lane_bytes};
use crate::back::native::phases::{Call, Operand, STRIP_ITEMS, Schedule};
use crate::dtype::Dtype;
use crate::memory::{OutOfMemory, TryGrow};

/// Scratch vector registers.
const V0: u8 = 29;
const V1: u8 = 30;
const VD: u8 = 31;
/// Scratch mask registers.
const K0: u8 = 6;
const K1: u8 = 7;
/// Holds the lanes with items, where a group has one part.
const K_ENTRY: u8 = 1;

const VECTORS: std::ops::Range<u8> = 0..29;

/// Parts of a group in a loop: the chains of two hide each other's latency.
const LOOP_PARTS: usize = 2;

/// Hold addresses of arrays in code without calls.
const ADDRESSES: [u8; 7] = [RDX, RSI, RDI, R8, R9, R10, R11];

/// An array of the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Array {
    Input(u32),
    Output,
}

/// Machine code, and the bytes of the frame that it needs.
pub struct Machine {
    pub bytes: Vec<u8>,
    pub frame_bytes: usize,
}

/// Machine code for a kernel.
pub fn emit(code: &Code, schedule: &Schedule) -> Result<Machine, OutOfMemory> {
    let parts = if code.has_loops { LOOP_PARTS } else { 1 };
    let first_mask = if parts == 1 { K_ENTRY + 1 } else { 1 };
    let registers = Registers { vectors: VECTORS, masks: first_mask..K0 };
    let frame = Frame::new(code.uniform_bytes, schedule);
    let mut allocations = Vec::new();
    let mut spills = 0;
    for phase in &schedule.phases {
        let allocation = allocate(code, &phase.insts, parts, &registers, spills)?;
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
        lanes: if schedule.is_wide { 8 } else { 16 },
        are_whole: false,
        addresses: [None; ADDRESSES.len()],
        labels: Vec::try_filled(exit, code.labels.len())?,
        exit,
    };
    emitter.whole(&allocations);
    Ok(Machine { bytes: emitter.asm.finish()?, frame_bytes: frame.bytes(spills) })
}

struct Emitter<'a> {
    asm: Assembler,
    code: &'a Code,
    schedule: &'a Schedule,
    frame: Frame,
    parts: usize,
    /// Lanes of one part.
    lanes: usize,
    /// Whether all lanes of the group hold items.
    are_whole: bool,
    /// The arrays whose addresses are in [`ADDRESSES`].
    addresses: [Option<Array>; ADDRESSES.len()],
    labels: Vec<usize>,
    exit: usize,
}

/// The emitter at one instruction, with the homes of the phase.
struct Place<'e, 'a> {
    e: &'e mut Emitter<'a>,
    homes: &'e Allocation,
    part: usize,
}

const SAVED: [u8; 6] = [RBX, RBP, R12, R13, R14, R15];

impl Emitter<'_> {
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

    /// The groups of a strip. Straight-line code runs without masks up to the last group.
    fn groups(&mut self, insts: &[Inst], homes: &Allocation) {
        if insts.is_empty() {
            return;
        }
        self.keep_addresses(insts);
        let group_items = (self.parts * self.lanes) as i32;
        let (end, tail) = (self.asm.new_label(), self.asm.new_label());
        self.asm.copy(R13, R15);
        if !self.code.has_loops {
            let head = self.asm.new_label();
            self.asm.bind(head);
            self.asm.address(RAX, Mem::Base(R13, group_items));
            self.asm.compare(R14, RAX);
            self.asm.jump_if(Condition::Below, tail);
            self.group(insts, homes, true);
            self.asm.add_immediate(R13, group_items);
            self.asm.jump(head);
        }
        self.asm.bind(tail);
        self.asm.compare(R13, R14);
        self.asm.jump_if(Condition::AboveOrEqual, end);
        self.entry_bits(group_items);
        self.group(insts, homes, false);
        self.asm.add_immediate(R13, group_items);
        self.asm.jump(tail);
        self.asm.bind(end);
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

    /// One group, all of whose lanes hold items or not.
    fn group(&mut self, insts: &[Inst], homes: &Allocation, are_whole: bool) {
        self.are_whole = are_whole;
        for index in 0..self.labels.len() {
            self.labels[index] = self.asm.new_label();
        }
        if insts.iter().any(|inst| matches!(inst.op, Op::LoadBuffer(_) | Op::StoreBuffer(_))) {
            self.asm.copy(RBP, R13);
            self.asm.subtract(RBP, R15);
        }
        for (index, inst) in insts.iter().enumerate() {
            self.inst(index, inst, homes);
        }
    }

    /// The bits of the lanes that hold items, in the frame and in the entry mask.
    fn entry_bits(&mut self, group_items: i32) {
        self.asm.copy(RAX, R14);
        self.asm.subtract(RAX, R13);
        self.asm.immediate(RCX, i64::from(group_items));
        self.asm.minimum(RCX, RAX);
        self.asm.immediate(RAX, -1);
        self.asm.low_bits(RAX, RAX, RCX);
        self.asm.store(Mem::Base(RBX, self.frame.entry(0, self.lanes)), RAX);
        if self.parts == 1 {
            let opcode = isa::mask(isa::MASK_FROM_INTEGER, self.is_byte());
            self.asm.vex(opcode, false, K_ENTRY, 0, Rm::Reg(RAX));
        }
    }

    fn is_byte(&self) -> bool {
        self.lanes == 8
    }

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
            _ => {
                for part in 0..self.parts {
                    Place { e: self, homes, part }.inst(inst);
                }
            }
        }
    }

    fn load_uniform(&mut self, slot: Slot) {
        self.asm.load(RAX, Mem::Base(RBX, self.frame.uniform(slot)));
    }

    fn store_uniform(&mut self, slot: Slot) {
        self.asm.store(Mem::Base(RBX, self.frame.uniform(slot)), RAX);
    }

    /// Flags: equal when no lane of the mask, over all parts, holds.
    fn test_mask(&mut self, inst: &Inst, homes: &Allocation) {
        let Some(mask) = inst.args[0] else { return };
        let first = Place { e: self, homes, part: 0 }.mask(mask, K0);
        let last = self.parts - 1;
        let second = Place { e: self, homes, part: last }.mask(mask, K1);
        self.asm.vex(isa::mask(isa::MASK_TEST, self.is_byte()), false, first, 0, Rm::Reg(second));
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
            let is_double = dtype == Dtype::Float64;
            let at = Rm::Mem(Mem::Base(RBX, self.frame.uniform(to)));
            let all = Masking::default();
            let convert = isa::scalar_from_integer(is_double);
            self.asm.evex(convert, Length::Bits128, V0, V0, Rm::Reg(RAX), all, None);
            self.asm.evex(isa::scalar_store(is_double), Length::Bits128, V0, 0, at, all, None);
        } else {
            self.store_uniform(to);
        }
    }

    /// A vector kernel on the group, with the live registers saved round it.
    fn group_call(&mut self, index: usize, inst: &Inst, call: u32, homes: &Allocation) {
        for (operand, arg) in inst.args.iter().enumerate() {
            let Some(value) = *arg else { continue };
            for part in 0..self.parts {
                let at = self.call_buffer_part(operand, part, self.code.dtype(value));
                Place { e: self, homes, part }.store_items(value, at, 0);
            }
        }
        for (value, _, register) in homes.live_across(index) {
            self.save(value, register, true);
        }
        for (operand, register) in [RDX, RCX, R8].into_iter().enumerate() {
            self.asm.address(register, Mem::Base(RBX, self.frame.call_buffer(operand)));
        }
        self.asm.address(RSI, Mem::Base(RBX, self.frame.call_buffer(3)));
        self.asm.immediate(R9, (self.parts * self.lanes) as i64);
        self.invoke(call);
        for (value, _, register) in homes.live_across(index) {
            self.save(value, register, false);
        }
        let Some(dst) = inst.dst else { return };
        for part in 0..self.parts {
            let at = self.call_buffer_part(3, part, self.code.dtype(dst));
            Place { e: self, homes, part }.load_items(dst, at, 0);
        }
    }

    fn call_buffer_part(&self, operand: usize, part: usize, dtype: Dtype) -> Mem {
        let offset = part * self.lanes * dtype.size();
        Mem::Base(RBX, self.frame.call_buffer(operand) + offset as i32)
    }

    /// Stores a register that is live across a call, or loads it again.
    fn save(&mut self, value: Value, register: u8, is_store: bool) {
        if self.code.dtype(value) == Dtype::Bool {
            let at = Rm::Mem(Mem::Base(RBX, self.frame.saved_mask(register)));
            let code = if is_store { isa::MASK_TO_MEMORY } else { isa::MASK_FROM_MEMORY };
            self.asm.vex(isa::mask(code, false), false, register, 0, at);
        } else {
            let at = Rm::Mem(Mem::Base(RBX, self.frame.saved_vector(register)));
            let opcode = if is_store { isa::store(true) } else { isa::load(true) };
            self.asm.evex(opcode, Length::Bits512, register, 0, at, Masking::default(), None);
        }
    }

    /// Calls vector kernel `call` with its operands in place.
    fn invoke(&mut self, call: u32) {
        self.asm.load(RDI, Mem::Base(R12, context::FUNCTIONS));
        self.asm.add_immediate(RDI, 8 * call as i32);
        self.asm.zero_upper();
        self.asm.call(Mem::Base(R12, context::INVOKE));
    }

    /// A vector kernel on the strip.
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
    fn address(&mut self, array: Array) -> u8 {
        match self.addresses.iter().position(|kept| *kept == Some(array)) {
            Some(kept) => ADDRESSES[kept],
            None => {
                self.load_address(RAX, array);
                RAX
            }
        }
    }
}

impl Place<'_, '_> {
    fn dtype(&self, value: Value) -> Dtype {
        self.e.code.dtype(value)
    }

    /// The length of a vector of lanes of some bytes.
    fn length(&self, bytes: usize) -> Length {
        match self.e.lanes * bytes {
            64 => Length::Bits512,
            _ => Length::Bits256,
        }
    }

    fn length_of(&self, value: Value) -> Length {
        self.length(lane_bytes(self.dtype(value)))
    }

    fn is_wide(&self, value: Value) -> bool {
        self.dtype(value).size() == 8
    }

    fn spill(&self, index: u32) -> Mem {
        Mem::Base(RBX, self.e.frame.spill(index))
    }

    fn home(&self, value: Value) -> Home {
        self.homes.home(value, self.part)
    }

    /// A vector as the last operand of an instruction.
    fn last(&mut self, value: Value) -> Rm {
        match self.e.code.values[value as usize].source {
            Source::Constant(bits) => Rm::Repeated(self.e.asm.constant(bits)),
            Source::Uniform(slot) => Rm::Repeated(Mem::Base(RBX, self.e.frame.uniform(slot))),
            Source::Computed => match self.home(value) {
                Home::Register(register) => Rm::Reg(register),
                Home::Spill(index) => Rm::Mem(self.spill(index)),
                Home::Nowhere => Rm::Reg(V0),
            },
        }
    }

    /// A vector in a register, `scratch` if it has none.
    fn vector(&mut self, value: Value, scratch: u8) -> u8 {
        match self.last(value) {
            Rm::Reg(register) => register,
            memory => {
                self.load_vector(value, scratch, memory, Masking::default());
                scratch
            }
        }
    }

    /// A vector from anywhere to a register, for some lanes.
    fn load_vector(&mut self, value: Value, register: u8, from: Rm, masking: Masking) {
        let (is_wide, length) = (self.is_wide(value), self.length_of(value));
        let (opcode, from) = match from {
            Rm::Reg(_) => (isa::copy(is_wide), from),
            Rm::Mem(_) => (isa::load(is_wide), from),
            Rm::Repeated(mem) => (isa::repeat(is_wide), Rm::Mem(mem)),
        };
        self.e.asm.evex(opcode, length, register, 0, from, masking, None);
    }

    /// The register for a result, to be passed to [`Place::finish`].
    fn target(&self, value: Value) -> u8 {
        match (self.home(value), self.dtype(value)) {
            (Home::Register(register), _) => register,
            (_, Dtype::Bool) => K1,
            _ => VD,
        }
    }

    /// Stores a result whose home is the frame.
    fn finish(&mut self, value: Value, register: u8) {
        let Home::Spill(index) = self.home(value) else { return };
        let at = Rm::Mem(self.spill(index));
        if self.dtype(value) == Dtype::Bool {
            self.e.asm.vex(isa::mask(isa::MASK_TO_MEMORY, false), false, register, 0, at);
        } else {
            let (opcode, length) = (isa::store(self.is_wide(value)), self.length_of(value));
            self.e.asm.evex(opcode, length, register, 0, at, Masking::default(), None);
        }
    }

    /// A mask in a register, `scratch` if it has none.
    fn mask(&mut self, value: Value, scratch: u8) -> u8 {
        match self.home(value) {
            Home::Register(register) => register,
            Home::Spill(index) => {
                let at = Rm::Mem(self.spill(index));
                self.e.asm.vex(isa::mask(isa::MASK_FROM_MEMORY, false), false, scratch, 0, at);
                scratch
            }
            Home::Nowhere => scratch,
        }
    }

    /// The lanes with items, as a mask register; 0 where all have one.
    fn entry(&mut self, scratch: u8) -> u8 {
        if self.e.are_whole {
            return 0;
        }
        if self.e.parts == 1 {
            return K_ENTRY;
        }
        let at = Rm::Mem(Mem::Base(RBX, self.e.frame.entry(self.part, self.e.lanes)));
        let opcode = isa::mask(isa::MASK_FROM_MEMORY, self.e.is_byte());
        self.e.asm.vex(opcode, false, scratch, 0, at);
        scratch
    }

    fn inst(&mut self, inst: &Inst) {
        let args = inst.args.map(|arg| arg.unwrap_or(0));
        match inst.op {
            Op::Load(input) => {
                let Some(dst) = inst.dst else { return };
                let base = self.e.address(Array::Input(input));
                let at = self.item_of(base, R13, self.dtype(dst), 0);
                let entry = self.entry(K1);
                self.load_items(dst, at, entry);
            }
            Op::LoadBuffer(buffer) => {
                let Some(dst) = inst.dst else { return };
                let at = self.item_of(RBX, RBP, self.dtype(dst), self.e.frame.buffer(buffer));
                self.load_items(dst, at, 0);
            }
            Op::StoreBuffer(buffer) => {
                let at = self.item_of(RBX, RBP, self.dtype(args[0]), self.e.frame.buffer(buffer));
                self.store_items(args[0], at, 0);
            }
            Op::Store => {
                let base = self.e.address(Array::Output);
                let at = self.item_of(base, R13, self.dtype(args[0]), 0);
                let entry = self.entry(K1);
                self.store_items(args[0], at, entry);
            }
            Op::Move => self.conditional_move(inst, args[0]),
            _ => {
                let Some(dst) = inst.dst else { return };
                let target = self.target(dst);
                match self.dtype(dst) {
                    Dtype::Bool => self.mask_result(inst.op, args, target),
                    _ => self.vector_result(inst.op, dst, args, target),
                }
                self.finish(dst, target);
            }
        }
    }

    /// The address of this part's items in an array.
    fn item_of(&self, base: u8, index: u8, dtype: Dtype, offset: i32) -> Mem {
        let size = dtype.size();
        let offset = offset + (self.part * self.e.lanes * size) as i32;
        Mem::Indexed(base, index, size.trailing_zeros() as u8, offset)
    }

    /// Items in memory to a value; other lanes than `entry` (0: all) are not read and become zero.
    fn load_items(&mut self, dst: Value, at: Mem, entry: u8) {
        let dtype = self.dtype(dst);
        let masking = Masking { register: entry, zero: entry != 0 };
        let target = self.target(dst);
        if dtype == Dtype::Bool {
            let length = self.length(4);
            self.e.asm.evex(isa::extend(dtype), length, V0, 0, Rm::Mem(at), masking, None);
            self.e.asm.evex(isa::TEST, length, target, V0, Rm::Reg(V0), Masking::default(), None);
        } else if dtype.size() < 4 {
            let length = self.length(4);
            self.e.asm.evex(isa::extend(dtype), length, target, 0, Rm::Mem(at), masking, None);
        } else {
            self.load_vector(dst, target, Rm::Mem(at), masking);
        }
        self.finish(dst, target);
    }

    /// A value to items in memory; only the lanes of `entry` (0: all) are written.
    fn store_items(&mut self, value: Value, at: Mem, entry: u8) {
        let dtype = self.dtype(value);
        let masking = Masking { register: entry, zero: false };
        let length = self.length(lane_bytes(dtype));
        if dtype == Dtype::Bool {
            let one = Rm::Mem(self.e.asm.constant(1));
            let mask = self.mask(value, K0);
            let ones = Masking { register: mask, zero: true };
            self.e.asm.evex(isa::repeat(false), length, V0, 0, one, ones, None);
            self.e.asm.evex(isa::narrow(1), length, V0, 0, Rm::Mem(at), masking, None);
            return;
        }
        let register = self.vector(value, V0);
        let opcode = match dtype.size() {
            size @ (1 | 2) => isa::narrow(size),
            size => isa::store(size == 8),
        };
        self.e.asm.evex(opcode, length, register, 0, Rm::Mem(at), masking, None);
    }

    /// Writes a variable for the lanes of the instruction's mask.
    fn conditional_move(&mut self, inst: &Inst, from: Value) {
        let Some(dst) = inst.dst else { return };
        if self.dtype(dst) == Dtype::Bool {
            return self.conditional_mask_move(dst, from, inst.mask);
        }
        let masking = match inst.mask {
            Some(mask) => Masking { register: self.mask(mask, K0), zero: false },
            None => Masking::default(),
        };
        match self.home(dst) {
            Home::Register(register) => {
                let from = self.last(from);
                self.load_vector(dst, register, from, masking);
            }
            Home::Spill(index) => {
                let register = self.vector(from, V0);
                let (opcode, length) = (isa::store(self.is_wide(dst)), self.length_of(dst));
                let at = Rm::Mem(self.spill(index));
                self.e.asm.evex(opcode, length, register, 0, at, masking, None);
            }
            Home::Nowhere => {}
        }
    }

    fn conditional_mask_move(&mut self, dst: Value, from: Value, mask: Option<Value>) {
        let Some(mask) = mask else {
            let from = self.mask(from, K0);
            let target = self.target(dst);
            self.mask_copy(target, from);
            return self.finish(dst, target);
        };
        let target = self.target(dst);
        self.mask_result(Op::AndNot, [mask, dst, 0], target);
        self.finish(dst, target);
        self.mask_result(Op::And, [mask, from, 0], K0);
        let kept = self.mask(dst, K1);
        let or = isa::mask_operation(Op::Or, self.e.is_byte());
        self.three_masks(or, target, kept, K0);
        self.finish(dst, target);
    }

    fn mask_copy(&mut self, to: u8, from: u8) {
        if to != from {
            let opcode = isa::mask(isa::MASK_FROM_MEMORY, false);
            self.e.asm.vex(opcode, false, to, 0, Rm::Reg(from));
        }
    }

    fn three_masks(&mut self, opcode: Option<Opcode>, to: u8, a: u8, b: u8) {
        if let Some(opcode) = opcode {
            self.e.asm.vex(opcode, true, to, a, Rm::Reg(b));
        }
    }

    fn mask_result(&mut self, op: Op, args: [Value; 3], target: u8) {
        let is_byte = self.e.is_byte();
        match op {
            Op::Entry if self.e.are_whole => self.mask_result(Op::MaskConstant(true), args, target),
            Op::Entry => {
                let entry = self.entry(target);
                self.mask_copy(target, entry);
            }
            Op::MaskConstant(value) => {
                let code = if value { isa::MASK_EQUAL } else { isa::MASK_UNEQUAL };
                self.e.asm.vex(isa::mask(code, is_byte), true, target, K0, Rm::Reg(K0));
            }
            Op::Copy => {
                let from = self.mask(args[0], K0);
                self.mask_copy(target, from);
            }
            Op::Not => {
                let from = self.mask(args[0], K0);
                self.e.asm.vex(isa::mask(isa::MASK_NOT, is_byte), false, target, 0, Rm::Reg(from));
            }
            Op::Compare(compare) => {
                let dtype = self.dtype(args[0]);
                let (opcode, predicate) = isa::compare(compare, dtype);
                let a = self.vector(args[0], V0);
                let b = self.last(args[1]);
                let length = self.length_of(args[0]);
                self.e.asm.evex(opcode, length, target, a, b, Masking::default(), Some(predicate));
            }
            _ => {
                let (a, b) = (self.mask(args[0], K0), self.mask(args[1], K1));
                self.three_masks(isa::mask_operation(op, is_byte), target, a, b);
            }
        }
    }

    fn vector_result(&mut self, op: Op, dst: Value, args: [Value; 3], target: u8) {
        let length = self.length_of(dst);
        let is_wide = self.is_wide(dst);
        let all = Masking::default();
        match op {
            Op::Copy => {
                let from = self.last(args[0]);
                self.load_vector(dst, target, from, all);
            }
            Op::Sqrt | Op::Abs => {
                let from = self.last(args[0]);
                let opcode = isa::arithmetic(op, self.dtype(dst));
                self.two(opcode, length, target, 0, from);
            }
            Op::Round(mode) => {
                let from = self.last(args[0]);
                self.e.asm.evex(isa::round(is_wide), length, target, 0, from, all, Some(mode as u8));
            }
            Op::Normalize => self.normalize(self.dtype(dst), args[0], target),
            Op::Convert => self.convert(dst, args[0], target),
            Op::Select => {
                let no = self.vector(args[2], V0);
                let yes = self.last(args[1]);
                let masking = Masking { register: self.mask(args[0], K0), zero: false };
                self.e.asm.evex(isa::blend(is_wide), length, target, no, yes, masking, None);
            }
            Op::MultiplyAdd => {
                let a = self.last(args[0]);
                self.load_vector(dst, V0, a, all);
                let b = self.vector(args[1], V1);
                let c = self.last(args[2]);
                self.e.asm.evex(isa::multiply_add_213(is_wide), length, V0, b, c, all, None);
                self.load_vector(dst, target, Rm::Reg(V0), all);
            }
            _ => {
                let [a, b, _] = args;
                let commutes = matches!(op, Op::Add | Op::Mul | Op::And | Op::Or | Op::Xor);
                let (a, b) = if commutes && !self.e.code.is_computed(a) { (b, a) } else { (a, b) };
                let a = self.vector(a, V0);
                let b = self.last(b);
                self.two(isa::arithmetic(op, self.dtype(dst)), length, target, a, b);
            }
        }
    }

    fn two(&mut self, opcode: Option<Opcode>, length: Length, to: u8, a: u8, b: Rm) {
        if let Some(opcode) = opcode {
            self.e.asm.evex(opcode, length, to, a, b, Masking::default(), None);
        }
    }

    /// Extends the low bits of 32-bit lanes again.
    fn normalize(&mut self, dtype: Dtype, from: Value, target: u8) {
        let unused_bits = Some(32 - 8 * dtype.size() as u8);
        let length = self.length(4);
        let right = if dtype.is_signed() { isa::SHIFT_ARITHMETIC_FIELD } else { isa::SHIFT_LOGICAL_FIELD };
        let from = self.last(from);
        let all = Masking::default();
        let shift = isa::SHIFT_IMMEDIATE;
        self.e.asm.evex(shift, length, isa::SHIFT_LEFT_FIELD, target, from, all, unused_bits);
        self.e.asm.evex(shift, length, right, target, Rm::Reg(target), all, unused_bits);
    }

    fn convert(&mut self, dst: Value, from: Value, target: u8) {
        let (source, result) = (self.dtype(from), self.dtype(dst));
        let length = self.length(lane_bytes(source).max(lane_bytes(result)));
        let all = Masking::default();
        let is_narrowing = source.size() == 8 && !source.is_float() && lane_bytes(result) == 4;
        match isa::convert(source, result) {
            Some(opcode) if is_narrowing && !result.is_float() => {
                let register = self.vector(from, V0);
                self.e.asm.evex(opcode, length, register, 0, Rm::Reg(target), all, None);
            }
            Some(opcode) => {
                let operand = if source.is_float() || result.is_float() {
                    self.last(from)
                } else {
                    // Integers are widened from a whole vector; the instruction repeats no single value.
                    Rm::Reg(self.vector(from, V0))
                };
                self.e.asm.evex(opcode, length, target, 0, operand, all, None);
            }
            None => {
                let operand = self.last(from);
                self.load_vector(dst, target, operand, all);
            }
        }
    }
}
