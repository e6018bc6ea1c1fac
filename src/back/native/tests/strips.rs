//! Straight-line kernels that call vector functions, strip by strip.

use super::statements::values;
use super::{bytes_of, call, compile, interpret, levels, native, output_of, run};
use crate::back::engine::Code;
use crate::back::native::lane::Op;
use crate::back::native::phases::{Operand, Schedule, schedule};
use crate::back::native::{Native, lower};
use crate::dtype::Dtype;
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;

const CHAIN: &str = "\
def chain(x, y):
    a = sin(x)
    b = cos(a + y)
    c = exp(b * 0.5)
    d = log(c + 1.0)
    e = tanh(d * d + a)
    return arctan(e + x) * e
";

const KERNELS: [&str; 6] = [
    "def f(x, y):\n    return sin(x)\n",
    "def f(x, y):\n    return arctan2(x, y)\n",
    "def f(x, y):\n    return log(exp(x))\n",
    "def f(x, y):\n    return exp(x) + exp(y) + exp(x * y) + exp(x - y)\n",
    "def f(x, y):\n    a = exp(x)\n    b = tanh(y)\n    return arctan2(sin(y), a * b + cos(a))\n",
    CHAIN,
];

fn kernel(source: &str, dtype: Dtype) -> Kernel {
    compile(source, &[("x", dtype), ("y", dtype)])
}

fn schedule_of(kernel: &Kernel, level: Level) -> Schedule {
    schedule(&mut lower::lower(kernel, level).unwrap()).unwrap()
}

#[test]
fn every_item_of_every_strip_is_evaluated() {
    for source in KERNELS {
        let kernel = kernel(source, Dtype::Float64);
        for level in levels() {
            let code = native(&kernel, level);
            let strip = schedule_of(&kernel, level).strip_items.min(2048);
            for n in [1, 15, 255, 256, 257, strip - 1, strip, strip + 1, 3 * strip + 7] {
                let (x, y) = (values(n, 3.0), values(n, 0.7));
                let inputs = [bytes_of(&x), bytes_of(&y)];
                let expected = interpret(&kernel, level, &inputs, n);
                assert_eq!(run(&code, &inputs, 8, n), expected, "{level:?}: {n} items of\n{source}");
            }
        }
    }
}

/// Machine code, or where it refuses the interpreter's part, with the output in the place of an input.
fn run_in_place(code: &Native, kernel: &Kernel, level: Level, values: &[f64], other: &[u8]) -> Vec<u8> {
    let mut array = values.to_vec();
    let (address, n) = (array.as_mut_ptr().cast::<u8>(), array.len());
    let by_code = output_of(&[], 8, 0, |_, _, positions| {
        // SAFETY: both inputs hold `n` items, one of them is the output.
        match unsafe {
            let inputs = [address.cast_const(), other.as_ptr()];
            code.run(call(&inputs, address, n, positions))
        } {
            Some(result) => result,
            // SAFETY: as above.
            None => unsafe {
                let engine = crate::back::block::Interpreter::new(kernel, level).unwrap();
                let inputs = [address.cast_const(), other.as_ptr()];
                let items = crate::back::block::Items::First(n);
                engine.run(&inputs, address, items, positions, Accuracy::Fast)
            },
        }
    });
    by_code.unwrap();
    bytes_of(&array).to_vec()
}

#[test]
fn the_output_may_be_an_input() {
    for source in KERNELS {
        let kernel = kernel(source, Dtype::Float64);
        for level in levels() {
            let code = native(&kernel, level);
            let (x, y) = (values(3000, 3.0), values(3000, 0.7));
            let expected = interpret(&kernel, level, &[bytes_of(&x), bytes_of(&y)], 3000).unwrap();
            let got = run_in_place(&code, &kernel, level, &x, bytes_of(&y));
            assert_eq!(got, expected, "{level:?}:\n{source}");
        }
    }
}

#[test]
fn a_result_that_is_only_stored_goes_straight_to_the_output() {
    for level in levels() {
        for source in &KERNELS[..3] {
            let schedule = schedule_of(&kernel(source, Dtype::Float32), level);
            assert!(schedule.writes_by_call(), "{source}");
            let insts = schedule.phases.iter().flat_map(|phase| &phase.insts);
            assert!(insts.clone().all(|inst| inst.op != Op::Store), "{source}");
        }
        assert!(!schedule_of(&kernel(CHAIN, Dtype::Float32), level).writes_by_call());
    }
}

/// The buffers that a phase's instructions, or its calls, use.
fn buffers_of_steps(schedule: &Schedule) -> Vec<Vec<u32>> {
    let mut steps = Vec::new();
    for phase in &schedule.phases {
        let of_inst = |op| match op {
            Op::LoadBuffer(buffer) | Op::StoreBuffer(buffer) => Some(buffer),
            _ => None,
        };
        steps.push(phase.insts.iter().filter_map(|inst| of_inst(inst.op)).collect());
        let operands = phase.calls.iter().flat_map(|call| call.args.into_iter().flatten().chain([call.out]));
        let of_operand = |operand| match operand {
            Operand::Buffer(buffer) => Some(buffer),
            Operand::Input(_) | Operand::Output => None,
        };
        steps.push(operands.filter_map(of_operand).collect());
    }
    steps
}

#[test]
fn buffers_are_used_again() {
    for level in levels() {
        let schedule = schedule_of(&kernel(CHAIN, Dtype::Float64), level);
        assert!(schedule.phases.len() >= 6, "{}", schedule.phases.len());
        assert!(schedule.buffers <= 4, "{} buffers for a chain", schedule.buffers);
        let used = buffers_of_steps(&schedule);
        assert!(used.iter().flatten().all(|buffer| (*buffer as usize) < schedule.buffers));
    }
}
