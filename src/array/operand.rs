//! Arrays as addresses, extents and strides: what is left of a view once its borrow has been checked.

use smallvec::SmallVec;

use crate::error::{Error, ErrorKind};
use crate::memory::OutOfMemory;

/// Dimensions that an array may have.
pub const MAX_NDIM: usize = 32;

/// A number for each dimension, the outermost first; few of them need no allocation.
pub type Extents = SmallVec<[i64; 6]>;

/// Numbers for dimensions, from an iterator that knows how many.
pub fn extents(values: impl ExactSizeIterator<Item = i64>) -> Result<Extents, OutOfMemory> {
    let mut collected = Extents::new();
    collected.try_reserve(values.len()).map_err(|_| OutOfMemory)?;
    collected.extend(values);
    Ok(collected)
}

/// An array of items of one size, at any strides.
#[derive(Clone, Debug)]
pub struct Operand {
    /// The first item: the one whose indices are all zero.
    pub data: *mut u8,
    /// Bytes of an item.
    pub itemsize: usize,
    /// Items along each dimension.
    pub shape: Extents,
    /// Bytes from one item to the next along each dimension.
    pub strides: Extents,
}

/// An array as a caller gives it: nothing of its extents and strides has been checked.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The item whose indices are all zero.
    pub data: *mut u8,
    /// Bytes of an item.
    pub itemsize: usize,
    /// Items along each dimension.
    pub shape: &'a [i64],
    /// Bytes from one item to the next along each dimension, as many as extents; `None` for C order.
    pub strides: Option<&'a [i64]>,
}

impl View<'_> {
    /// The array with its own copy of extents and strides, if all of its items have addresses.
    pub fn operand(&self) -> Result<Operand, OperandError> {
        match self.strides {
            None => Operand::dense(self.data, self.itemsize, self.shape),
            Some(strides) => Operand::strided(self.data, self.itemsize, self.shape, strides),
        }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Bytes of all items; `None` where there is none, or where they do not lie side by side in C order in memory.
    pub fn dense_bytes(&self) -> Option<usize> {
        let mut bytes = i64::try_from(self.itemsize).ok()?;
        for (d, extent) in self.shape.iter().enumerate().rev() {
            if *extent < 1 || *extent > 1 && self.strides.is_some_and(|strides| strides[d] != bytes) {
                return None;
            }
            bytes = bytes.checked_mul(*extent)?;
        }
        isize::try_from(bytes).ok().map(|bytes| bytes as usize)
    }
}

/// Why extents and strides describe no array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandError {
    /// More than [`MAX_NDIM`] dimensions.
    TooManyDims,
    /// An extent below zero.
    NegativeExtent,
    /// Items, or bytes between the first and the last, beyond what an address can tell.
    TooLarge,
    OutOfMemory,
}

impl From<OutOfMemory> for OperandError {
    fn from(_: OutOfMemory) -> OperandError {
        OperandError::OutOfMemory
    }
}

impl From<OperandError> for Error {
    fn from(error: OperandError) -> Error {
        let message = match error {
            OperandError::OutOfMemory => return OutOfMemory.into(),
            OperandError::TooManyDims => "an array has more than 32 dimensions",
            OperandError::NegativeExtent => "an array has an extent below zero",
            OperandError::TooLarge => "an array is larger than the memory",
        };
        Error::new(ErrorKind::Shape, format_args!("{message}"))
    }
}

impl Operand {
    /// An array whose items lie side by side in C order.
    pub fn dense(data: *mut u8, itemsize: usize, shape: &[i64]) -> Result<Operand, OperandError> {
        check_shape(shape)?;
        // The extents have been checked, so these products exist, but for arrays without items.
        let strides = dense_strides(shape, itemsize)?;
        let operand = Operand { data, itemsize, shape: extents(shape.iter().copied())?, strides };
        operand.checked()
    }

    /// An array of any strides, in bytes.
    pub fn strided(
        data: *mut u8,
        itemsize: usize,
        shape: &[i64],
        strides: &[i64],
    ) -> Result<Operand, OperandError> {
        check_shape(shape)?;
        let (shape, strides) = (extents(shape.iter().copied())?, extents(strides.iter().copied())?);
        Operand { data, itemsize, shape, strides }.checked()
    }

    /// The operand, if all of its items have addresses.
    fn checked(self) -> Result<Operand, OperandError> {
        let items = self.shape.iter().try_fold(1i64, |items, extent| items.checked_mul((*extent).max(1)));
        let mut bytes = i64::try_from(self.itemsize).ok();
        for (extent, stride) in self.shape.iter().zip(&self.strides) {
            let length = (extent - 1).max(0).checked_mul(stride.checked_abs().unwrap_or(i64::MAX));
            bytes = bytes.zip(length).and_then(|(bytes, length)| bytes.checked_add(length));
        }
        match (items, bytes) {
            (Some(_), Some(bytes)) if isize::try_from(bytes).is_ok() => Ok(self),
            _ if self.is_empty() => Ok(self),
            _ => Err(OperandError::TooLarge),
        }
    }

    /// The array, as a caller would give it.
    pub fn view(&self) -> View<'_> {
        View { data: self.data, itemsize: self.itemsize, shape: &self.shape, strides: Some(&self.strides) }
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.shape.contains(&0)
    }

    /// Number of items.
    pub fn items(&self) -> usize {
        // Checked when the operand was made; of arrays with strides of zero the count alone may be larger than memory.
        self.shape.iter().fold(1i64, |items, extent| items.saturating_mul(*extent)) as usize
    }

    /// Whether the items lie side by side in C order.
    pub fn is_dense(&self) -> bool {
        is_dense(&self.shape, &self.strides, self.itemsize)
    }

    /// The lowest address of an item, and the first one past all of them; both are the same without items.
    pub fn span(&self) -> (usize, usize) {
        let start = self.data.addr();
        if self.is_empty() {
            return (start, start);
        }
        let (mut low, mut high) = (start, start);
        for (extent, stride) in self.shape.iter().zip(&self.strides) {
            let length = ((extent - 1) * stride) as isize;
            match length < 0 {
                true => low = low.wrapping_add_signed(length),
                false => high = high.wrapping_add_signed(length),
            }
        }
        (low, high.wrapping_add(self.itemsize))
    }

    /// The strides of the array stretched to `shape`, with which its own can be broadcast.
    pub fn broadcast_strides(&self, shape: &[i64]) -> Result<Extents, OutOfMemory> {
        let added = shape.len().saturating_sub(self.shape.len());
        extents((0..shape.len()).map(|d| match d.checked_sub(added) {
            Some(own) if self.shape[own] != 1 => self.strides[own],
            _ => 0,
        }))
    }
}

fn check_shape(shape: &[i64]) -> Result<(), OperandError> {
    match shape {
        _ if shape.len() > MAX_NDIM => Err(OperandError::TooManyDims),
        _ if shape.iter().any(|extent| *extent < 0) => Err(OperandError::NegativeExtent),
        _ => Ok(()),
    }
}

/// Strides of items side by side in C order. Meaningless, as none is used, if an extent is 0.
pub fn dense_strides(shape: &[i64], itemsize: usize) -> Result<Extents, OutOfMemory> {
    let mut strides = extents(shape.iter().copied())?;
    let mut stride = itemsize as i64;
    for (d, extent) in shape.iter().enumerate().rev() {
        strides[d] = stride;
        stride = stride.saturating_mul(*extent);
    }
    Ok(strides)
}

/// Whether items of these extents and strides lie side by side in C order.
pub fn is_dense(shape: &[i64], strides: &[i64], itemsize: usize) -> bool {
    let mut expected = itemsize as i64;
    for (extent, stride) in shape.iter().zip(strides).rev() {
        if *extent != 1 {
            if *stride != expected {
                return false;
            }
            expected = expected.saturating_mul(*extent);
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: *mut u8 = std::ptr::without_provenance_mut(0x1000);

    #[test]
    fn spans_reach_from_the_lowest_item_to_the_highest() {
        let operand = Operand::strided(NOWHERE, 8, &[3, 4], &[-32, 8]).unwrap();
        assert_eq!(operand.span(), (0x1000 - 64, 0x1000 + 24 + 8));
        let empty = Operand::strided(NOWHERE, 8, &[3, 0], &[-32, 8]).unwrap();
        assert_eq!(empty.span(), (0x1000, 0x1000));
    }

    #[test]
    fn sizes_that_no_address_can_tell_are_refused() {
        let strided = |shape: &[i64], strides: &[i64]| Operand::strided(NOWHERE, 8, shape, strides).err();
        assert_eq!(strided(&[i64::MAX, 2], &[0, 0]), Some(OperandError::TooLarge));
        assert_eq!(strided(&[2], &[i64::MIN]), Some(OperandError::TooLarge));
        assert_eq!(strided(&[3], &[i64::MAX]), Some(OperandError::TooLarge));
        assert_eq!(strided(&[-1], &[8]), Some(OperandError::NegativeExtent));
        assert_eq!(strided(&[1; 33], &[8; 33]), Some(OperandError::TooManyDims));
        assert_eq!(strided(&[1 << 40], &[0]), None);
        assert_eq!(strided(&[i64::MAX, 0, i64::MAX], &[8, 8, 8]), None);
        assert_eq!(Operand::dense(NOWHERE, 8, &[1 << 40, 1 << 40]).err(), Some(OperandError::TooLarge));
    }

    #[test]
    fn extents_of_one_have_any_stride() {
        assert!(is_dense(&[2, 1, 3], &[24, 77, 8], 8));
        assert!(!is_dense(&[2, 3], &[8, 16], 8));
        assert!(is_dense(&[], &[], 8));
    }
}
