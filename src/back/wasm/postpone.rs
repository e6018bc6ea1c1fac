//! Items of branches with calls that wait until there are enough of them for a group.
//!
//! A call of a vector kernel computes a whole group, however few lanes are in the branch. Where kernels have no loops, the
//! items of such lanes are put off: their inputs are copied to rows in memory, and once these have a group, the statements
//! run for it from the beginning, with calls that are full. What the first run gave for these items is overwritten.

use wasm_encoder::{BlockType, ValType};

use super::access::Place;
use super::body::{ITEMS, OUTPUT, Register};
use super::code::at;
use super::lanes::Lanes;
use super::{Emitter, Refusal};
use crate::back::lane::exits::has_loop;
use crate::dtype::{Dtype, Scalar};
use crate::memory::OutOfMemory;
use crate::mid::flatten::{Node, Region, any_node};

/// Items that wait, and the rows that have them: each row has room for two groups.
#[derive(Debug)]
pub struct Postponed {
    /// How many items wait; fewer than a group where a group begins.
    count: Register,
    /// Those of the current group that wait.
    lanes: Lanes,
    /// Inputs and index symbols that the statements read.
    arrays: Vec<usize>,
}

/// Rows: the first half as many as calls of vector kernels have, whose rows are of one group; indices of items, results,
/// inputs.
const ITEM: u32 = 2;
const RESULT: u32 = 3;
const FIRST_INPUT: u32 = 4;

impl Emitter<'_> {
    /// The loop over groups of items, which runs all statements for each.
    pub fn groups(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        let postponed = self.may_postpone(nodes)?;
        self.body.code()?.i32_const(0).local_set(self.item);
        self.open_groups()?;
        if let Some(Postponed { lanes, .. }) = &postponed {
            let none = self.constant(Scalar::Bool(false), Dtype::Bool)?;
            self.move_to(*lanes, none)?;
        }
        self.postponed = postponed;
        self.group(nodes)?;
        if let Some(postponed) = self.postponed.take() {
            self.catch_up(nodes, &postponed)?;
        }
        self.next_group()?;
        Ok(self.end_function()?)
    }

    /// What waits, which is nothing yet, if items of the kernel may be put off.
    fn may_postpone(&mut self, nodes: &[Node<Region>]) -> Result<Option<Postponed>, Refusal> {
        let has_branches = any_node(nodes, |node| matches!(node, Node::If { .. }));
        if !self.facts.calls_by_group || !has_branches || has_loop(nodes) {
            return Ok(None);
        }
        let arrays = self.arrays_read(nodes)?;
        self.scratch_bytes = self.scratch_bytes.max(self.row(FIRST_INPUT + arrays.len() as u32));
        let count = self.body.new_register(ValType::I32)?;
        self.body.once()?.i32_const(0).local_set(count);
        let none = self.constant(Scalar::Bool(false), Dtype::Bool)?;
        Ok(Some(Postponed { count, lanes: self.copy(none)?, arrays }))
    }

    /// Where a row begins.
    fn row(&self, row: u32) -> u32 {
        row * 2 * self.shape.group() * 8
    }

    /// Puts the items off that are in a branch, if that would call for few of them: its mask is empty then.
    pub fn postpone(&mut self, mask: Lanes, body: &[Node<Region>]) -> Result<(), OutOfMemory> {
        let Some(postponed) = self.postponed.take() else { return Ok(()) };
        if self.facts.any_calls(body)? {
            // A branch before this one may have put them off.
            self.change(mask, postponed.lanes, |code| code.v128_andnot())?;
            self.put_bits(mask)?;
            let bits = self.body.keep(ValType::I32)?;
            let many = self.shape.group() as i32 / 2 + 1;
            let mut code = self.body.code()?;
            code.local_get(bits).i32_const(0).i32_ne();
            code.local_get(bits).i32_popcnt().i32_const(many).i32_lt_u().i32_and().if_(BlockType::Empty);
            self.change(postponed.lanes, mask, |code| code.v128_or())?;
            let none = self.constant(Scalar::Bool(false), Dtype::Bool)?;
            self.move_to(mask, none)?;
            self.put_off(&postponed, bits)?;
            self.body.code()?.end();
        }
        self.postponed = Some(postponed);
        Ok(())
    }

    /// Copies the items of the group whose bits are set.
    fn put_off(&mut self, postponed: &Postponed, bits: Register) -> Result<(), OutOfMemory> {
        let scratch = self.scratch()?;
        let item = self.body.new_register(ValType::I32)?;
        let Postponed { count, ref arrays, .. } = *postponed;
        self.body.code()?.loop_(BlockType::Empty);
        self.body.code()?.local_get(bits).i32_ctz().local_get(self.item).i32_add().local_set(item);
        self.put_item(scratch, count, 4)?;
        let index = at(self.row(ITEM));
        self.body.code()?.local_get(item).i32_store(index);
        for (row, array) in (FIRST_INPUT..).zip(arrays) {
            let (base, size) = (self.base(*array)?, self.array_dtype(*array).size() as u32);
            self.put_item(scratch, count, size)?;
            self.put_item(base, item, size)?;
            self.put_copy(size, 0, self.row(row))?;
        }
        self.body.code()?.local_get(count).i32_const(1).i32_add().local_set(count);
        self.body.code()?.local_get(bits).i32_const(1).i32_sub().local_get(bits).i32_and().local_tee(bits);
        self.body.code()?.br_if(0).end();
        Ok(())
    }

    /// Runs the statements for items that wait, while there is a group of them, or the last group is done.
    fn catch_up(&mut self, nodes: &[Node<Region>], postponed: &Postponed) -> Result<(), Refusal> {
        let Postponed { count, ref arrays, .. } = *postponed;
        let scratch = self.scratch()?;
        let group = self.shape.group() as i32;
        self.open_passes()?;
        let mut code = self.body.code()?;
        code.local_get(count).i32_const(group).i32_lt_u();
        code.local_get(self.item).i32_const(group).i32_add().local_get(ITEMS).i32_lt_u();
        code.local_get(count).i32_eqz().i32_or().i32_and().br_if(1);
        // The last that came; lanes beyond them have whatever lies there.
        let [start, lane, item] = [
            self.body.new_register(ValType::I32)?,
            self.body.new_register(ValType::I32)?,
            self.body.new_register(ValType::I32)?,
        ];
        let mut code = self.body.code()?;
        code.local_get(count).i32_const(group).i32_sub().i32_const(0);
        code.local_get(count).i32_const(group).i32_ge_u().select().local_set(start);
        self.forget();
        for (row, array) in (FIRST_INPUT..).zip(arrays) {
            let dtype = self.array_dtype(*array);
            self.put_item(scratch, start, dtype.size() as u32)?;
            let base = self.body.keep(ValType::I32)?;
            let place = Place { base, offset: self.row(row), is_array: false };
            self.loaded[*array] = Some(self.load(place, dtype)?);
        }
        self.output = Some(Place { base: scratch, offset: self.row(RESULT), is_array: false });
        self.group(nodes)?;
        self.output = None;
        self.forget();
        let size = self.kernel.output.dtype.size() as u32;
        self.body.code()?.loop_(BlockType::Empty);
        self.body.code()?.local_get(count).i32_const(1).i32_sub().local_set(count);
        self.put_item(scratch, count, 4)?;
        let index = at(self.row(ITEM));
        self.body.code()?.i32_load(index).local_set(item);
        self.body.code()?.local_get(count).local_get(start).i32_sub().local_set(lane);
        self.put_item(OUTPUT, item, size)?;
        self.put_item(scratch, lane, size)?;
        self.put_copy(size, self.row(RESULT), 0)?;
        self.body.code()?.local_get(count).local_get(start).i32_gt_u().br_if(0).end();
        Ok(self.close_passes()?)
    }
}
