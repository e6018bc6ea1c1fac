/*
 * Recorded random programs: kernels on the SIMD of this engine give the bits that the interpreter gives.
 * Each program is a line with the dtypes of x, y and the result, then lines up to an empty one.
 */

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"

enum { ITEMS = 77, MOST_BYTES = 8 * ITEMS };

static size_t size_of(me_dtype dtype) {
    switch (dtype) {
    case ME_BOOL:
    case ME_INT8:
    case ME_UINT8:
        return 1;
    case ME_INT16:
    case ME_UINT16:
        return 2;
    case ME_INT32:
    case ME_UINT32:
    case ME_FLOAT32:
        return 4;
    default:
        return 8;
    }
}

/* Small numbers, halves of them for floats, and values at the ends of the dtype's range. */
static void fill(char *array, me_dtype dtype, unsigned seed) {
    const double extremes[] = {INFINITY, NAN, -0.0, 1e300};
    for (int i = 0; i < ITEMS; i++) {
        seed = seed * 1103515245 + 12345;
        int small = (int)(seed >> 16) % 24 - 8;
        bool is_extreme = seed >> 28 == 0;
        int64_t whole = is_extreme ? (int64_t)1 << 63 >> (seed >> 16 & 63) : small;
        double real = is_extreme ? extremes[seed >> 16 & 3] : small / 2.0;
        float narrow = (float)real;
        bool flag = small > 0;
        const void *value = dtype == ME_FLOAT64   ? (void *)&real
                            : dtype == ME_FLOAT32 ? (void *)&narrow
                            : dtype == ME_BOOL    ? (void *)&flag
                                                  : (void *)&whole;
        memcpy(array + i * size_of(dtype), value, size_of(dtype));
    }
}

static bool is_nan(const char *item, me_dtype dtype) {
    double real = 0;
    float narrow = 0;
    if (dtype == ME_FLOAT64) {
        memcpy(&real, item, sizeof real);
    } else if (dtype == ME_FLOAT32) {
        memcpy(&narrow, item, sizeof narrow);
    }
    return isnan(real) || isnan(narrow);
}

/* Equality of bits; NaNs are equal. */
static bool are_same(const char *a, const char *b, me_dtype dtype) {
    for (int i = 0; i < ITEMS; i++, a += size_of(dtype), b += size_of(dtype)) {
        if (memcmp(a, b, size_of(dtype)) != 0 && !(is_nan(a, dtype) && is_nan(b, dtype))) {
            return false;
        }
    }
    return true;
}

static void check_program(const char *text, const int dtypes[3], unsigned seed) {
    const me_variable variables[2] = {{.name = "x", .dtype = dtypes[0]}, {.name = "y", .dtype = dtypes[1]}};
    char x[MOST_BYTES], y[MOST_BYTES], fast[MOST_BYTES], slow[MOST_BYTES];
    fill(x, dtypes[0], seed);
    fill(y, dtypes[1], seed + 1000);
    const void *inputs[2] = {x, y};
    const me_eval_params off = {.jit_mode = ME_JIT_OFF};
    me_expr *expr = NULL;
    int failures = check_failures;
    CHECK(me_compile(text, variables, 2, dtypes[2], NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_expr_has_jit_kernel(expr));
    CHECK(me_eval(expr, inputs, 2, fast, ITEMS, NULL) == ME_EVAL_SUCCESS);
    CHECK(me_eval(expr, inputs, 2, slow, ITEMS, &off) == ME_EVAL_SUCCESS);
    CHECK(are_same(fast, slow, dtypes[2]));
    me_free(expr);
    if (check_failures > failures) {
        fprintf(stderr, "program %u:\n%s\n", seed, text);
    }
}

static void random_programs_agree(void) {
    FILE *file = fopen("/random_programs.txt", "r");
    char text[8192], line[1024];
    int dtypes[3];
    unsigned count = 0;
    while (fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "%d %d %d", dtypes, dtypes + 1, dtypes + 2) == 3) {
        text[0] = 0;
        while (fgets(line, sizeof line, file) != NULL && line[0] != '\n') {
            strncat(text, line, sizeof text - strlen(text) - 1);
        }
        check_program(text, dtypes, count++);
    }
    fclose(file);
    CHECK(count == 100);
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(random_programs_agree);
    return RESULT();
}
