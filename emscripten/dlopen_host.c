/*
 * A main module that loads the library as a side module at run time, as Pyodide does, and calls it
 * through dlsym: header types, a compile error, and an evaluation on the host's memory.
 */

#include <dlfcn.h>
#include <string.h>

#include "../c-tests/check.h"
#include "miniexpr.h"

#define COUNT 4

typedef int compile_function(const char *, const me_variable *, int, me_dtype, int *, me_expr **);
typedef int eval_function(const me_expr *, const void **, int, void *, int, const me_eval_params *);
typedef const char *text_function(void);
typedef void free_function(me_expr *);

static void *library;

static void version_is_that_of_the_header(void) {
    text_function *version = (text_function *)dlsym(library, "me_version");
    CHECK(version != NULL && strcmp(version(), ME_VERSION_STRING) == 0);
}

static void syntax_error_is_reported(void) {
    compile_function *compile = (compile_function *)dlsym(library, "me_compile");
    text_function *message = (text_function *)dlsym(library, "me_get_last_error_message");
    me_variable variables[] = {{"a", ME_FLOAT64}};
    me_expr *expr = NULL;
    int position = 0;
    CHECK(compile("a + foo", variables, 1, ME_AUTO, &position, &expr) == ME_COMPILE_ERR_PARSE);
    CHECK(expr == NULL && position == 7 && message() != NULL);
}

static void expression_is_evaluated(void) {
    compile_function *compile = (compile_function *)dlsym(library, "me_compile");
    eval_function *eval = (eval_function *)dlsym(library, "me_eval");
    free_function *release = (free_function *)dlsym(library, "me_free");
    const double a[COUNT] = {3, 5, 8, 20}, b[COUNT] = {4, 12, 15, 21}, expected[COUNT] = {5, 13, 17, 29};
    double result[COUNT];
    me_variable variables[] = {{"a", ME_FLOAT64}, {"b", ME_FLOAT64}};
    const void *inputs[] = {a, b};
    me_expr *expr = NULL;
    CHECK(compile("sqrt(a*a + b*b)", variables, 2, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(eval(expr, inputs, 2, result, COUNT, NULL) == ME_EVAL_SUCCESS);
    CHECK(memcmp(result, expected, sizeof expected) == 0);
    release(expr);
}

int main(void) {
    library = dlopen(SIDE_MODULE_PATH, RTLD_NOW);
    if (library == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    RUN(version_is_that_of_the_header);
    RUN(syntax_error_is_reported);
    RUN(expression_is_evaluated);
    return RESULT();
}
