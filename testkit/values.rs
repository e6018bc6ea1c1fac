//! Arrays of any numeric dtype, written as float64 numbers (complex items as two numbers), or random.

use super::random::Random;
use miniexpr::Dtype;
use miniexpr::internals::dtype::Scalar;

/// The bytes of an array; numbers are converted as Rust's `as` does.
pub fn encode(dtype: Dtype, numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| encode_number(dtype, *number)).collect()
}

fn encode_number(dtype: Dtype, x: f64) -> Vec<u8> {
    match dtype.component() {
        Dtype::Bool | Dtype::UInt8 | Dtype::Bytes => (x as u8).to_le_bytes().to_vec(),
        Dtype::Int8 => (x as i8).to_le_bytes().to_vec(),
        Dtype::Int16 => (x as i16).to_le_bytes().to_vec(),
        Dtype::Int32 => (x as i32).to_le_bytes().to_vec(),
        Dtype::Int64 => (x as i64).to_le_bytes().to_vec(),
        Dtype::UInt16 => (x as u16).to_le_bytes().to_vec(),
        Dtype::UInt32 | Dtype::String => (x as u32).to_le_bytes().to_vec(),
        Dtype::UInt64 => (x as u64).to_le_bytes().to_vec(),
        Dtype::Float32 => (x as f32).to_le_bytes().to_vec(),
        Dtype::Float64 | Dtype::Complex64 | Dtype::Complex128 => x.to_le_bytes().to_vec(),
    }
}

/// The numbers of an array; the inverse of [`encode`] where float64 holds them.
pub fn decode(dtype: Dtype, bytes: &[u8]) -> Vec<f64> {
    let component = dtype.component();
    bytes.chunks_exact(component.size()).map(|item| decode_number(component, item)).collect()
}

fn decode_number(dtype: Dtype, item: &[u8]) -> f64 {
    let mut low = [0; 8];
    low[..item.len()].copy_from_slice(item);
    let word = u64::from_le_bytes(low);
    match dtype {
        Dtype::Int8 => f64::from(word as i8),
        Dtype::Int16 => f64::from(word as i16),
        Dtype::Int32 => f64::from(word as i32),
        Dtype::Int64 => word as i64 as f64,
        Dtype::Float32 => f64::from(f32::from_bits(word as u32)),
        Dtype::Float64 => f64::from_bits(word),
        _ => word as f64,
    }
}

/// Numbers written for one item: two for a complex dtype, else one.
pub fn numbers_per_item(dtype: Dtype) -> usize {
    if dtype.is_complex() { 2 } else { 1 }
}

/// Numbers that operations treat in ways of their own.
const EDGES: [f64; 17] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -2.5,
    127.0,
    128.0,
    255.0,
    3e9,
    -3e9,
    1e19,
    i64::MIN as f64,
    1e300,
    5e-324,
    f64::NAN,
    f64::INFINITY,
];

/// The bytes of `n` items of a real dtype: small numbers, and edges among them.
pub fn random_items(random: &mut Random, dtype: Dtype, n: usize) -> Vec<u8> {
    (0..n).flat_map(|_| random_item(random, dtype).to_bytes(dtype)[..dtype.size()].to_vec()).collect()
}

fn random_item(random: &mut Random, dtype: Dtype) -> Scalar {
    match random.below(4) {
        0 => Scalar::Float(*random.pick(&EDGES)),
        1 if dtype.is_integer() => Scalar::Int(i128::from(random.bits().cast_signed())),
        1 => Scalar::Int(i128::from(random.below(9)) - 4),
        _ => Scalar::Float(random.below(4001) as f64 / 128.0 - 15.0),
    }
}

/// The bytes in words, so that they are aligned for every real dtype; the last word is filled up with zeros.
pub fn aligned(bytes: &[u8]) -> Vec<u64> {
    let word = |chunk: &[u8]| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        u64::from_ne_bytes(word)
    };
    bytes.chunks(8).map(word).collect()
}
