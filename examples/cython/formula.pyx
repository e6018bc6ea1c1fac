# cython: language_level=3
"""A Python extension over the C interface: formulas of float64 columns."""

from libc.string cimport memset

cdef extern from "miniexpr.h":
    ctypedef enum me_dtype:
        ME_FLOAT64
    ctypedef enum me_dialect:
        ME_DIALECT_NUMPY
    ctypedef struct me_variable:
        const char *name
        me_dtype dtype
    ctypedef struct me_compile_params:
        size_t struct_size
        me_dialect dialect
    ctypedef struct me_error:
        size_t struct_size
        int column
        const char *message
    ctypedef struct me_expr:
        pass
    int me_compile_with(const char *text, const me_variable *variables, int count, me_dtype dtype,
                        const me_compile_params *params, int *position, me_expr **out)
    int me_eval(const me_expr *expr, const void **inputs, int count, void *output, int items,
                const void *params) nogil
    bint me_get_last_error(me_error *error)
    int me_expr_variable_count(const me_expr *expr)
    int me_expr_variable(const me_expr *expr, int index)
    bint me_expr_is_scalar(const me_expr *expr)
    void me_free(me_expr *expr)

cdef enum:
    MAX_NAMES = 64


cdef class Formula:
    """A formula over named columns, compiled once: ``Formula("a + b", ["a", "b"])``."""

    cdef me_expr *expr

    def __cinit__(self, str text, names):
        cdef me_variable variables[MAX_NAMES]
        cdef me_compile_params params
        cdef list kept = [name.encode() for name in names]
        if len(kept) > MAX_NAMES:
            raise ValueError(f"more than {MAX_NAMES} names")
        memset(variables, 0, sizeof(variables))
        memset(&params, 0, sizeof(params))
        for i, name in enumerate(kept):
            variables[i].name, variables[i].dtype = name, ME_FLOAT64
        params.struct_size, params.dialect = sizeof(params), ME_DIALECT_NUMPY
        if me_compile_with(text.encode(), variables, len(kept), ME_FLOAT64, &params, NULL, &self.expr):
            raise _error(ValueError)

    def __dealloc__(self):
        me_free(self.expr)

    def __call__(self, *columns):
        """Evaluates the formula over float64 buffers of one length, into an array."""
        from array import array

        cdef const void *inputs[MAX_NAMES]
        cdef const double[::1] column
        cdef int i, status, count = me_expr_variable_count(self.expr)
        cdef int items = len(columns[0]) if columns else 1
        views = []  # They hold the buffers during the evaluation.
        for i in range(count):
            column = columns[me_expr_variable(self.expr, i)]
            if column.shape[0] != items:
                raise ValueError("columns of different lengths")
            views.append(column)
            inputs[i] = &column[0] if items else NULL
        cdef double[::1] output = array("d", bytes(8 * (1 if me_expr_is_scalar(self.expr) else items)))
        if output.shape[0] == 0:
            return output.base
        cdef void *to = &output[0]
        with nogil:
            status = me_eval(self.expr, inputs, count, to, items, NULL)
        if status:
            raise _error(RuntimeError)
        return output.base


cdef _error(kind):
    cdef me_error error
    memset(&error, 0, sizeof(error))
    error.struct_size = sizeof(me_error)
    me_get_last_error(&error)
    return kind(error.message.decode())
