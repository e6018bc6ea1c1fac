//! Each element-wise kernel against the C loop that one would write for it, compiled on the spot
//! with `cc -O3` for the same instruction set (the machine's own at the highest level): time per
//! block of 8192 items in cache, as the ratio of the two.
//!
//! `cargo bench --bench kernel_speed [-- filter]` prints the cases that are slower than 1.2 times
//! the C loop, or with a filter every case whose name contains it.

use std::ffi::{CString, c_void};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

#[path = "../testkit/mod.rs"]
mod testkit;

use miniexpr::internals::dtype::{Dtype, Scalar};
use miniexpr::internals::ir::{BinaryOp, CompareOp, MathFn, UnaryOp};
use miniexpr::internals::kernel::level::Level;
use miniexpr::internals::kernel::{Accuracy, First, Kernel, LastTwo, Operands, Second};
use miniexpr::internals::kernel::{binary, cast, compare, copy, fused, select, unary};
use testkit::random::Random;

const ITEMS: usize = 8192;
const ROUNDS: usize = 25;
const LIMIT: f64 = 1.2;

/// One kernel and the C expression for item `i` of its result.
struct Case {
    name: String,
    kernel: Kernel,
    result: Dtype,
    operands: Vec<Dtype>,
    expression: String,
}

fn main() {
    let filter = std::env::args().skip(1).find(|argument| !argument.starts_with('-'));
    let level = Level::current();
    let mut cases = all_cases(level);
    if let Some(filter) = &filter {
        cases.retain(|case| case.name.contains(filter.as_str()));
    }
    let library = compile(&cases, level);
    let mut slow = 0;
    let mut product_log = 0.0;
    for (index, case) in cases.iter().enumerate() {
        let reference = find(library, index);
        let (ours, theirs) = measure(case, reference);
        let ratio = ours / theirs;
        product_log += ratio.ln();
        slow += usize::from(ratio > LIMIT);
        if filter.is_some() || ratio > LIMIT {
            let per_item = 1e9 / ITEMS as f64;
            println!("{:32} {:7.3} ns {:7.3} ns  {ratio:5.2}", case.name, ours * per_item, theirs * per_item);
        }
    }
    let mean = (product_log / cases.len() as f64).exp();
    if filter.is_none() {
        print_fusion_gain(level);
    }
    println!("{level:?}: {} cases, {slow} above {LIMIT}, geometric mean {mean:.2}", cases.len());
}

fn all_cases(level: Level) -> Vec<Case> {
    let mut cases = Vec::new();
    for dtype in Dtype::REAL {
        cases.extend(unary_cases(dtype, level));
        cases.extend(function_cases(dtype, level));
        cases.extend(binary_cases(dtype, level));
        cases.extend(numpy_cases(dtype, level));
        cases.extend(comparison_cases(dtype, level));
        cases.extend(selection_cases(dtype, level));
        cases.extend(fused_cases(dtype, level));
        cases.extend(cast_cases(dtype, level));
    }
    for dtype in [Dtype::Complex64, Dtype::Complex128] {
        cases.extend(binary_cases(dtype, level));
        cases.extend(selection_cases(dtype, level));
        cases.extend(complex_function_cases(dtype, level));
    }
    cases
}

fn complex_function_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let suffix = if dtype == Dtype::Complex64 { "f" } else { "" };
    let table =
        [(UnaryOp::Neg, dtype, "-a[i]".into()), (UnaryOp::Conj, dtype, format!("conj{suffix}(a[i])"))];
    let parts = [(UnaryOp::Abs, "cabs"), (UnaryOp::Real, "creal"), (UnaryOp::Imag, "cimag")];
    let parts = parts.map(|(op, name)| (op, dtype.component(), format!("{name}{suffix}(a[i])")));
    // The names in C of the logarithms but one are GNU's, or missing.
    let functions = MathFn::ALL
        .iter()
        .filter(|function| function.is_complex())
        .filter(|function| !matches!(function, MathFn::Expm1 | MathFn::Log2 | MathFn::Log10 | MathFn::Log1p));
    let functions = functions.map(|&function| {
        let expression = format!("c{}{suffix}(a[i])", function.row().name);
        (UnaryOp::Math(function), dtype, expression)
    });
    let case = |(op, result, expression): (UnaryOp, Dtype, String)| Case {
        name: format!("{op:?} {dtype}"),
        kernel: unary(op, dtype, Accuracy::Fast, level).expect("a kernel"),
        result,
        operands: vec![dtype],
        expression,
    };
    let mut cases: Vec<Case> = table.into_iter().chain(parts).chain(functions).map(case).collect();
    cases.push(Case {
        name: format!("Pow {dtype}"),
        kernel: binary(BinaryOp::Pow, dtype, Operands::ArrayArray, Accuracy::Fast, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype, dtype],
        expression: format!("cpow{suffix}(a[i], b[i])"),
    });
    cases
}

fn unary_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let absolute = match dtype {
        Dtype::Float32 => "fabsf(a[i])",
        Dtype::Float64 => "fabs(a[i])",
        _ => "a[i] < 0 ? -a[i] : a[i]",
    };
    let mut table = vec![(UnaryOp::Neg, "-a[i]"), (UnaryOp::Abs, absolute), (UnaryOp::Square, "a[i] * a[i]")];
    table.push((UnaryOp::Sign, "(a[i] > 0) - (a[i] < 0)"));
    match dtype {
        Dtype::Bool => table = vec![(UnaryOp::BitNot, "!a[i]")],
        Dtype::Float32 => {
            table.push((UnaryOp::Floor, "floorf(a[i])"));
            table.push((UnaryOp::Round, "roundf(a[i])"));
            table.push((UnaryOp::Rint, "rintf(a[i])"));
        }
        Dtype::Float64 => {
            table.push((UnaryOp::Floor, "floor(a[i])"));
            table.push((UnaryOp::Round, "round(a[i])"));
            table.push((UnaryOp::Rint, "rint(a[i])"));
        }
        _ => table.push((UnaryOp::BitNot, "~a[i]")),
    }
    let case = |(op, expression): (UnaryOp, &str)| Case {
        name: format!("{op:?} {dtype}"),
        kernel: unary(op, dtype, Accuracy::Fast, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype],
        expression: expression.into(),
    };
    let mut cases: Vec<Case> = table.into_iter().map(case).collect();
    cases.push(Case {
        name: format!("Copy {dtype}"),
        kernel: copy(dtype, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype],
        expression: "a[i]".into(),
    });
    cases
}

/// Math functions against those of the C library.
fn function_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let suffix = match dtype {
        Dtype::Float32 => "f",
        Dtype::Float64 => "",
        _ => return Vec::new(),
    };
    let table = [
        (MathFn::Sqrt, "sqrt"),
        (MathFn::Cbrt, "cbrt"),
        (MathFn::Exp, "exp"),
        (MathFn::Exp2, "exp2"),
        (MathFn::Expm1, "expm1"),
        (MathFn::Log, "log"),
        (MathFn::Log2, "log2"),
        (MathFn::Log10, "log10"),
        (MathFn::Log1p, "log1p"),
        (MathFn::Sin, "sin"),
        (MathFn::Cos, "cos"),
        (MathFn::Tan, "tan"),
        (MathFn::Atan, "atan"),
        (MathFn::Sinh, "sinh"),
        (MathFn::Cosh, "cosh"),
        (MathFn::Tanh, "tanh"),
        (MathFn::Asinh, "asinh"),
        (MathFn::Acosh, "acosh"),
        (MathFn::Erf, "erf"),
    ];
    let unary_case = |(f, name): (MathFn, &str)| Case {
        name: format!("{f:?} {dtype}"),
        kernel: unary(UnaryOp::Math(f), dtype, Accuracy::Fast, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype],
        expression: format!("{name}{suffix}(a[i])"),
    };
    let binary_case = |(op, name): (BinaryOp, &str)| Case {
        name: format!("{op:?} {dtype}"),
        kernel: binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype, dtype],
        expression: format!("{name}{suffix}(a[i], b[i])"),
    };
    let pairs = [(BinaryOp::Pow, "pow"), (BinaryOp::Atan2, "atan2"), (BinaryOp::Hypot, "hypot")];
    table.into_iter().map(unary_case).chain(pairs.into_iter().map(binary_case)).collect()
}

const SHAPES: [(Operands, &str, &str); 3] = [
    (Operands::ArrayArray, "a[i]", "b[i]"),
    (Operands::ArrayScalar, "a[i]", "b[0]"),
    (Operands::ScalarArray, "a[0]", "b[i]"),
];

fn binary_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let arithmetic = [(BinaryOp::Add, "+"), (BinaryOp::Sub, "-"), (BinaryOp::Mul, "*"), (BinaryOp::Div, "/")];
    let bits = [(BinaryOp::BitAnd, "&"), (BinaryOp::BitOr, "|"), (BinaryOp::BitXor, "^")];
    let integer = [(BinaryOp::Rem, "%"), (BinaryOp::Shl, "<<"), (BinaryOp::Shr, ">>")];
    let table = match dtype {
        Dtype::Bool => bits.to_vec(),
        _ if !dtype.is_integer() => arithmetic.to_vec(),
        _ => [&arithmetic[..], &bits[..], &integer[..]].concat(),
    };
    let mut cases = Vec::new();
    for (op, sign) in table {
        for (shape, x, y) in SHAPES {
            // An array takes the place of a scalar that is seldom wanted.
            cases.extend(binary(op, dtype, shape, Accuracy::Fast, level).map(|kernel| Case {
                name: format!("{op:?} {dtype} {shape:?}"),
                kernel,
                result: dtype,
                operands: vec![dtype, dtype],
                expression: format!("{x} {sign} {y}"),
            }));
        }
    }
    cases
}

/// What NumPy has and C has not: the loops that one would write.
fn numpy_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let suffix = if dtype == Dtype::Float32 { "f" } else { "" };
    let minimum = "a[i] < b[i] || a[i] != a[i] ? a[i] : b[i]";
    let maximum = "a[i] > b[i] || a[i] != a[i] ? a[i] : b[i]";
    let mut table = vec![(BinaryOp::Minimum, minimum.to_string()), (BinaryOp::Maximum, maximum.to_string())];
    if dtype.is_float() {
        let floor_mod = "floor_modF(a[i], b[i])".replace('F', suffix);
        let floor_divide = "floor_divideF(a[i], b[i])".replace('F', suffix);
        table.extend([(BinaryOp::FloorMod, floor_mod), (BinaryOp::FloorDiv, floor_divide)]);
    } else if dtype.is_integer() {
        let rest = "a[i] % b[i]";
        let lowers = "a[i] % b[i] != 0 && (a[i] ^ b[i]) < 0";
        table.push((BinaryOp::FloorDiv, format!("b[i] == 0 ? 0 : a[i] / b[i] - ({lowers})")));
        table.push((BinaryOp::FloorMod, format!("b[i] == 0 ? 0 : {rest} + ({lowers} ? b[i] : 0)")));
    }
    let case = |(op, expression): (BinaryOp, String)| Case {
        name: format!("{op:?} {dtype}"),
        kernel: binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level).expect("a kernel"),
        result: dtype,
        operands: vec![dtype, dtype],
        expression,
    };
    let mut cases: Vec<Case> = table.into_iter().map(case).collect();
    if dtype.is_integer() {
        cases.push(Case {
            name: format!("CountOnes {dtype}"),
            kernel: unary(UnaryOp::CountOnes, dtype, Accuracy::Fast, level).expect("a kernel"),
            result: dtype,
            operands: vec![dtype],
            expression: format!("__builtin_popcountll(({})a[i])", c_type(unsigned_of(dtype))),
        });
    }
    cases
}

fn unsigned_of(dtype: Dtype) -> Dtype {
    match dtype.size() {
        1 => Dtype::UInt8,
        2 => Dtype::UInt16,
        4 => Dtype::UInt32,
        _ => Dtype::UInt64,
    }
}

/// Floor division as NumPy computes it.
const FLOOR_DIVISION: &str = "\
static inline T floor_modF(T a, T b) {
    T rest = fmodF(a, b);
    if (rest == 0) return b == 0 ? rest : copysignF(0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}
static inline T floor_divideF(T a, T b) {
    if (b == 0) return a / b;
    T rest = fmodF(a, b);
    T quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0)) quotient -= 1;
    if (quotient == 0) return copysignF(0, a / b);
    T whole = floorF(quotient);
    return quotient - whole > (T)0.5 ? whole + 1 : whole;
}
";

fn comparison_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let table = [
        (CompareOp::Eq, "=="),
        (CompareOp::Ne, "!="),
        (CompareOp::Lt, "<"),
        (CompareOp::Le, "<="),
        (CompareOp::Gt, ">"),
        (CompareOp::Ge, ">="),
    ];
    let mut cases = Vec::new();
    for (op, sign) in table {
        for (shape, x, y) in SHAPES {
            cases.push(Case {
                name: format!("{op:?} {dtype} {shape:?}"),
                kernel: compare(op, dtype, shape, level).expect("a kernel"),
                result: Dtype::Bool,
                operands: vec![dtype, dtype],
                expression: format!("{x} {sign} {y}"),
            });
        }
    }
    cases
}

const LAST_TWO: [(LastTwo, &str, &str); 4] = [
    (LastTwo::ArrayArray, "b[i]", "c[i]"),
    (LastTwo::ArrayScalar, "b[i]", "c[0]"),
    (LastTwo::ScalarArray, "b[0]", "c[i]"),
    (LastTwo::ScalarScalar, "b[0]", "c[0]"),
];

fn selection_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let case = |(shape, y, z): (LastTwo, &str, &str)| Case {
        name: format!("Select {dtype} {shape:?}"),
        kernel: select(dtype, shape, level).expect("a kernel"),
        result: dtype,
        operands: vec![Dtype::Bool, dtype, dtype],
        expression: format!("a[i] ? {y} : {z}"),
    };
    LAST_TWO.into_iter().map(case).collect()
}

/// The C loops are compiled without contraction, as the kernels are.
fn fused_cases(dtype: Dtype, level: Level) -> Vec<Case> {
    let mut cases = Vec::new();
    for (shape, y, z) in LAST_TWO {
        let multiply_add = fused(First::Of(BinaryOp::Mul), Second::Left(BinaryOp::Add), dtype, shape, level)
            .map(|kernel| Case {
                name: format!("Fused {dtype} {shape:?}"),
                kernel,
                result: dtype,
                operands: vec![dtype; 3],
                expression: format!("a[i] * {y} + {z}"),
            });
        cases.extend(multiply_add);
    }
    cases
}

fn cast_cases(from: Dtype, level: Level) -> Vec<Case> {
    let targets = Dtype::REAL.into_iter().filter(|&to| to != from);
    let case = |to: Dtype| Case {
        name: format!("Cast {from} {to}"),
        kernel: cast(from, to, level).expect("a kernel"),
        result: to,
        operands: vec![from],
        expression: format!("({})a[i]", c_type(to)),
    };
    targets.map(case).collect()
}

fn c_type(dtype: Dtype) -> &'static str {
    match dtype {
        Dtype::Bool => "bool",
        Dtype::Int8 => "int8_t",
        Dtype::Int16 => "int16_t",
        Dtype::Int32 => "int32_t",
        Dtype::Int64 => "int64_t",
        Dtype::UInt8 => "uint8_t",
        Dtype::UInt16 => "uint16_t",
        Dtype::UInt32 => "uint32_t",
        Dtype::UInt64 => "uint64_t",
        Dtype::Float32 => "float",
        Dtype::Float64 => "double",
        Dtype::Complex64 => "float complex",
        _ => "double complex",
    }
}

/// Compiles the loops of all cases into a shared library and loads it.
fn compile(cases: &[Case], level: Level) -> *mut c_void {
    let mut source =
        String::from("#include <complex.h>\n#include <math.h>\n#include <stdbool.h>\n#include <stdint.h>\n");
    for (c_type, suffix) in [("double", "("), ("float", "f(")] {
        source.push_str(&FLOOR_DIVISION.replace("F(", suffix).replace('T', c_type));
    }
    for (index, case) in cases.iter().enumerate() {
        let operand = |k: usize| c_type(*case.operands.get(k).unwrap_or(&case.result));
        let [a, b, c] = [operand(0), operand(1), operand(2)];
        let (result, expression) = (c_type(case.result), &case.expression);
        writeln!(
            source,
            "void loop_{index}({result} *restrict out, const {a} *restrict a, const {b} *restrict b, \
             const {c} *restrict c, uintptr_t n) {{ for (uintptr_t i = 0; i < n; i++) out[i] = {expression}; }}"
        )
        .expect("writing to a string");
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (text, library) = (folder.join("kernel_speed.c"), folder.join("kernel_speed.so"));
    std::fs::write(&text, source).expect("the target folder is writable");
    let status = Command::new("cc")
        .args(["-O3", c_flag(level), "-ffp-contract=off", "-fwrapv", "-shared", "-fPIC", "-w", "-o"])
        .args([&library, &text])
        .arg("-lm")
        .status()
        .expect("a C compiler");
    assert!(status.success(), "the C loops compile");
    load(&library)
}

/// The C compiler's name for the instructions of `level`.
fn c_flag(level: Level) -> &'static str {
    if level == Level::supported() {
        return "-march=native";
    }
    match level {
        Level::Avx512 => "-march=x86-64-v4",
        Level::Avx2 => "-march=x86-64-v3",
        Level::Baseline => "-march=x86-64",
    }
}

fn load(library: &Path) -> *mut c_void {
    let path = CString::new(library.to_str().expect("a UTF-8 path")).expect("a path without NUL");
    // SAFETY: the path is a C string; the library is the one just compiled, without constructors.
    let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW) };
    assert!(!handle.is_null(), "the C loops load");
    handle
}

fn find(library: *mut c_void, index: usize) -> Kernel {
    let name = CString::new(format!("loop_{index}")).expect("a name without NUL");
    // SAFETY: the handle is open, and the function has the signature of a kernel.
    unsafe {
        let address = libc::dlsym(library, name.as_ptr());
        assert!(!address.is_null(), "the loop exists");
        std::mem::transmute::<*mut c_void, Kernel>(address)
    }
}

/// Seconds for one block by the kernel and by `reference`: the best of interleaved rounds.
fn measure(case: &Case, reference: Kernel) -> (f64, f64) {
    let operands: Vec<Vec<u128>> = case.operands.iter().map(|&dtype| operand(dtype)).collect();
    let mut out = vec![0u128; ITEMS * case.result.size() / 16 + 4];
    let mut best = (f64::INFINITY, f64::INFINITY);
    for _ in 0..ROUNDS {
        best.0 = best.0.min(time(case.kernel, &mut out, &operands));
        best.1 = best.1.min(time(reference, &mut out, &operands));
    }
    best
}

fn time(kernel: Kernel, out: &mut [u128], operands: &[Vec<u128>]) -> f64 {
    const REPEATS: u32 = 4;
    let pointer = |k: usize| operands.get(k).map_or(std::ptr::null(), |block| block.as_ptr().cast());
    let start = Instant::now();
    for _ in 0..REPEATS {
        // SAFETY: all blocks hold `ITEMS` elements of the dtypes of the case.
        unsafe { kernel(out.as_mut_ptr().cast(), pointer(0), pointer(1), pointer(2), ITEMS) };
    }
    start.elapsed().as_secs_f64() / f64::from(REPEATS)
}

/// The time of `a * b + c` in one pass relative to two kernels with a block between them, for whole
/// blocks and for blocks that fit the first-level cache.
fn print_fusion_gain(level: Level) {
    for dtype in [Dtype::Int32, Dtype::Int64, Dtype::Float32, Dtype::Float64] {
        let find = |op| binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, level).expect("a kernel");
        let (multiply, add) = (find(BinaryOp::Mul), find(BinaryOp::Add));
        let both =
            fused(First::Of(BinaryOp::Mul), Second::Left(BinaryOp::Add), dtype, LastTwo::ArrayArray, level);
        let both = both.expect("a kernel");
        let [a, b, c, mut middle, mut out] = std::array::from_fn(|_| operand(dtype));
        let [a, b, c] = [&a, &b, &c].map(|block| block.as_ptr().cast::<u8>());
        let (middle, out) = (middle.as_mut_ptr().cast::<u8>(), out.as_mut_ptr().cast::<u8>());
        for items in [ITEMS, 1024] {
            let none = std::ptr::null();
            // SAFETY: all blocks hold `ITEMS` elements of the dtype.
            let one_pass = best_time(|| unsafe { both(out, a, b, c, items) });
            // SAFETY: the same.
            let two_passes = best_time(|| unsafe {
                multiply(middle, a, b, none, items);
                add(out, middle, c, none, items);
            });
            println!("one pass for two, {dtype}, {items} items: {:.2}", one_pass / two_passes);
        }
    }
}

fn best_time(run: impl Fn()) -> f64 {
    let time = |_| {
        let start = Instant::now();
        (0..20).for_each(|_| run());
        start.elapsed().as_secs_f64()
    };
    (0..ROUNDS).map(time).fold(f64::INFINITY, f64::min)
}

/// Small positive values, so that no division by zero or wide shift makes C undefined.
fn operand(dtype: Dtype) -> Vec<u128> {
    let mut block = vec![0u128; ITEMS * dtype.size() / 16 + 4];
    // SAFETY: the block has room for `ITEMS` elements, and any bytes are valid in it.
    let bytes =
        unsafe { std::slice::from_raw_parts_mut(block.as_mut_ptr().cast::<u8>(), ITEMS * dtype.size()) };
    let mut random = Random::new(12345);
    for chunk in bytes.chunks_exact_mut(dtype.size()) {
        let value = 1 + random.below(6);
        let scalar =
            if dtype == Dtype::Bool { Scalar::Bool(value > 3) } else { Scalar::Int(i128::from(value)) };
        chunk.copy_from_slice(&scalar.to_bytes(dtype)[..dtype.size()]);
    }
    block
}
