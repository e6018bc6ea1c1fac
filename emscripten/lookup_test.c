/* What a helper is given: the bytes of a module, and the function that knows the library's functions. */

#include <string.h>

#include "../c-tests/check.h"
#include "miniexpr.h"

typedef int lookup_function(const char *name);

static lookup_function *lookup;
static int module_length;
static unsigned char module_start[8];

/* A helper in C that makes no kernel. */
static int remember_arguments(const unsigned char *bytes, int length, int lookup_index) {
    lookup = (lookup_function *)lookup_index;
    module_length = length;
    memcpy(module_start, bytes, sizeof module_start);
    return 0;
}

static void never_called(int index) {
    (void)index;
    CHECK(!"nothing is released that was not made");
}

static void a_helper_is_given_a_module(void) {
    const double x[2] = {1, 4};
    const void *inputs[] = {x};
    double out[2] = {0};
    me_variable variables[] = {{.name = "x", .dtype = ME_FLOAT64}};
    me_expr *expr = NULL;
    me_register_wasm_jit_helpers(remember_arguments, never_called);
    CHECK(module_length == 0);
    CHECK(me_compile("def kernel(x):\n    return sin(x) * 0 + x", variables, 1, ME_FLOAT64, NULL, &expr) ==
          ME_COMPILE_SUCCESS);
    CHECK(memcmp(module_start, "\0asm\1\0\0\0", 8) == 0);
    CHECK(module_length > 8 && module_length < 4096);
    CHECK(!me_expr_has_jit_kernel(expr));
    CHECK(me_eval(expr, inputs, 1, out, 2, NULL) == ME_EVAL_SUCCESS);
    CHECK(out[0] == 1 && out[1] == 4);
    me_free(expr);
    me_register_wasm_jit_helpers(NULL, NULL);
}

static void names_are_looked_up(void) {
    CHECK(lookup != NULL);
    CHECK(lookup("me_jit_strip") != 0);
    CHECK(lookup("me_jit_strips") == 0 && lookup("me_jit_stri") == 0);
    CHECK(lookup("") == 0 && lookup(NULL) == 0 && lookup("\xff\xfe") == 0);
}

int main(void) {
    RUN(a_helper_is_given_a_module);
    RUN(names_are_looked_up);
    return RESULT();
}
