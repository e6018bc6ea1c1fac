//! The elements that formulas take, and their vectors.

#[cfg(target_arch = "x86_64")]
use super::avx2::{F32x8, F64x4};
#[cfg(target_arch = "x86_64")]
use super::avx512::{F32x16, F64x8};
use super::float::Vector;
use super::vector128::{F32x4, F64x2};

/// An element type, and what formulas take it as on each level.
pub trait Element: Copy + Default + Into<f64> + 'static {
    /// On [`Level::Baseline`].
    type Baseline: Vector<Scalar = Self>;
    /// On [`Level::Avx2`].
    #[cfg(target_arch = "x86_64")]
    type Avx2: Vector<Scalar = Self>;
    /// On [`Level::Avx512`].
    #[cfg(target_arch = "x86_64")]
    type Avx512: Vector<Scalar = Self>;
}

impl Element for f32 {
    type Baseline = F32x4;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = F32x8;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = F32x16;
}

impl Element for f64 {
    type Baseline = F64x2;
    #[cfg(target_arch = "x86_64")]
    type Avx2 = F64x4;
    #[cfg(target_arch = "x86_64")]
    type Avx512 = F64x8;
}
