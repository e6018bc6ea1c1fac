/* Timing loops around the library and around plain C loops; each returns seconds per call. */
#define _POSIX_C_SOURCE 199309L

#include <time.h>

#include "miniexpr.h"

typedef void (*loop_fn)(void *out, const void *a, const void *b, const void *c, int n);

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double time_eval(const me_expr *expression, const void **inputs, int n_inputs, void *out, int n, long calls) {
    double start = now();
    for (long i = 0; i < calls; i++)
        me_eval(expression, inputs, n_inputs, out, n, NULL);
    return (now() - start) / (double)calls;
}

/* As me_compile, in the NumPy dialect. */
int compile_numpy(const char *text, const me_variable *variables, int n_variables, me_dtype dtype,
                  int *position, me_expr **expression) {
    me_compile_params params = {.struct_size = sizeof params, .dialect = ME_DIALECT_NUMPY};
    return me_compile_with(text, variables, n_variables, dtype, &params, position, expression);
}

/* The first block of the first chunk, again and again. */
double time_eval_nd(const me_expr *expression, const void **inputs, int n_inputs, void *out, int n,
                    long calls) {
    double start = now();
    for (long i = 0; i < calls; i++)
        me_eval_nd(expression, inputs, n_inputs, out, n, 0, 0, NULL);
    return (now() - start) / (double)calls;
}

double time_loop(loop_fn loop, void *out, const void *const *inputs, int n, long calls) {
    double start = now();
    for (long i = 0; i < calls; i++)
        loop(out, inputs[0], inputs[1], inputs[2], n);
    return (now() - start) / (double)calls;
}

double time_compile(const char *text, const me_variable *variables, int n_variables, long calls) {
    double start = now();
    for (long i = 0; i < calls; i++) {
        int position;
        me_expr *expression;
        if (me_compile(text, variables, n_variables, ME_AUTO, &position, &expression))
            return -1;
        me_free(expression);
    }
    return (now() - start) / (double)calls;
}
