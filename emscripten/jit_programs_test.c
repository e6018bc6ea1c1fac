/*
 * Kernels on the SIMD of this engine give the bits that the interpreter gives: random programs of the file
 * PROGRAMS_FILE, each a line with the dtypes of x, y and the result, then lines up to an empty one; and
 * those of RECORDED_FILE, a JSON object a line.
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
static bool are_same(const char *a, const char *b, int items, me_dtype dtype) {
    for (int i = 0; i < items; i++, a += size_of(dtype), b += size_of(dtype)) {
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
    CHECK(are_same(fast, slow, ITEMS, dtypes[2]));
    me_free(expr);
    if (check_failures > failures) {
        fprintf(stderr, "program %u:\n%s\n", seed, text);
    }
}

static void random_programs_agree(void) {
    FILE *file = fopen(PROGRAMS_FILE, "r");
    CHECK(file != NULL);
    static char text[1 << 16];
    char line[1024];
    int dtypes[3];
    unsigned count = 0;
    while (file != NULL && fgets(line, sizeof line, file) != NULL &&
           sscanf(line, "%d %d %d", dtypes, dtypes + 1, dtypes + 2) == 3) {
        text[0] = 0;
        while (fgets(line, sizeof line, file) != NULL && line[0] != '\n') {
            CHECK(strlen(text) + strlen(line) < sizeof text);
            strncat(text, line, sizeof text - strlen(text) - 1);
        }
        check_program(text, dtypes, count++);
    }
    CHECK(count == PROGRAMS);
    printf("%u programs\n", count);
}

// clang-format off

/* Reads the recorded kernels over one array; their number. */
EM_JS(int, load_recorded, (const char *path), {
    const lines = require("fs").readFileSync(UTF8ToString(path), "utf8").trim().split("\n");
    const cases = lines.map((line) => JSON.parse(line));
    Module.recorded = cases.filter((item) => item.want.status === 0 && !item.nd && !item.varlen);
    return Module.recorded.length;
});

/* Length of a list of a kernel. */
EM_JS(int, recorded_length, (int kernel, const char *list), {
    return Module.recorded[kernel][UTF8ToString(list)].length;
});

/* Writes a field of a kernel, or an element of a list, as text; words of a nested list have spaces between. */
EM_JS(void, get_recorded, (int kernel, const char *field, int element, char *out, int size), {
    const value = Module.recorded[kernel][UTF8ToString(field)];
    const item = element < 0 ? value : value[element];
    stringToUTF8(Array.isArray(item) ? item.join(" ") : String(item), out, size);
});

// clang-format on

enum { MOST_VARIABLES = 8, MOST_TEXT = 1 << 16 };

static char text_of_field[MOST_TEXT];

static const char *recorded(int kernel, const char *field, int element) {
    get_recorded(kernel, field, element, text_of_field, MOST_TEXT);
    return text_of_field;
}

static me_dtype dtype_of(const char *name) {
    static const struct {
        const char *name;
        me_dtype dtype;
    } known[] = {{"auto", ME_AUTO},   {"bool", ME_BOOL},       {"int32", ME_INT32},
                 {"int64", ME_INT64}, {"float32", ME_FLOAT32}, {"float64", ME_FLOAT64}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(name, known[i].name) == 0) {
            return known[i].dtype;
        }
    }
    CHECK(!"a dtype that no recorded kernel has");
    return ME_AUTO;
}

/* The bytes that hexadecimal digits stand for. */
static void *bytes_of(const char *digits) {
    size_t count = strlen(digits) / 2;
    unsigned char *bytes = malloc(count + 1);
    for (size_t i = 0; i < count; i++) {
        const char pair[] = {digits[2 * i], digits[2 * i + 1], 0};
        bytes[i] = strtoul(pair, NULL, 16);
    }
    return bytes;
}

/* Compares the engines on a kernel with its recorded inputs; whether it was compiled. */
static bool check_recorded(int kernel) {
    static char text[MOST_TEXT];
    char names[MOST_VARIABLES][32], dtype[32];
    me_variable variables[MOST_VARIABLES] = {0};
    void *inputs[MOST_VARIABLES];
    int count = recorded_length(kernel, "vars"), items = atoi(recorded(kernel, "n", -1));
    CHECK(count <= MOST_VARIABLES && recorded_length(kernel, "inputs") == count);
    for (int i = 0; i < count; i++) {
        CHECK(sscanf(recorded(kernel, "vars", i), "%31s %31s", names[i], dtype) == 2);
        variables[i] = (me_variable){.name = names[i], .dtype = dtype_of(dtype)};
        inputs[i] = bytes_of(recorded(kernel, "inputs", i));
    }
    me_dtype wanted = dtype_of(recorded(kernel, "dtype", -1));
    strcpy(text, recorded(kernel, "expr", -1));
    me_expr *expr = NULL;
    bool is_compiled = me_compile(text, variables, count, wanted, NULL, &expr) == ME_COMPILE_SUCCESS &&
                       me_expr_has_jit_kernel(expr);
    if (is_compiled) {
        me_dtype output = me_get_dtype(expr);
        char *fast = calloc(items + 1, 8), *slow = calloc(items + 1, 8);
        const me_eval_params off = {.jit_mode = ME_JIT_OFF};
        int statuses[] = {me_eval(expr, (const void **)inputs, count, fast, items, NULL),
                          me_eval(expr, (const void **)inputs, count, slow, items, &off)};
        bool agree = statuses[0] == statuses[1] && are_same(fast, slow, items, output);
        CHECK(agree);
        if (!agree) {
            fprintf(stderr, "%s:\n%s\n", recorded(kernel, "id", -1), text);
        }
        free(fast), free(slow);
    }
    me_free(expr);
    for (int i = 0; i < count; i++) {
        free(inputs[i]);
    }
    return is_compiled;
}

static void recorded_kernels_agree(void) {
    int count = load_recorded(RECORDED_FILE), compiled = 0;
    for (int i = 0; i < count; i++) {
        compiled += check_recorded(i);
    }
    CHECK(compiled > 400);
    printf("%d of %d recorded kernels\n", compiled, count);
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(recorded_kernels_agree);
    RUN(random_programs_agree);
    return RESULT();
}
