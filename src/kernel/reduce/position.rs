//! The position of the first smallest or largest item.
//!
//! Numbers are found by their extremum, which loops of vectors find, and then by its place, for which a piece is
//! only searched if it has a better one than those before. NaN wins; zeros of both signs are equal. Complex numbers
//! are in lexicographic order.

use super::extremum::Float;
use super::rows::{EvenRows, Table};
use crate::dtype::{Complex, Dtype};

/// A value, and its position among all items.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found<T> {
    pub value: T,
    pub position: usize,
}

/// Where the first item of some rows is that equals a value, or is NaN where that is.
///
/// # Safety
/// `items` is valid for reading the rows and the gap after each, as items of the search's type, and aligned for it.
pub(super) type Search<V> = unsafe fn(value: V, items: *const u8, rows: EvenRows) -> Option<usize>;

/// Items that are looked at together.
const BLOCK: usize = 64;

/// # Safety
/// As for [`Search`].
unsafe fn search<T: Copy, V: Copy>(
    value: V,
    items: *const u8,
    rows: EvenRows,
    is_it: impl Fn(T, V) -> bool,
) -> Option<usize> {
    // SAFETY: as the caller promises.
    let table = Table::new(unsafe { std::slice::from_raw_parts(items.cast::<T>(), rows.span()) }, rows);
    // A block without it is passed by a loop of vectors.
    let has_it = |block: &&[T]| block.iter().fold(false, |found, item| found | is_it(*item, value));
    let find = |row: usize| {
        let (start, block) =
            (0..).step_by(BLOCK).zip(table.row(row).chunks(BLOCK)).find(|(_, block)| has_it(block))?;
        let index = block.iter().position(|item| is_it(*item, value))?;
        Some(row * rows.items + start + index)
    };
    (0..rows.count).find_map(find)
}

/// # Safety
/// As for [`Search`].
unsafe fn search_floats<T: Float>(value: f64, items: *const u8, rows: EvenRows) -> Option<usize> {
    // SAFETY: the contract is the same.
    unsafe {
        match value.is_nan() {
            true => search(value, items, rows, |item: T, _| item.is_nan()),
            false => search(value, items, rows, |item: T, value| item.into() == value),
        }
    }
}

/// # Safety
/// As for [`Search`].
unsafe fn search_integers<T: Copy + PartialEq + TryFrom<i128>>(
    value: i128,
    items: *const u8,
    rows: EvenRows,
) -> Option<usize> {
    // SAFETY: the contract is the same.
    unsafe { search(T::try_from(value).ok()?, items, rows, |item: T, value| item == value) }
}

/// # Safety
/// As for [`Search`].
unsafe fn search_bools(value: i128, items: *const u8, rows: EvenRows) -> Option<usize> {
    // SAFETY: the contract is the same.
    unsafe { search(value, items, rows, |item: u8, value| i128::from(item != 0) == value) }
}

/// The search among integers of `dtype`; `None` for other dtypes.
pub(super) fn integers(dtype: Dtype) -> Option<Search<i128>> {
    Some(match dtype {
        Dtype::Bool => search_bools,
        Dtype::Int8 => search_integers::<i8>,
        Dtype::Int16 => search_integers::<i16>,
        Dtype::Int32 => search_integers::<i32>,
        Dtype::Int64 => search_integers::<i64>,
        Dtype::UInt8 => search_integers::<u8>,
        Dtype::UInt16 => search_integers::<u16>,
        Dtype::UInt32 => search_integers::<u32>,
        Dtype::UInt64 => search_integers::<u64>,
        Dtype::Float32 | Dtype::Float64 | Dtype::Complex64 | Dtype::Complex128 => return None,
        Dtype::String | Dtype::Bytes => return None,
    })
}

/// The search among floats of `dtype`; `None` for other dtypes.
pub(super) fn floats(dtype: Dtype) -> Option<Search<f64>> {
    match dtype {
        Dtype::Float32 => Some(search_floats::<f32>),
        Dtype::Float64 => Some(search_floats::<f64>),
        _ => None,
    }
}

/// The first extremum of complex numbers among those of some rows and `best`, with the rows from `position` on.
///
/// # Safety
/// `items` is valid for reading the rows and the gap after each, and aligned.
pub(super) type ComplexFold = unsafe fn(
    best: Option<Found<Complex<f64>>>,
    is_least: bool,
    items: *const u8,
    rows: EvenRows,
    position: usize,
) -> Option<Found<Complex<f64>>>;

/// # Safety
/// As for [`ComplexFold`].
unsafe fn complex_extremum<T: Copy + Into<f64>>(
    mut best: Option<Found<Complex<f64>>>,
    is_least: bool,
    items: *const u8,
    rows: EvenRows,
    position: usize,
) -> Option<Found<Complex<f64>>> {
    // SAFETY: as the caller promises.
    let memory = unsafe { std::slice::from_raw_parts(items.cast::<Complex<T>>(), rows.span()) };
    let table = Table::new(memory, rows);
    let all = (0..rows.count).flat_map(|row| table.row(row));
    for (index, item) in all.enumerate() {
        let value = Complex::new(item.re.into(), item.im.into());
        if best.is_none_or(|best| wins(value, best.value, is_least)) {
            best = Some(Found { value, position: position + index });
        }
    }
    best
}

/// The extremum of some items and of those after them, which begin at `before`.
pub(super) fn first_extremum(
    first: Option<Found<Complex<f64>>>,
    later: Option<Found<Complex<f64>>>,
    is_least: bool,
    before: usize,
) -> Option<Found<Complex<f64>>> {
    let Some(found) = later else { return first };
    match first {
        Some(best) if !wins(found.value, best.value, is_least) => first,
        _ => Some(Found { position: before + found.position, ..found }),
    }
}

/// Whether a number takes the place of another, which came before it.
fn wins(challenger: Complex<f64>, holder: Complex<f64>, is_least: bool) -> bool {
    let is_nan = |z: Complex<f64>| z.re.is_nan() || z.im.is_nan();
    if is_nan(holder) || is_nan(challenger) {
        return !is_nan(holder);
    }
    let (less, more) = if is_least { (challenger, holder) } else { (holder, challenger) };
    less.re < more.re || less.re == more.re && less.im < more.im
}

/// The fold of complex numbers of `dtype`; `None` for other dtypes.
pub(super) fn complex(dtype: Dtype) -> Option<ComplexFold> {
    match dtype {
        Dtype::Complex64 => Some(complex_extremum::<f32>),
        Dtype::Complex128 => Some(complex_extremum::<f64>),
        _ => None,
    }
}
