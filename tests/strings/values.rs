//! Worked examples: what each operation gives, and how wide its result is.

use miniexpr::Dtype;

use crate::column::{Column, bytes, check, check_bools, compiled, evaluate, numbers, text, used};

fn a_and_b() -> [Column; 2] {
    [
        text("a", 8, &["foo", "Hello", " pad  ", "abcdefgh", ""]),
        text("b", 6, &["bar", "x", "", "there", "zz"]),
    ]
}

#[test]
fn of_text() {
    let rows: &[(&str, usize, [&str; 5])] = &[
        ("a", 32, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
        ("'abc'", 12, ["abc"; 5]),
        ("''", 4, [""; 5]),
        ("a + b", 56, ["foobar", "Hellox", " pad  ", "abcdefghthere", "zz"]),
        ("'' + a", 36, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
        ("'a'+'b'", 8, ["ab"; 5]),
        ("replace(a,'o','00')", 64, ["f0000", "Hell00", " pad  ", "abcdefgh", ""]),
        ("replace(a,'l','')", 32, ["foo", "Heo", " pad  ", "abcdefgh", ""]),
        ("replace(a,'ll','L')", 32, ["foo", "HeLo", " pad  ", "abcdefgh", ""]),
        ("replace(a,'abc','abcd')", 40, ["foo", "Hello", " pad  ", "abcddefgh", ""]),
        ("replace(a,'abcdefgh','abcdefghij')", 40, ["foo", "Hello", " pad  ", "abcdefghij", ""]),
        ("replace(upper(a),'O','00')", 64, ["F0000", "HELL00", " PAD  ", "ABCDEFGH", ""]),
        ("substr(a,1,3)", 12, ["oo", "ell", "pad", "bcd", ""]),
        ("substr(a,0,100)", 32, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
        ("substr(a,-3,2)", 8, ["fo", "ll", "d ", "fg", ""]),
        ("substr(a,-100,2)", 8, ["fo", "He", " p", "ab", ""]),
        ("substr(a,5,0)", 32, [""; 5]),
        ("substr(a,1,-1)", 32, [""; 5]),
        ("substr(a,0,0.5)", 32, [""; 5]),
        ("substr(a,1e300,1e300)", 32, [""; 5]),
        ("substr(a,-1e300,1e300)", 32, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
        ("substr(a,1.9,2.9)", 8, ["oo", "el", "pa", "bc", ""]),
        ("substr(a,--1,(2))", 8, ["oo", "el", "pa", "bc", ""]),
        ("split_part(a,'l',0)", 32, ["foo", "He", " pad  ", "abcdefgh", ""]),
        ("split_part(a,'l',-1)", 32, ["foo", "He", " pad  ", "abcdefgh", ""]),
        ("split_part(a,'l',0.9)", 32, ["foo", "He", " pad  ", "abcdefgh", ""]),
        ("split_part(a,'l',1)", 32, ["", "lo", "", "", ""]),
        ("split_part(a,'l',2)", 32, ["", "lo", "", "", ""]),
        ("split_part(a,'',0)", 32, [""; 5]),
        ("split_part(a,'',1)", 32, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
        ("removeprefix('foobar',a)", 24, ["bar", "foobar", "foobar", "foobar", "foobar"]),
        ("strip(a)", 32, ["foo", "Hello", "pad", "abcdefgh", ""]),
        ("lstrip(a)", 32, ["foo", "Hello", "pad  ", "abcdefgh", ""]),
        ("rstrip(a)", 32, ["foo", "Hello", " pad", "abcdefgh", ""]),
        ("substr(a,0,3)+b", 36, ["foobar", "Helx", " pa", "abcthere", "zz"]),
        ("upper a + b", 56, ["FOObar", "HELLOx", " PAD  ", "ABCDEFGHthere", "zz"]),
        ("+(a)", 32, ["foo", "Hello", " pad  ", "abcdefgh", ""]),
    ];
    for (source, itemsize, values) in rows {
        check(&a_and_b(), source, *itemsize, values);
    }
}

#[test]
fn of_replacements() {
    let c = [text("c", 6, &["abcabc", "aaaa", "aaaaa", "", "b"])];
    let repeated: Vec<String> = [14, 16, 20, 0, 2].map(|count| "c".repeat(count)).into();
    let repeated: Vec<&str> = repeated.iter().map(String::as_str).collect();
    check(&c, "replace(c,'aa','b')", 24, &["abcabc", "bb", "bba", "", "b"]);
    check(&c, "replace(c,'aa','bcd')", 36, &["abcabc", "bcdbcd", "bcdbcda", "", "b"]);
    check(&c, "replace(c,'abcabcd','wxyzxxxxxx')", 24, &["abcabc", "aaaa", "aaaaa", "", "b"]);
    check(&c, "replace(replace(c,'a','bb'),'b','cc')", 96, &repeated);
    check(&c, "substr(substr(c,1,4),-2,9)", 16, &["ab", "aa", "aa", "", ""]);
    let joined = ["ABCABCabcabcabcabc", "AAAAaaaaaaaa", "AAAAAaaaaaaaaaa", "", "Bbb"];
    check(&c, "upper(c)+lower(c)+strip(c)", 72, &joined);
}

#[test]
fn of_bytes() {
    let s = [bytes("s", 8, &[b"foo", b"Hello", b"\xe9", b"abcdefgh", b""])];
    check(&s, "s + b'x'", 9, &["foox", "Hellox", "éx", "abcdefghx", "x"]);
    check(&s, "upper('x') + s", 9, &["Xfoo", "XHello", "Xé", "Xabcdefgh", "X"]);
    check(&s, "s + ('a'+'b')", 10, &["fooab", "Helloab", "éab", "abcdefghab", "ab"]);
    check(&s, "replace(s,'l','LL')", 16, &["foo", "HeLLLLo", "é", "abcdefgh", ""]);
    check(&s, "substr('hello',1,3) + s", 11, &["ellfoo", "ellHello", "ellé", "ellabcdefgh", "ell"]);
    check(&s, "upper(s)", 8, &["FOO", "HELLO", "é", "ABCDEFGH", ""]);
    check(&s, "removesuffix(s, b'\\xe9')", 8, &["foo", "Hello", "", "abcdefgh", ""]);
    check_bools(&s, "contains('xfoox', s)", &[1, 0, 0, 0, 1]);
    check_bools(&s, "s == '\\u007f'", &[0; 5]);
    let kind: &[&[u8]] = &[b"a", b"b"];
    check(&[bytes("s8", 8, kind)], "'kind=' + s8", 13, &["kind=a", "kind=b"]);
}

#[test]
fn of_predicates() {
    let columns = a_and_b();
    let rows: &[(&str, [u8; 5])] = &[
        ("a == 'foo'", [1, 0, 0, 0, 0]),
        ("'foo' != a", [0, 1, 1, 1, 1]),
        ("contains(a, 'l')", [0, 1, 0, 0, 0]),
        ("contains(a, '')", [1; 5]),
        ("contains('abcdefghi', a)", [0, 0, 0, 1, 1]),
        ("startswith(a, 'He')", [0, 1, 0, 0, 0]),
        ("endswith(a, 'h')", [0, 0, 0, 1, 0]),
        ("endswith(a, b)", [0, 0, 1, 0, 0]),
        ("contains(upper(a),'F')", [1, 0, 0, 1, 0]),
        ("contains(a, 'o'+'o')", [1, 0, 0, 0, 0]),
        ("substr(a,1,2) == 'oo'", [1, 0, 0, 0, 0]),
        ("upper(a) == upper(b)", [0; 5]),
        ("a+b != b+a", [1, 1, 0, 1, 0]),
        ("upper(a) < lower(a)", [1, 1, 1, 1, 0]),
        ("a < b", [0, 1, 0, 1, 1]),
        ("a >= 'abc'", [1, 0, 0, 1, 0]),
        ("'abc' <= a", [1, 0, 0, 1, 0]),
        ("'a' == 'a'", [1; 5]),
        ("(a=='foo') == contains(a,'f')", [1, 1, 1, 0, 1]),
        ("not contains(a,'o') and startswith(a,'H')", [0; 5]),
        ("contains(a,'o') or a == ''", [1, 1, 0, 0, 1]),
    ];
    for (source, values) in rows {
        check_bools(&columns, source, values);
    }
    check(&columns, "where(contains(a,'o'), a, 'none')", 32, &["foo", "Hello", "none", "none", "none"]);
    check(&columns, "where(a == 'foo', b, a + '!')", 36, &["bar", "Hello!", " pad  !", "abcdefgh!", "!"]);
}

/// Numbers beside a predicate are promoted as anywhere else.
#[test]
fn of_predicates_among_numbers() {
    let [a, _] = a_and_b();
    let x = numbers("x", &[1.5, 2.5, 3.5, 4.5, 5.5]);
    let mut f = numbers("f", &[]);
    f.variable.dtype = Dtype::Float32.code();
    f.data = [10f32, 20.0, 30.0, 0.25, 0.5].iter().flat_map(|value| value.to_ne_bytes()).collect();
    let columns = [a, x, f];
    let floats = |source: &str, output: Option<Dtype>| -> (Dtype, Vec<f64>) {
        let (dtype, _, out) = evaluate(&columns, output, 5, source);
        let values = match dtype {
            Dtype::Float64 => {
                out.chunks(8).map(|item| f64::from_ne_bytes(item.try_into().unwrap())).collect()
            }
            _ => out.chunks(4).map(|item| f32::from_ne_bytes(item.try_into().unwrap()).into()).collect(),
        };
        (dtype, values)
    };
    let rows: &[(&str, Option<Dtype>, Dtype, [f64; 5])] = &[
        ("(a=='foo') * x", None, Dtype::Float64, [1.5, 0.0, 0.0, 0.0, 0.0]),
        ("where(contains(a,'o'), x, 0)", None, Dtype::Float64, [1.5, 2.5, 0.0, 0.0, 0.0]),
        ("where((a=='foo') | (f > 15), x, 0)", None, Dtype::Float64, [1.5, 2.5, 3.5, 0.0, 0.0]),
        ("where(a=='foo', f, x) * 2", None, Dtype::Float64, [20.0, 5.0, 7.0, 9.0, 11.0]),
        ("where(a=='foo', x + f, f)", None, Dtype::Float64, [11.5, 20.0, 30.0, 0.25, 0.5]),
        ("(a=='foo') * x", Some(Dtype::Float32), Dtype::Float32, [1.5, 0.0, 0.0, 0.0, 0.0]),
        ("a == 'foo'", Some(Dtype::Float64), Dtype::Float64, [1.0, 0.0, 0.0, 0.0, 0.0]),
    ];
    for (source, output, dtype, values) in rows {
        assert_eq!(floats(source, *output), (*dtype, values.to_vec()), "{source}");
    }
    let (dtype, _, out) = evaluate(&columns[..1], None, 5, "(a=='foo') + 1");
    assert_eq!(dtype, Dtype::Int32);
    let out: Vec<i32> = out.chunks(4).map(|item| i32::from_ne_bytes(item.try_into().unwrap())).collect();
    assert_eq!(out, [2, 1, 1, 1, 1]);
}

#[test]
fn a_predicate_becomes_any_number() {
    let [a, _] = a_and_b();
    for dtype in Dtype::NUMERIC {
        let (_, itemsize, out) = evaluate(std::slice::from_ref(&a), Some(dtype), 5, "a == 'foo'");
        let (first, rest) = out.split_at(itemsize);
        assert!(first.iter().any(|byte| *byte != 0) && rest.iter().all(|byte| *byte == 0), "{dtype}");
    }
}

/// What follows the first NUL of an input is not looked at, and does not reach the output.
#[test]
fn input_after_the_nul_is_ignored() {
    let mut s = bytes("s", 4, &[b"A\0B", b"A", b"AB\0C"]);
    check(std::slice::from_ref(&s), "s", 4, &["A", "A", "AB"]);
    check_bools(std::slice::from_ref(&s), "s == 'A'", &[1, 1, 0]);
    check_bools(std::slice::from_ref(&s), "contains(s, 'B')", &[0, 0, 1]);
    s.variable.itemsize = 2;
    s.data = b"A\0BC".to_vec();
    check_bools(&[s], "endswith(s, 'C')", &[0, 1]);
}

#[test]
fn many_items_keep_their_stride() {
    let rows: Vec<String> = (0..20_000).map(|row| format!("row{row:05}")).collect();
    let names: Vec<&str> = rows.iter().map(String::as_str).collect();
    let columns = [text("a", 16, &names)];
    let lower: Vec<String> = rows.iter().map(|row| format!("x={row}")).collect();
    let upper: Vec<String> = lower.iter().map(|row| row.to_uppercase()).collect();
    check(&columns, "'x=' + a", 72, &lower.iter().map(String::as_str).collect::<Vec<_>>());
    check(&columns, "upper('x=' + a)", 72, &upper.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn long_and_deep_expressions() {
    let columns = [text("a", 3, &["abc", ""])];
    let chained = format!("a{}", " + 'x'".repeat(300));
    let tail = "x".repeat(300);
    check(&columns, &chained, 303 * 4, &[&format!("abc{tail}"), &tail]);
    let nested = format!("{}a{}", "upper(".repeat(200), ")".repeat(200));
    check(&columns, &nested, 12, &["ABC", ""]);
    let long = "é".repeat(100_000);
    check(&columns, &format!("'{long}'"), 400_000, &[&long]);
    check(
        &columns,
        &format!("upper(a + '{long}') + 'x'"),
        400_016,
        &[&format!("ABC{}x", long.to_uppercase())],
    );
    check_bools(&columns, &format!("a == '{long}'"), &[0, 0]);
}

/// A result that is larger than the caches, which is stored around them, holds what its parts do.
#[test]
fn of_many_items() {
    let values: Vec<String> = (0..64_000).map(|item| format!("Item {item}")).collect();
    let values: Vec<&str> = values.iter().map(String::as_str).collect();
    let columns = [text("a", 16, &values), text("b", 16, &values[..1].repeat(values.len()))];
    let source = format!("lower(a) + '{}' + b", "-".repeat(400));
    let expression = compiled(&columns, None, &source).unwrap();
    let inputs = used(&columns, "a b");
    let whole = expression.eval(&inputs, values.len()).unwrap();
    assert!(whole.len() > 100 << 20, "the result is not large");
    let parts = (0..values.len()).step_by(1000).flat_map(|start| {
        let part = |column: &&[u8]| column[start * 64..(start + 1000) * 64].to_vec();
        let inputs: Vec<Vec<u8>> = inputs.iter().map(part).collect();
        expression.eval(&inputs.iter().map(Vec::as_slice).collect::<Vec<_>>(), 1000).unwrap()
    });
    assert!(parts.eq(whole.iter().copied()));
}
