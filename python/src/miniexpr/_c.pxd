"""The C interface of the library, as far as the package uses it."""

from libc.stdint cimport int32_t, int64_t


cdef extern from "miniexpr.h" nogil:
    ctypedef enum me_dtype:
        ME_AUTO
        ME_STRING
        ME_BYTES

    ctypedef enum me_dialect:
        ME_DIALECT_MINIEXPR
        ME_DIALECT_NUMPY
        ME_DIALECT_NUMEXPR

    ctypedef enum me_jit_mode:
        ME_JIT_DEFAULT

    ctypedef enum me_simd_ulp_mode:
        ME_SIMD_ULP_DEFAULT

    ctypedef enum me_dump_kind:
        ME_DUMP_TREE
        ME_DUMP_IR
        ME_DUMP_LANES
        ME_DUMP_C
        ME_DUMP_WASM

    enum:
        ME_COMPILE_SUCCESS
        ME_COMPILE_ERR_OOM
        ME_COMPILE_ERR_INVALID_ARG_TYPE
        ME_COMPILE_ERR_LIMIT
        ME_EVAL_SUCCESS
        ME_EVAL_ERR_OOM
        ME_EVAL_ERR_CANCELLED
        ME_EVAL_ERR_TIMEOUT
        ME_EVAL_ERR_PASSES

    ctypedef struct me_expr:
        pass

    ctypedef struct me_variable:
        const char *name
        me_dtype dtype
        const void *address
        int type
        void *context
        size_t itemsize

    ctypedef struct me_compile_params:
        size_t struct_size
        me_dialect dialect
        me_jit_mode jit_mode
        bint expressions_only
        int max_nesting
        int64_t max_text_bytes
        int64_t max_nodes
        int64_t max_constant_bytes
        int64_t max_passes

    ctypedef struct me_error:
        size_t struct_size
        int64_t start
        int64_t end
        const char *message
        const char *hint

    ctypedef struct me_eval_params:
        bint disable_simd
        me_simd_ulp_mode simd_ulp_mode
        me_jit_mode jit_mode

    ctypedef struct me_array:
        void *data
        me_dtype dtype
        size_t itemsize
        int ndim
        const int64_t *shape
        const int64_t *strides

    ctypedef void (*me_progress)(void *context, int64_t done_items, int64_t all_items) noexcept nogil

    ctypedef struct me_array_params:
        size_t struct_size
        me_eval_params eval
        int n_threads
        const int32_t *cancel
        me_progress progress
        void *context
        int64_t timeout_ns
        int64_t max_passes

    int me_compile_with(const char *text, const me_variable *variables, int var_count, me_dtype dtype,
                        const me_compile_params *params, int *error, me_expr **out)
    me_compile_params me_sandbox_params()
    bint me_get_last_error(me_error *error)
    int me_result_shape(const me_expr *expr, const me_array *inputs, int n_inputs, int *ndim, int64_t *shape)
    int me_eval_arrays(const me_expr *expr, const me_array *inputs, int n_inputs, me_array *output,
                       const me_array_params *params)
    void me_set_num_threads(int n_threads)
    int me_get_num_threads()
    void me_free(me_expr *expr)
    me_dtype me_get_dtype(const me_expr *expr)
    size_t me_get_itemsize(const me_expr *expr)
    int me_expr_variable_count(const me_expr *expr)
    int me_expr_variable(const me_expr *expr, int index)
    size_t me_dump(const me_expr *expr, me_dump_kind what, char *buffer, size_t size)
    const char *me_version()
