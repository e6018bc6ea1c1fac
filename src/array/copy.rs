//! Copies between boxes of items that lie differently.

use smallvec::SmallVec;

use crate::kernel::Kernel;
use crate::kernel::level::Level;
use crate::kernel::strided::{Rows, gather_steps, repeat_item, transpose};

/// One loop of a copy: its steps, and the bytes that each goes in both arrays.
#[derive(Clone, Copy, Debug)]
struct Loop {
    extent: usize,
    to: isize,
    from: isize,
}

/// Loops of a copy; a box has at most [`MAX_NDIM`](super::operand::MAX_NDIM).
type Loops = SmallVec<[Loop; 4]>;

/// Copies a box of items of `itemsize` bytes from one array to another, given the strides of both in bytes.
///
/// # Safety
/// Both arrays hold the box, and no item of `to` shares bytes with one of `from`.
pub unsafe fn copy_box(
    (to, to_strides): (*mut u8, &[i64]),
    (from, from_strides): (*const u8, &[i64]),
    extents: &[i64],
    itemsize: usize,
) {
    if extents.contains(&0) {
        return;
    }
    let mut loops = Loops::new();
    for ((extent, to), from) in extents.iter().zip(to_strides).zip(from_strides) {
        add(&mut loops, Loop { extent: *extent as usize, to: *to as isize, from: *from as isize });
    }
    sort(&mut loops);
    let single = Loop { extent: 1, to: 0, from: 0 };
    let inner = loops.pop().unwrap_or(single);
    let outer = loops.pop().unwrap_or(single);
    let planes = loops.iter().map(|step| step.extent).product();
    for plane in 0..planes {
        let (mut rest, mut to, mut from) = (plane, to, from);
        for step in loops.iter().rev() {
            let index = (rest % step.extent) as isize;
            rest /= step.extent;
            to = to.wrapping_offset(index * step.to);
            from = from.wrapping_offset(index * step.from);
        }
        // SAFETY: as the caller promises, of a part of the box.
        unsafe { copy_plane(to, from, outer, inner, itemsize) };
    }
}

/// One end of the copy of a row: the first item, and the bytes from one to the next.
#[derive(Clone, Copy, Debug)]
pub struct RowEnd {
    pub start: *mut u8,
    pub stride: isize,
}

/// Copies a row of `items` items of `itemsize` bytes.
///
/// # Safety
/// As [`copy_box`].
pub unsafe fn copy_row(to: RowEnd, from: RowEnd, items: usize, itemsize: usize) {
    let single = Loop { extent: 1, to: 0, from: 0 };
    let row = Loop { extent: items, to: to.stride, from: from.stride };
    // SAFETY: as the caller promises.
    unsafe { copy_plane(to.start, from.start, single, row, itemsize) };
}

/// Adds a loop inside the others, as part of the innermost where it continues that.
fn add(loops: &mut Loops, inner: Loop) {
    if inner.extent == 1 {
        return;
    }
    if let Some(outer) = loops.last_mut() {
        let extent = inner.extent as isize;
        if outer.to == inner.to * extent && outer.from == inner.from * extent {
            *outer = Loop { extent: outer.extent * inner.extent, ..inner };
            return;
        }
    }
    loops.push(inner);
}

/// Puts loops with short steps inside, so that a line of the caches is used up before the next: of one array the
/// steps are short anyway, and those of the other decide.
fn sort(loops: &mut Loops) {
    let distance = |step: &Loop| step.to.unsigned_abs().max(step.from.unsigned_abs());
    for end in 1..loops.len() {
        let mut d = end;
        while d > 0 && distance(&loops[d]) > distance(&loops[d - 1]) {
            loops.swap(d, d - 1);
            d -= 1;
        }
    }
}

/// Copies the items of two loops.
///
/// # Safety
/// As [`copy_box`].
unsafe fn copy_plane(to: *mut u8, from: *const u8, outer: Loop, inner: Loop, itemsize: usize) {
    let size = itemsize as isize;
    // SAFETY: as the caller promises; the types have the size of an item, and are read and written at any alignment.
    unsafe {
        if outer.to == size && inner.from == size {
            let (to, from) = (Rows { start: to, stride: inner.to }, Rows { start: from, stride: outer.from });
            if transpose(to, from, outer.extent, inner.extent, itemsize, Level::current()) {
                return;
            }
        }
        match itemsize {
            1 => copy_items::<u8>(to, from, outer, inner),
            2 => copy_items::<u16>(to, from, outer, inner),
            4 => copy_items::<u32>(to, from, outer, inner),
            8 => copy_items::<u64>(to, from, outer, inner),
            16 => copy_items::<u128>(to, from, outer, inner),
            _ => copy_rows(to, from, outer, inner, |to, from| {
                to.copy_from_nonoverlapping(from, itemsize);
            }),
        }
    }
}

/// # Safety
/// As [`copy_box`], for items of the size of `T`.
unsafe fn copy_items<T: Copy>(to: *mut u8, from: *const u8, outer: Loop, inner: Loop) {
    let size = size_of::<T>() as isize;
    let starts = (0..outer.extent as isize)
        .map(|step| (to.wrapping_offset(step * outer.to), from.wrapping_offset(step * outer.from)));
    // SAFETY: as the caller promises.
    unsafe {
        if inner.to == size && inner.from == size {
            let bytes = inner.extent * size as usize;
            starts.for_each(|(to, from)| to.copy_from_nonoverlapping(from, bytes));
        } else if inner.to == size && inner.from == 0 {
            starts.for_each(|(to, from)| repeat(to, from, inner.extent, size_of::<T>()));
        } else if let Some(gather) = gather(inner.from, size_of::<T>()).filter(|_| inner.to == size) {
            starts.for_each(|(to, from)| gather(to, from, from, from, inner.extent));
        } else {
            copy_rows(to, from, outer, inner, |to, from| {
                to.cast::<T>().write_unaligned(from.cast::<T>().read_unaligned());
            });
        }
    }
}

/// Fills `to` with `items` times the item at `from`.
///
/// # Safety
/// `from` is an item of `itemsize` bytes that can be read, `to` has room for as many, and they do not overlap.
pub unsafe fn repeat(to: *mut u8, from: *const u8, items: usize, itemsize: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        match repeat_item(itemsize, Level::current()) {
            Some(kernel) => kernel(to, from, from, from, items),
            None => {
                for item in 0..items {
                    to.add(item * itemsize).copy_from_nonoverlapping(from, itemsize);
                }
            }
        }
    }
}

/// The vector kernel that takes items that are `step` bytes apart side by side, if there is one.
pub fn gather(step: isize, itemsize: usize) -> Option<Kernel> {
    let (step, itemsize) = (usize::try_from(step).ok()?, itemsize.max(1));
    gather_steps(itemsize, step / itemsize, Level::current()).filter(|_| step % itemsize == 0)
}

/// Calls `copy` with the addresses of each item.
#[inline(always)]
fn copy_rows(to: *mut u8, from: *const u8, outer: Loop, inner: Loop, copy: impl Fn(*mut u8, *const u8)) {
    for row in 0..outer.extent as isize {
        let (mut to, mut from) = (to.wrapping_offset(row * outer.to), from.wrapping_offset(row * outer.from));
        for _ in 0..inner.extent {
            copy(to, from);
            to = to.wrapping_offset(inner.to);
            from = from.wrapping_offset(inner.from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Boxes of up to three dimensions between arrays whose strides are permuted, stretched and negative.
    #[test]
    fn boxes_arrive_whole() {
        for itemsize in [1usize, 2, 3, 4, 8, 12, 16] {
            for shape in [[1, 1, 1], [2, 3, 4], [5, 1, 3], [7, 2, 1], [3, 3, 0]] {
                for (case, order) in [[0, 1, 2], [2, 1, 0], [1, 0, 2], [2, 0, 1]].into_iter().enumerate() {
                    for step in [1i64, 2, -1, 0] {
                        check(itemsize, &shape, &order, step, case % 2 == 1);
                    }
                }
            }
        }
    }

    /// Copies from an array that is walked in `order`, `step` items at a time, to a dense one, or the other way.
    fn check(itemsize: usize, shape: &[i64; 3], order: &[usize; 3], step: i64, gathers: bool) {
        let size = itemsize as i64;
        let mut strides = [0; 3];
        let mut stride = size * step;
        for &d in order.iter().rev() {
            strides[d] = stride;
            stride *= shape[d].max(1);
        }
        let dense = [shape[1] * shape[2] * size, shape[2] * size, size];
        let middle = 4096i64;
        let memory: Vec<u8> = (0..8192).map(|index| (index * 7 % 251) as u8).collect();
        let (mut to, base) = (vec![0xEEu8; 8192], middle as usize);
        let mut expected = to.clone();
        let (to_strides, from_strides) =
            if gathers || step == 0 { (dense, strides) } else { (strides, dense) };
        for i in 0..shape[0] {
            for j in 0..shape[1] {
                for k in 0..shape[2] {
                    let at = |s: [i64; 3]| (middle + i * s[0] + j * s[1] + k * s[2]) as usize;
                    let (target, source) = (at(to_strides), at(from_strides));
                    expected[target..target + itemsize].copy_from_slice(&memory[source..source + itemsize]);
                }
            }
        }
        // SAFETY: the boxes lie in the middle of both arrays.
        unsafe {
            let (to, from) = (to.as_mut_ptr().add(base), memory.as_ptr().add(base));
            copy_box((to, &to_strides), (from, &from_strides), shape, itemsize);
        }
        assert_eq!(to, expected, "{itemsize} {shape:?} {order:?} {step}");
    }
}
