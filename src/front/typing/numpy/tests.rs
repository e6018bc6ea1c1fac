use super::*;
use crate::front::plain;
use crate::front::testing::entries;

/// The dtype of an expression over one variable of each dtype, called by NumPy's short names.
fn dtype(text: &str) -> Result<Dtype, CompileError> {
    let names = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"];
    let variables: Vec<(&str, Dtype)> = names.into_iter().zip(Dtype::NUMERIC).collect();
    plain::compile(text.as_bytes(), crate::front::Dialect::NumPy, &entries(&variables), None)
        .map(|kernel| kernel.output.dtype)
}

#[test]
fn numbers_of_python_are_weak() {
    use Dtype::*;
    for (text, expected) in [
        ("f4 * 2.5", Float32),
        ("i1 + 1", Int8),
        ("i1 + 2.5", Float64),
        ("i1 + True", Int8),
        ("b1 + 1", Int64),
        ("b1 + b1", Bool),
        ("f4 + 2j", Complex64),
        ("i1 + 2j", Complex128),
        ("u1 == -1", Bool),
        ("-2**2", Int64),
        ("7 / 2", Float64),
        ("2**63", UInt64),
        ("1j * 1", Complex128),
        ("sin(1) * f4", Float64),
        ("pi * f4", Float32),
        ("(2**70) * f4", Float32),
        ("i1 // 2", Int8),
        ("where(b1, f4, 1.5)", Float32),
        ("f4 if b1 else 1", Float32),
        ("f4 if True else f8", Float32),
        ("(1 if b1 else 2.5) * f4", Float32),
        ("i1.astype(float32) + u8", Float64),
        ("float(i8) * f4", Float32),
        ("c8.real + 1", Float32),
        ("sum(i1)", Int64),
        ("sum(u1)", UInt64),
        ("sum(i1, dtype=float32)", Float32),
        ("sum(f4, dtype=int32)", Int32),
        ("prod(c8, dtype=float64)", Float64),
        ("std(f4)", Float32),
        ("std(c8, dtype=complex128)", Complex128),
        ("mean(f4)", Float32),
        ("mean(i1)", Float64),
        ("1 < 2 < 3", Bool),
    ] {
        match dtype(text) {
            Ok(found) => assert_eq!(found, expected, "{text}"),
            Err(error) => panic!("{text}: {error:?}"),
        }
    }
}

#[test]
fn refusals_have_pythons_words() {
    for (text, blamed, message) in [
        ("i1 + 300", "300", "Python integer 300 out of bounds for int8"),
        ("2 * (u1 - -1)", "-1", "Python integer -1 out of bounds for uint8"),
        ("i4 ** -1", "-1", "Integers to negative integer powers are not allowed"),
        (
            "-b1",
            "-b1",
            "the numpy boolean negative, the `-` operator, is not supported: use '~' or logical_not()",
        ),
        (
            "b1 - b1",
            "b1 - b1",
            "numpy boolean subtract, the `-` operator, is not supported: use '^' or logical_xor()",
        ),
        ("1 + (f4 & i1)", "(f4 & i1)", "unsupported operand type(s) for &: 'float32' and 'int8'"),
        ("~f8", "~f8", "bad operand type for unary ~: 'float64'"),
        ("floor(c8)", "floor(c8)", "floor() is not supported for 'complex64'"),
        ("c8 // 2", "c8 // 2", "unsupported operand type(s) for //: 'complex64' and 'int64'"),
        ("1 / 0", "1 / 0", "division by zero"),
        ("1 & 2.5", "1 & 2.5", "unsupported operand type(s) for &: 'int' and 'float'"),
        (
            "ldexp(f4, f4)",
            "ldexp(f4, f4)",
            "ldexp() is not supported for 'float32' and 'float32': the exponent is an integer",
        ),
        ("mean(f4, dtype=int32)", "mean(f4, dtype=int32)", "mean() of float32 cannot be int32"),
        ("std(i4, dtype=bool)", "std(i4, dtype=bool)", "std() of int32 cannot be bool"),
        ("var(c8, dtype=float32)", "var(c8, dtype=float32)", "var() of complex64 cannot be float32"),
    ] {
        let error = dtype(text).err().unwrap_or_else(|| panic!("{text} is compiled"));
        let span = error.span().unwrap_or_else(|| panic!("{text}: {error:?} has no place"));
        assert_eq!((&text[span], error.message()), (blamed, message), "{text}");
    }
}
