//! Floating-point sums and products of padded blocks, whose rounding depends on the order of the operations.

use crate::grid_model::{block_of, indices};
use crate::testkit::client::{AUTO, Grid, Variable, compile, compile_nd};
use crate::testkit::random::Random;
use crate::testkit::values::{decode, encode};
use miniexpr::Dtype;

/// Rows of a plane, valid items of a row, items of a row of the padded block.
const PLANES: [(i64, i64, i32); 8] = [
    (9, 58, 64),
    (9, 58, 61),
    (5, 16, 40),
    (6, 100, 110),
    (7, 230, 256),
    (3, 700, 1000),
    (2, 5000, 5001),
    (4, 9, 12),
];
const TEXTS: [&str; 6] =
    ["sum(a)", "prod(1 + a / 8)", "mean(a)", "sum(a*b)", "mean(sqrt(abs(a)) - b)", "sum(abs(a)) + mean(b)"];

/// Numbers that no sum of is exact.
fn numbers(dtype: Dtype, count: usize, random: &mut Random) -> Vec<u8> {
    let numbers: Vec<f64> = (0..count).map(|_| random.below(1 << 30) as f64 / 7e8 - 0.7).collect();
    encode(dtype, &numbers)
}

/// A block of two planes of which only the valid items are numbers.
struct Padded {
    grid: Grid,
    dtype: Dtype,
    /// Valid items of each input.
    items: [Vec<u8>; 2],
    /// The same in padded blocks, with NaN between them.
    blocks: [Vec<u8>; 2],
}

impl Padded {
    fn new(plane: (i64, i64, i32), dtype: Dtype, random: &mut Random) -> Padded {
        let (rows, row, stride) = plane;
        let blockshape = vec![2, rows as i32 + 1, stride];
        let grid = Grid { shape: vec![2, rows, row], chunkshape: blockshape.clone(), blockshape };
        let indices = indices(&grid, 0, 0);
        let items = [(); 2].map(|()| numbers(dtype, grid.items(), random));
        let blocks = [0, 1].map(|i| block_of(&items[i], dtype.size(), &indices, 0xFF));
        Padded { grid, dtype, items, blocks }
    }

    fn variables(&self, text: &str) -> Vec<Variable> {
        ["a", "b"]
            .iter()
            .filter(|name| uses(text, name))
            .map(|name| Variable::new(name, self.dtype))
            .collect()
    }

    /// The reduction of the block, from copies that begin `shift` bytes after an aligned address.
    fn reduced(&self, text: &str, shift: usize) -> Vec<u8> {
        let expression = compile_nd(text, &self.variables(text), AUTO, &self.grid, 0).expect(text);
        let copies: Vec<Shifted> =
            self.used(text, &self.blocks).map(|block| Shifted::new(block, shift)).collect();
        let inputs: Vec<&[u8]> = copies.iter().map(Shifted::bytes).collect();
        let itemsize = expression.itemsize();
        let out = expression.eval_nd(&inputs, self.blocks[0].len() / self.dtype.size(), 0, 0).expect(text);
        out[..itemsize].to_vec()
    }

    /// The reduction of `inputs` as flat arrays.
    fn flat(&self, text: &str, inputs: &[Vec<u8>; 2]) -> Vec<u8> {
        let expression = compile(text, &self.variables(text), AUTO).expect(text);
        let items = inputs[0].len() / self.dtype.size();
        let inputs: Vec<&[u8]> = self.used(text, inputs).map(Vec::as_slice).collect();
        expression.eval_room(&inputs, items, items).expect(text)[..expression.itemsize()].to_vec()
    }

    fn used<'a>(&self, text: &'a str, columns: &'a [Vec<u8>; 2]) -> impl Iterator<Item = &'a Vec<u8>> {
        columns.iter().zip(["a", "b"]).filter(|(_, name)| uses(text, name)).map(|(column, _)| column)
    }
}

/// Whether a variable occurs in a text.
fn uses(text: &str, name: &str) -> bool {
    text.split(|char: char| !char.is_ascii_alphanumeric()).any(|word| word == name)
}

/// A copy of an array whose address is no multiple of its items' size.
struct Shifted {
    words: Vec<u64>,
    shift: usize,
    len: usize,
}

impl Shifted {
    fn new(array: &[u8], shift: usize) -> Shifted {
        let bytes: Vec<u8> = vec![0; shift].into_iter().chain(array.iter().copied()).chain([0; 8]).collect();
        let words = bytes.chunks_exact(8).map(|word| u64::from_ne_bytes(word.try_into().unwrap())).collect();
        Shifted { words, shift, len: array.len() }
    }

    fn bytes(&self) -> &[u8] {
        // SAFETY: the words hold the array from byte `shift` on.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast::<u8>().add(self.shift), self.len) }
    }
}

#[test]
fn alignment_does_not_change_a_bit() {
    let mut random = Random::new(31);
    for plane in PLANES {
        for dtype in [Dtype::Float32, Dtype::Float64] {
            let block = Padded::new(plane, dtype, &mut random);
            for text in TEXTS {
                let result = block.reduced(text, 0);
                for shift in [1, 2, 4] {
                    assert_eq!(
                        block.reduced(text, shift),
                        result,
                        "{text} of {plane:?}, {dtype}, moved by {shift}"
                    );
                }
            }
        }
    }
}

#[test]
fn results_are_close_to_those_of_the_packed_items() {
    let mut random = Random::new(32);
    for plane in PLANES {
        let block = Padded::new(plane, Dtype::Float64, &mut random);
        for text in TEXTS {
            let value = |bytes: Vec<u8>| decode(Dtype::Float64, &bytes)[0];
            let (result, flat) = (value(block.reduced(text, 0)), value(block.flat(text, &block.items)));
            // No item is greater than two.
            let bound = 1e-15 * 2.0 * block.grid.items() as f64;
            assert!(
                (result - flat).abs() <= bound.max(1e-12 * flat.abs()),
                "{text} of {plane:?}: {result}, {flat}"
            );
        }
    }
}

/// Rows of up to 64 or 128 items are filled up to that length, longer ones to a multiple of 256, rows of fewer
/// than 16 items are packed.
#[test]
fn rows_are_added_as_one_array_of_filled_rows() {
    let mut random = Random::new(33);
    for plane in PLANES {
        let (rows, row, _) = plane;
        let block = Padded::new(plane, Dtype::Float64, &mut random);
        let (filled, chunk) = match row {
            0..16 => (row, 1),
            16..=64 => (64, 4),
            65..=128 => (128, 2),
            _ => ((row as usize).next_multiple_of(256) as i64, 1),
        };
        // Chunks of rows end with the plane.
        let fill = |column: &Vec<u8>| {
            let mut array = Vec::new();
            for plane in column.chunks(8 * (rows * row) as usize) {
                for row in plane.chunks(8 * row as usize) {
                    array.extend_from_slice(row);
                    array.resize(array.len() + 8 * filled as usize - row.len(), 0);
                }
                array.resize(array.len() + 8 * (filled * ((chunk - rows % chunk) % chunk)) as usize, 0);
            }
            array
        };
        let arrays = [fill(&block.items[0]), fill(&block.items[1])];
        for text in ["sum(a)", "sum(a*b)"] {
            assert_eq!(block.reduced(text, 0), block.flat(text, &arrays), "{text} of {plane:?}");
        }
    }
}
