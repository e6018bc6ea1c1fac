/* eval_npy: evaluates an expression over NumPy .npy files.
 *
 *     eval_npy "sqrt(x*x + y*y)" x=a.npy y=b.npy -o out.npy
 *
 * Every name of the expression is bound to a file: little-endian items of a numeric dtype, in C or in Fortran
 * order. Arrays of different shapes are broadcast. The language is NumPy's, or another one with `--dialect`:
 * numexpr's, or that of me_compile, `miniexpr`. So is the dtype of the result.
 *
 * The files are mapped, not read, so they may be larger than the memory. The result appears under its
 * name only when it is complete: it may replace an input, and a failure leaves an older file as it was.
 */
#define _XOPEN_SOURCE 700 /* clock_gettime */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "miniexpr.h"
#include "npy.h"

enum { MAX_INPUTS = 32 };

/* The command line. */
typedef struct {
    const char *text;
    int n_inputs;
    const char *names[MAX_INPUTS];
    npy_input inputs[MAX_INPUTS];
    npy_output output;
    int threads;
    me_dialect dialect;
} command;

static const char USAGE[] = "usage: eval_npy EXPRESSION NAME=FILE.npy... -o OUT.npy [options]\n"
                            "  --threads N          use up to N threads; 0 for all processors (default: 1)\n"
                            "  --dialect NAME       numpy (default), numexpr or miniexpr\n";

/* Whether `name` occurs in `text` as a whole identifier. */
static bool is_used(const char *text, const char *name) {
    size_t length = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += length) {
        bool starts = at == text || !(isalnum((unsigned char)at[-1]) || at[-1] == '_');
        bool ends = !(isalnum((unsigned char)at[length]) || at[length] == '_');
        if (starts && ends)
            return true;
    }
    return false;
}

/* Shows where compilation stopped: `position` counts bytes up to the end of the offending token. */
static bool report_compile_failure(const char *text, int status, int position) {
    const char *message = me_get_last_error_message();
    fprintf(stderr, "eval_npy: %s (status %d)\n  %s\n", message ? message : "the expression is refused",
            status, text);
    if (position > 0)
        fprintf(stderr, "  %*s\n", position, "^");
    return false;
}

static me_expr *compile(const command *command) {
    me_variable variables[MAX_INPUTS] = {{0}};
    me_expr *expression = NULL;
    int position = -1;
    for (int i = 0; i < command->n_inputs; i++) {
        variables[i].name = command->names[i];
        variables[i].dtype = command->inputs[i].array.dtype;
    }
    me_compile_params params = {.struct_size = sizeof params, .dialect = command->dialect};
    int status = me_compile_with(command->text, variables, command->n_inputs, ME_AUTO, &params, &position,
                                 &expression);
    if (status != ME_COMPILE_SUCCESS)
        report_compile_failure(command->text, status, position);
    return expression;
}

/* Seconds since some moment. */
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* A bar on the terminal, for work that takes long. */
typedef struct {
    double start;
    double shown; /* when it was drawn last; 0 if never */
} bar;

static void draw(void *context, int64_t done, int64_t all) {
    enum { WIDTH = 40 };
    bar *bar = context;
    double time = now();
    if (time - bar->start < 0.5 || (time - bar->shown < 0.1 && done < all))
        return;
    bar->shown = time;
    int filled = (int)((double)done / (double)all * WIDTH);
    fprintf(stderr, "\r[%.*s%*s] %3d %%", filled, "########################################", WIDTH - filled,
            "", (int)((double)done / (double)all * 100));
}

/* The arrays that the expression takes, in its order. */
static int arrays_of(const me_expr *expression, const command *command, me_array *arrays) {
    int count = me_expr_variable_count(expression);
    for (int i = 0; i < count; i++)
        arrays[i] = command->inputs[me_expr_variable(expression, i)].array;
    return count;
}

static bool report_evaluation_failure(void) {
    return npy_fail("evaluation", me_get_last_error_message());
}

/* Evaluates into a new file; `seconds` gets the time. */
static bool evaluate(const me_expr *expression, command *command, double *seconds) {
    me_array arrays[MAX_INPUTS];
    int count = arrays_of(expression, command, arrays), ndim = 0;
    int64_t shape[NPY_MAX_DIMS];
    if (me_result_shape(expression, arrays, count, &ndim, shape) != ME_EVAL_SUCCESS)
        return report_evaluation_failure();
    npy_output *output = &command->output;
    if (!npy_create(output, me_get_dtype(expression), me_get_itemsize(expression), ndim, shape))
        return false;
    bar bar = {now(), 0};
    me_array_params params = {.struct_size = sizeof params, .n_threads = command->threads, .context = &bar};
    if (isatty(STDERR_FILENO))
        params.progress = draw;
    int status = me_eval_arrays(expression, arrays, count, &output->array, &params);
    *seconds = now() - bar.start;
    if (bar.shown > 0)
        fputc('\n', stderr);
    return status == ME_EVAL_SUCCESS || report_evaluation_failure();
}

/* ---- command line ----------------------------------------------------------------------- */

static bool copy_path(char *to, const char *path) {
    if (strlen(path) >= PATH_MAX)
        return false;
    strcpy(to, path);
    return true;
}

/* Reads a number of threads; 0 stands for all processors. */
static bool parse_threads(const char *text, int *threads) {
    char *end;
    long number = strtol(text, &end, 10);
    if (end == text || *end || number < 0 || number > 1024)
        return false;
    *threads = number == 0 ? -1 : (int)number;
    return true;
}

static bool parse_dialect(const char *name, me_dialect *dialect) {
    static const char *const NAMES[] = {
        [ME_DIALECT_MINIEXPR] = "miniexpr", [ME_DIALECT_NUMPY] = "numpy", [ME_DIALECT_NUMEXPR] = "numexpr"};
    for (int i = 0; i < (int)(sizeof NAMES / sizeof *NAMES); i++)
        if (!strcmp(name, NAMES[i])) {
            *dialect = (me_dialect)i;
            return true;
        }
    return false;
}

/* Understands one argument and what belongs to it; how many these are, 0 if they make no sense. */
static int parse_argument(command *command, char **argument) {
    char *equals = strchr(argument[0], '=');
    const char *next = argument[1];
    if (!strcmp(argument[0], "-o"))
        return next && copy_path(command->output.path, next) ? 2 : 0;
    if (!strcmp(argument[0], "--threads"))
        return next && parse_threads(next, &command->threads) ? 2 : 0;
    if (!strcmp(argument[0], "--dialect"))
        return next && parse_dialect(next, &command->dialect) ? 2 : 0;
    if (!equals || command->n_inputs == MAX_INPUTS)
        return 0;
    *equals = '\0';
    command->names[command->n_inputs] = argument[0];
    return copy_path(command->inputs[command->n_inputs++].path, equals + 1);
}

static bool parse_arguments(command *command, char **arguments) {
    command->text = *arguments++;
    while (*arguments) {
        int count = parse_argument(command, arguments);
        if (count == 0)
            return false;
        arguments += count;
    }
    return command->n_inputs > 0 && command->output.path[0];
}

static bool open_inputs(command *command) {
    for (int i = 0; i < command->n_inputs; i++) {
        if (!is_used(command->text, command->names[i]))
            return npy_fail(command->names[i], "is not used by the expression");
        if (!npy_open(&command->inputs[i]))
            return false;
    }
    return true;
}

static bool run(command *command) {
    me_expr *expression = open_inputs(command) ? compile(command) : NULL;
    double seconds = 0;
    bool done = expression && evaluate(expression, command, &seconds);
    me_free(expression);
    done = npy_finish(&command->output, done);
    for (int i = 0; i < command->n_inputs; i++)
        npy_close(&command->inputs[i]);
    if (done) {
        printf("%s: %lld items in %.3f ms\n", command->output.path,
               (long long)npy_items(&command->output.array), seconds * 1e3);
    }
    return done;
}

int main(int argc, char **argv) {
    static command command = {.threads = 1, .dialect = ME_DIALECT_NUMPY};
    if (argc < 2 || !parse_arguments(&command, argv + 1)) {
        fputs(USAGE, stderr);
        return 2;
    }
    return run(&command) ? 0 : 1;
}
