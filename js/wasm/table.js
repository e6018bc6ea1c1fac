/*
 * Functions of JavaScript in the function table of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Types of functions, as modules have them. */
const PROGRESS = [0x60, 3, 0x7f, 0x7e, 0x7e, 0];
const CLOCK = [0x60, 0, 1, 0x7c];
const PRINT = [0x60, 3, 0x7f, 0x7f, 0x7f, 0];

const decoder = new TextDecoder();

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
export const addProgress = (table, f) => put(table, table.length, PROGRESS, f);

/**
 * Adds what a module of the library calls, and has no C library for.
 *
 * @param {object} exports Those of the instance. Other modules get nothing.
 * @param {WebAssembly.Memory} memory
 * @param {(printer: number, line: string) => void} print Takes a line of a kernel, without its end, and whose it is.
 * @param {{clock: number, printer: number}} [places] Where the functions are in the table of another thread.
 * @returns {{clock: number, printer: number}} Indices of the functions, 0 for none. The clock counts milliseconds, and shows the
 *   same time in all threads.
 */
export function addHostFunctions(exports, memory, print, places) {
  const table = exports.__indirect_function_table;
  if (!exports.me_register_clock || !table) {
    return { clock: 0, printer: 0 };
  }
  const { clock, printer } = places ?? { clock: table.length, printer: table.length + 1 };
  put(table, clock, CLOCK, () => performance.timeOrigin + performance.now());
  put(table, printer, PRINT, (owner, address, length) => {
    // A copy: browsers do not decode shared memory.
    const line = new Uint8Array(memory.buffer, address >>> 0, length - 1).slice();
    print(owner, decoder.decode(line));
  });
  return { clock, printer };
}

/** Puts a function of a type at an index of a table, which grows up to it. */
function put(table, index, type, f) {
  const module = new WebAssembly.Module(wrapper(type));
  const { exports } = new WebAssembly.Instance(module, { e: { f } });
  table.grow(Math.max(0, index + 1 - table.length));
  table.set(index, exports.f);
  return index;
}
