//! Math functions for compiled kernels that look for them by name, in the process or, as WebAssembly, by
//! the function that the host is given.
//!
//! The kernels of this library get addresses instead, so these names matter only to kernels that were
//! generated elsewhere. They are not in the header. Results are those of the interpreter in its default
//! accuracy, at most 1 unit in the last place in float32 and 3.5 in float64.

use crate::back::vector_calls::call_in_chunks;
use crate::dtype::Dtype;
use crate::ir::{BinaryOp, MathFn, UnaryOp};
use crate::kernel::level::Level;
use crate::kernel::math::{scalar_binary, scalar_unary};
use crate::kernel::{Accuracy, Kernel as VectorKernel, Operands, binary, unary};

/// Items of one call of a vector kernel.
const CHUNK: usize = 1 << 20;

/// Calls a vector kernel; without items, or with a NULL array, nothing happens.
///
/// # Safety
/// Each array is NULL or holds `n` items of the dtype; an operand may be `out`.
unsafe fn map(kernel: Option<VectorKernel>, dtype: Dtype, out: *mut u8, operands: &[*const u8], n: i64) {
    let (Some(kernel), Ok(n)) = (kernel, usize::try_from(n)) else { return };
    if out.is_null() || operands.iter().any(|operand| operand.is_null()) {
        return;
    }
    let mut list = [std::ptr::null(); 3];
    list[..operands.len()].copy_from_slice(operands);
    // SAFETY: as the caller promises.
    unsafe { call_in_chunks(kernel, dtype.size(), out, list, n, CHUNK) }
}

fn unary_kernel(op: UnaryOp, dtype: Dtype) -> Option<VectorKernel> {
    unary(op, dtype, Accuracy::Fast, Level::current())
}

fn binary_kernel(op: BinaryOp, dtype: Dtype) -> Option<VectorKernel> {
    binary(op, dtype, Operands::ArrayArray, Accuracy::Fast, Level::current())
}

/// The names and the addresses of functions.
#[cfg(any(test, wasm_modules))]
pub type Named = &'static [(&'static str, *const ())];

/// All functions of this module.
#[cfg(any(test, wasm_modules))]
pub const FUNCTIONS: [Named; 4] =
    [VECTOR_FUNCTIONS_OF_ONE, VECTOR_FUNCTIONS_OF_TWO, SCALAR_FUNCTIONS, OTHERS];

#[cfg(any(test, wasm_modules))]
const OTHERS: Named = &[
    ("me_jit_abs", me_jit_abs as *const ()),
    ("me_jit_logaddexp", me_jit_logaddexp as *const ()),
    ("me_jit_where", me_jit_where as *const ()),
];

macro_rules! vector_functions_of_one {
    ($($f64:ident, $f32:ident: $op:expr;)*) => {
        #[cfg(any(test, wasm_modules))]
        const VECTOR_FUNCTIONS_OF_ONE: Named =
            &[$((stringify!($f64), $f64 as *const ()), (stringify!($f32), $f32 as *const ()),)*];
        $(
        /// `out[i] = f(a[i])` for `n` items.
        ///
        /// # Safety
        /// Both arrays are NULL or hold `n` items; they may be the same.
        #[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
        pub unsafe extern "C" fn $f64(a: *const f64, out: *mut f64, n: i64) {
            // SAFETY: as the caller promises.
            unsafe { map(unary_kernel($op, Dtype::Float64), Dtype::Float64, out.cast(), &[a.cast()], n) }
        }

        /// `out[i] = f(a[i])` for `n` items.
        ///
        /// # Safety
        /// Both arrays are NULL or hold `n` items; they may be the same.
        #[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
        pub unsafe extern "C" fn $f32(a: *const f32, out: *mut f32, n: i64) {
            // SAFETY: as the caller promises.
            unsafe { map(unary_kernel($op, Dtype::Float32), Dtype::Float32, out.cast(), &[a.cast()], n) }
        }
        )*
    };
}

macro_rules! vector_functions_of_two {
    ($($f64:ident, $f32:ident: $op:expr;)*) => {
        #[cfg(any(test, wasm_modules))]
        const VECTOR_FUNCTIONS_OF_TWO: Named =
            &[$((stringify!($f64), $f64 as *const ()), (stringify!($f32), $f32 as *const ()),)*];
        $(
        /// `out[i] = f(a[i], b[i])` for `n` items.
        ///
        /// # Safety
        /// The arrays are NULL or hold `n` items; the output may be an input.
        #[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
        pub unsafe extern "C" fn $f64(a: *const f64, b: *const f64, out: *mut f64, n: i64) {
            let (kernel, operands) = (binary_kernel($op, Dtype::Float64), [a.cast(), b.cast()]);
            // SAFETY: as the caller promises.
            unsafe { map(kernel, Dtype::Float64, out.cast(), &operands, n) }
        }

        /// `out[i] = f(a[i], b[i])` for `n` items.
        ///
        /// # Safety
        /// The arrays are NULL or hold `n` items; the output may be an input.
        #[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
        pub unsafe extern "C" fn $f32(a: *const f32, b: *const f32, out: *mut f32, n: i64) {
            let (kernel, operands) = (binary_kernel($op, Dtype::Float32), [a.cast(), b.cast()]);
            // SAFETY: as the caller promises.
            unsafe { map(kernel, Dtype::Float32, out.cast(), &operands, n) }
        }
        )*
    };
}

macro_rules! scalar_functions {
    ($($name:ident: $function:expr;)*) => {
        #[cfg(any(test, wasm_modules))]
        const SCALAR_FUNCTIONS: Named = &[$((stringify!($name), $name as *const ()),)*];
        $(
        /// The function at one point.
        #[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
        pub extern "C" fn $name(x: f64) -> f64 {
            scalar_unary($function)(x)
        }
        )*
    };
}

vector_functions_of_one! {
    me_jit_vec_sin_f64, me_jit_vec_sin_f32: UnaryOp::Math(MathFn::Sin);
    me_jit_vec_cos_f64, me_jit_vec_cos_f32: UnaryOp::Math(MathFn::Cos);
    me_jit_vec_exp_f64, me_jit_vec_exp_f32: UnaryOp::Math(MathFn::Exp);
    me_jit_vec_log_f64, me_jit_vec_log_f32: UnaryOp::Math(MathFn::Log);
    me_jit_vec_exp10_f64, me_jit_vec_exp10_f32: UnaryOp::Math(MathFn::Exp10);
    me_jit_vec_sinpi_f64, me_jit_vec_sinpi_f32: UnaryOp::Math(MathFn::Sinpi);
    me_jit_vec_cospi_f64, me_jit_vec_cospi_f32: UnaryOp::Math(MathFn::Cospi);
    me_jit_vec_abs_f64, me_jit_vec_abs_f32: UnaryOp::Abs;
    me_jit_vec_sqrt_f64, me_jit_vec_sqrt_f32: UnaryOp::Math(MathFn::Sqrt);
    me_jit_vec_log1p_f64, me_jit_vec_log1p_f32: UnaryOp::Math(MathFn::Log1p);
    me_jit_vec_exp2_f64, me_jit_vec_exp2_f32: UnaryOp::Math(MathFn::Exp2);
    me_jit_vec_log2_f64, me_jit_vec_log2_f32: UnaryOp::Math(MathFn::Log2);
    me_jit_vec_expm1_f64, me_jit_vec_expm1_f32: UnaryOp::Math(MathFn::Expm1);
    me_jit_vec_log10_f64, me_jit_vec_log10_f32: UnaryOp::Math(MathFn::Log10);
    me_jit_vec_sinh_f64, me_jit_vec_sinh_f32: UnaryOp::Math(MathFn::Sinh);
    me_jit_vec_cosh_f64, me_jit_vec_cosh_f32: UnaryOp::Math(MathFn::Cosh);
    me_jit_vec_tanh_f64, me_jit_vec_tanh_f32: UnaryOp::Math(MathFn::Tanh);
    me_jit_vec_asinh_f64, me_jit_vec_asinh_f32: UnaryOp::Math(MathFn::Asinh);
    me_jit_vec_acosh_f64, me_jit_vec_acosh_f32: UnaryOp::Math(MathFn::Acosh);
    me_jit_vec_atanh_f64, me_jit_vec_atanh_f32: UnaryOp::Math(MathFn::Atanh);
    me_jit_vec_asin_f64, me_jit_vec_asin_f32: UnaryOp::Math(MathFn::Asin);
    me_jit_vec_acos_f64, me_jit_vec_acos_f32: UnaryOp::Math(MathFn::Acos);
    me_jit_vec_atan_f64, me_jit_vec_atan_f32: UnaryOp::Math(MathFn::Atan);
}

vector_functions_of_two! {
    me_jit_vec_atan2_f64, me_jit_vec_atan2_f32: BinaryOp::Atan2;
    me_jit_vec_hypot_f64, me_jit_vec_hypot_f32: BinaryOp::Hypot;
    me_jit_vec_pow_f64, me_jit_vec_pow_f32: BinaryOp::Pow;
    me_jit_vec_fmax_f64, me_jit_vec_fmax_f32: BinaryOp::Fmax;
    me_jit_vec_fmin_f64, me_jit_vec_fmin_f32: BinaryOp::Fmin;
}

scalar_functions! {
    me_jit_sin: MathFn::Sin;
    me_jit_cos: MathFn::Cos;
    me_jit_exp: MathFn::Exp;
    me_jit_log: MathFn::Log;
    me_jit_sqrt: MathFn::Sqrt;
    me_jit_exp10: MathFn::Exp10;
    me_jit_sinpi: MathFn::Sinpi;
    me_jit_cospi: MathFn::Cospi;
}

/// The absolute value.
#[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
pub extern "C" fn me_jit_abs(x: f64) -> f64 {
    x.abs()
}

/// log(e^a + e^b).
#[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
pub extern "C" fn me_jit_logaddexp(a: f64, b: f64) -> f64 {
    scalar_binary(BinaryOp::Logaddexp).map_or(f64::NAN, |function| function(a, b))
}

/// `yes` where the condition is not zero, else `no`.
#[cfg_attr(not(target_family = "wasm"), unsafe(no_mangle))]
pub extern "C" fn me_jit_where(condition: f64, yes: f64, no: f64) -> f64 {
    if condition != 0.0 { yes } else { no }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::function::Function;

    #[test]
    fn functions_take_arrays_in_place_and_ignore_missing_ones() {
        let mut values = [0.0, 1.0, 4.0];
        let array = values.as_mut_ptr();
        // SAFETY: the array holds three items.
        unsafe {
            me_jit_vec_sqrt_f64(array, array, 3);
            me_jit_vec_sqrt_f64(std::ptr::null(), array, 3);
            me_jit_vec_sqrt_f64(array, array, -1);
            me_jit_vec_pow_f64(array, array, array, 3);
        }
        assert_eq!(values, [1.0, 1.0, 4.0]);
        let halves = [0.5f32, -2.0];
        let mut larger = [0.0f32; 2];
        // SAFETY: the arrays hold two items.
        unsafe { me_jit_vec_fmax_f32(halves.as_ptr(), [0.0f32, 1.0].as_ptr(), larger.as_mut_ptr(), 2) };
        assert_eq!(larger, [0.5, 1.0]);
    }

    #[test]
    fn scalars() {
        assert_eq!([me_jit_abs(-2.0), me_jit_sqrt(9.0), me_jit_exp10(2.0)], [2.0, 3.0, 100.0]);
        assert_eq!([me_jit_where(0.0, 1.0, 2.0), me_jit_where(f64::NAN, 1.0, 2.0)], [2.0, 1.0]);
        assert!((me_jit_logaddexp(0.0, 0.0) - std::f64::consts::LN_2).abs() < 1e-15);
    }

    /// What the table of operations exports, and the absolute value and the choice.
    fn exported() -> Vec<String> {
        let of_one = MathFn::ALL.iter().map(|function| function.row());
        let of_two = BinaryOp::ALL.iter().filter_map(|op| op.function());
        let functions: Vec<Function> = of_one.chain(of_two).collect();
        let numbers = functions.iter().filter(|function| function.has_numbers());
        let numbers = numbers.map(|function| function.name).chain(["abs", "where"]);
        let arrays = functions.iter().filter(|function| function.has_arrays());
        let arrays = arrays.map(|function| function.name).chain(["abs"]);
        let mut names: Vec<String> = numbers.map(|name| format!("me_jit_{name}")).collect();
        names
            .extend(arrays.flat_map(|name| ["f32", "f64"].map(|dtype| format!("me_jit_vec_{name}_{dtype}"))));
        names.sort_unstable();
        names
    }

    #[test]
    fn exports_are_those_of_the_table() {
        let mut names: Vec<&str> = FUNCTIONS.iter().copied().flatten().map(|(name, _)| *name).collect();
        names.sort_unstable();
        assert_eq!(names, exported());
        let list: Vec<&str> = include_str!("../../cmake/math_bridge_symbols.txt").lines().collect();
        assert_eq!(list, exported(), "cmake/math_bridge_symbols.txt is the sorted list of exports");
    }
}
