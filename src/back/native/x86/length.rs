//! How long the vectors of a group's part are.

use super::encoder::{Encoder, Length};
use crate::back::native::emit::{Place, Vectors};
use crate::back::native::lane::{Value, lane_bytes};

impl<V: Vectors<Assembler = Encoder>> Place<'_, '_, V> {
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
}
