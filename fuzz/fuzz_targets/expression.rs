//! Compiles and evaluates arbitrary texts over arbitrary dtypes and data.
//!
//! Beside the absence of crashes: the result does not depend on how the data is cut into calls.
#![no_main]

mod data;
mod grammar;
#[path = "../../testkit/mod.rs"]
mod testkit;

use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use data::{Column, REDUCTIONS, cut, kept, variable, views};
use grammar::Node;
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::Dtype;
use testkit::client::{Expression, compile};
use testkit::equality::are_equal;
use testkit::text::mentions;

const NAMES: [&str; 4] = ["x", "y", "z", "w"];
/// Evaluated items after which an expression may become machine code.
const ITEMS_BEFORE_CODE: usize = 1 << 16;

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
    let expression = compile(&text, &table, output).ok()?;
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
    if REDUCTIONS.iter().any(|name| mentions(&text, name)) {
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
fn text(head: &Head, input: &mut Unstructured) -> Option<Vec<u8>> {
    if head.is_raw_text {
        let bytes = input.peek_bytes(input.len())?;
        let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
        return Some(input.bytes(length).ok()?.to_vec());
    }
    let mut text = String::new();
    Node::arbitrary(input).ok()?.write(&mut text);
    Some(text.into_bytes())
}

/// The columns whose names occur as identifiers, in declaration order: `n` items, made of `data`
/// over and over.
fn used_columns(text: &[u8], dtypes: [u32; 4], data: &[u8], n: usize) -> Vec<Column> {
    let column = |(shift, (name, code)): (usize, (&&str, u32))| {
        let dtype = Dtype::from_code(code)?;
        let column = || Column::repeat(data, shift, n, dtype.size()).valid_for(dtype);
        mentions(text, name).then(column)
    };
    NAMES.iter().zip(dtypes).enumerate().filter_map(column).collect()
}

/// Evaluates the items of `range`; `None` if the call returns a code.
fn eval(expression: &Expression, columns: &[Column], range: Range<usize>) -> Option<Vec<u8>> {
    // A reduction writes one item also where it is given none.
    let room = range.len().max(1);
    let n = range.len();
    let mut out = expression.eval_room(&views(&cut(columns, range)), n, room).ok()?;
    out.truncate(n * expression.itemsize());
    Some(out)
}
