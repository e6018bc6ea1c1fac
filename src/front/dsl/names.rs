//! Names with a meaning of their own in kernels.

use super::scanner::Scanner;
use crate::front::lexer::is_name_start;
use crate::ir::IndexSymbol;
use crate::memory::{OutOfMemory, TryGrow};

/// Dimensions that have symbols.
const DIMENSIONS: u8 = 8;

/// Whether no input, function or local may be called `name`.
pub fn is_reserved(name: &[u8]) -> bool {
    match name {
        b"print" | b"int" | b"float" | b"bool" | b"def" | b"return" | b"_ndim" | b"_flat_idx" => true,
        [b'_', b'i' | b'n', digit, ..] => digit.is_ascii_digit(),
        _ => false,
    }
}

/// The index symbol called `name`.
pub fn index_symbol(name: &[u8]) -> Option<IndexSymbol> {
    match name {
        b"_ndim" => Some(IndexSymbol::Ndim),
        b"_flat_idx" => Some(IndexSymbol::Flat),
        [b'_', kind, digit] if (b'0'..b'0' + DIMENSIONS).contains(digit) => match kind {
            b'i' => Some(IndexSymbol::Coordinate(digit - b'0')),
            b'n' => Some(IndexSymbol::Extent(digit - b'0')),
            _ => None,
        },
        _ => None,
    }
}

/// The names of the index symbols in `source`, each once, in order; comments and string literals do
/// not count.
pub fn mentioned_index_symbols(source: &[u8]) -> Result<Vec<&[u8]>, OutOfMemory> {
    let mut scanner = Scanner::new(source);
    let mut names: Vec<&[u8]> = Vec::new();
    while let Some(byte) = scanner.peek() {
        match byte {
            b'#' => scanner.skip_comment(),
            b'\'' | b'"' => {
                scanner.skip_string();
            }
            _ if is_name_start(byte) => {
                let name = scanner.name();
                if index_symbol(name).is_some() && !names.contains(&name) {
                    names.try_push(name)?;
                }
            }
            _ if byte.is_ascii_digit() => scanner.skip_number(),
            _ => scanner.offset += 1,
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_the_reserved_names() {
        for name in ["print", "int", "def", "_ndim", "_flat_idx", "_i0", "_n12", "_i9x"] {
            assert!(is_reserved(name.as_bytes()), "{name}");
        }
        for name in ["_i", "_n", "_ix", "_", "sum", "if", "ints", "_flat", "i0"] {
            assert!(!is_reserved(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn finds_index_symbols_outside_strings_and_comments() {
        let source = b"_i0 + 1_n1 # _n2\n'_i3' _i0 _flat_idx _i8 _n00 x_i1 _n7";
        let names = mentioned_index_symbols(source).unwrap();
        assert_eq!(names, [&b"_i0"[..], b"_flat_idx", b"_n7"]);
    }
}
