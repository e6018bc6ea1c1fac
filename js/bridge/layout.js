/*
 * What include/miniexpr.h says to a module for wasm32, in numbers: tests compile the header and compare.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Structs: their size, and the offsets of their fields. */
export const LAYOUT = {
  me_variable: { size: 24, name: 0, dtype: 4, address: 8, type: 12, context: 16, itemsize: 20 },
  me_compile_params: {
    size: 64,
    struct_size: 0,
    dialect: 4,
    jit_mode: 8,
    expressions_only: 12,
    ignore_pragmas: 13,
    no_print: 14,
    no_disk_cache: 15,
    max_nesting: 16,
    max_text_bytes: 24,
    max_nodes: 32,
    max_constant_bytes: 40,
    max_passes: 48,
    print: 56,
    print_context: 60,
  },
  me_eval_params: { size: 12, disable_simd: 0, simd_ulp_mode: 4, jit_mode: 8 },
  me_budget: { size: 24, struct_size: 0, cancel: 4, timeout_ns: 8, max_passes: 16 },
  me_array: { size: 24, data: 0, dtype: 4, itemsize: 8, ndim: 12, shape: 16, strides: 20 },
  me_array_params: {
    size: 48,
    struct_size: 0,
    eval: 4,
    n_threads: 16,
    cancel: 20,
    progress: 24,
    context: 28,
    timeout_ns: 32,
    max_passes: 40,
  },
  me_builtin_info: { size: 16, name: 0, kind: 4, arity: 8, help: 12 },
  me_error: {
    size: 48,
    struct_size: 0,
    status: 4,
    code: 8,
    start: 16,
    end: 24,
    line: 32,
    column: 36,
    message: 40,
    hint: 44,
  },
};

/** The fields of these structs that are not words of 32 bits. */
export const BOOLS = new Set([
  "disable_simd",
  "expressions_only",
  "ignore_pragmas",
  "no_print",
  "no_disk_cache",
]);
export const LONGS = new Set([
  ...["max_text_bytes", "max_nodes", "max_constant_bytes", "max_passes", "timeout_ns", "start", "end"],
]);

/** Fields of structs that are passed on to engines. */
export const COMPILE_OPTIONS = [
  ...[
    "dialect",
    "jit_mode",
    "expressions_only",
    "ignore_pragmas",
    "no_print",
    "no_disk_cache",
    "max_nesting",
  ],
  ...["max_text_bytes", "max_nodes", "max_constant_bytes", "max_passes"],
];
export const EVAL_OPTIONS = ["disable_simd", "simd_ulp_mode", "jit_mode"];
export const BUDGET_OPTIONS = ["timeout_ns", "max_passes"];

/** The enumerators that the bridge uses. */
export const CODES = {
  ME_VARIABLE: 0,
  ME_AUTO: 0,
  ME_STRING: 14,
  ME_BYTES: 15,
  ME_JIT_DEFAULT: 0,
  ME_DIALECT_MINIEXPR: 0,
  ME_COMPILE_SUCCESS: 0,
  ME_COMPILE_ERR_OOM: -1,
  ME_COMPILE_ERR_INVALID_ARG: -3,
  ME_COMPILE_ERR_INVALID_ARG_TYPE: -8,
  ME_COMPILE_ERR_INTERNAL: -100,
  ME_EVAL_SUCCESS: 0,
  ME_EVAL_ERR_OOM: -1,
  ME_EVAL_ERR_NULL_EXPR: -2,
  ME_EVAL_ERR_VAR_MISMATCH: -4,
  ME_EVAL_ERR_INVALID_ARG: -5,
  ME_EVAL_ERR_CANCELLED: -6,
  ME_EVAL_ERR_INTERNAL: -100,
};

/** Bytes of an item by the number of its dtype; 0 where it is not the dtype that tells. */
export const ITEM_BYTES = [0, 1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16, 0, 0];

/** An array of me_eval_arrays has no more dimensions; a chunked array has no more either. */
export const MOST_DIMENSIONS = 32;
export const MOST_GRID_DIMENSIONS = 64;
