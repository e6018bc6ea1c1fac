/* eval_npy: evaluates an expression over NumPy .npy files, block by block.
 *
 *     eval_npy "sqrt(x*x + y*y)" x=a.npy y=b.npy -o out.npy
 *
 * Every name of the expression is bound to a file. All arrays have the same shape, C order and
 * little-endian items of a numeric dtype; the result has the dtype that the expression infers.
 * The files are streamed: memory use does not depend on their size. The result appears under its name
 * only when it is complete, so it may replace an input, and a failure leaves an older file as it was.
 */
#define _XOPEN_SOURCE 700 /* clock_gettime, realpath */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "miniexpr.h"

enum { MAX_INPUTS = 32, MAX_DIMS = 32, MAX_HEADER = 65536, BLOCK_ITEMS = 8192, MAX_TEMPORARIES = 100 };

typedef struct {
    char path[PATH_MAX];
    FILE *file;
    me_dtype dtype;
    size_t itemsize;
    int ndims;
    long long shape[MAX_DIMS];
} npy_array;

/* NumPy's names of the dtypes; the first character is '|' where byte order does not matter. */
static const struct {
    const char *descr;
    me_dtype dtype;
    size_t itemsize;
} DTYPES[] = {
    {"|b1", ME_BOOL, 1},         {"|i1", ME_INT8, 1},    {"<i2", ME_INT16, 2},   {"<i4", ME_INT32, 4},
    {"<i8", ME_INT64, 8},        {"|u1", ME_UINT8, 1},   {"<u2", ME_UINT16, 2},  {"<u4", ME_UINT32, 4},
    {"<u8", ME_UINT64, 8},       {"<f4", ME_FLOAT32, 4}, {"<f8", ME_FLOAT64, 8}, {"<c8", ME_COMPLEX64, 8},
    {"<c16", ME_COMPLEX128, 16},
};
enum { N_DTYPES = sizeof DTYPES / sizeof DTYPES[0] };

static bool fail(const char *subject, const char *problem) {
    fprintf(stderr, "eval_npy: %s: %s\n", subject, problem);
    return false;
}

static long long item_count(const npy_array *array) {
    long long count = 1;
    for (int i = 0; i < array->ndims; i++)
        count *= array->shape[i];
    return count;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* The text after `'key':` in the header's Python dictionary, or NULL. */
static const char *header_value(const char *header, const char *key) {
    const char *at = strstr(header, key);
    if (!at)
        return NULL;
    at = strchr(at, ':');
    if (!at)
        return NULL;
    do
        at++;
    while (isspace((unsigned char)*at));
    return at;
}

static bool parse_dtype(npy_array *array, const char *text) {
    if (*text != '\'')
        return fail(array->path, "a structured dtype is not supported");
    text++;
    size_t length = strcspn(text, "'");
    for (int i = 0; i < N_DTYPES; i++) {
        if (strlen(DTYPES[i].descr) == length && !strncmp(text, DTYPES[i].descr, length)) {
            array->dtype = DTYPES[i].dtype;
            array->itemsize = DTYPES[i].itemsize;
            return true;
        }
    }
    return fail(array->path,
                *text == '>' ? "big-endian items are not supported" : "the dtype is not supported");
}

static bool parse_shape(npy_array *array, const char *text) {
    if (*text != '(')
        return fail(array->path, "the header has no shape");
    text++;
    long long count = 1;
    for (array->ndims = 0; *text != ')';) {
        char *end;
        long long length = strtoll(text, &end, 10);
        if (end == text || length < 0 || array->ndims == MAX_DIMS)
            return fail(array->path, "the shape is malformed");
        if (length > 0 && count > (1LL << 56) / length)
            return fail(array->path, "the shape is too large");
        count *= length;
        array->shape[array->ndims++] = length;
        text = end + strspn(end, ", ");
    }
    return true;
}

/* Opens a file of format 1.0, 2.0 or 3.0 and leaves it at its first item. */
static bool open_input(npy_array *array) {
    static char header[MAX_HEADER + 1];
    unsigned char start[12];
    array->file = fopen(array->path, "rb");
    if (!array->file)
        return fail(array->path, "cannot be opened");
    if (fread(start, 1, 10, array->file) != 10 || memcmp(start, "\x93NUMPY", 6)) {
        return fail(array->path, "is not an .npy file");
    }
    if (start[6] < 1 || start[6] > 3)
        return fail(array->path, "the format version is not supported");
    size_t length = start[8] | (size_t)start[9] << 8;
    if (start[6] > 1) {
        if (fread(start + 10, 1, 2, array->file) != 2)
            return fail(array->path, "the header is truncated");
        length |= (size_t)start[10] << 16 | (size_t)start[11] << 24;
    }
    if (length > MAX_HEADER)
        return fail(array->path, "the header is too long");
    if (fread(header, 1, length, array->file) != length)
        return fail(array->path, "the header is truncated");
    header[length] = '\0';

    const char *descr = header_value(header, "'descr'");
    const char *order = header_value(header, "'fortran_order'");
    const char *shape = header_value(header, "'shape'");
    if (!descr || !order || !shape)
        return fail(array->path, "the header is malformed");
    if (strncmp(order, "False", 5))
        return fail(array->path, "Fortran order is not supported");
    return parse_dtype(array, descr) && parse_shape(array, shape);
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Where a result is written until it is complete: a file of the same folder, or "" for the path itself. */
static char temporary[PATH_MAX + 16];
/* The file that gets the result then: the path itself, or where a link leads to. */
static char target[PATH_MAX];

/* Opens the file to write. A regular file is replaced at the end; devices and pipes are written directly. */
static bool open_output(npy_array *array) {
    struct stat existing;
    bool exists = stat(array->path, &existing) == 0;
    if (exists && !S_ISREG(existing.st_mode)) {
        array->file = fopen(array->path, "wb");
        return array->file || fail(array->path, "cannot be opened");
    }
    if (!exists || !realpath(array->path, target))
        strcpy(target, array->path);
    for (int i = 0; i < MAX_TEMPORARIES && !array->file; i++) {
        snprintf(temporary, sizeof temporary, "%s.%d.tmp", target, i);
        array->file = fopen(temporary, "wbx");
        if (!array->file && errno != EEXIST)
            break;
    }
    if (!array->file) {
        temporary[0] = '\0';
        return fail(array->path, "cannot be created");
    }
    if (exists && chmod(temporary, existing.st_mode & 07777))
        return fail(array->path, "cannot be given its old permissions");
    return true;
}

/* Closes the file and gives it its name if it is `complete`, else removes it. */
static bool close_output(npy_array *array, bool complete) {
    if (!array->file)
        return complete;
    if (fclose(array->file) && complete)
        complete = fail(array->path, "cannot be written");
    if (!temporary[0])
        return complete;
    if (complete && rename(temporary, target))
        complete = fail(array->path, "cannot be replaced");
    if (!complete)
        remove(temporary);
    return complete;
}

/* Begins a file of format 1.0 with the shape of `like` and the dtype of `array`. */
static bool create_output(npy_array *array, const npy_array *like) {
    const char *descr = NULL;
    for (int i = 0; i < N_DTYPES; i++) {
        if (DTYPES[i].dtype == array->dtype)
            descr = DTYPES[i].descr;
    }
    if (!descr)
        return fail(array->path, "the result is not numeric");
    char shape[MAX_DIMS * 22 + 1] = "", header[MAX_DIMS * 22 + 160];
    size_t used = 0;
    for (int i = 0; i < like->ndims; i++) {
        used += (size_t)snprintf(shape + used, sizeof shape - used, i ? " %lld," : "%lld,", like->shape[i]);
    }
    if (like->ndims > 1)
        shape[used - 1] = '\0';
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                          descr, shape);
    /* Magic, version, length, text and a newline together fill a multiple of 64 bytes. */
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    start[8] = (unsigned char)(padded & 0xff);
    start[9] = (unsigned char)(padded >> 8);
    if (!open_output(array))
        return false;
    fwrite(start, 1, sizeof start, array->file);
    fprintf(array->file, "%s%*s\n", header, padded - length - 1, "");
    return !ferror(array->file) || fail(array->path, "cannot be written");
}

/* ---- evaluation ------------------------------------------------------------------------- */

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

/* Reductions would give one value for each block instead of one for the array. */
static bool check_element_wise(const char *text) {
    static const char *REDUCTIONS[] = {"sum", "prod", "mean", "min", "max", "any", "all"};
    for (size_t i = 0; i < sizeof REDUCTIONS / sizeof REDUCTIONS[0]; i++) {
        if (is_used(text, REDUCTIONS[i]))
            return fail(REDUCTIONS[i], "reductions are not element-wise");
    }
    return true;
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

static me_expr *compile(const char *text, const char *const *names, const npy_array *inputs, int n_inputs) {
    me_variable variables[MAX_INPUTS] = {{0}};
    me_expr *expression = NULL;
    int position = -1;
    for (int i = 0; i < n_inputs; i++) {
        variables[i].name = names[i];
        variables[i].dtype = inputs[i].dtype;
    }
    int status = me_compile(text, variables, n_inputs, ME_AUTO, &position, &expression);
    if (status != ME_COMPILE_SUCCESS)
        report_compile_failure(text, status, position);
    return expression;
}

/* Seconds since some moment. */
static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Streams all items through the expression; `seconds` gets the time spent in evaluation. */
static bool evaluate(const me_expr *expression, npy_array *inputs, int n_inputs, npy_array *output,
                     double *seconds) {
    static char columns[MAX_INPUTS][BLOCK_ITEMS * 16], result[BLOCK_ITEMS * 16];
    const void *pointers[MAX_INPUTS];
    for (int i = 0; i < n_inputs; i++)
        pointers[i] = columns[i];
    for (long long left = item_count(&inputs[0]); left > 0;) {
        size_t n = left < BLOCK_ITEMS ? (size_t)left : BLOCK_ITEMS;
        for (int i = 0; i < n_inputs; i++) {
            if (fread(columns[i], inputs[i].itemsize, n, inputs[i].file) != n) {
                return fail(inputs[i].path, "is truncated");
            }
        }
        double start = now();
        int status = me_eval(expression, pointers, n_inputs, result, (int)n, NULL);
        *seconds += now() - start;
        if (status != ME_EVAL_SUCCESS) {
            fprintf(stderr, "eval_npy: evaluation failed with status %d\n", status);
            return false;
        }
        if (fwrite(result, output->itemsize, n, output->file) != n)
            return fail(output->path, "cannot be written");
        left -= (long long)n;
    }
    return true;
}

static bool same_shape(const npy_array *a, const npy_array *b) {
    return a->ndims == b->ndims && !memcmp(a->shape, b->shape, (size_t)a->ndims * sizeof a->shape[0]);
}

/* ---- command line ----------------------------------------------------------------------- */

/* Splits "name=path" of each argument; "-o path" names the output. */
static int parse_arguments(int argc, char **argv, const char **names, npy_array *inputs, npy_array *output) {
    int n_inputs = 0;
    for (int i = 2; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        npy_array *array = output;
        const char *path = NULL;
        if (!strcmp(argv[i], "-o") && i + 1 < argc) {
            path = argv[++i];
        } else if (equals && n_inputs < MAX_INPUTS) {
            *equals = '\0';
            path = equals + 1;
            names[n_inputs] = argv[i];
            array = &inputs[n_inputs++];
        }
        if (!path || strlen(path) >= sizeof array->path)
            return 0;
        strcpy(array->path, path);
    }
    return output->path[0] ? n_inputs : 0;
}

static bool open_inputs(const char *text, const char *const *names, npy_array *inputs, int n_inputs) {
    for (int i = 0; i < n_inputs; i++) {
        if (!is_used(text, names[i]))
            return fail(names[i], "is not used by the expression");
        if (!open_input(&inputs[i]))
            return false;
        if (!same_shape(&inputs[0], &inputs[i]))
            return fail(inputs[i].path, "has another shape than the first input");
    }
    return true;
}

static bool run(const char *text, const char *const *names, npy_array *inputs, int n_inputs,
                npy_array *output) {
    if (!check_element_wise(text) || !open_inputs(text, names, inputs, n_inputs))
        return false;
    me_expr *expression = compile(text, names, inputs, n_inputs);
    if (!expression)
        return false;
    output->dtype = me_get_dtype(expression);
    output->itemsize = me_get_itemsize(expression);
    double seconds = 0;
    bool done = create_output(output, &inputs[0]) && evaluate(expression, inputs, n_inputs, output, &seconds);
    me_free(expression);
    done = close_output(output, done);
    if (done)
        printf("%s: %lld items in %.3f ms\n", output->path, item_count(&inputs[0]), seconds * 1e3);
    return done;
}

int main(int argc, char **argv) {
    static npy_array inputs[MAX_INPUTS], output;
    const char *names[MAX_INPUTS];
    int n_inputs = argc > 2 ? parse_arguments(argc, argv, names, inputs, &output) : 0;
    if (n_inputs == 0) {
        fprintf(stderr, "usage: %s EXPRESSION NAME=FILE.npy... -o OUT.npy\n", argv[0]);
        return 2;
    }
    return run(argv[1], names, inputs, n_inputs, &output) ? 0 : 1;
}
