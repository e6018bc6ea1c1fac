//! Generated C against recorded text, and the kernels of the compiler against the interpreter.
//! `MINIEXPR_UPDATE_GOLDEN=1` records the text anew.

use super::Library;
use super::compiler::Toolchain;
use super::directory::Directory;
use super::generate::generate;
use super::object::Object;
use super::process::Outcome;
use crate::back::block::{Interpreter, Items};
use crate::back::engine::{Call, Code};
use crate::back::identity::Gates;
use crate::back::settings::Settings;
use crate::dtype::Dtype;
use crate::front::testing::{
    compile, compile_entries, entries, exchange_operations, operations_without_names,
};
use crate::ir::Kernel;
use crate::kernel::Accuracy;
use crate::kernel::level::Level;
use crate::mid::Positions;
use crate::testkit::equality::assert_equal;
use crate::testkit::kernels::Generator;
use crate::testkit::random::{Random, cases};
use crate::testkit::values::{aligned, random_items};

const LOOP: &str = "\
def f(x):
    s = 0.0
    for i in range(int(x)):
        if i % 2 == 0:
            s = s + exp(x) * i
        elif s > 100.0:
            return s
    return s
";

#[test]
fn loops_and_branches() {
    let kernel = compile(LOOP, &[("x", Dtype::Float64)]);
    let source = generate(&kernel, Gates::from_environment()).unwrap();
    let text = String::from_utf8(source.text.as_bytes().to_vec()).unwrap();
    let body = text.strip_prefix(include_str!("prelude.h")).unwrap();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/back/c/golden_loop.c");
    if std::env::var_os("MINIEXPR_UPDATE_GOLDEN").is_some() {
        std::fs::write(path, body).unwrap();
    }
    assert_eq!(body, std::fs::read_to_string(path).unwrap());
}

/// The kernel that the compiler makes, or `None` if the engine refuses it.
fn library(kernel: &Kernel, gates: Gates) -> Option<Library> {
    let source = generate(kernel, gates).ok()?;
    let directory = Directory::open().unwrap().expect("a directory for kernels");
    let text = directory.write_fresh(".c", source.text.as_bytes()).expect("a file");
    let object = directory.fresh("").unwrap();
    let toolchain = Toolchain::from_environment(kernel.fp_mode).unwrap();
    let outcome = toolchain.run(&text.path().unwrap(), &object.path().unwrap()).unwrap();
    assert!(matches!(outcome, Outcome::Success), "{kernel}");
    let object = Object::open_new(&object).expect("an object");
    // SAFETY: the object was built from this source.
    Some(unsafe { Library::load(&object, &source) }.expect("a loaded object"))
}

/// Whether compiler and interpreter give the same bits; NaNs are equal.
fn agree(kernel: &Kernel, dtypes: [Dtype; 2], gates: Gates, what: &str) {
    let Some(library) = library(kernel, gates) else { panic!("{what}: refused\n{kernel}") };
    const N: usize = 300;
    let mut random = Random::new(7);
    let arrays = dtypes.map(|dtype| aligned(&random_items(&mut random, dtype, N)));
    let inputs = arrays.each_ref().map(|array| array.as_ptr().cast());
    let (mut got, mut want) = (vec![0_u64; N], vec![0_u64; N]);
    let extent = [N as i64];
    let positions = Positions { shape: &extent, origin: &[0], extents: &extent };
    let engine = Interpreter::new(kernel, Level::current()).unwrap();
    // SAFETY: the inputs hold the items, the outputs have room for them.
    let (done, interpreted) = unsafe {
        let (accuracy, settings) = (Accuracy::Fast, Settings::default());
        let output = got.as_mut_ptr().cast();
        let call = Call { inputs: &inputs, output, items: N, positions: &positions, accuracy, settings };
        let done = library.run(call) == Some(Ok(()));
        let output = want.as_mut_ptr().cast();
        (done, engine.run(&inputs, output, Items::First(N), &positions, accuracy))
    };
    assert_eq!(done, interpreted.is_ok(), "{what}");
    if !done {
        return;
    }
    let size = N * kernel.output.itemsize;
    let bytes =
        |words: &[u64]| words.iter().flat_map(|word| word.to_ne_bytes()).take(size).collect::<Vec<u8>>();
    assert_equal(kernel.output.dtype, &bytes(&got), &bytes(&want), format_args!("{what}\n{kernel}"));
}

#[test]
fn operations_without_a_name_in_the_language() {
    let gates = Gates::from_environment();
    for dtype in Dtype::REAL {
        for (name, kernel) in operations_without_names(dtype) {
            agree(&kernel, [dtype; 2], gates, &name);
            if dtype.is_float() {
                let without = Gates { math_bridge: false, ..gates };
                agree(&kernel, [dtype; 2], without, &format!("{name} in C alone"));
            }
        }
    }
}

/// Programs that are compared; `MINIEXPR_RANDOM_C_PROGRAMS` asks for another number.
const PROGRAMS: u64 = 20;

/// With the operations that the language has no names for in them.
#[test]
fn random_programs() {
    for seed in 0..cases("MINIEXPR_RANDOM_C_PROGRAMS", PROGRAMS) {
        let mut random = Random::new(seed);
        let dtypes = [*random.pick(&Dtype::REAL), *random.pick(&Dtype::REAL)];
        let source = Generator::new(&mut random).kernel();
        let output = *random.pick(&Dtype::REAL);
        let entries = entries(&[("x", dtypes[0]), ("y", dtypes[1])]);
        let mut kernel = compile_entries(&source, &entries, Some(output));
        exchange_operations(&mut kernel);
        agree(&kernel, dtypes, Gates::from_environment(), &format!("seed {seed}: {source}"));
    }
}
