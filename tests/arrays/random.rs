//! Random arrays.

use crate::LARGE;
use crate::testkit::strided::*;

#[test]
fn results_are_those_of_items_gathered_one_by_one() {
    let mut random = Numbers::new(&[], 2026, LARGE);
    for case in CASES {
        let expr = case.compile();
        for round in 0..100 {
            check(case, &expr, &mut random, [1, 2, 3, 16][round % 4]);
        }
    }
}

/// Index symbols mean the broadcast array in C order, whatever the strides.
#[test]
fn items_know_their_indices() {
    let expr = compile(
        "def f(a):\n    return _i0 * 10000 + _i1 * 100 + _i2 + a * 0 + _n1 * 1000000",
        &[("a", INT64)],
    );
    let mut random = Numbers::new(&[], 5, LARGE);
    for round in 0..100 {
        let shape: Vec<i64> = (0..3).map(|_| 1 + random.below(40)).collect();
        let (strides, first, bytes) = random.strides(&shape, 8);
        let (mut input, mut output) = (vec![0u8; 8], vec![0u8; bytes as usize + 8]);
        let input = Array { data: input.as_mut_ptr(), ty: INT64, shape: vec![1, 1, 1], strides: vec![0; 3] };
        let data = output.as_mut_ptr().wrapping_offset(first as isize);
        // The shape comes from the input, stretched.
        let input = Array { shape: shape.clone(), ..input };
        let output = Array { data, ty: INT64, shape: shape.clone(), strides };
        assert_eq!(evaluate(&expr, &[input], &output, &params([1, 3][round % 2])), 0);
        for_each_index(&shape, |index| {
            let expected = index[0] * 10000 + index[1] * 100 + index[2] + shape[1] * 1000000;
            // SAFETY: the item lies in its buffer.
            assert_eq!(unsafe { output.item(index).cast::<i64>().read_unaligned() }, expected, "{index:?}");
        });
    }
}
