/* What a program can ask of texts, expressions, errors and the language. */

#include <string.h>

#include "check.h"
#include "miniexpr.h"

static void kernels_are_told_from_expressions(void) {
    CHECK(me_is_kernel("def f(x):\n    return x\n"));
    CHECK(!me_is_kernel("x + 1"));
    CHECK(!me_is_kernel("'a;b' == s"));
    CHECK(!me_is_kernel(""));
    CHECK(!me_is_kernel(NULL));
}

static void builtins_are_listed(void) {
    int count = me_builtin_count(), kinds[4] = {0};
    me_builtin_info info, before = {0};
    CHECK(count > 80);
    for (int i = 0; i < count; i++) {
        CHECK(me_builtin(i, &info));
        CHECK(before.name == NULL || strcmp(before.name, info.name) < 0);
        CHECK(info.help[0] != '\0' && strchr(info.help, '\n') == NULL);
        CHECK(info.kind <= ME_BUILTIN_STRING && info.arity >= 0 && info.arity <= 3);
        kinds[info.kind]++;
        if (strcmp(info.name, "hypot") == 0)
            CHECK(info.kind == ME_BUILTIN_FUNCTION && info.arity == 2);
        if (strcmp(info.name, "sum") == 0)
            CHECK(info.kind == ME_BUILTIN_REDUCTION && info.arity == 1);
        if (strcmp(info.name, "pi") == 0)
            CHECK(info.kind == ME_BUILTIN_CONSTANT && info.arity == 0);
        if (strcmp(info.name, "upper") == 0)
            CHECK(info.kind == ME_BUILTIN_STRING);
        before = info;
    }
    CHECK(kinds[0] > 1 && kinds[1] > 40 && kinds[2] > 5 && kinds[3] > 10);
    CHECK(!me_builtin(-1, &info) && !me_builtin(count, &info) && !me_builtin(0, NULL));
}

static void dumps_go_to_a_buffer(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    me_expr *expr = NULL;
    CHECK(me_compile("sqrt(x) + 1", x, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    char buffer[16384];
    for (int what = ME_DUMP_TREE; what <= ME_DUMP_WASM; what++) {
        memset(buffer, 'z', sizeof buffer);
        size_t length = me_dump(expr, (me_dump_kind)what, buffer, sizeof buffer);
        CHECK(length > 10 && length < sizeof buffer && strlen(buffer) == length);
        CHECK(me_dump(expr, (me_dump_kind)what, NULL, 0) == length);
        char small[8] = "zzzzzzz";
        CHECK(me_dump(expr, (me_dump_kind)what, small, 5) == length);
        CHECK(strncmp(small, buffer, 4) == 0 && small[4] == '\0' && small[5] == 'z');
    }
    me_dump(expr, ME_DUMP_TREE, buffer, sizeof buffer);
    CHECK(strstr(buffer, "float64") != NULL && strstr(buffer, "Sqrt") != NULL);
    me_dump(expr, ME_DUMP_IR, buffer, sizeof buffer);
    CHECK(strncmp(buffer, "param x: float64\n", 17) == 0 && strstr(buffer, "return") != NULL);
    me_dump(expr, ME_DUMP_WASM, buffer, sizeof buffer);
#ifdef __EMSCRIPTEN__
    CHECK(strncmp(buffer, "(module\n  (type (func ", 22) == 0 && strstr(buffer, "f64x2.sqrt") != NULL);
#else
    CHECK(strcmp(buffer, "; this build does not make WebAssembly\n") == 0);
#endif
    CHECK(me_dump(NULL, ME_DUMP_IR, buffer, sizeof buffer) == 0 && buffer[0] == '\0');
    CHECK(me_dump(expr, (me_dump_kind)99, buffer, sizeof buffer) == 0 && buffer[0] == '\0');
    me_free(expr);
}

static void errors_are_told_in_detail(void) {
    me_variable x[] = {{"x", ME_FLOAT64}};
    me_expr *expr = NULL;
    me_error error = {0};
    error.struct_size = sizeof error;
    CHECK(me_compile("x +\n  cosine(x)", x, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_ERR_PARSE);
    CHECK(me_compile("1 + sqr(x)", x, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_ERR_PARSE);
    CHECK(me_get_last_error(&error));
    CHECK(error.status == ME_COMPILE_ERR_PARSE && error.code == 0);
    CHECK(error.start == 4 && error.end == 7 && error.line == 1 && error.column == 5);
    CHECK(strcmp(error.message, me_get_last_error_message()) == 0);
    CHECK(error.hint != NULL && strstr(error.hint, "'sqrt'") != NULL);
    CHECK(me_compile("x", x, 1, ME_AUTO, NULL, &expr) == ME_COMPILE_SUCCESS);
    CHECK(!me_get_last_error(&error));
    CHECK(error.status == 0 && error.start == -1 && error.line == 0 && error.message[0] == '\0');

    double output[1];
    CHECK(me_eval(expr, NULL, 1, output, 1, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_get_last_error(&error) && error.status == ME_EVAL_ERR_INVALID_ARG);
    CHECK(strcmp(error.message, "the inputs are NULL") == 0 && error.hint == NULL);
    CHECK(me_get_last_error_message() == NULL);
    CHECK(me_eval(expr, NULL, 2, output, 1, NULL) == ME_EVAL_ERR_VAR_MISMATCH);
    CHECK(me_get_last_error(&error) && strcmp(error.message, "2 inputs for 1 variable: 'x'") == 0);
    CHECK(me_eval(NULL, NULL, 0, output, 1, NULL) == ME_EVAL_ERR_NULL_EXPR);
    CHECK(me_get_last_error(&error) && strcmp(error.message, "the expression is NULL") == 0);
    CHECK(me_eval_nd(expr, NULL, 1, output, 1, 0, 0, NULL) == ME_EVAL_ERR_INVALID_ARG);
    CHECK(me_get_last_error(&error));
    CHECK(strcmp(error.message, "the expression was not compiled for blocks") == 0);
    CHECK(me_get_last_error(NULL));
    me_free(expr);
}

/* A program that knows fewer fields, and one with longer names than the original's messages. */
static void errors_have_any_size(void) {
    struct {
        size_t struct_size;
        int status, after;
    } small = {sizeof(size_t) + sizeof(int), 0, 77};
    char text[2000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    me_expr *expr = NULL;
    CHECK(me_compile(text, NULL, 0, ME_FLOAT64, NULL, &expr) == ME_COMPILE_ERR_PARSE);
    CHECK(me_get_last_error((me_error *)&small) && small.status == ME_COMPILE_ERR_PARSE && small.after == 77);
    me_error error = {0};
    error.struct_size = sizeof error;
    CHECK(me_get_last_error(&error) && strlen(error.message) > 1999 && error.end == 1999);
    CHECK(strlen(me_get_last_error_message()) == 255);
}

int main(void) {
    RUN(kernels_are_told_from_expressions);
    RUN(builtins_are_listed);
    RUN(dumps_go_to_a_buffer);
    RUN(errors_are_told_in_detail);
    RUN(errors_have_any_size);
    return RESULT();
}
