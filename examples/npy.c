#define _XOPEN_SOURCE 700 /* realpath, posix_fallocate */

#include "npy.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_HEADER = 65536, MAX_TEMPORARIES = 100 };

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

bool npy_fail(const char *subject, const char *problem) {
    fprintf(stderr, "eval_npy: %s: %s\n", subject, problem);
    return false;
}

int64_t npy_items(const me_array *array) {
    int64_t items = 1;
    for (int d = 0; d < array->ndim; d++)
        items *= array->shape[d];
    return items;
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

static bool parse_dtype(npy_input *input, const char *text) {
    if (*text != '\'')
        return npy_fail(input->path, "a structured dtype is not supported");
    text++;
    size_t length = strcspn(text, "'");
    for (int i = 0; i < N_DTYPES; i++) {
        if (strlen(DTYPES[i].descr) == length && !strncmp(text, DTYPES[i].descr, length)) {
            input->array.dtype = DTYPES[i].dtype;
            input->array.itemsize = DTYPES[i].itemsize;
            return true;
        }
    }
    return npy_fail(input->path,
                    *text == '>' ? "big-endian items are not supported" : "the dtype is not supported");
}

static bool parse_shape(npy_input *input, const char *text) {
    if (*text != '(')
        return npy_fail(input->path, "the header has no shape");
    text++;
    int64_t count = 1;
    for (input->array.ndim = 0; *text != ')';) {
        char *end;
        long long length = strtoll(text, &end, 10);
        if (end == text || length < 0 || input->array.ndim == NPY_MAX_DIMS)
            return npy_fail(input->path, "the shape is malformed");
        if (length > 0 && count > (INT64_C(1) << 56) / length)
            return npy_fail(input->path, "the shape is too large");
        count *= length;
        input->shape[input->array.ndim++] = length;
        text = end + strspn(end, ", ");
    }
    return true;
}

/* Reads the header, from the beginning of a file of which `bytes` are mapped. */
static bool parse(npy_input *input, const unsigned char *file, size_t bytes) {
    static char header[MAX_HEADER + 1];
    if (bytes < 12 || memcmp(file, "\x93NUMPY", 6))
        return npy_fail(input->path, "is not an .npy file");
    if (file[6] < 1 || file[6] > 3)
        return npy_fail(input->path, "the format version is not supported");
    size_t length = file[8] | (size_t)file[9] << 8, start = 10;
    if (file[6] > 1) {
        length |= (size_t)file[10] << 16 | (size_t)file[11] << 24;
        start = 12;
    }
    if (length > MAX_HEADER)
        return npy_fail(input->path, "the header is too long");
    if (length > bytes - start)
        return npy_fail(input->path, "the header is truncated");
    memcpy(header, file + start, length);
    header[length] = '\0';

    const char *descr = header_value(header, "'descr'");
    const char *order = header_value(header, "'fortran_order'");
    const char *shape = header_value(header, "'shape'");
    if (!descr || !order || !shape)
        return npy_fail(input->path, "the header is malformed");
    if (!parse_dtype(input, descr) || !parse_shape(input, shape))
        return false;
    me_array *array = &input->array;
    size_t left = bytes - start - length;
    if ((uint64_t)npy_items(array) > left / array->itemsize)
        return npy_fail(input->path, "is truncated");
    array->data = (void *)(file + start + length);
    if (!strncmp(order, "True", 4)) {
        int64_t stride = (int64_t)array->itemsize;
        for (int d = 0; d < array->ndim; d++) {
            input->strides[d] = stride;
            stride *= input->shape[d];
        }
        array->strides = input->strides;
    }
    return true;
}

bool npy_open(npy_input *input) {
    input->array = (me_array){.shape = input->shape};
    struct stat status;
    int file = open(input->path, O_RDONLY);
    if (file < 0 || fstat(file, &status)) {
        if (file >= 0)
            close(file);
        return npy_fail(input->path, "cannot be opened");
    }
    input->map_bytes = (size_t)status.st_size;
    if (status.st_size > 0) {
        void *map = mmap(NULL, input->map_bytes, PROT_READ, MAP_PRIVATE, file, 0);
        input->map = map == MAP_FAILED ? NULL : map;
    }
    close(file);
    if (!input->map)
        return npy_fail(input->path, status.st_size > 0 ? "cannot be mapped" : "is not an .npy file");
    return parse(input, input->map, input->map_bytes);
}

void npy_close(npy_input *input) {
    if (input->map)
        munmap(input->map, input->map_bytes);
    input->map = NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

/* Opens the file to write. A regular file is replaced at the end; devices and pipes are written directly. */
static bool open_output(npy_output *output) {
    struct stat existing;
    bool exists = stat(output->path, &existing) == 0;
    if (exists && !S_ISREG(existing.st_mode)) {
        output->file = fopen(output->path, "wb");
        return output->file || npy_fail(output->path, "cannot be opened");
    }
    if (!exists || !realpath(output->path, output->target))
        strcpy(output->target, output->path);
    for (int i = 0; i < MAX_TEMPORARIES && !output->file; i++) {
        snprintf(output->temporary, sizeof output->temporary, "%s.%d.tmp", output->target, i);
        output->file = fopen(output->temporary, "wb+x");
        if (!output->file && errno != EEXIST)
            break;
    }
    if (!output->file) {
        output->temporary[0] = '\0';
        return npy_fail(output->path, "cannot be created");
    }
    if (exists && chmod(output->temporary, existing.st_mode & 07777))
        return npy_fail(output->path, "cannot be given its old permissions");
    return true;
}

/* Writes a header of format 1.0; its length, or 0. */
static size_t write_header(npy_output *output, const char *descr) {
    char shape[NPY_MAX_DIMS * 22 + 1] = "", header[NPY_MAX_DIMS * 22 + 160];
    size_t used = 0;
    int ndim = output->array.ndim;
    for (int d = 0; d < ndim; d++) {
        used += (size_t)snprintf(shape + used, sizeof shape - used, d ? " %lld," : "%lld,",
                                 (long long)output->shape[d]);
    }
    if (ndim > 1)
        shape[used - 1] = '\0';
    int length = snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }",
                          descr, shape);
    /* Magic, version, length, text and a newline together fill a multiple of 64 bytes. */
    int padded = (10 + length + 1 + 63) / 64 * 64 - 10;
    unsigned char start[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
    start[8] = (unsigned char)(padded & 0xff);
    start[9] = (unsigned char)(padded >> 8);
    fwrite(start, 1, sizeof start, output->file);
    fprintf(output->file, "%s%*s\n", header, padded - length - 1, "");
    return fflush(output->file) ? 0 : (size_t)padded + 10;
}

/* Maps the items of a file behind its header; false where that cannot be done. */
static bool map_items(npy_output *output, size_t header, size_t bytes) {
#ifdef __EMSCRIPTEN__
    (void)output, (void)header, (void)bytes;
    return false;
#else
    int file = fileno(output->file);
    /* Blocks are reserved: a full disk is an error here, not a signal later. */
    if (!output->temporary[0] || bytes == 0 || posix_fallocate(file, 0, (off_t)(header + bytes)))
        return false;
    void *map = mmap(NULL, header + bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        return false;
    output->map = map;
    output->map_bytes = header + bytes;
    output->array.data = (char *)map + header;
    return true;
#endif
}

bool npy_create(npy_output *output, me_dtype dtype, size_t itemsize, int ndim, const int64_t *shape) {
    const char *descr = NULL;
    for (int i = 0; i < N_DTYPES; i++) {
        if (DTYPES[i].dtype == dtype)
            descr = DTYPES[i].descr;
    }
    if (!descr)
        return npy_fail(output->path, "the result is not numeric");
    memcpy(output->shape, shape, (size_t)ndim * sizeof *shape);
    output->array = (me_array){.dtype = dtype, .itemsize = itemsize, .ndim = ndim, .shape = output->shape};
    uint64_t items = (uint64_t)npy_items(&output->array);
    if (items > (SIZE_MAX - MAX_HEADER) / itemsize)
        return npy_fail(output->path, "the result is too large");
    size_t bytes = (size_t)items * itemsize;
    if (!open_output(output))
        return false;
    size_t header = write_header(output, descr);
    if (header == 0)
        return npy_fail(output->path, "cannot be written");
    if (map_items(output, header, bytes))
        return true;
    output->array.data = malloc(bytes + 1);
    return output->array.data || npy_fail(output->path, "there is not enough memory for the result");
}

bool npy_finish(npy_output *output, bool complete) {
    if (!output->file)
        return complete;
    size_t bytes = (size_t)npy_items(&output->array) * output->array.itemsize;
    if (output->map) {
        munmap(output->map, output->map_bytes);
    } else {
        if (complete && fwrite(output->array.data, 1, bytes, output->file) != bytes)
            complete = npy_fail(output->path, "cannot be written");
        free(output->array.data);
    }
    if (fclose(output->file) && complete)
        complete = npy_fail(output->path, "cannot be written");
    if (!output->temporary[0])
        return complete;
    if (complete && rename(output->temporary, output->target))
        complete = npy_fail(output->path, "cannot be replaced");
    if (!complete)
        remove(output->temporary);
    return complete;
}
