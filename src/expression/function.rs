//! Functions of the host program, as an expression may call them.

use std::ffi::c_void;

use crate::dtype::Dtype;
use crate::front::EntryKind;
use crate::ir::UserFunction;

/// A function of the host program: up to seven `f64` in, one `f64` out.
///
/// It is called once for each item, from every thread that evaluates.
///
/// ```
/// use miniexpr::{ArrayRef, Dtype, Expression, Function};
///
/// extern "C" fn clip(x: f64, limit: f64) -> f64 {
///     x.clamp(-limit, limit)
/// }
///
/// let clip = Function::new(clip as extern "C" fn(f64, f64) -> f64);
/// let expression = Expression::builder("clip(x, 2) + 1")
///     .variable("x", Dtype::Float64)
///     .function("clip", clip)
///     .compile()?;
/// let values: Vec<f64> = expression.evaluate_to_vec(&[ArrayRef::from(&[-5.0, 0.5, 7.0])])?;
/// assert_eq!(values, [-1.0, 1.5, 3.0]);
/// # Ok::<(), miniexpr::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Function {
    address: *const c_void,
    context: Option<*mut c_void>,
    arity: u8,
    is_pure: bool,
    returns: Dtype,
}

impl Function {
    /// A function by its pointer, cast to its type: `f as extern "C" fn(f64) -> f64`.
    ///
    /// ```
    /// use miniexpr::{Expression, Function};
    ///
    /// extern "C" fn answer() -> f64 {
    ///     42.0
    /// }
    ///
    /// let answer = Function::new(answer as extern "C" fn() -> f64);
    /// let expression = Expression::builder("answer() / 2").function("answer", answer).compile()?;
    /// assert_eq!(expression.evaluate_to_vec::<f64>(&[])?, [21.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn new(function: impl FunctionPointer) -> Function {
        let (address, arity) = function.address_and_arity();
        Function { address, context: None, arity, is_pure: false, returns: Dtype::Float64 }
    }

    /// A closure of C: a function whose first argument is `context`, and `arity` numbers after it.
    ///
    /// # Safety
    /// At `address` is a function `double f(void *context, double, …)` with `arity` arguments, at most 7,
    /// after the context. It may be called with `context` from any thread as long as an expression that was
    /// compiled with it exists, and nothing unwinds out of it.
    ///
    /// ```
    /// use std::ffi::c_void;
    ///
    /// use miniexpr::{ArrayRef, Dtype, Expression, Function};
    ///
    /// unsafe extern "C" fn scale(factor: *mut c_void, x: f64) -> f64 {
    ///     // SAFETY: the context of the expression below is a number.
    ///     unsafe { *factor.cast::<f64>() * x }
    /// }
    ///
    /// let mut factor = 10.0;
    /// // SAFETY: the function takes a context and a number, and the factor outlives the expression.
    /// let scale = unsafe { Function::closure(scale as *const c_void, (&raw mut factor).cast(), 1) };
    /// let expression =
    ///     Expression::builder("scale(x)").variable("x", Dtype::Float64).function("scale", scale).compile()?;
    /// assert_eq!(expression.evaluate_to_vec::<f64>(&[ArrayRef::from(&[1.0, 2.0])])?, [10.0, 20.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub unsafe fn closure(address: *const c_void, context: *mut c_void, arity: u8) -> Function {
        assert!(usize::from(arity) <= UserFunction::MAX_ARITY, "functions take at most 7 arguments");
        Function { address, context: Some(context), arity, is_pure: false, returns: Dtype::Float64 }
    }

    /// The same function, of which the result depends on the arguments alone: a call with constant arguments
    /// is made once, during compilation.
    ///
    /// ```
    /// # use miniexpr::{Expression, Function};
    /// extern "C" fn double(x: f64) -> f64 {
    ///     2.0 * x
    /// }
    ///
    /// let double = Function::new(double as extern "C" fn(f64) -> f64).pure();
    /// let expression = Expression::builder("double(21)").function("double", double).compile()?;
    /// assert_eq!(expression.evaluate_to_vec::<f64>(&[])?, [42.0]);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn pure(self) -> Function {
        Function { is_pure: true, ..self }
    }

    /// The same function, whose result an expression takes as a value of `dtype`; float64 unless this is called.
    ///
    /// ```
    /// # use miniexpr::{Dtype, Expression, Function};
    /// extern "C" fn count() -> f64 {
    ///     3.0
    /// }
    ///
    /// let count = Function::new(count as extern "C" fn() -> f64).returns(Dtype::Int32);
    /// let expression = Expression::builder("count()").function("count", count).compile()?;
    /// assert_eq!(expression.dtype(), Dtype::Int32);
    /// # Ok::<(), miniexpr::Error>(())
    /// ```
    pub fn returns(self, dtype: Dtype) -> Function {
        Function { returns: dtype, ..self }
    }

    pub(super) fn dtype(&self) -> Dtype {
        self.returns
    }

    pub(super) fn kind(&self) -> EntryKind {
        // SAFETY: the address and the arity are those of a function pointer, or what the caller of `closure`
        // vouches for.
        let target = unsafe { UserFunction::new(self.address, self.context, self.arity, self.is_pure) };
        EntryKind::Function { target, float_math: false }
    }
}

/// `extern "C" fn(f64, …) -> f64` of 0 to 7 arguments.
///
/// ```
/// # use miniexpr::FunctionPointer;
/// extern "C" fn sum(a: f64, b: f64) -> f64 {
///     a + b
/// }
///
/// fn takes(_: impl FunctionPointer) {}
/// takes(sum as extern "C" fn(f64, f64) -> f64);
/// ```
pub trait FunctionPointer: private::Sealed {
    #[doc(hidden)]
    fn address_and_arity(self) -> (*const c_void, u8);
}

mod private {
    /// Only function pointers have the address of a function.
    pub trait Sealed {}
}

macro_rules! function_pointers {
    ($($arity:literal: ($($argument:ty),*),)*) => {
        $(
            impl private::Sealed for extern "C" fn($($argument),*) -> f64 {}
            impl FunctionPointer for extern "C" fn($($argument),*) -> f64 {
                fn address_and_arity(self) -> (*const c_void, u8) {
                    (self as *const c_void, $arity)
                }
            }
        )*
    };
}

function_pointers! {
    0: (),
    1: (f64),
    2: (f64, f64),
    3: (f64, f64, f64),
    4: (f64, f64, f64, f64),
    5: (f64, f64, f64, f64, f64),
    6: (f64, f64, f64, f64, f64, f64),
    7: (f64, f64, f64, f64, f64, f64, f64),
}
