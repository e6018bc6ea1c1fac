//! Compiles for chunked arrays of arbitrary geometry and evaluates arbitrary blocks.
//!
//! Beside the absence of crashes: the library knows the same blocks and counts the same items as a
//! model; a block equals the flat evaluation of its items inside the array, with zeros in the
//! padding; index symbols are the coordinates; a value for the whole block is written once. What lies
//! in the padding of inputs does not matter, and inputs of blocks outside the array are not read. Sums, means
//! and products of long rows are added in an order of their own, so they are only held to the padding.
#![no_main]

mod data;
mod grammar;
#[path = "../../testkit/mod.rs"]
mod testkit;

use std::ffi::c_int;

use arbitrary::{Arbitrary, Unstructured};
use data::{Buffer, Column, REDUCTIONS, cut, kept, pick, variable, views};
use grammar::Node;
use libfuzzer_sys::{Corpus, fuzz_target};
use miniexpr::Dtype;
use miniexpr::ffi::me_eval_params;
use testkit::blocks::Block;
use testkit::client::{Expression, Grid, Variable, compile_nd, eval_status};
use testkit::equality::are_equal;
use testkit::text::mentions;

/// Numbers, and two strings.
const NAMES: [&str; 6] = ["x", "y", "z", "w", "s", "t"];
const OF_STRINGS: [&str; 5] =
    ["upper(s)", "s + t", "contains(s, t)", "where(x > 1, s, t)", "replace(s, 'a', 'bcd')"];
/// These depend on the order of their items where those are floats.
const ORDERED: [&str; 3] = ["sum", "prod", "mean"];
/// Rows of as many items are not packed before they are reduced.
const LONG_ROW: i64 = 16;
/// Larger blocks only take time.
const MOST_ITEMS: i64 = 20_000;

#[derive(Arbitrary)]
struct Head {
    axes: Vec<Axis>,
    dtypes: [u8; 4],
    widths: [u8; 2],
    is_bytes: bool,
    output: u8,
    jit_mode: u8,
    eval_jit_mode: u8,
    block: (Number, Number),
    text: Text,
}

#[derive(Arbitrary)]
struct Axis {
    shape: Number,
    chunk: Number,
    block: Number,
}

/// A number, small as a rule.
#[derive(Arbitrary)]
enum Number {
    Small(u8),
    Any(i64),
}

#[derive(Arbitrary)]
enum Text {
    ElementWise(Node),
    /// Of the whole expression.
    Reduction(u8, Node),
    /// A reduction in an operation with itself and a number.
    Composite(u8, Node),
    /// An operation of items with a reduction.
    Mixed(Node, u8, Node),
    OfStrings(u8),
    Index(Symbol),
}

#[derive(Arbitrary, Clone, Copy)]
enum Symbol {
    Flat,
    Ndim,
    Coordinate(u8),
    Extent(u8),
}

/// What an evaluation writes.
#[derive(Clone, Copy, PartialEq)]
enum Writes {
    /// A value for each item.
    Items,
    /// One value, once.
    One,
    /// One value as often as there are items.
    Copies,
}

fuzz_target!(|bytes: &[u8]| -> Corpus { kept(run(&mut Unstructured::new(bytes))) });

fn run(input: &mut Unstructured) -> Option<()> {
    let head = Head::arbitrary(input).ok()?;
    let data: Vec<u8> = input.bytes(input.len()).ok()?.iter().copied().chain([1]).collect();
    let (source, writes) = head.text.source();
    let (table, output) = (head.table(&source), head.output());
    let is_ordered = ORDERED.iter().any(|name| mentions(&source, name));
    let (grid, numbers) = (head.grid(), (head.block.0.below(12), head.block.1.below(12)));
    let jit_mode = c_int::from(head.jit_mode % 3);
    let expression = compile_nd(&source, &table, output, &grid, jit_mode).ok()?;

    let block = grid.block(numbers);
    let valid = block.as_ref().map(Block::valid_items).ok_or(eval_status::INVALID_ARG);
    assert_eq!(expression.valid_nitems(numbers.0, numbers.1), valid);
    let padded = grid.padded_items().filter(|items| *items <= MOST_ITEMS);
    let columns = table.iter().enumerate().map(|(shift, entry)| {
        let (dtype, itemsize) = item_type(entry, output)?;
        Some(Column::repeat(&data, shift, padded.unwrap_or(0) as usize, itemsize).valid_for(dtype))
    });
    let columns: Vec<Column> = columns.collect::<Option<_>>()?;
    let params = me_eval_params { jit_mode: u32::from(head.eval_jit_mode % 3), ..Default::default() };
    let (Some(block), Some(padded)) = (block, padded) else {
        // There is no such block, or the output would be too small for it.
        let inputs: Vec<Buffer> = columns.iter().map(|_| Buffer::default()).collect();
        let status = expression.eval_nd_into(&views(&inputs), MOST_ITEMS as c_int, 0, numbers, Some(&params));
        assert_eq!(status, Err(eval_status::INVALID_ARG));
        return Some(());
    };
    let case =
        Case { expression, columns, params, writes, is_ordered, numbers, block, padded: padded as usize };
    match head.text {
        Text::Index(symbol) => case.check_symbol(symbol, &grid),
        _ => case.check_values(),
    }
    Some(())
}

impl Number {
    /// The number; one in `0..limit` if it is small.
    fn below(&self, limit: u8) -> i64 {
        match self {
            Number::Small(number) => i64::from(number % limit),
            Number::Any(number) => *number,
        }
    }
}

impl Head {
    fn grid(&self) -> Grid {
        let limit = match self.axes.len() {
            0 | 1 => 90,
            2 => 40,
            3 => 11,
            4 => 7,
            _ => 4,
        };
        let extents = |extent: fn(&Axis) -> &Number| {
            let small = self.axes.iter().map(move |axis| extent(axis).below(limit));
            small.map(|extent| extent.saturating_add(1))
        };
        Grid {
            shape: extents(|axis| &axis.shape).collect(),
            chunkshape: extents(|axis| &axis.chunk).map(|extent| extent as i32).collect(),
            blockshape: extents(|axis| &axis.block).map(|extent| extent as i32).collect(),
        }
    }

    /// Type code of the output.
    fn output(&self) -> u32 {
        match self.text {
            Text::Index(_) => Dtype::Int64.code(),
            Text::OfStrings(_) => 0,
            _ => u32::from(self.output % 14),
        }
    }

    /// The variables whose names occur in `source`.
    fn table(&self, source: &str) -> Vec<Variable> {
        let family = if self.is_bytes { Dtype::Bytes } else { Dtype::String };
        let numbers = self.dtypes.map(|code| (u32::from(code % 14), 0));
        let strings = self.widths.map(|width| (family.code(), (usize::from(width % 20) + 1) * family.size()));
        let entries = NAMES.iter().zip(numbers.into_iter().chain(strings));
        entries
            .filter(|(name, _)| mentions(source, name))
            .map(|(name, (dtype, itemsize))| variable(name, dtype, itemsize))
            .collect()
    }
}

/// Dtype and itemsize of a variable, which takes the dtype of the output where it has none.
fn item_type(entry: &Variable, output: u32) -> Option<(Dtype, usize)> {
    let dtype = Dtype::from_code(if entry.dtype == 0 { output } else { entry.dtype })?;
    Some((dtype, if dtype.is_string() { entry.itemsize } else { dtype.size() }))
}

impl Text {
    fn source(&self) -> (String, Writes) {
        match self {
            Text::ElementWise(node) => (text(node), Writes::Items),
            Text::Reduction(function, node) => (reduction(*function, node), Writes::One),
            Text::Composite(function, node) => {
                let value = reduction(*function, node);
                (format!("{value} - {value} + 1"), Writes::Copies)
            }
            Text::Mixed(outer, function, inner) => {
                let outer = text(outer);
                let has_items = NAMES.iter().any(|name| mentions(&outer, name));
                let writes = if has_items { Writes::Items } else { Writes::Copies };
                (format!("{outer} + {}", reduction(*function, inner)), writes)
            }
            Text::OfStrings(index) => (pick(&OF_STRINGS, *index).to_string(), Writes::Items),
            Text::Index(symbol) => (format!("def k():\n    return {}", symbol.name()), Writes::Items),
        }
    }
}

fn text(node: &Node) -> String {
    let mut text = String::new();
    node.write(&mut text);
    text
}

fn reduction(function: u8, node: &Node) -> String {
    format!("{}({})", pick(&REDUCTIONS, function), text(node))
}

impl Symbol {
    fn name(self) -> String {
        match self {
            Symbol::Flat => "_flat_idx".to_string(),
            Symbol::Ndim => "_ndim".to_string(),
            Symbol::Coordinate(axis) => format!("_i{}", axis % 8),
            Symbol::Extent(axis) => format!("_n{}", axis % 8),
        }
    }

    /// Its value for the item at `coordinates`.
    fn value(self, grid: &Grid, coordinates: &[i64]) -> i64 {
        match self {
            Symbol::Flat => grid.flat_index(coordinates),
            Symbol::Ndim => grid.shape.len() as i64,
            Symbol::Coordinate(axis) => coordinates.get(usize::from(axis % 8)).copied().unwrap_or(0),
            Symbol::Extent(axis) => grid.shape.get(usize::from(axis % 8)).copied().unwrap_or(1),
        }
    }
}

/// An expression and a block that it can be evaluated for.
struct Case {
    expression: Expression,
    /// The padded block of each input.
    columns: Vec<Column>,
    params: me_eval_params,
    writes: Writes,
    /// Whether the order of the items matters to the result.
    is_ordered: bool,
    numbers: (i64, i64),
    block: Block,
    /// Items of the padded block.
    padded: usize,
}

impl Case {
    /// Evaluates the block into a buffer that has room for what it may write and nothing more.
    fn eval_block(&self, columns: &[Column]) -> Result<Vec<u8>, i32> {
        let valid = self.block.valid_items() as usize;
        let read = if valid == 0 { 0 } else { self.padded };
        let room = match self.writes {
            Writes::Items => self.padded,
            Writes::One => 1,
            Writes::Copies => valid.max(1),
        };
        let inputs = cut(columns, 0..read);
        self.expression.eval_nd_into(
            &views(&inputs),
            self.padded as c_int,
            room,
            self.numbers,
            Some(&self.params),
        )
    }

    fn check_values(&self) {
        let places: Vec<bool> = self.block.coordinates().map(|place| place.is_some()).collect();
        let inside: Vec<usize> = (0..self.padded).filter(|index| places[*index]).collect();
        let inputs: Vec<Buffer> = self.columns.iter().map(|column| column.select(&inside)).collect();
        let out = self.eval_block(&self.columns);
        if inside.is_empty() {
            let out = out.expect("a block outside the array");
            assert!(self.writes != Writes::Items || out.iter().all(|byte| *byte == 0));
            return;
        }
        let flat = self.expression.eval_with(&views(&inputs), inside.len(), Some(&self.params));
        let (Ok(out), Ok(flat)) = (&out, &flat) else {
            assert_eq!(out.is_ok(), flat.is_ok());
            return;
        };
        let itemsize = self.expression.itemsize();
        let want = match self.writes {
            Writes::One | Writes::Copies => flat[..itemsize].to_vec(),
            Writes::Items => {
                let mut values = flat.chunks(itemsize);
                let item = |is_inside: &bool| match is_inside {
                    true => values.next().expect("a value for each item inside").to_vec(),
                    false => vec![0; itemsize],
                };
                places.iter().flat_map(item).collect()
            }
        };
        let dtype = Dtype::from_code(self.expression.dtype()).expect("a result dtype");
        let other: Vec<Column> = self.columns.iter().map(|column| column.altered(&places)).collect();
        let other = self.eval_block(&other).expect("the same block");
        assert!(are_equal(dtype, &out[..want.len()], &other[..want.len()]), "padding matters");
        if !self.is_ordered || inside.len() == self.padded || self.block.row_items() < LONG_ROW {
            assert!(are_equal(dtype, &out[..want.len()], &want), "a block differs from its items alone");
        }
    }

    fn check_symbol(&self, symbol: Symbol, grid: &Grid) {
        let value = |place: Option<Vec<i64>>| place.map_or(0, |place| symbol.value(grid, &place));
        let want: Vec<u8> = self.block.coordinates().flat_map(|place| value(place).to_ne_bytes()).collect();
        assert_eq!(self.eval_block(&self.columns), Ok(want));
    }
}
