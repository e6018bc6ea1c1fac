/* Reductions of flat arrays, and the padded blocks of a chunked array. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static void reductions_write_one_item(void) {
    const double x[4] = {0, 1, 2, 3};
    double result[4] = {-1, -1, -1, -1};
    const double one[4] = {6, -1, -1, -1}, copies[4] = {7, 7, 7, 7};
    me_variable variables[] = {{"x", ME_FLOAT64}};
    const void *inputs[] = {x};
    me_expr *expr = NULL;
    CHECK(me_compile("sum(x)", variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval(expr, inputs, 1, result, 4, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, one, sizeof one) == 0);
    me_free(expr);
    CHECK(me_compile("sum(x) + 1", variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval(expr, inputs, 1, result, 4, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, copies, sizeof copies) == 0);
    me_free(expr);
}

static void padded_blocks_are_zero_outside_the_array(void) {
    const int64_t shape[] = {5, 4};
    const int32_t chunkshape[] = {3, 3}, blockshape[] = {2, 2};
    const double a[4] = {1, 2, 3, 4}, b[4] = {10, 20, 30, 40}, expected[4] = {11, 0, 33, 0};
    const double zeros[4] = {0, 0, 0, 0};
    double result[4];
    int64_t valid = -1;
    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};
    const void *inputs[] = {a, b};
    me_expr *expr = NULL;
    CHECK(me_compile_nd("a + b", variables, 2, ME_AUTO, 2, shape, chunkshape, blockshape, NULL, &expr) ==
          ME_COMPILE_SUCCESS);
    CHECK(me_nd_valid_nitems(expr, 0, 1, &valid) == ME_EVAL_SUCCESS && valid == 2);
    CHECK(me_eval_nd(expr, inputs, 2, result, 4, 0, 1, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    CHECK(me_eval_nd(expr, inputs, 2, result, 4, 0, 4, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    CHECK(me_nd_valid_nitems(expr, 1, 1, &valid) == ME_EVAL_SUCCESS && valid == 0);
    CHECK(me_eval_nd(expr, inputs, 2, result, 4, 1, 1, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, zeros, sizeof zeros) == 0);
    me_free(expr);
}

int main(void) {
    RUN(reductions_write_one_item);
    RUN(padded_blocks_are_zero_outside_the_array);
    return RESULT();
}
