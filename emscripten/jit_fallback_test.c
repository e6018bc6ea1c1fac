/*
 * Whatever stands in the way of kernels: the interpreter gives the right results, and nothing is lost over
 * ten thousand compilations.
 */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"
#include "resources.h"

/* A table without room comes first, before kernels leave free entries. */
enum { CYCLES = 10000, WARM_UP = 500 };

static int constants;

/* Compiles, evaluates and frees a kernel that no cache knows; tells whether it was compiled. */
static bool cycle(void) {
    char text[96];
    int constant = ++constants;
    snprintf(text, sizeof text, "def kernel(x):\n    if x > 2:\n        return sqrt(x) + %d\n    return x",
             constant);
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    const double x[3] = {1, 4, 9};
    const void *inputs[1] = {x};
    double out[3] = {0};
    me_expr *expr = NULL;
    CHECK(me_compile(text, &variable, 1, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval(expr, inputs, 1, out, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(out[0] == 1 && out[1] == 2 + constant && out[2] == 3 + constant);
    bool has_kernel = me_expr_has_jit_kernel(expr);
    me_free(expr);
    return has_kernel;
}

/* Runs the cycles; kernels are compiled, or not, and nothing grows. */
static void run_cycles(bool has_kernels) {
    resources before;
    int kernels = 0;
    for (int i = 0; i < CYCLES; i++) {
        if (i == WARM_UP) {
            before = resources_now();
        }
        kernels += cycle();
    }
    CHECK(kernels == (has_kernels ? CYCLES : 0));
    CHECK(!resources_grew(before));
}

static void run_with_trouble(jit_trouble trouble) {
    int taken = jit_instantiated() - jit_released(), calls = jit_calls();
    jit_make_trouble(trouble);
    run_cycles(false);
    CHECK(jit_calls() == calls + CYCLES);
    CHECK(jit_instantiated() - jit_released() == taken);
    jit_make_trouble(JIT_NO_TROUBLE);
}

static void a_full_table(void) {
    int messages = jit_messages();
    run_with_trouble(JIT_FULL_TABLE);
    CHECK(jit_messages() == messages + CYCLES);
}

static void no_glue(void) {
    int exceptions = jit_exceptions();
    run_with_trouble(JIT_NO_GLUE);
    CHECK(jit_exceptions() == exceptions + CYCLES);
}

static void a_glue_that_throws(void) {
    int exceptions = jit_exceptions();
    run_with_trouble(JIT_GLUE_THROWS);
    CHECK(jit_exceptions() == exceptions + CYCLES);
}

static void a_glue_that_gives_0(void) {
    run_with_trouble(JIT_GLUE_GIVES_0);
}

static void an_invalid_module(void) {
    run_with_trouble(JIT_INVALID_MODULE);
}

static void an_engine_that_refuses_modules(void) {
    run_with_trouble(JIT_MODULE_REFUSED);
}

static void no_helpers(void) {
    int calls = jit_calls();
    me_register_wasm_jit_helpers(NULL, NULL);
    run_cycles(false);
    me_register_wasm_jit_helpers(jit_instantiate, NULL);
    CHECK(!cycle());
    me_register_wasm_jit_helpers(NULL, jit_release);
    CHECK(!cycle());
    CHECK(jit_calls() == calls);
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
}

static void no_trouble(void) {
    run_cycles(true);
    CHECK(jit_instantiated() - jit_released() == 64);
}

// clang-format off
EM_JS(int, throwing_helper, (const unsigned char *bytes, int length, int lookup), {
    throw new Error("this helper throws");
});

typedef void action(void);

/* Runs a function; tells whether it threw. */
EM_JS(int, throws, (action *run), {
    const stack = stackSave();
    try {
        wasmTable.get(run)();
        return 0;
    } catch (error) {
        stackRestore(stack);
        return 1;
    }
});
// clang-format on

static void one_cycle(void) {
    cycle();
}

/* The library has no way to catch; but it goes on to work. */
static void an_exception_of_a_helper_is_the_programs(void) {
    me_register_wasm_jit_helpers(throwing_helper, jit_release);
    for (int i = 0; i < 100; i++) {
        CHECK(throws(one_cycle));
    }
    me_register_wasm_jit_helpers(NULL, NULL);
    CHECK(!throws(one_cycle));
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    CHECK(cycle());
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(a_full_table);
    RUN(no_glue);
    RUN(a_glue_that_throws);
    RUN(a_glue_that_gives_0);
    RUN(an_invalid_module);
    RUN(an_engine_that_refuses_modules);
    RUN(no_helpers);
    RUN(no_trouble);
    RUN(an_exception_of_a_helper_is_the_programs);
    return RESULT();
}
