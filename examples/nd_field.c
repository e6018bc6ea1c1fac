/*
 * A 2-D wind field kept in chunks and blocks, as a compressing array store keeps it.
 *
 * The array of NY x NX items is cut into chunks, each chunk into blocks. A block is always stored
 * whole, so the blocks at the edges carry padding. The program evaluates the wind speed block by
 * block, counts the strong winds and finds the strongest, and checks all of it against an
 * evaluation of the whole array at once.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "miniexpr.h"

enum { NY = 610, NX = 945, CHUNK_Y = 250, CHUNK_X = 400, BLOCK_Y = 64, BLOCK_X = 96 };
enum { ITEMS = NY * NX, BLOCK_ITEMS = BLOCK_Y * BLOCK_X };
enum { CHUNKS_Y = (NY + CHUNK_Y - 1) / CHUNK_Y, CHUNKS_X = (NX + CHUNK_X - 1) / CHUNK_X };
enum { BLOCKS_Y = (CHUNK_Y + BLOCK_Y - 1) / BLOCK_Y, BLOCKS_X = (CHUNK_X + BLOCK_X - 1) / BLOCK_X };
enum { CHUNKS = CHUNKS_Y * CHUNKS_X, BLOCKS = BLOCKS_Y * BLOCKS_X };

/* What the padding holds in this example. It must never show up in a result. */
#define PADDING 1e30

static const me_variable VARIABLES[] = {{"u", ME_FLOAT64, NULL, 0, NULL, 0},
                                        {"v", ME_FLOAT64, NULL, 0, NULL, 0}};

static void check(int status, const char *what) {
    if (status != 0) {
        const char *message = me_get_last_error_message();
        fprintf(stderr, "%s failed with status %d%s%s\n", what, status, message ? ": " : "",
                message ? message : "");
        exit(EXIT_FAILURE);
    }
}

static void *allocate(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (memory == NULL) {
        fprintf(stderr, "out of memory\n");
        exit(EXIT_FAILURE);
    }
    return memory;
}

static me_expr *compile_blocks(const char *expression, me_dtype dtype) {
    const int64_t shape[] = {NY, NX};
    const int32_t chunkshape[] = {CHUNK_Y, CHUNK_X};
    const int32_t blockshape[] = {BLOCK_Y, BLOCK_X};
    me_expr *expr = NULL;
    int error = 0;
    check(me_compile_nd(expression, VARIABLES, 2, dtype, 2, shape, chunkshape, blockshape, &error, &expr),
          expression);
    return expr;
}

/* Evaluates over the whole array, stored flat. */
static void evaluate_flat(const char *expression, me_dtype dtype, const void *u, const void *v, void *out) {
    const void *inputs[] = {u, v};
    me_expr *expr = NULL;
    int error = 0;
    check(me_compile(expression, VARIABLES, 2, dtype, &error, &expr), expression);
    check(me_eval(expr, inputs, 2, out, ITEMS, NULL), expression);
    me_free(expr);
}

/* Row and column in the array of the first item of a block. */
static void block_origin(int chunk, int block, int *row, int *column) {
    *row = chunk / CHUNKS_X * CHUNK_Y + block / BLOCKS_X * BLOCK_Y;
    *column = chunk % CHUNKS_X * CHUNK_X + block % BLOCKS_X * BLOCK_X;
}

/* Whether item (y, x) of a block lies inside its chunk and the array. */
static int is_valid(int chunk, int block, int y, int x) {
    int row, column;
    block_origin(chunk, block, &row, &column);
    return block / BLOCKS_X * BLOCK_Y + y < CHUNK_Y && block % BLOCKS_X * BLOCK_X + x < CHUNK_X &&
           row + y < NY && column + x < NX;
}

/* Copies one block out of the flat array, with padding where there is no data. */
static void load_block(const double *array, int chunk, int block, double *items) {
    int row, column;
    block_origin(chunk, block, &row, &column);
    for (int y = 0; y < BLOCK_Y; y++) {
        for (int x = 0; x < BLOCK_X; x++) {
            items[y * BLOCK_X + x] =
                is_valid(chunk, block, y, x) ? array[(row + y) * NX + column + x] : PADDING;
        }
    }
}

/* Compares an evaluated block with the flat result; its padding must be zero. */
static int block_agrees(const double *expected, int chunk, int block, const double *items) {
    int row, column;
    block_origin(chunk, block, &row, &column);
    for (int y = 0; y < BLOCK_Y; y++) {
        for (int x = 0; x < BLOCK_X; x++) {
            const int valid = is_valid(chunk, block, y, x);
            const double want = valid ? expected[(row + y) * NX + column + x] : 0.0;
            if (items[y * BLOCK_X + x] != want) {
                return 0;
            }
        }
    }
    return 1;
}

static void fill_wind(double *u, double *v) {
    for (int row = 0; row < NY; row++) {
        for (int column = 0; column < NX; column++) {
            const double y = row / 100.0, x = column / 100.0;
            u[row * NX + column] = 12.0 * sin(y) * cos(x / 2) + 3.0;
            v[row * NX + column] = 8.0 * cos(y / 3) * sin(x);
        }
    }
}

int main(void) {
    double *u = allocate(ITEMS * sizeof *u), *v = allocate(ITEMS * sizeof *v);
    double *flat_speed = allocate(ITEMS * sizeof *flat_speed);
    double *block_u = allocate(BLOCK_ITEMS * sizeof *block_u);
    double *block_v = allocate(BLOCK_ITEMS * sizeof *block_v);
    double *block_speed = allocate(BLOCK_ITEMS * sizeof *block_speed);
    fill_wind(u, v);

    me_expr *speed = compile_blocks("sqrt(u*u + v*v)", ME_FLOAT64);
    me_expr *strong = compile_blocks("sum(u*u + v*v > 100)", ME_INT64);
    me_expr *strongest = compile_blocks("max(u*u + v*v)", ME_FLOAT64);
    evaluate_flat("sqrt(u*u + v*v)", ME_FLOAT64, u, v, flat_speed);

    int full = 0, partial = 0, empty = 0, wrong = 0;
    int64_t total = 0, strong_total = 0;
    double squared_max = 0.0;
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        for (int block = 0; block < BLOCKS; block++) {
            int64_t valid = 0, block_strong = 0;
            double block_max = 0.0;
            const void *inputs[] = {block_u, block_v};
            check(me_nd_valid_nitems(speed, chunk, block, &valid), "me_nd_valid_nitems");
            if (valid == 0) {
                empty++;
                continue;
            }
            *(valid == BLOCK_ITEMS ? &full : &partial) += 1;
            total += valid;
            load_block(u, chunk, block, block_u);
            load_block(v, chunk, block, block_v);
            check(me_eval_nd(speed, inputs, 2, block_speed, BLOCK_ITEMS, chunk, block, NULL), "speed");
            wrong += !block_agrees(flat_speed, chunk, block, block_speed);
            /* A reduction writes one item, whatever the size of the block. */
            check(me_eval_nd(strong, inputs, 2, &block_strong, BLOCK_ITEMS, chunk, block, NULL), "strong");
            check(me_eval_nd(strongest, inputs, 2, &block_max, BLOCK_ITEMS, chunk, block, NULL), "strongest");
            strong_total += block_strong;
            squared_max = fmax(squared_max, block_max);
        }
    }

    int64_t flat_strong = 0;
    double flat_max = 0.0;
    evaluate_flat("sum(u*u + v*v > 100)", ME_INT64, u, v, &flat_strong);
    evaluate_flat("max(u*u + v*v)", ME_FLOAT64, u, v, &flat_max);

    printf("array %d x %d in %d chunks of %d x %d, each in %d blocks of %d x %d\n", NY, NX, CHUNKS, CHUNK_Y,
           CHUNK_X, BLOCKS, BLOCK_Y, BLOCK_X);
    printf("blocks: %d full, %d with padding, %d without data\n", full, partial, empty);
    printf("valid items: %lld of %d\n", (long long)total, ITEMS);
    printf("items with wind above 10 m/s: %lld (whole array: %lld)\n", (long long)strong_total,
           (long long)flat_strong);
    printf("strongest wind: %.6f m/s (whole array: %.6f m/s)\n", sqrt(squared_max), sqrt(flat_max));
    printf("blocks that differ from the whole array: %d\n", wrong);

    me_free(speed);
    me_free(strong);
    me_free(strongest);
    free(u);
    free(v);
    free(flat_speed);
    free(block_u);
    free(block_v);
    free(block_speed);
    const int agrees = wrong == 0 && total == ITEMS && strong_total == flat_strong && squared_max == flat_max;
    puts(agrees ? "all blocks agree" : "MISMATCH");
    return agrees ? EXIT_SUCCESS : EXIT_FAILURE;
}
