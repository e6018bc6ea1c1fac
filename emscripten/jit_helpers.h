/*
 * The two helpers that a program without Pyodide registers, and what the tests count. To be included by
 * one source of a program that is linked with the glue script.
 */

#ifndef JIT_HELPERS_H
#define JIT_HELPERS_H

#include <emscripten.h>

// clang-format off

/* Instantiates a module: 0 for whatever goes wrong, since C cannot catch. */
EM_JS(int, jit_instantiate, (const unsigned char *bytes, int length, int lookup), {
    const count = (name) => { Module[name] = (Module[name] || 0) + 1; };
    const runtime = {
        HEAPF64, HEAPF32, wasmMemory, wasmTable, stackSave, stackAlloc, stackRestore, lengthBytesUTF8,
        stringToUTF8, addFunction, err: () => count("jitMessages"),
    };
    count("jitCalls");
    Module.jitLength = length;
    try {
        const index = _meJitInstantiate(runtime, HEAPU8.subarray(bytes, bytes + length), lookup, true) | 0;
        if (index !== 0) {
            count("jitInstantiated");
            Module.jitLive = (Module.jitLive || new Set()).add(index);
        }
        return index;
    } catch (error) {
        count("jitExceptions");
        return 0;
    }
});

/* Releases a function; an index that is not taken, 0 among them, ends the program. */
EM_JS(void, jit_release, (int index), {
    if (!Module.jitLive.delete(index)) {
        throw new Error(index + " is no kernel");
    }
    Module.jitReleased = (Module.jitReleased || 0) + 1;
    _meJitFreeFn({removeFunction}, index);
});

// clang-format on

/* Calls of the first helper, how many gave a function, how many were released; messages, and exceptions
   that the helper caught; bytes of the last module. */
EM_JS(int, jit_calls, (void), { return Module.jitCalls || 0; });
EM_JS(int, jit_instantiated, (void), { return Module.jitInstantiated || 0; });
EM_JS(int, jit_released, (void), { return Module.jitReleased || 0; });
EM_JS(int, jit_messages, (void), { return Module.jitMessages || 0; });
EM_JS(int, jit_exceptions, (void), { return Module.jitExceptions || 0; });
EM_JS(int, jit_module_length, (void), { return Module.jitLength || 0; });

/* What stands in the way of the helper. */
typedef enum {
    JIT_NO_TROUBLE,
    JIT_FULL_TABLE,
    JIT_NO_GLUE,
    JIT_GLUE_THROWS,
    JIT_GLUE_GIVES_0,
    JIT_INVALID_MODULE,
    JIT_MODULE_REFUSED,
} jit_trouble;

// clang-format off

/* Puts something in the way, in the place of what was there. The table is full only while no kernel has
   been released, since its entry would be free. */
EM_JS(void, jit_make_trouble, (jit_trouble trouble), {
    const glue = Module.jitGlue || (Module.jitGlue = _meJitInstantiate);
    const engine = Module.jitEngine || (Module.jitEngine = WebAssembly.Module);
    const fail = () => { throw new RangeError("out of order"); };
    const glues = [
        glue, glue, undefined, fail, () => 0,
        (runtime, bytes, ...rest) => glue(runtime, new Uint8Array(1), ...rest), glue,
    ];
    globalThis._meJitInstantiate = glues[trouble];
    WebAssembly.Module = trouble === 6 ? function () { fail(); } : engine;
    delete wasmTable.grow;
    if (trouble === 1) {
        wasmTable.grow = fail;
    }
});

// clang-format on

#endif
