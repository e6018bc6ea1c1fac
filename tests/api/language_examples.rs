//! Worked examples of the expression language: precedence, typing of literals, operators.

use std::f64::consts::{LN_2, PI};

use miniexpr::Dtype::{self, *};

use crate::table::{Column, check, column, inferred};

const NAN: f64 = f64::NAN;
const INF: f64 = f64::INFINITY;

#[test]
fn constants() {
    const ROWS: &[(&str, Dtype, f64)] = &[
        ("2**3**2", Int32, 64.0),
        ("-2**2", Float64, 4.0),
        ("2**-1", Float64, 0.5),
        ("0-2**2", Int32, -4.0),
        ("~1**2", Int32, 4.0),
        ("10/4*3", Int32, 6.0),
        ("10*4%7", Int32, 5.0),
        ("100/10/5", Int32, 2.0),
        ("100%30%7", Int32, 3.0),
        ("1<<2+1", Int32, 8.0),
        ("1|2^3", Int32, 1.0),
        ("6^3&1", Int32, 7.0),
        ("1^3|4", Int32, 6.0),
        ("1&3==1", Bool, 1.0),
        ("1|0==0", Bool, 0.0),
        ("1<2==1", Bool, 1.0),
        ("3>2>1", Bool, 0.0),
        ("5<4<3", Bool, 1.0),
        ("1 or 1 and 0", Bool, 1.0),
        ("not 1==0", Bool, 1.0),
        ("!0+5", Bool, 0.0),
        ("1,2*3", Int32, 6.0),
        ("(1,2)*3", Int32, 6.0),
        ("1.0/0", Float64, INF),
        ("7%3", Int32, 1.0),
        ("-7%3", Float64, -1.0),
        ("7%-3", Float64, 1.0),
        ("7/2.0", Float64, 3.5),
        ("-7/2", Float64, -3.5),
        ("0**0", Int32, 1.0),
        ("0**-1", Float64, INF),
        ("16>>1>>1", Int32, 4.0),
        ("1<<31", Int32, -2147483648.0),
        ("round(2.5)", Float64, 3.0),
        ("round(-2.5)", Float64, -3.0),
        ("rint(2.5)", Float64, 2.0),
        ("rint(3.5)", Float64, 4.0),
        ("trunc(-2.7)", Float64, -2.0),
        ("fac(5)", Float64, 120.0),
        ("ncr(5,2)", Float64, 10.0),
        ("npr(5,2)", Float64, 20.0),
        ("remainder(7,4)", Float64, -1.0),
        ("fmod(-7,3)", Float64, -1.0),
        ("hypot(3,4)", Float64, 5.0),
        ("ldexp(1,3)", Float64, 8.0),
        ("copysign(3,-1)", Float64, -3.0),
        ("fdim(3,5)", Float64, 0.0),
        ("where(0,2,3.5)", Float64, 3.5),
        ("nextafter(1,2)", Float64, 1.0000000000000002),
        ("logaddexp(0,0)", Float64, LN_2),
        ("2*pi", Float64, 2.0 * PI),
        ("3000000000", Int64, 3000000000.0),
        ("0x1F", Int32, 31.0),
        ("0x1.8p1", Float64, 3.0),
        ("1e3", Float64, 1000.0),
        (".5", Float64, 0.5),
        ("1.", Float64, 1.0),
        ("007", Int32, 7.0),
    ];
    for (text, dtype, value) in ROWS {
        check(&[], None, text, *dtype, &[*value]);
    }
}

#[test]
fn constant_reductions() {
    check(&[], None, "sum(3)", Int64, &[3.0]);
    check(&[], None, "mean(2)", Float64, &[2.0]);
    check(&[], None, "min(4)", Int32, &[4.0]);
    check(&[], None, "any(0)", Bool, &[0.0]);
}

#[test]
fn int64_operators() {
    let columns = [
        column("x", Int64, &[5.0, 2.0, -3.0]),
        column("y", Int64, &[2.0, 3.0, 2.0]),
        column("z", Int64, &[1.0, 2.0, 3.0]),
    ];
    const ROWS: &[(&str, Dtype, [f64; 3])] = &[
        ("-x**y", Int64, [25.0, -8.0, 9.0]),
        ("x**y**z", Int64, [25.0, 64.0, 729.0]),
        ("-x%y", Int64, [-1.0, -2.0, 1.0]),
        ("x/y/z", Int64, [2.0, 0.0, 0.0]),
        ("~x&y", Int64, [2.0, 1.0, 2.0]),
        ("x|y&z", Int64, [5.0, 2.0, -1.0]),
        ("x^y|z", Int64, [7.0, 3.0, -1.0]),
        ("x%y*z", Int64, [1.0, 4.0, -3.0]),
        ("x+y<<z", Int64, [14.0, 20.0, -8.0]),
        ("x<<y&z", Int64, [0.0, 0.0, 0.0]),
        ("x<y==z", Bool, [0.0, 0.0, 0.0]),
        ("x&y==z", Bool, [0.0, 1.0, 0.0]),
        ("not x==y", Bool, [1.0, 1.0, 1.0]),
        ("!x&y", Bool, [1.0, 0.0, 1.0]),
        ("x<y and y<z", Bool, [0.0, 0.0, 1.0]),
    ];
    for (text, dtype, numbers) in ROWS {
        check(&columns, None, text, *dtype, numbers);
    }
}

#[test]
fn int32_operators_and_literals() {
    let columns = [column("x", Int32, &[7.0, 2.0, 3.0, 0.0])];
    const ROWS: &[(&str, Dtype, [f64; 4])] = &[
        ("x-1", Int32, [6.0, 1.0, 2.0, -1.0]),
        ("x+-1", Int32, [6.0, 1.0, 2.0, -1.0]),
        ("x- -1", Float64, [8.0, 3.0, 4.0, 1.0]),
        ("-1*x", Float64, [-7.0, -2.0, -3.0, -0.0]),
        ("x**-1", Float64, [1.0 / 7.0, 0.5, 1.0 / 3.0, INF]),
        ("x**2.0", Int32, [49.0, 4.0, 9.0, 0.0]),
        ("x**4.0", Float64, [2401.0, 16.0, 81.0, 0.0]),
        ("2**x", Int32, [128.0, 4.0, 8.0, 1.0]),
        ("where(x>0,x,-1)", Float64, [7.0, 2.0, 3.0, -1.0]),
        ("where(x>0,x,0)", Int32, [7.0, 2.0, 3.0, 0.0]),
        ("where(x>0,x,0.5)", Float64, [7.0, 2.0, 3.0, 0.5]),
        ("x>0.5", Bool, [1.0, 1.0, 1.0, 0.0]),
        ("atan2(x,1)", Int32, [1.0, 1.0, 1.0, 0.0]),
        ("logaddexp(x,x)", Int32, [7.0, 2.0, 3.0, 0.0]),
        ("hypot(x,x)", Int32, [9.0, 2.0, 4.0, 0.0]),
        ("fma(x,2,1)", Int32, [15.0, 5.0, 7.0, 1.0]),
        ("remainder(x,4)", Int32, [-1.0, 2.0, -1.0, 0.0]),
        ("fac(x)", Int32, [5040.0, 2.0, 6.0, 1.0]),
        ("fdim(x,5)", Int32, [2.0, 0.0, 0.0, 0.0]),
        ("x/2", Int32, [3.0, 1.0, 1.0, 0.0]),
        ("x*2.5", Float64, [17.5, 5.0, 7.5, 0.0]),
        ("x+2147483648", Int64, [2147483655.0, 2147483650.0, 2147483651.0, 2147483648.0]),
        ("(x>1)*10", Int32, [10.0, 10.0, 10.0, 0.0]),
    ];
    for (text, dtype, numbers) in ROWS {
        check(&columns, None, text, *dtype, numbers);
    }
    assert_eq!(inferred(&[("x", Int32)], "x**0.5"), Ok(Float64));
    assert_eq!(inferred(&[("x", Int32)], "atan2(x,1.0)"), Ok(Float64));
}

#[test]
fn float64_special_values() {
    let columns = [column("x", Float64, &[NAN, 0.0, -0.0, 0.5]), column("y", Float64, &[1.0, 1.0, 1.0, 1.0])];
    const ROWS: &[(&str, Dtype, [f64; 4])] = &[
        ("x and y", Bool, [1.0, 0.0, 0.0, 1.0]),
        ("x or y", Bool, [1.0, 1.0, 1.0, 1.0]),
        ("not x", Bool, [0.0, 1.0, 1.0, 0.0]),
        ("where(x,1.0,2.0)", Float64, [1.0, 2.0, 2.0, 1.0]),
        ("x!=x", Bool, [1.0, 0.0, 0.0, 0.0]),
        ("x<y", Bool, [0.0, 1.0, 1.0, 1.0]),
        ("fmax(x,y)", Float64, [1.0, 1.0, 1.0, 1.0]),
        ("fmin(x,y)", Float64, [1.0, 0.0, -0.0, 0.5]),
        ("sign(x)", Float64, [NAN, 0.0, 0.0, 1.0]),
        ("-x", Float64, [NAN, -0.0, 0.0, -0.5]),
        ("0-x", Float64, [NAN, 0.0, 0.0, -0.5]),
        ("x**0", Float64, [1.0, 1.0, 1.0, 1.0]),
        ("y%x", Float64, [NAN, NAN, NAN, 0.0]),
        ("y/x", Float64, [NAN, INF, -INF, 2.0]),
    ];
    for (text, dtype, numbers) in ROWS {
        check(&columns, None, text, *dtype, numbers);
    }
}

#[test]
fn explicit_output_dtypes() {
    let ints = [column("a", Int32, &[6.0, -3.0, 8.0]), column("b", Int32, &[3.0, 2.0, 8.0])];
    check(&ints, Some(Int32), "a & b", Int32, &[2.0, 0.0, 8.0]);
    check(&ints, Some(Int32), "a << b", Int32, &[48.0, -12.0, 2048.0]);
    check(&ints, Some(Int32), "a < b", Int32, &[0.0, 1.0, 0.0]);
    let floats = [column("a", Float32, &[0.5, -1.0]), column("b", Float32, &[0.5, 2.0])];
    check(&floats, Some(Float32), "a == b", Float32, &[1.0, 0.0]);
    check(&floats, Some(Bool), "a != 0", Bool, &[1.0, 1.0]);
    check(&[column("a", Float64, &[2.95, -2.95])], Some(Int64), "a + 0.1", Int64, &[3.0, -2.0]);
}

#[test]
fn bool_operators() {
    let columns = [column("a", Bool, &[0.0, 0.0, 1.0, 1.0]), column("b", Bool, &[0.0, 1.0, 0.0, 1.0])];
    const ROWS: &[(&str, [f64; 4])] = &[
        ("a & b", [0.0, 0.0, 0.0, 1.0]),
        ("a and b", [0.0, 0.0, 0.0, 1.0]),
        ("~a", [1.0, 1.0, 0.0, 0.0]),
        ("!a", [1.0, 1.0, 0.0, 0.0]),
        ("abs(a)", [0.0, 0.0, 1.0, 1.0]),
        ("ceil(a)", [0.0, 0.0, 1.0, 1.0]),
        ("floor(a)", [0.0, 0.0, 1.0, 1.0]),
        ("trunc(a)", [0.0, 0.0, 1.0, 1.0]),
        ("square(a)", [0.0, 0.0, 1.0, 1.0]),
        ("a + b", [0.0, 1.0, 1.0, 1.0]),
        ("a * b", [0.0, 0.0, 0.0, 1.0]),
        ("a - b", [0.0, 1.0, 1.0, 0.0]),
        ("-a", [0.0, 0.0, 1.0, 1.0]),
    ];
    for (text, numbers) in ROWS {
        check(&columns, Some(Bool), text, Bool, numbers);
    }
}

#[test]
fn predicates_over_mixed_columns() {
    let columns = [
        column("o0", Float32, &[0.25, 0.75, 0.75, 0.25]),
        column("o1", Int32, &[20000.0, 20000.0, 5.0, 42.0]),
    ];
    check(&columns, Some(Bool), "((o0 > 0.5) & (o1 > 10000))", Bool, &[0.0, 1.0, 0.0, 0.0]);
    check(&columns, Some(Bool), "o0 > 0.5 and o1 > 10000 or o1 == 42", Bool, &[0.0, 1.0, 0.0, 1.0]);
}

/// Dtypes of the results over each of the numeric dtypes in order; `Err` is the refusal.
#[test]
fn inferred_dtypes_by_class() {
    const REFUSED: Result<Dtype, i32> = Err(-8);
    let same: Vec<Result<Dtype, i32>> = Dtype::NUMERIC.into_iter().map(Ok).collect();
    let real_only = |complex: Result<Dtype, i32>, of: &dyn Fn(Dtype) -> Dtype| {
        Dtype::NUMERIC.map(|dtype| if dtype.is_complex() { complex } else { Ok(of(dtype)) })
    };
    let float = |dtype| if dtype == Float32 { Float32 } else { Float64 };
    for text in ["exp(x)", "sin(x)+1", "sin(x)*2.0", "log(x)", "arcsin(x)", "erf(x)", "tgamma(x)"] {
        assert_over_dtypes(text, &real_only(REFUSED, &float));
    }
    for text in ["floor(x)", "sign(x)", "square(x)", "fac(x)", "x%x", "x<<x", "x&x", "~x", "hypot(x,x)"] {
        assert_over_dtypes(text, &real_only(REFUSED, &|dtype| dtype));
    }
    for text in
        ["conj(x)", "pow(x,x)", "x+x", "x/x", "x**x", "-x", "x+1", "x/2", "1/x", "x**2", "x**3.0", "2**x"]
    {
        assert_over_dtypes(text, &same);
    }
    for text in ["x<x", "x==x", "x and x", "not x"] {
        assert_over_dtypes(text, &real_only(REFUSED, &|_| Bool));
    }
    for text in ["abs(x)", "real(x)", "imag(x)"] {
        assert_over_dtypes(text, &Dtype::NUMERIC.map(|dtype| Ok(dtype.component())));
    }
}

fn assert_over_dtypes(text: &str, want: &[Result<Dtype, i32>]) {
    for (dtype, want) in Dtype::NUMERIC.into_iter().zip(want) {
        assert_eq!(inferred(&[("x", dtype)], text), *want, "{text} over {dtype}");
    }
}

/// The dtype of a literal follows the first declared variable.
#[test]
fn literal_dtypes() {
    const TEXTS: [&str; 6] = ["1", "3000000000", "1.5", "-1", "1+1", "2**4"];
    const ROWS: &[(Dtype, [Dtype; 6])] = &[
        (Int8, [Int8, Int64, Float64, Float64, Int8, Int8]),
        (UInt16, [UInt16, Int64, Float64, Float64, UInt16, UInt16]),
        (Int64, [Int64, Int64, Float64, Float64, Int64, Int64]),
        (UInt64, [UInt64, UInt64, Float64, Float64, UInt64, UInt64]),
        (Float32, [Float32, Float32, Float32, Float64, Float32, Float32]),
        (Float64, [Float64, Float64, Float64, Float64, Float64, Float64]),
        (Complex64, [Complex64, Complex64, Complex64, Float64, Complex64, Complex64]),
    ];
    for (first, dtypes) in ROWS {
        for (text, dtype) in TEXTS.iter().zip(dtypes) {
            assert_eq!(inferred(&[("x", *first)], text), Ok(*dtype), "{text} with a first {first}");
        }
    }
    assert_eq!(inferred(&[("a", Float32), ("b", Int32)], "a*2.5"), Ok(Float32));
    assert_eq!(inferred(&[("b", Int32), ("a", Float32)], "a*2.5"), Ok(Float64));
    assert_eq!(inferred(&[("b", Int32), ("a", Float32)], "a+1"), Ok(Float64));
}

#[test]
fn names_of_variables_hide_builtins() {
    let columns: [Column; 3] =
        [column("sin", Float64, &[2.0]), column("e", Float64, &[3.0]), column("where", Float64, &[4.0])];
    check(&columns, None, "sin + e * where", Float64, &[14.0]);
    assert_eq!(inferred(&[("sin", Float64)], "sin(1)"), Err(-2));
}
