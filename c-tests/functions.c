/* Functions and closures of the program, called by expressions. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static int calls;

static double clamp01(double x) {
    calls++;
    return x < 0 ? 0 : x > 1 ? 1 : x;
}

static double digits(double a, double b, double c, double d, double e, double f, double g) {
    return a * 1e6 + b * 1e5 + c * 1e4 + d * 1e3 + e * 1e2 + f * 10 + g;
}

static double scale(void *context, double x) {
    return *(const double *)context * x;
}

static double forty_two(void) {
    return 42;
}

/* Evaluates over x and y, four items each, in float64. */
static int evaluate(const char *text, const me_variable *variables, int count, const void **inputs,
                    int n_inputs, double *result) {
    me_expr *expr = NULL;
    int status = me_compile(text, variables, count, ME_FLOAT64, NULL, &expr);
    if (status == ME_COMPILE_SUCCESS) {
        status = me_eval(expr, inputs, n_inputs, result, 4, NULL);
        me_free(expr);
    }
    return status;
}

static void functions_take_one_argument(void) {
    const double x[4] = {-0.5, 0.25, 1, 1.5}, expected[4] = {0, 0.25, 1, 1};
    double result[4];
    const void *inputs[] = {x};
    me_variable variables[] = {{"x", ME_FLOAT64},
                               {"clamp01", ME_FLOAT64, (const void *)clamp01, ME_FUNCTION1}};
    calls = 0;
    CHECK(evaluate("clamp01(x)", variables, 2, inputs, 1, result) == 0);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    CHECK(calls == 4);
}

static void functions_take_none_and_seven(void) {
    const double x[4] = {1, 1, 1, 1}, y[4] = {5, 5, 5, 5};
    double result[4];
    const void *inputs[] = {x, y};
    me_variable variables[] = {{"x", ME_FLOAT64},
                               {"f7", ME_FLOAT64, (const void *)digits, ME_FUNCTION7},
                               {"y", ME_FLOAT64},
                               {"f0", ME_FLOAT64, (const void *)forty_two, ME_FUNCTION0}};
    CHECK(evaluate("f7(x, y, 1, 2, 3, 4, 5)", variables, 4, inputs, 2, result) == 0);
    CHECK(result[0] == 1512345 && result[3] == 1512345);
    CHECK(evaluate("f0() + x", variables, 4, inputs, 1, result) == 0 && result[2] == 43);
}

static void closures_get_their_context(void) {
    const double x[4] = {1, 2, 3, 4}, expected[4] = {2.5, 5, 7.5, 10};
    double factor = 2.5, result[4];
    const void *inputs[] = {x};
    me_variable variables[] = {
        {"x", ME_FLOAT64}, {"scale", ME_FLOAT64, (const void *)scale, ME_CLOSURE1 | ME_FLAG_PURE, &factor}};
    CHECK(evaluate("scale(x)", variables, 2, inputs, 1, result) == 0);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
}

static void pure_calls_of_constants_happen_once(void) {
    double result[4];
    me_variable variables[] = {{"f", ME_FLOAT64, (const void *)clamp01, ME_FUNCTION1 | ME_FLAG_PURE}};
    calls = 0;
    CHECK(evaluate("f(7)", variables, 1, NULL, 0, result) == 0);
    CHECK(calls == 1 && result[0] == 1 && result[3] == 1);
}

static void wrong_functions_are_refused(void) {
    double result[4];
    me_variable missing[] = {{"f", ME_FLOAT64, NULL, ME_FUNCTION1}};
    me_variable text[] = {{"f", ME_STRING, (const void *)clamp01, ME_FUNCTION1, NULL, 4}};
    me_variable kind[] = {{"f", ME_FLOAT64, (const void *)clamp01, 3}};
    CHECK(evaluate("f(1)", missing, 1, NULL, 0, result) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(evaluate("f(1)", text, 1, NULL, 0, result) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
    CHECK(evaluate("f(1)", kind, 1, NULL, 0, result) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
}

int main(void) {
    RUN(functions_take_one_argument);
    RUN(functions_take_none_and_seven);
    RUN(closures_get_their_context);
    RUN(pure_calls_of_constants_happen_once);
    RUN(wrong_functions_are_refused);
    return RESULT();
}
