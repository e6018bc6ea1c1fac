/* Error codes, messages, NULL handling and ownership. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static const double data[2] = {1, 2};

/* The status of a compile call that must fail, with NULL as its result. */
static int failure(const char *text, const me_variable *variables, int count, me_dtype dtype, int *position) {
    me_expr *expr = (me_expr *)data;
    int status = me_compile(text, variables, count, dtype, position, &expr);
    CHECK(expr == NULL);
    CHECK(me_get_last_error_message() != NULL && me_get_last_error_message()[0] != '\0');
    return status;
}

static void syntax_errors_have_a_position(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}};
    int position = 0;
    CHECK(failure("a + foo", variables, 1, ME_AUTO, &position) == ME_COMPILE_ERR_PARSE && position == 7);
    CHECK(failure("", variables, 1, ME_AUTO, &position) == ME_COMPILE_ERR_PARSE && position == 1);
    CHECK(failure("(a", variables, 1, ME_AUTO, NULL) == ME_COMPILE_ERR_PARSE);
}

static void errors_have_a_span(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}};
    size_t start = 77, end = 77;
    failure("2 * (a + foo)", variables, 1, ME_AUTO, NULL);
    CHECK(me_get_last_error_span(&start, &end) && start == 9 && end == 12);
    CHECK(me_get_last_error_span(NULL, NULL));
    start = end = 77;
    failure("a", variables, -1, ME_AUTO, NULL);
    CHECK(!me_get_last_error_span(&start, &end) && start == 77 && end == 77);
    failure("a + foo", variables, 1, ME_AUTO, NULL);
    me_expr *expr = NULL;
    CHECK(me_compile("a", variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(!me_get_last_error_span(&start, &end) && start == 77 && end == 77);
    me_free(expr);
}

static void success_clears_the_message(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}};
    me_expr *expr = NULL;
    int position = 5;
    failure("a +", variables, 1, ME_AUTO, NULL);
    CHECK(me_compile("a", variables, 1, ME_AUTO, &position, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_get_last_error_message() == NULL && position == 0);
    me_free(expr);
}

static void dtypes_are_checked(void) {
    me_variable mixed[] = {{"a", ME_INT32}, {"b", ME_AUTO}};
    me_variable invalid[] = {{"x", (me_dtype)-1}};
    me_variable number[] = {{"x", ME_INT32}};
    me_variable string[] = {{"s", ME_STRING, NULL, 0, NULL, 6}};
    int position = 0;
    CHECK(failure("a", mixed, 2, ME_INT32, &position) == ME_COMPILE_ERR_VAR_MIXED && position == -1);
    CHECK(failure("a", mixed, 2, ME_AUTO, NULL) == ME_COMPILE_ERR_VAR_UNSPECIFIED);
    CHECK(failure("x+1", invalid, 1, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
    CHECK(failure("x+1", number, 1, (me_dtype)-1, NULL) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
    CHECK(failure("s", string, 1, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
}

static void compile_refuses_null(void) {
    me_variable unnamed[] = {{NULL, ME_FLOAT64}};
    CHECK(failure(NULL, NULL, 0, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(failure("1", NULL, 1, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(failure("1", NULL, -1, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(failure("x", unnamed, 1, ME_AUTO, NULL) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(me_compile("1", NULL, 0, ME_AUTO, NULL, NULL) == ME_COMPILE_ERR_INVALID_ARG);
    int64_t shape[] = {1};
    int32_t blocks[] = {1};
    me_expr *expr = NULL;
    CHECK(me_compile_nd("1", NULL, 0, ME_AUTO, 0, shape, blocks, blocks, NULL, &expr) ==
          ME_COMPILE_ERR_INVALID_ARG);
    CHECK(strstr(me_get_last_error_message(), "ndims is 0, not at least 1") != NULL);
}

static void evaluation_refuses_null(void) {
    me_variable variables[] = {{"a", ME_FLOAT64}};
    const void *inputs[] = {data}, *nothing[] = {NULL};
    double result[2];
    me_expr *expr = NULL;
    CHECK(me_compile("a", variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval(NULL, inputs, 1, result, 2, NULL) == ME_EVAL_ERR_NULL_EXPR);
    CHECK(me_eval(expr, NULL, 1, result, 2, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval(expr, nothing, 1, result, 2, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval(expr, inputs, 1, NULL, 2, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval(expr, inputs, 0, result, 2, NULL) == ME_EVAL_ERR_VAR_MISMATCH);
    CHECK(me_eval_nd(expr, inputs, 1, result, 2, 0, 0, NULL) == ME_EVAL_ERR_INVALID_ARG);
    me_free(expr);
}

static void queries_accept_null(void) {
    CHECK(me_get_dtype(NULL) == ME_AUTO);
    CHECK(me_get_itemsize(NULL) == 0);
    CHECK(!me_expr_has_jit_kernel(NULL));
    CHECK(me_varlen_data_bound(NULL, 3) == 0);
    CHECK(me_nd_valid_nitems(NULL, 0, 0, NULL) == ME_EVAL_ERR_INVALID_ARG);
    me_free(NULL);
    me_register_wasm_jit_helpers(NULL, NULL);
}

static void arguments_need_not_outlive_the_call(void) {
    char text[] = "a + 1", name[] = "a";
    me_variable variables[] = {{name, ME_FLOAT64}};
    const void *inputs[] = {data};
    double result[2];
    me_expr *expr = NULL;
    CHECK(me_compile(text, variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    memset(text, '!', sizeof text - 1);
    memset(name, '!', sizeof name - 1);
    memset(variables, 0xff, sizeof variables);
    CHECK(me_eval(expr, inputs, 1, result, 2, NULL) == ME_EVAL_SUCCESS);
    CHECK(result[0] == 2 && result[1] == 3);
    me_free(expr);
}

/* me_compile takes the table as the reference does, me_compile_with refuses what cannot be meant. */
static void names_are_single_and_possible(void) {
    me_variable twice[] = {ME_VAR("a", ME_FLOAT64), ME_VAR("b", ME_FLOAT64), ME_VAR("a", ME_INT8)};
    me_variable odd[] = {ME_VAR("a", ME_FLOAT64), ME_VAR("unit price", ME_FLOAT64)};
    me_expr *expr = NULL;
    for (int dialect = ME_DIALECT_MINIEXPR; dialect <= ME_DIALECT_NUMEXPR; dialect++) {
        me_compile_params params = {.struct_size = sizeof params, .dialect = (me_dialect)dialect};
        CHECK(me_compile_with("a", twice, 3, ME_AUTO, &params, NULL, &expr) == ME_COMPILE_ERR_INVALID_ARG);
        CHECK(!strcmp(me_get_last_error_message(), "there are two variables or functions named 'a'"));
        CHECK(me_compile_with("a", odd, 2, ME_AUTO, &params, NULL, &expr) == ME_COMPILE_ERR_INVALID_ARG);
        CHECK(!strcmp(me_get_last_error_message(), "'unit price' is not a name that a text can use"));
    }
    CHECK(me_compile_with("a", twice, 3, ME_AUTO, NULL, NULL, &expr) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(me_compile("a", twice, 3, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    me_free(expr);
    CHECK(me_compile("a", odd, 2, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    me_free(expr);
}

static void surroundings_of_an_expression_are_no_kernel(void) {
    me_variable variables[] = {ME_VAR("a", ME_FLOAT64)};
    me_expr *expr = NULL;
    const char *texts[] = {"2 * a\n", "\n\n2 * a", "# twice\n2 * a # and no more\n\n"};
    for (int i = 0; i < 3; i++) {
        CHECK(!me_is_kernel(texts[i]));
        CHECK(me_compile(texts[i], variables, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
        me_free(expr);
    }
    CHECK(me_is_kernel("a\n+ a"));
}

int main(void) {
    RUN(syntax_errors_have_a_position);
    RUN(errors_have_a_span);
    RUN(success_clears_the_message);
    RUN(dtypes_are_checked);
    RUN(compile_refuses_null);
    RUN(evaluation_refuses_null);
    RUN(queries_accept_null);
    RUN(arguments_need_not_outlive_the_call);
    RUN(names_are_single_and_possible);
    RUN(surroundings_of_an_expression_are_no_kernel);
    return RESULT();
}
