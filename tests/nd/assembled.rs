//! Blocks of random arrays, put together, equal the evaluation of the whole array.

use crate::grid_model::{block_of, indices, packed, random_grid};
use crate::testkit::client::{AUTO, Expression, FILL, Grid, Variable, compile, compile_nd};
use crate::testkit::random::Random;
use miniexpr::Dtype;

/// What padding holds on input: as float64 and float32 a large negative number.
const PADDING: u8 = 0xE7;

/// An expression over `a` and `b` of two dtypes.
struct Case {
    text: &'static str,
    dtypes: [Dtype; 2],
    output: u32,
}

impl Case {
    fn variables(&self) -> [Variable; 2] {
        [Variable::new("a", self.dtypes[0]), Variable::new("b", self.dtypes[1])]
    }

    fn flat(&self) -> Expression {
        compile(self.text, &self.variables(), self.output).expect(self.text)
    }

    fn blocked(&self, grid: &Grid) -> Expression {
        compile_nd(self.text, &self.variables(), self.output, grid, 0).expect(self.text)
    }

    /// Two arrays of small numbers.
    fn data(&self, random: &mut Random, items: usize) -> [Vec<u8>; 2] {
        self.dtypes.map(|dtype| {
            let mut item = || match (random.below(100), dtype) {
                (value, Dtype::Float64) => (value as f64 / 8.0).to_le_bytes().to_vec(),
                (value, Dtype::Float32) => (value as f32 / 8.0).to_le_bytes().to_vec(),
                (value, _) => value.to_le_bytes()[..dtype.size()].to_vec(),
            };
            (0..items).flat_map(|_| item()).collect()
        })
    }
}

/// Expressions whose values depend on nothing but their item.
const ELEMENT_WISE: [Case; 6] = [
    Case { text: "a + b", dtypes: [Dtype::Float64, Dtype::Float64], output: AUTO },
    Case { text: "a * 2 - b", dtypes: [Dtype::Int32, Dtype::Float64], output: AUTO },
    Case { text: "where(a < b, a, b) + 1", dtypes: [Dtype::Float32, Dtype::Float32], output: AUTO },
    Case { text: "a > b", dtypes: [Dtype::Int16, Dtype::UInt8], output: AUTO },
    Case { text: "sqrt(a*a + b*b) * (a - b)", dtypes: [Dtype::Float64, Dtype::Int64], output: AUTO },
    Case { text: "a * b", dtypes: [Dtype::Int8, Dtype::Int8], output: Dtype::Complex128 as u32 },
];

#[test]
fn element_wise_blocks_assemble_to_the_whole() {
    let mut random = Random::new(11);
    for round in 0..120 {
        let grid = random_grid(&mut random, 1 + round % 8);
        let case = &ELEMENT_WISE[round % ELEMENT_WISE.len()];
        let inputs = case.data(&mut random, grid.items());
        let (flat, blocked) = (case.flat(), case.blocked(&grid));
        let whole = flat.eval(&[&inputs[0], &inputs[1]], grid.items()).unwrap();
        let itemsize = blocked.itemsize();
        for (nchunk, nblock) in grid.blocks() {
            let indices = indices(&grid, nchunk, nblock);
            let valid = indices.iter().flatten().count();
            assert_eq!(blocked.valid_nitems(nchunk, nblock), Ok(valid as i64));
            let blocks = [0, 1].map(|i| block_of(&inputs[i], case.dtypes[i].size(), &indices, PADDING));
            let out = blocked.eval_nd(&[&blocks[0], &blocks[1]], indices.len(), nchunk, nblock);
            let expected = block_of(&whole, itemsize, &indices, 0);
            assert_eq!(out, Ok(expected), "{}: {grid:?}, block {nchunk} {nblock}", case.text);
        }
    }
}

/// A kernel that depends on where its items lie, with loops that differ from item to item.
const KERNEL: &str = "\
def kernel(a, b):
    total = b * 1.0
    for i in range(int(a)):
        if total > 9.0:
            break
        total = total + a * 0.25 + _i0
    if a < b:
        return total - _flat_idx
    return total * _n0
";

#[test]
fn kernels_of_padded_blocks_give_the_same_bits_compiled_and_interpreted() {
    const OFF: i32 = 2;
    let case = Case { text: KERNEL, dtypes: [Dtype::Float64, Dtype::Int16], output: AUTO };
    let mut random = Random::new(14);
    for round in 0..40 {
        let grid = random_grid(&mut random, 1 + round % 4);
        let inputs = case.data(&mut random, grid.items());
        let compile = |mode| compile_nd(KERNEL, &case.variables(), AUTO, &grid, mode).expect("a kernel");
        let (compiled, interpreted) = (compile(0), compile(OFF));
        for (nchunk, nblock) in grid.blocks() {
            let indices = indices(&grid, nchunk, nblock);
            let blocks = [0, 1].map(|i| block_of(&inputs[i], case.dtypes[i].size(), &indices, PADDING));
            let [by_code, by_interpreter] = [&compiled, &interpreted].map(|expression| {
                expression.eval_nd(&[&blocks[0], &blocks[1]], indices.len(), nchunk, nblock)
            });
            assert_eq!(by_code, by_interpreter, "{grid:?}, block {nchunk} {nblock}");
        }
    }
}

/// Expressions with one value per item that depends on all valid items of the block.
const MIXED: [Case; 2] = [
    Case { text: "a - mean(b)", dtypes: [Dtype::Float64, Dtype::Float64], output: AUTO },
    Case { text: "where(a > mean(a), a, b) * sum(b)", dtypes: [Dtype::Float32, Dtype::Int16], output: AUTO },
];

/// Expressions with one value per block.
const SCALAR: [Case; 8] = [
    Case { text: "sum(a * b)", dtypes: [Dtype::Float64, Dtype::Float64], output: AUTO },
    Case { text: "prod(a / 50 + b / 50)", dtypes: [Dtype::Float32, Dtype::Float32], output: AUTO },
    Case { text: "mean(a - b)", dtypes: [Dtype::Float64, Dtype::Int32], output: AUTO },
    Case { text: "max(a) - min(b)", dtypes: [Dtype::Int16, Dtype::UInt8], output: AUTO },
    Case { text: "sum(a > b)", dtypes: [Dtype::Float32, Dtype::Float32], output: Dtype::Int64 as u32 },
    Case { text: "any(a == b)", dtypes: [Dtype::Int32, Dtype::Int32], output: AUTO },
    Case { text: "all(a < b + 90)", dtypes: [Dtype::UInt16, Dtype::UInt16], output: Dtype::Float32 as u32 },
    Case { text: "min(a + b)", dtypes: [Dtype::Int8, Dtype::Int8], output: Dtype::UInt8 as u32 },
];

impl Case {
    /// One block of an array equals flat evaluation of its valid items: bit by bit, in place and
    /// with zeros around where there is a value per item, else at the start of the output with
    /// nothing else written.
    fn check_block(&self, grid: &Grid, inputs: &[Vec<u8>; 2], (nchunk, nblock): (i64, i64)) {
        let place = format!("{}: {grid:?}, block {nchunk} {nblock}", self.text);
        let indices = indices(grid, nchunk, nblock);
        let valid = indices.iter().flatten().count();
        let sizes = self.dtypes.map(Dtype::size);
        let blocks = [0, 1].map(|i| block_of(&inputs[i], sizes[i], &indices, PADDING));
        let items = [0, 1].map(|i| packed(&blocks[i], sizes[i], &indices));
        let mut expected = self.flat().eval(&[&items[0], &items[1]], valid).expect(&place);
        let blocked = self.blocked(grid);
        let out = blocked.eval_nd(&[&blocks[0], &blocks[1]], indices.len(), nchunk, nblock);
        let out = out.expect(&place);
        if SCALAR.iter().any(|scalar| scalar.text == self.text) {
            expected.resize(out.len(), FILL);
            assert_eq!(out, expected, "{place}");
        } else {
            let mut ranks = 0..;
            let packed_places: Vec<Option<usize>> =
                indices.iter().map(|index| index.and_then(|_| ranks.next())).collect();
            assert_eq!(out, block_of(&expected, blocked.itemsize(), &packed_places, 0), "{place}");
        }
    }
}

#[test]
fn reductions_of_blocks_equal_those_of_the_packed_items() {
    let mut random = Random::new(12);
    for round in 0..160 {
        let grid = random_grid(&mut random, 1 + round % 8);
        let case = SCALAR.iter().chain(&MIXED).nth(round % 10).expect("ten cases");
        let inputs = case.data(&mut random, grid.items());
        let is_empty = |(nchunk, nblock)| indices(&grid, nchunk, nblock).iter().all(Option::is_none);
        for block in grid.blocks().filter(|block| !is_empty(*block)) {
            case.check_block(&grid, &inputs, block);
        }
    }
}

#[test]
fn blocks_of_many_internal_blocks_give_the_same_bits() {
    let grid = Grid { shape: vec![70, 3000], chunkshape: vec![64, 2900], blockshape: vec![40, 2700] };
    let mut random = Random::new(13);
    for case in ELEMENT_WISE.iter().chain(&MIXED).chain(&SCALAR) {
        let inputs = case.data(&mut random, grid.items());
        for block in [(0, 0), (0, 1), (1, 0), (2, 0)] {
            case.check_block(&grid, &inputs, block);
        }
    }
}
