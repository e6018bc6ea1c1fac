//! Reductions in kernels: over all items of the block, whoever asks.

use miniexpr::Dtype::{Float64, Int32, Int64};

use crate::kernel;
use crate::testkit::client::{self, AUTO, Grid, Variable, is_untouched};
use crate::testkit::values::{decode, encode};

/// The values of a float64 kernel of `x`.
fn values(body: &str, x: &[f64]) -> Vec<f64> {
    let variables = [Variable::new("x", Float64)];
    let expression = client::compile(&kernel(body), &variables, Float64.code())
        .unwrap_or_else(|why| panic!("{why:?}\n{body}"));
    let out =
        expression.eval(&[&encode(Float64, x)], x.len()).unwrap_or_else(|code| panic!("{code}\n{body}"));
    decode(Float64, &out)
}

const FOUR: [f64; 4] = [1.0, 2.0, 3.0, 4.0];
const MIXED: [f64; 4] = [-1.0, 2.0, -3.0, 0.0];

#[test]
fn a_reduction_as_condition_decides_for_all_items() {
    let signs = "if any(x > 0):\n    return 1\nelif any(x < 0):\n    return 2\nelse:\n    return 3";
    assert_eq!(values(signs, &MIXED), [1.0; 4]);
    assert_eq!(values(signs, &[-1.0; 4]), [2.0; 4]);
    assert_eq!(values(signs, &[0.0; 4]), [3.0; 4]);
    let truth = "if (sum(x)):\n    return 1\nreturn 0";
    assert_eq!(values(truth, &[1.0, -1.0]), [0.0; 2]);
    assert_eq!(values(truth, &[f64::NAN, 0.0]), [1.0; 2]);
    let loops = "y = 0\nwhile any(y < x):\n    y += 1\nreturn y";
    assert_eq!(values(loops, &FOUR), [4.0; 4]);
}

#[test]
fn loops_end_for_all_items_at_once() {
    let first =
        "acc = 0\nfor i in range(4):\n    if any(x > 0):\n        acc = acc + 1\n        break\nreturn acc";
    assert_eq!(values(first, &MIXED), [1.0; 4]);
    let sum = "sum = 0\nfor i in range(5):\n    sum = sum + i\n    if any(x > 0):\n        break\nreturn sum";
    assert_eq!(values(sum, &MIXED), [0.0; 4]);
    let nested = "acc = 0\nfor i in range(3):\n    for j in range(4):\n        \
                  if any(((i + 0.5) > 1.0) & (j < 2)):\n            continue\n        acc = acc + i + j\nreturn acc";
    assert_eq!(values(nested, &MIXED), [22.0; 4]);
}

#[test]
fn a_reduction_inside_a_condition_is_broadcast() {
    let branch = |condition: &str| format!("if {condition}:\n    return 1\nreturn 0");
    assert_eq!(values(&branch("sum(x) > 1"), &FOUR), [1.0; 4]);
    assert_eq!(values(&branch("not any(x > 4)"), &FOUR), [1.0; 4]);
    assert_eq!(values(&branch("any(x > 3) and all(x > 0)"), &FOUR), [1.0; 4]);
    assert_eq!(values(&branch("x > mean(x)"), &FOUR), [0.0, 0.0, 1.0, 1.0]);
}

#[test]
fn locals_and_bounds_hold_the_value_for_all_items() {
    assert_eq!(values("s = sum(x)\nreturn x + s", &FOUR), [11.0, 12.0, 13.0, 14.0]);
    assert_eq!(values("y = 0\nfor i in range(sum(x)):\n    y += 1\nreturn y", &FOUR), [10.0; 4]);
    assert_eq!(values("return x / sum(x)", &FOUR), [0.1, 0.2, 0.3, 0.4]);
    assert_eq!(values("if x > 2:\n    return x\nreturn sum(x)", &FOUR), [10.0, 10.0, 3.0, 4.0]);
    let softmax = values("m = max(x)\ns = exp(x - m)\nreturn s / sum(s)", &FOUR);
    for (got, want) in softmax.iter().zip([0.0321, 0.0871, 0.2369, 0.6439]) {
        assert!((got - want).abs() < 5e-5, "{softmax:?}");
    }
}

/// The bound is the same for all items, and a local keeps it for each.
#[test]
fn bounds_that_a_local_keeps_too() {
    let x: Vec<f64> = (0..1_000_000).map(|index| f64::from(index % 5)).collect();
    let want: Vec<f64> = x.iter().map(|x| 6.0 * x + 4.0).collect();
    // With a reduction inside the loop all items run together.
    for inside in ["", "\n    if any(x > 5):\n        y = 0"] {
        let body =
            format!("n = max(x)\ny = 0 * x\nfor i in range(n):\n    y = y + i * x{inside}\nreturn y + n");
        let expression =
            client::compile(&kernel(&body), &[Variable::new("x", Int64)], AUTO).expect("a kernel");
        let out = expression.eval(&[&encode(Int64, &x)], x.len()).expect("values");
        assert!(decode(Int64, &out) == want, "{body}");
    }
}

#[test]
fn items_that_have_left_count_too() {
    let returned = "y = x\nif x > 2:\n    return y\ny = 0\ns = sum(y)\nreturn s";
    assert_eq!(values(returned, &FOUR), [7.0, 7.0, 3.0, 4.0]);
}

#[test]
fn an_escape_time_kernel_ends_when_all_items_have_escaped() {
    let source = "\
def mandelbrot(cr, ci):
    zr = 0.0
    zi = 0.0
    escape_iter = 100.0
    for iter in range(100):
        if all(escape_iter != 100.0):
            break
        mag2 = zr * zr + zi * zi
        just_escaped = mag2 > 4.0 and escape_iter == 100.0
        escape_iter = where(just_escaped, iter, escape_iter)
        zr_new = zr * zr - zi * zi + cr
        zi = 2.0 * zr * zi + ci
        zr = zr_new
    return escape_iter";
    let variables = [Variable::new("cr", Float64), Variable::new("ci", Float64)];
    let expression = client::compile(source, &variables, Float64.code()).expect("a kernel");
    let run = |real: &[f64], imaginary: &[f64]| {
        let inputs = [encode(Float64, real), encode(Float64, imaginary)];
        decode(Float64, &expression.eval(&[&inputs[0], &inputs[1]], real.len()).expect("values"))
    };
    assert_eq!(run(&[2.0, 0.0, -1.0, 0.5], &[2.0, 0.0, 0.0, 0.5]), [1.0, 100.0, 100.0, 5.0]);
    assert_eq!(run(&[2.0, 0.5], &[2.0, 0.5]), [1.0, 5.0]);
}

/// The bytes that `body` writes to a flat array of four float64 items, and to two blocks of four items:
/// one inside the array, one with a single valid item.
fn written(body: &str) -> [Vec<u8>; 3] {
    let variables = [Variable::new("x", Float64)];
    let grid = Grid { shape: vec![5], chunkshape: vec![5], blockshape: vec![4] };
    let expression =
        client::compile_nd(&kernel(body), &variables, Float64.code(), &grid, 0).expect("a kernel");
    let x = encode(Float64, &FOUR);
    let block = |number| expression.eval_nd(&[&x], 4, 0, number).expect("values");
    [expression.eval(&[&x], 4).expect("values"), block(0), block(1)]
}

#[test]
fn a_returned_reduction_is_written_once() {
    for (body, want) in [
        ("return sum(x)", [10.0, 10.0, 1.0]),
        ("y = x * 2\nreturn sum(y)", [20.0, 20.0, 2.0]),
        ("y = x * 2\nz = y + 1\nreturn max(z)", [9.0, 9.0, 3.0]),
        ("y = 0\nfor i in range(3):\n    y += x\nreturn prod(y)", [1944.0, 1944.0, 3.0]),
    ] {
        for (bytes, want) in written(body).iter().zip(want) {
            assert_eq!(decode(Float64, &bytes[..8]), [want], "{body}");
            assert!(is_untouched(&bytes[8..]), "{body}");
        }
    }
}

#[test]
fn compound_reductions_start_with_the_value() {
    for (body, want) in
        [("return max(x) - min(x)", [3.0, 3.0, 0.0]), ("y = x * 2\nreturn sum(y) + 1", [21.0, 21.0, 3.0])]
    {
        for (bytes, want) in written(body).iter().zip(want) {
            assert_eq!(decode(Float64, &bytes[..8]), [want], "{body}");
        }
    }
}

#[test]
fn mixed_kernels_leave_the_padding_out() {
    let [flat, inside, edge] = written("m = mean(x)\nreturn x - m");
    let centred = [-1.5, -0.5, 0.5, 1.5];
    assert_eq!([decode(Float64, &flat), decode(Float64, &inside)], [centred, centred]);
    assert_eq!(decode(Float64, &edge), [0.0; 4]);
}

#[test]
fn strings_are_not_reduced() {
    let variables = [Variable::text("x", miniexpr::Dtype::String, 20)];
    for body in ["return any(x == 'a')", "if any(startswith(x, 'a')):\n    return 1\nreturn 0"] {
        let failure = client::compile(&kernel(body), &variables, AUTO).err().expect("a refusal");
        assert_eq!(failure.status, client::compile_status::PARSE);
    }
}

#[test]
fn no_items_are_a_success() {
    let variables = [Variable::new("x", Int32)];
    let expression = client::compile(&kernel("y = x + 1\nreturn y"), &variables, AUTO).expect("a kernel");
    assert_eq!(expression.eval(&[&[]], 0), Ok(vec![]));
}

/// More reductions inside one another than one region computes anew.
#[test]
fn long_chains_of_reductions() {
    let x = [1.0, 2.0, 3.0, 6.0];
    for length in [1, 63, 64, 65, 130, 400] {
        let source =
            format!("def k(x):\n    t = x\n{}    return t\n", "    t = t * 0.5 + mean(t)\n".repeat(length));
        let expression = client::compile(&source, &[Variable::new("x", Float64)], AUTO).expect("compiles");
        let mut t = x;
        for _ in 0..length {
            let mean = t.iter().sum::<f64>() / 4.0;
            t = t.map(|t| t * 0.5 + mean);
        }
        let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_ne_bytes()).collect();
        let out = expression.eval(&[&bytes], 4).expect("a result");
        let got: Vec<f64> =
            out.chunks(8).map(|item| f64::from_ne_bytes(item.try_into().expect("8 bytes"))).collect();
        for (got, want) in got.iter().zip(t) {
            assert!((got - want).abs() <= 1e-12 * want.abs(), "{length}: {got} instead of {want}");
        }
        assert_eq!(expression.eval(&[&[]], 0), Ok(vec![]), "{length}");
    }
}

/// A long chain that ends in one value still gives one value.
#[test]
fn long_chains_that_end_in_one_value() {
    for length in [1, 64, 65, 200] {
        let lines = "    s = sum(x * 0.0 + s * 0.25)\n".repeat(length);
        for (value, items) in [("s", 1), ("s + 1.0", 4)] {
            let source = format!("def k(x):\n    s = sum(x)\n{lines}    return {value}\n");
            let expression =
                client::compile(&source, &[Variable::new("x", Float64)], AUTO).expect("compiles");
            let bytes: Vec<u8> = [1.0f64; 4].iter().flat_map(|x| x.to_ne_bytes()).collect();
            let out = expression.eval(&[&bytes], 4).expect("a result");
            let want = if value == "s" { 4.0f64 } else { 5.0 };
            assert!(out[..8 * items].chunks(8).all(|item| item == want.to_ne_bytes()), "{length}: {value}");
            assert!(is_untouched(&out[8 * items..]), "{length}: {value}");
        }
    }
}
