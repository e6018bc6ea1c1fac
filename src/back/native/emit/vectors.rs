//! What the code generator asks of a set of vector instructions.

use super::assembler::{Assembler, Mem};
use super::{Emitter, Shape};
use crate::back::native::allocate::{Allocation, Home, Registers};
use crate::back::native::lane::{Op, Slot, Value};
use crate::dtype::Dtype;

/// What is the same in all lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Number {
    /// The bits of one element.
    Constant(u64, Dtype),
    /// The int64 in a general register, converted.
    General(u8, Dtype),
}

/// Lanes of a mask that a jump asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    Any,
    None,
}

/// A set of vector instructions: which registers values take, and how each lane operation is done.
/// Every lane holds an item, so nothing is loaded or stored by mask.
pub trait Vectors: Sized {
    /// The instructions that vectors go with.
    type Assembler: Assembler;

    /// Bytes of a vector of the lanes of a group's part.
    const BYTES: usize;
    /// Registers that values may take.
    const REGISTERS: Registers;

    /// How many parts of so many lanes a group may have: the fewest, and more, the best first.
    fn parts(shape: Shape, lanes: usize) -> (usize, &'static [usize]);

    /// All lanes of a register = a number: where [`Registers::take_shared`].
    fn repeat(e: &mut Emitter<'_, Self>, number: Number, register: u8);

    /// Jumps if any lane of the mask, over all parts, holds, or if none does.
    fn jump_if_lanes(e: &mut Emitter<'_, Self>, hold: Hold, mask: Value, homes: &Allocation, label: usize);

    /// Stores the whole register of a value in the frame where a call saves it.
    fn save(e: &mut Emitter<'_, Self>, value: Value, register: u8);

    /// Loads what [`Vectors::save`] has stored.
    fn restore(e: &mut Emitter<'_, Self>, value: Value, register: u8);

    /// Stores the int64 in a general register as a float in the uniform slot.
    fn float_to_uniform(e: &mut Emitter<'_, Self>, slot: Slot, general: u8, is_double: bool);

    /// `dst` = the items at an address.
    fn load_items(place: &mut Place<'_, '_, Self>, dst: Value, at: Mem);

    /// The items at an address = `value`.
    fn store_items(place: &mut Place<'_, '_, Self>, value: Value, at: Mem);

    /// `dst` = `from` for the lanes of the mask, or for all.
    fn conditional_move(place: &mut Place<'_, '_, Self>, dst: Value, from: Value, mask: Option<Value>);

    /// `dst`, a mask, = the result of an operation.
    fn mask_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]);

    /// `dst`, not a mask, = the result of an operation.
    fn vector_result(place: &mut Place<'_, '_, Self>, op: Op, dst: Value, args: [Value; 3]);
}

/// The emitter at one instruction, with the homes of the phase.
pub struct Place<'e, 'a, V: Vectors> {
    pub e: &'e mut Emitter<'a, V>,
    pub homes: &'e Allocation,
    pub part: usize,
}

impl<V: Vectors> Place<'_, '_, V> {
    pub fn dtype(&self, value: Value) -> Dtype {
        self.e.code.dtype(value)
    }

    pub fn is_wide(&self, value: Value) -> bool {
        self.dtype(value).size() == 8
    }

    pub fn spill(&self, index: u32) -> Mem {
        Mem::Base(Emitter::<V>::ROLES.frame, self.e.frame.spill(index))
    }

    pub fn home(&self, value: Value) -> Home {
        self.homes.home(value, self.part)
    }
}
