/* An extension module: its one function evaluates an expression. */

#include "miniexpr.h"

/* 2*x + 1 for an integer, -1 on failure. */
int extension_evaluate(int x) {
    me_variable variables[] = {{"x", ME_INT32}};
    const void *inputs[] = {&x};
    me_expr *expr;
    int result = -1;
    if (me_compile("2*x + 1", variables, 1, ME_INT32, NULL, &expr) == ME_COMPILE_SUCCESS) {
        if (me_eval(expr, inputs, 1, &result, 1, NULL) != ME_EVAL_SUCCESS) {
            result = -1;
        }
        me_free(expr);
    }
    return result;
}
