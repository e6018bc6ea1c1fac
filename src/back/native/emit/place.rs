//! The emitter at one part of one instruction: where its operands lie, and the loads and stores that
//! every instruction set does alike.

use super::assembler::Mem;
use super::vectors::Vectors;
use super::{Array, Emitter};
use crate::back::native::allocate::{Allocation, Home};
use crate::back::native::lane::{Inst, Op, Value};
use crate::dtype::Dtype;

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

    pub fn inst(&mut self, inst: &Inst) {
        // No value has this number, so that a look at an operand that is not there fails.
        let args = inst.args.map(|arg| arg.unwrap_or(Value::MAX));
        match (inst.op, inst.dst) {
            (Op::Load(input), Some(dst)) => {
                let at = self.e.items(Array::Input(input), self.dtype(dst), self.part);
                V::load_items(self, dst, at);
            }
            (Op::LoadBuffer(buffer), Some(dst)) => {
                let at = self.e.buffer_items(buffer, self.dtype(dst), self.part);
                V::load_items(self, dst, at);
            }
            (Op::StoreBuffer(buffer), _) => {
                let at = self.e.buffer_items(buffer, self.dtype(args[0]), self.part);
                V::store_items(self, args[0], at);
            }
            (Op::Store, _) => {
                let at = self.e.items(Array::Output, self.dtype(args[0]), self.part);
                V::store_items(self, args[0], at);
            }
            (Op::Move, Some(dst)) => V::conditional_move(self, dst, args[0], inst.mask),
            (op, Some(dst)) if self.dtype(dst) == Dtype::Bool => V::mask_result(self, op, dst, args),
            (op, Some(dst)) => V::vector_result(self, op, dst, args),
            (_, None) => unreachable!("the instruction has a result"),
        }
    }
}
