/* Where items lie in the whole array. A context is: the number of dimensions n; n extents of the
   array; n strides of the array; n coordinates of the block's first item; n extents of the block; the
   version of this layout; flags, of which bit 0 says that the items are consecutive in the array; the
   index of the first item. Without a context the items are a vector of their own. */
enum { ME_STRIP = 1024 };

static int64_t me_extent(const int64_t *nd, int64_t nitems, int64_t d) {
    if (!nd) return d == 0 ? nitems : 1;
    return d < nd[0] ? nd[1 + d] : 1;
}

/* Coordinates in dimension d of the items from start on. */
static void me_coordinates(const int64_t *nd, int64_t d, int64_t start, int64_t count, int64_t *out) {
    if (!nd) {
        for (int64_t i = 0; i < count; i++) out[i] = d == 0 ? start + i : 0;
        return;
    }
    const int64_t n = nd[0];
    if (d >= n) {
        for (int64_t i = 0; i < count; i++) out[i] = 0;
        return;
    }
    const int64_t first = nd[1 + 2 * n + d], extent = nd[1 + 3 * n + d];
    int64_t run = 1;
    for (int64_t inner = d + 1; inner < n; inner++) run *= nd[1 + 3 * n + inner];
    int64_t within = start % run, coordinate = start / run % extent;
    for (int64_t i = 0; i < count;) {
        const int64_t left = run - within < count - i ? run - within : count - i;
        for (int64_t k = 0; k < left; k++) out[i + k] = first + coordinate;
        i += left;
        within = 0;
        coordinate = coordinate + 1 == extent ? 0 : coordinate + 1;
    }
}

/* Indices in the whole array, in C order, of the items from start on. */
static void me_flat_indices(const int64_t *nd, int64_t start, int64_t count, int64_t *out) {
    if (!nd || (nd[4 * nd[0] + 2] & 1)) {
        const uint64_t first = (uint64_t)start + (nd ? (uint64_t)nd[4 * nd[0] + 3] : 0);
        for (int64_t i = 0; i < count; i++) out[i] = (int64_t)(first + (uint64_t)i);
        return;
    }
    const int64_t n = nd[0], row = nd[4 * n];
    for (int64_t i = 0; i < count;) {
        uint64_t index = 0;
        int64_t rest = start + i;
        for (int64_t d = n - 1; d >= 0; d--) {
            const int64_t extent = nd[1 + 3 * n + d];
            index += (uint64_t)(nd[1 + 2 * n + d] + rest % extent) * (uint64_t)nd[1 + n + d];
            rest /= extent;
        }
        const int64_t within = (start + i) % row, left = row - within < count - i ? row - within : count - i;
        for (int64_t k = 0; k < left; k++) out[i + k] = (int64_t)(index + (uint64_t)k);
        i += left;
    }
}

