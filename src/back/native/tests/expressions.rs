//! Every operation on every dtype.

use super::{bytes_of, compile, compile_entries, interpret, levels, native, run};
use crate::dtype::Dtype;
use crate::front::testing::{entries, exchange_operations, operations_without_names};
use crate::front::{Entry, EntryKind};
use crate::ir::Kernel;
use crate::kernel::level::Level;
use crate::testkit::equality::assert_equal;
use crate::testkit::kernels::Generator;
use crate::testkit::random::{Random, cases};
use crate::testkit::values::{aligned, random_items};

/// `n` items of a dtype, edge values among them, in a buffer aligned for it.
fn items(dtype: Dtype, n: usize, seed: u64) -> Vec<u64> {
    let mut bytes = random_items(&mut Random::new(seed), dtype, n);
    bytes.resize(bytes.len() + 8, 0);
    aligned(&bytes)
}

fn agree(text: &str, dtypes: [Dtype; 2]) {
    let kernel = compile(text, &[("x", dtypes[0]), ("y", dtypes[1])]);
    levels().for_each(|level| agree_at(level, &kernel, text, dtypes));
}

fn agree_at(level: Level, kernel: &Kernel, text: &str, dtypes: [Dtype; 2]) {
    let code = native(kernel, level);
    for n in [1, 7, 16, 33, 300] {
        let (x, y) = (items(dtypes[0], n, 1), items(dtypes[1], n, 7));
        let all = [bytes_of(&x), bytes_of(&y)];
        let inputs = &all[..kernel.params.len()];
        let size = kernel.output.itemsize;
        let (got, expected) = (run(&code, inputs, size, n), interpret(kernel, level, inputs, n));
        let (Ok(got), Ok(expected)) = (&got, &expected) else {
            assert_eq!(got, expected, "{level:?}: {text} on {dtypes:?}");
            continue;
        };
        let what = format_args!("{level:?}: {text} on {n} items of {dtypes:?}\n{kernel}");
        assert_equal(kernel.output.dtype, got, expected, what);
    }
}

#[test]
fn operations_on_two_operands() {
    for operation in
        ["x + y", "x - y", "x * y", "x / y", "x % y", "x & y", "x | y", "x ^ y", "x << y", "x >> y"]
    {
        for dtype in Dtype::REAL {
            agree(operation, [dtype; 2]);
        }
    }
}

#[test]
fn comparisons() {
    for operation in ["x < y", "x <= y", "x > y", "x >= y", "x == y", "x != y"] {
        for dtype in Dtype::REAL {
            agree(operation, [dtype; 2]);
            agree(operation, [dtype, Dtype::Int32]);
        }
    }
}

#[test]
fn functions_of_one_operand() {
    let functions = [
        "-x",
        "~x",
        "abs(x)",
        "sign(x)",
        "square(x)",
        "floor(x)",
        "ceil(x)",
        "trunc(x)",
        "round(x)",
        "rint(x)",
    ];
    for function in functions {
        for dtype in Dtype::REAL {
            agree(function, [dtype; 2]);
        }
    }
    for function in ["sqrt(x)", "exp(x)", "sin(x)", "erf(x)", "sqrt(exp(x) + 1)", "sin(x) * cos(x) + x"] {
        for dtype in [Dtype::Int16, Dtype::UInt64, Dtype::Float32, Dtype::Float64] {
            agree(function, [dtype; 2]);
        }
    }
}

#[test]
fn mixed_dtypes() {
    for left in Dtype::REAL {
        for right in Dtype::REAL {
            agree("x + y", [left, right]);
            agree("where(x > y, x, y)", [left, right]);
        }
    }
}

#[test]
fn casts() {
    for from in Dtype::REAL {
        for to in Dtype::REAL {
            let entry = Entry { name: b"x", dtype: Some(from), itemsize: 0, kind: EntryKind::Variable };
            // The other lanes, of 64 bits, decide how many a vector has.
            for text in
                ["x", "where(x > 1, x, -x)", "def f(x):\n    n = _i0\n    return where(n > 3, x, 0)\n"]
            {
                let kernel = compile_entries(text, &[entry], Some(to));
                levels().for_each(|level| agree_at(level, &kernel, text, [from, to]));
            }
        }
    }
}

/// The counts are constants, one more than the bits of each dtype among them.
#[test]
fn shifts_by_constants() {
    for dtype in Dtype::REAL.into_iter().filter(|dtype| dtype.is_integer()) {
        for count in [0, 1, 7, 8, 15, 16, 31, 32, 63, 64, 65] {
            agree(&format!("x << {count}"), [dtype; 2]);
            agree(&format!("(x >> {count}) + y"), [dtype; 2]);
        }
    }
}

#[test]
fn nested_expressions() {
    let texts = [
        "where(x > 0, x * 2 + 1, y - 3) * (x - y)",
        "atan2(x, y) + hypot(x, y) * fmax(x, y)",
        "((x + 1) * (y + 2) - (x - 3) * (y - 4)) / (x * x + y * y + 1)",
        "where((x > y) & (x < 3) | (y == 1), exp(x), log(abs(y) + 1))",
        "exp(exp(sin(x)) * 0.1) + x",
    ];
    for text in texts {
        for dtype in [Dtype::Float32, Dtype::Float64, Dtype::Int32] {
            agree(text, [dtype; 2]);
        }
    }
}

#[test]
fn operations_without_a_name_in_the_language() {
    for dtype in Dtype::REAL {
        for (name, kernel) in operations_without_names(dtype) {
            levels().for_each(|level| agree_at(level, &kernel, &name, [dtype; 2]));
        }
    }
}

/// Programs that are compared; `MINIEXPR_RANDOM_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 100;

/// With the operations that the language has no names for in them.
#[test]
fn random_programs() {
    for seed in 0..cases("MINIEXPR_RANDOM_PROGRAMS", PROGRAMS) {
        let mut random = Random::new(seed);
        let dtypes = [*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL)];
        let source = Generator::new(&mut random).kernel();
        let output = *random.pick(&Dtype::REAL);
        let entries = entries(&[("x", dtypes[0]), ("y", dtypes[1])]);
        let mut kernel = compile_entries(&source, &entries, Some(output));
        exchange_operations(&mut kernel);
        levels().for_each(|level| agree_at(level, &kernel, &format!("seed {seed}: {source}"), dtypes));
    }
}
