//! Strided arrays as a client of C has them, and what evaluations over them must give: items that are gathered one by one.

use std::ffi::c_int;

use super::client::{self, AUTO, Expression, Variable};
use super::random::Random;
use miniexpr::ffi::*;

/// The `me_dtype` codes used here, with the bytes of an item.
pub const FLOAT64: (u32, usize) = (11, 8);
pub const FLOAT32: (u32, usize) = (10, 4);
pub const INT64: (u32, usize) = (5, 8);
pub const INT32: (u32, usize) = (4, 4);
pub const BOOL: (u32, usize) = (1, 1);
pub const UINT8: (u32, usize) = (6, 1);
pub const COMPLEX128: (u32, usize) = (13, 16);
pub const STRING3: (u32, usize) = (14, 12);

/// Compiles `text` for variables of these names and types.
pub fn compile(text: &str, variables: &[(&str, (u32, usize))]) -> Expression {
    let variable = |&(name, (dtype, itemsize)): &(&str, (u32, usize))| Variable {
        itemsize,
        ..Variable::coded(name, dtype)
    };
    let variables: Vec<Variable> = variables.iter().map(variable).collect();
    client::compile(text, &variables, AUTO).unwrap_or_else(|failure| panic!("{text}: {failure:?}"))
}

/// An array at an address, with strides in bytes.
#[derive(Clone, Debug)]
pub struct Array {
    pub data: *mut u8,
    pub ty: (u32, usize),
    pub shape: Vec<i64>,
    pub strides: Vec<i64>,
}

impl Array {
    pub fn raw(&self) -> me_array {
        me_array {
            data: self.data.cast(),
            dtype: self.ty.0,
            itemsize: self.ty.1,
            ndim: self.shape.len() as c_int,
            shape: self.shape.as_ptr(),
            strides: self.strides.as_ptr(),
        }
    }

    /// Where the item with these indices lies.
    pub fn item(&self, indices: &[i64]) -> *mut u8 {
        let offset: i64 = indices.iter().zip(&self.strides).map(|(index, stride)| index * stride).sum();
        self.data.wrapping_offset(offset as isize)
    }

    /// Where the item that is broadcast to these indices of a larger array lies.
    pub fn broadcast_item(&self, indices: &[i64]) -> *mut u8 {
        let own = &indices[indices.len() - self.shape.len()..];
        let steps = own.iter().zip(&self.shape).zip(&self.strides);
        let offset: i64 = steps.map(|((index, n), stride)| if *n == 1 { 0 } else { index * stride }).sum();
        self.data.wrapping_offset(offset as isize)
    }
}

/// Calls `visit` with all indices of a shape, in C order.
pub fn for_each_index(shape: &[i64], mut visit: impl FnMut(&[i64])) {
    if shape.contains(&0) {
        return;
    }
    let mut indices = vec![0; shape.len()];
    loop {
        visit(&indices);
        let Some(d) = (0..shape.len()).rev().find(|d| indices[*d] + 1 < shape[*d]) else { return };
        indices[d] += 1;
        indices[d + 1..].fill(0);
    }
}

/// Options of an evaluation by some threads.
pub fn params(n_threads: c_int) -> me_array_params {
    me_array_params { n_threads, ..me_array_params::default() }
}

/// Evaluates, and gives the status.
pub fn evaluate(expr: &Expression, inputs: &[Array], output: &Array, params: &me_array_params) -> c_int {
    let inputs: Vec<me_array> = inputs.iter().map(Array::raw).collect();
    let mut output = output.raw();
    // SAFETY: the arrays lie in buffers that the caller keeps.
    unsafe { me_eval_arrays(expr.raw(), inputs.as_ptr(), inputs.len() as c_int, &raw mut output, params) }
}

/// The shape of the result.
pub fn result_shape(expr: &Expression, inputs: &[Array]) -> Result<Vec<i64>, c_int> {
    let inputs: Vec<me_array> = inputs.iter().map(Array::raw).collect();
    let (mut ndim, mut shape) = (0, [0; 32]);
    // SAFETY: the shapes outlive the call.
    let code = unsafe {
        me_result_shape(expr.raw(), inputs.as_ptr(), inputs.len() as c_int, &raw mut ndim, shape.as_mut_ptr())
    };
    if code == 0 { Ok(shape[..ndim as usize].to_vec()) } else { Err(code) }
}

/// How large arrays are.
pub struct Sizes {
    /// The longest extent of an array by its number of dimensions.
    pub longest: [u64; 7],
    /// The longest extents of tables, which are larger than other arrays.
    pub side: u64,
    /// Bytes of a buffer that all arrays share.
    pub buffer: usize,
}

/// Numbers below a limit: from bytes while there are some, then random ones.
pub struct Numbers<'b> {
    bytes: &'b [u8],
    random: Random,
    sizes: Sizes,
}

impl<'b> Numbers<'b> {
    pub fn new(bytes: &'b [u8], seed: u64, sizes: Sizes) -> Numbers<'b> {
        Numbers { bytes, random: Random::new(seed), sizes }
    }

    /// Bytes of whole values of every dtype, small ones: their bytes are mostly zero.
    fn fill(&mut self, bytes: usize) -> Vec<u8> {
        let mut random = Random::new(self.below(1 << 16) as u64);
        let mut filled = vec![0; bytes];
        for eight in filled.chunks_mut(8) {
            let digits = random.bits().to_le_bytes().map(|byte| byte % 3);
            eight.copy_from_slice(&digits[..eight.len()]);
            eight.iter_mut().skip(3).step_by(4).for_each(|byte| *byte = 0);
        }
        filled
    }

    pub fn below(&mut self, limit: u64) -> i64 {
        let number = match self.bytes.split_first_chunk() {
            Some((number, rest)) => {
                self.bytes = rest;
                u64::from(u16::from_le_bytes(*number))
            }
            None => self.random.bits(),
        };
        (number % limit) as i64
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent as i64
    }

    /// A shape of up to six dimensions with few items, or of two with many.
    fn shape(&mut self) -> Vec<i64> {
        if self.chance(15) {
            return vec![1 + self.below(self.sizes.side), 1 + self.below(self.sizes.side)];
        }
        let ndim = self.below(7);
        let longest = self.sizes.longest[ndim as usize];
        (0..ndim).map(|_| if self.chance(4) { 0 } else { 1 + self.below(longest) }).collect()
    }

    /// A shape that broadcasts to `shape`, if not to a larger one with others.
    fn part_of(&mut self, shape: &[i64]) -> Vec<i64> {
        let dropped = if self.chance(30) { self.below(shape.len() as u64 + 1) as usize } else { 0 };
        shape[dropped..].iter().map(|extent| if self.chance(20) { 1 } else { *extent }).collect()
    }

    /// Strides that give each item its own bytes: dimensions in any order and direction, with gaps. Also the bytes from the
    /// lowest address to the first item, and those of all.
    pub fn strides(&mut self, shape: &[i64], itemsize: i64) -> (Vec<i64>, i64, i64) {
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

pub struct Case {
    pub text: &'static str,
    pub inputs: &'static [(u32, usize)],
    pub output: (u32, usize),
    pub kind: Kind,
}

#[derive(PartialEq)]
pub enum Kind {
    /// Items are computed alone.
    Items,
    /// All items together give one, or more.
    Together,
    One,
}

pub const CASES: &[Case] = &[
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
    Case { text: "a - mean(a + b)", inputs: &[FLOAT64, FLOAT64], output: FLOAT64, kind: Kind::Together },
    Case { text: "sum(a * b)", inputs: &[FLOAT64, FLOAT64], output: FLOAT64, kind: Kind::One },
    Case { text: "prod(a)", inputs: &[INT32], output: INT64, kind: Kind::One },
];

pub const NAMES: [&str; 3] = ["a", "b", "c"];

/// Compares one random evaluation by some threads with the model.
pub fn check(case: &Case, expr: &Expression, random: &mut Numbers<'_>, threads: c_int) {
    let shape = random.shape();
    let shares_buffer = random.chance(30);
    let mut buffers: Vec<Vec<u8>> = Vec::new();
    let mut place = |random: &mut Numbers<'_>, ty: (u32, usize), shape: &[i64], is_output: bool| {
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
            let size = if shares_buffer { random.sizes.buffer } else { bytes as usize + 128 };
            buffers.push(random.fill(size));
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
    let items = whole.iter().product::<i64>() as usize;
    let gathered: Vec<Vec<u8>> = inputs
        .iter()
        .map(|input| {
            let mut bytes = Vec::with_capacity(items * input.ty.1);
            for_each_index(&whole, |index| {
                // SAFETY: the item lies in its buffer.
                bytes.extend(unsafe { std::slice::from_raw_parts(input.broadcast_item(index), input.ty.1) });
            });
            bytes
        })
        .collect();
    let size = output.ty.1;
    let dense = |items: &[Vec<u8>], n: usize| {
        let items: Vec<&[u8]> = items.iter().map(Vec::as_slice).collect();
        expr.eval_room(&items, n, if case.kind == Kind::One { 1 } else { n }).expect(case.text)
    };
    let values = dense(&gathered, items);
    if case.kind == Kind::Items && items > 0 {
        let item = random.below(items as u64) as usize;
        let one: Vec<Vec<u8>> = gathered
            .iter()
            .zip(&inputs)
            .map(|(all, input)| all[item * input.ty.1..][..input.ty.1].to_vec())
            .collect();
        assert_eq!(dense(&one, 1), values[item * size..][..size], "{} item {item} alone", case.text);
    }
    let target = Array { data: of_model(&output), ..output.clone() };
    let mut values = values.chunks_exact(size);
    for_each_index(&result, |index| {
        let value = values.next().expect("a value for each item");
        // SAFETY: the item lies in its buffer.
        unsafe { target.item(index).copy_from_nonoverlapping(value.as_ptr(), size) };
    });
    let code = evaluate(expr, &inputs, &output, &params(threads));
    assert_eq!(code, 0, "{} {inputs:?} {output:?}", case.text);
    // All bytes at once, as fuzzers look at each comparison.
    if buffers != expected {
        let wrong = buffers
            .iter()
            .flatten()
            .zip(expected.iter().flatten())
            .position(|(found, expected)| found != expected);
        panic!("{} {threads} threads, byte {wrong:?}\n{inputs:#?}\n{output:#?}", case.text);
    }
}

impl Case {
    pub fn compile(&self) -> Expression {
        let variables: Vec<_> = NAMES.into_iter().zip(self.inputs.iter().copied()).collect();
        compile(self.text, &variables)
    }
}
