//! Recorded kernels: modules agree with the interpreter.

use serde_json::Value;

use super::assert_same;
use super::machine::{Array, interpreted, translated, try_kernel};
use crate::back::engine::Refusal;
use crate::back::wasm::{Linking, translate};
use crate::dtype::Dtype;
use crate::kernel::level::Level;
use crate::mid::Positions;

/// Kernels with their data, one JSON object a line; those over one array, without an error.
const RECORDED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/dsl_kernels.jsonl");

#[test]
fn recorded_kernels_agree_with_the_interpreter() {
    let text = std::fs::read_to_string(RECORDED).unwrap();
    let cases: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let compared = cases.iter().filter(|case| compare(case)).count();
    assert!(compared > 400, "{compared} of {} kernels were compared", cases.len());
}

/// Compares a kernel if it can be translated.
fn compare(case: &Value) -> bool {
    let is_flat = case["nd"].is_null() && case["varlen"].is_null();
    if case["want"]["status"] != 0 || !is_flat {
        return false;
    }
    let list = |field: &str| case[field].as_array().unwrap().clone();
    let variables: Option<Vec<(String, Dtype)>> = list("vars")
        .iter()
        .map(|entry| Some((entry[0].as_str()?.to_string(), dtype(entry[1].as_str()?)?)))
        .collect();
    let Some(variables) = variables else { return false };
    let text = case["expr"].as_str().unwrap();
    let typed: Vec<(&str, Dtype)> = variables.iter().map(|(name, dtype)| (name.as_str(), *dtype)).collect();
    // Where this library refuses what another accepts, there is nothing to compare.
    let Ok(kernel) = try_kernel(text, &typed, dtype(case["dtype"].as_str().unwrap())) else { return false };
    match translate(&kernel, Level::Baseline, Linking::Helper) {
        Ok(_) => {}
        Err(Refusal::Unsupported(_)) => return false,
        Err(Refusal::OutOfMemory) => panic!("out of memory"),
    }
    let used = match case["used"].as_array() {
        Some(used) => used.iter().map(|index| index.as_u64().unwrap() as usize).collect(),
        None => (0..typed.len()).collect::<Vec<usize>>(),
    };
    let data = list("inputs");
    let inputs: Vec<Array> = used
        .iter()
        .map(|index| Array { dtype: typed[*index].1, bytes: bytes(data[*index].as_str().unwrap()) })
        .collect();
    let items = case["n"].as_u64().unwrap() as usize;
    let extent = [items as i64];
    let at = Positions { shape: &extent, origin: &[0], extents: &extent };
    let expected = interpreted(&kernel, &inputs, items, &at);
    let actual = translated(&kernel, &inputs, items, &at);
    assert_same(&format!("{}: {text}", case["id"]), kernel.output.dtype, expected, actual);
    true
}

/// A real dtype.
fn dtype(name: &str) -> Option<Dtype> {
    Dtype::NUMERIC.into_iter().find(|dtype| dtype.name() == name && !dtype.is_complex())
}

/// The bytes that hexadecimal digits stand for.
fn bytes(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
