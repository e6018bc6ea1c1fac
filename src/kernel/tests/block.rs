//! Blocks of typed elements for kernels to work on.

use crate::dtype::{Complex, Dtype, Scalar};
use crate::kernel::Kernel;
use crate::testkit::equality::is_same_value;

/// Elements of one dtype in aligned memory.
#[derive(Clone)]
pub struct Block {
    dtype: Dtype,
    len: usize,
    words: Vec<u128>,
}

impl Block {
    pub fn new(dtype: Dtype, values: &[Scalar]) -> Block {
        let mut block = Block::filled(dtype, values.len(), 0);
        for (index, value) in values.iter().enumerate() {
            let size = dtype.size();
            block.bytes_mut()[index * size..][..size].copy_from_slice(&value.to_bytes(dtype)[..size]);
        }
        block
    }

    /// `len` elements whose bytes are all `byte`.
    pub fn filled(dtype: Dtype, len: usize, byte: u8) -> Block {
        let words = vec![u128::from_ne_bytes([byte; 16]); (len * dtype.size()).div_ceil(16)];
        Block { dtype, len, words }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn as_ptr(&self) -> *const u8 {
        self.words.as_ptr().cast()
    }

    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the words hold at least this many initialised bytes.
        unsafe { std::slice::from_raw_parts(self.as_ptr(), self.len * self.dtype.size()) }
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the words hold at least this many initialised bytes.
        unsafe {
            std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast(), self.len * self.dtype.size())
        }
    }

    /// Element `index` as it lies in memory.
    pub fn element(&self, index: usize) -> &[u8] {
        &self.bytes()[index * self.dtype.size()..][..self.dtype.size()]
    }

    pub fn get(&self, index: usize) -> Scalar {
        let bytes = self.element(index);
        let float = |from: usize| match self.dtype.component().size() {
            4 => f64::from(f32::from_ne_bytes(bytes[from..][..4].try_into().unwrap())),
            _ => f64::from_ne_bytes(bytes[from..][..8].try_into().unwrap()),
        };
        match self.dtype {
            Dtype::Bool => Scalar::Bool(bytes[0] != 0),
            Dtype::Float32 | Dtype::Float64 => Scalar::Float(float(0)),
            Dtype::Complex64 | Dtype::Complex128 => {
                Scalar::Complex(Complex::new(float(0), float(self.dtype.size() / 2)))
            }
            _ => {
                let mut low = [0u8; 8];
                low[..bytes.len()].copy_from_slice(bytes);
                Scalar::Int(i128::from(u64::from_le_bytes(low))).cast(self.dtype)
            }
        }
    }

    /// Whether element `index` is `expected`, bit for bit, any NaN being as good as another.
    pub fn is(&self, index: usize, expected: Scalar) -> bool {
        let size = self.dtype.size();
        match (self.get(index), expected.cast(self.dtype)) {
            (Scalar::Complex(x), Scalar::Complex(y)) => {
                is_same_value(x.re, y.re) && is_same_value(x.im, y.im)
            }
            (Scalar::Float(x), Scalar::Float(y)) => is_same_value(x, y),
            (_, expected) => self.element(index) == &expected.to_bytes(self.dtype)[..size],
        }
    }
}

/// Runs `kernel` on `n` items; operands that it does not read are absent.
pub fn run(kernel: Kernel, dtype: Dtype, operands: &[&Block], n: usize) -> Block {
    let mut out = Block::filled(dtype, n, 0xA5);
    let pointer = |k: usize| operands.get(k).map_or(std::ptr::null(), |block| block.as_ptr());
    // SAFETY: the tests pass blocks of the operand dtypes, with `n` elements or one for a scalar.
    unsafe { kernel(out.bytes_mut().as_mut_ptr(), pointer(0), pointer(1), pointer(2), n) };
    out
}

/// Runs `kernel` for every length from 0 to 70: a shorter run must give the same elements as the
/// longest one and leave the memory after them alone.
pub fn check_lengths(kernel: Kernel, dtype: Dtype, operands: &[&Block], context: &str) {
    const LONGEST: usize = 70;
    let whole = run(kernel, dtype, operands, LONGEST);
    for n in 0..LONGEST {
        let mut out = Block::filled(dtype, LONGEST, 0x5A);
        let pointer = |k: usize| operands.get(k).map_or(std::ptr::null(), |block| block.as_ptr());
        // SAFETY: as in `run`.
        unsafe { kernel(out.bytes_mut().as_mut_ptr(), pointer(0), pointer(1), pointer(2), n) };
        for index in 0..n {
            assert!(out.is(index, whole.get(index)), "{context}: item {index} of {n}");
        }
        assert!(out.bytes()[n * dtype.size()..].iter().all(|&byte| byte == 0x5A), "{context}: after {n}");
    }
}

/// The edge values of a dtype.
pub fn edge_values(dtype: Dtype) -> Vec<Scalar> {
    match dtype {
        Dtype::Bool => vec![Scalar::Bool(false), Scalar::Bool(true)],
        Dtype::Float32 => {
            edge_floats(f64::from(f32::MAX), f64::from(f32::MIN_POSITIVE), f64::from(f32::EPSILON))
        }
        Dtype::Float64 => edge_floats(f64::MAX, f64::MIN_POSITIVE, f64::EPSILON),
        Dtype::Complex64 | Dtype::Complex128 => {
            let parts = [0.0, -0.0, 1.0, -2.5, 3.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
            let pairs = parts.iter().flat_map(|&re| parts.iter().map(move |&im| Complex::new(re, im)));
            pairs.map(Scalar::Complex).collect()
        }
        _ => edge_integers(dtype),
    }
}

fn edge_integers(dtype: Dtype) -> Vec<Scalar> {
    let bits = 8 * dtype.size() as u32;
    let highest = if dtype.is_signed() { (1i128 << (bits - 1)) - 1 } else { (1i128 << bits) - 1 };
    let lowest = if dtype.is_signed() { -highest - 1 } else { 0 };
    let mut values = vec![lowest, lowest + 1, highest / 2, highest / 2 + 1, highest - 1, highest];
    values.extend([0, 1, 2, 3, 5, 7, 10, 31, 33, 63, 64, 65, 100, 127]);
    values.extend([8, 15, 16, 32, -1, -2, -3, -7, -8, -64, -100].iter().filter(|&&value| value >= lowest));
    values.extend(
        [1 << 24, (1 << 24) + 1, 1 << 31, (1 << 53) + 1, (1 << 54) + (1 << 30) + 1]
            .iter()
            .filter(|&&value| value <= highest),
    );
    values.into_iter().map(Scalar::Int).collect()
}

fn edge_floats(max: f64, min_positive: f64, epsilon: f64) -> Vec<Scalar> {
    let positive = [
        0.0,
        0.25,
        0.49999999999999994,
        0.5,
        0.9,
        1.0,
        1.0 - epsilon / 2.0,
        1.0 + epsilon,
        1.5,
        2.0,
        2.5,
        3.7,
        63.0,
        64.0,
        100.7,
        127.9,
        128.0,
        255.5,
        256.0,
        32768.5,
        65535.9,
        65536.0,
        8388607.5,
        8388609.0,
        4503599627370495.5,
        2147483647.0,
        2147483647.9999998,
        2147483648.0,
        2147483648.5,
        2147483648.9999995,
        2147483649.0,
        4294967295.5,
        4294967296.0,
        9223372036854774784.0,
        9223372036854775808.0,
        9223372036854777856.0,
        18446744073709549568.0,
        18446744073709551616.0,
        1e30,
        max,
        min_positive,
        min_positive / 2.0,
        min_positive * epsilon,
        f64::INFINITY,
        f64::NAN,
    ];
    positive.iter().flat_map(|&value| [value, -value]).map(Scalar::Float).collect()
}

/// All pairs of `values` as two blocks.
pub fn all_pairs(dtype: Dtype, values: &[Scalar]) -> (Block, Block) {
    let firsts: Vec<Scalar> = values.iter().flat_map(|&x| values.iter().map(move |_| x)).collect();
    let seconds: Vec<Scalar> = values.iter().flat_map(|_| values.iter().copied()).collect();
    (Block::new(dtype, &firsts), Block::new(dtype, &seconds))
}
