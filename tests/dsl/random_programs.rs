//! Random kernels: the engine of the library agrees with the model, bit for bit.

use miniexpr::internals::block::{Interpreter, Items};
use miniexpr::internals::dtype::{Dtype, Scalar};
use miniexpr::internals::ir::Kernel;
use miniexpr::internals::kernel::Accuracy;
use miniexpr::internals::kernel::level::Level;
use miniexpr::internals::mid::Positions;

use crate::compile;
use crate::testkit::client::{self, Variable};
use crate::testkit::equality::assert_equal;
use crate::testkit::kernels::Generator;
use crate::testkit::model;
use crate::testkit::random::{Random, cases};
use crate::testkit::values::random_items;

/// Items that the engine may run together; 0 for as many as it likes.
const BLOCKS: [usize; 6] = [0, 1, 2, 3, 7, 64];

/// Programs that are compared; `MINIEXPR_RANDOM_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 1500;

#[test]
fn the_engine_agrees_with_the_model() {
    for seed in 0..cases("MINIEXPR_RANDOM_PROGRAMS", PROGRAMS) {
        check_program(seed);
    }
}

/// A kernel that reduces gives the same however many items run together between two reductions.
#[test]
fn random_reductions_do_not_depend_on_what_runs_together() {
    for seed in 0..cases("MINIEXPR_RANDOM_PROGRAMS", PROGRAMS) {
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
    let items = 1 + random.index(most);
    let inputs = [x, y].map(|dtype| random_items(&mut random, dtype, items));
    let want = run(&kernel, &inputs, items, usize::MAX);
    for block in [0, *random.pick(&BLOCKS[1..]), 256] {
        let got = run(&kernel, &inputs, items, block);
        let what = format_args!("seed {seed}, blocks of {block}, {items} items\n{source}\n{kernel}");
        assert_equal(output, &got, &want, what);
    }
}

fn check_program(seed: u64) {
    let mut random = Random::new(seed);
    let (x, y) = (*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL));
    let output = *random.pick(&Dtype::REAL);
    let source = Generator::new(&mut random).kernel();
    let kernel = compile(&source, &[("x", x), ("y", y)], Some(output))
        .unwrap_or_else(|error| panic!("seed {seed}: {}\n{source}", crate::message(&error)));
    let items = 1 + random.index(90);
    let inputs = [x, y].map(|dtype| random_items(&mut random, dtype, items));
    let values = [(x, &inputs[0]), (y, &inputs[1])].map(|(dtype, bytes)| scalars(dtype, bytes));
    let want = (0..items).flat_map(|index| {
        let item = model::Item {
            inputs: &[values[0][index], values[1][index]],
            index: index as i64,
            count: items as i64,
        };
        model::evaluate(&kernel, item).to_bytes(output)[..output.size()].to_vec()
    });
    let want: Vec<u8> = want.collect();
    let block = *random.pick(&BLOCKS);
    let interpreted = run(&kernel, &inputs, items, block);
    let compiled = run_compiled(&source, [x, y], output, &inputs, items);
    for (values, by) in [(compiled, "compiled".to_string()), (interpreted, format!("blocks of {block}"))] {
        let what = format_args!("seed {seed}, {by}, {items} items of {x} and {y}\n{source}\n{kernel}");
        assert_equal(output, &values, &want, what);
    }
}

fn scalars(dtype: Dtype, bytes: &[u8]) -> Vec<Scalar> {
    let padded = |item: &[u8]| std::array::from_fn(|index| item.get(index).copied().unwrap_or(0));
    bytes.chunks(dtype.size()).map(|item| Scalar::from_bytes(&padded(item), dtype)).collect()
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
