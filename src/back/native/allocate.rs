//! Registers for lane values, by linear scan (Poletto and Sarkar, 1999).
//!
//! Each value has one register for each part of the group. Masks may have a file of their own. A value
//! that gets no register lives in the frame.

use super::lane::{Code, Inst, Op, Value};
use super::order::Order;
use crate::dtype::Dtype;
use crate::memory::{OutOfMemory, TryGrow};

/// Where a part of a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// The value is never used.
    Nowhere,
    Register(u8),
    /// Index of a 64-byte spill slot of the frame.
    Spill(u32),
}

/// Registers that values may take.
#[derive(Clone, Debug)]
pub struct Registers {
    pub vectors: std::ops::Range<u8>,
    /// The file of masks; without one they take vector registers.
    pub masks: Option<std::ops::Range<u8>>,
    /// Whether vector registers that no value takes hold what is the same in all lanes, in code without
    /// calls.
    pub take_shared: bool,
}

/// The life of one part of one value, from its first write to its last use.
#[derive(Clone, Copy, Debug)]
struct Interval {
    value: Value,
    part: usize,
    start: usize,
    end: usize,
    /// What its uses would cost if it lived in the frame.
    cost: u64,
}

impl Interval {
    /// Whether a register does less for this one than for the other.
    fn is_worth_less(&self, other: &Interval) -> bool {
        let length = |interval: &Interval| (interval.end - interval.start + 1) as u64;
        self.cost.saturating_mul(length(other)) < other.cost.saturating_mul(length(self))
    }
}

/// Homes of all parts, and what lives across calls.
#[derive(Debug)]
pub struct Allocation {
    parts: usize,
    homes: Vec<Home>,
    intervals: Vec<Interval>,
    shared: Vec<(Value, u8)>,
    pub spills: u32,
}

impl Allocation {
    /// Constants and uniform values that have a register from the start to the end.
    pub fn shared(&self) -> &[(Value, u8)] {
        &self.shared
    }

    pub fn home(&self, value: Value, part: usize) -> Home {
        self.homes[value as usize * self.parts + part]
    }

    /// Values with registers that live on after the instruction `index`, and began before it.
    pub fn live_across(&self, index: usize) -> impl Iterator<Item = (Value, usize, u8)> + '_ {
        let (before, after) = (index * self.parts, (index + 1) * self.parts);
        self.intervals.iter().filter_map(move |interval| {
            let crosses = interval.start < before && interval.end >= after;
            match self.home(interval.value, interval.part) {
                Home::Register(register) if crosses => Some((interval.value, interval.part, register)),
                _ => None,
            }
        })
    }
}

/// Gives a home to every part of the values that `insts` compute, from spill slot `first_spill` on.
pub fn allocate(
    code: &Code,
    insts: &[Inst],
    parts: usize,
    registers: &Registers,
    first_spill: u32,
) -> Result<Allocation, OutOfMemory> {
    let loops = loops(code, insts)?;
    let costs = costs(code, insts, &loops)?;
    let mut intervals = intervals(code, insts, parts, &loops, &costs)?;
    intervals.sort_unstable_by_key(|interval| (interval.start, interval.value, interval.part));
    let homes = Vec::try_filled(Home::Nowhere, code.values.len() * parts)?;
    let mut allocation =
        Allocation { parts, homes, intervals: Vec::new(), shared: Vec::new(), spills: first_spill };
    let is_mask = |interval: &Interval| code.dtype(interval.value) == Dtype::Bool;
    let has_mask_file = registers.masks.is_some();
    let vectors = intervals.iter().filter(|interval| !has_mask_file || !is_mask(interval));
    scan(&mut allocation, vectors, registers.vectors.clone())?;
    if let Some(masks) = &registers.masks {
        scan(&mut allocation, intervals.iter().filter(|interval| is_mask(interval)), masks.clone())?;
    }
    allocation.intervals = intervals;
    if registers.take_shared && !insts.iter().any(|inst| matches!(inst.op, Op::Call(_))) {
        place_shared(&mut allocation, code, registers.vectors.clone(), &costs)?;
    }
    Ok(allocation)
}

/// Gives the registers that no value takes to the constants and uniform values whose uses cost most.
fn place_shared(
    allocation: &mut Allocation,
    code: &Code,
    registers: std::ops::Range<u8>,
    costs: &[u64],
) -> Result<(), OutOfMemory> {
    let mut used = Vec::new();
    for value in (0..costs.len()).filter(|value| costs[*value] > 0 && !code.is_computed(*value as Value)) {
        used.try_push(value)?;
    }
    used.sort_unstable_by_key(|value| std::cmp::Reverse(costs[*value]));
    let mut used = used.into_iter();
    for register in registers.filter(|register| !allocation.homes.contains(&Home::Register(*register))) {
        let Some(value) = used.next() else { break };
        allocation.shared.try_push((value as Value, register))?;
    }
    Ok(())
}

/// Gives registers of one file to the intervals of its values, in the order of their starts.
fn scan<'a>(
    allocation: &mut Allocation,
    intervals: impl Iterator<Item = &'a Interval>,
    registers: std::ops::Range<u8>,
) -> Result<(), OutOfMemory> {
    let mut free = Vec::new();
    for register in registers.rev() {
        free.try_push(register)?;
    }
    let mut active: Vec<(Interval, u8)> = Vec::new();
    for interval in intervals {
        let parts = allocation.parts;
        let slot = |interval: &Interval| interval.value as usize * parts + interval.part;
        let mut index = 0;
        while index < active.len() {
            if active[index].0.end <= interval.start {
                free.try_push(active.swap_remove(index).1)?;
            } else {
                index += 1;
            }
        }
        if let Some(register) = free.pop() {
            allocation.homes[slot(interval)] = Home::Register(register);
            active.try_push((*interval, register))?;
            continue;
        }
        let spill = Home::Spill(allocation.spills);
        allocation.spills += 1;
        let mut least = None;
        for (index, (other, _)) in active.iter().enumerate() {
            if other.is_worth_less(least.map_or(interval, |least: usize| &active[least].0)) {
                least = Some(index);
            }
        }
        match least {
            Some(index) => {
                let (other, register) = &mut active[index];
                allocation.homes[slot(other)] = spill;
                allocation.homes[slot(interval)] = Home::Register(*register);
                *other = *interval;
            }
            None => allocation.homes[slot(interval)] = spill,
        }
    }
    Ok(())
}

/// What the uses of each value would cost if it lived in memory.
fn costs(code: &Code, insts: &[Inst], loops: &[(usize, usize)]) -> Result<Vec<u64>, OutOfMemory> {
    let mut costs = Vec::try_filled(0u64, code.values.len())?;
    for (index, inst) in insts.iter().enumerate() {
        let depth = loops.iter().filter(|(start, end)| (*start..=*end).contains(&index)).count();
        let passes = ASSUMED_PASSES.saturating_pow(depth as u32);
        for (value, cost) in uses(inst) {
            let total = &mut costs[value as usize];
            *total = total.saturating_add(passes.saturating_mul(cost));
        }
    }
    Ok(costs)
}

/// The values that an instruction reads and writes, and what that costs if they live in memory.
fn uses(inst: &Inst) -> impl Iterator<Item = (Value, u64)> + '_ {
    let reads = inst.reads().map(|value| (value, READ_COST));
    reads.chain(inst.dst.map(|value| (value, WRITE_COST)))
}

/// The lives of all parts.
fn intervals(
    code: &Code,
    insts: &[Inst],
    parts: usize,
    loops: &[(usize, usize)],
    costs: &[u64],
) -> Result<Vec<Interval>, OutOfMemory> {
    let order = Order::new(insts, parts)?;
    let mut ranges: Vec<Option<(usize, usize)>> = Vec::try_filled(None, code.values.len())?;
    for (index, inst) in insts.iter().enumerate() {
        for (value, _) in uses(inst).filter(|(value, _)| code.is_computed(*value)) {
            let range = ranges[value as usize].get_or_insert((index, index));
            range.1 = index;
        }
    }
    for &(start, end) in loops {
        for range in ranges.iter_mut().flatten() {
            if range.0 < start && range.1 >= start {
                range.1 = range.1.max(end);
            }
        }
    }
    let mut intervals = Vec::new();
    for (value, range) in ranges.iter().enumerate() {
        let Some((start, end)) = *range else { continue };
        // A call reads its operands of all parts first.
        let ends_in_call = matches!(insts[end].op, Op::Call(_));
        for part in 0..parts {
            intervals.try_push(Interval {
                value: value as Value,
                part,
                start: order.position(start, part),
                end: order.position(end, if ends_in_call { parts - 1 } else { part }),
                cost: costs[value],
            })?;
        }
    }
    Ok(intervals)
}

/// Passes of a loop, for the choice of what lives in registers.
const ASSUMED_PASSES: u64 = 16;
/// An operand in the frame is almost as good as one in a register; a result has to be stored there.
const READ_COST: u64 = 1;
const WRITE_COST: u64 = 2;

/// Instruction ranges that jumps go back over, inner ones first.
fn loops(code: &Code, insts: &[Inst]) -> Result<Vec<(usize, usize)>, OutOfMemory> {
    let mut loops = Vec::new();
    for (index, inst) in insts.iter().enumerate() {
        if let Op::Jump(label) | Op::JumpIfAny(label) = inst.op {
            let target = code.labels[label as usize];
            if target < index {
                loops.try_push((target, index))?;
            }
        }
    }
    Ok(loops)
}
