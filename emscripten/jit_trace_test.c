/* The lines of the trace that say what became of a kernel, in order. */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"

static const char KERNEL[] = "def kernel(x):\n    return x + 5";
static const char FILE_NAME[] = "/tmp/trace.txt";
static char trace[4096];
/* Of the last text, for 3. */
static double value;

/* Compiles a text with standard error in a file, reads the trace, and evaluates it. */
static bool traced(const char *text, int mode) {
    const me_variable variable = {.name = "x", .dtype = ME_FLOAT64};
    const int64_t shape[] = {4};
    const int32_t sizes[] = {4};
    me_expr *expr = NULL;
    CHECK(freopen(FILE_NAME, "w", stderr) != NULL);
    setenv("ME_DSL_TRACE", "1", 1);
    int status = me_compile_nd_jit(text, &variable, 1, ME_FLOAT64, 1, shape, sizes, sizes, mode, NULL, &expr);
    unsetenv("ME_DSL_TRACE");
    CHECK(freopen("/dev/stderr", "w", stderr) != NULL);
    CHECK(status == ME_COMPILE_SUCCESS);
    FILE *file = fopen(FILE_NAME, "r");
    size_t length = fread(trace, 1, sizeof trace - 1, file);
    trace[length] = 0;
    fclose(file);
    const double x[4] = {0, 1, 2, 3};
    const void *inputs[] = {x};
    double out[4];
    CHECK(me_eval(expr, inputs, 1, out, 4, NULL) == ME_EVAL_SUCCESS);
    value = out[3];
    bool has_kernel = me_expr_has_jit_kernel(expr);
    me_free(expr);
    return has_kernel;
}

static bool has(const char *part) {
    bool found = strstr(trace, part) != NULL;
    if (!found) {
        fprintf(stderr, "no \"%s\" in:\n%s", part, trace);
    }
    return found;
}

static void without_helpers(void) {
    for (int registered = 0; registered < 3; registered++) {
        me_register_wasm_jit_helpers(registered == 1 ? jit_instantiate : NULL,
                                     registered == 2 ? jit_release : NULL);
        CHECK(!traced(KERNEL, ME_JIT_DEFAULT));
        CHECK(has("[me-dsl] jit runtime skip: side-module wasm32 helpers are not registered\n"));
        CHECK(value == 8);
    }
}

static void with_helpers(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    CHECK(traced(KERNEL, ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit ir built: fp=strict compiler=tcc fingerprint="));
    CHECK(has("[me-dsl] jit runtime built: fp=strict compiler=tcc key="));
    CHECK(traced(KERNEL, ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit runtime hit: fp=strict source=wasm-process-cache key="));
    CHECK(traced("# me:compiler=cc\ndef kernel(x):\n    return x + 6", ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit runtime built: fp=strict compiler=cc key="));
    CHECK(traced("# me:fp=contract\ndef kernel(x):\n    return x + 5", ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit runtime built: fp=contract compiler=tcc key="));
    setenv("ME_DSL_JIT_COMPILER", "cc", 1);
    setenv("ME_DSL_FP_MODE", "fast", 1);
    CHECK(traced(KERNEL, ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit runtime built: fp=fast compiler=cc key="));
    unsetenv("ME_DSL_JIT_COMPILER");
    unsetenv("ME_DSL_FP_MODE");
    CHECK(value == 8);
}

static void switched_off(void) {
    CHECK(!traced(KERNEL, ME_JIT_OFF));
    CHECK(has("[me-dsl] jit runtime skipped: fp=strict compiler=tcc reason=jit_mode=off\n"));
    setenv("ME_DSL_JIT", "0", 1);
    CHECK(!traced(KERNEL, ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit runtime skip: fp=strict reason=jit runtime disabled by environment\n"));
    unsetenv("ME_DSL_JIT");
    setenv("ME_DSL_JIT_INDEX_VARS", "0", 1);
    CHECK(!traced("def kernel(x):\n    return x + _flat_idx", ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit ir skip: fp=strict reason="));
    unsetenv("ME_DSL_JIT_INDEX_VARS");
}

static void no_kernel_where_a_path_has_no_return(void) {
    CHECK(!traced("def kernel(x):\n    if x > -1:\n        return x", ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit ir skip: fp=strict reason=program may reach function end without return\n"));
    CHECK(value == 3);
}

static void no_kernel_for_a_reduction(void) {
    CHECK(!traced("def kernel(x):\n    return x + sum(x)", ME_JIT_DEFAULT));
    CHECK(has("[me-dsl] jit ir reject: fp=strict "));
}

static void a_refused_module(void) {
    jit_make_trouble(JIT_INVALID_MODULE);
    CHECK(!traced("def kernel(x):\n    return x + 7", ME_JIT_DEFAULT));
    CHECK(has(
        "[me-dsl] jit runtime skip: wasm instantiation failed\n"
        "[me-dsl] jit runtime skip: fp=strict compiler=tcc reason=jit runtime wasm32 compilation failed\n"));
    jit_make_trouble(JIT_NO_TROUBLE);
}

static bool has_kernel_files(void) {
    bool found = false;
    DIR *folder = opendir("/tmp");
    struct dirent *entry;
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        found |= strncmp(entry->d_name, "kernel_", 7) == 0 || strcmp(entry->d_name, "miniexpr-jit") == 0;
    }
    closedir(folder);
    return found;
}

static void no_compiler_and_no_files(void) {
    const char *texts[] = {"# me:compiler=cc\ndef kernel(x):\n    return x + 19",
                           "def kernel(x):\n    return x + 29"};
    setenv("CC", "/no/such/compiler", 1);
    for (int is_on = 0; is_on < 2; is_on++) {
        setenv("ME_DSL_JIT", is_on ? "1" : "0", 1);
        for (int i = 0; i < 2; i++) {
            CHECK(traced(texts[i], ME_JIT_DEFAULT) == is_on);
            CHECK(value == 22 + 10 * i);
            CHECK(!has_kernel_files());
        }
    }
    unsetenv("ME_DSL_JIT");
    unsetenv("CC");
}

int main(void) {
    RUN(without_helpers);
    RUN(with_helpers);
    RUN(switched_off);
    RUN(no_kernel_where_a_path_has_no_return);
    RUN(no_kernel_for_a_reduction);
    RUN(a_refused_module);
    RUN(no_compiler_and_no_files);
    return RESULT();
}
