//! Compiles and evaluates expressions on strings of arbitrary widths and units, valid or not.
//!
//! Beside the absence of crashes: the result does not depend on how the data is cut into calls,
//! values are followed by zeros, and the packed form holds the same values.
#![no_main]

use std::ffi::{CStr, CString, c_int, c_void};
use std::ops::Range;
use std::ptr;

use arbitrary::{Arbitrary, Unstructured};
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::dtype::Dtype;
use miniexpr::ffi::{self, me_expr, me_variable};

const NAMES: [&CStr; 3] = [c"a", c"b", c"x"];

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
const LETTERS: [&str; 12] =
    ["a", "b", "A", "ß", "İ", "€", "😀", " ", "\\n", "\\'", "\\u0149", "\\x7f"];

fn pick(names: &[&'static str], index: u8) -> &'static str {
    names[usize::from(index) % names.len()]
}

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

fuzz_target!(|bytes: &[u8]| -> Corpus {
    match run(&mut Unstructured::new(bytes)) {
        Some(()) => Corpus::Keep,
        None => Corpus::Reject,
    }
});

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let source = match &head.expression {
        Ok(text) => text.source(),
        Err(test) => test.source(),
    };
    let family = if head.is_bytes { Dtype::Bytes } else { Dtype::String };
    let itemsizes = head.widths.map(|width| (usize::from(width) % 80 + 1) * family.size());
    let expression = Expression::compile(&CString::new(source.as_str()).ok()?, family, itemsizes)?;
    // Replacements multiply widths; results beyond this size only take time.
    if expression.itemsize() > 1 << 14 {
        return None;
    }
    let n = usize::from(head.n % 40) + if head.exceeds_a_block { 300 } else { 0 };
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let columns = used_columns(&source, [itemsizes[0], itemsizes[1], 8], &data, n);

    let whole = expression.eval(&columns, 0..n)?;
    let middle = n / 3;
    let mut parts = expression.eval(&columns, 0..middle).expect("a part of what succeeds");
    parts.extend(expression.eval(&columns, middle..n).expect("a part of what succeeds"));
    assert!(parts == whole, "the result depends on how the data is cut");
    if head.expression.is_ok() && n > 0 {
        assert_eq!(expression.eval_varlen(&columns, n), packed(expression.family(), &whole, expression.itemsize()));
    }
    Some(())
}

/// The data of a variable.
struct Column {
    bytes: Vec<u8>,
    itemsize: usize,
}

/// The columns whose names occur outside of literals, in declaration order: `n` items, made of
/// `data` over and over.
fn used_columns(source: &str, itemsizes: [usize; 3], data: &[u8], n: usize) -> Vec<Column> {
    // Literals of the grammar have no quote but an escaped one.
    let source = source.replace("\\'", "");
    let code: String = source.split('\'').step_by(2).collect::<Vec<_>>().join(" ");
    let words: Vec<&str> = code.split(|char: char| !char.is_ascii_alphanumeric() && char != '_').collect();
    let column = |(shift, (name, itemsize)): (usize, (&&CStr, usize))| {
        let bytes = || data.iter().copied().cycle().skip(shift).take(n * itemsize).collect();
        words.contains(&name.to_str().ok()?).then(|| Column { bytes: bytes(), itemsize })
    };
    NAMES.iter().zip(itemsizes).enumerate().filter_map(column).collect()
}

/// What `me_eval_varlen` makes of slots, which are zero after their values.
fn packed(family: Dtype, slots: &[u8], itemsize: usize) -> (Vec<i64>, Vec<u8>) {
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
    (offsets, data)
}

struct Expression {
    raw: *mut me_expr,
}

impl Expression {
    fn compile(source: &CString, family: Dtype, itemsizes: [usize; 2]) -> Option<Expression> {
        let entry = |name: &CStr, dtype: Dtype, itemsize| me_variable {
            name: name.as_ptr(),
            dtype: dtype.code(),
            address: ptr::null(),
            type_: 0,
            context: ptr::null_mut(),
            itemsize,
        };
        let table = [
            entry(NAMES[0], family, itemsizes[0]),
            entry(NAMES[1], family, itemsizes[1]),
            entry(NAMES[2], Dtype::Float64, 0),
        ];
        let (mut error, mut raw): (c_int, _) = (0, ptr::null_mut());
        // SAFETY: text and table outlive the call, `error` and `raw` are writable.
        let status =
            unsafe { ffi::me_compile(source.as_ptr(), table.as_ptr(), 3, 0, &mut error, &mut raw) };
        assert_eq!(status == 0, !raw.is_null());
        (status == 0).then_some(Expression { raw })
    }

    /// The dtype of the result: literals alone are text, also among variables of bytes.
    fn family(&self) -> Dtype {
        // SAFETY: the handle is valid.
        Dtype::from_code(unsafe { ffi::me_get_dtype(self.raw) }).expect("a result dtype")
    }

    fn itemsize(&self) -> usize {
        // SAFETY: the handle is valid.
        unsafe { ffi::me_get_itemsize(self.raw) }
    }

    /// Evaluates the items of `range`; `None` if the call returns a code.
    ///
    /// Inputs and output have exactly the bytes of these items, so that a sanitizer sees any access
    /// behind them.
    fn eval(&self, columns: &[Column], range: Range<usize>) -> Option<Vec<u8>> {
        let cuts = cut(columns, range.clone());
        let mut inputs = pointers(&cuts);
        let mut out = vec![0xA5; range.len() * self.itemsize()];
        // SAFETY: each input and the output have the items of `range`.
        let status = unsafe {
            let (items, count) = (range.len() as c_int, inputs.len() as c_int);
            let target = out.as_mut_ptr().cast();
            ffi::me_eval(self.raw, inputs.as_mut_ptr(), count, target, items, ptr::null())
        };
        (status == 0).then_some(out)
    }

    /// Evaluates all `n` items into buffers of exactly the bound.
    fn eval_varlen(&self, columns: &[Column], n: usize) -> (Vec<i64>, Vec<u8>) {
        let cuts = cut(columns, 0..n);
        let mut inputs = pointers(&cuts);
        let mut offsets = vec![-1; n + 1];
        let mut used = 0;
        // SAFETY: each input has `n` items, the buffers have room for `n` results.
        let (status, mut data) = unsafe {
            let bound = ffi::me_varlen_data_bound(self.raw, n as c_int);
            let mut data = vec![0xA5; bound];
            let status = ffi::me_eval_varlen(
                self.raw,
                inputs.as_mut_ptr(),
                inputs.len() as c_int,
                n as c_int,
                offsets.as_mut_ptr(),
                data.as_mut_ptr().cast(),
                bound,
                &mut used,
                ptr::null(),
            );
            (status, data)
        };
        assert_eq!(status, 0, "packing what evaluates");
        data.truncate(used);
        (offsets, data)
    }
}

fn cut(columns: &[Column], range: Range<usize>) -> Vec<Box<[u8]>> {
    let cut = |column: &Column| {
        let size = column.itemsize;
        column.bytes[range.start * size..range.end * size].to_vec().into_boxed_slice()
    };
    columns.iter().map(cut).collect()
}

fn pointers(columns: &[Box<[u8]>]) -> Vec<*const c_void> {
    columns.iter().map(|column| column.as_ptr().cast()).collect()
}

impl Drop for Expression {
    fn drop(&mut self) {
        // SAFETY: the handle came from a compile call and is freed once.
        unsafe { ffi::me_free(self.raw) }
    }
}
