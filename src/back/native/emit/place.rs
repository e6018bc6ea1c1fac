//! The emitter at one part of one instruction: where its operands lie, and the loads and stores that
//! every instruction set does alike.

use super::emit::{Array, Emitter};
use super::encoder::gpr::*;
use super::encoder::{Length, Mem};
use super::vectors::Vectors;
use crate::back::native::allocate::{Allocation, Home};
use crate::back::native::lane::{Inst, Op, Value, lane_bytes};
use crate::dtype::Dtype;

/// The emitter at one instruction, with the homes of the phase.
pub struct Place<'e, 'a, V> {
    pub e: &'e mut Emitter<'a, V>,
    pub homes: &'e Allocation,
    pub part: usize,
}

impl<V: Vectors> Place<'_, '_, V> {
    pub fn dtype(&self, value: Value) -> Dtype {
        self.e.code.dtype(value)
    }

    /// The length of a vector of lanes of some bytes.
    pub fn length(&self, bytes: usize) -> Length {
        match self.e.lanes * bytes {
            64 => Length::Bits512,
            32 => Length::Bits256,
            _ => Length::Bits128,
        }
    }

    pub fn length_of(&self, value: Value) -> Length {
        self.length(lane_bytes(self.dtype(value)))
    }

    pub fn is_wide(&self, value: Value) -> bool {
        self.dtype(value).size() == 8
    }

    pub fn spill(&self, index: u32) -> Mem {
        Mem::Base(RBX, self.e.frame.spill(index))
    }

    pub fn home(&self, value: Value) -> Home {
        self.homes.home(value, self.part)
    }

    pub fn inst(&mut self, inst: &Inst) {
        let args = inst.args.map(|arg| arg.unwrap_or(0));
        match (inst.op, inst.dst) {
            (Op::Load(input), Some(dst)) => {
                let base = self.e.address(Array::Input(input));
                let at = self.item_of(base, R13, self.dtype(dst), 0);
                V::load_items(self, dst, at);
            }
            (Op::LoadBuffer(buffer), Some(dst)) => {
                let at = self.item_of(RBX, RBP, self.dtype(dst), self.e.frame.buffer(buffer));
                V::load_items(self, dst, at);
            }
            (Op::StoreBuffer(buffer), _) => {
                let at = self.item_of(RBX, RBP, self.dtype(args[0]), self.e.frame.buffer(buffer));
                V::store_items(self, args[0], at);
            }
            (Op::Store, _) => {
                let base = self.e.address(Array::Output);
                let at = self.item_of(base, R13, self.dtype(args[0]), 0);
                V::store_items(self, args[0], at);
            }
            (Op::Move, Some(dst)) => V::conditional_move(self, dst, args[0], inst.mask),
            (op, Some(dst)) if self.dtype(dst) == Dtype::Bool => V::mask_result(self, op, dst, args),
            (op, Some(dst)) => V::vector_result(self, op, dst, args),
            _ => {}
        }
    }

    /// The address of this part's items in an array.
    fn item_of(&self, base: u8, index: u8, dtype: Dtype, offset: i32) -> Mem {
        let size = dtype.size();
        let offset = offset + (self.part * self.e.lanes * size) as i32;
        Mem::Indexed(base, index, size.trailing_zeros() as u8, offset)
    }
}
