//! Floats as `printf` writes them, where there is no C library.

use crate::memory::{OutOfMemory, TryGrow, try_format};

/// Appends a number with this many significant digits, as `%.*g` does, and `%+.*g` if `shows_plus`.
pub fn append(line: &mut Vec<u8>, digits: usize, shows_plus: bool, value: f64) -> Result<(), OutOfMemory> {
    if value.is_sign_negative() || shows_plus {
        line.try_push(if value.is_sign_negative() { b'-' } else { b'+' })?;
    }
    if !value.is_finite() {
        return line.try_extend(if value.is_nan() { b"nan" } else { b"inf" });
    }
    // `1.2500e-5`
    let text = try_format(format_args!("{:.*e}", digits - 1, value.abs()))?;
    let (mantissa, power) = text.split_once('e').unwrap_or((&text, ""));
    let power: i32 = power.parse().unwrap_or(0);
    let mantissa = mantissa.trim_end_matches('0').trim_end_matches('.');
    let first = &mantissa.as_bytes()[..1];
    let rest = mantissa.as_bytes().get(2..).unwrap_or_default();
    let zeros = |count: usize| &b"0000000000000000"[..count];
    if power < -4 || power >= digits as i32 {
        line.try_extend(first)?;
        append_fraction(line, rest)?;
        let sign = if power < 0 { '-' } else { '+' };
        line.try_extend(try_format(format_args!("e{sign}{:02}", power.abs()))?.as_bytes())
    } else if power < 0 {
        line.try_extend(b"0.")?;
        line.try_extend(zeros((-1 - power) as usize))?;
        line.try_extend(first)?;
        line.try_extend(rest)
    } else {
        let whole = rest.len().min(power as usize);
        line.try_extend(first)?;
        line.try_extend(&rest[..whole])?;
        line.try_extend(zeros(power as usize - whole))?;
        append_fraction(line, &rest[whole..])
    }
}

/// Appends what follows the point, and the point, if there is anything.
fn append_fraction(line: &mut Vec<u8>, digits: &[u8]) -> Result<(), OutOfMemory> {
    if !digits.is_empty() {
        line.try_push(b'.')?;
    }
    line.try_extend(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::random::Random;

    fn printed(digits: usize, shows_plus: bool, value: f64) -> String {
        let mut line = Vec::new();
        append(&mut line, digits, shows_plus, value).unwrap();
        String::from_utf8(line).unwrap()
    }

    fn printed_by_c(digits: usize, shows_plus: bool, value: f64) -> String {
        let format = if shows_plus { c"%+.*g" } else { c"%.*g" };
        let mut text = [0u8; 64];
        // SAFETY: the format matches its arguments, and the text is cut to its room.
        let length = unsafe {
            libc::snprintf(text.as_mut_ptr().cast(), text.len(), format.as_ptr(), digits as i32, value)
        };
        String::from_utf8_lossy(&text[..length as usize]).into_owned()
    }

    #[test]
    fn numbers_are_those_of_printf() {
        let mut values =
            vec![0.0, 1.0, 0.1, 1e-4, 9.9999e-5, 1e-5, 123_456_789.0, 1e9, 1e16, 1e17, 1e22, 5e-324];
        values.extend([
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::INFINITY,
            f64::NAN,
            0.5,
            2.5,
            999_999_999.5,
            1.0 / 3.0,
        ]);
        let mut random = Random::new(7);
        for _ in 0..2000 {
            let bits = random.bits();
            values.extend([f64::from_bits(bits), (bits >> 40) as f64 / 64.0, f64::from(bits as u32 as f32)]);
        }
        for value in values.into_iter().filter(|value| !value.is_nan()) {
            for (digits, shows_plus) in [(9, false), (9, true), (17, false), (17, true)] {
                for value in [value, -value] {
                    let expected = printed_by_c(digits, shows_plus, value);
                    assert_eq!(printed(digits, shows_plus, value), expected, "{digits} digits");
                }
            }
        }
        assert_eq!(printed(17, false, f64::NAN), "nan");
    }
}
