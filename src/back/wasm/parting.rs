//! Items that part ways: which code is the fastest for them.
//!
//! In groups, lanes wait for each other. The code counts the passes of loops, and for how many lanes each of them was.
//! Now and then it compares what the items took with what they would have taken one by one, or if lanes took the next
//! item when theirs was done; a stretch of items then goes the fastest way, before groups are tried again.

use wasm_encoder::{BlockType, ValType};

use super::body::{ITEMS, Register};
use super::lanes::Lanes;
use super::refill::split;
use super::{Emitter, Refusal};
use crate::back::lane::exits::can_end;
use crate::dtype::{Dtype, Scalar};
use crate::memory::OutOfMemory;
use crate::mid::flatten::{Head, Loop, Node, Region, for_each_node};
use crate::mid::range::ConstantRange;

/// Groups after which the kernel looks back.
const WINDOW: i32 = 32;
/// Items that go another way, before groups are tried again.
const STRETCH: i32 = 4096;

/// What code takes, in parts of a pass of a group.
struct Costs {
    group_pass: i64,
    /// A pass of a single item.
    single_pass: i64,
    /// A lane in a pass where all lanes are busy.
    lane_pass: i64,
    /// To give a lane another item.
    refill: i64,
}

/// Counts of passes in groups.
#[derive(Clone, Copy)]
pub struct Watch {
    /// Lane by lane, the passes that were for the lane.
    lanes: Lanes,
    passes: Register,
}

/// Whether some items may take passes of loops that others of their group do not take.
pub fn items_part(nodes: &[Node<Region>]) -> bool {
    let mut has_loops = false;
    let mut part = false;
    for_each_node(nodes, |node| match node {
        Node::Loop(Loop { head, body }) => {
            has_loops = true;
            part |= is_uneven(head, body);
        }
        Node::If { .. } => part = true,
        Node::Compute(_) | Node::Return(_) | Node::Break | Node::Continue | Node::Print(..) => {}
    });
    has_loops && part
}

/// Whether items may take different numbers of passes.
fn is_uneven(head: &Head<Region>, body: &[Node<Region>]) -> bool {
    match head {
        Head::While { .. } => true,
        Head::For { bounds, .. } => ConstantRange::of_region(bounds).is_none() || can_end(body),
    }
}

/// Whether the bounds of a loop may differ from item to item.
fn ranges_differ(nodes: &[Node<Region>]) -> bool {
    let mut differ = false;
    for_each_node(nodes, |node| {
        if let Node::Loop(Loop { head: Head::For { bounds, .. }, .. }) = node {
            differ |= ConstantRange::of_region(bounds).is_none();
        }
    });
    differ
}

/// Whether a loop inside another one is uneven.
fn has_uneven_inner_loop(nodes: &[Node<Region>]) -> bool {
    let mut found = false;
    for_each_node(nodes, |node| {
        if let Node::Loop(Loop { body, .. }) = node {
            for_each_node(body, |node| {
                if let Node::Loop(Loop { head, body }) = node {
                    found |= is_uneven(head, body);
                }
            });
        }
    });
    found
}

impl Emitter<'_> {
    /// The whole kernel: in groups while these are the fastest, else in other ways.
    pub fn groups_while_they_win(&mut self, nodes: &[Node<Region>]) -> Result<(), Refusal> {
        let end = self.body.new_register(ValType::I32)?;
        self.body.once()?.i32_const(0).local_set(self.item);
        self.open_passes()?;
        // Lanes of inner loops wait for each other in whatever way lanes get their items.
        let split = split(&self.facts, nodes).filter(|_| !has_uneven_inner_loop(nodes));
        let refills = self.body.new_register(ValType::I32)?;
        self.watched_groups(nodes, split.is_some().then_some(refills))?;
        // The end of the stretch, if there is something left.
        let item = self.item;
        self.body.code()?.local_get(item).local_get(ITEMS).i32_ge_u().br_if(1);
        self.body.code()?.local_get(item).i32_const(STRETCH).i32_add().local_tee(end).local_get(ITEMS);
        self.body.code()?.local_get(end).local_get(ITEMS).i32_lt_u().select().local_set(end);
        if let Some(split) = split {
            self.body.code()?.local_get(refills).if_(BlockType::Empty);
            self.forget();
            self.refilled(nodes, &split, end)?;
            self.body.code()?.local_get(end).local_set(item).else_();
            self.one_by_one(nodes, end)?;
            self.body.code()?.end();
        } else {
            self.one_by_one(nodes, end)?;
        }
        self.close_passes()?;
        Ok(self.end_function()?)
    }

    /// Groups, until there are no more or another way is faster; whether that is refilled lanes is left in a register.
    fn watched_groups(&mut self, nodes: &[Node<Region>], refills: Option<Register>) -> Result<(), Refusal> {
        let groups = self.body.new_register(ValType::I32)?;
        let none = self.constant(Scalar::Int(0), Dtype::Bool)?;
        let watch = Watch { lanes: self.copy(none)?, passes: self.body.new_register(ValType::I64)? };
        self.body.code()?.i32_const(0).local_set(groups).i64_const(0).local_set(watch.passes);
        self.open_groups()?;
        self.watch = Some(watch);
        self.group(nodes)?;
        self.watch = None;
        let group = self.shape.group() as i32;
        self.body.code()?.local_get(self.item).i32_const(group).i32_add().local_set(self.item);
        self.body.code()?.local_get(groups).i32_const(1).i32_add().local_tee(groups);
        self.body.code()?.i32_const(WINDOW).i32_ge_u().if_(BlockType::Empty);
        self.body.code()?.i32_const(0).local_set(groups);
        self.put_is_slow(watch, refills, ranges_differ(nodes))?;
        self.move_to(watch.lanes, none)?;
        self.body.code()?.i64_const(0).local_set(watch.passes);
        // Groups have passes of their own where they are capped.
        self.put_is_capped()?;
        self.body.code()?.i32_eqz().i32_and();
        // Out of the loop over groups.
        self.body.code()?.br_if(2).end();
        Ok(self.close_passes()?)
    }

    /// Leaves on the stack whether something is faster than groups, and in a register whether that is refilled lanes.
    fn put_is_slow(
        &mut self,
        watch: Watch,
        refills: Option<Register>,
        ranges_differ: bool,
    ) -> Result<(), OutOfMemory> {
        let Costs { group_pass, single_pass, lane_pass, refill } = self.costs(ranges_differ);
        let [best, used] = [self.body.new_register(ValType::I64)?, self.body.new_register(ValType::I64)?];
        self.put_sum(watch.lanes)?;
        self.body.code()?.local_tee(used).i64_const(single_pass).i64_mul().local_set(best);
        if let Some(refills) = refills {
            let items = i64::from(WINDOW) * i64::from(self.shape.group());
            let refilled = self.body.new_register(ValType::I64)?;
            self.body.code()?.local_get(used).i64_const(lane_pass).i64_mul();
            self.body.code()?.i64_const(refill * items).i64_add().local_tee(refilled);
            self.body.code()?.local_get(best).i64_lt_s().local_set(refills);
            self.body.code()?.local_get(refilled).local_get(best);
            self.body.code()?.local_get(refills).select().local_set(best);
        }
        // By an eighth: the numbers are rough.
        self.body.code()?.local_get(best).local_get(best).i64_const(3).i64_shr_s().i64_add();
        self.body.code()?.local_get(watch.passes).i64_const(group_pass).i64_mul().i64_lt_s();
        Ok(())
    }

    /// As it was measured, with kernels of a few operations a pass.
    fn costs(&self, ranges_differ: bool) -> Costs {
        let group = i64::from(self.shape.group());
        let lane_pass = 36;
        let group_pass = lane_pass * group;
        if self.facts.calls_by_group {
            // A call for one item takes about as long as one for all of them.
            Costs { group_pass, single_pass: group_pass * 2 / 3, lane_pass, refill: group_pass / 2 }
        } else {
            let single_pass = match (ranges_differ, self.shape.is_wide) {
                // Groups count in 64-bit lanes there.
                (true, _) => group_pass / 4,
                (false, true) => group_pass / 2,
                (false, false) => group_pass * 3 / 5,
            };
            Costs { group_pass, single_pass, lane_pass, refill: 3 * group_pass }
        }
    }

    /// Counts a pass in groups, and the lanes for which it is.
    pub fn watch_pass(&mut self, mask: Lanes) -> Result<(), OutOfMemory> {
        let Some(Watch { lanes, passes }) = self.watch else { return Ok(()) };
        self.add_to(passes, 1)?;
        if self.shape.is_wide {
            self.change(lanes, mask, |code| code.i64x2_sub())
        } else {
            self.change(lanes, mask, |code| code.i32x4_sub())
        }
    }

    /// Leaves on the stack the sum of lanes, as 64 bits.
    fn put_sum(&mut self, lanes: Lanes) -> Result<(), OutOfMemory> {
        self.body.code()?.i64_const(0);
        let (is_wide, count) = (self.shape.is_wide, self.shape.lanes() as u8);
        self.for_each_part(|emitter, part| {
            for lane in 0..count {
                let mut code = emitter.body.code()?;
                code.local_get(lanes.part(part));
                match is_wide {
                    true => code.i64x2_extract_lane(lane),
                    false => code.i32x4_extract_lane(lane).i64_extend_i32_u(),
                };
                code.i64_add();
            }
            Ok(())
        })
    }

    /// Lets the statements be written another time.
    pub fn forget(&mut self) {
        self.loaded.fill(None);
        self.variables.fill(None);
        self.counters.fill(None);
        self.result = None;
        self.scopes.clear();
    }
}
