//! Random kernels: modules agree with the interpreter, bit for bit.

use super::machine::{Array, interpreted, kernel, translated};
use super::{assert_same, samples};
use crate::dtype::Dtype;
use crate::front::testing::exchange_operations;
use crate::mid::Positions;
use crate::testkit::kernels::Generator;
use crate::testkit::random::{Random, cases};

/// Programs that are compared; `MINIEXPR_RANDOM_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 400;

#[test]
fn random_programs_agree_with_the_interpreter() {
    for seed in 0..cases("MINIEXPR_RANDOM_PROGRAMS", PROGRAMS) {
        check_program(seed);
    }
}

/// A kernel over `x` and `y`, whose values the samples have.
struct Program {
    x: Array,
    y: Array,
    output: Dtype,
    source: String,
}

fn program(random: &mut Random) -> Program {
    let samples = samples();
    let [x, y] = [random.pick(&samples).clone(), random.pick(&samples).clone()];
    let output = random.pick(&samples).dtype;
    let source = Generator::new(random).kernel();
    Program { x, y, output, source }
}

fn check_program(seed: u64) {
    let mut random = Random::new(seed);
    let Program { x, y, output, source } = program(&mut random);
    // In every eighth, enough for a kernel to find that its items are faster one by one.
    let items = 1 + random.below(if seed.is_multiple_of(8) { 700 } else { 90 }) as usize;
    let inputs = [x, y].map(|sample| picked(&mut random, &sample, items));
    let mut kernel = kernel(&source, &[("x", inputs[0].dtype), ("y", inputs[1].dtype)], Some(output));
    if random.below(2) == 0 {
        exchange_operations(&mut kernel);
    }
    let extent = [items as i64];
    let at = Positions { shape: &extent, origin: &[0], extents: &extent };
    let expected = interpreted(&kernel, &inputs, items, &at);
    let actual = translated(&kernel, &inputs, items, &at);
    assert_same(&format!("seed {seed}: {source}\n{kernel}"), output, expected, actual);
}

/// An array of items of a sample, and of small numbers.
fn picked(random: &mut Random, sample: &Array, items: usize) -> Array {
    let size = sample.dtype.size();
    let elements: Vec<&[u8]> = sample.bytes.chunks(size).collect();
    let bytes = (0..items).flat_map(|_| match random.below(3) {
        0 => random.pick(&elements).to_vec(),
        _ => small(random.below(24) as i64 - 8, sample.dtype),
    });
    Array { dtype: sample.dtype, bytes: bytes.collect() }
}

/// The bytes of a small number; half of it for floats.
fn small(value: i64, dtype: Dtype) -> Vec<u8> {
    match dtype {
        Dtype::Bool => vec![u8::from(value > 0)],
        Dtype::Float32 => (value as f32 / 2.0).to_ne_bytes().to_vec(),
        Dtype::Float64 => (value as f64 / 2.0).to_ne_bytes().to_vec(),
        _ => value.to_le_bytes()[..dtype.size()].to_vec(),
    }
}
