//! Loops that items leave after different numbers of passes: a lane whose item is done takes the next one.
//!
//! In groups, a loop takes as many passes as its slowest item, and lanes wait. Where lanes have items of their own, the
//! loop goes on: the numbers of the items, and of the passes in which they began, lie in memory. Once few enough lanes are still at it, the others leave the loop
//! together: they run what follows it, write their results, take the next items, and run what comes before the loop.
//!
//! Passes are counted once for all lanes. The earliest start says when the first of them may have had all passes
//! that it is allowed, so that the loop has one comparison for it.

use wasm_encoder::{BlockType, ValType};

use super::access::Place;
use super::body::{OUTPUT, Register};
use super::code::at;
use super::facts::Facts;
use super::lanes::{Lanes, Shape};
use super::meter::OUT;
use super::{Emitter, Refusal};
use crate::back::call::Status;
use crate::back::lane::exits::{always_leaves, can_end, has_loop};
use crate::back::lane::{Control, Lanes as _, Part, Scope};
use crate::dtype::{Dtype, Scalar};
use crate::ir::LocalId;
use crate::memory::{OutOfMemory, TryGrow};
use crate::mid::flatten::{Head, Loop, Node, Region};
use crate::mid::range::ConstantRange;

/// A kernel around one loop.
pub struct Split<'a> {
    before: &'a [Node<Region>],
    head: Passes<'a>,
    flat: &'a Loop<Region>,
    after: &'a [Node<Region>],
}

/// What decides about the passes of the loop.
enum Passes<'a> {
    While { condition: &'a Region },
    Counted { bounds: &'a Region, variable: LocalId, range: ConstantRange },
}

/// The loop of a kernel, if it is the only one that is not inside another, and items may leave it early.
pub fn split<'a>(facts: &Facts, nodes: &'a [Node<Region>]) -> Option<Split<'a>> {
    let at = nodes.iter().position(|node| matches!(node, Node::Loop(_)))?;
    let Node::Loop(flat) = &nodes[at] else { return None };
    let (before, after) = (&nodes[..at], &nodes[at + 1..]);
    if has_loop(before) || has_loop(after) || always_leaves(before) {
        return None;
    }
    let head = match &flat.head {
        // It is computed again where lanes come in.
        Head::While { condition, .. } if condition.stores.is_empty() => Passes::While { condition },
        Head::For { variable, bounds } if can_end(&flat.body) => {
            // One that is read has a value in each lane, which only wide lanes can hold.
            let is_read = facts.common.reads[*variable as usize] > 0;
            let may_have_lanes = |range: &ConstantRange| !range.is_empty() && (!is_read || facts.is_wide);
            let range = ConstantRange::of_region(bounds).filter(may_have_lanes)?;
            Passes::Counted { bounds, variable: *variable, range }
        }
        _ => return None,
    };
    Some(Split { before, head, flat, after })
}

impl Split<'_> {
    /// The variable of the loop, if it has a value in each lane.
    pub fn lane_counter(&self, facts: &Facts) -> Option<LocalId> {
        match self.head {
            Passes::Counted { variable, .. } if facts.common.reads[variable as usize] > 0 => Some(variable),
            _ => None,
        }
    }
}

/// Bytes of the widest item.
const WORD: u32 = 8;

/// What lanes keep in memory: a row of the table has a word for each lane.
#[derive(Clone, Copy)]
struct Rows {
    scratch: Register,
    group: u32,
    lane_bytes: u32,
}

impl Rows {
    /// The first rows belong to calls of vector kernels.
    const CALLS: u32 = 4;
    /// The item of each lane, 32 bits; -1 for none.
    const ITEM: u32 = Self::CALLS;
    /// In which pass the item began, 64 bits.
    const START: u32 = Self::CALLS + 1;
    /// Masks: of the lanes that are in the loop, and of those with new items.
    const RUNNING: u32 = Self::CALLS + 2;
    const FRESH: u32 = Self::CALLS + 3;
    const RESULT: u32 = Self::CALLS + 4;
    const INPUTS: u32 = Self::CALLS + 5;

    fn offset(self, row: u32) -> u32 {
        row * self.group * WORD
    }

    fn place(self, row: u32) -> Place {
        Place { base: self.scratch, offset: self.offset(row), is_array: false }
    }
}

/// The state of the loop.
struct State {
    rows: Rows,
    /// The next item that no lane has taken, and where they end.
    next: Register,
    end: Register,
    /// A lane, and its address in a row of items of some size.
    lane: Register,
    /// Lanes that have an item.
    busy: Register,
    /// The loop goes on while so many lanes are in it.
    least: Register,
    /// Passes so far, and the pass in which the first of the running lanes began.
    passes: Register,
    earliest: Register,
    /// Masks: lanes with an item that has not returned, and those in the loop.
    alive: Lanes,
    running: Lanes,
    /// What the variable of the loop is set to in the next pass, where it is read.
    counter: Option<Lanes>,
}

impl Emitter<'_> {
    /// All statements for the items from the current one up to `end`, which come and go lane by lane.
    pub fn refilled(
        &mut self,
        nodes: &[Node<Region>],
        split: &Split<'_>,
        end: Register,
    ) -> Result<(), Refusal> {
        let arrays = self.arrays_read(nodes)?;
        let mut state = self.begin(&arrays, end)?;
        state.counter = self.open_variables(&arrays, split)?;
        // Out of the outer block once no lane has an item; back to the outer loop for new ones.
        self.open_passes()?;
        self.finish_items(&state, split.after)?;
        self.change_items(&state, &arrays)?;
        self.body.code()?.local_get(state.busy).i32_eqz().br_if(1);
        self.enter_items(&state, &arrays, split)?;
        self.run_passes(&state, split)?;
        Ok(self.close_passes()?)
    }

    /// Registers, and rows in memory.
    fn begin(&mut self, arrays: &[usize], end: Register) -> Result<State, OutOfMemory> {
        let scratch = self.scratch()?;
        let Shape { is_wide, .. } = self.shape;
        let rows = Rows { scratch, group: self.shape.group(), lane_bytes: if is_wide { 8 } else { 4 } };
        let bytes = rows.offset(Rows::INPUTS + arrays.len() as u32);
        self.scratch_bytes = self.scratch_bytes.max(bytes);
        for lane in 0..rows.group {
            let item = at(rows.offset(Rows::ITEM) + 4 * lane);
            self.body.once()?.local_get(scratch).i32_const(-1).i32_store(item);
        }
        let mut register = |ty| self.body.new_register(ty);
        let [next, lane, busy, least] = [
            register(ValType::I32)?,
            register(ValType::I32)?,
            register(ValType::I32)?,
            register(ValType::I32)?,
        ];
        let (passes, earliest) = (register(ValType::I64)?, register(ValType::I64)?);
        self.body.code()?.local_get(self.item).local_set(next);
        let none = self.constant(Scalar::Bool(false), Dtype::Bool)?;
        let (alive, running) = (self.copy(none)?, self.copy(none)?);
        self.result = Some(self.new_variable(self.kernel.output.dtype)?);
        self.scopes.try_push(Scope::of(Some(alive)))?;
        Ok(State { rows, next, end, lane, busy, least, passes, earliest, alive, running, counter: None })
    }

    /// Gives arrays and locals their registers before the first jump, and the counter of lanes if there is one.
    fn open_variables(&mut self, arrays: &[usize], split: &Split<'_>) -> Result<Option<Lanes>, OutOfMemory> {
        for array in arrays {
            self.loaded[*array] = Some(self.new_variable(self.array_dtype(*array))?);
        }
        self.open_read_variables()?;
        Ok(match split.lane_counter(&self.facts) {
            Some(variable) => {
                self.variable(variable)?;
                Some(self.new_variable(Dtype::Int64)?)
            }
            None => None,
        })
    }

    /// What follows the loop, for the lanes that have left it.
    fn finish_items(&mut self, state: &State, after: &[Node<Region>]) -> Result<(), Refusal> {
        let finished = self.apply(&[state.alive, state.running], |code| code.v128_andnot())?;
        self.branch(finished, after)?;
        let Some(result) = self.result else { unreachable!("`begin` makes the result") };
        self.store(result, state.rows.place(Rows::RESULT), self.kernel.output.dtype)?;
        Ok(self.store_mask(state.running, state.rows.place(Rows::RUNNING))?)
    }

    /// Writes the results of lanes that are not in the loop, and gives them new items.
    fn change_items(&mut self, state: &State, arrays: &[usize]) -> Result<(), OutOfMemory> {
        let State { rows, next, end, busy, least, passes, earliest, .. } = *state;
        let address = self.body.new_register(ValType::I32)?;
        let output = self.kernel.output.dtype.size() as u32;
        self.body.code()?.i32_const(0).local_set(busy);
        self.body.code()?.i64_const(i64::MAX).local_set(earliest);
        self.open_lanes(state)?;
        self.put_lane(state, rows.lane_bytes)?;
        self.body.code()?.local_tee(address).i32_const(0);
        self.put_lane_store(rows.lane_bytes, rows.offset(Rows::FRESH))?;
        self.put_lane(state, rows.lane_bytes)?;
        self.body.code()?.i32_load(at(rows.offset(Rows::RUNNING))).i32_eqz().if_(BlockType::Empty);

        // The result of the item that is done.
        self.put_lane(state, 4)?;
        self.body.code()?.i32_load(at(rows.offset(Rows::ITEM))).local_tee(least);
        self.body.code()?.i32_const(0).i32_ge_s().if_(BlockType::Empty);
        self.put_item(OUTPUT, least, output)?;
        self.put_lane(state, output)?;
        self.put_copy(output, rows.offset(Rows::RESULT), 0)?;
        self.body.code()?.end();
        self.put_lane(state, 4)?;
        self.body.code()?.i32_const(-1).i32_store(at(rows.offset(Rows::ITEM)));

        // The next item.
        self.body.code()?.local_get(next).local_get(end).i32_lt_u().if_(BlockType::Empty);
        self.put_lane(state, 4)?;
        self.body.code()?.local_get(next).i32_store(at(rows.offset(Rows::ITEM)));
        self.put_lane(state, WORD)?;
        self.body.code()?.local_get(passes).i64_store(at(rows.offset(Rows::START)));
        self.body.code()?.local_get(address).i32_const(-1);
        self.put_lane_store(rows.lane_bytes, rows.offset(Rows::FRESH))?;
        for (row, array) in (Rows::INPUTS..).zip(arrays) {
            let (base, size) = (self.base(*array)?, self.array_dtype(*array).size() as u32);
            self.put_lane(state, size)?;
            self.put_item(base, next, size)?;
            self.put_copy(size, 0, rows.offset(row))?;
        }
        self.body.code()?.local_get(next).i32_const(1).i32_add().local_set(next);
        self.body.code()?.end().end();

        // Of the lanes that have an item, the one that began first.
        self.put_lane(state, 4)?;
        self.body.code()?.i32_load(at(rows.offset(Rows::ITEM))).i32_const(0).i32_ge_s();
        self.body.code()?.if_(BlockType::Empty);
        self.body.code()?.local_get(busy).i32_const(1).i32_add().local_set(busy);
        self.put_lane(state, WORD)?;
        self.body.code()?.i64_load(at(rows.offset(Rows::START))).local_get(earliest);
        self.put_lane(state, WORD)?;
        self.body.code()?.i64_load(at(rows.offset(Rows::START))).local_get(earliest).i64_lt_s();
        self.body.code()?.select().local_set(earliest).end();
        self.close_lanes(state)
    }

    /// Loads the new items, and runs what comes before the loop for them.
    fn enter_items(&mut self, state: &State, arrays: &[usize], split: &Split<'_>) -> Result<(), Refusal> {
        let rows = state.rows;
        let fresh = self.load_mask(rows.place(Rows::FRESH))?;
        for (row, array) in (Rows::INPUTS..).zip(arrays) {
            let lanes = self.load(rows.place(row), self.array_dtype(*array))?;
            let loaded = self.array_value(*array)?;
            self.move_to(loaded, lanes)?;
        }
        for local in 0..self.variables.len() {
            if let Some(variable) = self.variables[local] {
                let dtype = self.kernel.locals[local].ty.dtype;
                let zero = self.constant(Scalar::Int(0), dtype)?;
                self.assign(variable, zero, dtype, Some(fresh))?;
            }
        }
        // Lanes that were alive and not running have returned, in what follows the loop at the latest.
        self.change(state.alive, state.running, |code| code.v128_and())?;
        self.change(state.alive, fresh, |code| code.v128_or())?;
        self.scopes.try_push(Scope::of(Some(fresh)))?;
        self.block(split.before)?;
        if let Passes::Counted { bounds, range, .. } = split.head {
            self.compute(bounds, &[])?;
            if let Some(counter) = state.counter {
                let start = self.integer(range.start, Dtype::Int64)?;
                self.assign(counter, start, Dtype::Int64, Some(fresh))?;
            }
        }
        self.scopes.pop();
        self.change(state.running, fresh, |code| code.v128_or())?;
        // While there are items left, half of the lanes may be done before the others wait.
        let half = self.shape.group() as i32 / 2;
        self.body.code()?.i32_const(half + 1).i32_const(1);
        self.body
            .code()?
            .local_get(state.next)
            .local_get(state.end)
            .i32_lt_u()
            .select()
            .local_set(state.least);
        Ok(())
    }

    /// The loop itself, up to where items change.
    fn run_passes(&mut self, state: &State, split: &Split<'_>) -> Result<(), Refusal> {
        let most = match split.head {
            Passes::While { .. } => self.limit()?,
            Passes::Counted { range, .. } => {
                let most = self.body.new_register(ValType::I64)?;
                self.body.once()?.i64_const(range.len() as i64).local_set(most);
                most
            }
        };
        let State { running, passes, earliest, least, .. } = *state;
        self.open_metered()?;
        if let Passes::While { condition } = split.head {
            self.scopes.try_push(Scope::of(Some(running)))?;
            let holds = self.compute(condition, &condition.values)?[0];
            self.scopes.pop();
            self.narrow(Part::Where, running, holds)?;
        }
        self.put_count(running)?;
        self.body.code()?.local_get(least).i32_lt_u().br_if(OUT);
        self.body.code()?.local_get(passes).local_get(earliest).i64_sub().local_get(most).i64_ge_u();
        self.body.code()?.if_(BlockType::Empty);
        self.stop_lanes(state, most, matches!(split.head, Passes::While { .. }))?;
        self.body.code()?.br(OUT + 1).end();
        let counted = match &split.head {
            Passes::Counted { variable, range, .. } => {
                state.counter.map(|counter| (variable, range, counter))
            }
            Passes::While { .. } => None,
        };
        if let Some((variable, _, counter)) = counted {
            let variable = self.variable(*variable)?;
            self.assign(variable, counter, Dtype::Int64, Some(running))?;
        }
        self.pass(Some(running), split.flat)?;
        if let Some((_, range, counter)) = counted {
            let step = self.integer(range.step, Dtype::Int64)?;
            let next = self.apply(&[counter, step], |code| code.i64x2_add())?;
            self.move_to(counter, next)?;
        }
        self.add_to(passes, 1)?;
        Ok(self.close_metered(None)?)
    }

    /// Lets the running lanes that have had all their passes leave the loop, or the call fail.
    fn stop_lanes(&mut self, state: &State, most: Register, fails: bool) -> Result<(), OutOfMemory> {
        let State { rows, passes, running, .. } = *state;
        self.store_mask(running, rows.place(Rows::RUNNING))?;
        self.open_lanes(state)?;
        self.put_lane(state, rows.lane_bytes)?;
        self.body.code()?.i32_load(at(rows.offset(Rows::RUNNING)));
        self.body.code()?.local_get(passes);
        self.put_lane(state, WORD)?;
        self.body
            .code()?
            .i64_load(at(rows.offset(Rows::START)))
            .i64_sub()
            .local_get(most)
            .i64_ge_u()
            .i32_and();
        if fails {
            self.fail_if(Status::TooManyPasses)?;
        } else {
            self.body.code()?.if_(BlockType::Empty);
            self.put_lane(state, rows.lane_bytes)?;
            self.body.code()?.i32_const(0);
            self.put_lane_store(rows.lane_bytes, rows.offset(Rows::RUNNING))?;
            self.body.code()?.end();
        }
        self.close_lanes(state)?;
        let left = self.load_mask(rows.place(Rows::RUNNING))?;
        self.move_to(running, left)
    }

    /// Begins a loop over the lanes.
    fn open_lanes(&mut self, state: &State) -> Result<(), OutOfMemory> {
        self.body.code()?.i32_const(0).local_set(state.lane).loop_(BlockType::Empty);
        Ok(())
    }

    fn close_lanes(&mut self, state: &State) -> Result<(), OutOfMemory> {
        let State { lane, rows, .. } = *state;
        self.body.code()?.local_get(lane).i32_const(1).i32_add().local_tee(lane);
        self.body.code()?.i32_const(rows.group as i32).i32_lt_u().br_if(0).end();
        Ok(())
    }

    /// Leaves on the stack the address of the lane in a row of items of some size, less the offset of the row.
    fn put_lane(&mut self, state: &State, size: u32) -> Result<(), OutOfMemory> {
        self.put_item(state.rows.scratch, state.lane, size)
    }

    /// Leaves on the stack the address of an item of an array.
    pub fn put_item(&mut self, base: Register, index: Register, size: u32) -> Result<(), OutOfMemory> {
        let shift = size.trailing_zeros() as i32;
        self.body.code()?.local_get(base).local_get(index).i32_const(shift).i32_shl().i32_add();
        Ok(())
    }

    /// Copies an item from the upper address on the stack to the lower one.
    pub fn put_copy(&mut self, size: u32, from: u32, to: u32) -> Result<(), OutOfMemory> {
        let mut code = self.body.code()?;
        match size {
            1 => code.i32_load8_u(at(from)).i32_store8(at(to)),
            2 => code.i32_load16_u(at(from)).i32_store16(at(to)),
            4 => code.i32_load(at(from)).i32_store(at(to)),
            _ => code.i64_load(at(from)).i64_store(at(to)),
        };
        Ok(())
    }

    /// Stores a lane of a mask, 0 or -1, as wide as the lanes are: an address and 32 bits are on the stack.
    fn put_lane_store(&mut self, lane_bytes: u32, offset: u32) -> Result<(), OutOfMemory> {
        let mut code = self.body.code()?;
        match lane_bytes {
            8 => code.i64_extend_i32_s().i64_store(at(offset)),
            _ => code.i32_store(at(offset)),
        };
        Ok(())
    }

    fn store_mask(&mut self, mask: Lanes, place: Place) -> Result<(), OutOfMemory> {
        self.for_each_part(|emitter, part| {
            let target = at(place.offset + 16 * part as u32);
            emitter.body.code()?.local_get(place.base).local_get(mask.part(part)).v128_store(target);
            Ok(())
        })
    }

    fn load_mask(&mut self, place: Place) -> Result<Lanes, OutOfMemory> {
        self.each_part(|emitter, part| {
            let source = at(place.offset + 16 * part as u32);
            emitter.body.code()?.local_get(place.base).v128_load(source);
            Ok(())
        })
    }

    /// Leaves on the stack for how many lanes a mask holds.
    fn put_count(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        self.put_bits(mask)?;
        self.body.code()?.i32_popcnt();
        Ok(())
    }

    /// Leaves on the stack a bit for each lane of a mask.
    pub fn put_bits(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        let Shape { is_wide, .. } = self.shape;
        let lanes = self.shape.lanes() as i32;
        self.for_each_part(|emitter, part| {
            let mut code = emitter.body.code()?;
            code.local_get(mask.part(part));
            if is_wide {
                code.i64x2_bitmask()
            } else {
                code.i32x4_bitmask()
            };
            if part > 0 {
                code.i32_const(part as i32 * lanes).i32_shl().i32_or();
            }
            Ok(())
        })
    }
}
