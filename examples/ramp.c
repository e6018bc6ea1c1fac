/*
 * A ramp without inputs over a chunked array: each item is made from its place in the whole array.
 *
 * Chunks and blocks do not divide the shape, so blocks at the edges carry padding, which the
 * library sets to zero.
 */
#include <stdio.h>

#include "miniexpr.h"

enum { ROWS = 3, COLUMNS = 5, CHUNKS = 4, BLOCKS = 2, BLOCK_ITEMS = 6 };

static const char *KERNEL = "def ramp():\n"
                            "    if _i0 == _n0 - 1:\n"
                            "        return -_flat_idx\n"
                            "    return _i0 * _n1 + _i1\n";

int main(void) {
    const int64_t shape[] = {ROWS, COLUMNS};
    const int32_t chunkshape[] = {2, 4}, blockshape[] = {2, 3};
    me_expr *expr;
    int position;
    int status = me_compile_nd(KERNEL, NULL, 0, ME_INT64, 2, shape, chunkshape, blockshape, &position, &expr);
    if (status != ME_COMPILE_SUCCESS) {
        fprintf(stderr, "offset %d: %s\n", position, me_get_last_error_message());
        return 1;
    }
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        for (int block = 0; block < BLOCKS; block++) {
            int64_t items[BLOCK_ITEMS];
            status = me_eval_nd(expr, NULL, 0, items, BLOCK_ITEMS, chunk, block, NULL);
            if (status != ME_EVAL_SUCCESS) {
                fprintf(stderr, "evaluation failed with status %d\n", status);
                me_free(expr);
                return 1;
            }
            printf("chunk %d block %d:", chunk, block);
            for (int i = 0; i < BLOCK_ITEMS; i++) {
                printf(" %lld", (long long)items[i]);
            }
            printf("\n");
        }
    }
    me_free(expr);
    return 0;
}
