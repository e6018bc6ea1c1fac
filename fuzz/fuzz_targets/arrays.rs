//! Random arrays, as `tests/arrays` has them, by the fuzzer's bytes: shapes, strides, overlap, threads.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

#[path = "../../testkit/mod.rs"]
mod testkit;

use testkit::client::Expression;
use testkit::strided::{CASES, Numbers, Sizes, check};

/// Small arrays, for many inputs a second. Some tables are still larger than a tile.
const SIZES: Sizes = Sizes { longest: [1, 600, 16, 6, 4, 3, 2], side: 36, buffer: 1 << 16 };

/// The compiled expressions of the cases.
fn compiled(index: usize) -> &'static Expression {
    static COMPILED: OnceLock<Vec<Expression>> = OnceLock::new();
    &COMPILED.get_or_init(|| CASES.iter().map(|case| case.compile()).collect())[index]
}

fuzz_target!(|bytes: &[u8]| {
    let mut numbers = Numbers::new(bytes, 0, SIZES);
    let case = numbers.below(CASES.len() as u64) as usize;
    let threads = [1, 1, 1, 2, 3][numbers.below(5) as usize];
    check(&CASES[case], compiled(case), &mut numbers, threads);
});
