//! Constants have the values that variables of their dtypes would give.

use crate::testkit::equality::assert_equal;
use crate::testkit::random::Random;
use miniexpr::Dtype::{
    self, Bool, Float32, Float64, Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64,
};

use crate::table::{check, column, evaluate, inferred};
use crate::testkit::client::{AUTO, Variable, compile};

/// An expression twice: with literals, and with a variable in the place of each.
struct Pair {
    random: Random,
    /// The dtype that types literals.
    target: Dtype,
    /// Dtype and bytes of each variable.
    variables: Vec<(Dtype, Vec<u8>)>,
}

impl Pair {
    fn literal(&mut self) -> (String, String) {
        let is_fraction = self.target.is_float() || self.random.index(5) == 0;
        let (text, dtype, bytes) = if is_fraction {
            let text = *self.random.pick(&["0.1", "2.5", "16777216.0", "3.0", "1e30", "0.0", "7.25"]);
            let value: f64 = text.parse().expect("a number");
            let dtype = if self.target.is_float() { self.target } else { Float64 };
            let bytes = match dtype {
                Float32 => (value as f32).to_ne_bytes().to_vec(),
                _ => value.to_ne_bytes().to_vec(),
            };
            (text.to_string(), dtype, bytes)
        } else {
            let (small, wide) = ([0, 1, 2, 3, 5, 7, 13, 100, 127], [2147483647, 65535, 1000000]);
            let large = [9223372036854775807u64, 9007199254740993, 5825668100206957381, 4294967296];
            let value: u64 = match self.target.size() {
                8 if self.random.index(3) == 0 => *self.random.pick(&large),
                4 | 8 if self.random.index(3) == 0 => *self.random.pick(&wide),
                _ => *self.random.pick(&small),
            };
            (value.to_string(), self.target, value.to_le_bytes()[..self.target.size()].to_vec())
        };
        self.variables.push((dtype, bytes));
        (text, format!("v{}", self.variables.len()))
    }

    fn expression(&mut self, depth: usize) -> (String, String) {
        if depth == 0 {
            return self.literal();
        }
        let (a, x) = self.expression(depth - 1);
        if self.random.index(8) == 0 {
            let operator = *self.random.pick(&["~", "not "]);
            return (format!("({operator}{a})"), format!("({operator}{x})"));
        }
        let depth = self.random.index(depth);
        let (b, y) = self.expression(depth);
        let operators = [
            "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>", "<", "<=", ">", ">=", "==", "!=", "and",
            "or", "**", "+", "-", "*", "/", "%",
        ];
        // A power of floats is not rounded alike in every mode.
        let count = if self.target.is_integer() && !(a.contains(['.', 'e']) || b.contains(['.', 'e'])) {
            operators.len()
        } else {
            operators.len() - 6
        };
        let operator = match self.random.index(count + 5) {
            index if index < count => operators[index],
            index => operators[index - count],
        };
        (format!("({a} {operator} {b})"), format!("({x} {operator} {y})"))
    }
}

fn run(text: &str, first: Dtype, variables: &[(Dtype, Vec<u8>)]) -> (u32, Vec<u8>) {
    let mut table = vec![Variable::new("first", first)];
    for (index, (dtype, _)) in variables.iter().enumerate() {
        table.push(Variable::new(&format!("v{}", index + 1), *dtype));
    }
    let expression = compile(text, &table, AUTO).unwrap_or_else(|why| panic!("{text}: {why:?}"));
    let inputs: Vec<&[u8]> = variables.iter().map(|(_, bytes)| bytes.as_slice()).collect();
    (expression.dtype(), expression.eval(&inputs, 1).unwrap_or_else(|status| panic!("{text}: {status}")))
}

#[test]
fn constants_are_computed_as_variables_are() {
    let targets = [Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float32, Float64];
    for target in targets {
        let mut pair = Pair { random: Random::new(target as u64), target, variables: Vec::new() };
        for _ in 0..3000 {
            pair.variables.clear();
            let depth = 1 + pair.random.index(4);
            let (constant, variable) = pair.expression(depth);
            let (dtype, folded) = run(&constant, target, &[]);
            let (wanted, computed) = run(&variable, target, &pair.variables);
            assert_eq!(dtype, wanted, "{target}: {constant}");
            let dtype = Dtype::from_code(dtype).expect("a result dtype");
            assert_equal(dtype, &folded, &computed, format_args!("{target}: {constant}"));
        }
    }
}

#[test]
fn integers_without_value_are_zero() {
    let x = [column("x", Int32, &[7.0, -2.0])];
    for text in ["x + 1/0", "x + 1%0", "x + 0/0", "x + 5%0", "x + (1/0 + 1%0)"] {
        check(&x, None, text, Int32, &[7.0, -2.0]);
    }
    for text in ["1/0", "0/0", "5%0", "1%0", "0%0"] {
        check(&[], None, text, Int32, &[0.0]);
        for dtype in [Int8, Int32, Int64, UInt8, UInt64] {
            check(&[], Some(dtype), text, dtype, &[0.0]);
        }
    }
    check(&[], None, "1.0/0", Float64, &[f64::INFINITY]);
}

#[test]
fn integers_stay_in_their_dtype() {
    let int64 = [column("x", Int64, &[0.0])];
    let value = |columns, text| {
        let bytes = crate::table::evaluate_bytes(columns, None, text);
        assert_eq!(bytes.0, Int64, "{text}");
        i64::from_ne_bytes(bytes.1[..8].try_into().expect("8 bytes"))
    };
    assert_eq!(value(&int64, "x + 5825668100206957381/6"), 970944683367826230);
    assert_eq!(value(&int64, "x + 7**30"), 7i64.wrapping_pow(30));
    assert_eq!(value(&int64, "x + 4294967296*4294967296*3"), 0);
    check(&[], None, "2147483646**7", Int32, &[-128.0]);
    check(&[], None, "2147483647*2147483647*5", Int32, &[5.0]);
    check(&[], None, "2147483647+1", Int32, &[-2147483648.0]);
    let uint8 = [column("x", UInt8, &[0.0])];
    check(&uint8, None, "x+(200+100)/2", UInt8, &[22.0]);
    check(&uint8, None, "((x+200)+100)/2", UInt8, &[22.0]);
    let float32 = [column("x", Float32, &[0.0])];
    check(&float32, None, "x+(16777216+1-16777216)", Float32, &[0.0]);
}

#[test]
fn kernels_fold_as_they_compute() {
    let x = [column("x", Int32, &[7.0, -2.0])];
    for (value, numbers) in [
        ("x + 1/0", [7.0, -2.0]),
        ("x + 5%0", [7.0, -2.0]),
        ("x + 10/4*3", [13.0, 4.0]),
        ("x + (2147483647 + 1) * 0", [7.0, -2.0]),
        ("x + 2147483646**7", [-121.0, -130.0]),
        ("x * (1 < 2)", [7.0, -2.0]),
        ("(not 3) + x", [7.0, -2.0]),
        ("x + -7/2", [4.0, -5.0]),
    ] {
        check(&x, None, &format!("def k(x):\n    return {value}\n"), Int32, &numbers);
        check(&x, None, &format!("def k(x):\n    y = {value}\n    return y\n"), Int32, &numbers);
    }
}

#[test]
fn constants_of_functions_are_float64() {
    let x = [column("x", Int32, &[1.0])];
    check(&x, None, "x * abs(7/2)", Float64, &[3.5]);
    check(&x, None, "x * -(7/2)", Float64, &[-3.5]);
    check(&x, None, "x * sqrt(81/4)", Float64, &[4.5]);
    check(&x, None, "where(0, 1, 7/2) * x", Float64, &[3.5]);
    check(&x, None, "x + pow(3, 2)", Int32, &[10.0]);
}

#[test]
fn truths_leave_the_dtype_to_the_other_operand() {
    let x = [column("x", Int32, &[2.0])];
    check(&x, None, "(1<2)*x", Int32, &[2.0]);
    check(&x, None, "(not 3)+x", Int32, &[2.0]);
    check(&x, None, "(7 and 7)/x", Int32, &[0.0]);
    check(&x, None, "x * (7 or 0)", Int32, &[2.0]);
    check(&x, None, "x - ((1 < 2) and (2 < 3))", Int32, &[1.0]);
    check(&[column("x", UInt8, &[2.0])], None, "(1 == 1) + x", UInt8, &[3.0]);
    check(&[column("x", Float32, &[2.0])], None, "(1 < 2) * x", Float32, &[2.0]);
    check(&[], None, "(1 < 2) + (2 < 3)", Bool, &[1.0]);
}

#[test]
fn literals_beyond_the_dtype_are_compared_by_value() {
    let small = [column("u", UInt8, &[100.0]), column("v", UInt8, &[200.0])];
    for (text, holds) in [
        ("(u+v) == 300", 0.0),
        ("(u+v) == 44", 1.0),
        ("(u+v) < 300", 1.0),
        ("300 > (u+v)", 1.0),
        ("(u+v) < 255", 1.0),
        ("(u+v) != 300", 1.0),
        ("(u*v) >= 256", 0.0),
        ("(u-v) == 156", 1.0),
        ("abs(u+v) == 300", 0.0),
        ("where(u > 0, u + v, u) == 300", 0.0),
        ("(u+v) == -1", 0.0),
        ("(200 + 100) == 300", 0.0),
        ("(200 + 100) == 44", 1.0),
        ("300 == 300", 1.0),
        ("300 == 44", 0.0),
        ("u < 18446744073709551615", 1.0),
    ] {
        check(&small, None, text, Bool, &[holds]);
    }
    let signed = [column("i", Int8, &[100.0]), column("j", Int8, &[100.0])];
    check(&signed, None, "(i+j) == 200", Bool, &[0.0]);
    check(&signed, None, "(i+j) == 0 - 56", Bool, &[1.0]);
    check(&signed, None, "(i+j) < 3000000000", Bool, &[1.0]);
}

#[test]
fn literals_beyond_int64_are_compared_by_value() {
    let run = |dtype: Dtype, bytes: &[u8], text: &str| {
        let expression = compile(text, &[Variable::new("x", dtype)], AUTO).expect(text);
        expression.eval(&[bytes], 1).expect(text)[0]
    };
    let (most, least) = (i64::MAX.to_ne_bytes(), i64::MIN.to_ne_bytes());
    for bytes in [most, least] {
        for (text, holds) in [
            ("x < 9223372036854775808", 1),
            ("x == 9223372036854775808", 0),
            ("x >= 9223372036854775808", 0),
            ("18446744073709551615 > x", 1),
            ("x != 18446744073709551615", 1),
        ] {
            assert_eq!(run(Int64, &bytes, text), holds, "{text}");
            let kernel = format!("def k(x):\n    return {text}\n");
            assert_eq!(run(Int64, &bytes, &kernel), holds, "{kernel}");
        }
    }
    for (x, holds) in [(i64::MIN, [0, 1, 0, 1]), (i64::MIN + 1, [1, 0, 1, 0]), (i64::MIN + 2, [0, 0, 1, 0])] {
        for (text, holds) in ["==", "<", ">=", "!="].iter().zip(holds) {
            let holds = if *text == "!=" { u8::from(x != i64::MIN + 1) } else { holds };
            for text in
                [format!("x {text} -9223372036854775807"), format!("(x + 0) {text} (-9223372036854775807)")]
            {
                assert_eq!(run(Int64, &x.to_ne_bytes(), &text), holds, "{x} {text}");
            }
        }
    }
    assert_eq!(run(Int64, &(-9007199254740993i64).to_ne_bytes(), "x == -9007199254740993"), 1);
    assert_eq!(run(Int64, &(-9007199254740992i64).to_ne_bytes(), "x == -9007199254740993"), 0);
    assert_eq!(run(UInt64, &u64::MAX.to_ne_bytes(), "x > -9223372036854775807"), 1);
    assert_eq!(run(Int64, &i64::MIN.to_ne_bytes(), "x > -18446744073709551615"), 1);
    assert_eq!(run(UInt64, &u64::MAX.to_ne_bytes(), "x == 18446744073709551615"), 1);
    assert_eq!(run(UInt64, &(u64::MAX - 1).to_ne_bytes(), "x == 18446744073709551615"), 0);
    assert_eq!(run(UInt64, &0u64.to_ne_bytes(), "def k(x):\n    return x > -1\n"), 1);
}

#[test]
fn large_integers_without_a_variable_are_exact() {
    for (text, dtype, bytes) in [
        ("18446744073709551615", UInt64, u64::MAX.to_ne_bytes()),
        ("9223372036854775808", UInt64, (1u64 << 63).to_ne_bytes()),
        ("0xffffffffffffffff", UInt64, u64::MAX.to_ne_bytes()),
        ("9223372036854775807", Int64, i64::MAX.to_ne_bytes()),
        ("18446744073709551616", Float64, 18446744073709551616f64.to_ne_bytes()),
    ] {
        assert_eq!(inferred(&[], text), Ok(dtype), "{text}");
        assert_eq!(crate::table::evaluate_bytes(&[], None, text).1, bytes, "{text}");
    }
}

#[test]
fn literals_beside_a_first_bool_keep_their_value() {
    let table = |z: Dtype, y: Dtype| {
        [column("b", Bool, &[1.0, 0.0]), column("z", z, &[9.0, 5.0]), column("y", y, &[5.0, 2.0])]
    };
    for (z, y) in [(Int32, Int32), (Int8, Int64), (UInt8, UInt16)] {
        check(&table(z, y), None, "floor((z - y) / 0.5)", Float64, &[8.0, 6.0]);
        check(&table(z, y), None, "z * 2.5", Float64, &[22.5, 12.5]);
        let dtype = inferred(&[("z", z), ("y", y)], "z + y").expect("a dtype");
        check(&table(z, y), None, "(z - y) * 2 + 3", dtype, &[11.0, 9.0]);
        check(&table(z, y), None, "(z - y) * (2 + 3)", dtype, &[20.0, 15.0]);
    }
    check(&table(Float32, Float32), None, "floor((z - y) / 0.5)", Float64, &[8.0, 6.0]);
    let bools = [column("b", Bool, &[1.0, 0.0])];
    check(&bools, None, "b * 2.5", Float64, &[2.5, 0.0]);
    check(&bools, None, "b / 0.5", Float64, &[2.0, 0.0]);
    check(&bools, None, "b * 2 + 3", Bool, &[1.0, 1.0]);
    check(&bools, None, "(b * 2 + 3) == 5", Bool, &[1.0, 0.0]);
    check(&bools, None, "(b * 2 + 3) > 4", Bool, &[1.0, 0.0]);
    check(&bools, None, "(b * 2 + 3) * 1.5", Float64, &[7.5, 4.5]);
    check(&bools, None, "where(b, 2, 3) == 2", Bool, &[1.0, 0.0]);
    let z = table(Int32, Int32);
    check(&z, None, "z + b * 2 + 3", Int32, &[14.0, 8.0]);
    check(&z, None, "(b * 2 + 3) * z", Int32, &[45.0, 15.0]);
    check(&z, None, "z & (6 & 3)", Int32, &[0.0, 0.0]);
    check(&z, None, "z + 3000000000", Int64, &[3000000009.0, 3000000005.0]);
    check(&z, None, "z ** 2", Int32, &[81.0, 25.0]);
    check(&z, None, "z ** (1 + 1)", Int32, &[81.0, 25.0]);
    check(&z, None, "2 ** y", Int32, &[32.0, 4.0]);
    assert_eq!(evaluate(&z, Some(Float64), "floor((z - y) / 0.5)").1, [8.0, 6.0]);
}
