/*
 * me_jit_glue.js: what a JavaScript host gives the library to run kernels as WebAssembly.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * A plain script: for indirect eval in a browser, worker or Node, for emcc's --pre-js, and for
 * require(). It defines two global functions and has no other effect; loading it twice is harmless.
 *
 * This version of the library makes no kernels of WebAssembly. So _meJitInstantiate checks its
 * arguments and reports that there is no kernel (0); the library then interprets, with the same
 * results. _meJitFreeFn is complete.
 */
(function (root) {
  "use strict";

  const PREFIX = "[me-wasm-jit] ";

  /** What an Emscripten runtime must offer, and the type of each. */
  const RUNTIME_FIELDS = {
    HEAPF64: "object",
    HEAPF32: "object",
    wasmMemory: "object",
    wasmTable: "object",
    stackSave: "function",
    stackAlloc: "function",
    stackRestore: "function",
    lengthBytesUTF8: "function",
    stringToUTF8: "function",
    addFunction: "function",
  };

  /** Gives a message to the runtime, or to the console; never throws. */
  function report(runtime, message) {
    try {
      if (typeof runtime.err === "function") {
        runtime.err(PREFIX + message);
      } else if (typeof console !== "undefined") {
        console.error(PREFIX + message);
      }
    } catch {
      // A host whose reporting fails still gets its result.
    }
  }

  /** Whether `runtime` has every field, each of its type. */
  function isRuntime(runtime) {
    return Object.entries(RUNTIME_FIELDS).every(
      ([name, type]) => runtime[name] && typeof runtime[name] === type,
    );
  }

  /** Whether to report why there is no kernel: the argument, else the runtime's wish, else yes. */
  function wantsWarnings(runtime, emitWarnings) {
    const wishes = [emitWarnings, runtime.meJitEmitWarnings, true];
    return wishes.find((wish) => typeof wish === "boolean");
  }

  /**
   * Instantiates a kernel module and puts it into the runtime's function table.
   *
   * @param {object} runtime Emscripten runtime with RUNTIME_FIELDS, and `err` to receive messages.
   * @param {Uint8Array} wasmBytes The whole module; read during the call only.
   * @param {number} _bridgeLookupFnIdx Table index of the library's lookup function, 0 for none.
   * @param {boolean} [emitWarnings] Whether to report why there is no kernel.
   * @returns {number} Table index of the kernel; 0 if there is none, which is always the case so far.
   */
  function meJitInstantiate(runtime, wasmBytes, _bridgeLookupFnIdx, emitWarnings) {
    if (!runtime || !wasmBytes) {
      return 0;
    }
    if (!isRuntime(runtime)) {
      report(runtime, "invalid runtime object");
    } else if (wantsWarnings(runtime, emitWarnings)) {
      report(runtime, "kernels are not supported by this version");
    }
    return 0;
  }

  /**
   * Takes a kernel out of the function table.
   *
   * @param {object} runtime Needs `removeFunction` only; without it nothing happens.
   * @param {number} idx Table index that meJitInstantiate gave; 0 is ignored.
   */
  function meJitFreeFn(runtime, idx) {
    if (runtime && typeof runtime.removeFunction === "function" && idx) {
      runtime.removeFunction(idx);
    }
  }

  root._meJitInstantiate = meJitInstantiate;
  root._meJitFreeFn = meJitFreeFn;
  if (typeof module !== "undefined" && module.exports) {
    module.exports._meJitInstantiate = meJitInstantiate;
    module.exports._meJitFreeFn = meJitFreeFn;
  }
})(typeof globalThis !== "undefined" ? globalThis : typeof self !== "undefined" ? self : this);
