/*
 * `miniexpr` in Node: the native engine where its addon is installed, else one in WebAssembly.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { createApi } from "./core/api.js";
import { MiniexprError } from "./core/error.js";
import { loadAddon } from "./native/addon.js";
import { NativeEngine } from "./native/engine.js";
import { loadWasm } from "./wasm/load.js";

export { MiniexprError } from "./core/error.js";
export { kernel } from "./core/kernel.js";

/** The native engine. */
function loadNative() {
  const { addon, from } = loadAddon();
  return new NativeEngine(addon, `the addon of ${from}`);
}

/** The native engine, if its addon is there. */
function loadNow() {
  try {
    return loadNative();
  } catch {
    return undefined;
  }
}

/** The engine that is asked for, else the fastest. */
async function load(options) {
  const { backend, wasmModule, wasmBytes, wasmUrl } = options;
  if (backend === "native") {
    return loadNative();
  }
  if ((backend ?? wasmModule ?? wasmBytes ?? wasmUrl) !== undefined) {
    return loadWasm(options);
  }
  try {
    return loadNative();
  } catch (error) {
    if (!(error instanceof MiniexprError)) {
      throw error;
    }
    return loadWasm(options, `${error.message}; `);
  }
}

export const { ready, backend, compile, compileSync, evaluate, evaluateSync, alloc } = createApi({
  load,
  loadNow,
});
