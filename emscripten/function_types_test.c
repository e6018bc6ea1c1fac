/* Functions of the host whose type is not the declared one are refused, where a call would trap. */

#include <string.h>

#include "../c-tests/check.h"
#include "jit_helpers.h"
#include "miniexpr.h"
#include "resources.h"

static double one(double x) {
    return x + 0.5;
}

static double two(double x, double y) {
    return x - y;
}

static double with_context(void *context, double x) {
    return *(const double *)context * x;
}

static float narrow(float x) {
    return x;
}

static int whole(int x) {
    return x;
}

static int compile(const void *function, int type, double *result) {
    double factor = 3;
    const me_variable variables[2] = {
        {.name = "x", .dtype = ME_FLOAT64},
        {.name = "f", .dtype = ME_FLOAT64, .address = function, .type = type, .context = &factor},
    };
    const char *text = type == ME_FUNCTION2 || type == ME_CLOSURE2 ? "f(x, 1)" : "f(x)";
    me_expr *expr = NULL;
    int status = me_compile(text, variables, 2, ME_FLOAT64, NULL, &expr);
    if (status == ME_COMPILE_SUCCESS) {
        const double x = 4;
        const void *inputs[1] = {&x};
        CHECK(me_eval(expr, inputs, 1, result, 1, NULL) == ME_EVAL_SUCCESS);
    } else {
        CHECK(strstr(me_get_last_error_message(), "'f'") != NULL);
    }
    me_free(expr);
    return status;
}

static void right_types_are_called(void) {
    double result = 0;
    CHECK(compile((const void *)one, ME_FUNCTION1, &result) == ME_COMPILE_SUCCESS && result == 4.5);
    CHECK(compile((const void *)two, ME_FUNCTION2, &result) == ME_COMPILE_SUCCESS && result == 3);
    CHECK(compile((const void *)with_context, ME_CLOSURE1, &result) == ME_COMPILE_SUCCESS && result == 12);
}

static void other_types_are_refused(void) {
    const struct {
        const void *function;
        int type;
    } wrong[] = {
        {(const void *)one, ME_FUNCTION2},          {(const void *)one, ME_CLOSURE1},
        {(const void *)two, ME_FUNCTION1},          {(const void *)two, ME_CLOSURE2},
        {(const void *)with_context, ME_FUNCTION1}, {(const void *)with_context, ME_FUNCTION2},
        {(const void *)narrow, ME_FUNCTION1},       {(const void *)whole, ME_FUNCTION1},
        {(const void *)0x7fffffff, ME_FUNCTION1},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        double result;
        CHECK(compile(wrong[i].function, wrong[i].type, &result) == ME_COMPILE_ERR_INVALID_ARG_TYPE);
    }
}

static int refuse(const unsigned char *bytes, int length, int lookup) {
    (void)bytes, (void)length, (void)lookup;
    return 0;
}

/* Nobody can tell, so the declaration is believed. */
static void a_helper_that_fails_refuses_nothing(void) {
    me_register_wasm_jit_helpers(refuse, jit_release);
    right_types_are_called();
    me_register_wasm_jit_helpers(NULL, NULL);
    right_types_are_called();
}

int main(void) {
    me_register_wasm_jit_helpers(jit_instantiate, jit_release);
    RUN(right_types_are_called);
    int before = table_size();
    RUN(other_types_are_refused);
    RUN(right_types_are_called);
    CHECK(jit_instantiated() - jit_released() == 0 && table_size() <= before + 1);
    RUN(a_helper_that_fails_refuses_nothing);
    return RESULT();
}
