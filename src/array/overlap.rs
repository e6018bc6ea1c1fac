//! Which arrays share memory.

use super::operand::Operand;
use crate::memory::{OutOfMemory, TryGrow};

/// Whether two items of an array share bytes. Arrays of many items in an unusual order of strides may be taken for
/// such: strides that are larger than all that smaller ones reach are known to be fine.
pub fn overlaps_itself(array: &Operand) -> Result<bool, OutOfMemory> {
    if array.is_empty() {
        return Ok(false);
    }
    let mut dims: smallvec::SmallVec<[(u64, i64); 6]> = smallvec::SmallVec::new();
    dims.try_reserve(array.shape.len()).map_err(|_| OutOfMemory)?;
    let loops = array.shape.iter().zip(&array.strides).filter(|(extent, _)| **extent > 1);
    dims.extend(loops.map(|(extent, stride)| (stride.unsigned_abs(), *extent)));
    dims.sort_unstable();
    let mut reached = array.itemsize as u64;
    let is_nested = dims.iter().all(|(stride, extent)| {
        let is_beyond = *stride >= reached;
        reached = reached.saturating_add(stride.saturating_mul(*extent as u64 - 1));
        is_beyond
    });
    if is_nested {
        return Ok(false);
    }
    match array.items() {
        items if items <= MOST_COMPARED => share_bytes(array, items),
        _ => Ok(true),
    }
}

/// Most items whose addresses are compared one by one.
const MOST_COMPARED: usize = 1 << 16;

/// Whether two of the `items` items share bytes, by looking at them all.
fn share_bytes(array: &Operand, items: usize) -> Result<bool, OutOfMemory> {
    let mut offsets = Vec::new();
    offsets.try_reserve_exact(items)?;
    for item in 0..items as i64 {
        let (mut rest, mut offset) = (item, 0i64);
        for (extent, stride) in array.shape.iter().zip(&array.strides).rev() {
            offset += rest % extent * stride;
            rest /= extent;
        }
        offsets.try_push(offset)?;
    }
    offsets.sort_unstable();
    Ok(offsets.windows(2).any(|pair| pair[1] - pair[0] < array.itemsize as i64))
}

/// How an input lies to the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// No byte is shared.
    Apart,
    /// Every item lies where the output's item of the same indices does.
    Same,
    /// Some items lie where others of the output do.
    Mixed,
}

/// How `input` lies relative to `output`. Interleaved arrays are recognised as disjoint where all strides are multiples of one distance.
pub fn relation(input: &Operand, output: &Operand) -> Relation {
    let ((low, high), (output_low, output_high)) = (input.span(), output.span());
    if high <= output_low || output_high <= low || low == high || output_low == output_high {
        return Relation::Apart;
    }
    if is_same(input, output) {
        return Relation::Same;
    }
    let steps = |array: &Operand| {
        let loops = array.shape.iter().zip(&array.strides).filter(|(extent, _)| **extent > 1);
        loops.fold(0, |common, (_, stride)| gcd(common, stride.unsigned_abs()))
    };
    let common = gcd(steps(input), steps(output));
    if common == 0 {
        return Relation::Mixed;
    }
    let distance = (input.data.addr() as i128 - output.data.addr() as i128).rem_euclid(i128::from(common));
    let is_between =
        distance >= output.itemsize as i128 && i128::from(common) - distance >= input.itemsize as i128;
    if is_between { Relation::Apart } else { Relation::Mixed }
}

fn is_same(input: &Operand, output: &Operand) -> bool {
    let strides = input.strides.iter().zip(&output.strides).zip(&output.shape);
    input.data == output.data
        && input.itemsize == output.itemsize
        && input.shape == output.shape
        && strides.into_iter().all(|((input, output), extent)| *extent == 1 || input == output)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::random::Random;

    fn array(address: usize, itemsize: usize, shape: &[i64], strides: &[i64]) -> Operand {
        Operand::strided(std::ptr::without_provenance_mut(address), itemsize, shape, strides).unwrap()
    }

    /// Addresses of all bytes.
    fn bytes(array: &Operand) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for item in 0..array.items() {
            let (mut rest, mut address) = (item as i64, array.data.addr() as i64);
            for (extent, stride) in array.shape.iter().zip(&array.strides).rev() {
                address += rest % extent * stride;
                rest /= extent;
            }
            found.extend((0..array.itemsize).map(|byte| (address as usize + byte, item)));
        }
        found
    }

    #[test]
    fn items_of_one_array_share_bytes_as_by_the_definition() {
        let mut random = Random::new(7);
        let mut shared = 0;
        for _ in 0..3000 {
            let ndim = random.below(4) as usize;
            let shape: Vec<i64> = (0..ndim).map(|_| random.below(4) as i64).collect();
            let strides: Vec<i64> = (0..ndim).map(|_| random.below(40) as i64 - 20).collect();
            let array = array(0x1000, 1 + random.below(8) as usize, &shape, &strides);
            let mut all: Vec<usize> = bytes(&array).iter().map(|(byte, _)| *byte).collect();
            all.sort_unstable();
            let expected = all.windows(2).any(|pair| pair[0] == pair[1]);
            assert_eq!(overlaps_itself(&array), Ok(expected), "{array:?}");
            shared += usize::from(expected);
        }
        assert!((300..2500).contains(&shared), "{shared}");
    }

    #[test]
    fn two_arrays_are_never_taken_for_apart_that_share_a_byte() {
        let mut random = Random::new(11);
        let mut counts = [0; 3];
        for _ in 0..5000 {
            let ndim = 1 + random.below(2) as usize;
            let shape: Vec<i64> = (0..ndim).map(|_| 1 + random.below(4) as i64).collect();
            let mut strides =
                || -> Vec<i64> { (0..ndim).map(|_| (random.below(8) as i64 - 3) * 8).collect() };
            let (a, b) = (strides(), strides());
            let input = array(0x1000 + random.below(60) as usize, 4, &shape, &a);
            let output =
                array(0x1000 + random.below(60) as usize, 8 - 4 * random.below(2) as usize, &shape, &b);
            let found = relation(&input, &output);
            let (of_input, of_output) = (bytes(&input), bytes(&output));
            let is_shared = |(byte, _): &(usize, usize)| of_output.iter().any(|(other, _)| byte == other);
            match found {
                Relation::Apart => assert!(!of_input.iter().any(is_shared), "{input:?} {output:?}"),
                Relation::Same => assert_eq!(of_input, of_output),
                Relation::Mixed => {}
            }
            counts[found as usize] += 1;
        }
        assert!(counts[0] > 1000 && counts[2] > 1000, "{counts:?}");
    }

    #[test]
    fn interleaved_arrays_are_apart() {
        let even = array(0x1000, 8, &[10], &[16]);
        assert_eq!(relation(&even, &array(0x1008, 8, &[10], &[16])), Relation::Apart);
        assert_eq!(relation(&even, &array(0x1010, 8, &[10], &[16])), Relation::Mixed);
        assert_eq!(relation(&even, &even), Relation::Same);
        assert_eq!(relation(&even, &array(0x1004, 8, &[10], &[16])), Relation::Mixed);
    }
}
