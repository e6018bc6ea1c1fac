//! What the code generator asks of a set of vector instructions.

use super::assembler::{Assembler, Mem};
use super::place::Place;
use super::{Emitter, Shape};
use crate::back::native::allocate::{Allocation, Registers};
use crate::back::native::lane::{Op, Slot, Value};

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

    /// Loads a constant, in all lanes, into a register: where [`Registers::take_constants`].
    fn load_constant(e: &mut Emitter<'_, Self>, value: Value, register: u8);

    /// Flags: equal when no lane of the mask, over all parts, holds.
    fn test_mask(e: &mut Emitter<'_, Self>, mask: Value, homes: &Allocation);

    /// Stores the whole register of a value in the frame where a call saves it.
    fn save(e: &mut Emitter<'_, Self>, value: Value, register: u8);

    /// Loads what [`Vectors::save`] has stored.
    fn restore(e: &mut Emitter<'_, Self>, value: Value, register: u8);

    /// Stores the int64 in the scratch register as a float in the uniform slot.
    fn float_to_uniform(e: &mut Emitter<'_, Self>, slot: Slot, is_double: bool);

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
