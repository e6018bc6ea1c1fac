/*
 * How a main module makes an instance of a kernel, as an expression: gives the table index of its function, 0 if
 * that fails. Counts warnings and keeps the last. The build puts the glue script where its name stands, and
 * embedded_glue.c puts the whole into the JavaScript of the program.
 */
/* eslint no-unused-vars: ["error", { args: "none" }] -- the glue script uses its arguments */
/* global Module, HEAPF64, HEAPF32, HEAPU8, wasmMemory, wasmTable, stackSave, stackAlloc, stackRestore */
/* global lengthBytesUTF8, stringToUTF8, addFunction, err */
(bytes, length, lookup, reports) => {
  const report = (message) => {
    globalThis.__meJitWarningCount = (globalThis.__meJitWarningCount || 0) + 1;
    globalThis.__meJitLastWarning = message;
    err(message);
  };
  try {
    if (!Module.meJitGlue) {
      // The script defines its functions on an object of this program, not on the global one.
      const root = {};
      (function (globalThis, module) {
        "me_jit_glue.js";
      })(root);
      Module.meJitGlue = root;
    }
    const runtime = {
      HEAPF64,
      HEAPF32,
      wasmMemory,
      wasmTable,
      stackSave,
      stackAlloc,
      stackRestore,
      lengthBytesUTF8,
      stringToUTF8,
      addFunction,
      err: report,
    };
    const module = HEAPU8.subarray(bytes, bytes + length);
    // In quotes, as the script has it.
    return Module.meJitGlue["_meJitInstantiate"](runtime, module, lookup, reports !== 0);
  } catch (error) {
    if (reports !== 0) {
      report("[me-wasm-jit] " + error);
    }
    return 0;
  }
};
