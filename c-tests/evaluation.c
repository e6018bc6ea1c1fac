/* Compile and evaluate: every dtype, constants, binding, results in place. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

/* Compiles with an inferred result; NULL on failure. */
static me_expr *compile(const char *text, const me_variable *variables, int count) {
    me_expr *expr = NULL;
    int status = me_compile(text, variables, count, ME_AUTO, NULL, &expr);
    return status == ME_COMPILE_SUCCESS ? expr : NULL;
}

/* a + b over four elements of one C type. */
#define CHECK_SUM(type, code)                                                                                \
    do {                                                                                                     \
        const type a[4] = {1, 2, 3, 4}, b[4] = {10, 20, 30, 40}, expected[4] = {11, 22, 33, 44};             \
        type result[4];                                                                                      \
        me_variable variables[] = {{"a", code}, {"b", code}};                                                \
        const void *inputs[] = {a, b};                                                                       \
        me_expr *expr = compile("a + b", variables, 2);                                                      \
        CHECK(me_get_dtype(expr) == code && me_get_itemsize(expr) == sizeof(type));                          \
        CHECK(me_eval(expr, inputs, 2, result, 4, NULL) == ME_EVAL_SUCCESS);                                 \
        CHECK(memcmp(result, expected, sizeof expected) == 0);                                               \
        me_free(expr);                                                                                       \
    } while (0)

static void every_number_type_adds(void) {
    CHECK_SUM(int8_t, ME_INT8);
    CHECK_SUM(int16_t, ME_INT16);
    CHECK_SUM(int32_t, ME_INT32);
    CHECK_SUM(int64_t, ME_INT64);
    CHECK_SUM(uint8_t, ME_UINT8);
    CHECK_SUM(uint16_t, ME_UINT16);
    CHECK_SUM(uint32_t, ME_UINT32);
    CHECK_SUM(uint64_t, ME_UINT64);
    CHECK_SUM(float, ME_FLOAT32);
    CHECK_SUM(double, ME_FLOAT64);
}

static void complex_numbers_multiply(void) {
    const double z[4] = {1, 2, 3, -1}; /* 1+2i, 3-i */
    const double expected[4] = {-3, 4, 8, -6};
    double result[4];
    me_variable variables[] = {{"z", ME_COMPLEX128}};
    const void *inputs[] = {z};
    me_expr *expr = compile("z * z", variables, 1);
    CHECK(me_get_dtype(expr) == ME_COMPLEX128 && me_get_itemsize(expr) == 16);
    CHECK(me_eval(expr, inputs, 1, result, 2, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    me_free(expr);
}

static void comparisons_give_bool(void) {
    const int32_t x[3] = {1, 2, 3};
    const bool expected[3] = {false, false, true};
    bool result[3];
    me_variable variables[] = {{"x", ME_INT32}};
    const void *inputs[] = {x};
    me_expr *expr = compile("x > 2", variables, 1);
    CHECK(me_get_dtype(expr) == ME_BOOL);
    CHECK(me_eval(expr, inputs, 1, result, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    me_free(expr);
}

/* Checks the dtype of the result of a text over x and y. */
static void check_dtype(const char *text, me_dtype x, me_dtype y, me_dtype output, me_dtype expected) {
    me_variable variables[] = {{"x", x}, {"y", y}};
    me_expr *expr = NULL;
    CHECK(me_compile(text, variables, 2, output, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_get_dtype(expr) == expected);
    me_free(expr);
}

static void mixed_dtypes_promote(void) {
    check_dtype("x + y", ME_INT32, ME_FLOAT64, ME_AUTO, ME_FLOAT64);
    check_dtype("x + y", ME_INT32, ME_FLOAT64, ME_FLOAT32, ME_FLOAT32);
    check_dtype("x + y", ME_BOOL, ME_INT32, ME_AUTO, ME_INT32);
    check_dtype("x + (y + y)", ME_FLOAT32, ME_INT32, ME_AUTO, ME_FLOAT64);
}

static void integers_widen_before_they_meet_floats(void) {
    const int64_t a[1] = {-5};
    const double b[1] = {1000.5};
    const void *inputs[] = {a, b};
    double result[1];
    me_variable variables[] = {{"a", ME_INT64}, {"b", ME_FLOAT64}};
    me_expr *expr = NULL;
    CHECK(me_compile("b + (a + a)", variables, 2, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval(expr, inputs, 2, result, 1, NULL) == ME_EVAL_SUCCESS && result[0] == 990.5);
    me_free(expr);
}

static void constants_need_no_inputs(void) {
    double result[2] = {0, 0};
    me_expr *expr = compile("1.5", NULL, 0);
    CHECK(me_get_dtype(expr) == ME_FLOAT64);
    CHECK(me_eval(expr, NULL, 0, result, 2, NULL) == ME_EVAL_SUCCESS);
    CHECK(result[0] == 1.5 && result[1] == 1.5);
    me_free(expr);
}

static void buffers_are_those_of_the_used_variables(void) {
    const double a[1] = {2}, b[1] = {5}, c[1] = {11};
    double result[1];
    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}, {"c", ME_FLOAT64}};
    me_expr *expr = compile("c - a", variables, 3);
    const void *used[] = {a, c};
    CHECK(me_eval(expr, used, 2, result, 1, NULL) == ME_EVAL_SUCCESS && result[0] == 9);
    me_free(expr);
    expr = compile("c - a*b", variables, 3);
    const void *all[] = {a, b, c};
    CHECK(me_eval(expr, all, 3, result, 1, NULL) == ME_EVAL_SUCCESS && result[0] == 1);
    me_free(expr);
}

static void output_may_be_an_input(void) {
    double a[3] = {1, 2, 3};
    const double b[3] = {1, 2, 3}, expected[3] = {2, 4, 6};
    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};
    const void *inputs[] = {a, b};
    me_expr *expr = compile("a + b", variables, 2);
    CHECK(me_eval(expr, inputs, 2, a, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(a, expected, sizeof expected) == 0);
    me_free(expr);
}

/* The arrays of an evaluation are those of the used variables, in the order of the table. */
static void an_expression_tells_its_variables(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}, {"unused", ME_INT8}, {"b", ME_FLOAT64}};
    me_expr *expr = NULL;
    CHECK(me_compile("b - a", variables, 3, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_variable_count(expr) == 2);
    CHECK(me_expr_variable(expr, 0) == 0 && me_expr_variable(expr, 1) == 2);
    CHECK(me_expr_variable(expr, 2) == -1 && me_expr_variable(expr, -1) == -1);
    CHECK(strcmp(me_expr_variable_name(expr, 1), "b") == 0 && me_expr_variable_name(expr, 2) == NULL);
    CHECK(!me_expr_is_scalar(expr));
    me_free(expr);
    const char *kernel = "def f(a, unused, b):\n    return b\n";
    CHECK(me_compile(kernel, variables, 3, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_variable_count(expr) == 3 && me_expr_variable(expr, 1) == 1);
    me_free(expr);
    CHECK(me_compile("sum(a)", variables, 3, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_is_scalar(expr) && me_expr_variable_count(expr) == 1);
    me_free(expr);
    CHECK(me_expr_variable_count(NULL) == 0 && me_expr_variable(NULL, 0) == -1);
    CHECK(me_expr_variable_name(NULL, 0) == NULL && !me_expr_is_scalar(NULL));
}

int main(void) {
    RUN(every_number_type_adds);
    RUN(complex_numbers_multiply);
    RUN(comparisons_give_bool);
    RUN(mixed_dtypes_promote);
    RUN(integers_widen_before_they_meet_floats);
    RUN(constants_need_no_inputs);
    RUN(buffers_are_those_of_the_used_variables);
    RUN(output_may_be_an_input);
    RUN(an_expression_tells_its_variables);
    return RESULT();
}
