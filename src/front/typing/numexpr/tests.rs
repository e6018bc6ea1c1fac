use crate::dtype::Dtype;
use crate::front::error::{CompileError, Status};
use crate::front::plain;
use crate::front::testing::entries;
use crate::front::{Dialect, Entry, EntryKind, Language, Lifting};

const NAMES: [&str; 13] = ["b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8", "c8", "c16"];

/// The dtype of an expression over one variable of each dtype, called by NumPy's short names.
fn dtype(text: &str) -> Result<Dtype, CompileError> {
    let variables: Vec<(&str, Dtype)> = NAMES.into_iter().zip(Dtype::NUMERIC).collect();
    let string = |name: &'static str, dtype, itemsize| Entry {
        name: name.as_bytes(),
        dtype: Some(dtype),
        itemsize,
        kind: EntryKind::Variable,
    };
    let mut entries = entries(&variables);
    entries.extend([string("s", Dtype::Bytes, 3), string("text", Dtype::String, 12)]);
    plain::compile(text.as_bytes(), Dialect::NumExpr, &entries, None).map(|kernel| kernel.output.dtype)
}

#[test]
fn kinds() {
    use Dtype::*;
    for (text, expected) in [
        ("i1", Int32),
        ("u2 + u1", Int32),
        ("u4", Int64),
        ("u8 + 1", Int64),
        ("c8", Complex128),
        ("f4 * 2.0", Float64),
        ("f4 * 2", Float32),
        ("f4 * 2**40", Float32),
        ("i4 + 2**40", Int64),
        ("i4 + 2147483647", Int32),
        ("i4 + 2147483648", Int64),
        ("i4 * f4", Float32),
        ("i8 * f4", Float32),
        ("i4 / i4", Float64),
        ("i8 / f4", Float32),
        ("b1 + b1", Bool),
        ("b1 & 1", Int32),
        ("sin(b1)", Float32),
        ("sin(i4)", Float64),
        ("abs(i4)", Float64),
        ("ceil(i8)", Float64),
        ("fmod(i4, i4)", Float64),
        ("round(i4)", Int32),
        ("sign(i8)", Int64),
        ("maximum(f4, 1)", Float64),
        ("conj(f4)", Complex128),
        ("abs(c8)", Complex128),
        ("c8.real", Float64),
        ("where(False, f8, 2)", Int32),
        ("where(where(False, f8, 1) < 0, f8, i4)", Int32),
        ("i4 ** where(True, 2, f8)", Int32),
        ("i4 ** 2", Int32),
        ("i4 ** 0.5", Float64),
        ("i4 ** -1.0", Float64),
        ("f4 ** 2.5", Float32),
        ("f4 ** 2.3", Float64),
        ("sum(i4)", Int32),
        ("(sum(i4, axis=0))", Int32),
        ("min(f4, 1)", Float32),
        ("s == 'abc'", Bool),
        ("s < b'abc'", Bool),
        ("contains(s, 'b')", Bool),
        ("'abc'", Bytes),
        ("s", Bytes),
        ("1 and f4", Float32),
        ("0 or i8", Int64),
        ("f4 if True else f8", Float32),
        ("where(1 < 2, i4, f8)", Int32),
        ("0 < 1 < i4", Bool),
        ("minimum(1, 2)", Int64),
        ("i4.astype(float32)", Float32),
        ("complex(f4, 1)", Complex128),
        ("-2**31", Int32),
        ("2**64 - 2**64", Int32),
    ] {
        assert_eq!(dtype(text).unwrap_or_else(|error| panic!("{text}: {error:?}")), expected, "{text}");
    }
}

#[test]
fn refusals_have_numexprs_words() {
    let opcode = "couldn't find matching opcode for";
    for (text, message) in [
        ("b1 - b1", "'sub_bbb'"),
        ("-b1", "'neg_bb'"),
        ("~f4", "'invert_ff'"),
        ("i4 & f4", "'and_fif'"),
        ("f8 % c8", "'mod_cdc'"),
        ("c16 < c16", "'gt_bcc'"),
        ("c16 < f8", "'gt_bdc'"),
        ("c16 <= f8", "'ge_bdc'"),
        ("s + s", "'add_sss'"),
        ("s == 1", "'eq_bsi'"),
        ("i4 == 'a'", "'eq_bis'"),
        ("contains(i4, i4)", "'contains_bii'"),
        ("where(i4, 1, 2)", "'where_iiii'"),
        ("where(f4, 1, 2)", "'where_ffii'"),
        ("sum(b1)", "'sum_bbn'"),
        ("max(c16)", "'max_ccn'"),
        ("b1 ** b1", "'pow_bbb'"),
        ("b1 ** 0", "'ones_like_bb'"),
        ("ceil(c16)", "'ceil_dc'"),
        ("signbit(c16)", "'signbit_bc'"),
        ("arctan2(c16, f4)", "'arctan2_ccf'"),
    ] {
        let error = dtype(text).err().unwrap_or_else(|| panic!("{text} is compiled"));
        assert_eq!(
            (error.kind(), error.message()),
            (Status::InvalidType, &*format!("{opcode} {message}")),
            "{text}"
        );
    }
}

#[test]
fn refusals_point_at_the_culprit() {
    let no_truth = "an array has no truth value: use '&' instead of 'and', '|' instead of 'or', '~' instead of 'not', \
                    and where() instead of a conditional expression";
    for (text, blamed, message) in [
        ("1 + (i4 and i8)", "(i4 and i8)", no_truth),
        ("0 < i4 < 3", "0 < i4 < 3", no_truth),
        ("not b1", "not b1", no_truth),
        ("i4 if b1 else 1", "i4 if b1 else 1", no_truth),
        ("i4 ** -1", "i4 ** -1", "Integers to negative integer powers are not allowed."),
        ("1 + sum(i4)", "sum(i4)", "invalid program: reduction operations must occur last"),
        ("sum(sum(i4))", "sum(i4)", "invalid program: reduction operations must occur last"),
        ("sum(i4, axis=-1)", "sum(i4, axis=-1)", "negative axis are not supported"),
        ("sum(i4, axis=(0, 1))", "sum(i4, axis=(0, 1))", "axis is None or an integer"),
        ("i4 + 2**63", "2**63", "Python int too large to convert to C long"),
        ("text == 'a'", "text", "the numexpr dialect does not support Unicode strings: use bytes"),
        ("1 / 0", "1 / 0", "division by zero"),
        ("erf(f4)", "erf", "unknown name 'erf'"),
        ("float64(f4)", "float64", "unknown name 'float64'"),
        ("pi * f4", "pi", "unknown name 'pi'"),
        ("sum(f4, keepdims=True)", "keepdims", "sum() got an unexpected keyword argument 'keepdims'"),
    ] {
        let error = dtype(text).err().unwrap_or_else(|| panic!("{text} is compiled"));
        let span = error.span().unwrap_or_else(|| panic!("{text}: {error:?} has no place"));
        let found = error.message().split(": did you").next().unwrap_or_default();
        assert_eq!((&text[span], found), (blamed, message), "{text}");
    }
}

#[test]
fn items_of_kernels_have_a_truth_value() {
    let source = b"def f(x, n):
    total = 0.0
    for i in range(n):
        if x > 0 and not i == 3:
            total += x
    return total if 0 < total < 10 else -1
";
    let kernel = |variables: &[(&str, Dtype)]| {
        let entries = entries(variables);
        super::super::super::compile(
            source,
            Language::Kernel,
            Dialect::NumExpr,
            &entries,
            None,
            Lifting::Never,
        )
    };
    let compiled = kernel(&[("x", Dtype::Float32), ("n", Dtype::UInt8)]).unwrap();
    assert_eq!(compiled.output.dtype, Dtype::Float64);
    // Plain texts are the same whether they are compiled as kernels or not.
    let entries = entries(&[("b1", Dtype::Bool)]);
    for lifting in [Lifting::Never, Lifting::IfPossible] {
        let compile = super::super::super::compile;
        let error = compile(b"not b1", Language::Expression, Dialect::NumExpr, &entries, None, lifting);
        assert!(error.unwrap_err().message().starts_with("an array has no truth value"));
    }
}
