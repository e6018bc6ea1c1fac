//! Compiles and evaluates expressions on strings of arbitrary widths and units, valid or not.
//!
//! Beside the absence of crashes: the result does not depend on how the data is cut into calls,
//! values are followed by zeros, and the packed form holds the same values.
#![no_main]

mod data;
#[path = "../../testkit/mod.rs"]
mod testkit;

use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use data::{Column, cut, kept, pick, variable, views};
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::Dtype;
use testkit::client::{AUTO, Varlen, compile};
use testkit::text::mentions;

const NAMES: [&str; 3] = ["a", "b", "x"];

/// An expression on strings over `a` and `b`.
#[derive(Arbitrary)]
enum Text {
    Variable(bool),
    Literal(Vec<u8>),
    Case(u8, Box<Text>),
    Concat(Box<Text>, Box<Text>),
    Remove(bool, Box<Text>, Box<Text>),
    Split(Box<Text>, Box<Text>, i8),
    Substr(Box<Text>, i8, i8),
    Replace(Box<Text>, Vec<u8>, Vec<u8>),
    Where(Box<Test>, Box<Text>, Box<Text>),
}

/// A test of strings, or of the number `x`.
#[derive(Arbitrary)]
enum Test {
    Call(u8, Text, Text),
    Compare(u8, Text, Text),
    Both(Box<Test>, Box<Test>),
    Not(Box<Test>),
    Number,
}

const ONE_ARGUMENT: [&str; 5] = ["lower", "upper", "strip", "lstrip", "rstrip"];
const PREDICATES: [&str; 3] = ["contains", "startswith", "endswith"];
const COMPARISONS: [&str; 6] = ["==", "!=", "<", "<=", ">", ">="];
/// Letters that make matches, expansions, spaces and escapes likely.
const LETTERS: [&str; 12] = ["a", "b", "A", "ß", "İ", "€", "😀", " ", "\\n", "\\'", "\\u0149", "\\x7f"];

fn literal(letters: &[u8]) -> String {
    let text: String = letters.iter().take(20).map(|letter| pick(&LETTERS, *letter)).collect();
    format!("'{text}'")
}

impl Text {
    fn source(&self) -> String {
        match self {
            Text::Variable(first) => if *first { "a" } else { "b" }.to_string(),
            Text::Literal(letters) => literal(letters),
            Text::Case(function, a) => format!("{}({})", pick(&ONE_ARGUMENT, *function), a.source()),
            Text::Concat(a, b) => format!("({} + {})", a.source(), b.source()),
            Text::Remove(true, a, b) => format!("removeprefix({}, {})", a.source(), b.source()),
            Text::Remove(false, a, b) => format!("removesuffix({}, {})", a.source(), b.source()),
            Text::Split(a, b, part) => format!("split_part({}, {}, {part})", a.source(), b.source()),
            Text::Substr(a, start, count) => format!("substr({}, {start}, {count})", a.source()),
            Text::Replace(a, old, new) => {
                format!("replace({}, {}, {})", a.source(), literal(old), literal(new))
            }
            Text::Where(test, a, b) => format!("where({}, {}, {})", test.source(), a.source(), b.source()),
        }
    }
}

impl Test {
    fn source(&self) -> String {
        match self {
            Test::Call(function, a, b) => {
                format!("{}({}, {})", pick(&PREDICATES, *function), a.source(), b.source())
            }
            Test::Compare(operator, a, b) => {
                format!("({} {} {})", a.source(), pick(&COMPARISONS, *operator), b.source())
            }
            Test::Both(a, b) => format!("({} & {})", a.source(), b.source()),
            Test::Not(a) => format!("(not {})", a.source()),
            Test::Number => "(x > 1)".to_string(),
        }
    }
}

/// An input; what follows is the data.
#[derive(Arbitrary)]
struct Head {
    is_bytes: bool,
    widths: [u8; 2],
    n: u8,
    exceeds_a_block: bool,
    expression: Result<Text, Test>,
}

fuzz_target!(|bytes: &[u8]| -> Corpus { kept(run(&mut Unstructured::new(bytes))) });

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let source = match &head.expression {
        Ok(text) => text.source(),
        Err(test) => test.source(),
    };
    let family = if head.is_bytes { Dtype::Bytes } else { Dtype::String };
    let itemsizes = head.widths.map(|width| (usize::from(width) % 80 + 1) * family.size());
    let table = [
        variable(NAMES[0], family.code(), itemsizes[0]),
        variable(NAMES[1], family.code(), itemsizes[1]),
        variable(NAMES[2], Dtype::Float64.code(), 0),
    ];
    let expression = compile(&source, &table, AUTO).ok()?;
    // Replacements multiply widths; results beyond this size only take time.
    if expression.itemsize() > 1 << 14 {
        return None;
    }
    let n = usize::from(head.n % 40) + if head.exceeds_a_block { 300 } else { 0 };
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let columns = used_columns(&source, [itemsizes[0], itemsizes[1], 8], &data, n);

    let eval = |range: Range<usize>| {
        let n = range.len();
        expression.eval(&views(&cut(&columns, range)), n).ok()
    };
    let whole = eval(0..n)?;
    let middle = n / 3;
    let mut parts = eval(0..middle).expect("a part of what succeeds");
    parts.extend(eval(middle..n).expect("a part of what succeeds"));
    assert!(parts == whole, "the result depends on how the data is cut");
    if head.expression.is_ok() && n > 0 {
        // Literals alone are text, also among variables of bytes.
        let family = Dtype::from_code(expression.dtype()).expect("a result dtype");
        let want = packed(family, &whole, expression.itemsize());
        assert_eq!(expression.eval_varlen(&views(&cut(&columns, 0..n)), n), Ok(want));
    }
    Some(())
}

/// The columns whose names occur outside of literals, in declaration order: `n` items, made of
/// `data` over and over.
fn used_columns(source: &str, itemsizes: [usize; 3], data: &[u8], n: usize) -> Vec<Column> {
    // Literals of the grammar have no quote but an escaped one.
    let source = source.replace("\\'", "");
    let code: String = source.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let column = |(shift, (name, itemsize)): (usize, (&&str, usize))| {
        mentions(&code, name).then(|| Column::repeat(data, shift, n, itemsize))
    };
    NAMES.iter().zip(itemsizes).enumerate().filter_map(column).collect()
}

/// What `me_eval_varlen` makes of slots, which are zero after their values.
fn packed(family: Dtype, slots: &[u8], itemsize: usize) -> Varlen {
    let (mut offsets, mut data) = (vec![0], Vec::new());
    for slot in slots.chunks(itemsize) {
        let units: Vec<u32> = match family {
            Dtype::String => slot.as_chunks().0.iter().map(|unit| u32::from_ne_bytes(*unit)).collect(),
            _ => slot.iter().map(|byte| u32::from(*byte)).collect(),
        };
        let length = units.iter().position(|unit| *unit == 0).unwrap_or(units.len());
        assert!(units[length..].iter().all(|unit| *unit == 0), "units after the value");
        match family {
            Dtype::String => {
                let char = |unit: &u32| char::from_u32(*unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                data.extend(units[..length].iter().map(char).collect::<String>().bytes());
            }
            _ => data.extend(units[..length].iter().map(|unit| *unit as u8)),
        }
        offsets.push(data.len() as i64);
    }
    Varlen { offsets, data }
}
