//! Strings in kernels of statements.

use miniexpr::Dtype;

use crate::column::{Column, bytes, check, compiled, evaluate, numbers, text, used};
use crate::testkit::client::{compile_status, eval_status};

fn a() -> [Column; 1] {
    [text("a", 8, &["foo", "Hello", " pad  ", "abcdefgh", ""])]
}

/// A kernel over `a` with the given lines as its body.
fn kernel(lines: &[&str]) -> String {
    format!("def k(a):\n    {}\n", lines.join("\n    "))
}

#[test]
fn worked_examples() {
    let rows: &[(&[&str], usize, [&str; 5])] = &[
        (&["r = 'p=' + a", "return r"], 40, ["p=foo", "p=Hello", "p= pad  ", "p=abcdefgh", "p="]),
        (
            &[
                "if contains(a,'o'):",
                "    return 'x'",
                "elif a == '':",
                "    return 'EMPTY-LONG-VALUE'",
                "else:",
                "    return a",
            ],
            64,
            ["x", "x", " pad  ", "abcdefgh", "EMPTY-LONG-VALUE"],
        ),
        (
            &["r = a", "for j in range(2):", "    r = substr(r,1,8)", "return r"],
            32,
            ["o", "llo", "ad  ", "cdefgh", ""],
        ),
        (
            &["r = a", "while contains(r,'e'):", "    r = substr(r,1,8)", "return r"],
            32,
            ["foo", "llo", " pad  ", "fgh", ""],
        ),
    ];
    for (lines, itemsize, values) in rows {
        check(&a(), &kernel(lines), *itemsize, values);
    }
}

#[test]
fn narrower_returns_are_filled() {
    let s: [&[u8]; 4] = [b"foo", b"Hello", b" pad  ", b"abcdefgh"];
    let source = kernel(&["if contains(a,'o'):", "    return a", "return 'long-' + a"]);
    check(&[bytes("a", 8, &s)], &source, 13, &["foo", "Hello", "long- pad  ", "long-abcdefgh"]);
}

#[test]
fn a_string_is_true_when_it_is_not_empty() {
    let source = kernel(&["if a:", "    return 1", "return 0"]);
    for column in [a()[0].clone(), bytes("a", 7, &[b"foo", b"x", b" ", b"abcdefg", b""])] {
        let (dtype, _, out) = evaluate(&[column], None, 5, &source);
        assert_eq!(dtype, Dtype::Int32);
        let out: Vec<i32> = out.as_chunks().0.iter().map(|item| i32::from_ne_bytes(*item)).collect();
        assert_eq!(out, [1, 1, 1, 1, 0]);
    }
    let computed = kernel(&["if strip(a):", "    return 'yes'", "return 'no'"]);
    check(&[text("a", 3, &["x", " ", ""])], &computed, 12, &["yes", "no", "no"]);
}

#[test]
fn rows_equal_row_by_row_code() {
    let lines = [
        "def k(p, name):",
        "    result = 'property_type=' + p",
        "    desc = lower(name)",
        "    if not contains(desc, ' with '):",
        "        return result + ', room_type=' + removesuffix(desc, ' room')",
        "    before = split_part(desc, ' with ', 0)",
        "    after = split_part(desc, ' with ', 1)",
        "    r2 = result + ', room_type=' + removesuffix(before, ' room')",
        "    return r2 + ', amenity=' + after",
    ];
    let columns = [
        text("p", 16, &["Apt", "House", ""]),
        text("name", 24, &["Private Room", "Big room with Pool", "Loft"]),
    ];
    let values = [
        "property_type=Apt, room_type=private",
        "property_type=House, room_type=big, amenity=pool",
        "property_type=, room_type=loft",
    ];
    check(&columns, &lines.join("\n"), 400, &values);
}

#[test]
fn locals_keep_their_family_and_width() {
    let refused = [
        &["r = a", "r = a + 'x'", "return r"][..],
        &["r = a", "r += 'x'", "return r"],
        &["r = ''", "r = a", "return r"],
        &["r = a", "r = 1", "return r"],
        &["if not a:", "    return 1", "return 0"],
        &["if a and a:", "    return 1", "return 0"],
        &["if any(contains(a,'o')):", "    return 1", "return 0"],
        &["return a", "return 1"],
    ];
    for lines in refused {
        let status = compiled(&a(), None, &kernel(lines)).err().map(|failure| failure.status);
        assert_eq!(status, Some(compile_status::PARSE), "{lines:?}");
    }
    let narrower = kernel(&["r = a", "r = 'x'", "return r"]);
    check(&a(), &narrower, 32, &["x"; 5]);
}

#[test]
fn conditions_of_string_tests_reduce_through_a_local() {
    let source = kernel(&["c = contains(a,'o')", "if any(c):", "    return 1", "return 0"]);
    let (_, _, out) = evaluate(&a(), None, 5, &source);
    assert_eq!(out, 1i32.to_ne_bytes().repeat(5));
}

#[test]
fn rows_without_a_return_fail() {
    let source = kernel(&["if a == 'foo':", "    return a"]);
    let expression = compiled(&a(), None, &source).unwrap();
    let result = expression.eval(&used(&a(), &source), 5);
    assert_eq!(result, Err(eval_status::INVALID_ARG));
}

#[test]
fn many_rows_take_branches_of_two_widths() {
    let rows: Vec<String> = (0..20_000).map(|row| format!("row{row:05}")).collect();
    let names: Vec<&str> = rows.iter().map(String::as_str).collect();
    let expected: Vec<String> =
        rows.iter().map(|row| if row.contains('7') { format!("seven:{row}") } else { "-".into() }).collect();
    let source = kernel(&["if contains(a, '7'):", "    return 'seven:' + a", "return '-'"]);
    let values: Vec<&str> = expected.iter().map(String::as_str).collect();
    check(&[text("a", 16, &names)], &source, 88, &values);
}

#[test]
fn kernels_are_packed_too() {
    let homes = [text("a", 8, &["home", "room", "home", "loft"])];
    let source = kernel(&["if a == 'home':", "    return 'whole-unit'", "return 'shared:' + a"]);
    let packed = compiled(&homes, None, &source).unwrap().eval_varlen(&used(&homes, &source), 4).unwrap();
    assert_eq!(packed.data, b"whole-unitshared:roomwhole-unitshared:loft");
    assert_eq!(packed.offsets, [0, 10, 21, 31, 42]);
}

#[test]
fn numeric_kernels_hold_string_locals() {
    let columns = [a()[0].clone(), numbers("x", &[1.0, 2.0, 3.0, 4.0, 5.0])];
    let source = "def k(a, x):\n    d = lower(a)\n    if contains(d, 'h'):\n        return x\n    return 0\n";
    let (dtype, _, out) = evaluate(&columns, Some(Dtype::Float64), 5, source);
    let out: Vec<f64> = out.as_chunks().0.iter().map(|item| f64::from_ne_bytes(*item)).collect();
    assert_eq!((dtype, out.as_slice()), (Dtype::Float64, &[0.0, 2.0, 0.0, 4.0, 0.0][..]));
}
