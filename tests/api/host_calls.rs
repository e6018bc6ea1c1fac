//! How often functions of the host are called: once for each item that gets to the call, and for no other.

use std::ffi::{c_int, c_void};
use std::ptr;

use crate::testkit::client::{AUTO, Expression, Grid, Variable, compile, compile_nd};
use miniexpr::Dtype::Float64;
use miniexpr::ffi::me_eval_params;

const CLOSURE1: c_int = 17;
const PURE: c_int = 32;

/// Notes the argument in the context, a list, and gives it back.
extern "C" fn note(seen: *mut c_void, x: f64) -> f64 {
    // SAFETY: the tests give a list as the context, which nobody uses during an evaluation.
    unsafe { (*seen.cast::<Vec<f64>>()).push(x) };
    x
}

struct Case {
    body: &'static str,
    /// What `f` is called with for `x` from 0 to 5, in ascending order.
    calls: &'static [f64],
    values: [f64; 6],
}

const X: [f64; 6] = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];

const CASES: &[Case] = &[
    Case { body: "return f(x)", calls: &X, values: X },
    Case {
        body: "if x > 3:\n        return f(x)\n    return 0*x",
        calls: &[4.0, 5.0],
        values: [0.0, 0.0, 0.0, 0.0, 4.0, 5.0],
    },
    Case { body: "if x > 9:\n        return f(x)\n    return 0*x", calls: &[], values: [0.0; 6] },
    Case { body: "if x > -1:\n        return f(x)\n    return 0*x", calls: &X, values: X },
    Case {
        body: "y = 0*x\n    if x > 3:\n        y = f(x)\n    else:\n        y = f(x + 10)\n    return y",
        calls: &[4.0, 5.0, 10.0, 11.0, 12.0, 13.0],
        values: [10.0, 11.0, 12.0, 13.0, 4.0, 5.0],
    },
    // The condition of an `elif` is computed for those that get there.
    Case {
        body: "y = 0*x\n    if x > 3:\n        y = x\n    elif f(x) > 1:\n        y = x + 10\n    return y",
        calls: &[0.0, 1.0, 2.0, 3.0],
        values: [0.0, 0.0, 12.0, 13.0, 4.0, 5.0],
    },
    Case {
        body: "if x > 3:\n        return x\n    elif f(x) > 1:\n        return f(x + 10)\n    else:\n        return f(x + 20)",
        calls: &[0.0, 1.0, 2.0, 3.0, 12.0, 13.0, 20.0, 21.0],
        values: [20.0, 21.0, 12.0, 13.0, 4.0, 5.0],
    },
    Case {
        body: "y = x\n    if f(x) > 1:\n        if x > 3:\n            y = f(x + 10)\n    return y",
        calls: &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 14.0, 15.0],
        values: [0.0, 1.0, 2.0, 3.0, 14.0, 15.0],
    },
    // Items whose loop has ended call no more.
    Case {
        body: "y = 0*x\n    for i in range(int(x)):\n        y = y + f(x*10 + i)\n    return y",
        calls: &[10.0, 20.0, 21.0, 30.0, 31.0, 32.0, 40.0, 41.0, 42.0, 43.0, 50.0, 51.0, 52.0, 53.0, 54.0],
        values: [0.0, 10.0, 41.0, 93.0, 166.0, 260.0],
    },
    Case {
        body: "y = x\n    while f(y) < 4:\n        y = y + 2\n    return y",
        calls: &[0.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0, 4.0, 5.0, 5.0, 5.0],
        values: [4.0, 5.0, 4.0, 5.0, 4.0, 5.0],
    },
    Case {
        body: "y = x\n    for i in range(3):\n        if y > 3:\n            break\n        y = f(y) + 1\n    return y",
        calls: &[0.0, 1.0, 1.0, 2.0, 2.0, 2.0, 3.0, 3.0, 3.0],
        values: [3.0, 4.0, 4.0, 4.0, 4.0, 5.0],
    },
    Case {
        body: "y = x\n    for i in range(2):\n        if x > 3:\n            continue\n        y = f(y + 10)\n    return y",
        calls: &[10.0, 11.0, 12.0, 13.0, 20.0, 21.0, 22.0, 23.0],
        values: [20.0, 21.0, 22.0, 23.0, 4.0, 5.0],
    },
    // A call whose value is dropped is a call; it is one however often its value is read.
    Case { body: "y = f(x)\n    y = x\n    return y", calls: &X, values: X },
    Case { body: "y = f(x)\n    return x", calls: &X, values: X },
    Case { body: "if x > 3:\n        y = f(x)\n    return x", calls: &[4.0, 5.0], values: X },
    Case { body: "y = f(x)\n    z = y + y*y\n    return z - y*y", calls: &X, values: X },
    Case { body: "y = f(x)\n    return y + 0*sum(y)", calls: &X, values: X },
    Case {
        body: "y = f(x)\n    if x > 3:\n        return y\n    return 0*x",
        calls: &X,
        values: [0.0, 0.0, 0.0, 0.0, 4.0, 5.0],
    },
    // All operands of an expression are computed.
    Case { body: "return where(x > 3, f(x), 0)", calls: &X, values: [0.0, 0.0, 0.0, 0.0, 4.0, 5.0] },
    Case {
        body: "y = 0*x\n    for i in range(2):\n        for j in range(int(x)):\n            if j > 3:\n                return f(x + 100*i)\n    return y",
        calls: &[5.0],
        values: [0.0, 0.0, 0.0, 0.0, 0.0, 5.0],
    },
];

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

fn variables(seen: &mut Vec<f64>, flags: c_int) -> [Variable; 2] {
    let f = Variable::function("f", Float64.code(), CLOSURE1 | flags, note as *const c_void);
    [Variable::new("x", Float64), Variable { context: ptr::from_mut(seen).cast(), ..f }]
}

fn floats(bytes: &[u8]) -> Vec<f64> {
    bytes.chunks_exact(8).map(|chunk| f64::from_ne_bytes(chunk.try_into().unwrap())).collect()
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_ne_bytes()).collect()
}

fn check(expression: &Expression, seen: &mut Vec<f64>, case: &Case, params: &me_eval_params) {
    // More than the interpreter runs together, so that several tiles are.
    for copies in [1, 700] {
        seen.clear();
        let x = bytes(&X.repeat(copies));
        let out = expression.eval_with(&[&x], X.len() * copies, Some(params)).unwrap();
        assert_eq!(floats(&out), case.values.repeat(copies), "{}", case.body);
        let expected = case.calls.iter().flat_map(|call| vec![*call; copies]).collect();
        assert_eq!(sorted(std::mem::take(seen)), sorted(expected), "{copies} copies of {}", case.body);
    }
}

#[test]
fn items_that_get_to_a_call_make_it_once() {
    for case in CASES {
        let mut seen = Vec::new();
        let source = format!("def k(x):\n    {}\n", case.body);
        let expression = compile(&source, &variables(&mut seen, 0), AUTO).unwrap();
        for disable_simd in [0, 1] {
            let params = me_eval_params { disable_simd, ..Default::default() };
            check(&expression, &mut seen, case, &params);
        }
    }
}

/// The padding of blocks calls nothing.
#[test]
fn items_of_padded_blocks() {
    let grid = Grid { shape: vec![6], chunkshape: vec![8], blockshape: vec![8] };
    for case in CASES.iter().filter(|case| !case.body.contains("sum")) {
        for jit_mode in 0..3 {
            let mut seen = Vec::new();
            let source = format!("def k(x):\n    {}\n", case.body);
            let expression = compile_nd(&source, &variables(&mut seen, 0), AUTO, &grid, jit_mode).unwrap();
            let mut x = bytes(&X);
            x.extend(bytes(&[77.0; 2]));
            let out = expression.eval_nd(&[&x], 8, 0, 0).unwrap();
            assert_eq!(floats(&out)[..6], case.values, "{}", case.body);
            assert_eq!(sorted(seen), sorted(case.calls.to_vec()), "{}", case.body);
        }
    }
}

/// Pure functions may be called more often or less, with the same values.
#[test]
fn pure_functions_give_the_same() {
    for case in CASES {
        let mut seen = Vec::new();
        let source = format!("def k(x):\n    {}\n", case.body);
        let expression = compile(&source, &variables(&mut seen, PURE), AUTO).unwrap();
        let out = expression.eval(&[&bytes(&X)], X.len()).unwrap();
        assert_eq!(floats(&out), case.values, "{}", case.body);
    }
}
