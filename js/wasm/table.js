/*
 * Functions of JavaScript in the function table of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Types of functions, as modules have them. */
const PROGRESS = [0x60, 3, 0x7f, 0x7e, 0x7e, 0];
const CLOCK = [0x60, 0, 1, 0x7c];

/** A module that exports the function `e.f` which it imports, of a type. */
const wrapper = (type) =>
  Uint8Array.of(
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, type.length + 1, 1, ...type],
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
export const addProgress = (table, f) => addFunction(table, PROGRESS, f);

/**
 * Adds a clock in milliseconds.
 *
 * @param {WebAssembly.Table} table
 * @returns {number} Its index.
 */
export const addClock = (table) => addFunction(table, CLOCK, () => performance.now());

function addFunction(table, type, f) {
  const module = new WebAssembly.Module(wrapper(type));
  const { exports } = new WebAssembly.Instance(module, { e: { f } });
  const index = table.grow(1);
  table.set(index, exports.f);
  return index;
}
