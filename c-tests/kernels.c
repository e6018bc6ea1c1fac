/* Kernels: statements over elements, with branches, loops, user functions and block indices. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static const double X[5] = {-0.5, 0, 0.25, 1, 1.5};

/* Evaluates a kernel over X; the status of the first call that fails. */
static int evaluate(const char *source, const me_variable *variables, int count, double *result) {
    const void *inputs[] = {X};
    me_expr *expr = NULL;
    int status = me_compile(source, variables, count, ME_FLOAT64, NULL, &expr);
    if (status == ME_COMPILE_SUCCESS) {
        status = me_eval(expr, inputs, 1, result, 5, NULL);
        me_free(expr);
    }
    return status;
}

static void branches_choose_for_each_item(void) {
    const double expected[5] = {-1, 0, 1, 1, 2};
    const char *source = "def steps(x):\n"
                         "    if x < 0:\n"
                         "        return -1\n"
                         "    elif x == 0:\n"
                         "        return 0\n"
                         "    return ceil(x)\n";
    me_variable variables[] = {{"x", ME_FLOAT64}};
    double result[5];
    CHECK(evaluate(source, variables, 1, result) == 0);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
}

static void loops_end_for_each_item(void) {
    const double halvings[5] = {0, 0, 1, 3, 3}, odd_sums[5] = {1, 4, 4, 16, 25};
    const char *while_source = "def halvings(x):\n"
                               "    n = 0.0\n"
                               "    r = x\n"
                               "    while r > 0.2:\n"
                               "        r = r / 2\n"
                               "        n = n + 1\n"
                               "    return n\n";
    const char *for_source = "def odd_sums(x):\n"
                             "    total = 0.0\n"
                             "    for i in range(10):\n"
                             "        if i % 2 == 0:\n"
                             "            continue\n"
                             "        if i > 4*x + 3:\n"
                             "            break\n"
                             "        total = total + i\n"
                             "    return total\n";
    me_variable variables[] = {{"x", ME_FLOAT64}};
    double result[5];
    CHECK(evaluate(while_source, variables, 1, result) == 0);
    CHECK(memcmp(result, halvings, sizeof halvings) == 0);
    CHECK(evaluate(for_source, variables, 1, result) == 0);
    CHECK(memcmp(result, odd_sums, sizeof odd_sums) == 0);
}

static double clamp01(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double scale(void *context, double x) {
    return *(const double *)context * x;
}

static void kernels_call_functions_and_closures(void) {
    const double clamped[5] = {0, 0, 0.25, 1, 1}, scaled[5] = {-1.25, 0, 0.625, 2.5, 3.75};
    double factor = 2.5, result[5];
    me_variable variables[] = {
        {"x", ME_FLOAT64},
        {"clamp01", ME_FLOAT64, (const void *)clamp01, ME_FUNCTION1 | ME_FLAG_PURE},
        {"scale", ME_FLOAT64, (const void *)scale, ME_CLOSURE1 | ME_FLAG_PURE, &factor},
    };
    CHECK(evaluate("def k(x):\n    return clamp01(x)\n", variables, 3, result) == 0);
    CHECK(memcmp(result, clamped, sizeof clamped) == 0);
    CHECK(evaluate("def k(x):\n    return scale(x)\n", variables, 3, result) == 0);
    CHECK(memcmp(result, scaled, sizeof scaled) == 0);
}

static void indices_are_those_of_the_whole_array(void) {
    const int64_t shape[] = {5, 4};
    const int32_t chunkshape[] = {3, 3}, blockshape[] = {2, 2};
    const double x[4] = {0.5, -1, 0.5, -1}, expected[4] = {2.5, 0, 12.5, 0};
    const void *inputs[] = {x};
    me_variable variables[] = {{"x", ME_FLOAT64}};
    double result[4];
    me_expr *expr = NULL;
    CHECK(me_compile_nd("def k(x):\n    return x + 10*_i0 + _i1\n", variables, 1, ME_FLOAT64, 2, shape,
                        chunkshape, blockshape, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval_nd(expr, inputs, 1, result, 4, 0, 1, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    me_free(expr);
}

static void wrong_kernels_are_refused(void) {
    me_variable variables[] = {{"x", ME_FLOAT64}};
    double result[5];
    CHECK(evaluate("def k(x):\n    return x + y\n", variables, 1, result) == ME_COMPILE_ERR_PARSE);
    CHECK(strstr(me_get_last_error_message(), "y") != NULL);
    CHECK(evaluate("def k(y):\n    return y\n", variables, 1, result) == ME_COMPILE_ERR_PARSE);
    CHECK(evaluate("def k(x):\n    y = x\n", variables, 1, result) == ME_COMPILE_ERR_PARSE);
}

static void kernels_take_some_of_the_variables(void) {
    me_variable variables[] = {ME_VAR("a", ME_FLOAT64), ME_VAR("b", ME_INT8), ME_VAR("c", ME_FLOAT64)};
    const char *text = "def f(c, a):\n    return c - a\n";
    double a[] = {1, 2}, c[] = {10, 20}, out[2] = {0};
    const void *inputs[] = {a, c};
    me_compile_params params = {.struct_size = sizeof params};
    me_expr *expr = NULL;
    CHECK(me_compile_with(text, variables, 3, ME_AUTO, &params, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_variable_count(expr) == 2);
    CHECK(me_expr_variable(expr, 0) == 0 && me_expr_variable(expr, 1) == 2);
    CHECK(me_eval(expr, inputs, 2, out, 2, NULL) == ME_EVAL_SUCCESS && out[0] == 9 && out[1] == 18);
    CHECK(me_eval(expr, inputs, 3, out, 2, NULL) == ME_EVAL_ERR_VAR_MISMATCH);
    me_free(expr);
    /* The reference wants one for one. */
    CHECK(me_compile(text, variables, 3, ME_AUTO, NULL, &expr) == ME_COMPILE_ERR_PARSE);
}

int main(void) {
    RUN(branches_choose_for_each_item);
    RUN(loops_end_for_each_item);
    RUN(kernels_call_functions_and_closures);
    RUN(indices_are_those_of_the_whole_array);
    RUN(kernels_take_some_of_the_variables);
    RUN(wrong_kernels_are_refused);
    return RESULT();
}
