//! The interpreter, the engine in memory and the C compiler's give the same values.

use crate::session::{Session, compile, evaluate_in_place, has_kernel, set, values};
use crate::testkit::client::{self, Variable};
use crate::testkit::equality::are_equal;
use crate::testkit::kernels::Generator;
use crate::testkit::random::{Random, cases};
use crate::testkit::values::{decode, encode, random_items};
use miniexpr::Dtype::{self, *};
use miniexpr::{ArrayRef, Expression};

/// The engines, by the headers and variables that choose them.
const ENGINES: [(&str, &str); 3] = [("interpreter", "0"), ("tcc", "1"), ("cc", "1")];

/// The output of a kernel by an engine; an error code where it fails.
fn by_engine(
    (engine, jit): (&str, &str),
    source: &str,
    variables: &[Variable],
    output: Dtype,
    inputs: &[&[u8]],
    items: usize,
) -> Result<Vec<u8>, i32> {
    set("ME_DSL_JIT", jit);
    set("ME_DSL_JIT_COMPILER", engine);
    let expression = client::compile(source, variables, output.code()).expect(source);
    if engine == "cc" {
        assert!(has_kernel(&expression), "{source}");
    }
    expression.eval(inputs, items)
}

/// One kernel, its inputs and what it must give.
struct Case {
    body: &'static str,
    inputs: &'static [(&'static str, Dtype, &'static [f64])],
    output: Dtype,
    want: &'static [f64],
}

const fn case(
    body: &'static str,
    inputs: &'static [(&'static str, Dtype, &'static [f64])],
    output: Dtype,
    want: &'static [f64],
) -> Case {
    Case { body, inputs, output, want }
}

const BIG: f64 = 9007199254740993.0;

/// Kernels that careless compilation to C gets wrong: promotions, precedence, literals, stale values.
const CASES: [Case; 24] = [
    case("return a + 1/2", &[("a", Float64, &[0.0, 1.0])], Float64, &[0.5, 1.5]),
    case("return a / 2", &[("a", Int64, &[7.0, -7.0])], Float64, &[3.5, -3.5]),
    case("t = x; t = t / 2; return t", &[("x", Int32, &[3.0, 1.0])], Float64, &[1.5, 0.5]),
    case("return a * 0.1", &[("a", Float32, &[0.1f32 as f64])], Float32, &[0.010000000707805157]),
    case("t = x * 0.1; return t + 1", &[("x", Float32, &[1.0])], Float64, &[1.1]),
    case("return exp(x)", &[("x", Float32, &[1.0])], Float64, &[2.7182817459106445]),
    case("return x * y", &[("x", Int64, &[16777217.0]), ("y", Float32, &[1.0])], Float64, &[16777217.0]),
    case("return (a + b) / 2", &[("a", Int8, &[100.0]), ("b", Int8, &[100.0])], Int8, &[-28.0]),
    case("return a + b > 0", &[("a", Int8, &[100.0]), ("b", Int8, &[100.0])], Bool, &[0.0]),
    case("return a - b < 0", &[("a", UInt8, &[1.0]), ("b", UInt8, &[2.0])], Bool, &[0.0]),
    case("return a < b", &[("a", Int32, &[-1.0]), ("b", UInt32, &[2.0])], Bool, &[1.0]),
    case("return y < x", &[("y", Int64, &[-6.0]), ("x", UInt64, &[5.0])], Bool, &[1.0]),
    case("return x + y", &[("x", UInt64, &[5.0]), ("y", Int64, &[-6.0])], Float64, &[-1.0]),
    case("return not a > 1", &[("a", Float64, &[0.0, 2.0])], Bool, &[1.0, 0.0]),
    case("return ~(a > 1)", &[("a", Float64, &[0.0, 2.0])], Bool, &[1.0, 0.0]),
    case("return a > 1 & b > 1", &[("a", Int64, &[2.0, 5.0]), ("b", Int64, &[3.0, 3.0])], Bool, &[0.0, 0.0]),
    case("return (2147483647 + 1) * a", &[("a", Int64, &[1.0])], Int64, &[2147483648.0]),
    case("return a + 010", &[("a", Float64, &[0.0])], Float64, &[10.0]),
    case(
        "return where(a > 0, a, b) - 9007199254740990",
        &[("a", Int64, &[BIG]), ("b", Int64, &[1.0])],
        Int64,
        &[2.0],
    ),
    case("for i in range(3):\n        y = i\n    return i + 0 * x", &[("x", Int64, &[0.0])], Int64, &[2.0]),
    case(
        "s = 0\n    for i in range(6):\n        s = s + i\n        i = i + 1\n    return s + 0 * x",
        &[("x", Int64, &[0.0])],
        Int64,
        &[15.0],
    ),
    case("return nextafter(x, 2)", &[("x", Float32, &[0.5])], Float32, &[0.5000000596046448]),
    case(
        "t = sqrt(x)\n    t = t + 1\n    u = exp(t)\n    return u + t",
        &[("x", Float64, &[1.0])],
        Float64,
        &[9.38905609893065],
    ),
    case(
        "t = sqrt(x)\n    if x > 2:\n        t = 0.0\n    return exp(t)",
        &[("x", Float64, &[4.0])],
        Float64,
        &[1.0],
    ),
];

#[test]
fn what_careless_compilation_gets_wrong() {
    let _session = Session::new("agreement-cases");
    for Case { body, inputs, output, want } in &CASES {
        let names: Vec<&str> = inputs.iter().map(|(name, ..)| *name).collect();
        let body = body.replace("; ", "\n    ");
        let source = format!("def f({}):\n    {body}\n", names.join(", "));
        let variables: Vec<_> = inputs.iter().map(|(name, dtype, _)| Variable::new(name, *dtype)).collect();
        let arrays: Vec<_> = inputs.iter().map(|(_, dtype, values)| encode(*dtype, values)).collect();
        let arrays: Vec<&[u8]> = arrays.iter().map(Vec::as_slice).collect();
        for engine in ENGINES {
            let out = by_engine(engine, &source, &variables, *output, &arrays, want.len()).unwrap();
            let got = decode(*output, &out);
            let is_close = |(got, want): (&f64, &f64)| (got - want).abs() <= 1e-15 * want.abs();
            assert!(got.iter().zip(*want).all(is_close), "{engine:?}: {got:?} instead of {want:?}\n{source}");
        }
    }
}

/// Powers of NumPy's dialect with whole exponents, by the library's function and by that of generated C.
#[test]
fn whole_powers_have_the_same_bits() {
    let _session = Session::new("agreement-powers");
    let mut random = Random::new(41);
    let mut x =
        vec![0.0, -0.0, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 5e-324, -3e-310, 1e308, -1.0, 1e-28];
    x.extend((0..500).map(|_| f64::from_bits(random.bits())));
    x.extend((0..500).map(|_| random.bits() as f64 / 2f64.powi(62)));
    for exponent in ["3", "4", "7", "32", "-2", "-5.0", "-32", "0"] {
        let source = format!(
            "def kernel(x):\n    if x > 1e9:\n        return x**{exponent}\n    return 1.5 * x**{exponent}\n"
        );
        let mut wanted: Option<Vec<u64>> = None;
        for (engine, jit) in ENGINES {
            for bridge in ["1", "0"] {
                set("ME_DSL_JIT", jit);
                set("ME_DSL_JIT_COMPILER", engine);
                set("ME_DSL_JIT_MATH_BRIDGE", bridge);
                let kernel = Expression::builder(&source).variable("x", Float64).compile().expect(&source);
                let got: Vec<f64> = kernel.evaluation().run_to_vec(&[ArrayRef::from(&x)]).expect(&source);
                let got: Vec<u64> = got.iter().map(|y| if y.is_nan() { 0 } else { y.to_bits() }).collect();
                let wanted = wanted.get_or_insert_with(|| got.clone());
                let differs = (0..x.len()).find(|&i| got[i] != wanted[i]);
                assert!(
                    differs.is_none(),
                    "{engine}, bridge {bridge}: {:e}**{exponent}",
                    x[differs.unwrap_or(0)]
                );
            }
        }
    }
}

#[test]
fn an_output_in_the_place_of_the_input() {
    let _session = Session::new("agreement-in-place");
    for (engine, jit) in ENGINES {
        set("ME_DSL_JIT", jit);
        set("ME_DSL_JIT_COMPILER", engine);
        let expression = compile("def f(x):\n    return pow(2.0, x)\n").unwrap();
        let mut buffer = [1.0, 2.0, 3.0];
        let status = evaluate_in_place(&expression, &mut buffer);
        assert_eq!((status, buffer), (0, [2.0, 4.0, 8.0]), "{engine}");
    }
}

#[test]
fn errors_of_programs() {
    let _session = Session::new("agreement-errors");
    set("ME_DSL_WHILE_MAX_ITERS", "32");
    let cap = "n = 0.0\n    while n < x:\n        n = n + 1.0\n    return n";
    let step = "s = 0.0\n    for i in range(0, 6, int(x)):\n        s = s + 1\n    return s";
    for engine in ENGINES {
        for (body, good, bad) in [(cap, 32.0, 33.0), (step, 2.0, 0.0)] {
            let source = format!("def f(x):\n    {body}\n");
            let x = [Variable::new("x", Float64)];
            let run = |values: &[f64]| {
                by_engine(engine, &source, &x, Float64, &[&encode(Float64, values)], values.len())
            };
            assert!(run(&[good, 4.5]).is_ok(), "{engine:?} {source}");
            assert_eq!(run(&[good, bad]), Err(client::eval_status::INVALID_ARG), "{engine:?} {source}");
        }
    }
}

#[test]
fn loops_and_branches_of_c_kernels_agree_with_the_interpreter() {
    let _session = Session::new("agreement-loops");
    let bodies = [
        "    acc = 0\n    for i in range(6):\n        if x > i:\n            acc = acc + i\n        else:\n            break\n    return acc + 0.5\n",
        "    s = 0.0\n    for i in range(5, 0, -2):\n        s = s + i * x\n    for i in range(3):\n        s = s - i\n    return s\n",
        "    n = 0.0\n    z = abs(x) + 2.0\n    while z < 1000.0:\n        z = z * z\n        n = n + 1.0\n    return n\n",
        "    return float(int(x)) + bool(x)\n",
        "    return x + _flat_idx + _i0 + _n0 + _ndim\n",
        "    t = int(x) * 1000003\n    return float((t / 7) % 11 + (t << 3))\n",
        "    if x > 2:\n        return exp(x) - pi\n    elif x < 0:\n        return sin(x) % 0.3\n    return log1p(x) ** 2\n",
        "    s = 0.0\n    for i in range(4):\n        s = s + exp(x * i) * erf(s)\n    return s + lgamma(x + 2.5)\n",
    ];
    for body in bodies {
        let expression = compile(&format!("# me:compiler=cc\ndef f(x):\n{body}")).unwrap();
        assert!(has_kernel(&expression), "{body}");
        set("ME_DSL_JIT", "0");
        let interpreted = compile(&format!("def f(x):\n{body}")).unwrap();
        set("ME_DSL_JIT", "1");
        let x = [0.0, 0.2, 1.0, 1.9, 2.0, 3.2, 7.0, -1.0];
        assert_eq!(values(&expression, &x), values(&interpreted, &x), "{body}");
    }
}

/// Programs that are compiled; `MINIEXPR_RANDOM_C_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 120;

#[test]
fn random_programs() {
    let session = Session::new("agreement-random");
    // What is generated is the same; the compiler only takes less time over it.
    set("CFLAGS", "-O1");
    set("ME_DSL_JIT_POS_CACHE", "0");
    for seed in 0..cases("MINIEXPR_RANDOM_C_PROGRAMS", PROGRAMS) {
        check_program(seed);
        if seed % 500 == 499 {
            session.clear();
        }
    }
}

fn check_program(seed: u64) {
    let mut random = Random::new(seed);
    let dtypes = [*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL)];
    let output = *random.pick(&Dtype::REAL);
    let source = Generator::new(&mut random).kernel();
    let items = 1 + random.index(90);
    let variables = [Variable::new("x", dtypes[0]), Variable::new("y", dtypes[1])];
    let arrays = dtypes.map(|dtype| random_items(&mut random, dtype, items));
    let inputs = [&arrays[0][..], &arrays[1]];
    let interpreted = by_engine(ENGINES[0], &source, &variables, output, &inputs, items);
    for engine in &ENGINES[1..] {
        let compiled = by_engine(*engine, &source, &variables, output, &inputs, items);
        let is_same = match (&interpreted, &compiled) {
            (Ok(want), Ok(got)) => are_equal(output, got, want),
            (want, got) => want == got,
        };
        assert!(is_same, "seed {seed}, {engine:?}, {dtypes:?} to {output}\n{source}");
    }
}
