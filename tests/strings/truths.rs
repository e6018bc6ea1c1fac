//! Operators on truth values of every origin, against a model: no operator may lose what its operand is.

use crate::testkit::random::Random;
use std::ffi::c_void;

use miniexpr::Dtype;

use crate::column::{self, Column};
use crate::testkit::client::{AUTO, Variable, compile};
use crate::testkit::values::{decode, encode};

const N: usize = 5;

extern "C" fn is_odd(x: f64) -> f64 {
    f64::from(u8::from(x % 2.0 != 0.0))
}

fn column(name: &'static str, dtype: Dtype, numbers: &[f64]) -> Column {
    Column { variable: Variable::new(name, dtype), name, data: encode(dtype, numbers) }
}

fn columns() -> Vec<Column> {
    vec![
        column("x", Dtype::Float64, &[0.0, 1.0, 3.0, 5.0, 8.0]),
        column("b", Dtype::Bool, &[1.0, 0.0, 0.0, 1.0, 1.0]),
        column::text("s", 3, &["zz", "a", "", "zz", "az"]),
        column::text("t", 2, &["zz", "b", "", "a", "az"]),
        column::bytes("r", 3, &[b"zz", b"a", b"", b"zz", b"az"]),
    ]
}

/// A text and the truth of each item.
#[derive(Clone)]
struct Truth {
    text: String,
    items: [bool; N],
}

/// Truths that no operator has touched, of every origin.
fn leaves() -> Vec<Truth> {
    let x = [0.0, 1.0, 3.0, 5.0, 8.0];
    let s = ["zz", "a", "", "zz", "az"];
    let t = ["zz", "b", "", "a", "az"];
    let leaf = |text: &str, items: [bool; N]| Truth { text: text.into(), items };
    let mut leaves = vec![
        leaf("b", [true, false, false, true, true]),
        leaf("(x > 3)", x.map(|x| x > 3.0)),
        leaf("(1 < 2)", [true; N]),
        leaf("(not 3)", [false; N]),
        leaf("(sum(x) > 5)", [true; N]),
        leaf("any(b)", [true; N]),
        leaf("all(x)", [false; N]),
        leaf("odd(x)", x.map(|x| x % 2.0 != 0.0)),
        leaf("contains(s, 'z')", s.map(|s| s.contains('z'))),
        leaf("startswith(s, 'z')", s.map(|s| s.starts_with('z'))),
        leaf("endswith(r, 'z')", s.map(|s| s.ends_with('z'))),
        leaf("startswith(s, t)", std::array::from_fn(|i| s[i].starts_with(t[i]))),
        leaf("('a' == 'b')", [false; N]),
        leaf("(upper(s) == 'ZZ')", s.map(|s| s == "zz")),
    ];
    for (operator, holds) in [
        ("==", (|a, b| a == b) as fn(&str, &str) -> bool),
        ("!=", |a, b| a != b),
        ("<", |a, b| a < b),
        (">=", |a, b| a >= b),
    ] {
        leaves.push(leaf(&format!("(s {operator} 'zz')"), s.map(|s| holds(s, "zz"))));
        leaves.push(leaf(&format!("(s {operator} t)"), std::array::from_fn(|i| holds(s[i], t[i]))));
        leaves.push(leaf(&format!("('a' {operator} r)"), s.map(|s| holds("a", s))));
    }
    leaves
}

fn combine(kind: usize, a: &Truth, b: &Truth, c: &Truth) -> Truth {
    let (p, q, r) = (&a.text, &b.text, &c.text);
    let zip = |f: fn(bool, bool) -> bool| std::array::from_fn(|i| f(a.items[i], b.items[i]));
    let (text, items) = match kind {
        0 => (format!("~{p}"), a.items.map(|p| !p)),
        1 => (format!("(not {p})"), a.items.map(|p| !p)),
        // The minus of a constant is a float64 number.
        2 if p.contains("(1 < 2)") || p.contains("(not 3)") => (p.clone(), a.items),
        2 => (format!("-{p}"), a.items),
        3 => (format!("({p} and {q})"), zip(|p, q| p && q)),
        4 => (format!("({p} or {q})"), zip(|p, q| p || q)),
        5 => (format!("({p} & {q})"), zip(|p, q| p & q)),
        6 => (format!("({p} | {q})"), zip(|p, q| p | q)),
        7 => (format!("({p} ^ {q})"), zip(|p, q| p ^ q)),
        8 => (format!("({p} == {q})"), zip(|p, q| p == q)),
        9 => (format!("({p} != {q})"), zip(|p, q| p != q)),
        _ => {
            let items = std::array::from_fn(|i| if a.items[i] { b.items[i] } else { c.items[i] });
            (format!("where({p}, ({q}), ({r}))"), items)
        }
    };
    Truth { text, items }
}

fn evaluate(columns: &[Column], output: u32, source: &str) -> Vec<f64> {
    let mut variables: Vec<Variable> = columns.iter().map(|column| column.variable.clone()).collect();
    variables.push(Variable::function("odd", Dtype::Bool.code(), 8 + 1, is_odd as *const c_void));
    let expression = compile(source, &variables, output).unwrap_or_else(|why| panic!("{source}: {why:?}"));
    let bytes = expression.eval(&column::used(columns, source), N).expect("a result");
    decode(Dtype::from_code(expression.dtype()).expect("a dtype"), &bytes)
}

/// A truth as a number, by every way that asks for one.
fn check(columns: &[Column], truth: &Truth) {
    let Truth { text, items } = truth;
    let numbers = items.map(|item| f64::from(u8::from(item)));
    let is_one_value = is_reduction(text);
    let expect = |source: &str, output: u32, want: &[f64]| {
        let got = evaluate(columns, output, source);
        let count = if is_one_value { 1 } else { N };
        assert_eq!(got[..count], want[..count], "{source}");
    };
    expect(text, AUTO, &numbers);
    expect(text, Dtype::Bool.code(), &numbers);
    expect(text, Dtype::Int32.code(), &numbers);
    expect(&format!("where({text}, 1, 2)"), AUTO, &items.map(|item| if item { 1.0 } else { 2.0 }));
    // A minus beside a float is computed in float64.
    if !text.contains('-') {
        expect(&format!("({text}) * 1.0"), AUTO, &numbers);
    }
}

/// Whether a text is one value for all items.
fn is_reduction(text: &str) -> bool {
    !["x >", "odd(", "s", "r", "b", "t"].iter().any(|name| {
        text.replace("sum(x)", "")
            .replace("any(b)", "")
            .replace("all(x)", "")
            .replace("not", "")
            .contains(name)
    })
}

#[test]
fn operators_keep_what_they_are_applied_to() {
    let columns = columns();
    let leaves = leaves();
    for leaf in &leaves {
        check(&columns, leaf);
        for other in &leaves {
            for kind in 0..11 {
                check(&columns, &combine(kind, leaf, other, &leaves[0]));
            }
        }
    }
    let mut random = Random::new(1);
    for _ in 0..3000 {
        let mut known = leaves.clone();
        for _ in 0..4 {
            let mut pick = || known[random.index(known.len())].clone();
            let (a, b, c) = (pick(), pick(), pick());
            // Not the minus, which makes numbers of truths where a float64 meets it.
            let kind = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10][random.index(10)];
            known.push(combine(kind, &a, &b, &c));
        }
        check(&columns, known.last().expect("a truth"));
    }
}

#[test]
fn operators_keep_what_they_are_applied_to_in_kernels() {
    let columns = columns();
    let leaves = leaves();
    let negated = |items: [bool; N]| items.map(|item| f64::from(u8::from(!item)));
    for leaf in &leaves {
        let Truth { text, items } = leaf;
        for body in [
            format!("return ~{text}"),
            format!("q = {text}\n    return ~q"),
            format!("q = ~{text}\n    return q"),
            format!("q = b\n    q = ~{text}\n    return bool(q)"),
            format!("q = 1\n    q -= {text}\n    return bool(q)"),
            format!("if ~{text}:\n        return b | (1 < 2)\n    return b & (2 < 1)"),
            format!("q = (1 < 2)\n    while {text} & q:\n        q = (2 < 1)\n    return q"),
        ] {
            let source = format!("def k(x, b, s, t, r):\n    {body}\n");
            let got = evaluate(&columns, AUTO, &source);
            let count = got.len().min(N);
            let got: Vec<f64> = got.iter().map(|item| f64::from(u8::from(*item != 0.0))).collect();
            let count = if is_reduction(text) { 1 } else { count };
            assert_eq!(got[..count], negated(*items)[..count], "{source}");
        }
    }
}

#[test]
fn sums_count_what_operators_leave() {
    let columns = columns();
    for leaf in
        leaves().iter().filter(|leaf| !leaf.text.contains(['s', 'r', '\'']) && !is_reduction(&leaf.text))
    {
        let count = leaf.items.iter().filter(|item| !**item).count() as f64;
        let sum = evaluate(&columns, AUTO, &format!("sum(~{})", leaf.text));
        assert_eq!(sum[0], count, "{}", leaf.text);
        assert_eq!(evaluate(&columns, AUTO, &format!("any(~{})", leaf.text))[0], f64::from(count > 0.0));
        let all = evaluate(&columns, AUTO, &format!("all(~{})", leaf.text))[0];
        assert_eq!(all, f64::from(count == N as f64), "{}", leaf.text);
    }
}
