// The glue script: how it loads, and what its two functions answer.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

const gluePath = fileURLToPath(new URL("../src/me_jit_glue.js", import.meta.url));
const glueText = readFileSync(gluePath, "utf8");
const glue = createRequire(import.meta.url)(gluePath);

/** A runtime with everything the glue asks for, that collects messages and freed indices. */
function mockRuntime() {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const messages = [];
  const freed = [];
  return {
    messages,
    freed,
    HEAPF64: new Float64Array(memory.buffer),
    HEAPF32: new Float32Array(memory.buffer),
    wasmMemory: memory,
    wasmTable: new WebAssembly.Table({ initial: 1, element: "anyfunc" }),
    stackSave: () => 0,
    stackAlloc: () => 0,
    stackRestore: () => {},
    lengthBytesUTF8: (text) => text.length,
    stringToUTF8: () => {},
    addFunction: () => assert.fail("no kernel may be added"),
    removeFunction: (idx) => freed.push(idx),
    err: (message) => messages.push(message),
  };
}

const emptyModule = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

test("indirect eval defines the two functions, also twice", () => {
  const context = vm.createContext({});
  vm.runInContext(glueText, context);
  vm.runInContext(glueText, context);
  assert.deepEqual(Object.keys(context).sort(), ["_meJitFreeFn", "_meJitInstantiate"]);
  assert.equal(vm.runInContext("_meJitInstantiate(null, null, 0) | 0", context), 0);
});

test("require gives the two functions and defines them globally", () => {
  assert.equal(typeof glue._meJitInstantiate, "function");
  assert.equal(globalThis._meJitInstantiate, glue._meJitInstantiate);
  assert.equal(globalThis._meJitFreeFn, glue._meJitFreeFn);
});

test("missing arguments give 0 in silence", () => {
  const runtime = mockRuntime();
  assert.equal(glue._meJitInstantiate(null, emptyModule, 0), 0);
  assert.equal(glue._meJitInstantiate(runtime, null, 0), 0);
  assert.deepEqual(runtime.messages, []);
});

test("an incomplete runtime is reported even without warnings", () => {
  for (const name of Object.keys(mockRuntime()).filter(
    (name) => !["messages", "freed", "err", "removeFunction"].includes(name),
  )) {
    const runtime = mockRuntime();
    delete runtime[name];
    assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0, false), 0);
    assert.deepEqual(runtime.messages, ["[me-wasm-jit] invalid runtime object"], name);
  }
});

test("a field of the wrong type makes the runtime invalid", () => {
  const runtime = { ...mockRuntime(), addFunction: 7 };
  assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0), 0);
  assert.deepEqual(runtime.messages, ["[me-wasm-jit] invalid runtime object"]);
});

test("a module gives no kernel, and says so when warnings are wanted", () => {
  const warned = (extra, ...argument) => {
    const runtime = { ...mockRuntime(), ...extra };
    assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0, ...argument), 0);
    return runtime.messages.length === 1;
  };
  assert.equal(warned({}), true);
  assert.equal(warned({}, true), true);
  assert.equal(warned({}, false), false);
  assert.equal(warned({ meJitEmitWarnings: false }), false);
  assert.equal(warned({ meJitEmitWarnings: false }, true), true);
  assert.equal(warned({ meJitEmitWarnings: false }, 1), false, "a number is not a wish");
});

test("a reporting function that throws does no harm", () => {
  const runtime = {
    ...mockRuntime(),
    err: () => {
      throw new Error("no console");
    },
  };
  assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0), 0);
});

test("free removes an index once, and ignores what it cannot free", () => {
  const runtime = mockRuntime();
  glue._meJitFreeFn(null, 3);
  glue._meJitFreeFn({}, 3);
  glue._meJitFreeFn(runtime, 0);
  assert.deepEqual(runtime.freed, []);
  glue._meJitFreeFn({ removeFunction: runtime.removeFunction }, 5);
  assert.deepEqual(runtime.freed, [5]);
});

test("the script has no import, export or BigInt literal", () => {
  assert.doesNotMatch(glueText, /^\s*(import|export)\b/m);
  assert.doesNotMatch(glueText, /\b\d+n\b/);
});

const emcc = (process.env.PATH ?? "")
  .split(":")
  .map((folder) => join(folder, "emcc"))
  .find(existsSync);

test("it serves as emcc's --pre-js at -O3", { skip: emcc ? false : "emcc is not installed" }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "glue-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, "main.c");
  const output = join(folder, "main.js");
  writeFileSync(
    source,
    `#include <emscripten.h>
     int main(void) { return EM_ASM_INT({ return typeof _meJitInstantiate === "function" && _meJitInstantiate(null, null, 0) === 0; }) ? 0 : 1; }`,
  );
  execFileSync(emcc, ["-O3", "-sEXIT_RUNTIME=1", source, "--pre-js", gluePath, "-o", output], {
    stdio: "pipe",
  });
  execFileSync(process.execPath, ["--no-experimental-fetch", output]);
});
