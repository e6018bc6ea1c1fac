/*
 * miniexpr: evaluates array expressions, given as text, over typed buffers.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * Written by cbindgen from src/ffi; do not edit: see docs/embedding.md, "The header".
 *
 * Compile a text once (me_compile), evaluate it any number of times (me_eval), free it (me_free):
 *
 *     me_variable vars[] = {{"x", ME_FLOAT64}, {"y", ME_FLOAT64}};
 *     me_expr *expr;
 *     int where;
 *     if (me_compile("sqrt(x*x + y*y)", vars, 2, ME_AUTO, &where, &expr) == ME_COMPILE_SUCCESS) {
 *         const void *inputs[] = {x, y};
 *         me_eval(expr, inputs, 2, out, n, NULL);
 *         me_free(expr);
 *     }
 *
 * Threads: every function may be called from any thread. Any number of threads may evaluate one
 * expression at the same time, into disjoint outputs; only me_free needs the expression to itself.
 * The library starts threads for me_eval_arrays alone, and only if it is asked for several. Any other
 * evaluation takes none of its locks and waits for no other thread.
 *
 * Fork: a child may compile, evaluate and free, also where other threads of its parent were in the
 * middle of a call. What the parent had compiled works in the child.
 *
 * Environment: only compile calls read variables, with getenv. An evaluation reads none: the limits
 * that it obeys (ME_DSL_WHILE_MAX_ITERS) were read when its expression was compiled. ME_SIMD_LEVEL,
 * ME_SIMD_MATH_BACKEND and ME_NUM_THREADS are read by the first compile call of the process, all
 * others by each. So no thread may change the environment (setenv, putenv) during a compile call; any
 * may during an evaluation.
 *
 * Functions of the host return to the library: a C++ exception that leaves one ends the process, and
 * longjmp must not leave one. They may call the library.
 */


#ifndef MINIEXPR_H
#define MINIEXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ME_VERSION_MAJOR 0
#define ME_VERSION_MINOR 3
#define ME_VERSION_PATCH 0
#define ME_VERSION_STRING "0.3.0"

/* Informative limits; a program may define its own values before including this header. */
#ifndef ME_EVAL_BLOCK_NITEMS
#define ME_EVAL_BLOCK_NITEMS 4096 /* a good number of items per evaluation block */
#endif
#ifndef ME_MAX_VARS
#define ME_MAX_VARS 128 /* distinct variables one expression can use */
#endif
#ifndef ME_EVAL_ENABLE_BLOCKING
#define ME_EVAL_ENABLE_BLOCKING 1 /* large evaluations are divided into blocks internally */
#endif
#ifndef ME_SIMD_ULP_DEFAULT_MODE
#define ME_SIMD_ULP_DEFAULT_MODE ME_SIMD_ULP_3_5 /* what ME_SIMD_ULP_DEFAULT means */
#endif

/** Default evaluation options: an initialiser, and an expression where the language allows it. */
#ifdef __cplusplus
#define ME_EVAL_PARAMS_DEFAULTS me_eval_params{false, ME_SIMD_ULP_DEFAULT, ME_JIT_DEFAULT}
#else
#define ME_EVAL_PARAMS_DEFAULTS (me_eval_params){false, ME_SIMD_ULP_DEFAULT, ME_JIT_DEFAULT}
#endif

/**
 * An entry of the table of names for a variable, an initialiser without a field left out:
 *
 *     me_variable variables[] = {ME_VAR("x", ME_FLOAT64), ME_VAR("n", ME_INT32)};
 */
#define ME_VAR(name, dtype) {(name), (dtype), NULL, ME_VARIABLE, NULL, 0}

/**
 * Kind of a me_variable entry, its field `type`.
 *
 * ME_FUNCTIONn takes n doubles, ME_CLOSUREn takes the entry's context and then n doubles; both
 * return a double. The flags are or-ed in.
 */
enum {
    ME_VARIABLE = 0,
    ME_FUNCTION0 = 8,
    ME_FUNCTION1,
    ME_FUNCTION2,
    ME_FUNCTION3,
    ME_FUNCTION4,
    ME_FUNCTION5,
    ME_FUNCTION6,
    ME_FUNCTION7,
    ME_CLOSURE0 = 16,
    ME_CLOSURE1,
    ME_CLOSURE2,
    ME_CLOSURE3,
    ME_CLOSURE4,
    ME_CLOSURE5,
    ME_CLOSURE6,
    ME_CLOSURE7,
    /** Equal arguments give equal results: calls with constant arguments happen once, at compile time. */
    ME_FLAG_PURE = 32,
    /** With a result dtype of ME_AUTO: an integer argument gives a float64 result. */
    ME_FLAG_FLOAT_MATH = 64
};


/**
 * Data type of an element.
 */
typedef enum me_dtype {
    /**
     * Inferred: variables take the output dtype, or the output dtype follows from the variables.
     */
    ME_AUTO = 0,
    /**
     * 1 byte, 0 or 1.
     */
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
    /**
     * Pairs of float: real part, imaginary part.
     */
    ME_COMPLEX64 = 12,
    /**
     * Pairs of double: real part, imaginary part.
     */
    ME_COMPLEX128 = 13,
    /**
     * NumPy's `U`: code points of 4 bytes, padded with NUL to the itemsize.
     */
    ME_STRING = 14,
    /**
     * NumPy's `S`: bytes, padded with NUL to the itemsize.
     */
    ME_BYTES = 15,
} me_dtype;

/**
 * Result of a compile call.
 */
typedef enum me_compile_status {
    ME_COMPILE_SUCCESS = 0,
    /**
     * Out of memory.
     */
    ME_COMPILE_ERR_OOM = -1,
    /**
     * The text is not a valid expression (`*error` says where) or kernel.
     */
    ME_COMPILE_ERR_PARSE = -2,
    /**
     * A required pointer is NULL, or a count or shape is out of range.
     */
    ME_COMPILE_ERR_INVALID_ARG = -3,
    /**
     * Complex numbers are not supported by this build; every build of this library supports them.
     */
    ME_COMPILE_ERR_COMPLEX_UNSUPPORTED = -4,
    /**
     * A reduction inside a reduction, or of a dtype for which it is not defined.
     */
    ME_COMPILE_ERR_REDUCTION_INVALID = -5,
    /**
     * Some variables have a dtype and some are ME_AUTO.
     */
    ME_COMPILE_ERR_VAR_MIXED = -6,
    /**
     * The output and all variables are ME_AUTO, so the dtype is unknown.
     */
    ME_COMPILE_ERR_VAR_UNSPECIFIED = -7,
    /**
     * A dtype, kind or itemsize is invalid, or an operation does not exist for its operands.
     */
    ME_COMPILE_ERR_INVALID_ARG_TYPE = -8,
    /**
     * Never returned by this library.
     */
    ME_COMPILE_ERR_MIXED_TYPE_NESTED = -9,
    /**
     * The text exceeds a limit of me_compile_params.
     */
    ME_COMPILE_ERR_LIMIT = -10,
    /**
     * The text uses what me_compile_params refuses: a kernel, or print.
     */
    ME_COMPILE_ERR_REFUSED = -11,
    /**
     * The library failed: a bug in it, which the message asks to report.
     */
    ME_COMPILE_ERR_INTERNAL = -100,
} me_compile_status;

/**
 * Result of an evaluation call.
 */
typedef enum me_eval_status {
    ME_EVAL_SUCCESS = 0,
    /**
     * Out of memory.
     */
    ME_EVAL_ERR_OOM = -1,
    /**
     * The expression is NULL.
     */
    ME_EVAL_ERR_NULL_EXPR = -2,
    /**
     * The expression uses more than ME_MAX_VARS variables.
     */
    ME_EVAL_ERR_TOO_MANY_VARS = -3,
    /**
     * The number of input buffers is not the number of variables.
     */
    ME_EVAL_ERR_VAR_MISMATCH = -4,
    /**
     * A buffer is NULL, a count or index is out of range, or a kernel failed at run time.
     */
    ME_EVAL_ERR_INVALID_ARG = -5,
    /**
     * The caller stopped the evaluation, see me_budget. What the output holds is unspecified, here and
     * for the three that follow; the expression can be evaluated again.
     */
    ME_EVAL_ERR_CANCELLED = -6,
    /**
     * The time of the call is up, see me_budget.
     */
    ME_EVAL_ERR_TIMEOUT = -7,
    /**
     * Loops take more passes than the call allows, see me_budget.
     */
    ME_EVAL_ERR_PASSES = -8,
    /**
     * A function of the host has called me_fail.
     */
    ME_EVAL_ERR_CALLBACK = -9,
    /**
     * The library failed: a bug in it. What the output holds is unspecified.
     */
    ME_EVAL_ERR_INTERNAL = -100,
} me_eval_status;

/**
 * Accuracy of vectorised math functions, in units in the last place (ULP).
 */
typedef enum me_simd_ulp_mode {
    /**
     * The library's choice, ME_SIMD_ULP_DEFAULT_MODE.
     */
    ME_SIMD_ULP_DEFAULT = 0,
    /**
     * At most 1 ULP, except `tgamma` and `lgamma`.
     */
    ME_SIMD_ULP_1 = 1,
    /**
     * At most 3.5 ULP in float64; float32 as ME_SIMD_ULP_1.
     */
    ME_SIMD_ULP_3_5 = 2,
} me_simd_ulp_mode;

/**
 * Use of native kernels.
 */
typedef enum me_jit_mode {
    /**
     * Kernels written in the kernel language run natively where possible.
     */
    ME_JIT_DEFAULT = 0,
    /**
     * Like the default, but a compile call also makes native kernels of plain expressions.
     */
    ME_JIT_ON = 1,
    /**
     * Nothing runs natively.
     */
    ME_JIT_OFF = 2,
} me_jit_mode;

/**
 * The language of a text.
 */
typedef enum me_dialect {
    /**
     * That of me_compile.
     */
    ME_DIALECT_MINIEXPR = 0,
    /**
     * Python's grammar with NumPy's dtypes.
     */
    ME_DIALECT_NUMPY = 1,
    /**
     * Python's grammar with numexpr's dtypes.
     */
    ME_DIALECT_NUMEXPR = 2,
} me_dialect;

/**
 * What a name of the language is.
 */
typedef enum me_builtin_kind {
    /**
     * A number.
     */
    ME_BUILTIN_CONSTANT = 0,
    /**
     * A function of each item.
     */
    ME_BUILTIN_FUNCTION = 1,
    /**
     * One value of all items.
     */
    ME_BUILTIN_REDUCTION = 2,
    /**
     * A function of strings.
     */
    ME_BUILTIN_STRING = 3,
} me_builtin_kind;

/**
 * What me_dump writes.
 */
typedef enum me_dump_kind {
    /**
     * The operations of the result and what each works on, one a line.
     */
    ME_DUMP_TREE = 0,
    /**
     * The typed program that the engines run.
     */
    ME_DUMP_IR = 1,
    /**
     * The vector program of the machine code engine, one instruction a line.
     */
    ME_DUMP_LANES = 2,
    /**
     * The C text that the C compiler's engine would compile.
     */
    ME_DUMP_C = 3,
    /**
     * The WebAssembly module that the engine of modules would instantiate, as text (WAT). Only builds for WebAssembly
     * make one.
     */
    ME_DUMP_WASM = 4,
} me_dump_kind;

/**
 * A compiled expression: immutable, usable from several threads, released with me_free.
 */
typedef struct me_expr me_expr;

/**
 * One entry of the table of names that a compile call is given.
 *
 * Entries the initialiser leaves out are zero: `{"x"}` is a variable of dtype ME_AUTO. The table
 * and the names are read during the compile call only; functions and contexts are used until
 * me_free.
 */
typedef struct me_variable {
    /**
     * Name in the expression, NUL-terminated.
     */
    const char *name;
    /**
     * Dtype of the elements, or of a function's result.
     */
    me_dtype dtype;
    /**
     * The function of a function or closure entry; not used for variables.
     */
    const void *address;
    /**
     * Kind of the entry, ME_VARIABLE (0) and so on, with flags.
     */
    int type;
    /**
     * First argument of a closure.
     */
    void *context;
    /**
     * Bytes of one element of an ME_STRING (a multiple of 4) or ME_BYTES variable; else ignored.
     */
    size_t itemsize;
} me_variable;

/**
 * Receives what a kernel prints: a line of `length` bytes, which ends with a newline and is not NUL-terminated. It
 * must return, and may be called from any evaluating thread, but from only one at a time within an evaluation.
 */
typedef void (*me_print_function)(void *context, const char *line, size_t length);

/**
 * Options of me_compile_with. Fields that are zero have their defaults, those of me_compile.
 *
 * For text from users, begin with me_sandbox_params().
 */
typedef struct me_compile_params {
    /**
     * sizeof(me_compile_params): later versions may have more fields.
     */
    size_t struct_size;
    /**
     * The language of the text.
     */
    me_dialect dialect;
    /**
     * Whether to make native kernels.
     */
    me_jit_mode jit_mode;
    /**
     * Kernels are refused: the text is an expression.
     */
    bool expressions_only;
    /**
     * Lines `# me:…` are comments like any other, so that a text chooses neither its compiler nor its floating-point
     * mode.
     */
    bool ignore_pragmas;
    /**
     * Kernels that print are refused.
     */
    bool no_print;
    /**
     * The C compiler is not run, and none of its cached objects are loaded.
     */
    bool no_disk_cache;
    /**
     * Expressions, blocks and calls inside one another; 0 for the library's own limit.
     */
    int max_nesting;
    /**
     * Bytes of the text; 0 for no limit.
     */
    int64_t max_text_bytes;
    /**
     * Nodes: operations, operands and statements of the compiled text; 0 for no limit.
     */
    int64_t max_nodes;
    /**
     * Bytes of strings and numbers in the text; 0 for no limit.
     */
    int64_t max_constant_bytes;
    /**
     * As in me_budget, for every evaluation of the expression; 0 for no limit.
     */
    int64_t max_passes;
    /**
     * Takes what kernels print; NULL for C's stdout, or nothing in WebAssembly without a C library.
     */
    me_print_function print;
    /**
     * First argument of `print`.
     */
    void *print_context;
} me_compile_params;

/**
 * A name of the language.
 */
typedef struct me_builtin_info {
    const char *name;
    me_builtin_kind kind;
    /**
     * Number of arguments, without those that may be left out.
     */
    int arity;
    /**
     * One line that says what it is.
     */
    const char *help;
} me_builtin_info;

/**
 * What went wrong in a call.
 */
typedef struct me_error {
    /**
     * sizeof(me_error), set before the call: later versions may have more fields.
     */
    size_t struct_size;
    /**
     * The me_compile_status or me_eval_status that the call returned; 0 if none has failed.
     */
    int status;
    /**
     * The code that a function of the host passed to me_fail; 0 for any other error.
     */
    int code;
    /**
     * The part of the text that is to blame: the bytes from `start`, counted from 0, up to but not including `end`.
     * -1: no place.
     */
    int64_t start;
    int64_t end;
    /**
     * Where `start` is, counted from 1, the column in characters. 0: no place.
     */
    int line;
    int column;
    /**
     * What went wrong, of any length. Never NULL.
     */
    const char *message;
    /**
     * What to write instead, or NULL.
     */
    const char *hint;
} me_error;

/**
 * Options of one evaluation.
 */
typedef struct me_eval_params {
    /**
     * Evaluate one element at a time, with the math functions of highest accuracy.
     */
    bool disable_simd;
    /**
     * Accuracy of vectorised math functions.
     */
    me_simd_ulp_mode simd_ulp_mode;
    /**
     * ME_JIT_OFF: do not use a native kernel in this call.
     */
    me_jit_mode jit_mode;
} me_eval_params;

/**
 * Limits of an evaluation. A field that is zero sets none.
 *
 * Engines check it between blocks of items and in loops, so that a call ends within a few milliseconds; a function
 * of the host is not interrupted.
 */
typedef struct me_budget {
    /**
     * sizeof(me_budget): later versions may have more fields.
     */
    size_t struct_size;
    /**
     * NULL, or a number that any thread may set: once it is not 0, the call ends with ME_EVAL_ERR_CANCELLED.
     */
    const int32_t *cancel;
    /**
     * Nanoseconds from the start of the call after which it ends with ME_EVAL_ERR_TIMEOUT.
     */
    int64_t timeout_ns;
    /**
     * Passes of loops that an item may take in all; one that needs more ends the call with ME_EVAL_ERR_PASSES. A
     * pass counts for all items that are evaluated together, also for those that no longer take part.
     */
    int64_t max_passes;
} me_budget;

/**
 * An array of any shape.
 */
typedef struct me_array {
    /**
     * The item whose indices are all zero, at any alignment. Items of inputs are only read.
     */
    void *data;
    /**
     * Dtype of the items.
     */
    me_dtype dtype;
    /**
     * Bytes of an item of an ME_STRING or ME_BYTES array; 0, or that of the dtype, for any other.
     */
    size_t itemsize;
    /**
     * Number of dimensions, 0 to 32.
     */
    int ndim;
    /**
     * Items along each dimension, the outermost first.
     */
    const int64_t *shape;
    /**
     * Bytes from one item to the next along each dimension, of any sign; 0 repeats the items of an
     * input. NULL: the items lie side by side in C order.
     */
    const int64_t *strides;
} me_array;

/**
 * Options of me_eval_arrays. Fields that are zero have their defaults.
 */
typedef struct me_array_params {
    /**
     * sizeof(me_array_params): later versions may have more fields.
     */
    size_t struct_size;
    /**
     * As for me_eval.
     */
    struct me_eval_params eval;
    /**
     * Threads that may work at once, the calling one included: 0 or 1 for that one alone, -1 for
     * me_get_num_threads(). Functions of the host are then called from several threads.
     */
    int n_threads;
    /**
     * NULL, or a flag that other threads may set and that the call checks now and then: once it is not 0, the call
     * ends with ME_EVAL_ERR_CANCELLED.
     */
    const int32_t *cancel;
    /**
     * NULL, or a function that the calling thread calls now and then with `context`, the number of items done, and
     * that of all items.
     */
    void (*progress)(void *context, int64_t done_items, int64_t all_items);
    /**
     * First argument of `progress`.
     */
    void *context;
    /**
     * As in me_budget; 0 for no limit.
     */
    int64_t timeout_ns;
    /**
     * As in me_budget; 0 for no limit.
     */
    int64_t max_passes;
} me_array_params;

/**
 * Instantiates a kernel module in a WebAssembly host.
 *
 * `wasm_bytes` holds a module of `wasm_len` bytes, valid during the call. `bridge_lookup_fn_idx` is
 * the function-table index of an `int lookup(const char *name)` that gives the table index of a
 * host function, 0 if there is none. Returns the table index of the kernel, 0 on failure. Must not
 * throw: a JavaScript exception would abandon the compile call half-way and leak its memory.
 */
typedef int (*me_wasm_jit_instantiate_helper)(const unsigned char *wasm_bytes,
                                              int wasm_len,
                                              int bridge_lookup_fn_idx);

/**
 * Releases a function-table index that the instantiate helper gave. Must not throw.
 */
typedef void (*me_wasm_jit_free_helper)(int fn_idx);

/**
 * A clock: milliseconds since an arbitrary time. It must return, and may be called from any thread.
 */
typedef double (*me_clock)(void);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Compiles an expression, or a kernel (`def name(...): ...`), for flat arrays.
 *
 * `variables` lists `var_count` names with their dtypes; NULL when there are none. `dtype` is the
 * dtype of the result, ME_AUTO to infer it. Nothing passed in needs to outlive the call, except
 * functions and their contexts.
 *
 * Returns a me_compile_status. On success `*out` is the expression, to be released with me_free;
 * on any failure it is NULL. `error` may be NULL; else `*error` is 0 on success, the position in
 * bytes at which a text failed to parse (from 1), or -1. me_get_last_error_message() says what went
 * wrong.
 *
 * # Safety
 * Pointers are NULL or valid, texts end with NUL, `variables` has `var_count` entries.
 */
int me_compile(const char *expression,
               const struct me_variable *variables,
               int var_count,
               me_dtype dtype,
               int *error,
               struct me_expr **out);

/**
 * Compiles as me_compile does, for the blocks of a chunked array.
 *
 * The array has `ndims` dimensions and shape `shape`; it is cut into chunks of `chunkshape`, each
 * chunk into blocks of `blockshape` (all in items, C order, `ndims` numbers each). Chunks and blocks
 * at the edges are padded to their full shape. The result works with me_eval_nd and with me_eval.
 *
 * Returns a me_compile_status, as me_compile does.
 *
 * # Safety
 * As for me_compile; the three shapes are NULL or have `ndims` numbers.
 */
int me_compile_nd(const char *expression,
                  const struct me_variable *variables,
                  int var_count,
                  me_dtype dtype,
                  int ndims,
                  const int64_t *shape,
                  const int32_t *chunkshape,
                  const int32_t *blockshape,
                  int *error,
                  struct me_expr **out);

/**
 * Compiles as me_compile_nd does, with a choice of engine.
 *
 * `jit_mode` is a me_jit_mode. With ME_JIT_ON a plain expression is compiled as a kernel of which
 * every declared variable is a parameter: evaluation then takes a buffer for each of them.
 *
 * Returns a me_compile_status, as me_compile does.
 *
 * # Safety
 * As for me_compile_nd.
 */
int me_compile_nd_jit(const char *expression,
                      const struct me_variable *variables,
                      int var_count,
                      me_dtype dtype,
                      int ndims,
                      const int64_t *shape,
                      const int32_t *chunkshape,
                      const int32_t *blockshape,
                      int jit_mode,
                      int *error,
                      struct me_expr **out);

/**
 * Compiles as me_compile does, with options.
 *
 * `params` may be NULL for the defaults, which are those of me_compile. Unlike in me_compile, a name that no text
 * can use, or that occurs twice in `variables`, is ME_COMPILE_ERR_INVALID_ARG, and the parameters of a kernel are some of the
 * variables, in any order: me_expr_variable_count() gives the number of arrays that evaluations take.
 *
 * Returns a me_compile_status, as me_compile does.
 *
 * # Safety
 * As for me_compile; `params` is NULL or begins with its size, and has that many bytes.
 */
int me_compile_with(const char *text,
                    const struct me_variable *variables,
                    int var_count,
                    me_dtype dtype,
                    const struct me_compile_params *params,
                    int *error,
                    struct me_expr **out);

/**
 * Options for text from users: expressions only, no pragmas, and limits within which every text compiles in a few
 * milliseconds. The fields are independent: what the host changes (`dialect`, `expressions_only = false` for
 * kernels) leaves the others in force. docs/security.md describes the guarantees.
 */
struct me_compile_params me_sandbox_params(void);

/**
 * Whether me_compile reads a text as a kernel, and not as an expression; false for NULL.
 *
 * # Safety
 * `text` is NULL or ends with NUL.
 */
bool me_is_kernel(const char *text);

/**
 * How many names the language has.
 */
int me_builtin_count(void);

/**
 * Describes name number `index` of the language, counted from 0 in alphabetical order. The texts live as long
 * as the process.
 *
 * Returns false, and writes nothing, if there is no such name.
 *
 * # Safety
 * `info` is NULL or writable.
 */
bool me_builtin(int index,
                struct me_builtin_info *info);

/**
 * What went wrong in the calling thread's last failed call. An error of a compile call remains until one succeeds;
 * ask for that of an evaluation right after it.
 *
 * `error->struct_size` is set before the call. The texts belong to the library, and are valid until the thread's next
 * call that compiles or fails.
 *
 * Returns whether there is an error; if not, the status is 0 and the message is empty.
 *
 * # Safety
 * `error` is NULL or begins with its size, and has that many bytes.
 */
bool me_get_last_error(struct me_error *error);

/**
 * Why the calling thread's last compile call failed; NULL if it succeeded. After a failed
 * me_eval_arrays or me_result_shape, why that failed.
 *
 * The text belongs to the library, has at most 255 bytes, and is valid until the thread's next
 * compile call, or call with arrays.
 */
const char *me_get_last_error_message(void);

/**
 * The part of the compiled text that is to blame for the error of me_get_last_error_message(): the bytes from
 * `*start` up to but not including `*end`.
 *
 * Returns false, and writes nothing, if the error has no place in the text, or there is none.
 *
 * # Safety
 * `start` and `end` are NULL or writable.
 */
bool me_get_last_error_span(size_t *start,
                            size_t *end);

/**
 * Evaluates over flat arrays.
 *
 * `vars_block` holds `n_vars` buffers of `block_nitems` elements each, at any alignment: one for
 * each variable an expression uses, in the order of declaration; for a kernel, one for each declared
 * variable. It may be NULL when there are none.
 *
 * `output_block` receives `block_nitems` elements of me_get_itemsize() bytes; one element if the
 * whole expression is a reduction. It may be one of the inputs when the elements have the same size
 * and the expression is element-wise. `params` may be NULL for ME_EVAL_PARAMS_DEFAULTS.
 *
 * Returns a me_eval_status.
 *
 * # Safety
 * `expr` is NULL or alive; the buffers are NULL or have the sizes given above.
 */
int me_eval(const struct me_expr *expr,
            const void **vars_block,
            int n_vars,
            void *output_block,
            int block_nitems,
            const struct me_eval_params *params);

/**
 * Evaluates as me_eval does, within a budget.
 *
 * `budget` may be NULL for none. When it ends an evaluation, what the output holds is unspecified; the expression is
 * unchanged.
 *
 * Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
 *
 * # Safety
 * As for me_eval; `budget` is NULL or begins with its size, and has that many bytes.
 */
int me_eval_with(const struct me_expr *expr,
                 const void **vars_block,
                 int n_vars,
                 void *output_block,
                 int block_nitems,
                 const struct me_eval_params *params,
                 const struct me_budget *budget);

/**
 * Marks the evaluation in which the host's function is called as failed: it ends with ME_EVAL_ERR_CALLBACK, on all
 * its threads, and no function of the host is called for it any more. What the function returns is ignored.
 * me_get_last_error() gives the host `code` and `message`, of which the library makes a copy; NULL for no message.
 *
 * Returns false, and does nothing, if the calling thread is not in an evaluation.
 *
 * # Safety
 * `message` is NULL or ends with NUL.
 */
bool me_fail(int code,
             const char *message);

/**
 * The shape of what me_eval_arrays writes for these inputs: their broadcast shape, or no dimensions if the whole
 * expression is a reduction.
 *
 * `inputs` are as for me_eval_arrays; their data is not looked at. `*ndim` receives the number of
 * dimensions, `shape`, with room for 32, the extents.
 *
 * Returns a me_eval_status; on a failure me_get_last_error_message() says what went wrong.
 *
 * # Safety
 * `expr` is NULL or alive; `inputs` is NULL or has `n_inputs` arrays, whose shapes have `ndim`
 * numbers; `ndim` and `shape` are NULL or writable.
 */
int me_result_shape(const struct me_expr *expr,
                    const struct me_array *inputs,
                    int n_inputs,
                    int *ndim,
                    int64_t *shape);

/**
 * Evaluates over arrays of any shape and strides, on several threads if that is asked for.
 *
 * `inputs` holds `n_inputs` arrays of the declared dtypes: one for each variable an expression
 * uses, in the order of declaration; for a kernel, one for each declared variable. It may be NULL
 * when there are none. The inputs that are used are broadcast as in NumPy.
 *
 * `output` has the shape that me_result_shape() gives, or any if no input is used; its strides
 * must not lead two indices to one item. It may overlap inputs in any way: the result is as if they
 * had been copied first. It is the same, bit for bit, for any strides and any number of threads.
 *
 * `params` may be NULL for the defaults.
 *
 * Returns a me_eval_status; on a failure me_get_last_error_message() says what went wrong.
 *
 * # Safety
 * `expr` is NULL or alive; the arrays hold the items that their shapes and strides span; `params`
 * is NULL or begins with its size, and has that many bytes.
 */
int me_eval_arrays(const struct me_expr *expr,
                   const struct me_array *inputs,
                   int n_inputs,
                   struct me_array *output,
                   const struct me_array_params *params);

/**
 * Sets the number of threads for calls of me_eval_arrays that ask for -1; 0 or less sets the default:
 * ME_NUM_THREADS as it was at the first compile call, else the number of processors that the
 * process may use.
 */
void me_set_num_threads(int n_threads);

/**
 * The number of threads for calls of me_eval_arrays that ask for -1.
 */
int me_get_num_threads(void);

/**
 * Evaluates one block of a chunked array, for an expression of me_compile_nd.
 *
 * `nchunk` numbers the chunk in the array and `nblock` the block in the chunk, both in C order from
 * 0. Each input buffer holds one whole padded block. Bytes outside the array may be read, but have no influence on
 * the results.
 * `block_nitems` is at least the number of items of a block.
 *
 * `output_block` receives one whole padded block, zero outside the array; one element if the whole
 * expression is a reduction, computed over the items inside the array. A block without any such item
 * is zeroed, whatever the inputs; only the mean of no items is NaN.
 *
 * Returns a me_eval_status.
 *
 * # Safety
 * `expr` is NULL or alive; the buffers are NULL or have `block_nitems` elements.
 */
int me_eval_nd(const struct me_expr *expr,
               const void **vars_block,
               int n_vars,
               void *output_block,
               int block_nitems,
               int64_t nchunk,
               int64_t nblock,
               const struct me_eval_params *params);

/**
 * Evaluates as me_eval_nd does, within a budget, see me_eval_with.
 *
 * Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
 *
 * # Safety
 * As for me_eval_nd and me_eval_with.
 */
int me_eval_nd_with(const struct me_expr *expr,
                    const void **vars_block,
                    int n_vars,
                    void *output_block,
                    int block_nitems,
                    int64_t nchunk,
                    int64_t nblock,
                    const struct me_eval_params *params,
                    const struct me_budget *budget);

/**
 * Counts the items of a block that lie inside the array, into `*valid_nitems`.
 *
 * Returns a me_eval_status; ME_EVAL_ERR_INVALID_ARG, with nothing written, when the expression was
 * not compiled for blocks or there is no such block.
 *
 * # Safety
 * `expr` is NULL or alive; `valid_nitems` is NULL or valid.
 */
int me_nd_valid_nitems(const struct me_expr *expr,
                       int64_t nchunk,
                       int64_t nblock,
                       int64_t *valid_nitems);

/**
 * Bytes of data that me_eval_varlen needs at most for `block_nitems` results; 0 for a NULL
 * expression and for a numeric one.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
size_t me_varlen_data_bound(const struct me_expr *expr, int block_nitems);

/**
 * Evaluates a string expression into the layout of Arrow's large strings.
 *
 * Result i is the bytes `data[offsets[i]] .. data[offsets[i + 1]]`: UTF-8 for ME_STRING, the bytes
 * themselves for ME_BYTES. `offsets` receives `block_nitems + 1` numbers, `*data_used` the bytes
 * written to `data`, which has room for `data_capacity` bytes. The other arguments are those of
 * me_eval.
 *
 * Returns a me_eval_status; ME_EVAL_ERR_INVALID_ARG when the data does not fit.
 *
 * # Safety
 * As for me_eval; `offsets`, `data` and `data_used` are NULL or have the sizes given above.
 */
int me_eval_varlen(const struct me_expr *expr,
                   const void **vars_block,
                   int n_vars,
                   int block_nitems,
                   int64_t *offsets,
                   void *data,
                   size_t data_capacity,
                   size_t *data_used,
                   const struct me_eval_params *params);

/**
 * Evaluates as me_eval_varlen does, within a budget, see me_eval_with.
 *
 * Returns a me_eval_status; on a failure me_get_last_error() says what went wrong.
 *
 * # Safety
 * As for me_eval_varlen and me_eval_with.
 */
int me_eval_varlen_with(const struct me_expr *expr,
                        const void **vars_block,
                        int n_vars,
                        int block_nitems,
                        int64_t *offsets,
                        void *data,
                        size_t data_capacity,
                        size_t *data_used,
                        const struct me_eval_params *params,
                        const struct me_budget *budget);

/**
 * Writes a compiled expression as text, in the form that `what`, a me_dump_kind, names. The text is for people; its
 * format may change.
 *
 * `buffer` receives at most `size` bytes, a NUL included; it may be NULL if `size` is 0.
 *
 * Returns the bytes of the whole text without the NUL, as snprintf does. Where an engine does not take the
 * expression, the text begins with `;` and says why. 0 for a NULL expression, an unknown kind, and without memory.
 *
 * # Safety
 * `expr` is NULL or alive; `buffer` is NULL or has `size` bytes.
 */
size_t me_dump(const struct me_expr *expr,
               me_dump_kind what,
               char *buffer,
               size_t size);

/**
 * Prints an expression to C's stdout, one node per line, for debugging.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
void me_print(const struct me_expr *expr);

/**
 * Releases an expression; NULL is allowed. No thread may be evaluating it.
 *
 * # Safety
 * `expr` is NULL, or comes from a compile call and is not used again.
 */
void me_free(struct me_expr *expr);

/**
 * Dtype of the result; ME_AUTO for NULL.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
me_dtype me_get_dtype(const struct me_expr *expr);

/**
 * Bytes of one element of the result; 0 for NULL.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
size_t me_get_itemsize(const struct me_expr *expr);

/**
 * Number of arrays that evaluations take: one for each variable an expression uses; for a kernel,
 * one for each declared variable. 0 for NULL.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
int me_expr_variable_count(const struct me_expr *expr);

/**
 * The variable for which evaluations take array number `index`, counted from 0: its position in the
 * table that the compile call was given. -1 for NULL, and if there is no such array.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
int me_expr_variable(const struct me_expr *expr, int index);

/**
 * The name of the variable for which evaluations take array number `index`, counted from 0; NULL for a NULL
 * expression, and if there is no such array. The text belongs to the expression.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
const char *me_expr_variable_name(const struct me_expr *expr,
                                  int index);

/**
 * Whether an evaluation writes one item for any number of items: the whole expression is a
 * reduction. false for NULL.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
bool me_expr_is_scalar(const struct me_expr *expr);

/**
 * Whether evaluations run a native kernel; false for NULL.
 *
 * # Safety
 * `expr` is NULL or alive.
 */
bool me_expr_has_jit_kernel(const struct me_expr *expr);

/**
 * Registers the functions by which a WebAssembly host runs kernels; two NULLs unregister them.
 *
 * Accepted on every target; does nothing where no such kernels are made. Must not run at the same time as a compile call.
 */
void me_register_wasm_jit_helpers(me_wasm_jit_instantiate_helper instantiate_helper,
                                  me_wasm_jit_free_helper free_helper);

/**
 * Sets the host's clock, for `timeout_ns` of me_budget, in a WebAssembly module that has none of its own; NULL
 * removes it. Accepted on every target; does nothing where there is a clock.
 */
void me_register_clock(me_clock clock);

/**
 * Version of the library: the ME_VERSION_STRING it was built with.
 */
const char *me_version(void);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* MINIEXPR_H */
