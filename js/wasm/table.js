/*
 * Functions of JavaScript in the function table of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** A module that exports the function `e.f` which it imports, of type `(i32, i64, i64) -> ()`. */
const WRAPPER = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 7, 1, 0x60, 3, 0x7f, 0x7e, 0x7e, 0],
  ...[2, 7, 1, 1, 0x65, 1, 0x66, 0, 0],
  ...[7, 5, 1, 1, 0x66, 0, 0],
);

/**
 * Adds a function that is told of a progress.
 *
 * @param {WebAssembly.Table} table
 * @param {(context: number, done: bigint, all: bigint) => void} f
 * @returns {number} Its index.
 */
export function addFunction(table, f) {
  const module = new WebAssembly.Module(WRAPPER);
  const { exports } = new WebAssembly.Instance(module, { e: { f } });
  const index = table.grow(1);
  table.set(index, exports.f);
  return index;
}
