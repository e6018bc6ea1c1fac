//! Worked examples of promotion, the evaluation model, casts and the operators of each dtype.

use miniexpr::Dtype::{self, *};
use miniexpr::internals::dtype::promote;

use crate::table::{check, column, evaluate, evaluate_bytes, inferred};
use crate::testkit::client::{AUTO, Variable, compile};
use crate::testkit::values::{decode, encode};

const NAN: f64 = f64::NAN;

/// The promotion table, rows and columns in the order of the C values.
const PROMOTION: [[Dtype; 13]; 13] = {
    const B: Dtype = Bool;
    const I8: Dtype = Int8;
    const I16: Dtype = Int16;
    const I32: Dtype = Int32;
    const I64: Dtype = Int64;
    const U8: Dtype = UInt8;
    const U16: Dtype = UInt16;
    const U32: Dtype = UInt32;
    const U64: Dtype = UInt64;
    const F32: Dtype = Float32;
    const F64: Dtype = Float64;
    const C64: Dtype = Complex64;
    const C128: Dtype = Complex128;
    [
        [B, I8, I16, I32, I64, U8, U16, U32, U64, F32, F64, C64, C128],
        [I8, I8, I16, I32, I64, I16, I32, I64, F64, F32, F64, C64, C128],
        [I16, I16, I16, I32, I64, I32, I32, I64, F64, F32, F64, C64, C128],
        [I32, I32, I32, I32, I64, I64, I64, I64, F64, F64, F64, C128, C128],
        [I64, I64, I64, I64, I64, F64, F64, F64, F64, F64, F64, C128, C128],
        [U8, I16, I32, I64, F64, U8, U16, U32, U64, F32, F64, C64, C128],
        [U16, I32, I32, I64, F64, U16, U16, U32, U64, F32, F64, C64, C128],
        [U32, I64, I64, I64, F64, U32, U32, U32, U64, F64, F64, C128, C128],
        [U64, F64, F64, F64, F64, U64, U64, U64, U64, F64, F64, C128, C128],
        [F32, F32, F32, F64, F64, F32, F32, F64, F64, F32, F64, C64, C128],
        [F64, F64, F64, F64, F64, F64, F64, F64, F64, F64, F64, C128, C128],
        [C64, C64, C64, C128, C128, C64, C64, C128, C128, C64, C128, C64, C128],
        [C128, C128, C128, C128, C128, C128, C128, C128, C128, C128, C128, C128, C128],
    ]
};

/// `number` as one item of `dtype`: with a zero imaginary part if complex.
fn item(dtype: Dtype, number: f64) -> Vec<f64> {
    if dtype.is_complex() { vec![number, 0.0] } else { vec![number] }
}

#[test]
fn sums_of_all_pairs_have_the_promoted_dtype() {
    for (i, p) in Dtype::NUMERIC.into_iter().enumerate() {
        for (j, q) in Dtype::NUMERIC.into_iter().enumerate() {
            let want = PROMOTION[i][j];
            assert_eq!(promote(p, q), want, "promotion of {p} and {q}");
            let two = |dtype| if dtype == Bool { 0.0 } else { 2.0 };
            let (a, b) = (item(p, 1.0), item(q, two(q)));
            let sum = item(want, if q == Bool { 1.0 } else { 3.0 });
            check(&[column("a", p, &a), column("b", q, &b)], None, "a+b", want, &sum);
        }
    }
}

/// What is computed in which dtype, seen by overflow and by integer division.
#[test]
fn evaluation_model() {
    let columns = [
        column("a", Int8, &[100.0, 1.0, -7.0]),
        column("b", Int8, &[100.0, 2.0, 2.0]),
        column("c", Float64, &[1.0, 1.0, 1.0]),
        column("i", Int32, &[100.0, 1.0, -7.0]),
    ];
    let root = |x: f64| x.sqrt();
    let rows: &[(&str, Dtype, [f64; 3])] = &[
        ("a+b", Int8, [-56.0, 3.0, -5.0]),
        ("(a+b)*1.0", Float64, [-56.0, 3.0, -5.0]),
        ("(a+b)*c", Float64, [-56.0, 3.0, -5.0]),
        ("a+b+i", Int32, [44.0, 4.0, -12.0]),
        ("i+(a+b)", Int32, [44.0, 4.0, -12.0]),
        ("i+a+b", Int32, [300.0, 4.0, -12.0]),
        ("sqrt(a+b)", Float64, [root(200.0), root(3.0), NAN]),
        ("sqrt(a/b)", Float64, [1.0, root(0.5), NAN]),
        ("floor(a/b)", Int8, [1.0, 0.0, -3.0]),
        ("(a/b)*1.5", Float64, [1.5, 0.0, -4.5]),
        ("floor(a/b)*1.5", Float64, [1.5, 0.0, -6.0]),
        ("-(a/b)*1.5", Float64, [-1.5, -0.75, 5.25]),
        ("-(a+b)*1.5", Float64, [-300.0, -4.5, 7.5]),
        ("fmax(a+b,i)", Int32, [200.0, 3.0, -5.0]),
        ("abs(a+b)+i", Int32, [300.0, 4.0, -2.0]),
        ("where(a>b,a/b,c)", Float64, [1.0, 1.0, 1.0]),
    ];
    for (text, dtype, numbers) in rows {
        check(&columns, None, text, *dtype, numbers);
    }
    let (dtype, angles) = evaluate(&columns, None, "atan2(a/b,c)");
    assert_eq!(dtype, Float64);
    for (angle, slope) in angles.iter().zip([1.0f64, 0.5, -3.5]) {
        assert!((angle - slope.atan()).abs() < 1e-15);
    }
}

/// Nested operands of several dtypes, functions beside operators.
#[test]
fn nested_operands_of_mixed_dtypes() {
    let singles = [
        column("x", Float32, &[1.0, 4.0, 9.0, 16.0]),
        column("y", Float32, &[1.0, 2.0, 3.0, 4.0]),
        column("z", Float32, &[10.0, 20.0, 30.0, 40.0]),
    ];
    check(&singles, None, "sqrt(x)+(y+z)", Float32, &[12.0, 24.0, 36.0, 48.0]);
    check(&singles, None, "(y+z)*abs(x)", Float32, &[11.0, 88.0, 297.0, 704.0]);
    check(&singles, None, "-x+(y+z)", Float32, &[10.0, 18.0, 24.0, 28.0]);
    check(&singles, None, "(x-y)*(x+y)+sqrt(x)", Float32, &[1.0, 14.0, 75.0, 244.0]);
    check(&singles, None, "(x+y)*floor(x)", Float32, &[2.0, 24.0, 108.0, 320.0]);

    let ints = [column("a", Int32, &[2.0, -3.0]), column("b", Int32, &[5.0, 4.0])];
    check(&ints, None, "-a*(a+b)", Int32, &[-14.0, 3.0]);
    check(&ints, None, "(a+b)*-a", Int32, &[-14.0, 3.0]);
    check(&ints, None, "fmax(a,b)*(a+b)", Int32, &[35.0, 4.0]);
    check(&ints, None, "(a+b)*square(a)", Int32, &[28.0, 9.0]);
    check(&ints, Some(Float64), "(a+b)**2", Float64, &[49.0, 1.0]);
    check(&ints, Some(Float64), "(a+b)**3", Float64, &[343.0, 1.0]);
    check(&ints, None, "a+b > 2.5", Bool, &[1.0, 0.0]);
    check(&ints, None, "a*2 > b", Bool, &[0.0, 0.0]);
    check(&ints, None, "abs(a) > (a+b)", Bool, &[0.0, 1.0]);

    let legs = [column("a", Int8, &[3.0]), column("b", Int16, &[4.0])];
    check(&legs, None, "sqrt(a*a+b*b)", Float64, &[5.0]);

    let mask = [column("x", Float64, &[0.5, 1.0, 2.0, 4.0]), column("i", Int32, &[1.0, 2.0, 3.0, 4.0])];
    check(&mask, None, "(x>1)*i", Int32, &[0.0, 0.0, 3.0, 4.0]);
    check(&mask, None, "(x>1)+(i>2)", Bool, &[0.0, 0.0, 1.0, 1.0]);
    check(&mask, None, "(x>1)&i", Int32, &[0.0, 0.0, 1.0, 0.0]);
    check(&mask, None, "-(x>1)", Bool, &[0.0, 0.0, 1.0, 1.0]);
    check(&mask, None, "i,x", Float64, &[0.5, 1.0, 2.0, 4.0]);
}

#[test]
fn inferred_dtypes_of_mixed_expressions() {
    let variables = [("a", Float32), ("b", Int32), ("c", Int32)];
    assert_eq!(inferred(&variables, "a + (b + c)"), Ok(Float64));
    assert_eq!(inferred(&[("a", Int64)], "(a + 90000.00001) + 1"), Ok(Float64));
    assert_eq!(inferred(&[("base", Int32), ("exp", Float64)], "pow(base, exp)"), Ok(Float64));
    for text in ["a + 3.0", "a ** 2.0", "arctan2(a, 3.0)", "conj(a)"] {
        assert_eq!(inferred(&[("a", Float32)], text), Ok(Float32), "{text}");
    }
    assert_eq!(inferred(&[("a", Float64)], "sqrt(a>1)"), Ok(Float64));
}

#[test]
fn casts_to_an_explicit_output() {
    let rows: &[(&str, Dtype, f64, Dtype, f64)] = &[
        ("x", Int32, -300.0, UInt8, 212.0),
        ("x", UInt64, 65535.0, Int16, -1.0),
        ("x", Int16, -1.0, UInt32, 4294967295.0),
        ("x", Float64, -3.9, Int32, -3.0),
        ("x", Float64, 127.9, Int32, 127.0),
        ("x", Float32, 4095.9, UInt16, 4095.0),
        ("x", Float64, -3.0, UInt8, 253.0),
        ("x", Float64, 300.0, Int8, 44.0),
        ("x", Float64, 70000.0, Int16, 4464.0),
        ("x", Float64, -1.0, UInt32, 4294967295.0),
        ("x", Float64, NAN, Bool, 1.0),
        ("x", Float64, -0.0, Bool, 0.0),
        ("x", Float64, NAN, Int32, -2147483648.0),
        ("x", Float64, 1e300, Float32, f64::INFINITY),
        ("x", Int64, 16777217.0, Float32, 16777216.0),
        ("x+1", Float32, 16777216.0, Float64, 16777217.0),
        ("x+1", Int32, 2147483647.0, Int64, 2147483648.0),
        ("x+x", UInt8, 200.0, Int32, 144.0),
        ("x+x", UInt8, 200.0, Float64, 144.0),
        ("x+1", UInt8, 255.0, Int32, 256.0),
        ("x+1", UInt8, 255.0, Float32, 256.0),
        ("x/2", Int32, 1.0, Float64, 0.5),
        ("sqrt(x)", Int32, 100.0, Int32, 10.0),
        ("sqrt(x)", Int32, -7.0, Int32, -2147483648.0),
        ("x*2.7", Int32, -2.0, UInt8, 251.0),
        ("x*2.7", Int32, 3.0, UInt8, 8.0),
        ("x*0.1", Float32, f64::from(0.1f32), Float64, 0.010000000149011612),
        ("x*0.1", Float32, f64::from(0.1f32), Float32, f64::from(0.1f32 * 0.1f32)),
    ];
    for (text, dtype, number, output, want) in rows {
        check(&[column("x", *dtype, &[*number])], Some(*output), text, *output, &[*want]);
    }
    check(&[column("x", UInt8, &[255.0])], None, "x+1", UInt8, &[0.0]);
    check(&[], Some(Int32), "1.5", Int32, &[1.0]);
    let halves = [column("a", Int32, &[1.0]), column("b", Int32, &[2.0])];
    check(&halves, Some(Float64), "a/b", Float64, &[0.0]);
}

#[test]
fn luminance_of_bytes_is_computed_in_float64() {
    let variables = ["r", "g", "b"].map(|name| Variable::coded(name, AUTO));
    let expression = compile("0.299*r+0.587*g+0.114*b", &variables, UInt8.code()).expect("compiles");
    let (r, g, b) = ([255, 128, 64, 32], [0, 64, 128, 192], [0, 0, 64, 128]);
    assert_eq!(expression.eval(&[&r, &g, &b], 4), Ok(vec![76, 75, 101, 136]));
}

#[test]
fn complex_values() {
    let z = [column("x", Complex128, &[1.0, 1.0, 3.0, 4.0, NAN, NAN])];
    let (dtype, moduli) = evaluate(&z, None, "abs(x)");
    assert_eq!(dtype, Float64);
    assert!((moduli[0] - 2f64.sqrt()).abs() < 1e-15 && moduli[1] == 5.0 && moduli[2].is_nan());
    check(&z, None, "0 - x", Complex128, &[-1.0, -1.0, -3.0, -4.0, NAN, NAN]);
    let sums = [column("x", Complex128, &[2.75, 1.0]), column("y", Complex128, &[1.0, -3.0])];
    check(&sums, Some(Float32), "x+y", Float32, &[3.75]);
    check(&sums, Some(UInt16), "x+y", UInt16, &[3.0]);
    check(&sums, Some(Complex64), "x+y", Complex64, &[3.75, -2.0]);
    let units = [column("z", Complex64, &[0.0, 1.0, 2.0, 0.0])];
    check(&units, Some(Float64), "abs(z)", Float64, &[1.0, 2.0]);
    check(&units, None, "real(z)+imag(z)", Float32, &[1.0, 2.0]);
    let roots = [column("z", Complex128, &[-4.0, 0.0, -4.0, -0.0])];
    check(&roots, None, "sqrt(z)", Complex128, &[0.0, 2.0, 0.0, -2.0]);
    let huge = [column("z", Complex128, &[3e200, 4e200])];
    let (_, modulus) = evaluate(&huge, None, "abs(z)");
    assert!((modulus[0] / 5e200 - 1.0).abs() < 1e-15);
    for text in ["sin(x)", "x != 0", "x % x", "x and x", "where(x, x, x)", "floor(x)"] {
        assert_eq!(inferred(&[("x", Complex128)], text), Err(-8), "{text}");
    }
    for dtype in Dtype::NUMERIC.into_iter().filter(|dtype| !dtype.is_complex()) {
        check(&[column("x", dtype, &[1.0])], Some(Complex64), "x", Complex64, &[1.0, 0.0]);
        check(&[column("x", dtype, &[1.0])], Some(Complex128), "x", Complex128, &[1.0, 0.0]);
    }
}

#[test]
fn integers_never_trap() {
    let pairs: &[(Dtype, f64)] =
        &[(Int8, -128.0), (Int16, -32768.0), (Int32, -2147483648.0), (Int64, -9223372036854775808.0)];
    for (dtype, min) in pairs {
        let columns =
            [column("a", *dtype, &[5.0, *min, 7.0, -7.0]), column("b", *dtype, &[0.0, -1.0, -2.0, 2.0])];
        check(&columns, None, "a / b", *dtype, &[0.0, *min, -3.0, -3.0]);
        check(&columns, None, "a % b", *dtype, &[0.0, 0.0, 1.0, -1.0]);
        check(&columns, None, "-a", *dtype, &[-5.0, *min, -7.0, 7.0]);
        check(&columns, None, "abs(a)", *dtype, &[5.0, *min, 7.0, 7.0]);
        check(&columns, None, "a / 0", *dtype, &[0.0, 0.0, 0.0, 0.0]);
        check(&columns, None, "1 / b", *dtype, &[0.0, -1.0, 0.0, 0.0]);
    }
    for dtype in Dtype::NUMERIC.into_iter().filter(|dtype| dtype.is_unsigned() || *dtype == Bool) {
        let columns = [column("a", dtype, &[1.0]), column("b", dtype, &[0.0])];
        check(&columns, None, "a / b", dtype, &[0.0]);
        check(&columns, None, "a % b", dtype, &[0.0]);
    }
    check(&[column("a", UInt8, &[0.0])], None, "a - 1", UInt8, &[255.0]);
    check(&[column("a", Int8, &[127.0])], None, "a + 1", Int8, &[-128.0]);
}

#[test]
fn shifts_out_of_range_give_zero_or_the_sign() {
    let columns = [
        column("a", Int32, &[1.0, 1.0, -8.0, -8.0, 5.0]),
        column("b", Int32, &[32.0, -1.0, 40.0, 1.0, 30.0]),
    ];
    check(&columns, None, "a << b", Int32, &[0.0, 0.0, 0.0, -16.0, 1073741824.0]);
    check(&columns, None, "a >> b", Int32, &[0.0, 0.0, -1.0, -4.0, 0.0]);
}

/// Values above 2^53 are exact in operators, comparisons and literals.
#[test]
fn large_integers_are_exact() {
    let values = [(1i64 << 53) + 1, (1 << 62) + 1, i64::MAX];
    let evaluate_exactly = |text: &str| -> (Dtype, Vec<i64>) {
        let expression = compile(text, &[Variable::new("L", Int64)], AUTO).expect(text);
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        let bytes = expression.eval(&[&data], values.len()).expect(text);
        let dtype = Dtype::from_code(expression.dtype()).expect("a dtype");
        let items = bytes.chunks_exact(dtype.size()).map(|item| {
            let mut word = [0; 8];
            word[..item.len()].copy_from_slice(item);
            i64::from_le_bytes(word)
        });
        (dtype, items.collect())
    };
    let map = |f: fn(i64) -> i64| (Int64, values.map(f).to_vec());
    assert_eq!(evaluate_exactly("where(L>1,L,L)"), map(|v| v));
    assert_eq!(evaluate_exactly("L & L"), map(|v| v));
    assert_eq!(evaluate_exactly("L % 10"), map(|v| v % 10));
    assert_eq!(evaluate_exactly("L / 3"), map(|v| v / 3));
    assert_eq!(evaluate_exactly("~L"), map(|v| !v));
    assert_eq!(evaluate_exactly("abs(L)"), map(|v| v));
    assert_eq!(evaluate_exactly("-1 + L"), map(|v| v - 1));
    assert_eq!(evaluate_exactly("L + -1"), map(|v| v - 1));
    assert_eq!(evaluate_exactly("L - 1"), map(|v| v - 1));
    assert_eq!(evaluate_exactly("L == 9007199254740993"), (Bool, vec![1, 0, 0]));
    let unsigned =
        compile("u + 18446744073709551615", &[Variable::new("u", UInt64)], AUTO).expect("compiles");
    assert_eq!(unsigned.eval(&[&5u64.to_le_bytes()], 1), Ok(4u64.to_le_bytes().to_vec()));
}

#[test]
fn comparisons_with_literals_are_by_value() {
    let a = [column("a", Int32, &[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0])];
    check(&a, Some(Bool), "a < 0.5", Bool, &[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]);
    let u = [column("u", UInt8, &[0.0, 44.0, 255.0])];
    check(&u, None, "u < 300", Bool, &[1.0, 1.0, 1.0]);
    check(&u, None, "u == 300", Bool, &[0.0, 0.0, 0.0]);
    check(&u, None, "u > -1", Bool, &[1.0, 1.0, 1.0]);
    check(&u, None, "u + 300", UInt8, &[44.0, 88.0, 43.0]);
    let f = [column("f", Float32, &[f64::from(0.1f32), 0.5])];
    check(&f, None, "f == 0.1", Bool, &[1.0, 0.0]);
    check(&f, Some(Float64), "f == 0.1", Float64, &[0.0, 0.0]);
}

#[test]
fn float32_arithmetic_rounds_once_an_operator() {
    let column_of = |i: u8| f64::from(f32::from(i) * 0.1f32);
    let inputs = [column_of(1), column_of(2), column_of(7)];
    let (dtype, sums) =
        evaluate(&[column("o0", Float32, &inputs)], None, "((o0 + 1067.3366832990887) + 0.2901221513748169)");
    let want = inputs.map(|x| f64::from((x as f32 + 1_067.336_7_f32) + 0.290_122_15_f32));
    assert_eq!((dtype, sums), (Float32, want.to_vec()));
}

#[test]
fn signs_and_payloads_survive_copies() {
    let payload = f64::from_bits(0x7ff0_0000_dead_beef);
    let columns = [column("x", Float64, &[payload, -0.0, 0.0])];
    let (_, copied) = evaluate_bytes(&columns, None, "x");
    assert_eq!(copied[..8], payload.to_bits().to_le_bytes());
    check(&columns, None, "-x", Float64, &[NAN, 0.0, -0.0]);
    check(&columns, None, "x+0", Float64, &[NAN, 0.0, 0.0]);
    check(&columns, None, "abs(x)", Float64, &[NAN, 0.0, 0.0]);
    check(&columns, None, "x*-1", Float64, &[NAN, 0.0, -0.0]);
}

#[test]
fn signs_of_float32_keep_nan() {
    let columns = [column("x", Float32, &[1.0, NAN, -2.0])];
    check(&columns, None, "sign(x)", Float32, &[1.0, NAN, -1.0]);
}

/// Buffers at odd addresses, in every dtype and longer than a block.
#[test]
fn unaligned_buffers() {
    const N: usize = 5000;
    for dtype in Dtype::NUMERIC {
        let per_item = if dtype.is_complex() { 2 } else { 1 };
        let numbers: Vec<f64> = (0..N * per_item).map(|i| (i % 2) as f64).collect();
        let mut shifted = vec![0xEE];
        shifted.extend(encode(dtype, &numbers));
        let expression = compile("x * x", &[Variable::new("x", dtype)], AUTO).expect("compiles");
        let mut out = vec![0xEE; N * dtype.size() + 2];
        let inputs: [*const std::ffi::c_void; 1] = [shifted[1..].as_ptr().cast()];
        // SAFETY: input and output have N items from their second byte on.
        let status = unsafe {
            miniexpr::ffi::me_eval(
                expression.raw(),
                inputs.as_ptr().cast_mut(),
                1,
                out[1..].as_mut_ptr().cast(),
                N as i32,
                std::ptr::null(),
            )
        };
        assert_eq!((status, out[0], out[out.len() - 1]), (0, 0xEE, 0xEE), "{dtype}");
        let squares = decode(dtype, &out[1..out.len() - 1]);
        let want = if dtype.is_complex() { complex_squares(&numbers) } else { numbers };
        assert_eq!(squares, want, "{dtype}");
    }
}

fn complex_squares(numbers: &[f64]) -> Vec<f64> {
    numbers.chunks(2).flat_map(|z| [z[0] * z[0] - z[1] * z[1], 2.0 * z[0] * z[1]]).collect()
}

/// A bool is its byte being non-zero, whatever the byte.
#[test]
fn odd_bool_bytes() {
    let bytes = [0, 1, 2, 255];
    let evaluate_bool = |text: &str| {
        let expression = compile(text, &[Variable::new("a", Bool)], Bool.code()).expect(text);
        expression.eval(&[&bytes], 4).expect(text)
    };
    assert_eq!(evaluate_bool("not a"), [1, 0, 0, 0]);
    for text in
        ["a", "a | a", "a & a", "a + a", "a * a", "abs(a)", "where(a, a, a)", "a and a", "a == (1 == 1)"]
    {
        assert_eq!(evaluate_bool(text), [0, 1, 1, 1], "{text}");
    }
}
