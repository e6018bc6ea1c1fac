//! Arrays whose dtype is known at run time.

use anyhow::{Result, bail};
use miniexpr::{ArrayRef, Dtype};

use crate::source::Source;

/// An array in the bytes of a file or of memory, in the byte order of the machine.
#[derive(Clone, Debug)]
pub struct Array {
    pub dtype: Dtype,
    /// Bytes of an item.
    pub itemsize: usize,
    /// Items along each dimension, the outermost first.
    pub shape: Vec<usize>,
    bytes: Source,
    /// Where the item begins whose indices are all zero.
    first: usize,
    /// Bytes from one item to the next along each dimension.
    strides: Vec<isize>,
}

/// In which order items follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    C,
    Fortran,
}

impl Array {
    /// Items side by side from byte `first` on. An error if there are too few.
    pub fn new(
        bytes: Source,
        first: usize,
        (dtype, itemsize): (Dtype, usize),
        shape: Vec<usize>,
        order: Order,
    ) -> Result<Array> {
        let strides = strides(itemsize, &shape, order);
        let array = Array { dtype, itemsize, shape, bytes, first, strides: strides.unwrap_or_default() };
        if array.strides.len() < array.shape.len() || array.view().is_err() {
            let there = (array.bytes.len().saturating_sub(first)) / itemsize;
            bail!("holds {there} items of dtype {dtype}, too few for the shape {}", shape_text(&array.shape));
        }
        Ok(array)
    }

    /// All of the bytes, as items in C order.
    pub fn of_bytes(bytes: Vec<u8>, (dtype, itemsize): (Dtype, usize), shape: Vec<usize>) -> Result<Array> {
        Array::new(Source::from(bytes), 0, (dtype, itemsize), shape, Order::C)
    }

    /// The array that index `index` of the last dimension leaves.
    pub fn at_last(&self, index: usize) -> Option<Array> {
        let (extent, stride) = (*self.shape.last()?, *self.strides.last()?);
        if index >= extent {
            return None;
        }
        let mut array = self.clone();
        array.shape.pop();
        array.strides.pop();
        array.first = self.first.checked_add_signed(stride * index as isize)?;
        Some(array)
    }

    pub fn view(&self) -> Result<ArrayRef<'_>, miniexpr::Error> {
        ArrayRef::from_strided_bytes(
            &self.bytes,
            self.first,
            self.dtype,
            self.itemsize,
            &self.shape,
            &self.strides,
        )
    }
}

/// Strides in bytes; `None` for an array that no memory holds.
fn strides(itemsize: usize, shape: &[usize], order: Order) -> Option<Vec<isize>> {
    let mut strides = vec![0; shape.len()];
    let mut bytes = isize::try_from(itemsize).ok()?;
    let mut set = |d: usize| {
        strides[d] = bytes;
        bytes = bytes.checked_mul(isize::try_from(shape[d].max(1)).ok()?)?;
        Some(())
    };
    match order {
        Order::C => (0..shape.len()).rev().try_for_each(&mut set)?,
        Order::Fortran => (0..shape.len()).try_for_each(&mut set)?,
    }
    Some(strides)
}

/// Reverses the bytes of each `unit`.
pub fn swap_bytes(bytes: &mut [u8], unit: usize) {
    bytes.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
}

/// Bytes that are one number: an item, or a part of a complex one or of a string.
pub fn unit_of(dtype: Dtype) -> usize {
    dtype.component().size()
}

/// A shape as Python writes it.
pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [extent] => format!("({extent},)"),
        _ => format!("({})", shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strides_follow_the_order() {
        assert_eq!(strides(8, &[2, 3], Order::C), Some(vec![24, 8]));
        assert_eq!(strides(8, &[2, 3], Order::Fortran), Some(vec![8, 16]));
        assert_eq!(strides(8, &[], Order::C), Some(vec![]));
        assert_eq!(strides(8, &[usize::MAX, 2], Order::C), None);
        assert_eq!(strides(2, &[4, 0, 5], Order::C), Some(vec![10, 10, 2]));
    }

    #[test]
    fn channels_are_views() {
        let pixels = Array::of_bytes(vec![1, 2, 3, 4, 5, 6], (Dtype::UInt8, 1), vec![1, 2, 3]).unwrap();
        let green = pixels.at_last(1).unwrap();
        assert_eq!(green.shape, [1, 2]);
        let copy = miniexpr::Expression::builder("g").variable("g", Dtype::UInt8).compile().unwrap();
        assert_eq!(copy.evaluate_to_vec::<u8>(&[green.view().unwrap()]).unwrap(), [2, 5]);
        assert!(pixels.at_last(3).is_none());
    }

    #[test]
    fn arrays_that_are_too_short_are_refused() {
        let short = |shape| Array::new(Source::from(vec![0; 12]), 4, (Dtype::Int32, 4), shape, Order::C);
        assert!(short(vec![2]).is_ok());
        assert_eq!(
            short(vec![3]).unwrap_err().to_string(),
            "holds 2 items of dtype int32, too few for the shape (3,)"
        );
        assert!(short(vec![usize::MAX, usize::MAX]).is_err());
    }
}
