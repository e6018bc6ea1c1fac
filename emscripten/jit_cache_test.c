/* What the process remembers of kernels: which, how many, for how long, and who releases them. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"

void dsl_jit_wasm_pos_cache_reset_for_tests(void);

static me_expr *compile(const char *text) {
    me_expr *expr = NULL;
    CHECK(me_compile(text, NULL, 0, ME_INT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_has_jit_kernel(expr));
    return expr;
}

/* A kernel of its own for each symbol and number. */
static me_expr *compile_sum(const char *symbol, int number) {
    char text[96];
    snprintf(text, sizeof text, "# me:compiler=cc\ndef kernel():\n    return %s + %d", symbol, number);
    return compile(text);
}

static int64_t first_value(me_expr *expr) {
    int64_t out = -1;
    CHECK(me_eval(expr, NULL, 0, &out, 1, NULL) == ME_EVAL_SUCCESS);
    return out;
}

static void check_four(me_expr *expr) {
    int64_t out[4] = {0};
    CHECK(me_eval(expr, NULL, 0, out, 4, NULL) == ME_EVAL_SUCCESS);
    for (int i = 0; i < 4; i++) {
        CHECK(out[i] == 123 + i);
    }
    me_free(expr);
}

static void one_program_is_instantiated_once(void) {
    dsl_jit_wasm_pos_cache_reset_for_tests();
    int before = jit_calls();
    check_four(compile_sum("_flat_idx", 123));
    CHECK(jit_calls() == before + 1);
    check_four(compile_sum("_flat_idx", 123));
    CHECK(jit_calls() == before + 1);
    check_four(compile_sum("_i0", 123));
    CHECK(jit_calls() == before + 2);
}

static void compilers_have_kernels_of_their_own(void) {
    int before = jit_calls();
    const char *texts[] = {"# me:compiler=tcc\ndef kernel():\n    return _flat_idx + 77",
                           "# me:compiler=cc\ndef kernel():\n    return _flat_idx + 77"};
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 2; i++) {
            me_free(compile(texts[i]));
        }
    }
    CHECK(jit_calls() == before + 2);
}

static void more_programs_than_places_evict_the_oldest(void) {
    dsl_jit_wasm_pos_cache_reset_for_tests();
    CHECK(jit_instantiated() == jit_released());
    int before = jit_calls();
    for (int i = 0; i < 72; i++) {
        me_expr *expr = compile_sum("_flat_idx", 4000 + i);
        CHECK(first_value(expr) == 4000 + i);
        me_free(expr);
    }
    CHECK(jit_calls() == before + 72);
    for (int i = 72 - 64; i < 72; i++) {
        me_free(compile_sum("_flat_idx", 4000 + i));
    }
    me_expr *newest = compile_sum("_flat_idx", 4071);
    CHECK(jit_calls() == before + 72);
    me_expr *oldest = compile_sum("_flat_idx", 4000);
    CHECK(jit_calls() == before + 73);
    CHECK(first_value(newest) == 4071 && first_value(oldest) == 4000);
    me_free(newest);
    me_free(oldest);
}

static void a_kernel_in_use_outlives_a_thousand_others(void) {
    me_expr *kept = compile_sum("_flat_idx", 1000);
    me_expr *twin = compile_sum("_flat_idx", 1000);
    for (int i = 0; i < 1000; i++) {
        me_expr *expr = compile_sum("_flat_idx", 20000 + i);
        CHECK(first_value(expr) == 20000 + i);
        me_free(expr);
        CHECK(first_value(kept) == 1000);
    }
    CHECK(jit_instantiated() - jit_released() == 64 + 1);
    int before = jit_released();
    me_free(kept);
    CHECK(jit_released() == before && first_value(twin) == 1000);
    me_free(twin);
    CHECK(jit_released() == before + 1);
}

static void unregistering_keeps_the_kernels_of_expressions(void) {
    me_expr *expr = compile_sum("_flat_idx", 31);
    me_register_wasm_jit_helpers(NULL, NULL);
    CHECK(me_expr_has_jit_kernel(expr) && first_value(expr) == 31);
    me_expr *other = NULL;
    const char *text = "# me:compiler=cc\ndef kernel():\n    return _flat_idx + 31";
    CHECK(me_compile(text, NULL, 0, ME_INT64, NULL, &other) == ME_COMPILE_SUCCESS);
    CHECK(!me_expr_has_jit_kernel(other) && first_value(other) == 31);
    me_free(other);
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    int before = jit_calls();
    me_free(compile_sum("_flat_idx", 31));
    CHECK(jit_calls() == before);
    me_free(expr);
}

/* A failure is not remembered: the next compilation tries again. */
static void a_refused_module_is_tried_again(void) {
    int before = jit_calls();
    const char *text = "def kernel():\n    return _flat_idx + 8";
    jit_make_trouble(JIT_INVALID_MODULE);
    for (int i = 0; i < 2; i++) {
        me_expr *expr = NULL;
        CHECK(me_compile(text, NULL, 0, ME_INT64, NULL, &expr) == ME_COMPILE_SUCCESS);
        CHECK(!me_expr_has_jit_kernel(expr) && first_value(expr) == 8);
        me_free(expr);
    }
    CHECK(jit_calls() == before + 2 && jit_messages() == 2);
    jit_make_trouble(JIT_NO_TROUBLE);
    me_free(compile(text));
    CHECK(jit_calls() == before + 3);
}

/* Compiles a kernel of one input twice: the second time it is known. */
static void expect_own_kernel(const char *text, me_dtype input, me_dtype output) {
    int before = jit_calls();
    for (int i = 0; i < 2; i++) {
        const me_variable variable = {.name = "x", .dtype = input};
        me_expr *expr = NULL;
        CHECK(me_compile(text, &variable, 1, output, NULL, &expr) == ME_COMPILE_SUCCESS);
        CHECK(me_expr_has_jit_kernel(expr));
        me_free(expr);
    }
    CHECK(jit_calls() == before + 1);
}

static void programs_that_differ_have_kernels_of_their_own(void) {
    dsl_jit_wasm_pos_cache_reset_for_tests();
    const char *text = "def kernel(x):\n    return x + 5";
    expect_own_kernel(text, ME_FLOAT64, ME_FLOAT64);
    expect_own_kernel("def kernel(x):\n    return x + 6", ME_FLOAT64, ME_FLOAT64);
    expect_own_kernel(text, ME_FLOAT32, ME_FLOAT64);
    expect_own_kernel(text, ME_FLOAT32, ME_FLOAT32);
    expect_own_kernel("# me:fp=fast\ndef kernel(x):\n    return x + 5", ME_FLOAT64, ME_FLOAT64);
    setenv("ME_DSL_JIT_COMPILER", "cc", 1);
    expect_own_kernel(text, ME_FLOAT64, ME_FLOAT64);
    unsetenv("ME_DSL_JIT_COMPILER");
    setenv("ME_DSL_JIT_SCALAR_MATH_BRIDGE", "1", 1);
    expect_own_kernel(text, ME_FLOAT64, ME_FLOAT64);
    unsetenv("ME_DSL_JIT_SCALAR_MATH_BRIDGE");
}

/* What has a meaning natively, and none here. */
static void other_switches_are_ignored(void) {
    static const char *const names[] = {"ME_DSL_JIT_POS_CACHE",
                                        "TMPDIR",
                                        "CC",
                                        "CFLAGS",
                                        "ME_DSL_JIT_LIBTCC_PATH",
                                        "ME_DSL_JIT_TCC_OPTIONS",
                                        "ME_DSL_JIT_TEST_STUB_SO",
                                        "ME_WASM_JIT_TEST_FORCE_INVALID"};
    const size_t count = sizeof names / sizeof *names;
    for (size_t i = 0; i < count; i++) {
        setenv(names[i], i == 0 ? "0" : "/no/such/thing", 1);
    }
    int before = jit_calls();
    for (int i = 0; i < 2; i++) {
        me_expr *expr = compile_sum("_flat_idx", 515);
        CHECK(first_value(expr) == 515);
        me_free(expr);
    }
    CHECK(jit_calls() == before + 1);
    for (size_t i = 0; i < count; i++) {
        unsetenv(names[i]);
    }
}

static int other_calls, other_releases;

static int other_instantiate(const unsigned char *bytes, int length, int lookup) {
    other_calls++;
    return jit_instantiate(bytes, length, lookup);
}

static void other_release(int index) {
    other_releases++;
    jit_release(index);
}

/* Known kernels stay; the helper that is there then releases them. */
static void another_pair_takes_over(void) {
    dsl_jit_wasm_pos_cache_reset_for_tests();
    me_free(compile_sum("_flat_idx", 61));
    me_register_wasm_jit_helpers(other_instantiate, other_release);
    me_expr *expr = compile_sum("_flat_idx", 61);
    CHECK(other_calls == 0 && first_value(expr) == 61);
    me_free(compile_sum("_flat_idx", 62));
    CHECK(other_calls == 1 && other_releases == 0);
    me_register_wasm_jit_helpers(jit_instantiate, other_release);
    dsl_jit_wasm_pos_cache_reset_for_tests();
    CHECK(other_releases == 1 && first_value(expr) == 61);
    me_free(expr);
    CHECK(other_releases == 2 && jit_instantiated() == jit_released());
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
}

static void nobody_releases_without_a_helper(void) {
    me_expr *expr = compile_sum("_flat_idx", 63);
    int before = jit_released();
    me_register_wasm_jit_helpers(jit_instantiate, NULL);
    dsl_jit_wasm_pos_cache_reset_for_tests();
    CHECK(first_value(expr) == 63);
    me_free(expr);
    CHECK(jit_released() == before);
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(one_program_is_instantiated_once);
    RUN(compilers_have_kernels_of_their_own);
    RUN(programs_that_differ_have_kernels_of_their_own);
    RUN(other_switches_are_ignored);
    RUN(more_programs_than_places_evict_the_oldest);
    RUN(a_kernel_in_use_outlives_a_thousand_others);
    RUN(unregistering_keeps_the_kernels_of_expressions);
    RUN(a_refused_module_is_tried_again);
    RUN(another_pair_takes_over);
    RUN(nobody_releases_without_a_helper);
    return RESULT();
}
