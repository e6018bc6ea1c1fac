/* npy.h: reads NumPy's .npy files in place, and writes them so that they appear complete or not at all. */

#ifndef NPY_H
#define NPY_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "miniexpr.h"

enum { NPY_MAX_DIMS = 32 };

/* An array of a file. `array` points to the shape and the strides. */
typedef struct {
    char path[PATH_MAX];
    me_array array;
    int64_t shape[NPY_MAX_DIMS];
    int64_t strides[NPY_MAX_DIMS];
    void *map; /* all of the file, or NULL */
    size_t map_bytes;
} npy_input;

/* A file that is written. */
typedef struct {
    char path[PATH_MAX];
    me_array array;
    int64_t shape[NPY_MAX_DIMS];
    FILE *file;
    char temporary[PATH_MAX + 16]; /* where the result is until it is complete; "" for the path itself */
    char target[PATH_MAX];         /* the file that gets the result then: the path, or where a link leads */
    void *map;                     /* all of the file; NULL where the items are in memory of their own */
    size_t map_bytes;
} npy_output;

/* Prints "eval_npy: subject: problem"; false, for callers to return. */
bool npy_fail(const char *subject, const char *problem);

/* Maps the file at `input->path` into memory. */
bool npy_open(npy_input *input);

void npy_close(npy_input *input);

/* Makes room for items of a dtype, in a file that will be at `output->path`. */
bool npy_create(npy_output *output, me_dtype dtype, size_t itemsize, int ndim, const int64_t *shape);

/* Completes the file and gives it its name if it is `complete`, else removes it. */
bool npy_finish(npy_output *output, bool complete);

/* Number of items. */
int64_t npy_items(const me_array *array);

#endif
