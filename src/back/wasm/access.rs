//! Between memory and lanes.

use wasm_encoder::ValType;

use super::Emitter;
use super::body::Register;
use super::code::at;
use super::lanes::{Lanes, Width};
use crate::dtype::Dtype;
use crate::memory::OutOfMemory;

/// Where the elements of a group begin.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// A register with an address.
    pub base: Register,
    /// Bytes after that address.
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
const FIRST_BYTES: [u8; 16] = [0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12];
const FIRST_PAIRS: [u8; 16] = [0, 1, 4, 5, 8, 9, 12, 13, 0, 1, 4, 5, 8, 9, 12, 13];

impl Emitter<'_> {
    /// The address of a place in a register of its own.
    fn address(&mut self, place: Place, itemsize: usize) -> Result<Register, OutOfMemory> {
        if !place.is_array {
            return Ok(place.base);
        }
        let shift = itemsize.trailing_zeros() as i32;
        let mut code = self.body.code()?;
        code.local_get(place.base).local_get(self.item).i32_const(shift).i32_shl().i32_add();
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
        let mask = self.apply(&[elements, zero], |code| code.i32x4_ne())?;
        self.mask_from(mask, Dtype::Int32)
    }

    /// Loads the lower bytes of a vector.
    fn put_load(&mut self, address: Register, offset: u32, bytes: u32) -> Result<(), OutOfMemory> {
        let mut code = self.body.code()?;
        code.local_get(address);
        match bytes {
            1 => code.i32_load8_u(at(offset)).i32x4_splat(),
            2 => code.i32_load16_u(at(offset)).i32x4_splat(),
            4 => code.v128_load32_zero(at(offset)),
            8 => code.v128_load64_zero(at(offset)),
            _ => code.v128_load(at(offset)),
        };
        Ok(())
    }

    /// Extends elements of 8 and 16 bits to 32-bit lanes.
    fn put_extension(&mut self, dtype: Dtype) -> Result<(), OutOfMemory> {
        let mut code = self.body.code()?;
        match dtype {
            Dtype::Bool | Dtype::UInt8 => _ = code.i16x8_extend_low_i8x16_u().i32x4_extend_low_i16x8_u(),
            Dtype::Int8 => _ = code.i16x8_extend_low_i8x16_s().i32x4_extend_low_i16x8_s(),
            Dtype::UInt16 => _ = code.i32x4_extend_low_i16x8_u(),
            Dtype::Int16 => _ = code.i32x4_extend_low_i16x8_s(),
            Dtype::Int32 | Dtype::UInt32 | Dtype::Int64 | Dtype::UInt64 => {}
            Dtype::Float32 | Dtype::Float64 => {}
            Dtype::Complex64 | Dtype::Complex128 | Dtype::String | Dtype::Bytes => {
                unreachable!("no lane holds it")
            }
        }
        Ok(())
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
                self.apply(&[mask, one], |code| code.v128_and())?
            }
            _ => value,
        };
        self.for_each_part(|emitter, part| {
            let value = value.part(part);
            let mut code = emitter.body.code()?;
            code.local_get(address).local_get(value);
            match size {
                1 => _ = code.local_get(value).i8x16_shuffle(FIRST_BYTES),
                2 => _ = code.local_get(value).i8x16_shuffle(FIRST_PAIRS),
                _ => {}
            }
            let target = at(place.offset + part as u32 * step);
            match step {
                1 => code.v128_store8_lane(target, 0),
                2 => code.v128_store16_lane(target, 0),
                4 => code.v128_store32_lane(target, 0),
                8 => code.v128_store64_lane(target, 0),
                _ => code.v128_store(target),
            };
            Ok(())
        })
    }
}
