//! Functions of the host that compiled kernels call.

use std::ffi::c_void;

use super::statements::values;
use super::{bytes_of, compile_entries, interpret, levels, native, run};
use crate::back::engine::Refusal;
use crate::back::native::Native;
use crate::dtype::Dtype;
use crate::front::{Entry, EntryKind};
use crate::ir::{Kernel, UserFunction};

extern "C" fn clamp(x: f64) -> f64 {
    x.clamp(-1.0, 1.0)
}

extern "C" fn blend(factor: *mut c_void, x: f64, y: f64) -> f64 {
    // SAFETY: the tests give a factor as the context.
    let factor = unsafe { factor.cast::<f64>().read() };
    x * factor + y
}

/// Adds one to the count in the context.
extern "C" fn counted(count: *mut c_void, x: f64) -> f64 {
    // SAFETY: the tests give a count as the context.
    unsafe { *count.cast::<f64>() += 1.0 };
    x
}

extern "C" fn four(a: f64, b: f64, c: f64, d: f64) -> f64 {
    a + b + c + d
}

/// A kernel of `x` and `y` that may call `clamp(x)`, `blend(x, y)` with a factor, `counted(x)` with that
/// as its count, `four(x, x, x, x)` and `impure(x)`.
fn kernel(source: &str, factor: &mut f64) -> Kernel {
    let variable = |name| Entry { name, dtype: Some(Dtype::Float64), itemsize: 0, kind: EntryKind::Variable };
    let function = |name, address, context, arity, pure| Entry {
        kind: EntryKind::Function {
            // SAFETY: the addresses are those of functions of these types.
            target: unsafe { UserFunction::new(address, context, arity, pure) },
            float_math: false,
        },
        ..variable(name)
    };
    let context = Some(std::ptr::from_mut(factor).cast());
    compile_entries(
        source,
        &[
            variable(b"x"),
            variable(b"y"),
            function(b"clamp", clamp as *const c_void, None, 1, true),
            function(b"blend", blend as *const c_void, context, 2, true),
            function(b"counted", counted as *const c_void, context, 1, true),
            function(b"four", four as *const c_void, None, 4, true),
            function(b"impure", clamp as *const c_void, None, 1, false),
        ],
        None,
    )
}

#[test]
fn pure_functions_are_called() {
    let mut factor = 2.5;
    for source in [
        "def f(x, y):\n    return clamp(x) + blend(x * 2.0, y) * y\n",
        "def f(x, y):\n    z = blend(clamp(x), y)\n    if z > 1.0:\n        return z - x\n    return clamp(z * y)\n",
        "def f(x, y):\n    if x > y:\n        return clamp(x)\n    if x < 0.0:\n        z = blend(x, y)\n    \
            elif y < 1.0:\n        z = clamp(y) - x\n    else:\n        z = y\n    return z * 2.0\n",
        "def f(x, y):\n    s = x\n    while s < 4.0:\n        if y > s:\n            s = s + 1.0 + blend(s, y) * \
            0.001\n            continue\n        if x > 1.0:\n            return clamp(s)\n        s = s + 1.5\n    \
            return s\n",
        "def f(x, y):\n    s = 0.0\n    for i in range(7):\n        if s > 3.0:\n            break\n        s = s + blend(clamp(x), i) * clamp(y)\n    return s + exp(clamp(s))\n",
    ] {
        let kernel = kernel(source, &mut factor);
        for (level, n) in levels().flat_map(|level| [1, 13, 300].map(|n| (level, n))) {
            let (x, y) = (values(n, 2.0), values(n, 3.0));
            let inputs = [bytes_of(&x), bytes_of(&y)];
            let got = run(&native(&kernel, level), &inputs, 8, n);
            assert_eq!(got, interpret(&kernel, level, &inputs, n), "{level:?}: {n} items of\n{source}");
        }
    }
}

/// A branch that no item takes does not run its functions; one that some take does.
#[test]
fn branches_that_are_not_taken_call_nothing() {
    for (source, calls) in [
        ("def f(x, y):\n    if x > 1e9:\n        return counted(x)\n    return y\n", false),
        (
            "def f(x, y):\n    if x > 1e9:\n        z = counted(x) + y\n    else:\n        z = y\n    return z\n",
            false,
        ),
        (
            "def f(x, y):\n    if x < 1e9:\n        z = y\n    else:\n        z = counted(x) + y\n    return z\n",
            false,
        ),
        ("def f(x, y):\n    if x < 1e9:\n        return counted(y)\n    return 0.0\n", true),
    ] {
        for level in levels() {
            let mut count = 0.0;
            let kernel = kernel(source, &mut count);
            let (x, y) = (values(300, 2.0), values(300, 3.0));
            let got = run(&native(&kernel, level), &[bytes_of(&x), bytes_of(&y)], 8, 300);
            assert_eq!(got.unwrap(), bytes_of(&y), "{level:?}: {source}");
            assert_eq!(count > 0.0, calls, "{level:?}: {source}");
        }
    }
}

#[test]
fn other_functions_are_left_to_the_interpreter() {
    let mut factor = 1.0;
    for source in [
        "def f(x, y):\n    return impure(x) + y\n",
        "def f(x, y):\n    return four(x, y, x, y)\n",
        "def f(x, y):\n    if x > y:\n        return x\n    elif clamp(x) > y:\n        return x * y\n    return y\n",
    ] {
        let kernel = kernel(source, &mut factor);
        for level in levels() {
            assert!(matches!(Native::new(&kernel, level), Err(Refusal::Unsupported(_))), "{source}");
        }
    }
}
