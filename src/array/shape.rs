//! Broadcasting.

use std::fmt;

use super::operand::{Extents, Operand, extents};
use crate::error::{Error, ErrorKind};

/// A shape as messages write it: `(2, 3)`, `(5,)`, `()`.
pub struct Shape<'a>(pub &'a [i64]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(")?;
        for (d, extent) in self.0.iter().enumerate() {
            if d > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{extent}")?;
        }
        f.write_str(if self.0.len() == 1 { ",)" } else { ")" })
    }
}

/// The shape that arrays with names have together, by NumPy's rule: shapes are aligned at their last dimensions,
/// and of two extents that differ one is 1, or missing.
///
/// Errors: [`ErrorKind::Shape`] with both names and shapes where that is not so.
pub fn broadcast<'a>(
    operands: impl Iterator<Item = (&'a [u8], &'a Operand)> + Clone,
) -> Result<Extents, Error> {
    let ndim = operands.clone().map(|(_, operand)| operand.shape.len()).max().unwrap_or(0);
    let mut shape = extents(std::iter::repeat_n(1, ndim))?;
    for (name, operand) in operands.clone() {
        let added = ndim - operand.shape.len();
        for (d, &extent) in operand.shape.iter().enumerate() {
            match &mut shape[added + d] {
                _ if extent == 1 => {}
                known if *known == 1 => *known = extent,
                known if *known == extent => {}
                _ => return Err(mismatch(operands, name, operand, ndim - added - d)),
            }
        }
    }
    Ok(shape)
}

/// The error of an array that cannot be broadcast with an earlier one, seen in the dimension `from_last` from the end.
fn mismatch<'a>(
    operands: impl Iterator<Item = (&'a [u8], &'a Operand)>,
    name: &[u8],
    operand: &Operand,
    from_last: usize,
) -> Error {
    let extent_of = |shape: &[i64]| shape.len().checked_sub(from_last).map_or(1, |d| shape[d]);
    let extent = extent_of(&operand.shape);
    let mut others = operands.filter(|(_, other)| ![1, extent].contains(&extent_of(&other.shape)));
    let (other_name, other) = others.next().expect("an earlier array has another extent");
    let (other_name, name) = (other_name.escape_ascii(), name.escape_ascii());
    let (other, shape) = (Shape(&other.shape), Shape(&operand.shape));
    Error::new(
        ErrorKind::Shape,
        format_args!(
            "'{other_name}' of shape {other} and '{name}' of shape {shape} cannot be broadcast together"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shapes: &[(&str, &[i64])]) -> Result<Vec<i64>, String> {
        let operands: Vec<Operand> =
            shapes.iter().map(|(_, shape)| Operand::dense(std::ptr::null_mut(), 8, shape).unwrap()).collect();
        let named = shapes.iter().map(|(name, _)| name.as_bytes()).zip(&operands);
        broadcast(named).map(|shape| shape.to_vec()).map_err(|error| error.message().to_string())
    }

    #[test]
    fn shapes_are_aligned_at_their_ends() {
        assert_eq!(of(&[]), Ok(vec![]));
        assert_eq!(of(&[("a", &[])]), Ok(vec![]));
        assert_eq!(of(&[("a", &[3]), ("b", &[])]), Ok(vec![3]));
        assert_eq!(of(&[("a", &[4, 1]), ("b", &[3])]), Ok(vec![4, 3]));
        assert_eq!(of(&[("a", &[4, 1, 2]), ("b", &[5, 1]), ("c", &[1, 1, 1, 1])]), Ok(vec![1, 4, 5, 2]));
        assert_eq!(of(&[("a", &[0]), ("b", &[1])]), Ok(vec![0]));
    }

    #[test]
    fn errors_name_both_arrays() {
        let error = of(&[("a", &[2, 3]), ("c", &[]), ("b", &[4, 2, 4])]);
        assert_eq!(
            error.unwrap_err(),
            "'a' of shape (2, 3) and 'b' of shape (4, 2, 4) cannot be broadcast together"
        );
        let error = of(&[("a", &[0]), ("b", &[2])]);
        assert_eq!(
            error.unwrap_err(),
            "'a' of shape (0,) and 'b' of shape (2,) cannot be broadcast together"
        );
    }
}
