/* The header declares the values and layouts that programs are compiled with. */

#include <limits.h>
#include <string.h>

#include "check.h"
#include "miniexpr.h"

static void dtypes_have_their_values(void) {
    CHECK(ME_AUTO == 0);
    CHECK(ME_BOOL == 1);
    CHECK(ME_INT8 == 2);
    CHECK(ME_INT16 == 3);
    CHECK(ME_INT32 == 4);
    CHECK(ME_INT64 == 5);
    CHECK(ME_UINT8 == 6);
    CHECK(ME_UINT16 == 7);
    CHECK(ME_UINT32 == 8);
    CHECK(ME_UINT64 == 9);
    CHECK(ME_FLOAT32 == 10);
    CHECK(ME_FLOAT64 == 11);
    CHECK(ME_COMPLEX64 == 12);
    CHECK(ME_COMPLEX128 == 13);
    CHECK(ME_STRING == 14);
    CHECK(ME_BYTES == 15);
}

static void kinds_have_their_values(void) {
    CHECK(ME_VARIABLE == 0);
    CHECK(ME_FUNCTION0 == 8 && ME_FUNCTION1 == 9 && ME_FUNCTION2 == 10 && ME_FUNCTION3 == 11);
    CHECK(ME_FUNCTION4 == 12 && ME_FUNCTION5 == 13 && ME_FUNCTION6 == 14 && ME_FUNCTION7 == 15);
    CHECK(ME_CLOSURE0 == 16 && ME_CLOSURE1 == 17 && ME_CLOSURE2 == 18 && ME_CLOSURE3 == 19);
    CHECK(ME_CLOSURE4 == 20 && ME_CLOSURE5 == 21 && ME_CLOSURE6 == 22 && ME_CLOSURE7 == 23);
    CHECK(ME_FLAG_PURE == 32);
    CHECK(ME_FLAG_FLOAT_MATH == 64);
}

static void statuses_have_their_values(void) {
    CHECK(ME_COMPILE_SUCCESS == 0);
    CHECK(ME_COMPILE_ERR_OOM == -1);
    CHECK(ME_COMPILE_ERR_PARSE == -2);
    CHECK(ME_COMPILE_ERR_INVALID_ARG == -3);
    CHECK(ME_COMPILE_ERR_COMPLEX_UNSUPPORTED == -4);
    CHECK(ME_COMPILE_ERR_REDUCTION_INVALID == -5);
    CHECK(ME_COMPILE_ERR_VAR_MIXED == -6);
    CHECK(ME_COMPILE_ERR_VAR_UNSPECIFIED == -7);
    CHECK(ME_COMPILE_ERR_INVALID_ARG_TYPE == -8);
    CHECK(ME_COMPILE_ERR_MIXED_TYPE_NESTED == -9);
    CHECK(ME_COMPILE_ERR_LIMIT == -10);
    CHECK(ME_COMPILE_ERR_REFUSED == -11);
    CHECK(ME_EVAL_SUCCESS == 0);
    CHECK(ME_EVAL_ERR_OOM == -1);
    CHECK(ME_EVAL_ERR_NULL_EXPR == -2);
    CHECK(ME_EVAL_ERR_TOO_MANY_VARS == -3);
    CHECK(ME_EVAL_ERR_VAR_MISMATCH == -4);
    CHECK(ME_EVAL_ERR_INVALID_ARG == -5);
    CHECK(ME_EVAL_ERR_CANCELLED == -6);
    CHECK(ME_EVAL_ERR_TIMEOUT == -7);
    CHECK(ME_EVAL_ERR_PASSES == -8);
    CHECK(ME_EVAL_ERR_CALLBACK == -9);
}

static void modes_have_their_values(void) {
    CHECK(ME_SIMD_ULP_DEFAULT == 0);
    CHECK(ME_SIMD_ULP_1 == 1);
    CHECK(ME_SIMD_ULP_3_5 == 2);
    CHECK(ME_JIT_DEFAULT == 0);
    CHECK(ME_JIT_ON == 1);
    CHECK(ME_JIT_OFF == 2);
    CHECK(ME_DIALECT_MINIEXPR == 0);
    CHECK(ME_DIALECT_NUMPY == 1);
    CHECK(ME_DIALECT_NUMEXPR == 2);
    CHECK(ME_BUILTIN_CONSTANT == 0);
    CHECK(ME_BUILTIN_FUNCTION == 1);
    CHECK(ME_BUILTIN_REDUCTION == 2);
    CHECK(ME_BUILTIN_STRING == 3);
    CHECK(ME_DUMP_TREE == 0);
    CHECK(ME_DUMP_IR == 1);
    CHECK(ME_DUMP_LANES == 2);
    CHECK(ME_DUMP_C == 3);
    CHECK(ME_DUMP_WASM == 4);
    CHECK(ME_EVAL_BLOCK_NITEMS == 4096);
    CHECK(ME_MAX_VARS == 128);
    CHECK(ME_EVAL_ENABLE_BLOCKING == 1);
    CHECK(ME_SIMD_ULP_DEFAULT_MODE == ME_SIMD_ULP_3_5);
}

static void enums_have_four_bytes(void) {
    CHECK(sizeof(me_dtype) == 4);
    CHECK(sizeof(me_compile_status) == 4);
    CHECK(sizeof(me_eval_status) == 4);
    CHECK(sizeof(me_simd_ulp_mode) == 4);
    CHECK(sizeof(me_jit_mode) == 4);
    CHECK(sizeof(me_dialect) == 4);
}

/* The fields follow each other in declaration order with the natural alignment of a pointer. */
static void variable_has_its_layout(void) {
    size_t pointer = sizeof(void *);
    CHECK(offsetof(me_variable, name) == 0);
    CHECK(offsetof(me_variable, dtype) == pointer);
    CHECK(offsetof(me_variable, address) == 2 * pointer);
    CHECK(offsetof(me_variable, type) == 3 * pointer);
    CHECK(offsetof(me_variable, context) == 4 * pointer);
    CHECK(offsetof(me_variable, itemsize) == 5 * pointer);
    CHECK(sizeof(me_variable) == 6 * pointer);
}

static void params_have_their_layout(void) {
    CHECK(offsetof(me_eval_params, disable_simd) == 0);
    CHECK(offsetof(me_eval_params, simd_ulp_mode) == 4);
    CHECK(offsetof(me_eval_params, jit_mode) == 8);
    CHECK(sizeof(me_eval_params) == 12);
}

static void compile_params_have_their_layout(void) {
    CHECK(offsetof(me_compile_params, struct_size) == 0);
    CHECK(offsetof(me_compile_params, dialect) == sizeof(size_t));
    CHECK(offsetof(me_compile_params, jit_mode) == sizeof(size_t) + 4);
    CHECK(offsetof(me_compile_params, expressions_only) == sizeof(size_t) + 8);
    CHECK(offsetof(me_compile_params, ignore_pragmas) == sizeof(size_t) + 9);
    CHECK(offsetof(me_compile_params, no_print) == sizeof(size_t) + 10);
    CHECK(offsetof(me_compile_params, no_disk_cache) == sizeof(size_t) + 11);
    CHECK(offsetof(me_compile_params, max_nesting) == sizeof(size_t) + 12);
    size_t limits = (sizeof(size_t) + 16 + 7) / 8 * 8;
    CHECK(offsetof(me_compile_params, max_text_bytes) == limits);
    CHECK(offsetof(me_compile_params, max_nodes) == limits + 8);
    CHECK(offsetof(me_compile_params, max_constant_bytes) == limits + 16);
    CHECK(offsetof(me_compile_params, max_passes) == limits + 24);
    CHECK(offsetof(me_compile_params, print) == limits + 32);
    CHECK(offsetof(me_compile_params, print_context) == limits + 32 + sizeof(void *));
}

static void budget_has_its_layout(void) {
    CHECK(offsetof(me_budget, struct_size) == 0);
    CHECK(offsetof(me_budget, cancel) == sizeof(void *));
    CHECK(offsetof(me_budget, timeout_ns) == 2 * sizeof(void *));
    CHECK(offsetof(me_budget, max_passes) == 2 * sizeof(void *) + 8);
    CHECK(sizeof(me_budget) == 2 * sizeof(void *) + 16);
}

static void error_has_its_layout(void) {
    size_t start = (sizeof(void *) + 8 + 7) / 8 * 8;
    CHECK(offsetof(me_error, struct_size) == 0);
    CHECK(offsetof(me_error, status) == sizeof(void *));
    CHECK(offsetof(me_error, code) == sizeof(void *) + 4);
    CHECK(offsetof(me_error, start) == start);
    CHECK(offsetof(me_error, end) == start + 8);
    CHECK(offsetof(me_error, line) == start + 16);
    CHECK(offsetof(me_error, column) == start + 20);
    CHECK(offsetof(me_error, message) == start + 24);
    CHECK(offsetof(me_error, hint) == start + 24 + sizeof(void *));
}

static void builtin_info_has_its_layout(void) {
    CHECK(offsetof(me_builtin_info, name) == 0);
    CHECK(offsetof(me_builtin_info, kind) == sizeof(void *));
    CHECK(offsetof(me_builtin_info, arity) == sizeof(void *) + 4);
    CHECK(offsetof(me_builtin_info, help) == sizeof(void *) + 8);
}

static void array_has_its_layout(void) {
    size_t pointer = sizeof(void *);
    CHECK(offsetof(me_array, data) == 0);
    CHECK(offsetof(me_array, dtype) == pointer);
    CHECK(offsetof(me_array, itemsize) == 2 * pointer);
    CHECK(offsetof(me_array, ndim) == 3 * pointer);
    CHECK(offsetof(me_array, shape) == 4 * pointer);
    CHECK(offsetof(me_array, strides) == 5 * pointer);
    CHECK(sizeof(me_array) == 6 * pointer);
}

static void array_params_have_their_layout(void) {
    size_t pointer = sizeof(void *);
    CHECK(offsetof(me_array_params, struct_size) == 0);
    CHECK(offsetof(me_array_params, eval) == pointer);
    CHECK(offsetof(me_array_params, n_threads) == pointer + 12);
    CHECK(offsetof(me_array_params, cancel) == pointer + 16);
    CHECK(offsetof(me_array_params, progress) == 2 * pointer + 16);
    CHECK(offsetof(me_array_params, context) == 3 * pointer + 16);
    size_t limits = (4 * pointer + 16 + 7) / 8 * 8;
    CHECK(offsetof(me_array_params, timeout_ns) == limits);
    CHECK(offsetof(me_array_params, max_passes) == limits + 8);
    CHECK(sizeof(me_array_params) == limits + 16);
}

static void variables_take_positional_initialisers(void) {
    static const int number = 7;
    me_variable variables[] = {
        {"a"}, {"b", ME_INT32}, {"c", ME_INT32, &number}, {"s", ME_STRING, &number, 0, NULL, 12}};
    CHECK(variables[0].dtype == ME_AUTO && variables[0].address == NULL);
    CHECK(variables[1].dtype == ME_INT32 && variables[1].type == ME_VARIABLE);
    CHECK(variables[2].address == &number);
    CHECK(variables[3].itemsize == 12);
}

static void default_params_initialise_and_assign(void) {
    me_eval_params params = ME_EVAL_PARAMS_DEFAULTS;
    CHECK(!params.disable_simd);
    params = ME_EVAL_PARAMS_DEFAULTS;
    CHECK(params.simd_ulp_mode == ME_SIMD_ULP_DEFAULT && params.jit_mode == ME_JIT_DEFAULT);
}

static void version_is_that_of_the_library(void) {
    char numbers[64];
    snprintf(numbers, sizeof numbers, "%d.%d.%d", ME_VERSION_MAJOR, ME_VERSION_MINOR, ME_VERSION_PATCH);
    CHECK(strcmp(me_version(), ME_VERSION_STRING) == 0);
    CHECK(strncmp(me_version(), numbers, strlen(numbers)) == 0);
    CHECK(strchr(".-", me_version()[strlen(numbers)]) != NULL);
}

int main(void) {
    RUN(dtypes_have_their_values);
    RUN(kinds_have_their_values);
    RUN(statuses_have_their_values);
    RUN(modes_have_their_values);
    RUN(enums_have_four_bytes);
    RUN(variable_has_its_layout);
    RUN(params_have_their_layout);
    RUN(compile_params_have_their_layout);
    RUN(budget_has_its_layout);
    RUN(error_has_its_layout);
    RUN(builtin_info_has_its_layout);
    RUN(array_has_its_layout);
    RUN(array_params_have_their_layout);
    RUN(variables_take_positional_initialisers);
    RUN(default_params_initialise_and_assign);
    RUN(version_is_that_of_the_library);
    return RESULT();
}
