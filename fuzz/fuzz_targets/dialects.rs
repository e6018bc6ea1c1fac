//! Compiles and evaluates any text in every dialect.
//!
//! Beside the absence of crashes: the place of an error lies in the text, and machine code and the interpreter give
//! the same.
#![no_main]

#[path = "../../testkit/mod.rs"]
mod testkit;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::{ArrayRef, Dialect, Dtype, Expression, JitMode};
use testkit::array::Array;
use testkit::equality::are_equal;

const NAMES: [&str; 3] = ["x", "y", "z"];
/// Passes that a `while` may take.
const MOST_PASSES: &str = "20";

/// The first bytes of an input; what follows is the text up to a NUL, then the data.
#[derive(Arbitrary)]
struct Head {
    dtypes: [u8; 3],
    output: u8,
    dialect: u8,
    items: u8,
}

fuzz_target!(
    init: {
        let environment = [("ME_DSL_WHILE_MAX_ITERS", MOST_PASSES), ("ME_DSL_JIT_COMPILER", "tcc")];
        for (name, value) in environment {
            // SAFETY: the fuzzer has not started any thread that reads the environment.
            unsafe { std::env::set_var(name, value) };
        }
    },
    |bytes: &[u8]| -> Corpus {
        match run(&mut Unstructured::new(bytes)) {
            Some(()) => Corpus::Keep,
            None => Corpus::Reject,
        }
    }
);

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let bytes = input.peek_bytes(input.len())?;
    let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let text = String::from_utf8_lossy(input.bytes(length).ok()?).into_owned();
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let dtypes = head.dtypes.map(|code| Dtype::NUMERIC[usize::from(code) % 13]);
    let dialect = match head.dialect % 4 {
        1 => Dialect::Miniexpr,
        2 => Dialect::NumExpr,
        _ => Dialect::NumPy,
    };
    let mut builder = Expression::builder(&text).dialect(dialect);
    for (name, dtype) in NAMES.into_iter().zip(dtypes) {
        builder = builder.variable(name, dtype);
    }
    if let Some(output) = Dtype::NUMERIC.get(usize::from(head.output % 26)) {
        builder = builder.output(*output);
    }
    let expression = match builder.compile() {
        Ok(expression) => expression,
        Err(error) => {
            let _ = error.to_string();
            if let Some(span) = error.span() {
                assert!(span.start <= span.end && span.end <= text.len(), "{span:?} of {text:?}: {error}");
            }
            return Some(());
        }
    };
    // Loops of the text may be long, and a string is no array of numbers.
    if text.matches("while").count() > 2 || text.contains("range") || expression.dtype().is_string() {
        return Some(());
    }
    let items = usize::from(head.items);
    let arrays = dtypes.map(|dtype| {
        let bytes: Vec<u8> = data.iter().copied().cycle().take(items * dtype.size()).collect();
        Array::from_bytes(dtype, &bytes)
    });
    let inputs: Vec<ArrayRef<'_>> = arrays.iter().map(Array::view).collect();
    let compiled = Array::evaluate(&expression, &inputs, JitMode::Default);
    let interpreted = Array::evaluate(&expression, &inputs, JitMode::Off);
    match (compiled, interpreted) {
        (Ok(compiled), Ok(interpreted)) => assert!(
            are_equal(expression.dtype(), &compiled.to_bytes(), &interpreted.to_bytes()),
            "machine code differs from the interpreter: {text:?}"
        ),
        (Err(compiled), Err(interpreted)) => assert_eq!(compiled.kind(), interpreted.kind(), "{text:?}"),
        (compiled, interpreted) => {
            panic!("{:?} but {:?}: {text:?}", compiled.err(), interpreted.err());
        }
    }
    Some(())
}
