// The glue script under the conventions of python-blosc2's loader, on fake runtimes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";

const read = (name) => readFileSync(new URL(name, import.meta.url), "utf8");
const glue = read("../src/me_jit_glue.js");
const registration = read("blosc2/registration.js");

const PAGE = 65536;
/** What a module without an import of memory asks for. */
const PAGES = 256;
const EMPTY_MODULE = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** A context with the glue in it, and what the members of a fake runtime note. */
function fakeRuntime() {
  const memory = new WebAssembly.Memory({ initial: PAGES });
  const added = [];
  const removed = [];
  const messages = [];
  const members = {
    HEAPU8: new Uint8Array(memory.buffer),
    HEAPF32: new Float32Array(memory.buffer),
    HEAPF64: new Float64Array(memory.buffer),
    wasmMemory: memory,
    wasmTable: new WebAssembly.Table({ initial: 1, element: "anyfunc" }),
    addFunction: (f, signature) => added.push({ f, signature }),
    removeFunction: (index) => removed.push(index),
    stackSave: () => 0,
    stackAlloc: () => 0,
    stackRestore: () => {},
    lengthBytesUTF8: () => 0,
    stringToUTF8: () => {},
    err: (message) => messages.push(message),
  };
  const context = vm.createContext({
    WebAssembly,
    TextDecoder,
    TextEncoder,
    Uint8Array,
    Float32Array,
    Float64Array,
  });
  vm.runInContext(glue, context);
  context.__blosc2_pyodide_module = members;
  const register = () => vm.runInContext(registration, context);
  return { memory, members, added, removed, messages, context, register };
}

/** Calls the helper with a module that has no kernel, which must be told. */
function expectMessage({ memory, added, messages }) {
  new Uint8Array(memory.buffer).set(EMPTY_MODULE, 1024);
  assert.equal(added[0].f(1024, EMPTY_MODULE.length, 0), 0);
  assert.deepEqual(messages.splice(0), ["[me-wasm-jit] missing export"]);
}

test("two helpers are made, once", () => {
  const fake = fakeRuntime();
  const made = fake.register();
  assert.deepEqual([made.instantiatePtr, made.freePtr], [1, 2]);
  assert.deepEqual(
    fake.added.map(({ signature }) => signature),
    ["iiii", "vi"],
  );
  assert.equal(fake.register(), made);
  assert.equal(fake.added.length, 2);
  expectMessage(fake);
  assert.equal(fake.added[0].f(0, 8, 0), 0);
  assert.equal(fake.added[0].f(PAGES * PAGE - 4, 8, 0), 0, "bytes that are not in memory");
  fake.added[1].f(0);
  fake.added[1].f(7);
  assert.deepEqual(fake.removed, [7]);
});

test("helpers work after the memory has grown", () => {
  const fake = fakeRuntime();
  fake.register();
  fake.memory.grow(1);
  expectMessage(fake);
});

test("a memory that is hidden is found by growing it", () => {
  const fake = fakeRuntime();
  delete fake.members.wasmMemory;
  fake.members.growMemory = (bytes) => fake.memory.grow((bytes - fake.memory.buffer.byteLength) / PAGE);
  const { grow } = WebAssembly.Memory.prototype;
  assert.equal(fake.register().instantiatePtr, 1);
  assert.equal(WebAssembly.Memory.prototype.grow, grow);
  assert.equal(fake.memory.buffer.byteLength, (PAGES + 1) * PAGE);
  expectMessage(fake);
});

test("what is missing is an error, and nothing is remembered", () => {
  const fake = fakeRuntime();
  const { removeFunction } = fake.members;
  delete fake.members.removeFunction;
  assert.deepEqual(
    { ...fake.register() },
    {
      instantiatePtr: 0,
      freePtr: 0,
      error: "missing runtime members: removeFunction",
    },
  );
  fake.members.removeFunction = removeFunction;
  vm.runInContext("delete globalThis._meJitFreeFn", fake.context);
  assert.equal(fake.register().error, "me_jit_glue exports unavailable");
  vm.runInContext(glue, fake.context);
  assert.equal(fake.register().instantiatePtr, 1);
});
