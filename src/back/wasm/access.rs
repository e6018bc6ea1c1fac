//! Between memory and lanes.

use super::instruction::{Instruction, ValType};

use super::Emitter;
use super::body::Register;
use super::lanes::{Lanes, Width};
use crate::dtype::Dtype;
use crate::memory::OutOfMemory;

/// Where the elements of a group begin.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// A register with an address.
    pub base: Register,
    /// Bytes behind that address.
    pub offset: u32,
    /// Whether the group's first item has the index of the group in the array, or 0.
    pub is_array: bool,
}

impl Place {
    /// An array of the caller.
    pub fn array(base: Register) -> Place {
        Place { base, offset: 0, is_array: true }
    }
}

/// The first bytes of 32-bit lanes, and the first pairs of bytes, side by side.
const FIRST_BYTES: Instruction =
    Instruction::I8x16Shuffle([0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12]);
const FIRST_PAIRS: Instruction =
    Instruction::I8x16Shuffle([0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13]);

impl Emitter<'_> {
    /// The address of a place in a register of its own.
    fn address(&mut self, place: Place, itemsize: usize) -> Result<Register, OutOfMemory> {
        if !place.is_array {
            return Ok(place.base);
        }
        self.body.get(place.base)?;
        self.body.get(self.item)?;
        let shift = itemsize.trailing_zeros() as i32;
        self.body.put_all(&[Instruction::I32Const(shift), Instruction::I32Shl, Instruction::I32Add])?;
        self.body.keep(ValType::I32)
    }

    /// The group's elements of an array.
    pub fn load(&mut self, place: Place, dtype: Dtype) -> Result<Lanes, OutOfMemory> {
        let size = dtype.size();
        let address = self.address(place, size)?;
        let step = self.shape.lanes() * size as u32;
        let elements = self.each_part(|emitter, part| {
            emitter.put_load(address, place.offset + part as u32 * step, step)?;
            emitter.put_extension(dtype)
        })?;
        if dtype != Dtype::Bool {
            return Ok(elements);
        }
        let zero = self.integer(0, Dtype::Int32)?;
        let mask = self.apply(&[elements, zero], &[Instruction::I32x4Ne])?;
        self.mask_from(mask, Dtype::Int32)
    }

    /// Loads the lower bytes of a vector.
    fn put_load(&mut self, address: Register, offset: u32, bytes: u32) -> Result<(), OutOfMemory> {
        if bytes == 2 {
            self.body.get(address)?;
            return self.body.put_all(&[Instruction::I32Load16U(offset), Instruction::I32x4Splat]);
        }
        self.body.get(address)?;
        self.body.put(match bytes {
            4 => Instruction::V128Load32Zero(offset),
            8 => Instruction::V128Load64Zero(offset),
            _ => Instruction::V128Load(offset),
        })
    }

    /// Extends elements of 8 and 16 bits to 32-bit lanes.
    fn put_extension(&mut self, dtype: Dtype) -> Result<(), OutOfMemory> {
        match dtype {
            Dtype::Bool | Dtype::UInt8 => {
                self.body.put_all(&[Instruction::I16x8ExtendLowI8x16U, Instruction::I32x4ExtendLowI16x8U])
            }
            Dtype::Int8 => {
                self.body.put_all(&[Instruction::I16x8ExtendLowI8x16S, Instruction::I32x4ExtendLowI16x8S])
            }
            Dtype::UInt16 => self.body.put(Instruction::I32x4ExtendLowI16x8U),
            Dtype::Int16 => self.body.put(Instruction::I32x4ExtendLowI16x8S),
            _ => Ok(()),
        }
    }

    /// Stores the group's elements.
    pub fn store(&mut self, value: Lanes, place: Place, dtype: Dtype) -> Result<(), OutOfMemory> {
        let size = dtype.size();
        let address = self.address(place, size)?;
        let step = self.shape.lanes() * size as u32;
        let value = match Width::of(dtype) {
            Width::Mask => {
                let mask = self.mask_for(value, Dtype::Int32)?;
                let one = self.integer(1, Dtype::Int32)?;
                self.apply(&[mask, one], &[Instruction::V128And])?
            }
            _ => value,
        };
        self.for_each_part(|emitter, part| {
            emitter.body.get(address)?;
            emitter.get_part(value, part)?;
            match size {
                1 => {
                    emitter.get_part(value, part)?;
                    emitter.body.put(FIRST_BYTES)?;
                }
                2 => {
                    emitter.get_part(value, part)?;
                    emitter.body.put(FIRST_PAIRS)?;
                }
                _ => {}
            }
            let offset = place.offset + part as u32 * step;
            emitter.body.put(match step {
                2 => Instruction::V128Store16Lane { offset, lane: 0 },
                4 => Instruction::V128Store32Lane { offset, lane: 0 },
                8 => Instruction::V128Store64Lane { offset, lane: 0 },
                _ => Instruction::V128Store(offset),
            })
        })
    }
}
