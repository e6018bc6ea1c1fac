/* Budgets of every evaluation call, profiles of compile calls, functions of the host that fail. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static const char endless[] = "def f(x):\n"
                              "    y = x\n"
                              "    for i in range(1000000000000):\n"
                              "        y = y + 1\n"
                              "    return y\n";

static me_expr *compiled(const char *text, const me_variable *variables, int count,
                         const me_compile_params *params) {
    me_expr *expr = NULL;
    CHECK(me_compile_with(text, variables, count, ME_AUTO, params, NULL, &expr) == ME_COMPILE_SUCCESS);
    return expr;
}

static me_error last_error(void) {
    me_error error = {0};
    error.struct_size = sizeof error;
    me_get_last_error(&error);
    return error;
}

static void every_call_takes_a_budget(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    double input[8] = {0}, output[8];
    const void *inputs[] = {input};
    int64_t shape[] = {8};
    int32_t chunk[] = {8}, block[] = {8};
    int32_t cancel = 1;
    me_budget cancelled = {sizeof cancelled, &cancel, 0, 0};
    me_budget timed = {sizeof timed, NULL, 5000000, 0};
    me_budget capped = {sizeof capped, NULL, 0, 1000};
    me_expr *expr = compiled(endless, x, 1, NULL);
    CHECK(me_eval_with(expr, inputs, 1, output, 8, NULL, &cancelled) == ME_EVAL_ERR_CANCELLED);
    CHECK(me_eval_with(expr, inputs, 1, output, 8, NULL, &timed) == ME_EVAL_ERR_TIMEOUT);
    CHECK(last_error().status == ME_EVAL_ERR_TIMEOUT);
    CHECK(strcmp(last_error().message, "the time for the evaluation is up") == 0);
    CHECK(me_eval_with(expr, inputs, 1, output, 8, NULL, &capped) == ME_EVAL_ERR_PASSES);
    CHECK(strcmp(last_error().message, "loops take more passes than the evaluation may") == 0);

    me_array array = {input, ME_FLOAT64, 0, 1, shape, NULL};
    me_array result = {output, ME_FLOAT64, 0, 1, shape, NULL};
    me_array_params params = {sizeof params};
    params.timeout_ns = 5000000;
    CHECK(me_eval_arrays(expr, &array, 1, &result, &params) == ME_EVAL_ERR_TIMEOUT);
    params.timeout_ns = 0;
    params.max_passes = 1000;
    CHECK(me_eval_arrays(expr, &array, 1, &result, &params) == ME_EVAL_ERR_PASSES);
    params.cancel = &cancel;
    CHECK(me_eval_arrays(expr, &array, 1, &result, &params) == ME_EVAL_ERR_CANCELLED);
    me_free(expr);

    expr = NULL;
    CHECK(me_compile_nd(endless, x, 1, ME_AUTO, 1, shape, chunk, block, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval_nd_with(expr, inputs, 1, output, 8, 0, 0, NULL, &timed) == ME_EVAL_ERR_TIMEOUT);
    CHECK(me_eval_nd_with(expr, inputs, 1, output, 8, 0, 0, NULL, &capped) == ME_EVAL_ERR_PASSES);
    CHECK(me_eval_nd_with(expr, inputs, 1, output, 8, 0, 0, NULL, &cancelled) == ME_EVAL_ERR_CANCELLED);
    me_free(expr);

    me_variable s[] = {{"s", ME_BYTES, NULL, 0, NULL, 4}};
    const void *texts[] = {"abcdefgh"};
    int64_t offsets[3];
    char data[64];
    size_t used;
    expr = compiled("upper(s)", s, 1, NULL);
    CHECK(me_eval_varlen_with(expr, texts, 1, 2, offsets, data, 64, &used, NULL, &cancelled) ==
          ME_EVAL_ERR_CANCELLED);
    CHECK(me_eval_varlen_with(expr, texts, 1, 2, offsets, data, 64, &used, NULL, &capped) == ME_EVAL_SUCCESS);
    CHECK(used == 8 && memcmp(data, "ABCDEFGH", 8) == 0);
    me_free(expr);
}

static void an_expression_works_after_it_was_stopped(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    double input[3] = {1, 2, 3}, output[3];
    const void *inputs[] = {input};
    me_expr *expr = compiled(
        "def f(x):\n    y = x\n    for i in range(10):\n        y = y + 1\n    return y\n", x, 1, NULL);
    me_budget few = {sizeof few, NULL, 0, 9}, enough = {sizeof enough, NULL, 1000000000000, 10};
    CHECK(me_eval_with(expr, inputs, 1, output, 3, NULL, &few) == ME_EVAL_ERR_PASSES);
    CHECK(me_eval_with(expr, inputs, 1, output, 3, NULL, &enough) == ME_EVAL_SUCCESS && output[2] == 13);
    CHECK(me_eval_with(expr, inputs, 1, output, 3, NULL, NULL) == ME_EVAL_SUCCESS && output[0] == 11);
    me_free(expr);
}

static void bad_budgets_are_refused(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    double input[1] = {1}, output[1];
    const void *inputs[] = {input};
    me_expr *expr = compiled("x + 1", x, 1, NULL);
    me_budget no_size = {0, NULL, 0, 0}, negative = {sizeof negative, NULL, -1, 0};
    me_budget passes = {sizeof passes, NULL, 0, -1};
    CHECK(me_eval_with(expr, inputs, 1, output, 1, NULL, &no_size) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_eval_with(expr, inputs, 1, output, 1, NULL, &negative) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(strcmp(last_error().message, "timeout_ns is negative") == 0);
    CHECK(me_eval_with(expr, inputs, 1, output, 1, NULL, &passes) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(strcmp(last_error().message, "max_passes is negative") == 0);
    me_free(expr);
}

/* A closure whose context counts its calls. */
static double checked(void *context, double x) {
    ++*(int *)context;
    if (x < 0)
        CHECK(me_fail(42, "x is negative"));
    return x;
}

static void functions_of_the_host_fail_evaluations(void) {
    int calls = 0;
    me_variable variables[] = {{"x", ME_FLOAT64},
                               {"checked", ME_FLOAT64, (const void *)checked, ME_CLOSURE1, &calls}};
    double input[3] = {1, -2, 3}, output[3];
    const void *inputs[] = {input};
    const char *texts[] = {"checked(x) + 1", "sum(checked(x))", "def f(x):\n    return checked(x)\n"};
    for (int i = 0; i < 3; i++) {
        me_expr *expr = compiled(texts[i], variables, 2, NULL);
        calls = 0;
        input[1] = -2;
        CHECK(me_eval(expr, inputs, 1, output, 3, NULL) == ME_EVAL_ERR_CALLBACK);
        CHECK(calls == 2);
        me_error error = last_error();
        CHECK(error.status == ME_EVAL_ERR_CALLBACK && error.code == 42);
        CHECK(strcmp(error.message, "x is negative") == 0 && error.start == -1);
        input[1] = 2;
        CHECK(me_eval(expr, inputs, 1, output, 3, NULL) == ME_EVAL_SUCCESS);
        me_free(expr);
    }
    CHECK(!me_fail(1, "no evaluation"));
    CHECK(!me_fail(1, NULL));
}

static int status_of(const char *text, me_compile_params params) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    me_expr *expr = NULL;
    int status = me_compile_with(text, x, 1, ME_AUTO, &params, NULL, &expr);
    CHECK((expr != NULL) == (status == ME_COMPILE_SUCCESS));
    me_free(expr);
    return status;
}

static void profiles_hold_what_they_promise(void) {
    const char *kernel = "def f(x):\n    return x\n";
    const char *prints = "def f(x):\n    print(\"{}\", 1)\n    return x\n";
    me_compile_params strict = me_sandbox_params();
    CHECK(strict.struct_size == sizeof strict && strict.expressions_only && strict.ignore_pragmas);
    CHECK(strict.no_print && strict.no_disk_cache);
    CHECK(strict.max_nesting > 0 && strict.max_text_bytes > 0 && strict.max_nodes > 0);
    CHECK(strict.max_constant_bytes > 0 && strict.max_passes > 0);
    CHECK(status_of("sqrt(x) + 1", strict) == ME_COMPILE_SUCCESS);
    CHECK(status_of(kernel, strict) == ME_COMPILE_ERR_REFUSED);
    CHECK(strcmp(last_error().message, "the text is a kernel; expressions alone are allowed here") == 0);
    me_compile_params kernels = strict;
    kernels.expressions_only = false;
    CHECK(status_of(kernel, kernels) == ME_COMPILE_SUCCESS);
    CHECK(status_of(prints, kernels) == ME_COMPILE_ERR_REFUSED);
    CHECK(last_error().line == 2 && last_error().column == 5);
    CHECK(status_of("# me:nonsense\ndef f(x):\n    return x\n", kernels) == ME_COMPILE_SUCCESS);

    me_compile_params loose = {sizeof loose};
    CHECK(status_of(kernel, loose) == ME_COMPILE_SUCCESS);
    CHECK(status_of("# me:nonsense\ndef f(x):\n    return x\n", loose) == ME_COMPILE_ERR_PARSE);
    loose.max_nodes = 3;
    CHECK(status_of("x + x", loose) == ME_COMPILE_SUCCESS);
    CHECK(status_of("x + x + x", loose) == ME_COMPILE_ERR_LIMIT);
    CHECK(last_error().start == 6 && last_error().end == 7);
    loose.max_nodes = 0;
    loose.max_nesting = 2;
    CHECK(status_of("((x))", loose) == ME_COMPILE_SUCCESS);
    CHECK(status_of("(((x)))", loose) == ME_COMPILE_ERR_LIMIT);
    loose.max_nesting = 0;
    loose.max_constant_bytes = 3;
    CHECK(status_of("x + 123", loose) == ME_COMPILE_SUCCESS);
    CHECK(status_of("x + 1234", loose) == ME_COMPILE_ERR_LIMIT);
    loose.max_constant_bytes = 0;
    loose.max_text_bytes = 4;
    CHECK(status_of("x+12", loose) == ME_COMPILE_SUCCESS);
    CHECK(status_of("x+123", loose) == ME_COMPILE_ERR_LIMIT);
    loose.max_text_bytes = -1;
    CHECK(status_of("x", loose) == ME_COMPILE_ERR_INVALID_ARG);
}

static void a_profile_caps_the_passes_of_every_evaluation(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    double input[1] = {0}, output[1];
    const void *inputs[] = {input};
    me_compile_params params = me_sandbox_params();
    params.expressions_only = false;
    me_expr *expr = compiled(endless, x, 1, &params);
    me_budget generous = {sizeof generous, NULL, 0, INT64_MAX};
    CHECK(me_eval(expr, inputs, 1, output, 1, NULL) == ME_EVAL_ERR_PASSES);
    CHECK(me_eval_with(expr, inputs, 1, output, 1, NULL, &generous) == ME_EVAL_ERR_PASSES);
    me_free(expr);
}

static void append(void *context, const char *line, size_t length) {
    strncat((char *)context, line, length);
}

static void what_is_printed_goes_to_the_host(void) {
    me_variable variables[] = {{"x", ME_FLOAT64}, {"n", ME_INT64}};
    double input[2] = {0.1, 2}, output[2];
    int64_t numbers[2] = {-7, 8};
    const void *inputs[] = {input, numbers};
    char printed[128] = "";
    me_compile_params params = {sizeof params};
    params.print = append;
    params.print_context = printed;
    me_expr *expr = compiled("def f(x, n):\n    print(\"x={} n={}\", max(x), min(n))\n    return x\n",
                             variables, 2, &params);
    CHECK(me_eval(expr, inputs, 2, output, 2, NULL) == ME_EVAL_SUCCESS);
    CHECK(strcmp(printed, "x=2 n=-7\n") == 0);
    me_free(expr);
}

int main(void) {
    RUN(every_call_takes_a_budget);
    RUN(an_expression_works_after_it_was_stopped);
    RUN(bad_budgets_are_refused);
    RUN(functions_of_the_host_fail_evaluations);
    RUN(profiles_hold_what_they_promise);
    RUN(a_profile_caps_the_passes_of_every_evaluation);
    RUN(what_is_printed_goes_to_the_host);
    return RESULT();
}
