//! Random kernels: the engine of the library agrees with the model, bit for bit.

use miniexpr::internals::block::{Interpreter, Items};
use miniexpr::internals::dtype::{Dtype, Scalar};
use miniexpr::internals::ir::Kernel;
use miniexpr::internals::kernel::Accuracy;
use miniexpr::internals::kernel::level::Level;
use miniexpr::internals::mid::Positions;

use crate::client::values::decode;
use crate::client::{self, Variable};
use crate::generator::{Generator, Random};
use crate::{compile, model};

/// Items that the engine may run together; 0 for as many as it likes.
const BLOCKS: [usize; 6] = [0, 1, 2, 3, 7, 64];

/// Programs that are compared; `MINIEXPR_RANDOM_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 1500;

#[test]
fn the_engine_agrees_with_the_model() {
    let wanted = std::env::var("MINIEXPR_RANDOM_PROGRAMS").ok().and_then(|text| text.parse().ok());
    for seed in 0..wanted.unwrap_or(PROGRAMS) {
        check_program(seed);
    }
}

/// A kernel that reduces gives the same however many items run together between two reductions.
#[test]
fn random_reductions_do_not_depend_on_what_runs_together() {
    let wanted = std::env::var("MINIEXPR_RANDOM_PROGRAMS").ok().and_then(|text| text.parse().ok());
    for seed in 0..wanted.unwrap_or(PROGRAMS) {
        check_reductions(seed);
    }
}

fn check_reductions(seed: u64) {
    let mut random = Random::new(seed);
    let (x, y) = (*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL));
    let output = *random.pick(&Dtype::REAL);
    let mut generator = Generator::new(&mut random);
    generator.reduces = true;
    let source = generator.kernel();
    let kernel = compile(&source, &[("x", x), ("y", y)], Some(output))
        .unwrap_or_else(|error| panic!("seed {seed}: {}\n{source}", crate::message(&error)));
    let most = *random.pick(&[20, 300, 1500]);
    let items = 1 + random.below(most) as usize;
    let buffers = [x, y]
        .map(|dtype| (0..items).flat_map(|_| bytes(value(&mut random, dtype), dtype)).collect::<Vec<u8>>());
    let want = run(&kernel, &buffers, items, usize::MAX);
    for block in [0, *random.pick(&BLOCKS[1..]), 256] {
        let got = run(&kernel, &buffers, items, block);
        let pairs = got.chunks(output.size()).zip(want.chunks(output.size()));
        for (index, (got, want)) in pairs.enumerate() {
            assert!(
                is_same(got, want, output),
                "seed {seed}, blocks of {block}, item {index} of {items}, output {output}: {got:x?} instead of \
                 {want:x?}\n{source}\n{kernel}"
            );
        }
    }
}

fn check_program(seed: u64) {
    let mut random = Random::new(seed);
    let (x, y) = (*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL));
    let output = *random.pick(&Dtype::REAL);
    let source = Generator::new(&mut random).kernel();
    let kernel = compile(&source, &[("x", x), ("y", y)], Some(output))
        .unwrap_or_else(|error| panic!("seed {seed}: {}\n{source}", crate::message(&error)));
    let items = 1 + random.below(90) as usize;
    let inputs = [x, y].map(|dtype| (0..items).map(|_| value(&mut random, dtype)).collect::<Vec<Scalar>>());
    let want: Vec<u8> = (0..items)
        .flat_map(|index| {
            let item = model::Item {
                inputs: &[inputs[0][index], inputs[1][index]],
                index: index as i64,
                count: items as i64,
            };
            bytes(model::evaluate(&kernel, item), output)
        })
        .collect();
    let block = *random.pick(&BLOCKS);
    let buffers = [(x, &inputs[0]), (y, &inputs[1])]
        .map(|(dtype, values)| values.iter().flat_map(|value| bytes(*value, dtype)).collect::<Vec<u8>>());
    let interpreted = run(&kernel, &buffers, items, block);
    let compiled = run_compiled(&source, [x, y], output, &buffers, items);
    let pairs = interpreted.chunks(output.size()).zip(compiled.chunks(output.size()));
    for (index, ((got, compiled), want)) in pairs.zip(want.chunks(output.size())).enumerate() {
        let [x, y] = [inputs[0][index], inputs[1][index]];
        assert!(
            is_same(compiled, want, output),
            "seed {seed}, compiled, item {index} of {items}, output {output}: {compiled:x?} instead of \
             {want:x?} for x = {x:?}, y = {y:?}\n{source}\n{kernel}"
        );
        assert!(
            is_same(got, want, output),
            "seed {seed}, blocks of {block}, item {index} of {items}, output {output}: {got:x?} instead of \
             {want:x?} for x = {x:?}, y = {y:?}\n{source}\n{kernel}"
        );
    }
}

fn run(kernel: &Kernel, inputs: &[Vec<u8>; 2], items: usize, block: usize) -> Vec<u8> {
    let mut engine = Interpreter::new(kernel, Level::current()).expect("a plan");
    if block > 0 {
        engine = engine.with_block_items(block);
    }
    let mut output = vec![0; items * kernel.output.itemsize];
    let pointers = [inputs[0].as_ptr(), inputs[1].as_ptr()];
    let extents = [items as i64];
    let positions = Positions { shape: &extents, origin: &[0], extents: &extents };
    // SAFETY: the inputs and the output hold `items` items of their types.
    unsafe { engine.run(&pointers, output.as_mut_ptr(), Items::First(items), &positions, Accuracy::Fast) }
        .expect("values");
    output
}

/// Through the C functions, by machine code where this machine has an engine for it.
fn run_compiled(
    source: &str,
    dtypes: [Dtype; 2],
    output: Dtype,
    inputs: &[Vec<u8>; 2],
    items: usize,
) -> Vec<u8> {
    let variables = [Variable::new("x", dtypes[0]), Variable::new("y", dtypes[1])];
    let expression = client::compile(source, &variables, output.code()).expect("a kernel");
    expression.eval(&[&inputs[0], &inputs[1]], items).expect("values")
}

/// A value of `dtype`: small ones and extremes.
fn value(random: &mut Random, dtype: Dtype) -> Scalar {
    const CORNERS: [f64; 8] = [0.0, -0.0, 1.0, -1.0, f64::NAN, f64::INFINITY, 1e300, i64::MIN as f64];
    if dtype.is_float() {
        return match random.below(4) {
            0 => Scalar::Float(*random.pick(&CORNERS)),
            _ => Scalar::Float((random.below(4001) as f64 - 2000.0) / 128.0),
        }
        .cast(dtype);
    }
    match random.below(4) {
        0 => Scalar::Int(i128::from(random.next())).cast(dtype),
        _ => Scalar::Int(i128::from(random.below(20)) - 8).cast(dtype),
    }
}

/// Equality of bits; NaNs are equal.
fn is_same(got: &[u8], want: &[u8], dtype: Dtype) -> bool {
    let are_nan = dtype.is_float() && [got, want].iter().all(|item| decode(dtype, item)[0].is_nan());
    got == want || are_nan
}

/// The bytes of a value.
fn bytes(value: Scalar, dtype: Dtype) -> Vec<u8> {
    let word = match value.cast(dtype) {
        Scalar::Bool(value) => u64::from(value),
        Scalar::Int(value) => value as u64,
        Scalar::Float(value) if dtype == Dtype::Float32 => u64::from((value as f32).to_bits()),
        Scalar::Float(value) => value.to_bits(),
        Scalar::Complex(_) => panic!("a complex value"),
    };
    word.to_le_bytes()[..dtype.size()].to_vec()
}
