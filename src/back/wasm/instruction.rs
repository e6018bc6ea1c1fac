//! The instructions of which kernels consist, and their bytes.
//!
//! Only those: an encoder of all instructions there are is 75 KB of code, and the engine of the host
//! compiles what it needs of that while the first kernel waits.

use crate::memory::OutOfMemory;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum ValType {
    I32 = 0x7f,
    I64 = 0x7e,
    F64 = 0x7c,
    V128 = 0x7b,
}

/// One instruction. Its number is the opcode: one byte, or behind a prefix in the upper byte the number
/// that follows it. Blocks take and leave nothing; memory operands have an offset and promise no alignment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Instruction {
    Block = 0x02,
    Loop = 0x03,
    If = 0x04,
    End = 0x0b,
    Br(u32) = 0x0c,
    BrIf(u32) = 0x0d,
    Return = 0x0f,
    Call(u32) = 0x10,
    /// Through the first table, by the index of the type.
    CallIndirect(u32) = 0x11,
    LocalGet(u32) = 0x20,
    LocalSet(u32) = 0x21,
    TableGet(u32) = 0x25,
    I32Load(u32) = 0x28,
    I64Load(u32) = 0x29,
    I32Load16U(u32) = 0x2f,
    I32Const(i32) = 0x41,
    I64Const(i64) = 0x42,
    I32Eqz = 0x45,
    I32Eq = 0x46,
    I32GeU = 0x4f,
    I64Eqz = 0x50,
    I64GeU = 0x5a,
    I32Add = 0x6a,
    I32Sub = 0x6b,
    I32And = 0x71,
    I32Or = 0x72,
    I32Shl = 0x74,
    I64Add = 0x7c,
    I32WrapI64 = 0xa7,
    I64ExtendI32S = 0xac,
    F32ConvertI64S = 0xb4,
    F32ConvertI64U = 0xb5,
    F64ConvertI64S = 0xb9,
    F64ConvertI64U = 0xba,
    /// Whether a reference is not null and to a function of the type with an index.
    RefTestNonNull(u32) = 0xfb14,
    TableSize(u32) = 0xfc10,
    V128Load(u32) = 0xfd00,
    V128Store(u32) = 0xfd0b,
    V128Const([u8; 16]) = 0xfd0c,
    I8x16Shuffle([u8; 16]) = 0xfd0d,
    I32x4Splat = 0xfd11,
    I64x2Splat = 0xfd12,
    F32x4Splat = 0xfd13,
    F64x2Splat = 0xfd14,
    I64x2ExtractLane(u8) = 0xfd1d,
    F32x4ReplaceLane(u8) = 0xfd20,
    F64x2ReplaceLane(u8) = 0xfd22,
    I32x4Eq = 0xfd37,
    I32x4Ne = 0xfd38,
    I32x4LtS = 0xfd39,
    I32x4LtU = 0xfd3a,
    I32x4GtS = 0xfd3b,
    I32x4GtU = 0xfd3c,
    I32x4LeS = 0xfd3d,
    I32x4LeU = 0xfd3e,
    I32x4GeS = 0xfd3f,
    I32x4GeU = 0xfd40,
    F32x4Eq = 0xfd41,
    F32x4Ne = 0xfd42,
    F32x4Lt = 0xfd43,
    F32x4Gt = 0xfd44,
    F32x4Le = 0xfd45,
    F32x4Ge = 0xfd46,
    F64x2Eq = 0xfd47,
    F64x2Ne = 0xfd48,
    F64x2Lt = 0xfd49,
    F64x2Gt = 0xfd4a,
    F64x2Le = 0xfd4b,
    F64x2Ge = 0xfd4c,
    V128Not = 0xfd4d,
    V128And = 0xfd4e,
    V128AndNot = 0xfd4f,
    V128Or = 0xfd50,
    V128Xor = 0xfd51,
    V128Bitselect = 0xfd52,
    V128AnyTrue = 0xfd53,
    V128Store16Lane {
        offset: u32,
        lane: u8,
    } = 0xfd59,
    V128Store32Lane {
        offset: u32,
        lane: u8,
    } = 0xfd5a,
    V128Store64Lane {
        offset: u32,
        lane: u8,
    } = 0xfd5b,
    V128Load32Zero(u32) = 0xfd5c,
    V128Load64Zero(u32) = 0xfd5d,
    F32x4DemoteF64x2Zero = 0xfd5e,
    F64x2PromoteLowF32x4 = 0xfd5f,
    F32x4Ceil = 0xfd67,
    F32x4Floor = 0xfd68,
    F32x4Trunc = 0xfd69,
    F32x4Nearest = 0xfd6a,
    F64x2Ceil = 0xfd74,
    F64x2Floor = 0xfd75,
    F64x2Trunc = 0xfd7a,
    I16x8ExtendLowI8x16S = 0xfd87,
    I16x8ExtendLowI8x16U = 0xfd89,
    F64x2Nearest = 0xfd94,
    I32x4Abs = 0xfda0,
    I32x4Neg = 0xfda1,
    I32x4ExtendLowI16x8S = 0xfda7,
    I32x4ExtendLowI16x8U = 0xfda9,
    I32x4Shl = 0xfdab,
    I32x4ShrS = 0xfdac,
    I32x4Add = 0xfdae,
    I32x4Sub = 0xfdb1,
    I32x4Mul = 0xfdb5,
    I64x2Abs = 0xfdc0,
    I64x2Neg = 0xfdc1,
    I64x2ExtendLowI32x4S = 0xfdc7,
    I64x2ExtendLowI32x4U = 0xfdc9,
    I64x2ShrS = 0xfdcc,
    I64x2Add = 0xfdce,
    I64x2Sub = 0xfdd1,
    I64x2Mul = 0xfdd5,
    I64x2Eq = 0xfdd6,
    I64x2Ne = 0xfdd7,
    I64x2LtS = 0xfdd8,
    I64x2GtS = 0xfdd9,
    I64x2LeS = 0xfdda,
    I64x2GeS = 0xfddb,
    F32x4Abs = 0xfde0,
    F32x4Neg = 0xfde1,
    F32x4Sqrt = 0xfde3,
    F32x4Add = 0xfde4,
    F32x4Sub = 0xfde5,
    F32x4Mul = 0xfde6,
    F32x4Div = 0xfde7,
    F64x2Abs = 0xfdec,
    F64x2Neg = 0xfded,
    F64x2Sqrt = 0xfdef,
    F64x2Add = 0xfdf0,
    F64x2Sub = 0xfdf1,
    F64x2Mul = 0xfdf2,
    F64x2Div = 0xfdf3,
    I32x4TruncSatF32x4S = 0xfdf8,
    F32x4ConvertI32x4S = 0xfdfa,
    F32x4ConvertI32x4U = 0xfdfb,
    I32x4TruncSatF64x2SZero = 0xfdfc,
    F64x2ConvertLowI32x4S = 0xfdfe,
    F64x2ConvertLowI32x4U = 0xfdff,
}

/// Bytes that no instruction exceeds.
const LONGEST: usize = 24;
/// A block that takes and leaves nothing.
const EMPTY: u8 = 0x40;

impl Instruction {
    fn opcode(&self) -> u16 {
        // SAFETY: with `repr(u16)` a value begins with its number.
        unsafe { std::ptr::from_ref(self).cast::<u16>().read() }
    }

    /// Appends the bytes.
    pub fn encode(&self, code: &mut Vec<u8>) -> Result<(), OutOfMemory> {
        use Instruction::*;
        code.try_reserve(LONGEST)?;
        match self.opcode().to_be_bytes() {
            [0, opcode] => code.push(opcode),
            [prefix, number] => {
                code.push(prefix);
                unsigned(code, number.into());
            }
        }
        match *self {
            Block | Loop | If => code.push(EMPTY),
            Br(index) | BrIf(index) | Call(index) | LocalGet(index) | LocalSet(index) | TableGet(index)
            | TableSize(index) => unsigned(code, index),
            CallIndirect(ty) => {
                unsigned(code, ty);
                code.push(0);
            }
            I32Const(value) => signed(code, value.into()),
            I64Const(value) => signed(code, value),
            RefTestNonNull(ty) => signed(code, ty.into()),
            I32Load(offset)
            | I64Load(offset)
            | I32Load16U(offset)
            | V128Load(offset)
            | V128Store(offset)
            | V128Load32Zero(offset)
            | V128Load64Zero(offset) => memory_operand(code, offset),
            V128Store16Lane { offset, lane }
            | V128Store32Lane { offset, lane }
            | V128Store64Lane { offset, lane } => {
                memory_operand(code, offset);
                code.push(lane);
            }
            V128Const(bytes) | I8x16Shuffle(bytes) => code.extend_from_slice(&bytes),
            I64x2ExtractLane(lane) | F32x4ReplaceLane(lane) | F64x2ReplaceLane(lane) => code.push(lane),
            _ => {}
        }
        Ok(())
    }
}

/// Alignment, as its logarithm, and offset.
fn memory_operand(code: &mut Vec<u8>, offset: u32) {
    code.push(0);
    unsigned(code, offset);
}

/// Bytes that no number of 32 bits in LEB128 exceeds.
pub const LONGEST_UNSIGNED: usize = 5;

/// Appends a number in LEB128; `code` has room for it.
pub fn unsigned(code: &mut Vec<u8>, value: u32) {
    let mut rest = value;
    while rest > 0x7f {
        code.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    code.push(rest as u8);
}

/// Appends a number in signed LEB128; `code` has room for it.
fn signed(code: &mut Vec<u8>, value: i64) {
    let mut rest = value;
    // The last byte has the sign in its sixth bit.
    while !(-0x40..0x40).contains(&rest) {
        code.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    code.push(rest as u8 & 0x7f);
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{BlockType, Encode as _, HeapType, MemArg, MemArgTarget};

    use super::*;

    fn encoded(instruction: Instruction) -> Vec<u8> {
        let mut code = Vec::new();
        instruction.encode(&mut code).unwrap();
        code
    }

    #[test]
    fn integers_have_the_bytes_of_another_encoder() {
        let wide = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, -8192, -8193, i64::MAX, i64::MIN];
        for value in wide {
            let mut expected = Vec::new();
            wasm_encoder::Instruction::I64Const(value).encode(&mut expected);
            assert_eq!(encoded(Instruction::I64Const(value)), expected, "{value}");
            let mut expected = Vec::new();
            wasm_encoder::Instruction::I32Const(value as i32).encode(&mut expected);
            assert_eq!(encoded(Instruction::I32Const(value as i32)), expected, "{value}");
            let mut expected = Vec::new();
            wasm_encoder::Instruction::LocalGet(value as u32).encode(&mut expected);
            assert_eq!(encoded(Instruction::LocalGet(value as u32)), expected, "{value}");
        }
    }

    /// Checks instructions that have the same name and operands there.
    macro_rules! check {
        ($($name:ident$(($operand:expr))?),* $(,)?) => {$({
            let mut expected = Vec::new();
            wasm_encoder::Instruction::$name$(($operand))?.encode(&mut expected);
            assert_eq!(encoded(Instruction::$name$(($operand))?), expected, stringify!($name));
        })*};
    }

    /// Checks instructions whose operands that encoder writes in another way.
    fn check_pairs(pairs: &[(Instruction, wasm_encoder::Instruction<'_>)]) {
        for (instruction, other) in pairs {
            let mut expected = Vec::new();
            other.encode(&mut expected);
            assert_eq!(encoded(*instruction), expected, "{instruction:?}");
        }
    }

    #[test]
    #[rustfmt::skip]
    fn instructions_have_the_bytes_of_another_encoder() {
        check!(
            End, Br(1), BrIf(2), Return, Call(3), LocalGet(200), LocalSet(5), TableGet(0),
            I32Const(-7), I64Const(1 << 40), I32Eqz, I32Eq, I32GeU, I64Eqz, I64GeU, I32Add, I32Sub, I32And,
            I32Or, I32Shl, I64Add, I32WrapI64, I64ExtendI32S, F32ConvertI64S, F32ConvertI64U,
            F64ConvertI64S, F64ConvertI64U, TableSize(0),
            I8x16Shuffle([0, 1, 2, 3, 8, 9, 10, 11, 0, 1, 2, 3, 8, 9, 10, 11]),
            I32x4Splat, I64x2Splat, F32x4Splat, F64x2Splat, I64x2ExtractLane(1), F32x4ReplaceLane(1),
            F64x2ReplaceLane(1), I32x4Eq, I32x4Ne, I32x4LtS, I32x4LtU, I32x4GtS, I32x4GtU, I32x4LeS,
            I32x4LeU, I32x4GeS, I32x4GeU, F32x4Eq, F32x4Ne, F32x4Lt, F32x4Gt, F32x4Le, F32x4Ge, F64x2Eq,
            F64x2Ne, F64x2Lt, F64x2Gt, F64x2Le, F64x2Ge, V128Not, V128And, V128AndNot, V128Or, V128Xor,
            V128Bitselect, V128AnyTrue, F32x4DemoteF64x2Zero, F64x2PromoteLowF32x4, F32x4Ceil, F32x4Floor,
            F32x4Trunc, F32x4Nearest, F64x2Ceil, F64x2Floor, F64x2Trunc, F64x2Nearest,
            I16x8ExtendLowI8x16S, I16x8ExtendLowI8x16U, I32x4Abs, I32x4Neg, I32x4ExtendLowI16x8S,
            I32x4ExtendLowI16x8U, I32x4Shl, I32x4ShrS, I32x4Add, I32x4Sub, I32x4Mul, I64x2Abs, I64x2Neg,
            I64x2ExtendLowI32x4S, I64x2ExtendLowI32x4U, I64x2ShrS, I64x2Add, I64x2Sub, I64x2Mul, I64x2Eq,
            I64x2Ne, I64x2LtS, I64x2GtS, I64x2LeS, I64x2GeS, F32x4Abs, F32x4Neg, F32x4Sqrt, F32x4Add,
            F32x4Sub, F32x4Mul, F32x4Div, F64x2Abs, F64x2Neg, F64x2Sqrt, F64x2Add, F64x2Sub, F64x2Mul,
            F64x2Div, I32x4TruncSatF32x4S, F32x4ConvertI32x4S, F32x4ConvertI32x4U,
            I32x4TruncSatF64x2SZero, F64x2ConvertLowI32x4S, F64x2ConvertLowI32x4U,
        );
    }

    #[test]
    fn operands_have_the_bytes_of_another_encoder() {
        use wasm_encoder::Instruction as Other;
        let offset = 1000;
        let memarg =
            MemArg { offset: offset.into(), align: 0, target: MemArgTarget::Memory(0), ordering: None };
        check_pairs(&[
            (Instruction::Block, Other::Block(BlockType::Empty)),
            (Instruction::Loop, Other::Loop(BlockType::Empty)),
            (Instruction::If, Other::If(BlockType::Empty)),
            (Instruction::CallIndirect(2), Other::CallIndirect { type_index: 2, table_index: 0 }),
            (Instruction::RefTestNonNull(70), Other::RefTestNonNull(HeapType::Concrete(70))),
            (Instruction::I32Load(offset), Other::I32Load(memarg)),
            (Instruction::I64Load(offset), Other::I64Load(memarg)),
            (Instruction::I32Load16U(offset), Other::I32Load16U(memarg)),
            (Instruction::V128Load(offset), Other::V128Load(memarg)),
            (Instruction::V128Store(offset), Other::V128Store(memarg)),
            (Instruction::V128Load32Zero(offset), Other::V128Load32Zero(memarg)),
            (Instruction::V128Load64Zero(offset), Other::V128Load64Zero(memarg)),
            (Instruction::V128Const([9; 16]), Other::V128Const(i128::from_le_bytes([9; 16]))),
            (Instruction::V128Store16Lane { offset, lane: 1 }, Other::V128Store16Lane { memarg, lane: 1 }),
            (Instruction::V128Store32Lane { offset, lane: 1 }, Other::V128Store32Lane { memarg, lane: 1 }),
            (Instruction::V128Store64Lane { offset, lane: 0 }, Other::V128Store64Lane { memarg, lane: 0 }),
        ]);
    }

    #[test]
    fn no_instruction_is_longer_than_its_room() {
        let longest = [
            Instruction::V128Const([0xff; 16]),
            Instruction::I64Const(i64::MIN),
            Instruction::V128Store64Lane { offset: u32::MAX, lane: 1 },
        ];
        assert!(longest.into_iter().all(|instruction| encoded(instruction).len() <= LONGEST));
    }
}
