//! What the code generator asks of the general instructions of a processor.

use crate::back::engine::Refusal;

/// An operand in memory; registers by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mem {
    /// `[base + displacement]`.
    Base(u8, i32),
    /// `[base + index * 2^scale + displacement]`.
    Indexed(u8, u8, u8, i32),
}

/// Condition of a jump, after a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Unsigned.
    Below,
    Equal,
    /// Signed.
    Less,
    /// The result is below zero.
    Negative,
}

/// The general registers of the generated code. Calls leave those alone that are not said to change.
pub struct Roles {
    /// The [`Context`](crate::back::native::Context).
    pub context: u8,
    pub frame: u8,
    /// First item of the strip, and the one after its last.
    pub strip: u8,
    pub strip_end: u8,
    /// First item of the group, and that item within the strip.
    pub item: u8,
    pub strip_item: u8,
    /// Hold the uniform slots of counters, as far as they go.
    pub counters: &'static [u8],
    /// Hold intermediate results; calls change them.
    pub scratch: u8,
    pub other: u8,
    /// The status when the code ends; calls change it.
    pub result: u8,
    /// Operands of a call.
    pub arguments: [u8; 6],
    /// Hold addresses of arrays in code without calls, which change them. At most [`MAX_ADDRESSES`].
    pub addresses: &'static [u8],
}

/// Registers for addresses at most.
pub const MAX_ADDRESSES: usize = 8;

/// What the registers of [`Roles::addresses`] hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// The first item of an array, to which an instruction adds the index of the group.
    Indexed,
    /// The first item of the group: it moves on with the group.
    Stepped,
}

/// Machine code under construction, with labels and a pool of constants. What fails, for lack of
/// memory, is told by [`Assembler::finish`].
pub trait Assembler: Default {
    const ROLES: Roles;
    const ADDRESSING: Addressing;

    fn new_label(&mut self) -> usize;

    /// Binds a label to the current position.
    fn bind(&mut self, label: usize);

    /// Begins the function: saves what belongs to the caller, and takes the context.
    fn enter(&mut self);

    /// Ends the function, whose status is in its register.
    fn leave(&mut self);

    /// `to = [from]`.
    fn load(&mut self, to: u8, from: Mem);

    /// `[to] = from`.
    fn store(&mut self, to: Mem, from: u8);

    /// `to = address of from`.
    fn address(&mut self, to: u8, from: Mem);

    /// `to = from`.
    fn copy(&mut self, to: u8, from: u8);

    /// `to = value`.
    fn immediate(&mut self, to: u8, value: i64);

    /// `to += value`.
    fn add_immediate(&mut self, to: u8, value: i32);

    /// `[at] -= 1`, for the next jump. May change [`Roles::scratch`].
    fn count_down(&mut self, at: Mem);

    /// `to += value`. May change [`Roles::other`].
    fn add_long(&mut self, to: u8, value: i64);

    /// `to -= from`.
    fn subtract(&mut self, to: u8, from: u8);

    /// `to = min(to, from)`, unsigned.
    fn minimum(&mut self, to: u8, from: u8);

    /// Compares `a` with `b` for the next jump.
    fn compare(&mut self, a: u8, b: u8);

    /// Compares `a` with a number for the next jump. May change [`Roles::other`].
    fn compare_long(&mut self, a: u8, value: i64);

    fn jump(&mut self, label: usize);

    fn jump_if(&mut self, condition: Condition, label: usize);

    /// Calls the function whose address is in memory.
    fn call(&mut self, target: Mem);

    /// The finished code: instructions, then the constants.
    fn finish(self) -> Result<Vec<u8>, Refusal>;
}
