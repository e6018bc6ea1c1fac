/* Arrays with shapes and strides: broadcasting, transposition, overlap, threads, errors. */

#define _XOPEN_SOURCE 700 /* setenv */

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "miniexpr.h"

static me_expr *compiled(const char *text, const me_variable *variables, int count) {
    me_expr *expr = NULL;
    me_compile_params params = {.struct_size = sizeof params};
    CHECK(me_compile_with(text, variables, count, ME_AUTO, &params, NULL, &expr) == ME_COMPILE_SUCCESS);
    return expr;
}

static const me_variable two[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};

static void a_column_and_a_row_make_a_table(void) {
    me_expr *expr = compiled("a * 10 + b", two, 2);
    double a[] = {1, 2, 3}, b[] = {4, 5}, out[6];
    int64_t column[] = {3, 1}, row[] = {2}, shape[32];
    me_array inputs[] = {
        {a, ME_FLOAT64, 0, 2, column, NULL},
        {b, ME_FLOAT64, 0, 1, row, NULL},
    };
    int ndim = 0;
    CHECK(me_result_shape(expr, inputs, 2, &ndim, shape) == ME_EVAL_SUCCESS);
    CHECK(ndim == 2 && shape[0] == 3 && shape[1] == 2);
    me_array output = {out, ME_FLOAT64, 0, ndim, shape, NULL};
    CHECK(me_eval_arrays(expr, inputs, 2, &output, NULL) == ME_EVAL_SUCCESS);
    double expected[] = {14, 15, 24, 25, 34, 35};
    CHECK(memcmp(out, expected, sizeof out) == 0);
    me_free(expr);
}

/* The output takes the place of one input, and the other is its transpose. */
static void an_output_overlaps_its_inputs(void) {
    me_expr *expr = compiled("a + b", two, 2);
    double matrix[] = {1, 2, 3, 4};
    int64_t shape[] = {2, 2}, turned[] = {8, 16};
    me_array inputs[] = {
        {matrix, ME_FLOAT64, 0, 2, shape, NULL},
        {matrix, ME_FLOAT64, 0, 2, shape, turned},
    };
    me_array output = inputs[0];
    CHECK(me_eval_arrays(expr, inputs, 2, &output, NULL) == ME_EVAL_SUCCESS);
    double expected[] = {2, 5, 5, 8};
    CHECK(memcmp(matrix, expected, sizeof matrix) == 0);
    me_free(expr);
}

enum { ITEMS = 300000 };
static double many[ITEMS], one_thread[ITEMS], threads[ITEMS];
static int64_t last_done;

static void note(void *context, int64_t done, int64_t all) {
    CHECK(*(int *)context == 7 && all == ITEMS && done >= last_done);
    last_done = done;
}

static void threads_give_the_same_bits(void) {
    me_expr *expr = compiled("sin(a) * exp(b)", two, 2);
    for (int i = 0; i < ITEMS; i++) {
        many[i] = i * 1e-3;
    }
    int64_t shape[] = {ITEMS}, backwards[] = {-8};
    me_array inputs[] = {
        {many, ME_FLOAT64, 0, 1, shape, NULL},
        {many + ITEMS - 1, ME_FLOAT64, 0, 1, shape, backwards},
    };
    me_array output = {one_thread, ME_FLOAT64, 0, 1, shape, NULL};
    CHECK(me_eval_arrays(expr, inputs, 2, &output, NULL) == ME_EVAL_SUCCESS);
    int context = 7;
    int32_t cancel = 0;
    me_array_params params = {.struct_size = sizeof params,
                              .n_threads = -1,
                              .cancel = &cancel,
                              .progress = note,
                              .context = &context};
    output.data = threads;
    CHECK(me_eval_arrays(expr, inputs, 2, &output, &params) == ME_EVAL_SUCCESS);
    CHECK(memcmp(one_thread, threads, sizeof threads) == 0);
    CHECK(last_done == ITEMS);
    cancel = 1;
    CHECK(me_eval_arrays(expr, inputs, 2, &output, &params) == ME_EVAL_ERR_CANCELLED);
    me_free(expr);
}

/* Inputs whose strides are zero have more items than an int can count, in little memory. */
static void many_items_are_reduced(void) {
    static const me_variable bytes[] = {{"a", ME_UINT8}, {"b", ME_UINT8}};
    me_expr *expr = compiled("sum(a + b)", bytes, 2);
    uint8_t items[] = {3, 4};
    int64_t shape[] = {(1 << 15) + 1, 1 << 16}, none[] = {0, 0}, one[] = {1};
    me_array inputs[] = {
        {&items[0], ME_UINT8, 0, 2, shape, none},
        {&items[1], ME_UINT8, 0, 1, one, NULL},
    };
    for (int n_threads = 1; n_threads <= 2; n_threads++) {
        uint64_t sum = 0;
        me_array output = {&sum, ME_UINT64, 0, 0, NULL, NULL};
        me_array_params params = {.struct_size = sizeof params, .n_threads = n_threads};
        CHECK(me_eval_arrays(expr, inputs, 2, &output, &params) == ME_EVAL_SUCCESS);
        CHECK(sum == 7 * ((UINT64_C(1) << 31) + (1 << 16)));
    }
    me_free(expr);
}

static void errors_name_arrays(void) {
    me_expr *expr = compiled("a + b", two, 2);
    double items[6] = {0};
    int64_t shape[] = {3}, other[] = {2};
    me_array inputs[] = {
        {items, ME_FLOAT64, 0, 1, shape, NULL},
        {items, ME_FLOAT64, 0, 1, other, NULL},
    };
    me_array output = {items + 3, ME_FLOAT64, 0, 1, shape, NULL};
    CHECK(me_eval_arrays(expr, inputs, 2, &output, NULL) == ME_EVAL_ERR_INVALID_ARG);
    const char *message = "'a' of shape (3,) and 'b' of shape (2,) cannot be broadcast together";
    CHECK(strcmp(me_get_last_error_message(), message) == 0);
    me_free(expr);
}

static void the_number_of_threads_is_kept(void) {
    int before = me_get_num_threads();
    CHECK(before >= 1);
    me_set_num_threads(3);
    CHECK(me_get_num_threads() == 3);
    me_set_num_threads(0);
    CHECK(me_get_num_threads() == before);
}

static double value_of(const char *text, me_dialect dialect) {
    me_compile_params params = {.struct_size = sizeof params, .dialect = dialect};
    me_expr *expr = NULL;
    double value = -1;
    me_array output = {&value, ME_FLOAT64, 0, 0, NULL, NULL};
    CHECK(me_compile_with(text, NULL, 0, ME_FLOAT64, &params, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_eval_arrays(expr, NULL, 0, &output, NULL) == ME_EVAL_SUCCESS);
    me_free(expr);
    return value;
}

static void dialects_differ(void) {
    CHECK(value_of("-2**2", ME_DIALECT_MINIEXPR) == 4);
    CHECK(value_of("-2**2", ME_DIALECT_NUMPY) == -4);
    CHECK(value_of("-2**2", ME_DIALECT_NUMEXPR) == -4);
    me_compile_params params = {.struct_size = sizeof params, .dialect = (me_dialect)77};
    me_expr *expr = NULL;
    me_variable small = {"a", ME_INT8};
    me_compile_params numexpr = {.struct_size = sizeof numexpr, .dialect = ME_DIALECT_NUMEXPR};
    CHECK(me_compile_with("a + a", &small, 1, ME_AUTO, &numexpr, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(me_get_dtype(expr) == ME_INT32);
    me_free(expr);
    expr = NULL;
    CHECK(me_compile_with("1", NULL, 0, ME_AUTO, &params, NULL, &expr) == ME_COMPILE_ERR_INVALID_ARG);
    CHECK(strcmp(me_get_last_error_message(), "the dialect 77 is not supported") == 0);
}

/* Only the first compile call reads ME_NUM_THREADS; nobody has asked for the number yet. */
static void the_environment_is_read_once(void) {
    me_free(compiled("a + b", two, 2));
    setenv("ME_NUM_THREADS", "77", 1);
    me_free(compiled("a - b", two, 2));
    CHECK(me_get_num_threads() != 77);
    unsetenv("ME_NUM_THREADS");
}

int main(void) {
    RUN(the_environment_is_read_once);
    RUN(a_column_and_a_row_make_a_table);
    RUN(an_output_overlaps_its_inputs);
    RUN(threads_give_the_same_bits);
    RUN(many_items_are_reduced);
    RUN(errors_name_arrays);
    RUN(the_number_of_threads_is_kept);
    RUN(dialects_differ);
    return RESULT();
}
