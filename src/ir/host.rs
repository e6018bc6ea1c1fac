//! Functions of the host program.

use std::ffi::c_void;
use std::mem::transmute;

/// Address and calling convention of a host function: `double f(double, …)` with `arity` arguments,
/// or `double f(void *context, double, …)` for a closure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserFunction {
    address: *const c_void,
    /// Passed first when the function is a closure.
    context: Option<*mut c_void>,
    arity: u8,
    pure: bool,
}

// SAFETY: the library never reads through these pointers; it hands them to the host's function, which may
// be called from every thread, as whoever called `new` has promised.
unsafe impl Send for UserFunction {}
// SAFETY: as above.
unsafe impl Sync for UserFunction {}

impl UserFunction {
    /// The largest number of arguments.
    pub const MAX_ARITY: usize = 7;

    /// The function at `address`; a closure if there is a context. `pure` says that it has no side effects:
    /// it is called when its arguments are known, and as often as the library likes.
    ///
    /// # Safety
    /// At `address` is a C function `double f(double, …)` of `arity` arguments, at most
    /// [`UserFunction::MAX_ARITY`], or `double f(void *, double, …)` of as many and the context before them.
    /// It may be called with any arguments and this context, from any thread, as long as a copy of the value
    /// exists, or a kernel that was compiled with one; and it returns: nothing unwinds out of it.
    pub unsafe fn new(
        address: *const c_void,
        context: Option<*mut c_void>,
        arity: u8,
        pure: bool,
    ) -> UserFunction {
        UserFunction { address, context, arity, pure }
    }

    /// In WebAssembly an index of the function table.
    #[cfg(wasm_modules)]
    pub(crate) fn address(&self) -> *const c_void {
        self.address
    }

    #[cfg(any(test, wasm_modules))]
    pub(crate) fn is_closure(&self) -> bool {
        self.context.is_some()
    }

    /// Number of float64 arguments, without the context.
    pub fn arity(&self) -> u8 {
        self.arity
    }

    /// Without side effects: may be called at compile, and for items that do not need it.
    pub fn is_pure(&self) -> bool {
        self.pure
    }

    /// Calls the function with the first `arity` of `args`.
    pub fn call(&self, args: &[f64; UserFunction::MAX_ARITY]) -> f64 {
        // SAFETY: whoever called `new` has promised that the function has this signature and may be called.
        unsafe {
            match self.context {
                None => call_plain(self.address, self.arity, args),
                Some(context) => call_closure(self.address, self.arity, context, args),
            }
        }
    }
}

type D = f64;
type Ctx = *mut c_void;

/// # Safety
/// `address` is a C function of `arity` doubles that returns a double.
unsafe fn call_plain(address: *const c_void, arity: u8, v: &[D; UserFunction::MAX_ARITY]) -> f64 {
    // SAFETY: the signature is the one that the caller vouches for.
    unsafe {
        match arity {
            0 => transmute::<Plain, extern "C" fn() -> D>(address)(),
            1 => transmute::<Plain, extern "C" fn(D) -> D>(address)(v[0]),
            2 => transmute::<Plain, extern "C" fn(D, D) -> D>(address)(v[0], v[1]),
            3 => transmute::<Plain, extern "C" fn(D, D, D) -> D>(address)(v[0], v[1], v[2]),
            4 => transmute::<Plain, extern "C" fn(D, D, D, D) -> D>(address)(v[0], v[1], v[2], v[3]),
            5 => {
                let f = transmute::<Plain, extern "C" fn(D, D, D, D, D) -> D>(address);
                f(v[0], v[1], v[2], v[3], v[4])
            }
            6 => {
                let f = transmute::<Plain, extern "C" fn(D, D, D, D, D, D) -> D>(address);
                f(v[0], v[1], v[2], v[3], v[4], v[5])
            }
            _ => {
                let f = transmute::<Plain, extern "C" fn(D, D, D, D, D, D, D) -> D>(address);
                f(v[0], v[1], v[2], v[3], v[4], v[5], v[6])
            }
        }
    }
}

type Plain = *const c_void;

/// # Safety
/// `address` is a C function of a pointer and `arity` doubles that returns a double.
unsafe fn call_closure(
    address: *const c_void,
    arity: u8,
    context: Ctx,
    v: &[D; UserFunction::MAX_ARITY],
) -> f64 {
    // SAFETY: the signature is the one that the caller vouches for.
    unsafe {
        match arity {
            0 => transmute::<Plain, extern "C" fn(Ctx) -> D>(address)(context),
            1 => transmute::<Plain, extern "C" fn(Ctx, D) -> D>(address)(context, v[0]),
            2 => transmute::<Plain, extern "C" fn(Ctx, D, D) -> D>(address)(context, v[0], v[1]),
            3 => {
                let f = transmute::<Plain, extern "C" fn(Ctx, D, D, D) -> D>(address);
                f(context, v[0], v[1], v[2])
            }
            4 => {
                let f = transmute::<Plain, extern "C" fn(Ctx, D, D, D, D) -> D>(address);
                f(context, v[0], v[1], v[2], v[3])
            }
            5 => {
                let f = transmute::<Plain, extern "C" fn(Ctx, D, D, D, D, D) -> D>(address);
                f(context, v[0], v[1], v[2], v[3], v[4])
            }
            6 => {
                let f = transmute::<Plain, extern "C" fn(Ctx, D, D, D, D, D, D) -> D>(address);
                f(context, v[0], v[1], v[2], v[3], v[4], v[5])
            }
            _ => {
                let f = transmute::<Plain, extern "C" fn(Ctx, D, D, D, D, D, D, D) -> D>(address);
                f(context, v[0], v[1], v[2], v[3], v[4], v[5], v[6])
            }
        }
    }
}
