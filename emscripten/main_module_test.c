/*
 * Kernels in a main module that has the glue script in it: without helpers, and with ones that must be
 * ignored; what is reported when an engine refuses a module; and what is left behind.
 */

#include <emscripten.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "miniexpr.h"
#include "resources.h"

void dsl_jit_wasm_pos_cache_reset_for_tests(void);

// clang-format off
EM_JS(int, warnings, (void), { return globalThis.__meJitWarningCount || 0; });
EM_JS(int, last_warning_is, (const char *text), { return globalThis.__meJitLastWarning === UTF8ToString(text); });
EM_JS(int, has_global_glue, (void), { return typeof _meJitInstantiate !== "undefined"; });
// clang-format on

static me_expr *compile(const char *text, me_jit_mode mode) {
    const int64_t shape[] = {4};
    const int32_t block[] = {4};
    me_variable variables[] = {{.name = "x", .dtype = ME_FLOAT64}};
    me_expr *expr = NULL;
    int position;
    CHECK(me_compile_nd_jit(text, variables, 1, ME_FLOAT64, 1, shape, block, block, mode, &position, &expr) ==
          ME_COMPILE_SUCCESS);
    return expr;
}

/* Compiles `x + constant` as a kernel; it has the right results, and is compiled or not. */
static void expect_kernel(int constant, me_jit_mode mode, bool has_kernel) {
    char text[80];
    snprintf(text, sizeof text, "def kernel(x):\n    return x + %d", constant);
    const double x[4] = {0, 1, 2, 3};
    double out[4] = {0};
    const void *inputs[] = {x};
    me_expr *expr = compile(text, mode);
    CHECK(me_expr_has_jit_kernel(expr) == has_kernel);
    CHECK(me_eval(expr, inputs, 1, out, 4, NULL) == ME_EVAL_SUCCESS);
    for (int i = 0; i < 4; i++) {
        CHECK(out[i] == x[i] + constant);
    }
    me_free(expr);
}

static int unwanted_calls;

static int unwanted_instantiate(const unsigned char *bytes, int length, int lookup) {
    (void)bytes, (void)length, (void)lookup;
    return unwanted_calls++, 0;
}

static void unwanted_free(int index) {
    (void)index;
    unwanted_calls++;
}

static void kernels_need_no_helpers(void) {
    expect_kernel(1, ME_JIT_DEFAULT, true);
    me_register_wasm_jit_helpers(unwanted_instantiate, unwanted_free);
    expect_kernel(2, ME_JIT_DEFAULT, true);
    me_register_wasm_jit_helpers(NULL, NULL);
    expect_kernel(3, ME_JIT_DEFAULT, true);
    dsl_jit_wasm_pos_cache_reset_for_tests();
    CHECK(unwanted_calls == 0);
    CHECK(warnings() == 0);
    CHECK(!has_global_glue());
}

static void plain_expressions_are_compiled_on_demand(void) {
    me_expr *plain = compile("x * 2 + sin(x)", ME_JIT_DEFAULT);
    CHECK(!me_expr_has_jit_kernel(plain));
    me_free(plain);
    me_expr *lifted = compile("x * 2 + sin(x)", ME_JIT_ON);
    CHECK(me_expr_has_jit_kernel(lifted));
    me_free(lifted);
}

/* Whoever asked for a kernel, or for a trace, is told why there is none. */
static void a_refused_module_is_reported_to_who_wants_to_know(void) {
    int size = table_size();
    setenv("ME_WASM_JIT_TEST_FORCE_INVALID", "1", 1);
    setenv("ME_DSL_TRACE", "0", 1);
    expect_kernel(10, ME_JIT_DEFAULT, false);
    CHECK(warnings() == 0);
    expect_kernel(10, ME_JIT_ON, false);
    CHECK(warnings() == 1 && last_warning_is("[me-wasm-jit] missing export"));
    setenv("ME_DSL_TRACE", "1", 1);
    expect_kernel(10, ME_JIT_DEFAULT, false);
    CHECK(warnings() == 2);
    setenv("ME_WASM_JIT_TEST_FORCE_INVALID", "0", 1);
    setenv("ME_DSL_TRACE", "0", 1);
    CHECK(table_size() == size);
    expect_kernel(10, ME_JIT_DEFAULT, true);
    CHECK(warnings() == 2);
}

/* The cache holds 64 kernels; the next one is instantiated before the oldest leaves. */
static void kernels_leave_the_table_when_they_are_forgotten(void) {
    dsl_jit_wasm_pos_cache_reset_for_tests();
    int size = table_size();
    for (int i = 0; i < 300; i++) {
        expect_kernel(100 + i, ME_JIT_DEFAULT, true);
    }
    CHECK(table_size() <= size + 65);
    size = table_size();
    dsl_jit_wasm_pos_cache_reset_for_tests();
    for (int i = 0; i < 300; i++) {
        expect_kernel(400 + i, ME_JIT_DEFAULT, true);
    }
    CHECK(table_size() == size);
}

/* Ten thousand kernels are compiled, or refused, and nothing grows. */
static void expect_no_growth(bool are_refused) {
    resources before = resources_now();
    setenv("ME_WASM_JIT_TEST_FORCE_INVALID", are_refused ? "1" : "0", 1);
    for (int i = 0; i < 10000; i++) {
        if (i == 500) {
            before = resources_now();
        }
        expect_kernel(1000 + i, ME_JIT_DEFAULT, !are_refused);
    }
    CHECK(!resources_grew(before));
    setenv("ME_WASM_JIT_TEST_FORCE_INVALID", "0", 1);
}

static void nothing_grows(void) {
    expect_no_growth(true);
    expect_no_growth(false);
}

int main(void) {
    RUN(kernels_need_no_helpers);
    RUN(plain_expressions_are_compiled_on_demand);
    RUN(a_refused_module_is_reported_to_who_wants_to_know);
    RUN(kernels_leave_the_table_when_they_are_forgotten);
    RUN(nothing_grows);
    return RESULT();
}
