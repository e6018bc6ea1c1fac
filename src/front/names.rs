//! Names: of which bytes they are made, and those with a meaning of their own in kernels.

use crate::ir::IndexSymbol;

/// Dimensions that have symbols.
const DIMENSIONS: u8 = 8;

/// Whether a name can begin with `byte`.
pub fn is_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// Whether a name can go on with `byte`.
pub fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

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
}
