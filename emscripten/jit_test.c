/* Kernels as WebAssembly under Node: the helpers, the results, and the time they take. */

#include <emscripten.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"

static me_expr *compile(const char *text, me_dtype input, me_dtype output) {
    me_variable variables[2] = {{.name = "x", .dtype = input}, {.name = "y", .dtype = input}};
    int position = 0;
    me_expr *expr = NULL;
    int count = strstr(text, "y)") ? 2 : strstr(text, "x)") ? 1 : 0;
    int status = me_compile(text, variables, count, output, &position, &expr);
    if (status != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "%s\nat %d: %s\n", text, position, me_get_last_error_message());
    }
    CHECK(status == ME_COMPILE_SUCCESS);
    return expr;
}

/* Kernels while both helpers are there, and the same results without. */
static void helpers_decide_about_kernels(void) {
    const double x[4] = {0, 1, 2, 3};
    const int64_t n[4] = {3000000000, -3400000000, (int64_t)1 << 40, 3};
    for (int registered = 0; registered < 4; registered++) {
        bool complete = registered == 3;
        me_register_wasm_jit_helpers(registered & 1 ? jit_instantiate : NULL,
                                     registered & 2 ? jit_release : NULL);
        double out[4] = {0};
        const void *inputs[1] = {x};
        me_expr *expr = compile("def kernel(x):\n    y = x + 5\n    return y", ME_FLOAT64, ME_FLOAT64);
        CHECK(me_expr_has_jit_kernel(expr) == complete);
        CHECK(me_eval(expr, inputs, 1, out, 4, NULL) == ME_EVAL_SUCCESS);
        CHECK(out[0] == 5 && out[3] == 8);
        me_free(expr);
        int64_t whole[4] = {0};
        inputs[0] = n;
        expr = compile("def kernel(x):\n    return x * 3 + 1", ME_INT64, ME_INT64);
        CHECK(me_expr_has_jit_kernel(expr) == complete);
        CHECK(me_eval(expr, inputs, 1, whole, 4, NULL) == ME_EVAL_SUCCESS);
        for (int i = 0; i < 4; i++) {
            CHECK(whole[i] == n[i] * 3 + 1);
        }
        me_free(expr);
    }
}

static const char MANDELBROT[] = "def kernel(x, y):\n"
                                 "    zr = 0.0\n    zi = 0.0\n    escape = 200.0\n"
                                 "    for i in range(200):\n"
                                 "        if zr * zr + zi * zi > 4.0:\n"
                                 "            escape = float(i)\n            break\n"
                                 "        new = zr * zr - zi * zi + x\n"
                                 "        zi = 2.0 * zr * zi + y\n        zr = new\n"
                                 "    return escape";
static const char BLACK_SCHOLES[] =
    "def kernel(x, y):\n"
    "    d = (log(x / y) + 0.03 * 0.5) / (0.3 * sqrt(0.5))\n    e = d - 0.3 * sqrt(0.5)\n"
    "    return x * 0.5 * (1.0 + erf(d / 1.4142135623730951)) - "
    "y * exp(-0.01) * 0.5 * (1.0 + erf(e / 1.4142135623730951))";

enum { ITEMS = 8192 };

static int compare(const void *a, const void *b) {
    double difference = *(const double *)a - *(const double *)b;
    return (difference > 0) - (difference < 0);
}

/* Milliseconds to compile a kernel that no cache knows, the module's instance included. */
static double median_compilation(const char *text) {
    enum { TIMES = 31 };
    double times[TIMES];
    for (int i = 0; i < TIMES; i++) {
        char variant[1000];
        snprintf(variant, sizeof variant, "%s + %d", text, i + 1);
        double start = emscripten_get_now();
        me_expr *expr = compile(variant, ME_FLOAT64, ME_FLOAT64);
        times[i] = emscripten_get_now() - start;
        CHECK(me_expr_has_jit_kernel(expr));
        me_free(expr);
    }
    qsort(times, TIMES, sizeof *times, compare);
    return times[TIMES / 2];
}

/* Both engines give the same bits; prints nanoseconds for each item. */
static void engines_agree(const char *name, const char *text, double low, double high) {
    double *x = malloc(ITEMS * sizeof *x), *y = malloc(ITEMS * sizeof *y);
    double *fast = malloc(ITEMS * sizeof *fast), *slow = malloc(ITEMS * sizeof *slow);
    for (int i = 0; i < ITEMS; i++) {
        x[i] = low + (high - low) * (i % 128) / 128;
        y[i] = low + (high - low) * (i / 128) / 64;
    }
    me_expr *expr = compile(text, ME_FLOAT64, ME_FLOAT64);
    CHECK(me_expr_has_jit_kernel(expr));
    const void *inputs[2] = {x, y};
    me_eval_params off = {.jit_mode = ME_JIT_OFF};
    double best[2] = {1e9, 1e9};
    // The host compiles what runs often once more, beside it.
    for (int pass = 0; pass < 200; pass++) {
        double start = emscripten_get_now();
        CHECK(me_eval(expr, inputs, 2, fast, ITEMS, NULL) == ME_EVAL_SUCCESS);
        best[0] = fmin(best[0], emscripten_get_now() - start);
        start = emscripten_get_now();
        CHECK(me_eval(expr, inputs, 2, slow, ITEMS, &off) == ME_EVAL_SUCCESS);
        best[1] = fmin(best[1], emscripten_get_now() - start);
    }
    CHECK(memcmp(fast, slow, ITEMS * sizeof *fast) == 0);
    int length = jit_module_length();
    double compilation = median_compilation(text);
    for (int pass = 0; pass < 4 && compilation > 1; pass++) {
        // Something else took the processor.
        compilation = fmin(compilation, median_compilation(text));
    }
    CHECK(compilation <= 1);
    CHECK(length <= 3584);
    printf("%s: %.1f ns an item, interpreted %.1f, %d bytes compiled in %.2f ms\n", name,
           best[0] * 1e6 / ITEMS, best[1] * 1e6 / ITEMS, length, compilation);
    me_free(expr);
    free(x), free(y), free(fast), free(slow);
}

int main(void) {
    RUN(helpers_decide_about_kernels);
    engines_agree("Mandelbrot", MANDELBROT, -1.5, 0.5);
    engines_agree("Black-Scholes", BLACK_SCHOLES, 50, 150);
    return RESULT();
}
