/*
 * How python-blosc2 makes its two helpers in Pyodide, told again: the tests run the glue script and the
 * library under the conventions of that client. Its last resort, a search through all objects of the
 * runtime, is left out.
 *
 * An expression, for indirect eval: the table indices of the helpers, or zeros and an error. A second
 * evaluation gives the same object.
 */
/* global WebAssembly */
(function () {
  "use strict";

  const KEY = "__blosc2_me_jit_helper_ptrs";
  const PAGE = 65536;
  const REQUIRED = [
    "HEAPF32",
    "HEAPF64",
    "HEAPU8",
    "wasmMemory",
    "wasmTable",
    "addFunction",
    "removeFunction",
    "stackSave",
    "stackAlloc",
    "stackRestore",
    "lengthBytesUTF8",
    "stringToUTF8",
  ];

  /** A property whose getter may throw. */
  function get(object, name) {
    try {
      return object[name];
    } catch {
      return null;
    }
  }

  function isObject(value) {
    return (typeof value === "object" && value !== null) || typeof value === "function";
  }

  /** The objects that may have what is looked for. */
  function findCandidates() {
    const handles = [globalThis.__blosc2_pyodide_module, globalThis.__blosc2_pyodide_api];
    const { pyodide } = globalThis;
    const api = pyodide && pyodide._api;
    const found = [globalThis, globalThis.Module, ...handles, pyodide];
    for (const [owner, names] of [
      [pyodide, ["_module", "module", "Module", "_api"]],
      [api, ["_module", "Module"]],
    ]) {
      found.push(...names.map((name) => owner && get(owner, name)));
    }
    const inside = ["_module", "module", "Module", "asm", "wasmExports", "wasm", "__wasm", "pyodide", "_api"];
    for (const owner of [globalThis, pyodide, ...handles].filter(isObject)) {
      found.push(...inside.map((name) => get(owner, name)));
    }
    return found.filter(isObject);
  }

  const candidates = findCandidates();

  /** A property of the first candidate that has it, functions bound to that. */
  function resolve(name) {
    for (const candidate of candidates) {
      const value = get(candidate, name);
      if (value !== null && value !== undefined) {
        return typeof value === "function" ? value.bind(candidate) : value;
      }
    }
    return null;
  }

  function resolveAny(names) {
    const name = names.find((name) => resolve(name) !== null);
    return name === undefined ? null : resolve(name);
  }

  /** Of what WebAssembly exports. */
  function exported(...names) {
    for (const owner of [resolve("asm"), resolve("wasmExports")].filter(isObject)) {
      const name = names.find((name) => get(owner, name));
      if (name !== undefined) {
        return owner[name];
      }
    }
    return null;
  }

  /** Of the imports that the runtime would give to a module. */
  function adjusted(...names) {
    for (const candidate of candidates) {
      const adjust = get(candidate, "adjustWasmImports");
      if (typeof adjust === "function") {
        const imports = { env: {} };
        const { env } = adjust.call(candidate, imports) || imports;
        const name = names.find((name) => env[name]);
        if (name !== undefined) {
          return env[name];
        }
      }
    }
    return null;
  }

  /** The memory, seen while the runtime grows it by a page. */
  function grownMemory() {
    const heap = resolve("HEAPU8");
    const grow = resolve("growMemory") || resolve("_emscripten_resize_heap");
    if (!heap || !grow) {
      return null;
    }
    const most = resolve("getHeapMax");
    const { prototype } = WebAssembly.Memory;
    const original = prototype.grow;
    let caught = null;
    prototype.grow = function (pages) {
      caught = this;
      return original.call(this, pages);
    };
    try {
      grow(Math.min(heap.length + PAGE, most ? most() : Infinity));
    } finally {
      prototype.grow = original;
    }
    return caught;
  }

  function findRuntime() {
    const runtime = {};
    for (const name of [...REQUIRED, "err"]) {
      runtime[name] = resolve(name);
    }
    const table = "__indirect_function_table";
    runtime.wasmMemory =
      resolveAny(["wasmMemory", "memory", "wasmMemoryObject", "__wasmMemory"]) ||
      exported("memory", "wasmMemory") ||
      adjusted("memory", "wasmMemory") ||
      grownMemory();
    runtime.wasmTable =
      resolveAny(["wasmTable", table]) || exported(table, "wasmTable") || adjusted(table, "wasmTable");
    return runtime;
  }

  /** Lets the views of a runtime be of the memory that it has now. */
  function refreshViews(runtime) {
    const update = resolve("updateMemoryViews");
    if (update) {
      update();
    }
    const { buffer } = runtime.wasmMemory;
    for (const [name, View] of [
      ["HEAPU8", Uint8Array],
      ["HEAPF32", Float32Array],
      ["HEAPF64", Float64Array],
    ]) {
      if (runtime[name].buffer !== buffer || runtime[name].length === 0) {
        runtime[name] = new View(buffer);
      }
    }
  }

  function register() {
    const { _meJitInstantiate, _meJitFreeFn } = globalThis;
    if (typeof _meJitInstantiate !== "function" || typeof _meJitFreeFn !== "function") {
      throw new Error("me_jit_glue exports unavailable");
    }
    const runtime = findRuntime();
    const missing = REQUIRED.filter((name) => !runtime[name]);
    if (missing.length > 0) {
      throw new Error("missing runtime members: " + missing.join(", "));
    }
    const instantiateWrapper = (address, length, lookup) => {
      if (!address || !length) {
        return 0;
      }
      refreshViews(runtime);
      if (address + length > runtime.HEAPU8.length) {
        return 0;
      }
      const bytes = runtime.HEAPU8.slice(address, address + length);
      return _meJitInstantiate(runtime, bytes, lookup | 0) | 0;
    };
    const freeWrapper = (index) => _meJitFreeFn(runtime, index | 0);
    const instantiatePtr = runtime.addFunction(instantiateWrapper, "iiii");
    const freePtr = runtime.addFunction(freeWrapper, "vi");
    return { instantiatePtr, freePtr, instantiateWrapper, freeWrapper, runtime };
  }

  try {
    globalThis[KEY] = globalThis[KEY] || register();
    return globalThis[KEY];
  } catch (error) {
    return { instantiatePtr: 0, freePtr: 0, error: String((error && error.message) || error) };
  }
})();
