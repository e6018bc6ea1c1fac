/*
 * Functions of the host program in a kernel: a plain one, and a closure with a context.
 */
#include <stdio.h>

#include "miniexpr.h"

#define COUNT 5

static double clamp01(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

/* The context of a closure is the pointer that the table of variables gives. */
static double scale(void *context, double x) {
    return x * *(const double *)context;
}

static const char *KERNEL = "def mix(x):\n"
                            "    y = clamp01(x)\n"
                            "    if y == x:\n"
                            "        return scale(y)\n"
                            "    return -1\n";

int main(void) {
    const double x[COUNT] = {-0.5, 0, 0.25, 1, 1.5};
    double factor = 2.5, y[COUNT];

    me_variable variables[] = {
        {"x", ME_FLOAT64},
        {"clamp01", ME_FLOAT64, (const void *)clamp01, ME_FUNCTION1},
        {"scale", ME_FLOAT64, (const void *)scale, ME_CLOSURE1, &factor},
    };
    me_expr *expr;
    int position;
    if (me_compile(KERNEL, variables, 3, ME_FLOAT64, &position, &expr) != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "offset %d: %s\n", position, me_get_last_error_message());
        return 1;
    }

    const void *inputs[] = {x};
    int status = me_eval(expr, inputs, 1, y, COUNT, NULL);
    me_free(expr);
    if (status != ME_EVAL_SUCCESS) {
        fprintf(stderr, "evaluation failed with status %d\n", status);
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        printf("%g%s", y[i], i + 1 < COUNT ? " " : "\n");
    }
    return 0;
}
