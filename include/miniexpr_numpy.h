/*
 * miniexpr_numpy.h: between me_dtype and the type numbers of NumPy's C API.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * The numbers are those of NumPy on LP64 platforms (Linux, macOS), where NPY_LONG (7) has 8 bytes.
 * On other platforms map by kind and itemsize instead.
 */

#ifndef MINIEXPR_NUMPY_H
#define MINIEXPR_NUMPY_H

#include <stdio.h>

#include "miniexpr.h"

/** NumPy type number of a dtype; -1 for ME_AUTO and for anything that is not a dtype. */
static inline int me_dtype_to_numpy(me_dtype dtype) {
    switch ((int)dtype) {
    case ME_BOOL:
        return 0;
    case ME_INT8:
        return 1;
    case ME_UINT8:
        return 2;
    case ME_INT16:
        return 3;
    case ME_UINT16:
        return 4;
    case ME_INT32:
        return 5;
    case ME_UINT32:
        return 6;
    case ME_INT64:
        return 7;
    case ME_UINT64:
        return 8;
    case ME_FLOAT32:
        return 11;
    case ME_FLOAT64:
        return 12;
    case ME_COMPLEX64:
        return 14;
    case ME_COMPLEX128:
        return 15;
    case ME_BYTES:
        return 18;
    case ME_STRING:
        return 19;
    default:
        return -1;
    }
}

/**
 * Dtype of a NumPy type number; (me_dtype)-1 when there is none.
 *
 * me_dtype may be unsigned: test `(int)me_dtype_from_numpy(num) < 0`.
 */
static inline me_dtype me_dtype_from_numpy(int num) {
    switch (num) {
    case 0:
        return ME_BOOL;
    case 1:
        return ME_INT8;
    case 2:
        return ME_UINT8;
    case 3:
        return ME_INT16;
    case 4:
        return ME_UINT16;
    case 5:
        return ME_INT32;
    case 6:
        return ME_UINT32;
    case 7:
        return ME_INT64;
    case 8:
        return ME_UINT64;
    case 11:
        return ME_FLOAT32;
    case 12:
        return ME_FLOAT64;
    case 14:
        return ME_COMPLEX64;
    case 15:
        return ME_COMPLEX128;
    case 18:
        return ME_BYTES;
    case 19:
        return ME_STRING;
    default:
        return (me_dtype)-1;
    }
}

/** 1 if a NumPy type number has a dtype here, else 0. */
static inline int me_numpy_type_supported(int num) {
    return (int)me_dtype_from_numpy(num) >= 0;
}

/** Name of a NumPy type number, also of some without a dtype here; "unknown" for the others. */
static inline const char *me_numpy_type_name(int num) {
    switch (num) {
    case 0:
        return "bool";
    case 1:
        return "int8";
    case 2:
        return "uint8";
    case 3:
        return "int16";
    case 4:
        return "uint16";
    case 5:
        return "int32";
    case 6:
        return "uint32";
    case 7:
        return "int64";
    case 8:
        return "uint64";
    case 9:
        return "longlong";
    case 10:
        return "ulonglong";
    case 11:
        return "float32";
    case 12:
        return "float64";
    case 13:
        return "longdouble";
    case 14:
        return "complex64";
    case 15:
        return "complex128";
    case 18:
        return "bytes";
    case 19:
        return "str";
    default:
        return "unknown";
    }
}

#endif /* MINIEXPR_NUMPY_H */
