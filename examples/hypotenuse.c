/*
 * The smallest program: compile an expression, evaluate it over two arrays, print the result.
 *
 *     cc -Iinclude examples/hypotenuse.c libminiexpr.a -lm -lpthread -ldl -o hypotenuse
 */

#include <stdio.h>

#include "miniexpr.h"

#define COUNT 4

int main(void) {
    const double a[COUNT] = {3, 5, 8, 1}, b[COUNT] = {4, 12, 15, 1};
    double c[COUNT];

    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};
    me_expr *expr;
    int position;
    if (me_compile("sqrt(a*a + b*b)", variables, 2, ME_AUTO, &position, &expr) != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "position %d: %s\n", position, me_get_last_error_message());
        return 1;
    }

    const void *inputs[] = {a, b};
    int status = me_eval(expr, inputs, 2, c, COUNT, NULL);
    me_free(expr);
    if (status != ME_EVAL_SUCCESS) {
        fprintf(stderr, "evaluation failed with status %d\n", status);
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        printf("%.6g%s", c[i], i + 1 < COUNT ? " " : "\n");
    }
    return 0;
}
