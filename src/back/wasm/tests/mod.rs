//! Modules against the interpreter, bit by bit.

mod machine;
mod programs;
mod random_programs;
mod recorded_kernels;
mod signatures;
mod text;

use crate::back::call::Status;
use crate::back::engine::Refusal;
use crate::back::wasm::{Linking, translate};
use crate::dtype::Dtype;
use crate::front::testing::operations_without_names;
use crate::ir::Kernel;
use crate::kernel::level::Level;
use crate::mid::Positions;
use crate::testkit::equality::assert_equal;
use machine::{Array, interpreted, kernel, translated};

/// Item counts round the sizes of groups and strips.
const COUNTS: [usize; 9] = [1, 2, 3, 4, 7, 8, 33, 255, 600];

/// Checks a text over inputs `x`, `y`, … that repeat some values.
fn agree(text: &str, inputs: &[Array], output: Option<Dtype>) {
    let names = ["x", "y", "z"];
    let typed: Vec<(&str, Dtype)> = names.into_iter().zip(inputs.iter().map(|input| input.dtype)).collect();
    let kernel = kernel(text, &typed, output);
    for items in COUNTS {
        let inputs: Vec<Array> = inputs.iter().map(|input| repeated(input, items)).collect();
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let expected = interpreted(&kernel, &inputs, items, &positions);
        let actual = translated(&kernel, &inputs, items, &positions);
        assert_same(&format!("{text} for {items} items"), kernel.output.dtype, expected, actual);
    }
}

/// Checks a kernel over two inputs.
fn agree_on(kernel: &Kernel, what: &str, inputs: [&Array; 2]) {
    for items in COUNTS {
        let inputs = inputs.map(|input| repeated(input, items));
        let extent = [items as i64];
        let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
        let expected = interpreted(kernel, &inputs, items, &positions);
        let actual = translated(kernel, &inputs, items, &positions);
        assert_same(&format!("{what} for {items} items"), kernel.output.dtype, expected, actual);
    }
}

#[test]
fn operations_without_a_name_in_the_language_agree() {
    for x in samples() {
        let y = shuffled(&x);
        for (name, kernel) in operations_without_names(x.dtype) {
            agree_on(&kernel, &name, [&x, &y]);
        }
    }
}

/// Checks that two runs gave the same items, or both failed.
fn assert_same(what: &str, dtype: Dtype, expected: Option<Vec<u8>>, actual: Option<Vec<u8>>) {
    let (Some(expected), Some(actual)) = (&expected, &actual) else {
        assert_eq!(expected.is_some(), actual.is_some(), "{what}: status");
        return;
    };
    assert_equal(dtype, actual, expected, what);
}

fn repeated(array: &Array, items: usize) -> Array {
    let len = items * array.dtype.size();
    Array { dtype: array.dtype, bytes: array.bytes.iter().copied().cycle().take(len).collect() }
}

/// Telling values of every real dtype.
fn samples() -> Vec<Array> {
    let floats = [
        0.0,
        -0.0,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        1e10,
        -3e9,
        2147483648.0,
        -2147483648.9,
        4294967295.5,
        255.0,
        300.0,
        -1.0,
        1e20,
        -1e20,
        9.3e18,
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.49999999999999994,
        3.0,
    ];
    let floats32 = floats.map(|value| value as f32);
    let wide = [0, 1, -1, 2, 3, 7, -7, i64::MAX, i64::MIN, 1 << 40, 3_000_000_000, -3_400_000_000, 63, 64];
    vec![
        Array::from([true, false, true, true, false].as_slice()),
        Array::from(wide.map(|value| value as i8).as_slice()),
        Array::from(wide.map(|value| value as i16 ^ (value >> 48) as i16).as_slice()),
        Array::from(wide.map(|value| value as i32 ^ (value >> 32) as i32).as_slice()),
        Array::from(wide.as_slice()),
        Array::from(wide.map(|value| value as u8 ^ (value >> 56) as u8).as_slice()),
        Array::from(wide.map(|value| value as u16 ^ (value >> 48) as u16).as_slice()),
        Array::from(wide.map(|value| value as u32 ^ (value >> 32) as u32).as_slice()),
        Array::from(wide.map(|value| value as u64).as_slice()),
        Array::from(floats32.as_slice()),
        Array::from(floats.as_slice()),
    ]
}

/// Another order of the same values, so that pairs differ.
fn shuffled(array: &Array) -> Array {
    let size = array.dtype.size();
    let count = array.bytes.len() / size;
    let bytes = (0..count).flat_map(|item| {
        let from = (item * 5 + 3) % count * size;
        array.bytes[from..from + size].to_vec()
    });
    Array { dtype: array.dtype, bytes: bytes.collect() }
}

#[test]
fn operations_agree_on_every_dtype() {
    for x in samples() {
        let y = shuffled(&x);
        for text in [
            "x + y",
            "x - y",
            "x * y",
            "x / y",
            "x % y",
            "-x",
            "abs(x)",
            "x < y",
            "x <= y",
            "x > y",
            "x >= y",
            "x == y",
            "x != y",
            "where(x < y, x, y)",
            "square(x)",
            "sign(x)",
            "round(x)",
            "floor(x)",
            "ceil(x)",
            "trunc(x)",
            "rint(x)",
            "x & y",
            "x | y",
            "x ^ y",
            "~x",
            "x << 3",
            "x >> 2",
            "x << y",
            "x ** 2",
        ] {
            agree(text, &[x.clone(), y.clone()], None);
        }
    }
}

#[test]
fn casts_agree_between_all_dtypes() {
    for x in samples() {
        for to in Dtype::NUMERIC.into_iter().filter(|dtype| !dtype.is_complex()) {
            agree("def k(x):\n    return x", std::slice::from_ref(&x), Some(to));
        }
    }
}

#[test]
fn functions_agree_in_strips_and_in_groups() {
    for x in samples().into_iter().filter(|array| array.dtype.is_float()) {
        let y = shuffled(&x);
        for function in ["sin", "exp", "log", "tan", "erf", "cbrt", "sqrt", "tgamma", "expm1", "sinpi"] {
            agree(&format!("{function}(x)"), std::slice::from_ref(&x), None);
            agree(&format!("{function}(x * 2) + {function}(y) * x"), &[x.clone(), y.clone()], None);
            let branch = format!(
                "def k(x, y):\n    if x > y:\n        return {function}(x)\n    return {function}(y + 1)"
            );
            agree(&branch, &[x.clone(), y.clone()], None);
        }
        for function in ["atan2", "hypot", "pow", "fmax", "fmin", "fmod", "copysign", "logaddexp"] {
            agree(&format!("{function}(x, y) - {function}(y, x + 1)"), &[x.clone(), y.clone()], None);
        }
    }
}

#[test]
fn what_has_no_lanes_is_refused() {
    let refusal = |text: &str| match translate(
        &kernel(text, &[("x", Dtype::Float64)], None),
        Level::Baseline,
        Linking::Helper,
    ) {
        Err(Refusal::Unsupported(unsupported)) => unsupported.reason,
        other => panic!("{text}: {other:?}"),
    };
    assert!(refusal("def k(x):\n    return sum(x)").contains("reduction functions"));
    assert!(refusal("def k(x):\n    print(1)\n    return x").contains("print"));
    assert!(refusal("def k(x):\n    if any(x > 0):\n        return 1\n").contains("return"));
}

/// A loop ends where the meter says so: it looks after two passes at first, then after three, one of which is the
/// one that it was asked for.
#[test]
fn the_meter_ends_loops() {
    let text = "def f(x):\n    y = x\n    for i in range(20):\n        y = y + 1\n    return y\n";
    let kernel = crate::front::testing::compile(text, &[("x", crate::dtype::Dtype::Float64)]);
    let input = [0.0; 4];
    assert_eq!(machine::status_after(&kernel, 0, None, &input), Some(Status::Stopped));
    assert_eq!(machine::status_after(&kernel, 3, None, &input), Some(Status::Stopped));
    assert_eq!(machine::status_after(&kernel, 20, None, &input), Some(Status::Done));
}

/// The passes of items that are computed one by one count like those of groups: the meter looks after each third of them.
#[test]
fn the_meter_ends_loops_of_single_items() {
    let text = "def f(x):\n    y = x\n    while y < 20:\n        y = y + 1\n    return y\n";
    let kernel = crate::front::testing::compile(text, &[("x", crate::dtype::Dtype::Float64)]);
    let input: Vec<f64> = (0..4096).map(|i| if i % 4 == 0 { 0.0 } else { 19.5 }).collect();
    // The groups before take a few hundred.
    assert_eq!(machine::status_after(&kernel, 1000, None, &input), Some(Status::Stopped));
    assert_eq!(machine::status_after(&kernel, 20_000, None, &input), Some(Status::Done));
}

/// Where passes are capped, each group may take as many, in kernels whose lanes take new items otherwise too.
#[test]
fn groups_count_their_passes_apart() {
    let fixed = "def f(x):\n    y = x\n    for i in range(20):\n        y = y + 1\n    return y\n";
    let varying = "def f(x):\n    y = x\n    while y < 20:\n        y = y + 1\n    return y\n";
    for text in [fixed, varying] {
        let kernel = crate::front::testing::compile(text, &[("x", crate::dtype::Dtype::Float64)]);
        let mut input = [19.5; 4096];
        (input[0], input[2048], input[4095]) = (0.0, 0.0, 0.0);
        assert_eq!(machine::status_after(&kernel, 0, Some(20), &input), Some(Status::Done), "{text}");
        assert_eq!(machine::status_after(&kernel, 0, Some(19), &input), Some(Status::Stopped), "{text}");
    }
}
