//! Outputs that lie over inputs: in the place of one, and partly over it.

use std::ffi::c_void;
use std::ptr;

use crate::session::{Session, has_kernel, set};
use crate::testkit::client::{self, Expression, Variable};
use miniexpr::Dtype::{self, Float32, Float64};
use miniexpr::ffi;

/// The engines, by the variables that choose them.
const ENGINES: [(&str, &str); 3] = [("interpreter", "0"), ("tcc", "1"), ("cc", "1")];

const ITEMS: usize = 3000;
/// Bytes before and after the input.
const ROOM: usize = 16 << 10;

/// Straight code, one call, calls between loops, a loop for each item, index symbols.
const KERNELS: [&str; 5] = [
    "return x * 2 + 1",
    "return exp(x)",
    "return sin(x) * x + exp(x - 1)",
    "s = x\n    for i in range(3):\n        if s > 1:\n            s = s - 0.5\n        s = s * 1.25\n    return s",
    "return x * 0.5 + _flat_idx",
];

/// Evaluates with the output `shift` bytes after the input, and gives all memory.
fn evaluate(expression: &Expression, dtype: Dtype, shift: isize) -> Vec<u8> {
    let mut words = vec![0u64; (2 * ROOM + ITEMS * dtype.size()) / 8];
    let memory = words.as_mut_ptr().cast::<u8>();
    for item in 0..ITEMS {
        let value = (item * 37 % 101) as f64 * 0.03 - 1.0;
        let bytes = match dtype {
            Float32 => (value as f32).to_ne_bytes().to_vec(),
            _ => value.to_ne_bytes().to_vec(),
        };
        // SAFETY: the input lies in the memory.
        unsafe { memory.add(ROOM + item * bytes.len()).copy_from(bytes.as_ptr(), bytes.len()) };
    }
    let input: [*const c_void; 1] = [memory.wrapping_add(ROOM).cast_const().cast()];
    let output = memory.wrapping_add(ROOM).wrapping_offset(shift).cast();
    // SAFETY: input and output lie in the memory.
    let status = unsafe {
        let items = ITEMS as i32;
        ffi::me_eval(expression.raw(), input.as_ptr().cast_mut(), 1, output, items, ptr::null())
    };
    assert_eq!(status, 0);
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn by_engine((engine, jit): (&str, &str), body: &str, [input, output]: [Dtype; 2]) -> Expression {
    set("ME_DSL_JIT", jit);
    set("ME_DSL_JIT_COMPILER", engine);
    let source = format!("def f(x):\n    {body}\n");
    let expression = client::compile(&source, &[Variable::new("x", input)], output.code()).unwrap();
    assert!(engine != "cc" || has_kernel(&expression), "{source}");
    expression
}

/// What an output that overlaps an input partly gets is up to the interpreter, whichever engine there is.
#[test]
fn all_engines_agree_on_overlaps() {
    let _session = Session::new("overlap-partly");
    for body in KERNELS {
        for dtypes in [[Float64; 2], [Float32; 2], [Float64, Float32], [Float32, Float64]] {
            let expressions = ENGINES.map(|engine| by_engine(engine, body, dtypes));
            for items in [-1000, -64, -3, -1, 0, 1, 2, 5, 300] {
                let shift = items * dtypes[1].size() as isize;
                let [expected, others @ ..] =
                    [0, 1, 2].map(|engine| evaluate(&expressions[engine], dtypes[0], shift));
                for (other, (engine, _)) in others.iter().zip(&ENGINES[1..]) {
                    assert!(*other == expected, "{engine}, {dtypes:?}, {items} items: {body}");
                }
            }
        }
    }
}
