/*
 * Kernels by the dynamic linker: a main module in C, without helpers and without JavaScript. Built twice:
 * with the library as a side module, which it loads, and with the library linked into it.
 */

#include <dirent.h>
#include <dlfcn.h>
#include <emscripten.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "miniexpr.h"

static int (*compile_text)(const char *, const me_variable *, int, me_dtype, int *, me_expr **);
static int (*eval)(const me_expr *, const void **, int, void *, int, const me_eval_params *);
static bool (*has_kernel)(const me_expr *);
static void (*release)(me_expr *);
static void (*register_helpers)(me_wasm_jit_instantiate_helper, me_wasm_jit_free_helper);

#ifdef SIDE_MODULE_PATH
static bool load(void) {
    void *library = dlopen(SIDE_MODULE_PATH, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return false;
    }
    compile_text = dlsym(library, "me_compile");
    eval = dlsym(library, "me_eval");
    has_kernel = dlsym(library, "me_expr_has_jit_kernel");
    release = dlsym(library, "me_free");
    register_helpers = dlsym(library, "me_register_wasm_jit_helpers");
    return true;
}
#else
static bool load(void) {
    compile_text = me_compile;
    eval = me_eval;
    has_kernel = me_expr_has_jit_kernel;
    release = me_free;
    register_helpers = me_register_wasm_jit_helpers;
    return true;
}
#endif

enum { ITEMS = 1000 };

static me_expr *compile(const char *text) {
    const me_variable variables[2] = {{.name = "x", .dtype = ME_FLOAT64}, {.name = "y", .dtype = ME_FLOAT64}};
    me_expr *expr = NULL;
    CHECK(compile_text(text, variables, 2, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS);
    return expr;
}

/* Both engines give the same bits. */
static void engines_agree(const char *text) {
    double x[ITEMS], y[ITEMS], fast[ITEMS], slow[ITEMS];
    for (int i = 0; i < ITEMS; i++) {
        x[i] = i % 17 - 8.25;
        y[i] = i * 0.125;
    }
    const void *inputs[2] = {x, y};
    const me_eval_params off = {.jit_mode = ME_JIT_OFF};
    me_expr *expr = compile(text);
    CHECK(has_kernel(expr));
    CHECK(eval(expr, inputs, 2, fast, ITEMS, NULL) == ME_EVAL_SUCCESS);
    CHECK(eval(expr, inputs, 2, slow, ITEMS, &off) == ME_EVAL_SUCCESS);
    CHECK(memcmp(fast, slow, sizeof fast) == 0);
    release(expr);
}

static void kernels_run(void) {
    engines_agree("def kernel(x, y):\n    return x * y + 1");
    engines_agree("def kernel(x, y):\n    return sin(x) * exp(y * 0.01) - erf(x)");
    engines_agree(
        "def kernel(x, y):\n    s = 0.0\n    for i in range(9):\n        if x < i:\n            break\n"
        "        s = s + atan2(x, y + i)\n    return s");
}

static int side_module_files(void) {
    int count = 0;
    DIR *folder = opendir("/tmp");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        count += strncmp(entry->d_name, "miniexpr-", 9) == 0;
    }
    closedir(folder);
    return count;
}

static void no_file_stays(void) {
    CHECK(side_module_files() == 0);
}

static void the_environment_turns_it_off(void) {
    setenv("ME_DSL_JIT_DLOPEN", "0", 1);
    me_expr *expr = compile("def kernel(x, y):\n    return x * y + 2");
    CHECK(!has_kernel(expr));
    release(expr);
    unsetenv("ME_DSL_JIT_DLOPEN");
}

static int calls;

static int refuse(const unsigned char *bytes, int length, int lookup) {
    (void)bytes, (void)length, (void)lookup;
    calls++;
    return 0;
}

static void ignore(int index) {
    (void)index;
}

static void helpers_come_first(void) {
    register_helpers(refuse, ignore);
    me_expr *expr = compile("def kernel(x, y):\n    return x * y + 3");
    CHECK(calls == 1 && !has_kernel(expr));
    release(expr);
    register_helpers(NULL, NULL);
    engines_agree("def kernel(x, y):\n    return x * y + 3");
}

static double one(double x) {
    return x + 0.5;
}

static bool takes(int type) {
    const me_variable variables[2] = {
        {.name = "x", .dtype = ME_FLOAT64},
        {.name = "f", .dtype = ME_FLOAT64, .address = (void *)one, .type = type}};
    me_expr *expr = NULL;
    bool is_taken = compile_text("f(x)", variables, 2, ME_FLOAT64, NULL, &expr) == ME_COMPILE_SUCCESS;
    release(expr);
    return is_taken;
}

/* An engine with garbage collection tells the types of functions apart, of helpers too. */
static void functions_of_other_types_are_refused(void) {
    bool can_tell = !takes(ME_CLOSURE1);
    printf("this engine %s types of functions apart\n", can_tell ? "tells" : "does not tell");
    CHECK(takes(ME_FUNCTION1));
    if (can_tell) {
        register_helpers((me_wasm_jit_instantiate_helper)one, ignore);
        engines_agree("def kernel(x, y):\n    return x * y + 4");
        register_helpers(refuse, (me_wasm_jit_free_helper)one);
        engines_agree("def kernel(x, y):\n    return x * y + 5");
        register_helpers(NULL, NULL);
    }
}

/* The dynamic linker keeps what it loaded, so the library stops at 1024 side modules. */
static void the_number_of_side_modules_is_bounded(void) {
    me_expr *kept = compile("def kernel(x, y):\n    return x + 0.75");
    int kernels = 0;
    double start = emscripten_get_now();
    for (int i = 0; i < 1200; i++) {
        char text[64];
        snprintf(text, sizeof text, "def kernel(x, y):\n    return x + %d", 100 + i);
        me_expr *expr = compile(text);
        const double x[1] = {1};
        const void *inputs[2] = {x, x};
        double out[1] = {0};
        CHECK(eval(expr, inputs, 2, out, 1, NULL) == ME_EVAL_SUCCESS && out[0] == 101 + i);
        CHECK(eval(kept, inputs, 2, out, 1, NULL) == ME_EVAL_SUCCESS && out[0] == 1.75);
        kernels += has_kernel(expr);
        release(expr);
    }
    CHECK(kernels > 1000 && kernels < 1024);
    printf("%d kernels, %.2f ms each\n", kernels, (emscripten_get_now() - start) / kernels);
    release(kept);
}

int main(void) {
    if (!load()) {
        return 1;
    }
    RUN(kernels_run);
    RUN(no_file_stays);
    RUN(the_environment_turns_it_off);
    RUN(helpers_come_first);
    RUN(functions_of_other_types_are_refused);
    RUN(the_number_of_side_modules_is_bounded);
    return RESULT();
}
