//! Numeric literals of Python: underscores between digits, four bases, imaginary numbers.

use super::Literal;
use crate::dtype::{Complex, Scalar};
use crate::front::names::is_name_byte;

/// Why a number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    pub message: &'static str,
    /// Bytes of the text that are to blame, at least one.
    pub length: usize,
}

/// The number at the start of `text`, which begins with a digit or with a point and a digit, and its length.
///
/// An integer has a [`Scalar::Int`] with all its digits; one that 128 bits do not hold is refused.
pub fn scan_python(text: &[u8]) -> Result<(Literal, usize), Fault> {
    let (literal, length) = match text {
        [b'0', b'x' | b'X', ..] => based(text, 16)?,
        [b'0', b'o' | b'O', ..] => based(text, 8)?,
        [b'0', b'b' | b'B', ..] => based(text, 2)?,
        _ => decimal(text)?,
    };
    // What is glued to a number is no word of its own.
    let tail = text[length..].iter().take_while(|byte| is_name_byte(**byte)).count();
    if tail > 0 {
        let message = match text {
            [b'0', b'x' | b'X', ..] => "invalid hexadecimal literal",
            [b'0', b'o' | b'O', ..] => "invalid octal literal",
            [b'0', b'b' | b'B', ..] => "invalid binary literal",
            _ => "invalid decimal literal",
        };
        return Err(Fault { message, length: length + tail });
    }
    Ok((literal, length))
}

fn too_large(length: usize) -> Fault {
    Fault { message: "this integer is too large: 127 bits are supported", length }
}

/// An integer after its two-byte prefix.
fn based(text: &[u8], base: u32) -> Result<(Literal, usize), Fault> {
    let is_digit = |byte: u8| char::from(byte).is_digit(base);
    let mut length = 2;
    let mut value = 0i128;
    loop {
        // One underscore may stand before each digit.
        let underscore = usize::from(text.get(length) == Some(&b'_'));
        let Some(&byte) = text.get(length + underscore).filter(|byte| is_digit(**byte)) else { break };
        let digit = char::from(byte).to_digit(base).unwrap_or_default();
        length += underscore + 1;
        value = value
            .checked_mul(i128::from(base))
            .and_then(|value| value.checked_add(i128::from(digit)))
            .ok_or(too_large(length))?;
    }
    if length == 2 {
        let message = match base {
            16 => "invalid hexadecimal literal",
            8 => "invalid octal literal",
            _ => "invalid binary literal",
        };
        return Err(Fault { message, length });
    }
    Ok((Literal { value: Scalar::Int(value), is_float: false }, length))
}

/// Length of decimal digits with single underscores between them.
fn digits(text: &[u8]) -> usize {
    let mut length = 0;
    loop {
        let underscore = usize::from(length > 0 && text.get(length) == Some(&b'_'));
        if !text.get(length + underscore).is_some_and(u8::is_ascii_digit) {
            return length;
        }
        length += underscore + 1;
    }
}

fn decimal(text: &[u8]) -> Result<(Literal, usize), Fault> {
    let whole = digits(text);
    let mut length = whole;
    let mut is_float = false;
    if text.get(length) == Some(&b'.') {
        is_float = true;
        length += 1;
        length += digits(&text[length..]);
    }
    if matches!(text.get(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(length + 1), Some(b'+' | b'-')));
        let exponent = digits(&text[length + 1 + sign..]);
        if exponent > 0 {
            is_float = true;
            length += 1 + sign + exponent;
        }
    }
    let is_imaginary = matches!(text.get(length), Some(b'j' | b'J'));
    let number = &text[..length];
    if is_float || is_imaginary {
        let value = float(number).ok_or(Fault { message: "invalid decimal literal", length })?;
        let value =
            if is_imaginary { Scalar::Complex(Complex::new(0.0, value)) } else { Scalar::Float(value) };
        return Ok((Literal { value, is_float: true }, length + usize::from(is_imaginary)));
    }
    let mut significant = number.iter().filter(|byte| **byte != b'_');
    if whole > 1 && text[0] == b'0' && significant.clone().any(|digit| *digit != b'0') {
        let message = "leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers";
        return Err(Fault { message, length });
    }
    let value = significant
        .try_fold(0i128, |value, digit| value.checked_mul(10)?.checked_add(i128::from(digit - b'0')))
        .ok_or(too_large(length))?;
    Ok((Literal { value: Scalar::Int(value), is_float: false }, length))
}

/// The nearest float64 of a decimal number with underscores.
fn float(number: &[u8]) -> Option<f64> {
    let number = std::str::from_utf8(number).ok()?;
    if !number.contains('_') {
        return number.parse().ok();
    }
    let mut plain = String::new();
    plain.try_reserve(number.len()).ok()?;
    plain.extend(number.chars().filter(|character| *character != '_'));
    plain.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Scalar {
        let (literal, length) =
            scan_python(text.as_bytes()).unwrap_or_else(|fault| panic!("{text}: {fault:?}"));
        assert_eq!(length, text.len(), "{text}");
        literal.value
    }

    #[test]
    fn reads_what_python_reads() {
        for (text, integer) in [
            ("0", 0),
            ("00", 0),
            ("0_0", 0),
            ("1_000", 1000),
            ("0x_fF", 255),
            ("0o17", 15),
            ("0B1_01", 5),
            ("18446744073709551616", 1 << 64),
        ] {
            assert_eq!(value(text), Scalar::Int(integer), "{text}");
        }
        for (text, float) in [
            ("1.", 1.0),
            (".5", 0.5),
            ("1_0.2_5", 10.25),
            ("1e1_0", 1e10),
            ("007.5", 7.5),
            ("1e400", f64::INFINITY),
        ] {
            assert_eq!(value(text), Scalar::Float(float), "{text}");
        }
        assert_eq!(value("2j"), Scalar::Complex(Complex::new(0.0, 2.0)));
        assert_eq!(value("1_0.5E-1J"), Scalar::Complex(Complex::new(0.0, 1.05)));
        assert_eq!(value("08j"), Scalar::Complex(Complex::new(0.0, 8.0)));
    }

    #[test]
    fn refuses_what_python_refuses() {
        for (text, message, length) in [
            ("007", "leading zeros", 3),
            ("1__0", "invalid decimal", 4),
            ("1_", "invalid decimal", 2),
            ("0x", "invalid hexadecimal", 2),
            ("0xg", "invalid hexadecimal", 2),
            ("0o8", "invalid octal", 2),
            ("0b12", "invalid binary", 4),
            ("1x + 2", "invalid decimal", 2),
            ("1e+ 2", "invalid decimal", 2),
            ("170141183460469231731687303715884105728", "too large", 39),
        ] {
            let fault = scan_python(text.as_bytes()).unwrap_err();
            assert!(fault.message.contains(message), "{text}: {}", fault.message);
            assert_eq!(fault.length, length, "{text}");
        }
    }
}
