/*
 * The bridge to other WebAssembly modules: checked access to their memory, and the functions of the C header as
 * imports for them.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
export { createImports } from "./imports.js";
export { MemoryError, WasmMemory } from "./memory.js";
