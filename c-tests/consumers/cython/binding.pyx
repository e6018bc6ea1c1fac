# cython: language_level=3
"""A binding as a Cython project writes it: the declarations it uses, and one function."""



cdef extern from "miniexpr.h":
    ctypedef enum me_dtype:
        ME_AUTO
        ME_FLOAT64

    ctypedef struct me_variable:
        const char *name
        me_dtype dtype
        const void *address
        int type
        void *context
        size_t itemsize

    ctypedef struct me_expr:
        pass

    ctypedef enum me_simd_ulp_mode:
        ME_SIMD_ULP_1

    ctypedef enum me_jit_mode:
        ME_JIT_DEFAULT

    ctypedef struct me_eval_params:
        bint disable_simd
        me_simd_ulp_mode simd_ulp_mode
        me_jit_mode jit_mode

    int me_compile(const char *expression, const me_variable *variables, int var_count, me_dtype dtype,
                   int *error, me_expr **out)
    int me_eval(const me_expr *expr, const void **vars_block, int n_vars, void *output_block,
                int block_nitems, const me_eval_params *params) nogil
    me_dtype me_get_dtype(const me_expr *expr)
    void me_free(me_expr *expr)


def evaluate(text, double[::1] x not None, double[::1] out not None):
    """Evaluates an expression of `x` into `out`, two float64 buffers; returns the two statuses."""
    cdef bytes name = b"x"
    cdef me_variable variable
    variable.name, variable.dtype, variable.address = name, ME_FLOAT64, NULL
    variable.type, variable.context, variable.itemsize = 0, NULL, 0
    cdef me_eval_params params
    params.disable_simd, params.simd_ulp_mode, params.jit_mode = False, ME_SIMD_ULP_1, ME_JIT_DEFAULT
    cdef me_expr *expr
    cdef int error, status, n = x.shape[0]
    cdef const void *inputs = &x[0]
    compiled = me_compile(text.encode(), &variable, 1, ME_AUTO, &error, &expr)
    if compiled != 0:
        return compiled, None
    assert me_get_dtype(expr) == ME_FLOAT64
    with nogil:
        status = me_eval(expr, &inputs, 1, &out[0], n, &params)
    me_free(expr)
    return compiled, status
