/* miniexpr_numpy.h maps dtypes to NumPy's type numbers and back. */

#include <string.h>

#include "check.h"
#include "miniexpr_numpy.h"

static const struct {
    int num;
    const char *name;
    me_dtype dtype;
} supported[] = {
    {0, "bool", ME_BOOL},
    {1, "int8", ME_INT8},
    {2, "uint8", ME_UINT8},
    {3, "int16", ME_INT16},
    {4, "uint16", ME_UINT16},
    {5, "int32", ME_INT32},
    {6, "uint32", ME_UINT32},
    {7, "int64", ME_INT64},
    {8, "uint64", ME_UINT64},
    {11, "float32", ME_FLOAT32},
    {12, "float64", ME_FLOAT64},
    {14, "complex64", ME_COMPLEX64},
    {15, "complex128", ME_COMPLEX128},
    {18, "bytes", ME_BYTES},
    {19, "str", ME_STRING},
};

static void supported_numbers_map_both_ways(void) {
    for (size_t i = 0; i < sizeof supported / sizeof supported[0]; i++) {
        CHECK(me_dtype_from_numpy(supported[i].num) == supported[i].dtype);
        CHECK(me_dtype_to_numpy(supported[i].dtype) == supported[i].num);
        CHECK(me_numpy_type_supported(supported[i].num) == 1);
        CHECK(strcmp(me_numpy_type_name(supported[i].num), supported[i].name) == 0);
    }
}

static void other_numbers_are_refused(void) {
    static const int others[] = {-1, 9, 10, 13, 16, 17, 20, 1000};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        CHECK((int)me_dtype_from_numpy(others[i]) == -1);
        CHECK(me_numpy_type_supported(others[i]) == 0);
    }
    CHECK(strcmp(me_numpy_type_name(-1), "unknown") == 0);
    CHECK(strcmp(me_numpy_type_name(20), "unknown") == 0);
}

static void other_dtypes_are_refused(void) {
    CHECK(me_dtype_to_numpy(ME_AUTO) == -1);
    CHECK(me_dtype_to_numpy((me_dtype)16) == -1);
    CHECK(me_dtype_to_numpy((me_dtype)-1) == -1);
}

int main(void) {
    RUN(supported_numbers_map_both_ways);
    RUN(other_numbers_are_refused);
    RUN(other_dtypes_are_refused);
    return RESULT();
}
