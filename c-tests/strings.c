/* Strings: fixed items of code points and of bytes, and results packed one after the other. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

/* Three items of four code points each: "abc", "déf", "". */
static const uint32_t TEXT[3][4] = {{'a', 'b', 'c'}, {'d', 0xe9, 'f'}};
static const char BYTES[3][3] = {"ab", "abc", ""};

static const me_variable VARIABLES[] = {{"s", ME_STRING, NULL, 0, NULL, sizeof TEXT[0]},
                                        {"b", ME_BYTES, NULL, 0, NULL, sizeof BYTES[0]}};

/* Compiles an expression over s or b; NULL on failure. */
static me_expr *compile(const char *text) {
    me_expr *expr = NULL;
    me_compile(text, VARIABLES, 2, ME_AUTO, NULL, &expr);
    return expr;
}

static void items_keep_their_dtype_and_size(void) {
    const void *inputs[] = {BYTES};
    char result[3][3];
    me_expr *expr = compile("s");
    CHECK(me_get_dtype(expr) == ME_STRING && me_get_itemsize(expr) == sizeof TEXT[0]);
    me_free(expr);
    expr = compile("b");
    CHECK(me_get_dtype(expr) == ME_BYTES && me_get_itemsize(expr) == sizeof BYTES[0]);
    CHECK(me_eval(expr, inputs, 1, result, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, BYTES, sizeof BYTES) == 0);
    me_free(expr);
}

static void comparisons_give_bool(void) {
    const void *inputs[] = {TEXT};
    const bool equal[3] = {true, false, false}, ends[3] = {false, true, false};
    bool result[3];
    me_expr *expr = compile("s == 'abc'");
    CHECK(me_get_dtype(expr) == ME_BOOL);
    CHECK(me_eval(expr, inputs, 1, result, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, equal, sizeof equal) == 0);
    me_free(expr);
    expr = compile("endswith(s, '\xc3\xa9"
                   "f')");
    CHECK(me_eval(expr, inputs, 1, result, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, ends, sizeof ends) == 0);
    me_free(expr);
}

static void results_are_padded_with_zeros(void) {
    const void *inputs[] = {TEXT};
    const uint32_t expected[3][5] = {{'<', 'a', 'b', 'c'}, {'<', 'd', 0xe9, 'f'}, {'<'}};
    uint32_t result[3][5];
    me_expr *expr = compile("'<' + s");
    CHECK(me_get_dtype(expr) == ME_STRING && me_get_itemsize(expr) == sizeof expected[0]);
    CHECK(me_eval(expr, inputs, 1, result, 3, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    me_free(expr);
}

static void packed_results_have_offsets(void) {
    const void *inputs[] = {TEXT};
    const int64_t expected[4] = {0, 4, 9, 10}; /* é takes two bytes of UTF-8 */
    int64_t offsets[4];
    char data[10];
    size_t used = 0;
    me_expr *expr = compile("'<' + s");
    CHECK(me_varlen_data_bound(expr, 3) >= sizeof data);
    CHECK(me_eval_varlen(expr, inputs, 1, 3, offsets, data, sizeof data, &used, NULL) == ME_EVAL_SUCCESS);
    CHECK(used == sizeof data && memcmp(data,
                                        "<abc<d\xc3\xa9"
                                        "f<",
                                        sizeof data) == 0);
    CHECK(memcmp(offsets, expected, sizeof expected) == 0);
    me_free(expr);
}

static void packing_checks_its_buffers(void) {
    const void *inputs[] = {BYTES};
    int64_t offsets[4];
    char data[] = "......";
    size_t used = 7;
    me_expr *expr = compile("b"), *number = compile("b == b");
    CHECK(me_eval_varlen(NULL, inputs, 1, 3, NULL, data, 4, &used, NULL) == ME_EVAL_ERR_NULL_EXPR);
    CHECK(me_eval_varlen(expr, inputs, 1, 3, NULL, data, 6, &used, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval_varlen(expr, inputs, 1, 3, offsets, data, 6, NULL, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval_varlen(expr, inputs, 1, 3, offsets, NULL, 6, &used, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval_varlen(number, inputs, 1, 3, offsets, data, 6, &used, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval_varlen(expr, inputs, 1, 3, offsets, data, 4, &used, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(used == 7 && data[4] == '.' && data[5] == '.');
    CHECK(me_varlen_data_bound(expr, 0) == 0 && me_varlen_data_bound(number, 3) == 0);
    me_free(expr);
    me_free(number);
}

int main(void) {
    RUN(items_keep_their_dtype_and_size);
    RUN(comparisons_give_bool);
    RUN(results_are_padded_with_zeros);
    RUN(packed_results_have_offsets);
    RUN(packing_checks_its_buffers);
    return RESULT();
}
