//! Borrowed arrays with their type.

use std::marker::PhantomData;

use super::Item;
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind};
use crate::ir::Type;

/// An array to read: items of one type, side by side.
///
/// Made of a slice by `From`, or of fixed-width strings by [`ArrayRef::strings`].
///
/// ```
/// use miniexpr::{ArrayRef, Dtype};
///
/// let values = vec![1.5f32, 2.5];
/// let view = ArrayRef::from(&values);
/// assert_eq!((view.dtype(), view.itemsize(), view.len()), (Dtype::Float32, 4, 2));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a> {
    data: *const u8,
    ty: Type,
    len: usize,
    borrow: PhantomData<&'a [u8]>,
}

/// An array to write, as [`ArrayRef`] is one to read.
///
/// ```
/// use miniexpr::{ArrayMut, Dtype};
///
/// let mut values = [0i64; 3];
/// let view = ArrayMut::from(&mut values);
/// assert_eq!((view.dtype(), view.itemsize(), view.len()), (Dtype::Int64, 8, 3));
/// ```
#[derive(Debug)]
pub struct ArrayMut<'a> {
    data: *mut u8,
    ty: Type,
    len: usize,
    borrow: PhantomData<&'a mut [u8]>,
}

// SAFETY: a view is a shared slice of plain data.
unsafe impl Send for ArrayRef<'_> {}
// SAFETY: as above.
unsafe impl Sync for ArrayRef<'_> {}
// SAFETY: a view is an exclusive slice of plain data.
unsafe impl Send for ArrayMut<'_> {}
// SAFETY: as above.
unsafe impl Sync for ArrayMut<'_> {}

impl<'a> ArrayRef<'a> {
    /// Fixed-width strings, `itemsize` bytes each: [`Dtype::String`], code points of 4 bytes in the order of
    /// the machine, or [`Dtype::Bytes`]. Shorter values end in zero bytes, as in NumPy.
    ///
    /// An error if the dtype is another, `itemsize` is 0 or no multiple of the code unit, or `bytes` ends
    /// within an item.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype};
    ///
    /// let names = ArrayRef::strings(b"ab\0xyz", Dtype::Bytes, 3)?;
    /// assert_eq!((names.len(), names.itemsize()), (2, 3));
    /// assert!(ArrayRef::strings(b"ab\0xyz", Dtype::Bytes, 4).is_err());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn strings(bytes: &'a [u8], dtype: Dtype, itemsize: usize) -> Result<ArrayRef<'a>, Error> {
        let ty = string_type(dtype, itemsize)?;
        let len = whole_items(bytes.len(), itemsize)?;
        Ok(ArrayRef { data: bytes.as_ptr(), ty, len, borrow: PhantomData })
    }

    /// The dtype of the items.
    ///
    /// ```
    /// # use miniexpr::{ArrayRef, Dtype};
    /// assert_eq!(ArrayRef::from(&[true, false]).dtype(), Dtype::Bool);
    /// ```
    pub fn dtype(&self) -> Dtype {
        self.ty.dtype
    }

    /// Bytes of an item.
    ///
    /// ```
    /// # use miniexpr::ArrayRef;
    /// assert_eq!(ArrayRef::from(&[1u16, 2, 3]).itemsize(), 2);
    /// ```
    pub fn itemsize(&self) -> usize {
        self.ty.itemsize
    }

    /// Number of items.
    ///
    /// ```
    /// # use miniexpr::ArrayRef;
    /// assert_eq!(ArrayRef::from(&[1u16, 2, 3]).len(), 3);
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    ///
    /// ```
    /// # use miniexpr::ArrayRef;
    /// assert!(ArrayRef::from(&[0f64; 0]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    pub(crate) fn as_ptr(&self) -> *const u8 {
        self.data
    }
}

impl<'a> ArrayMut<'a> {
    /// Room for fixed-width strings, as [`ArrayRef::strings`] reads them.
    ///
    /// ```
    /// use miniexpr::{ArrayMut, Dtype};
    ///
    /// let mut room = [0u8; 32];
    /// let names = ArrayMut::strings(&mut room, Dtype::String, 16)?;
    /// assert_eq!(names.len(), 2);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn strings(bytes: &'a mut [u8], dtype: Dtype, itemsize: usize) -> Result<ArrayMut<'a>, Error> {
        let ty = string_type(dtype, itemsize)?;
        let len = whole_items(bytes.len(), itemsize)?;
        Ok(ArrayMut { data: bytes.as_mut_ptr(), ty, len, borrow: PhantomData })
    }

    /// The dtype of the items.
    ///
    /// ```
    /// # use miniexpr::{ArrayMut, Dtype};
    /// assert_eq!(ArrayMut::from(&mut [0u8; 2]).dtype(), Dtype::UInt8);
    /// ```
    pub fn dtype(&self) -> Dtype {
        self.ty.dtype
    }

    /// Bytes of an item.
    ///
    /// ```
    /// # use miniexpr::ArrayMut;
    /// assert_eq!(ArrayMut::from(&mut [0u64; 2]).itemsize(), 8);
    /// ```
    pub fn itemsize(&self) -> usize {
        self.ty.itemsize
    }

    /// Number of items.
    ///
    /// ```
    /// # use miniexpr::ArrayMut;
    /// assert_eq!(ArrayMut::from(&mut [0u64; 2]).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    ///
    /// ```
    /// # use miniexpr::ArrayMut;
    /// assert!(!ArrayMut::from(&mut [0u64; 2]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    pub(crate) fn as_mut_ptr(&mut self) -> *mut u8 {
        self.data
    }
}

/// The type of strings of `itemsize` bytes, if there is one.
fn string_type(dtype: Dtype, itemsize: usize) -> Result<Type, Error> {
    let ty = Type { dtype, itemsize };
    match dtype.is_string() && ty.has_whole_units() {
        true => Ok(ty),
        false => Err(Error::new(
            ErrorKind::InvalidType,
            format_args!("there are no strings of dtype {dtype} and {itemsize} bytes"),
        )),
    }
}

fn whole_items(bytes: usize, itemsize: usize) -> Result<usize, Error> {
    if bytes.is_multiple_of(itemsize) {
        return Ok(bytes / itemsize);
    }
    let message = format_args!("{bytes} bytes are no whole number of items of {itemsize} bytes");
    Err(Error::new(ErrorKind::Shape, message))
}

impl<'a, T: Item> From<&'a [T]> for ArrayRef<'a> {
    fn from(items: &'a [T]) -> ArrayRef<'a> {
        ArrayRef { data: items.as_ptr().cast(), ty: T::DTYPE.into(), len: items.len(), borrow: PhantomData }
    }
}

impl<'a, T: Item, const N: usize> From<&'a [T; N]> for ArrayRef<'a> {
    fn from(items: &'a [T; N]) -> ArrayRef<'a> {
        ArrayRef::from(&items[..])
    }
}

impl<'a, T: Item> From<&'a Vec<T>> for ArrayRef<'a> {
    fn from(items: &'a Vec<T>) -> ArrayRef<'a> {
        ArrayRef::from(&items[..])
    }
}

impl<'a, T: Item> From<&'a mut [T]> for ArrayMut<'a> {
    fn from(items: &'a mut [T]) -> ArrayMut<'a> {
        let len = items.len();
        ArrayMut { data: items.as_mut_ptr().cast(), ty: T::DTYPE.into(), len, borrow: PhantomData }
    }
}

impl<'a, T: Item, const N: usize> From<&'a mut [T; N]> for ArrayMut<'a> {
    fn from(items: &'a mut [T; N]) -> ArrayMut<'a> {
        ArrayMut::from(&mut items[..])
    }
}

impl<'a, T: Item> From<&'a mut Vec<T>> for ArrayMut<'a> {
    fn from(items: &'a mut Vec<T>) -> ArrayMut<'a> {
        ArrayMut::from(&mut items[..])
    }
}
