//! Modules as WebAssembly text (WAT), for people: what [`module`](super::module) writes, read back.

use std::fmt;

/// The instructions of kernels: the byte of each, and its name.
const PLAIN: &str = "\
    02 block 03 loop 04 if 05 else 0b end 0c br 0d br_if 0f return 10 call \
    11 call_indirect 1a drop 1b select 20 local.get 21 local.set 22 local.tee 28 i32.load 29 i64.load \
    2d i32.load8_u 2f i32.load16_u 36 i32.store 37 i64.store 3a i32.store8 3b i32.store16 41 i32.const \
    42 i64.const 45 i32.eqz 46 i32.eq 47 i32.ne 49 i32.lt_u 4b i32.gt_u 4e i32.ge_s 4f i32.ge_u 50 i64.eqz \
    51 i64.eq 52 i64.ne 53 i64.lt_s 54 i64.lt_u 55 i64.gt_s 5a i64.ge_u 5b f32.eq 5c f32.ne 5d f32.lt 5e f32.gt \
    5f f32.le 60 f32.ge 61 f64.eq 62 f64.ne 63 f64.lt 64 f64.gt 65 f64.le 66 f64.ge 68 i32.ctz 69 i32.popcnt 6a i32.add 6b i32.sub 71 i32.and \
    72 i32.or 74 i32.shl 7c i64.add 7d i64.sub 7e i64.mul 80 i64.div_u 87 i64.shr_s \
    a7 i32.wrap_i64 ac i64.extend_i32_s ad i64.extend_i32_u b4 f32.convert_i64_s \
    b5 f32.convert_i64_u b9 f64.convert_i64_s ba f64.convert_i64_u";

/// Those behind the prefix of vector instructions.
const VECTOR: &str = "\
    00 v128.load 0b v128.store 0c v128.const 0d i8x16.shuffle 11 i32x4.splat 12 i64x2.splat \
    13 f32x4.splat 14 f64x2.splat 1b i32x4.extract_lane 1d i64x2.extract_lane 1e i64x2.replace_lane 1f f32x4.extract_lane \
    20 f32x4.replace_lane 21 f64x2.extract_lane 22 f64x2.replace_lane 37 i32x4.eq 38 i32x4.ne 39 i32x4.lt_s 3a i32x4.lt_u 3b i32x4.gt_s \
    3c i32x4.gt_u 3d i32x4.le_s 3e i32x4.le_u 3f i32x4.ge_s 40 i32x4.ge_u 41 f32x4.eq 42 f32x4.ne \
    43 f32x4.lt 44 f32x4.gt 45 f32x4.le 46 f32x4.ge 47 f64x2.eq 48 f64x2.ne 49 f64x2.lt 4a f64x2.gt \
    4b f64x2.le 4c f64x2.ge 4d v128.not 4e v128.and 4f v128.andnot 50 v128.or 51 v128.xor \
    52 v128.bitselect 53 v128.any_true 58 v128.store8_lane 59 v128.store16_lane 5a v128.store32_lane 5b v128.store64_lane \
    5c v128.load32_zero 5d v128.load64_zero 5e f32x4.demote_f64x2_zero 5f f64x2.promote_low_f32x4 \
    67 f32x4.ceil 68 f32x4.floor 69 f32x4.trunc 6a f32x4.nearest 74 f64x2.ceil 75 f64x2.floor \
    7a f64x2.trunc 87 i16x8.extend_low_i8x16_s 89 i16x8.extend_low_i8x16_u 94 f64x2.nearest a0 i32x4.abs \
    a1 i32x4.neg a4 i32x4.bitmask a7 i32x4.extend_low_i16x8_s a9 i32x4.extend_low_i16x8_u ab i32x4.shl \
    ac i32x4.shr_s ae i32x4.add b1 i32x4.sub b5 i32x4.mul c0 i64x2.abs c1 i64x2.neg c4 i64x2.bitmask \
    c7 i64x2.extend_low_i32x4_s c9 i64x2.extend_low_i32x4_u cc i64x2.shr_s ce i64x2.add d1 i64x2.sub \
    d5 i64x2.mul d6 i64x2.eq d7 i64x2.ne d8 i64x2.lt_s d9 i64x2.gt_s da i64x2.le_s db i64x2.ge_s \
    e0 f32x4.abs e1 f32x4.neg e3 f32x4.sqrt e4 f32x4.add e5 f32x4.sub e6 f32x4.mul e7 f32x4.div \
    ec f64x2.abs ed f64x2.neg ef f64x2.sqrt f0 f64x2.add f1 f64x2.sub f2 f64x2.mul f3 f64x2.div \
    f8 i32x4.trunc_sat_f32x4_s fa f32x4.convert_i32x4_s fb f32x4.convert_i32x4_u \
    fc i32x4.trunc_sat_f64x2_s_zero fe f64x2.convert_low_i32x4_s ff f64x2.convert_low_i32x4_u";

/// Those behind the prefix of conversions that saturate.
const SATURATING: &str = "04 i64.trunc_sat_f32_s 06 i64.trunc_sat_f64_s";

const SATURATING_PREFIX: u8 = 0xfc;
const VECTOR_PREFIX: u8 = 0xfd;

/// A binary module of this library, as text.
pub struct Text<'a>(pub &'a [u8]);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut module = Reader(self.0.get(8..).unwrap_or_default());
        let mut functions = Reader(&[]);
        f.write_str("(module\n")?;
        while !module.0.is_empty() {
            let id = module.byte();
            let mut section = module.part();
            // A custom section begins with a name.
            let parts = if id == 0 { 0 } else { section.number() };
            if id == 3 {
                functions = section;
                continue;
            }
            for _ in 0..parts {
                match id {
                    1 => section.ty(f)?,
                    2 => section.import(f)?,
                    7 => {
                        let name = section.name();
                        section.byte();
                        writeln!(f, "  (export {name:?} (func {}))", section.number())?;
                    }
                    _ => {
                        writeln!(f, "  (func (type {})", functions.number())?;
                        section.part().function(f)?;
                    }
                }
            }
        }
        f.write_str(")\n")
    }
}

/// What is left of some bytes; zeros follow them.
#[derive(Clone, Copy)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> u8 {
        let (byte, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *byte
    }

    fn take(&mut self, bytes: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(bytes.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// The bits of a number in LEB128, and how many there are.
    fn bits(&mut self) -> (u64, u32) {
        let (mut value, mut count) = (0, 0);
        loop {
            let byte = self.byte();
            value |= u64::from(byte & 0x7f) << count;
            count += 7;
            if byte < 0x80 || count > 63 {
                return (value, count);
            }
        }
    }

    /// A number in LEB128, sign extended.
    fn signed(&mut self) -> i64 {
        let (value, count) = self.bits();
        let unused = 64u32.saturating_sub(count);
        (value as i64) << unused >> unused
    }

    /// A number in LEB128, of at most 32 bits.
    fn number(&mut self) -> u32 {
        self.bits().0 as u32
    }

    /// Bytes behind their number.
    fn part(&mut self) -> Reader<'a> {
        let length = self.number();
        Reader(self.take(length as usize))
    }

    fn name(&mut self) -> &'a str {
        std::str::from_utf8(self.part().0).unwrap_or_default()
    }

    /// A type of values, or of a block without one.
    fn value_type(&mut self) -> &'static str {
        match self.byte() {
            0x7f => "i32",
            0x7e => "i64",
            0x7d => "f32",
            0x7c => "f64",
            0x7b => "v128",
            _ => "",
        }
    }

    fn ty(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.byte();
        f.write_str("  (type (func")?;
        for list in ["param", "result"] {
            let values = self.number();
            if values > 0 {
                write!(f, " ({list}")?;
                (0..values).try_for_each(|_| write!(f, " {}", self.value_type()))?;
                f.write_str(")")?;
            }
        }
        f.write_str("))\n")
    }

    fn import(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (module, name) = (self.name(), self.name());
        write!(f, "  (import {module:?} {name:?} ")?;
        match self.byte() {
            0 => write!(f, "(func (type {}))", self.number())?,
            1 => {
                self.byte();
                f.write_str("(table")?;
                self.limits(f)?;
                f.write_str(" funcref)")?;
            }
            _ => {
                f.write_str("(memory")?;
                self.limits(f)?;
                f.write_str(")")?;
            }
        }
        f.write_str(")\n")
    }

    fn limits(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.byte();
        write!(f, " {}", self.number())?;
        if flags & 1 != 0 {
            write!(f, " {}", self.number())?;
        }
        f.write_str(if flags & 2 != 0 { " shared" } else { "" })
    }

    /// The locals and the instructions of a function, one a line.
    fn function(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for _ in 0..self.number() {
            let locals = self.number();
            let ty = self.value_type();
            f.write_str("    (local")?;
            (0..locals).try_for_each(|_| write!(f, " {ty}"))?;
            f.write_str(")\n")?;
        }
        let mut depth = 2usize;
        while self.0.len() > 1 {
            let code = self.byte();
            depth = depth.saturating_sub(usize::from(matches!(code, 0x05 | 0x0b)));
            write!(f, "{:1$}", "", 2 * depth)?;
            self.instruction(code, f)?;
            f.write_str("\n")?;
            depth += usize::from(matches!(code, 0x02..=0x05));
        }
        f.write_str("  )\n")
    }

    fn instruction(&mut self, code: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if code == VECTOR_PREFIX {
            let code = self.number();
            f.write_str(name_of(VECTOR, code))?;
            return self.vector_operands(code, f);
        }
        if code == SATURATING_PREFIX {
            return f.write_str(name_of(SATURATING, self.number()));
        }
        f.write_str(name_of(PLAIN, code.into()))?;
        match code {
            0x02..=0x04 => {
                let ty = self.value_type();
                if ty.is_empty() { Ok(()) } else { write!(f, " (result {ty})") }
            }
            0x0c | 0x0d | 0x10 | 0x20..=0x22 => write!(f, " {}", self.number()),
            0x11 => {
                write!(f, " (type {})", self.number())?;
                self.byte();
                Ok(())
            }
            0x28..=0x3b => self.address(f),
            0x41 | 0x42 => write!(f, " {}", self.signed()),
            _ => Ok(()),
        }
    }

    fn vector_operands(&mut self, code: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match code {
            0x00 | 0x0b | 0x5c | 0x5d => self.address(f),
            0x0c => {
                f.write_str(" i32x4")?;
                self.take(16).chunks_exact(4).try_for_each(|word| {
                    let word = word.iter().rfold(0, |word, byte| word << 8 | u32::from(*byte));
                    write!(f, " {word:#x}")
                })
            }
            0x0d => self.take(16).iter().try_for_each(|lane| write!(f, " {lane}")),
            0x1b..=0x22 => write!(f, " {}", self.byte()),
            0x58..=0x5b => {
                self.address(f)?;
                write!(f, " {}", self.byte())
            }
            _ => Ok(()),
        }
    }

    /// The operand of an access to memory.
    fn address(&mut self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let align = self.number();
        write!(f, " offset={} align={}", self.number(), 1u32 << (align & 31))
    }
}

/// The name of an instruction.
fn name_of(names: &'static str, code: u32) -> &'static str {
    let mut words = names.split_ascii_whitespace();
    while let (Some(byte), Some(name)) = (words.next(), words.next()) {
        if u32::from_str_radix(byte, 16) == Ok(code) {
            return name;
        }
    }
    "(; unknown ;)"
}
