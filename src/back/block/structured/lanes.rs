//! Lists and masks of lanes.

/// A mask has one byte a lane, 0 or 1. Counts its ones.
pub fn count(mask: &[u8]) -> usize {
    // Bytes of a word add up without a carry for 255 words.
    let (words, rest) = mask.as_chunks::<8>();
    let mut total = 0;
    for group in words.chunks(255) {
        let sums = group.iter().fold(0u64, |sums, word| sums + u64::from_ne_bytes(*word));
        let pairs = (sums & 0x00ff_00ff_00ff_00ff) + (sums >> 8 & 0x00ff_00ff_00ff_00ff);
        total += (pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48) as usize;
    }
    total + rest.iter().map(|byte| usize::from(*byte)).sum::<usize>()
}

/// `left[i]` and the truth of `right[i]`, of which any byte but 0 is true: it may be an input.
pub fn and(left: &mut [u8], right: &[u8]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left &= u8::from(*right != 0));
}

/// `left[i] |= right[i]`.
pub fn or(left: &mut [u8], right: &[u8]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left |= *right);
}

/// `left[i] &= !right[i]`, on masks.
pub fn and_not(left: &mut [u8], right: &[u8]) {
    left.iter_mut().zip(right).for_each(|(left, right)| *left &= right ^ 1);
}

/// Writes the lanes of a mask to `list`, in ascending order, and returns how many there are. The list
/// has room for every lane.
pub fn list(mask: &[u8], list: &mut [u32]) -> usize {
    let mut len = 0;
    for (lane, bit) in mask.iter().enumerate() {
        list[len] = lane as u32;
        len += usize::from(*bit);
    }
    len
}

/// `out[k] = from[list[k]]` for elements of `itemsize` bytes.
///
/// # Safety
/// `from` has an element for each index of `list`; `out` has room for as many elements as `list`, and
/// is either `from` itself (the indices ascend) or does not overlap it. Both are aligned for elements
/// of up to 8 bytes.
pub unsafe fn gather(out: *mut u8, from: *const u8, list: &[u32], itemsize: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        match itemsize {
            1 => gather_of::<u8>(out, from, list),
            2 => gather_of::<u16>(out, from, list),
            4 => gather_of::<u32>(out, from, list),
            8 => gather_of::<u64>(out, from, list),
            _ => gather_bytes(out, from, list, itemsize),
        }
    }
}

/// # Safety
/// As [`gather`].
unsafe fn gather_of<T: Copy>(out: *mut u8, from: *const u8, list: &[u32]) {
    let (out, from) = (out.cast::<T>(), from.cast::<T>());
    for (k, &lane) in list.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe { out.add(k).write(from.add(lane as usize).read()) };
    }
}

/// # Safety
/// As [`gather`].
unsafe fn gather_bytes(out: *mut u8, from: *const u8, list: &[u32], itemsize: usize) {
    for (k, &lane) in list.iter().enumerate() {
        // SAFETY: as the caller promises.
        unsafe { out.add(k * itemsize).copy_from(from.add(lane as usize * itemsize), itemsize) };
    }
}

/// `out[to[lane]] = from[lane]` for the lanes of a list, elements of `itemsize` bytes; without `to`,
/// `out[lane]`.
///
/// # Safety
/// `from` has an element for each lane of `list`, `out` for each target; they do not overlap.
pub unsafe fn scatter(out: *mut u8, from: *const u8, list: &[u32], to: Option<&[u32]>, itemsize: usize) {
    for &lane in list {
        let target = to.map_or(lane, |to| to[lane as usize]) as usize;
        // SAFETY: as the caller promises.
        unsafe {
            let from = from.add(lane as usize * itemsize);
            out.add(target * itemsize).copy_from_nonoverlapping(from, itemsize);
        }
    }
}

/// `out[i] = values[0][i]` where the mask holds, else `values[1][i]`, elements of any size.
///
/// # Safety
/// The arrays hold `lanes` elements of `itemsize` bytes, the mask `lanes` bytes; `out` is distinct
/// from the others.
pub unsafe fn merge(out: *mut u8, mask: *const u8, values: [*const u8; 2], lanes: usize, itemsize: usize) {
    for lane in 0..lanes {
        // SAFETY: as the caller promises.
        unsafe {
            let from = if mask.add(lane).read() != 0 { values[0] } else { values[1] };
            out.add(lane * itemsize).copy_from_nonoverlapping(from.add(lane * itemsize), itemsize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_long_masks() {
        for len in [0, 1, 7, 8, 9, 64, 2039, 2040, 2041, 5000] {
            let mask: Vec<u8> = (0..len).map(|i| u8::from(i % 3 != 0)).collect();
            assert_eq!(count(&mask), mask.iter().filter(|b| **b == 1).count(), "{len}");
            assert_eq!(count(&vec![1; len]), len);
        }
    }

    #[test]
    fn lists_the_lanes_of_a_mask() {
        let mut lanes = [9; 5];
        assert_eq!(list(&[1, 0, 1, 1, 0], &mut lanes), 3);
        assert_eq!(lanes[..3], [0, 2, 3]);
        assert_eq!(list(&[1; 5], &mut lanes), 5);
        assert_eq!(lanes, [0, 1, 2, 3, 4]);
        assert_eq!(list(&[0; 5], &mut lanes), 0);
    }
}
