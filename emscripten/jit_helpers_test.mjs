// The script that makes helpers in Pyodide, on runtimes that show their memory in different ways.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";

createRequire(import.meta.url)("../src/me_jit_glue.js");
const makeHelpers = (0, eval)(readFileSync(new URL("pyodide/jit_helpers.js", import.meta.url), "utf8"));

/** What a module without an import of memory asks for. */
const PAGES = 256;
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** The members of a runtime without its memory and table, and both. */
function mockRuntime() {
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const table = new WebAssembly.Table({ initial: 1, element: "anyfunc" });
  const functions = [null];
  const removed = [];
  const nothing = () => 0;
  const members = {
    HEAPU8: new Uint8Array(memory.buffer),
    addFunction: (f, signature) => functions.push({ f, signature }) - 1,
    removeFunction: (index) => removed.push(index),
    stackSave: nothing,
    stackAlloc: nothing,
    stackRestore: nothing,
    lengthBytesUTF8: nothing,
    stringToUTF8: nothing,
  };
  return { memory, table, functions, removed, members };
}

/** The messages of one call of the helper with a module that has no kernel. */
function messagesOf(mock, { instantiate }) {
  new Uint8Array(mock.memory.buffer).set(EMPTY_MODULE, 1024);
  const { error } = console;
  const messages = [];
  console.error = (message) => messages.push(message);
  try {
    assert.equal(mock.functions[instantiate].f(1024, EMPTY_MODULE.length, 0), 0);
  } finally {
    console.error = error;
  }
  return messages;
}

test("the memory and the table are found where a runtime shows them", () => {
  const exportsOf = ({ memory, table }) => ({ memory, __indirect_function_table: table });
  for (const show of [
    ({ memory: wasmMemory, table: wasmTable }) => ({ wasmMemory, wasmTable }),
    ({ memory, table }) => ({ memory, __indirect_function_table: table }),
    (mock) => ({ wasmExports: exportsOf(mock) }),
    (mock) => ({ asm: exportsOf(mock) }),
    ({ memory, table: wasmTable }) => ({
      wasmTable,
      growMemory: (size) => memory.grow((size - memory.buffer.byteLength) / 65536),
    }),
  ]) {
    const mock = mockRuntime();
    const helpers = makeHelpers([null, mock.members, show(mock)], true);
    assert.deepEqual(helpers, { instantiate: 1, release: 2 });
    assert.equal(mock.functions[1].signature, "iiii");
    assert.equal(mock.functions[2].signature, "vi");
    assert.deepEqual(messagesOf(mock, helpers), ["[me-wasm-jit] missing export"], String(show));
    assert.equal(mock.memory.buffer.byteLength, PAGES * 65536);
  }
});

test("what a runtime does not show is named", () => {
  const { members, table: wasmTable } = mockRuntime();
  assert.deepEqual(makeHelpers([members, { wasmTable }], true), {
    error: "the runtime does not show wasmMemory",
  });
  assert.deepEqual(makeHelpers([{}], true), {
    error:
      "the runtime does not show wasmMemory, wasmTable, addFunction, removeFunction, " +
      "stackSave, stackAlloc, stackRestore, lengthBytesUTF8, stringToUTF8",
  });
});

test("a runtime that fails to grow leaves WebAssembly as it was", () => {
  const { members, table: wasmTable } = mockRuntime();
  const { grow } = WebAssembly.Memory.prototype;
  const growMemory = () => {
    throw new Error("no memory");
  };
  assert.throws(() => makeHelpers([{ ...members, wasmTable, growMemory }], true), /no memory/);
  assert.equal(WebAssembly.Memory.prototype.grow, grow);
});

test("the helpers never throw", () => {
  const mock = mockRuntime();
  const { memory: wasmMemory, table: wasmTable } = mock;
  const { instantiate, release } = makeHelpers([mock.members, { wasmMemory, wasmTable }], false);
  assert.equal(mock.functions[instantiate].f(0, 0, 0), 0);
  assert.equal(mock.functions[instantiate].f(0, 1e9, 0), 0, "bytes that are not in memory");
  assert.deepEqual(messagesOf(mock, { instantiate }), [], "no message unless asked for");
  mock.functions[release].f(7);
  assert.deepEqual(mock.removed, [7]);
  const { _meJitFreeFn } = globalThis;
  globalThis._meJitFreeFn = () => {
    throw new Error("another script");
  };
  try {
    mock.functions[release].f(7);
  } finally {
    globalThis._meJitFreeFn = _meJitFreeFn;
  }
});
