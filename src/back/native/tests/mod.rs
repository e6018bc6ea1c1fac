//! Machine code against the interpreter, bit for bit.

mod expressions;
mod golden;
mod host_functions;
mod sizes;
pub mod statements;
mod strips;

use crate::back::block::{Interpreter, Items};
use crate::back::budget::{Budget, Limits, Scope};
use crate::back::call::SYMBOL_ITEMS;
use crate::back::engine::{Call, Code, Refusal, RunError};
use crate::back::native::{Native, has_engine};
use crate::back::settings::Settings;
use crate::dtype::Dtype;
use crate::front::testing::{compile, compile_entries};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::mid::Positions;

/// The levels of this machine that have an engine.
fn levels() -> impl Iterator<Item = Level> {
    Level::all_supported().filter(|level| has_engine(*level))
}

/// The machine code of a kernel.
fn native(kernel: &Kernel, level: Level) -> Native {
    #[cfg(target_arch = "x86_64")]
    super::x86::tests::check(kernel);
    let mut native = Native::new(kernel, level).unwrap_or_else(|refusal| panic!("{refusal:?}\n{kernel}"));
    // In an evaluation with a budget, the meter looks in every pass.
    native.needs.quiet_passes = native.needs.quiet_passes.map(|_| 1);
    native
}

/// Output bytes of an evaluation of `n` items of `itemsize` bytes, by `evaluate(inputs, output, positions)`.
pub fn output_of(
    inputs: &[&[u8]],
    itemsize: usize,
    n: usize,
    evaluate: impl FnOnce(&[*const u8], *mut u8, &Positions<'_>) -> Result<(), RunError>,
) -> Result<Vec<u8>, RunError> {
    const GUARD: u64 = 0xa5a5_a5a5_a5a5_a5a5;
    let pointers: Vec<*const u8> = inputs.iter().map(|input| input.as_ptr()).collect();
    let mut out = vec![GUARD; (n * itemsize).div_ceil(8) + 1];
    let extent = [n as i64];
    let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
    evaluate(&pointers, out.as_mut_ptr().cast(), &positions)?;
    let bytes = bytes_of(&out);
    assert_eq!(bytes[n * itemsize], 0xa5, "a write past the end");
    Ok(bytes[..n * itemsize].to_vec())
}

/// An evaluation of `n` items.
pub fn call<'a>(
    inputs: &'a [*const u8],
    output: *mut u8,
    items: usize,
    positions: &'a Positions<'a>,
) -> Call<'a> {
    Call { inputs, output, items, positions, accuracy: Accuracy::Fast, settings: Settings::default() }
}

/// Output bytes of machine code, which are the same within a budget.
fn run(native: &Native, inputs: &[&[u8]], itemsize: usize, n: usize) -> Result<Vec<u8>, RunError> {
    let evaluate = || {
        output_of(inputs, itemsize, n, |inputs, output, positions| {
            // SAFETY: the inputs hold `n` items, the output has room for them.
            unsafe { native.run(call(inputs, output, n, positions)) }.expect("aligned arrays")
        })
    };
    let output = evaluate();
    for passes in [None, Some(1 << 40)] {
        let budget = Budget::new(Limits { passes, ..Limits::default() });
        assert_eq!(Scope::run(&budget, evaluate), output);
    }
    output
}

pub fn bytes_of<T: Copy>(values: &[T]) -> &[u8] {
    // SAFETY: the tests use it on numbers, which have no padding.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), size_of_val(values)) }
}

/// Output bytes of the interpreter.
fn interpret(kernel: &Kernel, level: Level, inputs: &[&[u8]], n: usize) -> Result<Vec<u8>, RunError> {
    let engine = Interpreter::new(kernel, level).unwrap();
    output_of(inputs, kernel.output.itemsize, n, |inputs, output, positions| {
        // SAFETY: the inputs hold `n` items, the output has room for them.
        unsafe { engine.run(inputs, output, Items::First(n), positions, Accuracy::Fast) }
    })
}

#[test]
fn complex_kernels_are_refused() {
    let kernel = compile("x * x", &[("x", Dtype::Complex128)]);
    for level in levels() {
        assert!(matches!(Native::new(&kernel, level), Err(Refusal::Unsupported(_))));
    }
}

/// A caller need not have memory for what a kernel does not read.
#[test]
fn unread_inputs_may_be_null() {
    let kernel =
        compile("def f(x, y):\n    return x + _flat_idx\n", &[("x", Dtype::Float64), ("y", Dtype::Float64)]);
    let n = 2 * SYMBOL_ITEMS + 5;
    let x = vec![1.0; n];
    let extent = [n as i64];
    let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
    for level in levels() {
        let mut out = vec![0.0; n];
        let inputs = [x.as_ptr().cast(), std::ptr::null()];
        let code = native(&kernel, level);
        // SAFETY: `x` and the output hold `n` items, and `y` is not read.
        unsafe { code.run(call(&inputs, out.as_mut_ptr().cast(), n, &positions)) }.unwrap().unwrap();
        assert!(out.iter().enumerate().all(|(index, value)| *value == index as f64 + 1.0), "{level:?}");
    }
}
