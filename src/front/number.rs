//! Numeric literals: C `strtod`'s extent, in the C locale, with exact 64-bit integers.

mod python;

pub use python::scan_python;

use crate::dtype::Scalar;

/// A numeric literal as written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Literal {
    /// `Scalar::Int` where the literal is an integer below 2^64, else `Scalar::Float`. Python's literals can
    /// also be wider integers, bool and complex.
    pub value: Scalar,
    /// Whether the text has a point or an exponent.
    pub is_float: bool,
}

/// The longest number at the start of `text`, and its length in bytes; `None` if there is none.
pub fn scan(text: &[u8]) -> Option<(Literal, usize)> {
    match text {
        [b'0', b'x' | b'X', rest @ ..] => match scan_hex(rest) {
            Some((literal, length)) => Some((literal, length + 2)),
            None => Some((Literal { value: Scalar::Int(0), is_float: false }, 1)),
        },
        _ => scan_decimal(text),
    }
}

fn digits(text: &[u8], is_digit: impl Fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_digit(byte)).count()
}

/// Length of an exponent: one of `markers`, an optional sign, at least one decimal digit; else 0.
fn exponent_length(text: &[u8], markers: [u8; 2]) -> usize {
    let [first, rest @ ..] = text else { return 0 };
    if !markers.contains(first) {
        return 0;
    }
    let sign = usize::from(matches!(rest.first(), Some(b'+' | b'-')));
    match digits(&rest[sign..], u8::is_ascii_digit) {
        0 => 0,
        count => 1 + sign + count,
    }
}

fn scan_decimal(text: &[u8]) -> Option<(Literal, usize)> {
    let whole = digits(text, u8::is_ascii_digit);
    let mut length = whole;
    let mut is_float = false;
    if text.get(whole) == Some(&b'.') {
        let fraction = digits(&text[whole + 1..], u8::is_ascii_digit);
        if whole + fraction == 0 {
            return None;
        }
        length += 1 + fraction;
        is_float = true;
    }
    if length == 0 {
        return None;
    }
    let exponent = exponent_length(&text[length..], [b'e', b'E']);
    is_float |= exponent > 0;
    length += exponent;
    let number = std::str::from_utf8(&text[..length]).ok()?;
    let value = match number.parse::<u64>() {
        Ok(integer) if !is_float => Scalar::Int(i128::from(integer)),
        _ => Scalar::Float(number.parse().ok()?),
    };
    Some((Literal { value, is_float }, length))
}

/// The part after `0x`: hexadecimal digits, an optional point, an optional binary exponent.
fn scan_hex(text: &[u8]) -> Option<(Literal, usize)> {
    let mut mantissa = Mantissa::default();
    let whole = digits(text, u8::is_ascii_hexdigit);
    text[..whole].iter().for_each(|digit| mantissa.push(*digit, false));
    let mut length = whole;
    let mut is_float = false;
    if text.get(whole) == Some(&b'.') {
        let fraction = digits(&text[whole + 1..], u8::is_ascii_hexdigit);
        if whole + fraction == 0 {
            return None;
        }
        text[whole + 1..whole + 1 + fraction].iter().for_each(|digit| mantissa.push(*digit, true));
        length += 1 + fraction;
        is_float = true;
    }
    if length == 0 {
        return None;
    }
    let exponent = exponent_length(&text[length..], [b'p', b'P']);
    if exponent > 0 {
        is_float = true;
        mantissa.exponent =
            mantissa.exponent.saturating_add(parse_exponent(&text[length + 1..length + exponent]));
        length += exponent;
    }
    let value = match mantissa.integer() {
        Some(integer) if !is_float => Scalar::Int(i128::from(integer)),
        _ => Scalar::Float(mantissa.to_f64()),
    };
    Some((Literal { value, is_float }, length))
}

/// A signed decimal exponent, limited to what no double can reach.
fn parse_exponent(text: &[u8]) -> i32 {
    let (sign, digits) = match text {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    let magnitude = digits.iter().fold(0i32, |value, digit| {
        value.saturating_mul(10).saturating_add(i32::from(digit - b'0')).min(1 << 20)
    });
    sign * magnitude
}

/// Hexadecimal digits gathered into 60 bits and a binary exponent; what is cut leaves a sticky bit.
#[derive(Default)]
struct Mantissa {
    bits: u64,
    exponent: i32,
    cut: bool,
}

/// The exponent of the least float64.
const LEAST_EXPONENT: i64 = -1074;

impl Mantissa {
    fn push(&mut self, digit: u8, is_fraction: bool) {
        let value = (digit as char).to_digit(16).map_or(0, u64::from);
        if self.bits >> 60 == 0 {
            self.bits = self.bits << 4 | value;
            if is_fraction {
                self.exponent = self.exponent.saturating_sub(4);
            }
        } else {
            self.cut |= value != 0;
            if !is_fraction {
                self.exponent = self.exponent.saturating_add(4);
            }
        }
    }

    fn integer(&self) -> Option<u64> {
        (self.exponent == 0).then_some(self.bits)
    }

    /// The nearest float64, rounded once.
    fn to_f64(&self) -> f64 {
        let bits = self.bits | u64::from(self.cut);
        let leading = i64::from(self.exponent) + i64::from(bits.checked_ilog2().unwrap_or(0));
        if leading >= i64::from(f64::MIN_EXP) - 1 {
            return libm::scalbn(bits as f64, self.exponent);
        }
        // Subnormal: a whole number of the least steps, and the bits of that number.
        let Ok(shift) = u32::try_from(LEAST_EXPONENT - i64::from(self.exponent)) else {
            return f64::from_bits(bits << (i64::from(self.exponent) - LEAST_EXPONENT));
        };
        let bits = u128::from(bits);
        let (whole, rest, half) = match shift {
            0 => (bits, 0, 1),
            1..=65 => (bits >> shift, bits & ((1 << shift) - 1), 1 << (shift - 1)),
            _ => (0, 0, 1),
        };
        let rounds_up = rest > half || rest == half && whole & 1 == 1;
        f64::from_bits(whole as u64 + u64::from(rounds_up))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::random::Random;

    fn float(text: &str) -> f64 {
        let (literal, length) = scan(text.as_bytes()).unwrap();
        assert!(literal.is_float, "{text}");
        assert_eq!(length, text.len(), "{text}");
        literal.value.to_f64()
    }

    fn integer(text: &str) -> i128 {
        let (literal, length) = scan(text.as_bytes()).unwrap();
        assert!(!literal.is_float, "{text}");
        assert_eq!(length, text.len(), "{text}");
        match literal.value {
            Scalar::Int(value) => value,
            other => panic!("{text} gave {other:?}"),
        }
    }

    #[test]
    fn reads_what_strtod_reads() {
        assert_eq!(float("1."), 1.0);
        assert_eq!(float(".5"), 0.5);
        assert_eq!(float("1.5e-3"), 0.0015);
        assert_eq!(float("5.e2"), 500.0);
        assert_eq!(float("1E+3"), 1000.0);
        assert_eq!(float("1e309"), f64::INFINITY);
        assert_eq!(float("0x1.8p1"), 3.0);
        assert_eq!(float("0x1p-1"), 0.5);
        assert_eq!(integer("007"), 7);
        assert_eq!(integer("0x1F"), 31);
        assert_eq!(integer("0X1e3"), 0x1e3);
    }

    #[test]
    fn hexadecimal_floats_round_once() {
        assert_eq!(float("0xb62ffae04be89.1dp-1075"), 7.91758729750882e-309);
        assert_eq!(float("0x1p-1074"), 5e-324);
        assert_eq!(float("0x1p-1075"), 0.0);
        assert_eq!(float("0x1.000001p-1075"), 5e-324);
        assert_eq!(float("0x1p-1076"), 0.0);
        assert_eq!(float("0x0.8p-99999"), 0.0);
        assert_eq!(float("0x0p0"), 0.0);
        assert_eq!(float("0x1.fffffffffffffp1023"), f64::MAX);
        assert_eq!(float("0x1.fffffffffffff8p1023"), f64::INFINITY);
        let mut random = Random::new(1);
        for _ in 0..200_000 {
            let bits = random.bits();
            let mantissa = bits >> (bits >> 58);
            let digits = format!("{mantissa:x}{:x}", bits.rotate_left(17));
            let (whole, fraction) = digits.split_at((bits >> 33) as usize % digits.len());
            let exponent = [-1140, -1100, -1075, -1030, -60, 900][(bits >> 40) as usize % 6];
            let text = format!("0x{whole}.{fraction}p{}", exponent - 4 * whole.len() as i32);
            let c_text = std::ffi::CString::new(text.as_str()).expect("a text without NUL");
            // SAFETY: the text is NUL-terminated.
            let expected = unsafe { libc::strtod(c_text.as_ptr(), std::ptr::null_mut()) };
            assert_eq!(float(&text).to_bits(), expected.to_bits(), "{text}");
        }
    }

    #[test]
    fn keeps_64_bit_integers_exact() {
        assert_eq!(integer("9007199254740993"), 9007199254740993);
        assert_eq!(integer("18446744073709551615"), i128::from(u64::MAX));
        assert_eq!(integer("0xffffffffffffffff"), i128::from(u64::MAX));
        let (wide, _) = scan(b"18446744073709551616").unwrap();
        assert_eq!(wide.value, Scalar::Float(18446744073709551616.0));
        assert!(!wide.is_float);
    }

    #[test]
    fn stops_where_the_number_ends() {
        for (text, length) in [
            ("1e", 1),
            ("1e+", 1),
            ("0x", 1),
            ("0xg", 1),
            ("1_000", 1),
            ("1..2", 2),
            ("1.2.3", 3),
            ("0b101", 1),
        ] {
            assert_eq!(scan(text.as_bytes()).unwrap().1, length, "{text}");
        }
        assert!(scan(b".").is_none());
        assert!(scan(b".x").is_none());
    }
}
