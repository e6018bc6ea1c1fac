/*
 * The two helpers that a program without Pyodide registers, and what the tests count. To be included by
 * one source of a program that is linked with the glue script.
 */

#ifndef JIT_HELPERS_H
#define JIT_HELPERS_H

#include <emscripten.h>

// clang-format off

/* Instantiates a module; an invalid one in its place after jit_make_invalid(1). */
EM_JS(int, jit_instantiate, (const unsigned char *bytes, int length, int lookup), {
    const count = (name) => { Module[name] = (Module[name] || 0) + 1; };
    const runtime = {
        HEAPF64, HEAPF32, wasmMemory, wasmTable, stackSave, stackAlloc, stackRestore, lengthBytesUTF8,
        stringToUTF8, addFunction, err: () => count("jitMessages"),
    };
    const module = Module.jitIsInvalid ? new Uint8Array(1) : HEAPU8.subarray(bytes, bytes + length);
    count("jitCalls");
    const index = _meJitInstantiate(runtime, module, lookup, true) | 0;
    if (index !== 0) {
        count("jitInstantiated");
    }
    return index;
});
EM_JS(void, jit_release, (int index), {
    if (index === 0) {
        throw new Error("0 is no kernel");
    }
    Module.jitReleased = (Module.jitReleased || 0) + 1;
    _meJitFreeFn({removeFunction}, index);
});

// clang-format on

/* Calls of the first helper, how many gave a function, how many were released, and messages. */
EM_JS(int, jit_calls, (void), { return Module.jitCalls || 0; });
EM_JS(int, jit_instantiated, (void), { return Module.jitInstantiated || 0; });
EM_JS(int, jit_released, (void), { return Module.jitReleased || 0; });
EM_JS(int, jit_messages, (void), { return Module.jitMessages || 0; });

EM_JS(void, jit_make_invalid, (int is_invalid), { Module.jitIsInvalid = is_invalid != 0; });

/* Entries of the function table, and bytes of the memory. */
EM_JS(int, jit_table_size, (void), { return wasmTable.length; });
EM_JS(int, jit_memory_size, (void), { return HEAPU8.length; });

#endif
