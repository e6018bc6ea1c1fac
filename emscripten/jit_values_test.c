/* Values that are easily got wrong in 32 bits: kernels give what the interpreter gives. */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"

enum { MOST_ITEMS = 6 };

static size_t size_of(me_dtype dtype) {
    switch (dtype) {
    case ME_BOOL:
    case ME_INT8:
        return 1;
    case ME_UINT32:
    case ME_INT32:
    case ME_FLOAT32:
        return 4;
    default:
        return 8;
    }
}

/* Evaluates `return TEXT` for one input, with a kernel and without, and compares with what is expected. */
static void check_values(const char *text, const char *pragma, me_dtype input, const void *x, me_dtype output,
                         const void *expected, int items) {
    char source[160];
    snprintf(source, sizeof source, "%sdef kernel(x):\n    return %s", pragma, text);
    const me_variable variable = {.name = "x", .dtype = input};
    me_expr *expr = NULL;
    CHECK(me_compile(source, &variable, 1, output, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_has_jit_kernel(expr));
    for (int mode = ME_JIT_DEFAULT; mode <= ME_JIT_OFF; mode++) {
        const me_eval_params params = {.jit_mode = mode};
        char out[8 * MOST_ITEMS] = {0};
        CHECK(me_eval(expr, &x, 1, out, items, &params) == ME_EVAL_SUCCESS);
        if (memcmp(out, expected, items * size_of(output)) != 0) {
            fprintf(stderr, "%s in mode %d\n", text, mode);
            check_failures++;
        }
    }
    me_free(expr);
}

static void integers_have_64_bits(void) {
    const int64_t big = (int64_t)1 << 40;
    const uint64_t copied[] = {1, 2, 3, (uint64_t)1 << 40};
    check_values("x", "", ME_UINT64, copied, ME_UINT64, copied, 4);
    const int64_t passed[] = {0, 1, 2, 3};
    check_values("x", "", ME_INT64, passed, ME_INT64, passed, 4);
    const int64_t sum[] = {3000000000, big}, next[] = {3000000001, big + 1};
    check_values("x + 1", "", ME_INT64, sum, ME_INT64, next, 2);
    const int64_t factor[] = {1700000000}, product[] = {5100000000};
    check_values("x * 3", "", ME_INT64, factor, ME_INT64, product, 1);
    const int64_t signs[] = {-3400000000, 3400000000};
    const bool above[] = {false, true};
    check_values("x > 2", "", ME_INT64, signs, ME_BOOL, above, 2);
    const int64_t square[] = {3400000000};
    const double root[] = {sqrt(3400000000.0)};
    check_values("sqrt(abs(x))", "", ME_INT64, square, ME_FLOAT64, root, 1);
}

static void conversions_are_exact(void) {
    const uint32_t narrow[] = {2400000000};
    const int64_t wide[] = {2400000000};
    check_values("int(x)", "", ME_UINT32, narrow, ME_INT64, wide, 1);
    const double reals[] = {2147483648.0, -3e9, 1.75, -1.75}, whole[] = {2147483648.0, -3e9, 1, -1};
    check_values("int(x)", "", ME_FLOAT64, reals, ME_FLOAT64, whole, 4);
    const double odd_ones[] = {NAN, INFINITY, -INFINITY, 1e300};
    const int64_t ends[] = {INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN};
    check_values("int(x)", "", ME_FLOAT64, odd_ones, ME_INT64, ends, 4);
    const double halves[] = {-2.5, -0.5, 0.5, 2.5}, rounded[] = {-3, -1, 1, 3};
    check_values("round(x)", "", ME_FLOAT64, halves, ME_FLOAT64, rounded, 4);
    const int8_t odd[] = {-17};
    const double half[] = {-8.5};
    check_values("x / 2", "", ME_INT8, odd, ME_FLOAT64, half, 1);
}

static void erf_is_that_of_the_library(void) {
    const double x = 0.5;
    const void *inputs[] = {&x};
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    me_expr *expr = NULL;
    const char *text = "def kernel(x):\n    return erf(x)";
    CHECK(me_compile(text, &variable, 1, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    double out = 0;
    CHECK(me_expr_has_jit_kernel(expr) && me_eval(expr, inputs, 1, &out, 1, NULL) == ME_EVAL_SUCCESS);
    CHECK(fabs(out - 0.5204998778130465) < 1e-15);
    me_free(expr);
}

static void casts_agree_between_compilers(void) {
    const double x[] = {0, 0.2, 1, 1.9, 2, 3.2}, expected[] = {0, 1, 2, 2, 3, 4};
    check_values("float(int(x)) + bool(x)", "# me:compiler=cc\n", ME_FLOAT64, x, ME_FLOAT64, expected, 6);
    check_values("float(int(x)) + bool(x)", "# me:compiler=tcc\n", ME_FLOAT64, x, ME_FLOAT64, expected, 6);
}

static void index_symbols_may_be_mixed(void) {
    me_expr *expr = NULL;
    const char *text = "# me:compiler=cc\ndef kernel():\n    return _flat_idx + _i0 + _n0 + _ndim";
    CHECK(me_compile(text, NULL, 0, ME_INT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_has_jit_kernel(expr));
    int64_t out[6] = {0};
    CHECK(me_eval(expr, NULL, 0, out, 6, NULL) == ME_EVAL_SUCCESS);
    for (int i = 0; i < 6; i++) {
        CHECK(out[i] == 7 + 2 * i);
    }
    me_free(expr);
}

static void symbols_in_a_padded_block(void) {
    const int64_t shape[] = {3, 5}, expected[] = {18, 0, 0, 24, 0, 0};
    const int32_t chunks[] = {2, 4}, blocks[] = {2, 3};
    const char *text =
        "# me:compiler=cc\ndef kernel():\n    return _flat_idx + _i0 + _i1 + _n0 + _n1 + _ndim";
    me_expr *expr = NULL;
    CHECK(me_compile_nd(text, NULL, 0, ME_INT64, 2, shape, chunks, blocks, NULL, &expr) ==
          ME_COMPILE_SUCCESS);
    CHECK(me_expr_has_jit_kernel(expr));
    int64_t out[6] = {1, 1, 1, 1, 1, 1};
    CHECK(me_eval_nd(expr, NULL, 0, out, 6, 1, 0, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(out, expected, sizeof out) == 0);
    me_free(expr);
}

static void what_has_no_kernel_is_interpreted(void) {
    const double x[] = {-1, -2};
    const void *inputs[] = {x};
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    me_expr *expr = NULL;
    const char *text = "def kernel(x):\n    if any(x > 0):\n        return 1";
    CHECK(me_compile(text, &variable, 1, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(!me_expr_has_jit_kernel(expr));
    double out[2];
    CHECK(me_eval(expr, inputs, 1, out, 2, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(ME_EVAL_ERR_INVALID_ARG == -5);
    me_free(expr);
}

/* A kernel that gives up leaves the call to the interpreter, which says why or goes on. */
static void what_a_kernel_cannot_is_interpreted(void) {
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    const char *texts[] = {
        "def kernel(x):\n    s = 0\n    for i in range(0, 6, int(x)):\n        s = s + i\n    return s",
        "def kernel(x):\n    n = 0\n    while n < x:\n        n = n + 1\n    return n"};
    const double good[] = {2, 3, 6, 6}, bad[] = {2, 0, 6, 400};
    setenv("ME_DSL_WHILE_MAX_ITERS", "100", 1);
    for (int i = 0; i < 2; i++) {
        me_expr *expr = NULL;
        CHECK(me_compile(texts[i], &variable, 1, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
        CHECK(me_expr_has_jit_kernel(expr));
        int statuses[2][2];
        double out[2][2][4];
        for (int mode = 0; mode < 2; mode++) {
            const me_eval_params params = {.jit_mode = mode == 0 ? ME_JIT_DEFAULT : ME_JIT_OFF};
            for (int is_bad = 0; is_bad < 2; is_bad++) {
                const void *inputs[] = {is_bad ? bad : good};
                statuses[is_bad][mode] = me_eval(expr, inputs, 1, out[is_bad][mode], 4, &params);
            }
        }
        CHECK(statuses[0][0] == ME_EVAL_SUCCESS && statuses[0][1] == ME_EVAL_SUCCESS);
        CHECK(memcmp(out[0][0], out[0][1], sizeof out[0][0]) == 0);
        CHECK(statuses[1][0] != ME_EVAL_SUCCESS && statuses[1][0] == statuses[1][1]);
        me_free(expr);
    }
    unsetenv("ME_DSL_WHILE_MAX_ITERS");
}

/* A kernel takes no items, and plain expressions have one only on demand. */
static void policy(void) {
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    const double x[] = {1, 2};
    const void *inputs[] = {x};
    const int64_t shape[] = {2};
    const int32_t sizes[] = {2};
    for (int mode = ME_JIT_DEFAULT; mode <= ME_JIT_OFF; mode++) {
        me_expr *expr = NULL;
        CHECK(me_compile_nd_jit("x * 2 + sin(x)", &variable, 1, ME_FLOAT64, 1, shape, sizes, sizes, mode,
                                NULL, &expr) == ME_COMPILE_SUCCESS);
        CHECK(me_expr_has_jit_kernel(expr) == (mode == ME_JIT_ON));
        double out[2] = {-7, -7};
        CHECK(me_eval(expr, inputs, 1, out, 0, NULL) == ME_EVAL_SUCCESS && out[0] == -7);
        CHECK(me_eval_nd(expr, inputs, 1, out, 2, 0, 0, NULL) == ME_EVAL_SUCCESS);
        CHECK(fabs(out[1] - (4 + sin(2))) < 1e-14);
        me_free(expr);
    }
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(integers_have_64_bits);
    RUN(conversions_are_exact);
    RUN(erf_is_that_of_the_library);
    RUN(casts_agree_between_compilers);
    RUN(index_symbols_may_be_mixed);
    RUN(symbols_in_a_padded_block);
    RUN(what_has_no_kernel_is_interpreted);
    RUN(what_a_kernel_cannot_is_interpreted);
    RUN(policy);
    return RESULT();
}
