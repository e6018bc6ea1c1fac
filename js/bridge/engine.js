/*
 * Engines for guests: what computes with bytes that lie in the memory of another module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { reading } from "../core/error.js";
import { WasmEngine } from "./wasm_engine.js";

/** The engine that an object is, or has: see BridgeEngine in index.d.ts. */
export function engineOf(object) {
  const { isEngine, isHost } = reading(() => {
    const exports = object?.exports ?? object?.instance?.exports;
    return {
      isEngine: typeof object?.compileForGuest === "function",
      isHost: typeof exports?.me_compile === "function" && typeof object.alloc === "function",
    };
  }, "the engine");
  if (isEngine) {
    return object;
  }
  if (isHost) {
    return new WasmEngine(object);
  }
  throw new TypeError(
    "an engine is needed: what load() of miniexpr/wasm gives, a ThreadPool, or a BridgeEngine",
  );
}
