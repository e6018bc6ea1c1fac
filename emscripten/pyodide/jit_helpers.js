/*
 * Makes the two helpers of me_register_wasm_jit_helpers in the runtime of Pyodide, whose link the
 * library has no part in.
 *
 * A script, for a page or for indirect eval. Its value, which is also the global miniexprMakeHelpers, is a
 * function of the objects that may have members of the runtime, and of whether the console is told why a
 * module is refused. It answers `{ instantiate, release }`, the table indices of the helpers, or
 * `{ error }`. The glue script must be there.
 */
/* global WebAssembly */
globalThis.miniexprMakeHelpers = function (hosts, emitWarnings) {
  "use strict";

  const PAGE = 65536;
  const FUNCTIONS = [
    "addFunction",
    "removeFunction",
    "stackSave",
    "stackAlloc",
    "stackRestore",
    "lengthBytesUTF8",
    "stringToUTF8",
  ];

  /** The first member that is there, of the names in their order; null if there is none. */
  function member(...names) {
    for (const name of names) {
      for (const host of hosts) {
        if (host && host[name]) {
          return host[name];
        }
      }
    }
    return null;
  }

  /** A member of what WebAssembly itself exports, where the runtime shows that. */
  function exported(name) {
    const exports = member("wasmExports", "asm");
    return exports ? exports[name] : null;
  }

  /**
   * The memory of a runtime that keeps it to itself but grows it when asked to, down to the last byte
   * it has: the memory is caught in the act, and does not grow.
   */
  function grownMemory() {
    const growMemory = member("growMemory");
    const heap = member("HEAPU8");
    if (!growMemory || !heap) {
      return null;
    }
    const prototype = WebAssembly.Memory.prototype;
    const grow = prototype.grow;
    let caught = null;
    prototype.grow = function () {
      caught = this;
      return this.buffer.byteLength / PAGE;
    };
    try {
      growMemory(heap.length);
    } finally {
      prototype.grow = grow;
    }
    return caught;
  }

  /** What the glue asks for; the views are new at each use, since memory that grows leaves them behind. */
  function findRuntime() {
    const wasmMemory = member("wasmMemory", "memory") || exported("memory") || grownMemory();
    const runtime = {
      wasmMemory,
      wasmTable: member("wasmTable", "__indirect_function_table") || exported("__indirect_function_table"),
      meJitEmitWarnings: emitWarnings,
      get HEAPF32() {
        return new Float32Array(wasmMemory.buffer);
      },
      get HEAPF64() {
        return new Float64Array(wasmMemory.buffer);
      },
    };
    for (const name of FUNCTIONS) {
      runtime[name] = member(name);
    }
    return runtime;
  }

  /** The helper that instantiates: 0 for whatever goes wrong, since C cannot catch. */
  function instantiateWith(runtime) {
    return (address, length, lookup) => {
      try {
        const bytes = new Uint8Array(runtime.wasmMemory.buffer, address >>> 0, length >>> 0);
        return globalThis._meJitInstantiate(runtime, bytes, lookup) | 0;
      } catch {
        return 0;
      }
    };
  }

  function releaseWith(runtime) {
    return (index) => {
      try {
        globalThis._meJitFreeFn(runtime, index);
      } catch {
        // The slot stays taken; C cannot catch.
      }
    };
  }

  const runtime = findRuntime();
  const missing = ["wasmMemory", "wasmTable", ...FUNCTIONS].filter((name) => !runtime[name]);
  if (missing.length > 0) {
    return { error: "the runtime does not show " + missing.join(", ") };
  }
  const instantiate = runtime.addFunction(instantiateWith(runtime), "iiii");
  try {
    return { instantiate, release: runtime.addFunction(releaseWith(runtime), "vi") };
  } catch (error) {
    runtime.removeFunction(instantiate);
    throw error;
  }
};
