/* What a helper is given: the bytes of a module, and the function that knows the library's functions. */

#include <math.h>
#include <stdint.h>
#include <stdio.h>
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
    CHECK(lookup("sinf") == 0 && lookup("me_jit_vec_erf_f64") == 0 && lookup("malloc") == 0);
    CHECK(lookup("") == 0 && lookup(NULL) == 0 && lookup("\xff\xfe") == 0);
}

typedef double of_one(double);
typedef double of_two(double, double);
typedef double of_three(double, double, double);
typedef double of_integer(double, int);
typedef void vector_of_one(const void *a, void *out, int64_t n);
typedef void vector_of_two(const void *a, const void *b, void *out, int64_t n);
typedef void *fill(void *, int, size_t);

static int is_near(double value, double want) {
    return fabs(value - want) <= 4e-15 * fabs(want);
}

/* A call with another type than the function's would trap. */
static void functions_of_c_have_their_types(void) {
    static const struct {
        const char *name;
        of_one *function;
    } of_ones[] = {{"acos", acos},   {"acosh", acosh},   {"asin", asin},   {"asinh", asinh},
                   {"atan", atan},   {"atanh", atanh},   {"cbrt", cbrt},   {"ceil", ceil},
                   {"cos", cos},     {"cosh", cosh},     {"erf", erf},     {"erfc", erfc},
                   {"exp", exp},     {"exp2", exp2},     {"expm1", expm1}, {"fabs", fabs},
                   {"floor", floor}, {"lgamma", lgamma}, {"log", log},     {"log10", log10},
                   {"log1p", log1p}, {"log2", log2},     {"rint", rint},   {"round", round},
                   {"sin", sin},     {"sinh", sinh},     {"sqrt", sqrt},   {"tan", tan},
                   {"tanh", tanh},   {"tgamma", tgamma}, {"trunc", trunc}};
    static const struct {
        const char *name;
        of_two *function;
    } of_twos[] = {{"atan2", atan2}, {"copysign", copysign},  {"fdim", fdim},   {"fmax", fmax},
                   {"fmin", fmin},   {"fmod", fmod},          {"hypot", hypot}, {"nextafter", nextafter},
                   {"pow", pow},     {"remainder", remainder}};
    for (size_t i = 0; i < sizeof of_ones / sizeof *of_ones; i++) {
        of_one *function = (of_one *)lookup(of_ones[i].name);
        double x = strcmp(of_ones[i].name, "acosh") ? 0.625 : 1.625;
        CHECK(function != NULL && is_near(function(x), of_ones[i].function(x)));
    }
    for (size_t i = 0; i < sizeof of_twos / sizeof *of_twos; i++) {
        of_two *function = (of_two *)lookup(of_twos[i].name);
        CHECK(function != NULL && is_near(function(1.75, -0.625), of_twos[i].function(1.75, -0.625)));
    }
    CHECK(((of_three *)lookup("fma"))(0.1, 10, -1) == fma(0.1, 10, -1));
    CHECK(((of_integer *)lookup("ldexp"))(0.75, -3) == 0.09375);
    char bytes[4] = {1, 2, 3, 4};
    CHECK(((fill *)lookup("memset"))(bytes, 9, 3) == bytes && bytes[2] == 9 && bytes[3] == 4);
}

static void functions_of_the_library_have_their_types(void) {
    static const char *const of_ones[] = {"sin",   "cos",  "exp",  "log",  "exp10", "sinpi", "cospi", "expm1",
                                          "log10", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "asin",
                                          "acos",  "atan", "abs",  "sqrt", "log1p", "exp2",  "log2"};
    static const char *const of_twos[] = {"atan2", "hypot", "pow", "fmax", "fmin"};
    static const char *const scalars[] = {"abs",  "sin",   "cos",   "exp",  "log",
                                          "sqrt", "exp10", "sinpi", "cospi"};
    char name[40];
    for (int wide = 0; wide < 2; wide++) {
        const double wide_input[2] = {0.25, 1};
        const float narrow_input[2] = {0.25f, 1};
        const void *input = wide ? (const void *)wide_input : narrow_input;
        union {
            double wide[3];
            float narrow[3];
        } out;
        for (size_t i = 0; i < sizeof of_ones / sizeof *of_ones; i++) {
            snprintf(name, sizeof name, "me_jit_vec_%s_f%d", of_ones[i], wide ? 64 : 32);
            CHECK(lookup(name) != 0);
            out.wide[2] = out.wide[1] = 7;
            ((vector_of_one *)lookup(name))(input, &out, 2);
            CHECK(wide ? out.wide[1] != 7 && out.wide[2] == 7 : out.narrow[1] != 7 && out.wide[1] == 7);
        }
        for (size_t i = 0; i < sizeof of_twos / sizeof *of_twos; i++) {
            snprintf(name, sizeof name, "me_jit_vec_%s_f%d", of_twos[i], wide ? 64 : 32);
            CHECK(lookup(name) != 0);
            out.wide[2] = out.wide[1] = 7;
            ((vector_of_two *)lookup(name))(input, input, &out, 2);
            CHECK(wide ? out.wide[1] != 7 && out.wide[2] == 7 : out.narrow[1] != 7 && out.wide[1] == 7);
        }
    }
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        snprintf(name, sizeof name, "me_jit_%s", scalars[i]);
        CHECK(lookup(name) != 0 && isfinite(((of_one *)lookup(name))(0.5)));
    }
    CHECK(is_near(((of_two *)lookup("me_jit_logaddexp"))(0, 0), log(2)));
    CHECK(((of_three *)lookup("me_jit_where"))(0, 1, 2) == 2);
    CHECK(((of_one *)lookup("me_jit_sinpi"))(0.5) == 1);
}

int main(void) {
    RUN(a_helper_is_given_a_module);
    RUN(names_are_looked_up);
    RUN(functions_of_c_have_their_types);
    RUN(functions_of_the_library_have_their_types);
    return RESULT();
}
