/*
 * A guest of the bridge in C, compiled for wasm32 without a C library: it leaves arithmetic on arrays to the
 * engine of its host, which gives it the functions of miniexpr.h as imports.
 *
 *     clang --target=wasm32 -O2 -ffreestanding -nostdlib -Iinclude -Wl,--no-entry -Wl,--allow-undefined \
 *         examples/bridge/wind.c -o wind.wasm
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
#include "miniexpr.h"

#define EXPORT(name) __attribute__((export_name(#name)))
#define MOST_ITEMS 4096

static double east[MOST_ITEMS], north[MOST_ITEMS], speeds[MOST_ITEMS];
static me_expr *expression;

/* Where the host writes the components of the wind, and reads the speeds. */
EXPORT(east) double *east_components(void) {
    return east;
}
EXPORT(north) double *north_components(void) {
    return north;
}
EXPORT(speeds) double *wind_speeds(void) {
    return speeds;
}

/* Compiles a text over `u` and `v`; answers a me_compile_status. */
EXPORT(compile) int compile_text(const char *text) {
    const me_variable variables[] = {{"u", ME_FLOAT64}, {"v", ME_FLOAT64}};
    int position;
    me_free(expression);
    return me_compile(text, variables, 2, ME_FLOAT64, &position, &expression);
}

/* Compiles the speed of the wind. */
EXPORT(start) int start(void) {
    return compile_text("sqrt(u*u + v*v)");
}

/* Evaluates over the first `count` components; answers a me_eval_status. */
EXPORT(evaluate) int evaluate(int count) {
    const void *inputs[] = {east, north};
    return count > MOST_ITEMS ? ME_EVAL_ERR_INVALID_ARG : me_eval(expression, inputs, 2, speeds, count, NULL);
}

/* Why the last compile call failed. */
EXPORT(message) const char *last_message(void) {
    return me_get_last_error_message();
}

EXPORT(stop) void stop(void) {
    me_free(expression);
    expression = NULL;
}

/* A place for texts of the host. */
static char text[1024];
EXPORT(text) char *text_buffer(void) {
    return text;
}
