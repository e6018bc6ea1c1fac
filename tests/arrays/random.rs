//! Random arrays.

use super::*;

/// Numbers below a limit.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> i64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) % limit) as i64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent as i64
    }

    /// A shape of up to six dimensions with few items, or of two with many.
    fn shape(&mut self) -> Vec<i64> {
        if self.chance(15) {
            return vec![1 + self.below(150), 1 + self.below(150)];
        }
        let ndim = self.below(7);
        let longest = [1, 3000, 60, 16, 7, 5, 4][ndim as usize];
        (0..ndim).map(|_| if self.chance(4) { 0 } else { 1 + self.below(longest) }).collect()
    }

    /// A shape that broadcasts to `shape`, if not to a larger one with others.
    fn part_of(&mut self, shape: &[i64]) -> Vec<i64> {
        let dropped = if self.chance(30) { self.below(shape.len() as u64 + 1) as usize } else { 0 };
        let stays = |numbers: &mut Numbers| !numbers.chance(20);
        shape[dropped..].iter().map(|extent| if stays(self) { *extent } else { 1 }).collect()
    }

    /// Strides that give each item its own bytes: dimensions in any order and direction, with gaps. Also the bytes from the
    /// lowest address to the first item, and those of all.
    fn strides(&mut self, shape: &[i64], itemsize: i64) -> (Vec<i64>, i64, i64) {
        let mut order: Vec<usize> = (0..shape.len()).rev().collect();
        if self.chance(40) {
            for d in (1..order.len()).rev() {
                order.swap(d, self.below(d as u64 + 1) as usize);
            }
        }
        let mut strides = vec![0; shape.len()];
        let has_gaps = self.chance(40);
        let mut stride = itemsize;
        let mut first = 0;
        for d in order {
            if has_gaps && self.chance(50) {
                stride += itemsize * self.below(3);
            }
            if has_gaps && self.chance(10) {
                stride += self.below(itemsize as u64);
            }
            strides[d] = stride;
            if self.chance(20) {
                strides[d] = -stride;
                first += stride * (shape[d] - 1).max(0);
            }
            stride *= shape[d].max(1);
        }
        (strides, first, stride + itemsize)
    }
}

struct Case {
    text: &'static str,
    inputs: &'static [(u32, usize)],
    output: (u32, usize),
    kind: Kind,
}

#[derive(PartialEq)]
enum Kind {
    /// Items are computed alone.
    Items,
    /// All items together give one, or more.
    Together,
    One,
}

const CASES: &[Case] = &[
    Case { text: "a", inputs: &[FLOAT64], output: FLOAT64, kind: Kind::Items },
    Case { text: "a + b", inputs: &[FLOAT64, FLOAT64], output: FLOAT64, kind: Kind::Items },
    Case { text: "a + b", inputs: &[UINT8, INT32], output: INT64, kind: Kind::Items },
    Case { text: "a * b + c", inputs: &[FLOAT32, FLOAT32, FLOAT32], output: FLOAT32, kind: Kind::Items },
    Case { text: "a + b * c", inputs: &[INT32, FLOAT64, FLOAT32], output: FLOAT64, kind: Kind::Items },
    Case {
        text: "sin(a) * b - exp(c)",
        inputs: &[FLOAT64, FLOAT64, FLOAT64],
        output: FLOAT64,
        kind: Kind::Items,
    },
    Case { text: "a * b", inputs: &[COMPLEX128, FLOAT64], output: COMPLEX128, kind: Kind::Items },
    Case { text: "where(a > b, a, c)", inputs: &[INT64, INT64, INT64], output: INT64, kind: Kind::Items },
    Case { text: "where(a < b, a, b)", inputs: &[STRING3, STRING3], output: STRING3, kind: Kind::Items },
    Case {
        text: "def f(a, b):\n    c = a\n    while c < b:\n        c = c * 2 + 1\n    return c",
        inputs: &[INT64, INT64],
        output: INT64,
        kind: Kind::Items,
    },
    Case { text: "a - mean(b)", inputs: &[FLOAT64, FLOAT64], output: FLOAT64, kind: Kind::Together },
    Case { text: "sum(a * b)", inputs: &[FLOAT64, FLOAT64], output: FLOAT64, kind: Kind::One },
    Case { text: "prod(a)", inputs: &[INT32], output: INT64, kind: Kind::One },
];

const NAMES: [&str; 3] = ["a", "b", "c"];

/// One random evaluation by some threads; false if the shapes do not go together.
fn check(case: &Case, expr: &Compiled, random: &mut Numbers, threads: c_int) -> bool {
    let shape = random.shape();
    let shares_buffer = random.chance(30);
    let mut buffers: Vec<Vec<u8>> = Vec::new();
    let mut place = |random: &mut Numbers, ty: (u32, usize), shape: &[i64], is_output: bool| {
        let (mut strides, first, bytes) = random.strides(shape, ty.1 as i64);
        let mut first = first;
        if !is_output && random.chance(15) && !strides.is_empty() {
            let d = random.below(strides.len() as u64) as usize;
            if strides[d] < 0 {
                first += strides[d] * (shape[d] - 1).max(0);
            }
            strides[d] = 0;
        }
        let buffer = if shares_buffer { 0 } else { buffers.len() };
        if buffer == buffers.len() {
            let size = if shares_buffer { 1 << 20 } else { bytes as usize + 128 };
            // Small numbers: whole values of every dtype, as their bytes are mostly zero.
            let fill = |index: usize| if index % 4 == 3 { 0 } else { random.below(3) as u8 };
            buffers.push((0..size).map(fill).collect());
        }
        let room = if shares_buffer && random.chance(70) {
            4096.min(shape.iter().product::<i64>() * 8 + 64)
        } else {
            64
        };
        let start = first + random.below(room.max(1) as u64);
        let data = buffers[buffer].as_mut_ptr().wrapping_offset(start as isize);
        Array { data, ty, shape: shape.to_vec(), strides }
    };
    let input_shapes: Vec<Vec<i64>> = case.inputs.iter().map(|_| random.part_of(&shape)).collect();
    let mut inputs: Vec<Array> = Vec::new();
    for (ty, shape) in case.inputs.iter().zip(&input_shapes) {
        inputs.push(place(random, *ty, shape, false));
    }
    let result = result_shape(expr, &inputs).unwrap();
    let mut output = place(random, case.output, &result, true);
    if random.chance(10)
        && inputs[0].ty == output.ty
        && inputs[0].shape == result
        && !inputs[0].strides.contains(&0)
    {
        output = inputs[0].clone();
    }
    let mut expected = buffers.clone();
    let mut of_model = |array: &Array| -> *mut u8 {
        let is_inside = |buffer: &&Vec<u8>| buffer.as_ptr_range().contains(&array.data.cast_const());
        let buffer = buffers.iter().position(|buffer| is_inside(&buffer)).unwrap();
        let offset = array.data.addr() - buffers[buffer].as_ptr().addr();
        expected[buffer].as_mut_ptr().wrapping_add(offset)
    };
    let whole: Vec<i64> = if case.kind == Kind::One {
        let ndim = input_shapes.iter().map(Vec::len).max().unwrap();
        let extent = |from_last: usize| {
            let extents =
                input_shapes.iter().filter_map(|shape| shape.len().checked_sub(from_last).map(|d| shape[d]));
            extents.reduce(|a, b| if a == 1 { b } else { a }).unwrap()
        };
        (1..=ndim).rev().map(extent).collect()
    } else {
        result.clone()
    };
    let items = indices(&whole);
    let gathered: Vec<Vec<u8>> = inputs
        .iter()
        .map(|input| {
            let mut bytes = Vec::new();
            for index in &items {
                // SAFETY: the item lies in its buffer.
                bytes.extend(unsafe { std::slice::from_raw_parts(input.broadcast_item(index), input.ty.1) });
            }
            bytes
        })
        .collect();
    let size = output.ty.1;
    let mut values = vec![0; size * if case.kind == Kind::One { 1 } else { items.len() }];
    match case.kind {
        Kind::Items => {
            for (item, value) in values.chunks_exact_mut(size).enumerate() {
                let one: Vec<Vec<u8>> = gathered
                    .iter()
                    .zip(&inputs)
                    .map(|(all, input)| all[item * input.ty.1..][..input.ty.1].to_vec())
                    .collect();
                evaluate_blocks(expr, &one, value, 1);
            }
        }
        Kind::Together | Kind::One => evaluate_blocks(expr, &gathered, &mut values, items.len()),
    }
    let target = Array { data: of_model(&output), ..output.clone() };
    for (index, value) in indices(&result).iter().zip(values.chunks_exact(size)) {
        // SAFETY: the item lies in its buffer.
        unsafe { target.item(index).copy_from_nonoverlapping(value.as_ptr(), size) };
    }
    let code = evaluate(expr, &inputs, &output, &params(threads));
    assert_eq!(code, 0, "{} {inputs:?} {output:?}", case.text);
    for (found, expected) in buffers.iter().zip(&expected) {
        let wrong = found.iter().zip(expected).position(|(found, expected)| found != expected);
        assert_eq!(wrong, None, "{} {threads} threads\n{inputs:#?}\n{output:#?}", case.text);
    }
    true
}

#[test]
fn results_are_those_of_items_gathered_one_by_one() {
    let mut random = Numbers(2026);
    for case in CASES {
        let variables: Vec<_> = NAMES.into_iter().zip(case.inputs.iter().copied()).collect();
        let expr = compile(case.text, &variables);
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
    let mut random = Numbers(5);
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
        for index in indices(&shape) {
            let expected = index[0] * 10000 + index[1] * 100 + index[2] + shape[1] * 1000000;
            // SAFETY: the item lies in its buffer.
            assert_eq!(unsafe { output.item(&index).cast::<i64>().read_unaligned() }, expected, "{index:?}");
        }
    }
}
