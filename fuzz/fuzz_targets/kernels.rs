//! Compiles and runs kernels: random programs, random programs with typing mistakes, and raw text.
//!
//! Beside the absence of crashes: machine code and the interpreter give the same codes and values,
//! and values of items do not depend on how the data is cut into calls or blocks.
#![no_main]

mod data;
mod program;
#[path = "../../testkit/mod.rs"]
mod testkit;

use std::ffi::c_void;
use std::ops::Range;

use arbitrary::{Arbitrary, Unstructured};
use data::{Buffer, Column, REDUCTIONS, cut, kept, variable, views};
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::Dtype;
use miniexpr::ffi::{JitMode, me_eval_params};
use program::Program;
use testkit::client::{Expression, Grid, Variable, compile, compile_nd};
use testkit::equality::are_equal;
use testkit::text::mentions;

const NUMBERS: [&str; 2] = ["x", "y"];
const STRINGS: [&str; 2] = ["s", "t"];
/// `ME_FUNCTION1`.
const FUNCTION1: i32 = 9;
/// Passes that a `while` may take.
const MOST_PASSES: &str = "20";

/// The first bytes of an input; what follows is a program or raw text, then the data.
#[derive(Arbitrary)]
struct Head {
    dtypes: [u8; 2],
    widths: [u8; 2],
    is_bytes: bool,
    output: u8,
    is_scalar: bool,
    precision: u8,
    n: u8,
    exceeds_a_block: bool,
    chunk: u8,
    block: u8,
    kind: u8,
}

/// What goes wrong at a place of a text.
#[derive(Arbitrary)]
enum Mistake {
    Replace(u16, u8),
    Insert(u16, u8),
    Remove(u16, u8),
    Repeat(u16, u8),
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
        kept(run(&mut Unstructured::new(bytes)))
    }
);

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let (text, is_short) = head.text(input)?;
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let (table, output) = (head.table(&text), u32::from(head.output % 14));
    if text.contains(&0) {
        return None;
    }
    let expression = compile(&text, &table, output).ok()?;
    // Replacements multiply widths; results beyond this size only take time.
    if !is_short || expression.itemsize() > 1 << 14 {
        return Some(());
    }
    let n = usize::from(head.n) + if head.exceeds_a_block { 1500 } else { 0 };
    let inputs = table.iter().filter(|entry| entry.kind == 0);
    let columns = inputs.enumerate().map(|(shift, entry)| {
        let dtype = Dtype::from_code(if entry.dtype == 0 { output } else { entry.dtype })?;
        let itemsize = if dtype.is_string() { entry.itemsize } else { dtype.size() };
        Some(Column::repeat(&data, shift, n, itemsize).valid_for(dtype))
    });
    let columns: Vec<Column> = columns.collect::<Option<_>>()?;
    let kernel = Kernel { expression, columns, params: head.params() };

    let whole = kernel.eval(0..n, JitMode::ME_JIT_DEFAULT);
    let interpreted = kernel.eval(0..n, JitMode::ME_JIT_OFF);
    kernel.assert_same(&whole, &interpreted, "machine code differs from the interpreter");
    let (Ok(whole), false) = (whole, REDUCTIONS.iter().any(|name| mentions(&text, name))) else {
        return Some(());
    };
    let middle = n / 3;
    if !contains(&text, b"_flat_idx") && !contains(&text, b"_i") && !contains(&text, b"_n0") {
        let parts = [0..middle, middle..n].map(|part| kernel.eval(part, JitMode::ME_JIT_DEFAULT));
        kernel.assert_same(&join(parts), &Ok(whole.clone()), "the result depends on how the data is cut");
    }
    let blocks = kernel.eval_blocks(&text, &table, output, n, &head);
    kernel.assert_same(&blocks, &Ok(whole), "blocks differ from the whole");
    Some(())
}

impl Head {
    /// The text, and whether it ends soon.
    fn text(&self, input: &mut Unstructured) -> Option<(Vec<u8>, bool)> {
        let text = match self.kind % 8 {
            0 => {
                let bytes = input.peek_bytes(input.len())?;
                let length = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
                input.bytes(length).ok()?.to_vec()
            }
            1 => {
                let (program, mistakes) = <(Program, [Mistake; 2])>::arbitrary(input).ok()?;
                let mut text = kernel_of(&program).into_bytes();
                mistakes.iter().for_each(|mistake| mistake.make(&mut text));
                text
            }
            _ => return Some((kernel_of(&Program::arbitrary(input).ok()?).into_bytes(), true)),
        };
        let whiles = text.windows(5).filter(|word| word == b"while").count();
        let is_short = whiles <= 2 && !contains(&text, b"range");
        Some((text, is_short))
    }

    /// The entries whose names occur in `text`.
    fn table(&self, text: &[u8]) -> Vec<Variable> {
        let family = if self.is_bytes { Dtype::Bytes } else { Dtype::String };
        let numbers = NUMBERS.iter().zip(self.dtypes).map(|(name, code)| (*name, u32::from(code % 14), 0));
        let strings = STRINGS
            .iter()
            .zip(self.widths)
            .map(|(name, width)| (*name, family.code(), (usize::from(width % 20) + 1) * family.size()));
        let entries = numbers.chain(strings).filter(|(name, ..)| mentions(text, name));
        let mut table: Vec<Variable> =
            entries.map(|(name, dtype, itemsize)| variable(name, dtype, itemsize)).collect();
        if mentions(text, "half") {
            table.push(Variable::function("half", Dtype::Float64.code(), FUNCTION1, half as *const c_void));
        }
        table
    }

    fn params(&self) -> me_eval_params {
        let simd_ulp_mode = u32::from(self.precision % 3);
        me_eval_params { disable_simd: u8::from(self.is_scalar), simd_ulp_mode, ..Default::default() }
    }
}

extern "C" fn half(x: f64) -> f64 {
    x / 2.0
}

/// A kernel with the parameters that its body mentions.
fn kernel_of(program: &Program) -> String {
    let body = program.body();
    let names = NUMBERS.into_iter().chain(STRINGS).filter(|name| mentions(&body, name));
    let names: Vec<&str> = names.collect();
    format!("def k({}):\n{body}", names.join(", "))
}

impl Mistake {
    fn make(&self, text: &mut Vec<u8>) {
        let (Mistake::Replace(place, _)
        | Mistake::Insert(place, _)
        | Mistake::Remove(place, _)
        | Mistake::Repeat(place, _)) = self;
        let at = usize::from(*place) % text.len().max(1);
        let span = |length: &u8| at..text.len().min(at + usize::from(*length));
        match self {
            Mistake::Replace(_, byte) if at < text.len() => text[at] = *byte,
            Mistake::Replace(_, byte) | Mistake::Insert(_, byte) => text.insert(at, *byte),
            Mistake::Remove(_, length) => drop(text.drain(span(length))),
            Mistake::Repeat(_, length) => text.extend_from_within(span(length)),
        }
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// The values of the parts one after the other, or the first code.
fn join(parts: impl IntoIterator<Item = Result<Vec<u8>, i32>>) -> Result<Vec<u8>, i32> {
    Ok(parts.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
}

/// A compiled kernel and its inputs.
struct Kernel {
    expression: Expression,
    columns: Vec<Column>,
    params: me_eval_params,
}

impl Kernel {
    fn eval(&self, items: Range<usize>, mode: JitMode) -> Result<Vec<u8>, i32> {
        let params = me_eval_params { jit_mode: mode as u32, ..self.params };
        let n = items.len();
        // A reduction writes one item also where it is given none.
        let mut out =
            self.expression.eval_into(&views(&cut(&self.columns, items)), n, n.max(1), Some(&params))?;
        out.truncate(n * self.expression.itemsize());
        Ok(out)
    }

    /// Evaluates the blocks of an array of `n` items and joins what lies inside it.
    fn eval_blocks(
        &self,
        source: &[u8],
        table: &[Variable],
        output: u32,
        n: usize,
        head: &Head,
    ) -> Result<Vec<u8>, i32> {
        if n == 0 {
            return Ok(Vec::new());
        }
        // Blocks of at least a tenth of the array: many of them only take time.
        let extent = |part: u8, whole: usize| (whole / 10 + 1 + usize::from(part) % whole).min(whole);
        let chunk = extent(head.chunk, n);
        let block = extent(head.block, chunk);
        let grid =
            Grid { shape: vec![n as i64], chunkshape: vec![chunk as i32], blockshape: vec![block as i32] };
        let blocked = compile_nd(source, table, output, &grid, 0).expect("a kernel, as before");
        let starts = (0..n).step_by(chunk).enumerate().flat_map(|(nchunk, start)| {
            (0..chunk).step_by(block).enumerate().map(move |(nblock, offset)| (nchunk, nblock, start, offset))
        });
        join(starts.map(|(nchunk, nblock, start, offset)| {
            let first = (start + offset).min(n);
            let last = (start + chunk.min(offset + block)).min(n).max(first);
            let inputs: Vec<Buffer> =
                self.columns.iter().map(|column| column.padded(first..last, block)).collect();
            let number = (nchunk as i64, nblock as i64);
            let mut out =
                blocked.eval_nd_into(&views(&inputs), block as i32, block, number, Some(&self.params))?;
            let padding = out.split_off((last - first) * blocked.itemsize());
            assert!(padding.iter().all(|byte| *byte == 0), "padding is not zero");
            Ok(out)
        }))
    }

    fn assert_same(&self, got: &Result<Vec<u8>, i32>, want: &Result<Vec<u8>, i32>, message: &str) {
        let dtype = Dtype::from_code(self.expression.dtype()).expect("a result dtype");
        let is_same = match (got, want) {
            (Ok(got), Ok(want)) => are_equal(dtype, got, want),
            _ => got == want,
        };
        assert!(is_same, "{message}");
    }
}
