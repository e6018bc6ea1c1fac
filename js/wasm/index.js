/*
 * `miniexpr/wasm`: the engines in WebAssembly alone.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { createApi } from "../core/api.js";
import { loadWasm } from "./load.js";

export { MiniexprError } from "../core/error.js";
export { kernel } from "../core/kernel.js";
export { load } from "./miniexpr.js";

export const { ready, backend, compile, compileSync, evaluate, evaluateSync, alloc } = createApi({
  load: loadWasm,
});
