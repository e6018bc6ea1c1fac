/*
 * `miniexpr` in pages and workers: an engine in WebAssembly, with threads where the page may have them.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
export {
  MiniexprError,
  alloc,
  backend,
  compile,
  compileSync,
  evaluate,
  evaluateSync,
  kernel,
  ready,
} from "./wasm/index.js";
