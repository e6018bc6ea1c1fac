//! Statements for lanes: what engines share that run a group of items at once, one lane an item.
//!
//! Where items part ways, masks say which lanes run, as in ispc (Pharr and Mark, 2012). [`Control`] has the
//! statements: which lanes enter a block, which of them leave it, when a loop goes round again. An engine is a
//! [`Lanes`]: it computes regions of straight-line code and masks, and says how its code jumps.

mod control;
pub mod exits;
mod private;

use super::call::Status;
use super::engine::Refusal;
use crate::ir::{CompareOp, ExprId, LocalId};
use crate::memory::OutOfMemory;
use crate::mid::flatten::{Loop, Node, Region};
use crate::mid::range::ConstantRange;

pub use control::Control;
pub use private::Private;

/// Which loop it is: where its node lies.
pub type LoopId = *const Loop<Region>;

/// A block of statements and the lanes that run it.
#[derive(Clone, Copy, Debug)]
pub struct Scope<V> {
    /// The lanes that run the next statement; `None` is all.
    pub mask: Option<V>,
    /// In the body of a loop, the lanes that go round again; `None` is all.
    pub loop_mask: Option<V>,
    /// Set for the body of a loop.
    pub body_of: Option<LoopId>,
}

impl<V> Scope<V> {
    /// A block that is no loop's body.
    pub fn of(mask: Option<V>) -> Scope<V> {
        Scope { mask, loop_mask: None, body_of: None }
    }
}

/// Which lanes of a mask a condition picks.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Where,
    WhereNot,
}

/// What the variable of a loop is set to.
#[derive(Clone, Copy)]
pub enum Count<C, V> {
    /// A number for all lanes.
    Same(C),
    /// A value in each lane.
    Each(V),
}

type Done = Result<(), OutOfMemory>;
type Made<V> = Result<V, OutOfMemory>;

/// What an engine does for statements. Masks are values of dtype bool; `None` is all lanes.
pub trait Lanes {
    /// A value in each lane.
    type Value: Copy + PartialEq;
    /// A number that is the same for all lanes.
    type Counter: Copy;
    /// The passes of a `while`, which are capped.
    type Passes: Copy;

    /// The blocks around the current position, from the outside in.
    fn scopes(&mut self) -> &mut Vec<Scope<Self::Value>>;

    /// Computes values of a region, and stores its locals for the active lanes. No store changes the values.
    fn compute(&mut self, region: &Region, values: &[ExprId]) -> Result<Vec<Self::Value>, Refusal>;
    /// The value of a region is the result of the active lanes.
    fn give_result(&mut self, region: &Region) -> Result<(), Refusal>;

    /// A new mask with the lanes of another one.
    fn new_mask(&mut self, lanes: Option<Self::Value>) -> Made<Self::Value>;
    /// A new mask with a part of the lanes of another one.
    fn part(&mut self, part: Part, mask: Option<Self::Value>, condition: Self::Value) -> Made<Self::Value>;
    /// A mask with a part of its lanes: the mask itself where code may be skipped.
    fn narrow(&mut self, part: Part, mask: Self::Value, condition: Self::Value) -> Made<Self::Value>;
    /// Ends the evaluation with a status if a mask has any lane.
    fn fail_if_any(&mut self, mask: Self::Value, status: Status) -> Done;

    /// An int64 in all lanes.
    fn int64(&mut self, value: i64) -> Made<Self::Value>;
    /// An int64 that [`Lanes::set_int64`] may change.
    fn new_int64(&mut self, value: Self::Value) -> Made<Self::Value>;
    fn set_int64(&mut self, target: Self::Value, value: Self::Value) -> Done;
    fn add_int64(&mut self, a: Self::Value, b: Self::Value) -> Made<Self::Value>;
    fn compare_int64(&mut self, op: CompareOp, a: Self::Value, b: Self::Value) -> Made<Self::Value>;
    /// The lanes of `yes` that are in a mask, and those of `no` that are not.
    fn select_mask(&mut self, mask: Self::Value, yes: Self::Value, no: Self::Value) -> Made<Self::Value>;

    /// Begins a choice between blocks, which may be inside another one.
    fn open_choice(&mut self) -> Done {
        Ok(())
    }
    /// Begins a block for the lanes of a mask; code may jump over it if there are none.
    fn open_branch(&mut self, mask: Self::Value, body: &[Node<Region>]) -> Done;
    fn close_branch(&mut self) -> Done;
    /// Notes what locals are after a block of the choice; the last one has no condition.
    fn choose(&mut self, _condition: Option<Self::Value>, _body: &[Node<Region>]) -> Done {
        Ok(())
    }
    fn close_choice(&mut self) -> Done {
        Ok(())
    }

    /// Begins a loop for the lanes of a mask. What follows is for the innermost loop that is open.
    fn open_loop(&mut self, flat: &Loop<Region>, mask: Option<Self::Value>) -> Result<(), Refusal>;
    /// Counts a pass, which the lanes of a mask run.
    fn begin_pass(&mut self, mask: Option<Self::Value>) -> Done;
    /// Leaves the loop if a mask is empty.
    fn leave_if_none(&mut self, mask: Self::Value) -> Done;
    /// Goes back to where the loop begins, unless there is a mask and it is empty. Where a variable is bound there, it
    /// may be that which leaves the loop.
    fn repeat(&mut self, mask: Option<Self::Value>) -> Done;
    fn close_loop(&mut self, flat: &Loop<Region>) -> Done;

    /// No passes yet.
    fn new_passes(&mut self) -> Made<Self::Passes>;
    /// Counts a pass of a `while`; ends the evaluation where it is one too many.
    fn count_pass(&mut self, passes: Self::Passes) -> Done;

    /// A counter at the start of a range.
    fn new_counter(&mut self, range: ConstantRange) -> Made<Self::Counter>;
    /// Adds the step of the range; leaves the loop at its end.
    fn advance(&mut self, counter: Self::Counter, range: ConstantRange) -> Done;
    /// Sets the variable of a loop where a pass begins, for the lanes of a mask.
    fn bind_variable(
        &mut self,
        variable: LocalId,
        count: Count<Self::Counter, Self::Value>,
        mask: Option<Self::Value>,
        flat: &Loop<Region>,
    ) -> Done;
}
