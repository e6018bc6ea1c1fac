//! Types and constants of the C header, laid out as `miniexpr.h` declares them.
//!
//! C passes an enum as a plain integer, and a caller can pass any integer. So the functions and
//! structures here hold integers, under the C names (`me_dtype`), and the enums only give the
//! values their names; no integer is ever transmuted into an enum.

use std::ffi::{c_char, c_int, c_uchar, c_void};

/// Data type of an element.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtypeCode {
    /// Inferred: variables take the output dtype, or the output dtype follows from the variables.
    ME_AUTO = 0,
    /// 1 byte, 0 or 1.
    ME_BOOL = 1,
    ME_INT8 = 2,
    ME_INT16 = 3,
    ME_INT32 = 4,
    ME_INT64 = 5,
    ME_UINT8 = 6,
    ME_UINT16 = 7,
    ME_UINT32 = 8,
    ME_UINT64 = 9,
    ME_FLOAT32 = 10,
    ME_FLOAT64 = 11,
    /// Pairs of float: real part, imaginary part.
    ME_COMPLEX64 = 12,
    /// Pairs of double: real part, imaginary part.
    ME_COMPLEX128 = 13,
    /// NumPy's `U`: code points of 4 bytes, padded with NUL to the itemsize.
    ME_STRING = 14,
    /// NumPy's `S`: bytes, padded with NUL to the itemsize.
    ME_BYTES = 15,
}

/// Result of a compile call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompileStatus {
    ME_COMPILE_SUCCESS = 0,
    /// Out of memory.
    ME_COMPILE_ERR_OOM = -1,
    /// The text is not a valid expression (`*error` says where) or kernel.
    ME_COMPILE_ERR_PARSE = -2,
    /// A required pointer is NULL, or a count or shape is out of range.
    ME_COMPILE_ERR_INVALID_ARG = -3,
    /// Complex numbers are not supported by this build; every build of this library supports them.
    ME_COMPILE_ERR_COMPLEX_UNSUPPORTED = -4,
    /// A reduction inside a reduction, or of a dtype for which it is not defined.
    ME_COMPILE_ERR_REDUCTION_INVALID = -5,
    /// Some variables have a dtype and some are ME_AUTO.
    ME_COMPILE_ERR_VAR_MIXED = -6,
    /// The output and all variables are ME_AUTO, so the dtype is unknown.
    ME_COMPILE_ERR_VAR_UNSPECIFIED = -7,
    /// A dtype, kind or itemsize is invalid, or an operation does not exist for its operands.
    ME_COMPILE_ERR_INVALID_ARG_TYPE = -8,
    /// Never returned by this library.
    ME_COMPILE_ERR_MIXED_TYPE_NESTED = -9,
    /// The text exceeds a limit of me_compile_params.
    ME_COMPILE_ERR_LIMIT = -10,
    /// The text uses what me_compile_params refuses: a kernel, or print.
    ME_COMPILE_ERR_REFUSED = -11,
    /// The library failed: a bug in it, which the message asks to report.
    ME_COMPILE_ERR_INTERNAL = -100,
}

/// Result of an evaluation call.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvalStatus {
    ME_EVAL_SUCCESS = 0,
    /// Out of memory.
    ME_EVAL_ERR_OOM = -1,
    /// The expression is NULL.
    ME_EVAL_ERR_NULL_EXPR = -2,
    /// The expression uses more than ME_MAX_VARS variables.
    ME_EVAL_ERR_TOO_MANY_VARS = -3,
    /// The number of input buffers is not the number of variables.
    ME_EVAL_ERR_VAR_MISMATCH = -4,
    /// A buffer is NULL, a count or index is out of range, or a kernel failed at run time.
    ME_EVAL_ERR_INVALID_ARG = -5,
    /// The caller stopped the evaluation, see me_budget. What the output holds is unspecified, here and
    /// for the three that follow; the expression can be evaluated again.
    ME_EVAL_ERR_CANCELLED = -6,
    /// The time of the call is up, see me_budget.
    ME_EVAL_ERR_TIMEOUT = -7,
    /// Loops take more passes than the call allows, see me_budget.
    ME_EVAL_ERR_PASSES = -8,
    /// A function of the host has called me_fail.
    ME_EVAL_ERR_CALLBACK = -9,
    /// The library failed: a bug in it. What the output holds is unspecified.
    ME_EVAL_ERR_INTERNAL = -100,
}

/// Accuracy of vectorised math functions, in units in the last place (ULP).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SimdUlpMode {
    /// The library's choice, ME_SIMD_ULP_DEFAULT_MODE.
    ME_SIMD_ULP_DEFAULT = 0,
    /// At most 1 ULP, except `tgamma` and `lgamma`.
    ME_SIMD_ULP_1 = 1,
    /// At most 3.5 ULP in float64; float32 as ME_SIMD_ULP_1.
    ME_SIMD_ULP_3_5 = 2,
}

/// Use of native kernels.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JitMode {
    /// Kernels written in the kernel language run natively where possible.
    ME_JIT_DEFAULT = 0,
    /// Like the default, but a compile call also makes native kernels of plain expressions.
    ME_JIT_ON = 1,
    /// Nothing runs natively.
    ME_JIT_OFF = 2,
}

/// The language of a text.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DialectCode {
    /// That of me_compile.
    ME_DIALECT_MINIEXPR = 0,
    /// Python's grammar with NumPy's dtypes.
    ME_DIALECT_NUMPY = 1,
    /// Python's grammar with numexpr's dtypes.
    ME_DIALECT_NUMEXPR = 2,
}

/// A dtype as it arrives from C: a value of [`DtypeCode`], or anything else.
pub type me_dtype = u32;
pub const ME_AUTO: me_dtype = DtypeCode::ME_AUTO as me_dtype;

/// A [`SimdUlpMode`] as it arrives from C.
pub type me_simd_ulp_mode = u32;
/// A [`JitMode`] as it arrives from C.
pub type me_jit_mode = u32;
pub const ME_JIT_DEFAULT: me_jit_mode = JitMode::ME_JIT_DEFAULT as me_jit_mode;
pub const ME_JIT_ON: me_jit_mode = JitMode::ME_JIT_ON as me_jit_mode;
pub const ME_JIT_OFF: me_jit_mode = JitMode::ME_JIT_OFF as me_jit_mode;

/// A [`DialectCode`] as it arrives from C.
pub type me_dialect = u32;

/// C's `bool` as it arrives: any byte, of which 0 is false.
pub type me_flag = u8;

/// One entry of the table of names that a compile call is given.
///
/// Entries the initialiser leaves out are zero: `{"x"}` is a variable of dtype ME_AUTO. The table
/// and the names are read during the compile call only; functions and contexts are used until
/// me_free.
/// cbindgen:field-names=[name, dtype, address, type, context, itemsize]
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_variable {
    /// Name in the expression, NUL-terminated.
    pub name: *const c_char,
    /// Dtype of the elements, or of a function's result.
    pub dtype: me_dtype,
    /// The function of a function or closure entry; not used for variables.
    pub address: *const c_void,
    /// Kind of the entry, ME_VARIABLE (0) and so on, with flags.
    pub type_: c_int,
    /// First argument of a closure.
    pub context: *mut c_void,
    /// Bytes of one element of an ME_STRING (a multiple of 4) or ME_BYTES variable; else ignored.
    pub itemsize: usize,
}

/// Options of one evaluation.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct me_eval_params {
    /// Evaluate one element at a time, with the math functions of highest accuracy.
    pub disable_simd: me_flag,
    /// Accuracy of vectorised math functions.
    pub simd_ulp_mode: me_simd_ulp_mode,
    /// ME_JIT_OFF: do not use a native kernel in this call.
    pub jit_mode: me_jit_mode,
}

/// Receives what a kernel prints: a line of `length` bytes, which ends with a newline and is not NUL-terminated. It
/// must return, and may be called from any evaluating thread, but from only one at a time within an evaluation.
pub type me_print_function =
    Option<unsafe extern "C" fn(context: *mut c_void, line: *const c_char, length: usize)>;

/// Options of me_compile_with. Fields that are zero have their defaults, those of me_compile.
///
/// For text from users, begin with me_sandbox_params().
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_compile_params {
    /// sizeof(me_compile_params): later versions may have more fields.
    pub struct_size: usize,
    /// The language of the text.
    pub dialect: me_dialect,
    /// Whether to make native kernels.
    pub jit_mode: me_jit_mode,
    /// Kernels are refused: the text is an expression.
    pub expressions_only: me_flag,
    /// Lines `# me:…` are comments like any other, so that a text chooses neither its compiler nor its floating-point
    /// mode.
    pub ignore_pragmas: me_flag,
    /// Kernels that print are refused.
    pub no_print: me_flag,
    /// The C compiler is not run, and none of its cached objects are loaded.
    pub no_disk_cache: me_flag,
    /// Expressions, blocks and calls inside one another; 0 for the library's own limit.
    pub max_nesting: c_int,
    /// Bytes of the text; 0 for no limit.
    pub max_text_bytes: i64,
    /// Nodes: operations, operands and statements of the compiled text; 0 for no limit.
    pub max_nodes: i64,
    /// Bytes of strings and numbers in the text; 0 for no limit.
    pub max_constant_bytes: i64,
    /// As in me_budget, for every evaluation of the expression; 0 for no limit.
    pub max_passes: i64,
    /// Takes what kernels print; NULL for C's stdout, or nothing in WebAssembly without a C library.
    pub print: me_print_function,
    /// First argument of `print`.
    pub print_context: *mut c_void,
}

impl Default for me_compile_params {
    /// The options of `me_compile`.
    fn default() -> me_compile_params {
        me_compile_params {
            struct_size: size_of::<me_compile_params>(),
            dialect: DialectCode::ME_DIALECT_MINIEXPR as me_dialect,
            jit_mode: ME_JIT_DEFAULT,
            expressions_only: 0,
            ignore_pragmas: 0,
            no_print: 0,
            no_disk_cache: 0,
            max_nesting: 0,
            max_text_bytes: 0,
            max_nodes: 0,
            max_constant_bytes: 0,
            max_passes: 0,
            print: None,
            print_context: std::ptr::null_mut(),
        }
    }
}

/// Limits of an evaluation. A field that is zero sets none.
///
/// Engines check it between blocks of items and in loops, so that a call ends within a few milliseconds; a function
/// of the host is not interrupted.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_budget {
    /// sizeof(me_budget): later versions may have more fields.
    pub struct_size: usize,
    /// NULL, or a number that any thread may set: once it is not 0, the call ends with ME_EVAL_ERR_CANCELLED.
    pub cancel: *const i32,
    /// Nanoseconds from the start of the call after which it ends with ME_EVAL_ERR_TIMEOUT.
    pub timeout_ns: i64,
    /// Passes of loops that an item may take in all; one that needs more ends the call with ME_EVAL_ERR_PASSES. A
    /// pass counts for all items that are evaluated together, also for those that no longer take part.
    pub max_passes: i64,
}

/// What went wrong in a call.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_error {
    /// sizeof(me_error), set before the call: later versions may have more fields.
    pub struct_size: usize,
    /// The me_compile_status or me_eval_status that the call returned; 0 if none has failed.
    pub status: c_int,
    /// The code that a function of the host passed to me_fail; 0 for any other error.
    pub code: c_int,
    /// The part of the text that is to blame: the bytes from `start`, counted from 0, up to but not including `end`.
    /// -1: no place.
    pub start: i64,
    pub end: i64,
    /// Where `start` is, counted from 1, the column in characters. 0: no place.
    pub line: c_int,
    pub column: c_int,
    /// What went wrong, of any length. Never NULL.
    pub message: *const c_char,
    /// What to write instead, or NULL.
    pub hint: *const c_char,
}

/// What a name of the language is.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltinKind {
    /// A number.
    ME_BUILTIN_CONSTANT = 0,
    /// A function of each item.
    ME_BUILTIN_FUNCTION = 1,
    /// One value of all items.
    ME_BUILTIN_REDUCTION = 2,
    /// A function of strings.
    ME_BUILTIN_STRING = 3,
}

/// A [`BuiltinKind`] as C has it.
pub type me_builtin_kind = u32;

/// A name of the language.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_builtin_info {
    pub name: *const c_char,
    pub kind: me_builtin_kind,
    /// Number of arguments, without those that may be left out.
    pub arity: c_int,
    /// One line that says what it is.
    pub help: *const c_char,
}

/// What me_dump writes.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DumpKind {
    /// The operations of the result and what each works on, one a line.
    ME_DUMP_TREE = 0,
    /// The typed program that the engines run.
    ME_DUMP_IR = 1,
    /// The vector program of the machine code engine, one instruction a line.
    ME_DUMP_LANES = 2,
    /// The C text that the C compiler's engine would compile.
    ME_DUMP_C = 3,
    /// The WebAssembly module that the engine of modules would instantiate, as text (WAT). Only builds for WebAssembly
    /// make one.
    ME_DUMP_WASM = 4,
}

/// A [`DumpKind`] as it arrives from C.
pub type me_dump_kind = u32;

/// An array of any shape.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_array {
    /// The item whose indices are all zero, at any alignment. Items of inputs are only read.
    pub data: *mut c_void,
    /// Dtype of the items.
    pub dtype: me_dtype,
    /// Bytes of an item of an ME_STRING or ME_BYTES array; 0, or that of the dtype, for any other.
    pub itemsize: usize,
    /// Number of dimensions, 0 to 32.
    pub ndim: c_int,
    /// Items along each dimension, the outermost first.
    pub shape: *const i64,
    /// Bytes from one item to the next along each dimension, of any sign; 0 repeats the items of an
    /// input. NULL: the items lie side by side in C order.
    pub strides: *const i64,
}

/// Options of me_eval_arrays. Fields that are zero have their defaults.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct me_array_params {
    /// sizeof(me_array_params): later versions may have more fields.
    pub struct_size: usize,
    /// As for me_eval.
    pub eval: me_eval_params,
    /// Threads that may work at once, the calling one included: 0 or 1 for that one alone, -1 for
    /// me_get_num_threads(). Functions of the host are then called from several threads.
    pub n_threads: c_int,
    /// NULL, or a flag that other threads may set and that the call checks now and then: once it is not 0, the call
    /// ends with ME_EVAL_ERR_CANCELLED.
    pub cancel: *const i32,
    /// NULL, or a function that the calling thread calls now and then with `context`, the number of items done, and
    /// that of all items.
    pub progress: Option<unsafe extern "C" fn(context: *mut c_void, done_items: i64, all_items: i64)>,
    /// First argument of `progress`.
    pub context: *mut c_void,
    /// As in me_budget; 0 for no limit.
    pub timeout_ns: i64,
    /// As in me_budget; 0 for no limit.
    pub max_passes: i64,
}

impl Default for me_array_params {
    /// The options of a call without any.
    fn default() -> me_array_params {
        me_array_params {
            struct_size: size_of::<me_array_params>(),
            eval: me_eval_params::default(),
            n_threads: 1,
            cancel: std::ptr::null(),
            progress: None,
            context: std::ptr::null_mut(),
            timeout_ns: 0,
            max_passes: 0,
        }
    }
}

/// A compiled expression: immutable, usable from several threads, released with me_free.
pub struct me_expr {
    _private: (),
}

/// Instantiates a kernel module in a WebAssembly host.
///
/// `wasm_bytes` holds a module of `wasm_len` bytes, valid during the call. `bridge_lookup_fn_idx` is
/// the function-table index of an `int lookup(const char *name)` that gives the table index of a
/// host function, 0 if there is none. Returns the table index of the kernel, 0 on failure. Must not
/// throw: a JavaScript exception would abandon the compile call half-way and leak its memory.
pub type me_wasm_jit_instantiate_helper = Option<
    unsafe extern "C" fn(wasm_bytes: *const c_uchar, wasm_len: c_int, bridge_lookup_fn_idx: c_int) -> c_int,
>;

/// A clock: milliseconds since an arbitrary time. It must return, and may be called from any thread.
pub type me_clock = Option<unsafe extern "C" fn() -> f64>;

/// Releases a function-table index that the instantiate helper gave. Must not throw.
pub type me_wasm_jit_free_helper = Option<unsafe extern "C" fn(fn_idx: c_int)>;
