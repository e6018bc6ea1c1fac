//! Compiles and evaluates arbitrary texts over arbitrary dtypes and data.
//!
//! Beside the absence of crashes: the result does not depend on how the data is cut into calls.
#![no_main]

mod client;
mod equality;
mod grammar;

use std::ffi::{CStr, CString};
use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use client::{Column, Expression, cut, kept, variable};
use equality::are_equal;
use grammar::Node;
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::Dtype;
use miniexpr::ffi::me_eval_params;

const NAMES: [&CStr; 4] = [c"x", c"y", c"z", c"w"];
/// Evaluated items after which an expression may become machine code.
const ITEMS_BEFORE_CODE: usize = 1 << 16;
const REDUCTIONS: [&[u8]; 7] = [b"sum", b"prod", b"mean", b"min", b"max", b"any", b"all"];

/// The first bytes of an input; what follows is the text, then the data.
#[derive(Arbitrary)]
struct Head {
    is_raw_text: bool,
    dtypes: [u8; 4],
    output: u8,
    n: u8,
    exceeds_a_block: bool,
    warms_up: u8,
}

fuzz_target!(|bytes: &[u8]| -> Corpus { kept(run(&mut Unstructured::new(bytes))) });

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let text = text(&head, input)?;
    let output = u32::from(head.output % 14);
    let dtypes = head.dtypes.map(|code| u32::from(code % 14));
    let table: Vec<_> = NAMES.iter().zip(dtypes).map(|(name, dtype)| variable(name, dtype, 0)).collect();
    let expression = Expression::compile(&text, &table, output)?;
    let n = usize::from(head.n) + if head.exceeds_a_block { 5000 } else { 0 };
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let columns = used_columns(&text, dtypes.map(|code| if code == 0 { output } else { code }), &data, n);

    let dtype = Dtype::from_code(expression.dtype()).expect("a result dtype");
    let whole = eval(&expression, &columns, 0..n)?;
    if head.warms_up % 8 == 1 && n > 200 {
        // Often evaluated expressions become machine code.
        for _ in 0..=ITEMS_BEFORE_CODE / n {
            let again = eval(&expression, &columns, 0..n).expect("a second evaluation fails");
            assert!(are_equal(dtype, &again, &whole), "a second evaluation differs");
        }
    }
    if contains_reduction(&text) {
        return Some(());
    }
    let middle = n / 3;
    let (Some(mut parts), Some(rest)) =
        (eval(&expression, &columns, 0..middle), eval(&expression, &columns, middle..n))
    else {
        panic!("a part fails where the whole succeeds");
    };
    parts.extend(rest);
    assert!(are_equal(dtype, &parts, &whole), "the result depends on how the data is cut");
    Some(())
}

/// A text of the grammar, or raw bytes up to the first NUL.
fn text(head: &Head, input: &mut Unstructured) -> Option<CString> {
    if head.is_raw_text {
        let bytes = input.peek_bytes(input.len())?;
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        return CString::new(input.bytes(length).ok()?).ok();
    }
    let mut text = String::new();
    Node::arbitrary(input).ok()?.write(&mut text);
    CString::new(text).ok()
}

/// The identifiers of a text.
fn words(text: &CString) -> Vec<&[u8]> {
    text.as_bytes().split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_').collect()
}

/// Whether the value of an item may depend on all items.
fn contains_reduction(text: &CString) -> bool {
    words(text).iter().any(|word| REDUCTIONS.contains(word))
}

/// The columns whose names occur as identifiers, in declaration order: `n` items, made of `data`
/// over and over.
fn used_columns(text: &CString, dtypes: [u32; 4], data: &[u8], n: usize) -> Vec<Column> {
    let words = words(text);
    let column = |(shift, (name, code)): (usize, (&&CStr, u32))| {
        let dtype = Dtype::from_code(code)?;
        let column = || Column::repeat(data, shift, n, dtype.size()).valid_for(dtype);
        words.contains(&name.to_bytes()).then(column)
    };
    NAMES.iter().zip(dtypes).enumerate().filter_map(column).collect()
}

/// Evaluates the items of `range`; `None` if the call returns a code.
fn eval(expression: &Expression, columns: &[Column], range: Range<usize>) -> Option<Vec<u8>> {
    // A reduction writes one item also where it is given none.
    let room = range.len().max(1);
    let n = range.len();
    let mut out = expression.eval(&cut(columns, range), n, room, me_eval_params::default()).ok()?;
    out.truncate(n * expression.itemsize());
    Some(out)
}
