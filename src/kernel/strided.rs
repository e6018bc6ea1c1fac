//! Copies of items that do not lie side by side: one item many times, every second, third or fourth item, and
//! transposed tables.

use std::marker::PhantomData;

use super::Kernel;
use super::elementwise::{Loop, compiled};
use super::level::Level;
use super::stream::LINE;

/// Every `STEP`th element of type `T`.
struct StepLoop<T, const STEP: usize>(PhantomData<T>);

impl<T: Copy, const STEP: usize> Loop for StepLoop<T, STEP> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
        let (out, a) = (out.cast::<T>(), a.cast::<T>());
        for item in 0..n {
            // SAFETY: the kernel contract: `n` elements at `out`, and at `a` as many steps.
            unsafe { out.add(item).write_unaligned(a.add(item * STEP).read_unaligned()) };
        }
    }
}

/// The one element of type `T` at `a`.
struct RepeatLoop<T>(PhantomData<T>);

impl<T: Copy> Loop for RepeatLoop<T> {
    #[inline(always)]
    unsafe fn run(out: *mut u8, a: *const u8, _b: *const u8, _c: *const u8, n: usize) {
        // SAFETY: the kernel contract: `n` elements at `out`, and one at `a`.
        unsafe {
            let value = a.cast::<T>().read_unaligned();
            for item in 0..n {
                out.cast::<T>().add(item).write_unaligned(value);
            }
        }
    }
}

/// The kernel `out[i] = *a` for items of `itemsize` bytes at any alignment; `None` for sizes that no number has.
pub fn repeat_item(itemsize: usize, level: Level) -> Option<Kernel> {
    match itemsize {
        1 => Some(compiled::<RepeatLoop<u8>>(level)),
        2 => Some(compiled::<RepeatLoop<u16>>(level)),
        4 => Some(compiled::<RepeatLoop<u32>>(level)),
        8 => Some(compiled::<RepeatLoop<u64>>(level)),
        16 => Some(compiled::<RepeatLoop<[u64; 2]>>(level)),
        _ => None,
    }
}

/// The kernel `out[i] = a[i * step]` for items of `itemsize` bytes at any alignment; `None` for other sizes and steps than
/// those that vectors help.
pub fn gather_steps(itemsize: usize, step: usize, level: Level) -> Option<Kernel> {
    // With AVX-512, the compiler reads every second line first and then those between, which memory is slower at.
    let level = level.min(Level::Avx2);
    match (itemsize, step) {
        (4, 2) => Some(compiled::<StepLoop<u32, 2>>(level)),
        (4, 3) => Some(compiled::<StepLoop<u32, 3>>(level)),
        (4, 4) => Some(compiled::<StepLoop<u32, 4>>(level)),
        (8, 2) => Some(compiled::<StepLoop<u64, 2>>(level)),
        (8, 3) => Some(compiled::<StepLoop<u64, 3>>(level)),
        (8, 4) => Some(compiled::<StepLoop<u64, 4>>(level)),
        _ => None,
    }
}

/// A table whose rows are `stride` bytes apart; the items of a row lie side by side.
#[derive(Clone, Copy, Debug)]
pub struct Rows<P> {
    pub start: P,
    pub stride: isize,
}

/// Copies item `(row, column)` of `from` to `(column, row)` of `to`, for items of `itemsize` bytes at any alignment; false, with
/// nothing done, for other sizes than 4 and 8.
///
/// # Safety
/// `from` has the rows and columns, readable; `to` has the columns as rows, writable; they share no byte. The machine
/// supports the level.
pub unsafe fn transpose(
    to: Rows<*mut u8>,
    from: Rows<*const u8>,
    rows: usize,
    columns: usize,
    itemsize: usize,
    level: Level,
) -> bool {
    #[cfg(not(target_arch = "x86_64"))]
    let _ = level;
    // SAFETY: as the caller promises, for items of these sizes.
    unsafe {
        match itemsize {
            #[cfg(target_arch = "x86_64")]
            4 | 8 if level >= Level::Avx2 => avx2::transpose(to, from, rows, columns, itemsize),
            4 => transpose_by::<u32, 4>(to, from, rows, columns, square_of_4),
            8 => transpose_by::<u64, 2>(to, from, rows, columns, square_of_2),
            _ => return false,
        }
    }
    true
}

/// Asks for the line of the caches that holds an address, which may be any.
#[inline(always)]
pub fn prefetch(address: *const u8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, which does not fault.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Asks for the first lines of the caches of some bytes, all of them if they are few.
#[inline(always)]
pub fn prefetch_bytes(start: *const u8, bytes: usize) {
    for byte in (0..bytes.min(MOST_PREFETCHED)).step_by(LINE) {
        prefetch(start.wrapping_add(byte));
    }
}
/// Bytes that are asked for at once.
const MOST_PREFETCHED: usize = 4096;
/// Rows from one that is read to one that is asked for.
const AHEAD: usize = 16;

/// Transposes squares of `N` rows and columns by `square`, and what is left item by item.
///
/// # Safety
/// As [`transpose`], for items of type `T`; `square` transposes a square.
#[inline(always)]
unsafe fn transpose_by<T: Copy, const N: usize>(
    to_rows: Rows<*mut u8>,
    from_rows: Rows<*const u8>,
    rows: usize,
    columns: usize,
    square: unsafe fn(Rows<*mut u8>, Rows<*const u8>),
) {
    let size = size_of::<T>();
    let at_to = |row: usize, column: usize| {
        to_rows.start.wrapping_offset(column as isize * to_rows.stride).wrapping_add(row * size)
    };
    let at_from = |row: usize, column: usize| {
        from_rows.start.wrapping_offset(row as isize * from_rows.stride).wrapping_add(column * size)
    };
    let copy_items = |rows: std::ops::Range<usize>, columns: std::ops::Range<usize>| {
        for row in rows {
            for column in columns.clone() {
                // SAFETY: as the caller promises.
                unsafe {
                    let value = at_from(row, column).cast::<T>().read_unaligned();
                    at_to(row, column).cast::<T>().write_unaligned(value);
                }
            }
        }
    };
    let (whole_rows, whole_columns) = (rows / N * N, columns / N * N);
    for row in (0..whole_rows).step_by(N) {
        // Each row lies in another page, perhaps: the processor does not see them coming.
        for ahead in row + AHEAD..row + AHEAD + N {
            prefetch_bytes(at_from(ahead, 0), columns * size);
        }
        for column in (0..whole_columns).step_by(N) {
            let (to, from) = (at_to(row, column), at_from(row, column));
            // SAFETY: as the caller promises; the square lies inside both tables.
            unsafe { square(Rows { start: to, ..to_rows }, Rows { start: from, ..from_rows }) };
        }
    }
    copy_items(0..whole_rows, whole_columns..columns);
    copy_items(whole_rows..rows, 0..columns);
}

/// # Safety
/// As [`transpose`], for four rows and columns of 4 bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn square_of_4(to: Rows<*mut u8>, from: Rows<*const u8>) {
    use std::arch::x86_64::*;
    // SAFETY: as the caller promises; every x86-64 processor has these instructions.
    unsafe {
        let row = |row: isize| _mm_loadu_si128(from.start.offset(row * from.stride).cast());
        let (a, b, c, d) = (row(0), row(1), row(2), row(3));
        let (ab, cd) = (_mm_unpacklo_epi32(a, b), _mm_unpacklo_epi32(c, d));
        let (high_ab, high_cd) = (_mm_unpackhi_epi32(a, b), _mm_unpackhi_epi32(c, d));
        let store =
            |column: isize, values| _mm_storeu_si128(to.start.offset(column * to.stride).cast(), values);
        store(0, _mm_unpacklo_epi64(ab, cd));
        store(1, _mm_unpackhi_epi64(ab, cd));
        store(2, _mm_unpacklo_epi64(high_ab, high_cd));
        store(3, _mm_unpackhi_epi64(high_ab, high_cd));
    }
}

/// # Safety
/// As [`transpose`], for two rows and columns of 8 bytes.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
unsafe fn square_of_2(to: Rows<*mut u8>, from: Rows<*const u8>) {
    use std::arch::x86_64::*;
    // SAFETY: as the caller promises; every x86-64 processor has these instructions.
    unsafe {
        let a = _mm_loadu_si128(from.start.cast());
        let b = _mm_loadu_si128(from.start.offset(from.stride).cast());
        _mm_storeu_si128(to.start.cast(), _mm_unpacklo_epi64(a, b));
        _mm_storeu_si128(to.start.offset(to.stride).cast(), _mm_unpackhi_epi64(a, b));
    }
}

/// # Safety
/// As [`transpose`], for four rows and columns of 4 bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn square_of_4(to: Rows<*mut u8>, from: Rows<*const u8>) {
    // SAFETY: as the caller promises.
    unsafe { square::<u32, 4>(to, from) };
}

/// # Safety
/// As [`transpose`], for two rows and columns of 8 bytes.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn square_of_2(to: Rows<*mut u8>, from: Rows<*const u8>) {
    // SAFETY: as the caller promises.
    unsafe { square::<u64, 2>(to, from) };
}

/// # Safety
/// As [`transpose`], for `N` rows and columns.
#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
unsafe fn square<T: Copy, const N: usize>(to: Rows<*mut u8>, from: Rows<*const u8>) {
    // SAFETY: as the caller promises.
    unsafe {
        let rows: [[T; N]; N] = std::array::from_fn(|row| {
            from.start.offset(row as isize * from.stride).cast::<[T; N]>().read_unaligned()
        });
        for column in 0..N {
            let values: [T; N] = std::array::from_fn(|row| rows[row][column]);
            to.start.offset(column as isize * to.stride).cast::<[T; N]>().write_unaligned(values);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::*;

    use super::{Rows, transpose_by};

    /// # Safety
    /// As [`super::transpose`], for items of 4 or 8 bytes, on a machine with AVX2.
    #[target_feature(enable = "avx2")]
    pub unsafe fn transpose(
        to: Rows<*mut u8>,
        from: Rows<*const u8>,
        rows: usize,
        columns: usize,
        itemsize: usize,
    ) {
        // SAFETY: as the caller promises.
        unsafe {
            match itemsize {
                4 => transpose_by::<u32, 8>(to, from, rows, columns, square_of_8),
                _ => transpose_by::<u64, 4>(to, from, rows, columns, square_of_4),
            }
        }
    }

    /// Writes the rows of a square, given its upper and its lower half, in each of which two rows share a vector: `HALF`
    /// rows apart.
    ///
    /// # Safety
    /// There are that many rows to write, on a machine with AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn store<const HALF: usize>(to: Rows<*mut u8>, upper: [__m256i; HALF], lower: [__m256i; HALF]) {
        let at = |row: usize| to.start.wrapping_offset(row as isize * to.stride).cast();
        for (row, (upper, lower)) in upper.into_iter().zip(lower).enumerate() {
            // SAFETY: as the caller promises.
            unsafe {
                _mm256_storeu_si256(at(row), _mm256_permute2x128_si256::<0x20>(upper, lower));
                _mm256_storeu_si256(at(row + HALF), _mm256_permute2x128_si256::<0x31>(upper, lower));
            }
        }
    }

    /// # Safety
    /// As [`super::transpose`], for eight rows and columns of 4 bytes, on a machine with AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn square_of_8(to: Rows<*mut u8>, from: Rows<*const u8>) {
        // SAFETY: as the caller promises.
        let row = |row: isize| unsafe { _mm256_loadu_si256(from.start.offset(row * from.stride).cast()) };
        let half = |first: isize| {
            let (a, b, c, d) = (row(first), row(first + 1), row(first + 2), row(first + 3));
            let (ab, cd) = (_mm256_unpacklo_epi32(a, b), _mm256_unpacklo_epi32(c, d));
            let (high_ab, high_cd) = (_mm256_unpackhi_epi32(a, b), _mm256_unpackhi_epi32(c, d));
            [
                _mm256_unpacklo_epi64(ab, cd),
                _mm256_unpackhi_epi64(ab, cd),
                _mm256_unpacklo_epi64(high_ab, high_cd),
                _mm256_unpackhi_epi64(high_ab, high_cd),
            ]
        };
        // SAFETY: as the caller promises.
        unsafe { store(to, half(0), half(4)) };
    }

    /// # Safety
    /// As [`super::transpose`], for four rows and columns of 8 bytes, on a machine with AVX2.
    #[inline]
    #[target_feature(enable = "avx2")]
    unsafe fn square_of_4(to: Rows<*mut u8>, from: Rows<*const u8>) {
        // SAFETY: as the caller promises.
        let row = |row: isize| unsafe { _mm256_loadu_si256(from.start.offset(row * from.stride).cast()) };
        let half = |first: isize| {
            let (a, b) = (row(first), row(first + 1));
            [_mm256_unpacklo_epi64(a, b), _mm256_unpackhi_epi64(a, b)]
        };
        // SAFETY: as the caller promises.
        unsafe { store(to, half(0), half(2)) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_transposed_whole() {
        let from: Vec<u8> = (0..4096).map(|index| (index * 31 % 253) as u8).collect();
        for (level, itemsize) in Level::all_supported().flat_map(|level| [(level, 4), (level, 8)]) {
            for rows in [0, 1, 2, 3, 4, 5, 8, 9, 19] {
                for columns in [0, 1, 2, 4, 7, 8, 17] {
                    let (from_stride, to_stride) = (columns * itemsize + 5, rows * itemsize + 3);
                    let mut to = vec![0xEE; 4096];
                    let mut expected = to.clone();
                    for row in 0..rows {
                        for column in 0..columns {
                            let source = 7 + row * from_stride + column * itemsize;
                            let target = 11 + column * to_stride + row * itemsize;
                            expected[target..target + itemsize]
                                .copy_from_slice(&from[source..source + itemsize]);
                        }
                    }
                    // SAFETY: both tables lie in their arrays.
                    let done = unsafe {
                        let to = Rows { start: to.as_mut_ptr().add(11), stride: to_stride as isize };
                        let from = Rows { start: from.as_ptr().add(7), stride: from_stride as isize };
                        transpose(to, from, rows, columns, itemsize, level)
                    };
                    assert!(done);
                    assert_eq!(to, expected, "{rows} {columns} {itemsize}");
                }
            }
        }
    }

    #[test]
    fn items_are_repeated() {
        let from: Vec<u8> = (1..=40).collect();
        for itemsize in [1, 2, 4, 8, 16] {
            let kernel = repeat_item(itemsize, Level::current()).unwrap();
            for n in [0, 1, 3, 16, 61] {
                let mut to = vec![0xEE; 1024];
                let mut expected = to.clone();
                expected[5..5 + n * itemsize].copy_from_slice(&from[3..3 + itemsize].repeat(n));
                let (out, a) = (to[5..].as_mut_ptr(), from[3..].as_ptr());
                // SAFETY: both arrays hold the items.
                unsafe { kernel(out, a, a, a, n) };
                assert_eq!(to, expected, "{itemsize} {n}");
            }
        }
        assert!(repeat_item(3, Level::current()).is_none());
    }

    #[test]
    fn steps_take_their_items() {
        let from: Vec<u8> = (0..4096).map(|index| (index * 31 % 253) as u8).collect();
        for (itemsize, step) in [(4, 2), (4, 3), (4, 4), (8, 2), (8, 3), (8, 4)] {
            let kernel = gather_steps(itemsize, step, Level::current()).unwrap();
            for n in [0, 1, 3, 16, 61] {
                let mut to = vec![0xEE; 1024];
                let mut expected = to.clone();
                for item in 0..n {
                    let source = 3 + item * step * itemsize;
                    expected[5 + item * itemsize..][..itemsize]
                        .copy_from_slice(&from[source..source + itemsize]);
                }
                let (out, a) = (to[5..].as_mut_ptr(), from[3..].as_ptr());
                // SAFETY: both arrays hold the items.
                unsafe { kernel(out, a, a, a, n) };
                assert_eq!(to, expected, "{itemsize} {step} {n}");
            }
        }
        assert!(gather_steps(2, 2, Level::current()).is_none());
    }
}
