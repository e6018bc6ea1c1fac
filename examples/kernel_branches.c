/*
 * A kernel with branches: the income tax of many people at once.
 *
 * The kernel is a small function of Python-like statements. It runs once for each item of the
 * arrays: every person takes a branch of their own.
 */
#include <stdio.h>

#include "miniexpr.h"

#define COUNT 6

static const char *KERNEL = "def tax(income, children):\n"
                            "    taxable = income - 2500 * children\n"
                            "    if taxable <= 12000:\n"
                            "        return 0\n"
                            "    elif taxable <= 40000:\n"
                            "        return 0.2 * (taxable - 12000)\n"
                            "    due = 5600 + 0.4 * (taxable - 40000)\n"
                            "    for child in range(children):\n"
                            "        due -= 100\n"
                            "    return due\n";

int main(void) {
    const double income[COUNT] = {9000, 12000, 30000, 42000, 60000, 90000};
    const int children[COUNT] = {0, 1, 0, 2, 0, 3};
    double due[COUNT];

    me_variable variables[] = {{"income", ME_FLOAT64}, {"children", ME_INT32}};
    me_expr *expr;
    int position;
    if (me_compile(KERNEL, variables, 2, ME_FLOAT64, &position, &expr) != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "offset %d: %s\n", position, me_get_last_error_message());
        return 1;
    }

    const void *inputs[] = {income, children};
    int status = me_eval(expr, inputs, 2, due, COUNT, NULL);
    me_free(expr);
    if (status != ME_EVAL_SUCCESS) {
        fprintf(stderr, "evaluation failed with status %d\n", status);
        return 1;
    }
    for (int i = 0; i < COUNT; i++) {
        printf("%g%s", due[i], i + 1 < COUNT ? " " : "\n");
    }
    return 0;
}
