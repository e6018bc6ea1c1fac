//! The emitter at one part of one instruction: the loads and stores that every instruction set does alike.

use super::Array;
use super::vectors::{Place, Vectors};
use crate::back::native::lane::{Inst, Op, Value};
use crate::dtype::Dtype;

impl<V: Vectors> Place<'_, '_, V> {
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
