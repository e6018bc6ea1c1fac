//! Borrowed arrays with their type.

use std::marker::PhantomData;

use super::operand::{Extents, MAX_NDIM, OperandError, dense_strides, extents};
use super::{Item, Operand};
use crate::dtype::Dtype;
use crate::error::{Error, ErrorKind};
use crate::ir::Type;
use crate::memory::OutOfMemory;

/// An array to read: items of one type, in any number of dimensions and at any strides.
///
/// Made of a slice by `From`, with the extents of dimensions by [`ArrayRef::shaped`] or also with strides by
/// [`ArrayRef::strided`]; of fixed-width strings by [`ArrayRef::strings`]; of items whose dtype is known only at run time
/// by [`ArrayRef::from_bytes`] and [`ArrayRef::from_strided_bytes`].
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
    layout: Layout<'a>,
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
    layout: Layout<'a>,
    borrow: PhantomData<&'a mut [u8]>,
}

/// How the items of a view lie.
#[derive(Clone, Copy, Debug)]
enum Layout<'a> {
    /// In one dimension, side by side.
    Line(usize),
    /// Side by side in C order.
    Dense(&'a [usize]),
    /// With strides, in items.
    Strided(&'a [usize], &'a [isize]),
    /// With strides, in bytes.
    StridedBytes(&'a [usize], &'a [isize]),
}

impl Layout<'_> {
    /// Number of items; a layout has as many as memory at most, but for strides of zero.
    fn len(&self) -> usize {
        match self {
            Layout::Line(len) => *len,
            Layout::Dense(shape) | Layout::Strided(shape, _) | Layout::StridedBytes(shape, _) => {
                shape.iter().fold(1, |items: usize, extent| items.saturating_mul(*extent))
            }
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Layout::Line(len) => std::slice::from_ref(len),
            Layout::Dense(shape) | Layout::Strided(shape, _) | Layout::StridedBytes(shape, _) => shape,
        }
    }

    /// The array at `data` with this layout, whose items of `itemsize` bytes lie within an allocation.
    fn operand(&self, data: *mut u8, itemsize: usize) -> Result<Operand, OutOfMemory> {
        let shape = extents(self.shape().iter().map(|extent| *extent as i64))?;
        let strides: Extents = match self {
            Layout::Strided(_, strides) => {
                extents(strides.iter().map(|stride| (*stride as i64).wrapping_mul(itemsize as i64)))?
            }
            Layout::StridedBytes(_, strides) => extents(strides.iter().map(|stride| *stride as i64))?,
            Layout::Line(_) | Layout::Dense(_) => dense_strides(&shape, itemsize)?,
        };
        Ok(Operand { data, itemsize, shape, strides })
    }
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
    /// Items in C order, with the extents of dimensions.
    ///
    /// An error if there are more or fewer items, or more than 32 dimensions.
    ///
    /// ```
    /// use miniexpr::ArrayRef;
    ///
    /// let matrix = ArrayRef::shaped(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], &[2, 3])?;
    /// assert_eq!((matrix.shape(), matrix.len()), (&[2, 3][..], 6));
    /// assert!(ArrayRef::shaped(&[1.0], &[2]).is_err());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn shaped<T: Item>(items: &'a [T], shape: &'a [usize]) -> Result<ArrayRef<'a>, Error> {
        check_dense(items.len(), shape)?;
        Ok(ArrayRef::of(items, Layout::Dense(shape)))
    }

    /// Items with the extents of dimensions, and the distance along each from one item to the next, in items. The item
    /// whose indices are all zero is `items[first]`. A stride of zero repeats items.
    ///
    /// An error if an index leads to an item that is not there, if extents and strides differ in number, or if there are
    /// more than 32.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// // The transpose of a matrix of two rows, and its columns from the last to the first.
    /// let matrix = [1, 2, 3, 4, 5, 6];
    /// let (shape, strides) = ([3, 2], [-1, 3]);
    /// let turned = ArrayRef::strided(&matrix, 2, &shape, &strides)?;
    /// let copy = Expression::builder("a").variable("a", Dtype::Int32).compile()?;
    /// assert_eq!(copy.evaluate_to_vec::<i32>(&[turned])?, [3, 6, 2, 5, 1, 4]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn strided<T: Item>(
        items: &'a [T],
        first: usize,
        shape: &'a [usize],
        strides: &'a [isize],
    ) -> Result<ArrayRef<'a>, Error> {
        check_strided(items.len(), first, shape, strides)?;
        let layout = Layout::Strided(shape, strides);
        Ok(ArrayRef::of(items.get(first..).unwrap_or_default(), layout))
    }

    fn of<T: Item>(items: &'a [T], layout: Layout<'a>) -> ArrayRef<'a> {
        ArrayRef { data: items.as_ptr().cast(), ty: T::DTYPE.into(), layout, borrow: PhantomData }
    }

    /// Items along each dimension, the outermost first.
    ///
    /// ```
    /// # use miniexpr::ArrayRef;
    /// assert_eq!(ArrayRef::from(&[1u16, 2, 3]).shape(), [3]);
    /// ```
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

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
        Ok(ArrayRef { data: bytes.as_ptr(), ty, layout: Layout::Line(len), borrow: PhantomData })
    }

    /// Items of any dtype in C order, as the bytes in which files and other languages hold them: of `itemsize` bytes
    /// each, at any alignment, in the byte order of the machine. A byte of a bool that is not 0 reads as true.
    ///
    /// An error if `itemsize` is none of the dtype, if `bytes` is longer or shorter than the items of `shape`, or if
    /// there are more than 32 dimensions.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// let file = [1i16, -2, 300].map(i16::to_ne_bytes).concat();
    /// let column = ArrayRef::from_bytes(&file, Dtype::Int16, 2, &[3])?;
    /// let double = Expression::builder("2 * a").variable("a", Dtype::Int16).compile()?;
    /// assert_eq!(double.evaluate_to_vec::<i16>(&[column])?, [2, -4, 600]);
    /// assert!(ArrayRef::from_bytes(&file, Dtype::Int32, 4, &[2]).is_err());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn from_bytes(
        bytes: &'a [u8],
        dtype: Dtype,
        itemsize: usize,
        shape: &'a [usize],
    ) -> Result<ArrayRef<'a>, Error> {
        let ty = item_type(dtype, itemsize)?;
        check_dense(whole_items(bytes.len(), itemsize)?, shape)?;
        Ok(ArrayRef { data: bytes.as_ptr(), ty, layout: Layout::Dense(shape), borrow: PhantomData })
    }

    /// Items as those of [`ArrayRef::from_bytes`], with the distance along each dimension from one item to the next, in
    /// bytes. The item whose indices are all zero begins at `bytes[first]`.
    ///
    /// An error if `itemsize` is none of the dtype, if an index leads out of `bytes`, if extents and strides differ in
    /// number, or if there are more than 32.
    ///
    /// ```
    /// use miniexpr::{ArrayRef, Dtype, Expression};
    ///
    /// // The green bytes of three pixels.
    /// let pixels = [0u8, 10, 0, 0, 20, 0, 0, 30, 0];
    /// let green = ArrayRef::from_strided_bytes(&pixels, 1, Dtype::UInt8, 1, &[3], &[3])?;
    /// let mean = Expression::builder("mean(green)").variable("green", Dtype::UInt8).compile()?;
    /// assert_eq!(mean.evaluate_to_vec::<f64>(&[green])?, [20.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn from_strided_bytes(
        bytes: &'a [u8],
        first: usize,
        dtype: Dtype,
        itemsize: usize,
        shape: &'a [usize],
        strides: &'a [isize],
    ) -> Result<ArrayRef<'a>, Error> {
        let ty = item_type(dtype, itemsize)?;
        check_strided_bytes(bytes.len(), first, itemsize, shape, strides)?;
        let data = bytes.get(first..).unwrap_or_default().as_ptr();
        Ok(ArrayRef { data, ty, layout: Layout::StridedBytes(shape, strides), borrow: PhantomData })
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
        self.layout.len()
    }

    /// Whether there is no item.
    ///
    /// ```
    /// # use miniexpr::ArrayRef;
    /// assert!(ArrayRef::from(&[0f64; 0]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    /// The same array with the layout of the caller's checks.
    pub(crate) fn operand(&self) -> Result<Operand, OutOfMemory> {
        self.layout.operand(self.data.cast_mut(), self.ty.itemsize)
    }
}

impl<'a> ArrayMut<'a> {
    /// Room for items in C order, see [`ArrayRef::shaped`].
    ///
    /// ```
    /// use miniexpr::{ArrayMut, ArrayRef, Dtype, Expression};
    ///
    /// let outer = Expression::builder("a * b").variable("a", Dtype::Int32).variable("b", Dtype::Int32).compile()?;
    /// let column = ArrayRef::shaped(&[1, 2, 3], &[3, 1])?;
    /// let mut table = [0; 6];
    /// outer.evaluate(&[column, ArrayRef::from(&[10, 20])], ArrayMut::shaped(&mut table, &[3, 2])?)?;
    /// assert_eq!(table, [10, 20, 20, 40, 30, 60]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn shaped<T: Item>(items: &'a mut [T], shape: &'a [usize]) -> Result<ArrayMut<'a>, Error> {
        check_dense(items.len(), shape)?;
        Ok(ArrayMut::of(items, Layout::Dense(shape)))
    }

    /// Room for items with strides, see [`ArrayRef::strided`]. What lies between them is not written. An evaluation
    /// refuses strides by which two indices lead to one item.
    ///
    /// ```
    /// use miniexpr::{ArrayMut, ArrayRef, Dtype, Expression};
    ///
    /// let square = Expression::builder("a * a").variable("a", Dtype::Int32).compile()?;
    /// let mut items = [0; 6];
    /// square.evaluate(&[ArrayRef::from(&[1, 2, 3])], ArrayMut::strided(&mut items, 5, &[3], &[-2])?)?;
    /// assert_eq!(items, [0, 9, 0, 4, 0, 1]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn strided<T: Item>(
        items: &'a mut [T],
        first: usize,
        shape: &'a [usize],
        strides: &'a [isize],
    ) -> Result<ArrayMut<'a>, Error> {
        check_strided(items.len(), first, shape, strides)?;
        let layout = Layout::Strided(shape, strides);
        Ok(ArrayMut::of(items.get_mut(first..).unwrap_or_default(), layout))
    }

    fn of<T: Item>(items: &'a mut [T], layout: Layout<'a>) -> ArrayMut<'a> {
        ArrayMut { data: items.as_mut_ptr().cast(), ty: T::DTYPE.into(), layout, borrow: PhantomData }
    }

    /// Items along each dimension, the outermost first.
    ///
    /// ```
    /// # use miniexpr::ArrayMut;
    /// assert_eq!(ArrayMut::from(&mut [0u64; 2]).shape(), [2]);
    /// ```
    pub fn shape(&self) -> &[usize] {
        self.layout.shape()
    }

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
        Ok(ArrayMut { data: bytes.as_mut_ptr(), ty, layout: Layout::Line(len), borrow: PhantomData })
    }

    /// Room for items of any dtype in C order, see [`ArrayRef::from_bytes`].
    ///
    /// ```
    /// use miniexpr::{ArrayMut, ArrayRef, Dtype, Expression};
    ///
    /// let root = Expression::builder("sqrt(a)").variable("a", Dtype::Float32).compile()?;
    /// let mut bytes = [0; 8];
    /// root.evaluate(&[ArrayRef::from(&[4f32, 9.0])], ArrayMut::from_bytes(&mut bytes, root.dtype(), 4, &[2])?)?;
    /// assert_eq!(bytes[4..], 3f32.to_ne_bytes());
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn from_bytes(
        bytes: &'a mut [u8],
        dtype: Dtype,
        itemsize: usize,
        shape: &'a [usize],
    ) -> Result<ArrayMut<'a>, Error> {
        let ty = item_type(dtype, itemsize)?;
        check_dense(whole_items(bytes.len(), itemsize)?, shape)?;
        Ok(ArrayMut { data: bytes.as_mut_ptr(), ty, layout: Layout::Dense(shape), borrow: PhantomData })
    }

    /// Room for items of any dtype with strides in bytes, see [`ArrayRef::from_strided_bytes`]. An evaluation refuses
    /// strides by which two items share a byte.
    ///
    /// ```
    /// use miniexpr::{ArrayMut, ArrayRef, Dtype, Expression};
    ///
    /// let invert = Expression::builder("255 - a").variable("a", Dtype::UInt8).compile()?;
    /// let mut pixels = [0u8; 6];
    /// let red = ArrayMut::from_strided_bytes(&mut pixels, 0, Dtype::UInt8, 1, &[2], &[3])?;
    /// invert.evaluate(&[ArrayRef::from(&[5u8, 55])], red)?;
    /// assert_eq!(pixels, [250, 0, 0, 200, 0, 0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn from_strided_bytes(
        bytes: &'a mut [u8],
        first: usize,
        dtype: Dtype,
        itemsize: usize,
        shape: &'a [usize],
        strides: &'a [isize],
    ) -> Result<ArrayMut<'a>, Error> {
        let ty = item_type(dtype, itemsize)?;
        check_strided_bytes(bytes.len(), first, itemsize, shape, strides)?;
        let data = bytes.get_mut(first..).unwrap_or_default().as_mut_ptr();
        Ok(ArrayMut { data, ty, layout: Layout::StridedBytes(shape, strides), borrow: PhantomData })
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
        self.layout.len()
    }

    /// Whether there is no item.
    ///
    /// ```
    /// # use miniexpr::ArrayMut;
    /// assert!(!ArrayMut::from(&mut [0u64; 2]).is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn ty(&self) -> Type {
        self.ty
    }

    /// See [`ArrayRef::operand`].
    pub(crate) fn operand(&mut self) -> Result<Operand, OutOfMemory> {
        self.layout.operand(self.data, self.ty.itemsize)
    }
}

/// Whether `len` items are those of a shape.
fn check_dense(len: usize, shape: &[usize]) -> Result<(), Error> {
    check_ndim(shape)?;
    let items = shape.iter().try_fold(1usize, |items, extent| items.checked_mul(*extent));
    match items {
        _ if len == 0 && shape.contains(&0) => Ok(()),
        Some(items) if items == len => Ok(()),
        _ => Err(Error::new(ErrorKind::Shape, format_args!("{len} items do not have the shape {shape:?}"))),
    }
}

/// Whether all indices lead to one of `len` items.
fn check_strided(len: usize, first: usize, shape: &[usize], strides: &[isize]) -> Result<(), Error> {
    match is_within(len, first, 1, shape, strides)? {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Shape,
            format_args!(
                "the shape {shape:?} with strides {strides:?} reaches beyond {len} items from item {first}"
            ),
        )),
    }
}

/// Whether all indices lead to `itemsize` of `len` bytes.
fn check_strided_bytes(
    len: usize,
    first: usize,
    itemsize: usize,
    shape: &[usize],
    strides: &[isize],
) -> Result<(), Error> {
    match is_within(len, first, itemsize, shape, strides)? {
        true => Ok(()),
        false => Err(Error::new(
            ErrorKind::Shape,
            format_args!(
                "the shape {shape:?} with strides of {strides:?} bytes reaches beyond {len} bytes from byte {first}"
            ),
        )),
    }
}

/// Whether items of `size` units, at all indices, lie within `len` units.
fn is_within(
    len: usize,
    first: usize,
    size: usize,
    shape: &[usize],
    strides: &[isize],
) -> Result<bool, Error> {
    check_ndim(shape)?;
    if shape.len() != strides.len() {
        let (extents, strides) = (shape.len(), strides.len());
        return Err(Error::new(ErrorKind::Shape, format_args!("{extents} extents with {strides} strides")));
    }
    if shape.contains(&0) {
        return Ok(true);
    }
    let (mut low, mut high) = (first as i128, first as i128 + size as i128 - 1);
    for (extent, stride) in shape.iter().zip(strides) {
        // Neither sum leaves the range: there are 32 products of 127 bits at most, and those that large are refused.
        let reach = (*extent as i128 - 1) * *stride as i128;
        low = low.saturating_add(reach.min(0));
        high = high.saturating_add(reach.max(0));
    }
    let count = shape.iter().try_fold(1i64, |items, extent| items.checked_mul(i64::try_from(*extent).ok()?));
    Ok(low >= 0 && high < len as i128 && count.is_some())
}

fn check_ndim(shape: &[usize]) -> Result<(), Error> {
    match shape.len() <= MAX_NDIM {
        true => Ok(()),
        false => Err(OperandError::TooManyDims.into()),
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

/// The type of items of `itemsize` bytes, if there is one.
fn item_type(dtype: Dtype, itemsize: usize) -> Result<Type, Error> {
    match dtype {
        Dtype::String | Dtype::Bytes => string_type(dtype, itemsize),
        _ if itemsize == dtype.size() => Ok(dtype.into()),
        _ => Err(Error::new(
            ErrorKind::InvalidType,
            format_args!("items of dtype {dtype} take {} bytes, not {itemsize}", dtype.size()),
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
        ArrayRef::of(items, Layout::Line(items.len()))
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
        let layout = Layout::Line(items.len());
        ArrayMut::of(items, layout)
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
