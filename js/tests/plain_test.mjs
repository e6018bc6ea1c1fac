// miniexpr.wasm under Node: what it imports and exports, its size, the recorded cases, its memory.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { brotliCompressSync } from "node:zlib";

import loadWabt from "wabt";

import { createApi } from "../core/api.js";
import { loadWasm } from "../wasm/load.js";
import { load } from "../wasm/miniexpr.js";
import { replay } from "./replay.js";
import { isDeviation, readCases, vectorFiles } from "./vectors.mjs";

const bytes = readFileSync(new URL("../wasm/miniexpr.wasm", import.meta.url));
const module = new WebAssembly.Module(bytes);

/** The address of new memory with these words. */
function wordsIn(host, ...values) {
  const address = host.alloc(4 * values.length);
  host.getMemoryView("u32").set(values, address / 4);
  return address;
}

/** The address of new memory with a text. */
function textIn(host, text) {
  const bytes = new TextEncoder().encode(`${text}\0`);
  const address = host.alloc(bytes.length);
  host.getMemoryView("u8").set(bytes, address);
  return address;
}

test("it imports the two functions that make kernels, and nothing else", () => {
  const imports = WebAssembly.Module.imports(module).map(
    ({ module, name, kind }) => `${module}.${name} ${kind}`,
  );
  assert.deepEqual(imports.sort(), ["env.me_jit_free function", "env.me_jit_instantiate function"]);
});

test("it exports the functions of the header, but for those that need a C library", () => {
  const header = readFileSync(new URL("../../include/miniexpr.h", import.meta.url), "utf8");
  const declared = [...header.matchAll(/^(?!typedef|#|\s|\/).*?\b(me_[a-z_]+)\(/gm)].map(([, name]) => name);
  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  assert.ok(declared.length > 14, declared.join(" "));
  assert.deepEqual(
    declared.filter((name) => !exported.has(name)),
    ["me_print"],
  );
  for (const name of ["memory", "threadpool_alloc", "threadpool_free"]) {
    assert.ok(exported.has(name), name);
  }
});

test("both modules are as small as the documents say", () => {
  for (const path of ["wasm/miniexpr.wasm", "threads/miniexpr-threads.wasm"]) {
    const bytes = readFileSync(new URL(`../${path}`, import.meta.url));
    assert.ok(bytes.length < 1_500_000, `${path}: ${bytes.length} bytes`);
    const packed = brotliCompressSync(bytes).length;
    assert.ok(packed < 385_000, `${path}: ${packed} bytes with Brotli`);
  }
});

for (const jit of [true, false]) {
  test(`the recorded cases agree, kernels ${jit ? "compiled" : "interpreted"}`, async (t) => {
    const host = await load({ jit });
    for (const file of vectorFiles) {
      await t.test(file, () => {
        const { count, kernels, wrong } = replay(host, readCases(file), isDeviation, { jit });
        assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${count}`);
        if (file === "dsl_kernels.jsonl") {
          assert.ok(jit ? kernels > count / 2 : kernels === 0, `${kernels} of ${count} were compiled`);
        }
      });
    }
  });
}

test("a loader of its own that passes addresses to the glue compiles the recorded kernels", async () => {
  // It knows two signatures, and what the runtime that they take must have:
  // _meJitInstantiate(wasmBytesPtr, wasmLen, bridgeLookupIdx, runtime) and _meJitFreeFn(idx, runtime).
  let runtime = null;
  let live = 0;
  const env = {
    me_jit_instantiate(wasmBytesPtr, wasmLen, bridgeLookupIdx) {
      const idx = globalThis._meJitInstantiate(wasmBytesPtr, wasmLen, bridgeLookupIdx, runtime);
      live += idx !== 0;
      return idx;
    },
    me_jit_free(idx) {
      live -= 1;
      globalThis._meJitFreeFn(idx, runtime);
    },
  };
  const { exports } = await WebAssembly.instantiate(module, { env });
  const { memory, __indirect_function_table: wasmTable, __stack_pointer: stack } = exports;
  runtime = {
    wasmMemory: memory,
    wasmTable,
    // As in Emscripten, the views are of the memory as it is now.
    get HEAPU8() {
      return new Uint8Array(memory.buffer);
    },
    get HEAPF32() {
      return new Float32Array(memory.buffer);
    },
    get HEAPF64() {
      return new Float64Array(memory.buffer);
    },
    addFunction(f) {
      wasmTable.set(wasmTable.grow(1), f);
      return wasmTable.length - 1;
    },
    removeFunction: (idx) => wasmTable.set(idx, null),
    stackSave: () => stack.value,
    stackAlloc: (bytes) => (stack.value = (stack.value - bytes) & -16),
    stackRestore: (saved) => (stack.value = saved),
    lengthBytesUTF8: (text) => Buffer.byteLength(text),
    stringToUTF8: (text, at, bytes) => Buffer.from(memory.buffer, at, bytes).write(`${text}\0`),
  };
  const host = {
    exports,
    alloc: (bytes) => exports.threadpool_alloc(bytes) >>> 0,
    free: (address) => exports.threadpool_free(address),
    getMemoryView: (type) => new { u8: Uint8Array, u32: Uint32Array, i32: Int32Array }[type](memory.buffer),
    readText: (address) => {
      const bytes = runtime.HEAPU8;
      return Buffer.from(bytes.subarray(address, bytes.indexOf(0, address))).toString();
    },
  };
  const { count, kernels, wrong } = replay(host, readCases("dsl_kernels.jsonl"), isDeviation, { jit: true });
  assert.deepEqual(wrong.slice(0, 10), []);
  assert.ok(kernels > count / 2, `${kernels} of ${count} were compiled`);
  // Those that the library remembers.
  assert.ok(live > 0 && live <= 64, `${live} kernels are left`);
});

test("blocks are aligned, survive growth, and may be given back twice", async () => {
  const host = await load();
  const before = host.getMemoryView("f64");
  const address = host.alloc(100_000_000);
  assert.equal(address % 16, 0);
  assert.equal(before.length, 0, "the old view is empty");
  host.getMemoryView("f64")[address / 8] = 2.5;
  assert.equal(host.getMemoryView("f64")[address / 8], 2.5);
  host.free(address);
  host.free(address);
  host.free(0);
  assert.equal(host.alloc(100_000_000), address, "it is used again");
  assert.throws(() => host.alloc(4_000_000_000), RangeError);
  assert.throws(() => host.getMemoryView("f16"), /there is no view "f16"/);
});

test("a kernel as text is a module", async () => {
  const host = await load();
  const { exports } = host;
  const out = host.alloc(4);
  const text = "def f(x):\n    y = x\n    for i in range(9):\n        y = y + exp(y)\n    return y\n";
  const variables = wordsIn(host, textIn(host, "x"), 11, 0, 0, 0, 0);
  assert.equal(exports.me_compile(textIn(host, text), variables, 1, 0, 0, out), 0);
  const expression = host.getMemoryView("u32")[out / 4];
  const WASM = 4;
  const room = exports.me_dump(expression, WASM, 0, 0) + 1;
  const buffer = host.alloc(room);
  exports.me_dump(expression, WASM, buffer, room);
  const wabt = await loadWabt();
  const parsed = wabt.parseWat("kernel.wat", host.readText(buffer), { simd: true });
  parsed.validate();
  const kernel = new WebAssembly.Module(parsed.toBinary({}).buffer);
  assert.deepEqual(WebAssembly.Module.exports(kernel), [{ name: "me_dsl_jit_kernel", kind: "function" }]);
  exports.me_free(expression);
});

test("after an exception of a host's function the stack is the host's to restore, and little is lost", async () => {
  const host = await load();
  const { exports } = host;
  const wabt = await loadWabt();
  const text = '(module (import "env" "f" (func $f (param f64) (result f64))) (export "f" (func $f)))';
  const wrapper = new WebAssembly.Module(wabt.parseWat("f.wat", text).toBinary({}).buffer);
  let isThrowing = true;
  const f = (x) => {
    if (isThrowing) {
      throw new Error("thrown by the host");
    }
    return x + 1;
  };
  const table = exports.__indirect_function_table;
  const index = table.grow(1);
  table.set(index, new WebAssembly.Instance(wrapper, { env: { f } }).exports.f);
  const words = (...values) => wordsIn(host, ...values);
  const put = (text) => textIn(host, text);
  const [FLOAT64, FUNCTION1] = [11, 9];
  const variables = words(put("x"), FLOAT64, 0, 0, 0, 0, put("f"), FLOAT64, index, FUNCTION1, 0, 0);
  const out = words(0);
  assert.equal(exports.me_compile(put("f(x) * 2"), variables, 2, 0, 0, out), 0);
  const expression = host.getMemoryView("u32")[out / 4];
  const data = host.alloc(8 * 100);
  host.getMemoryView("f64").fill(2, data / 8, data / 8 + 100);
  const inputs = words(data);
  const evaluate = () => exports.me_eval(expression, inputs, 1, data, 100, 0);
  const stack = exports.__stack_pointer.value;
  const before = host.memory.buffer.byteLength;
  for (let i = 0; i < 1000; i++) {
    assert.throws(evaluate, /thrown by the host/);
    assert.ok(exports.__stack_pointer.value < stack);
    exports.__stack_pointer.value = stack;
  }
  const lost = (host.memory.buffer.byteLength - before) / 1000;
  assert.ok(lost < 20_000, `${lost} bytes each`);
  isThrowing = false;
  assert.equal(evaluate(), 0);
  assert.equal(host.getMemoryView("f64")[data / 8 + 99], 6);
  exports.me_free(expression);
});

test("chains of arithmetic become modules once they have been evaluated on many items", async () => {
  const api = createApi({ load: loadWasm });
  await api.ready({ backend: "wasm", wasmModule: module });
  const { Instance } = WebAssembly;
  let instances = 0;
  WebAssembly.Instance = function (...args) {
    instances++;
    return new Instance(...args);
  };
  try {
    const a = Float64Array.from({ length: 1000 }, (_, i) => i / 7);
    const made = (text, evaluations) => {
      const before = instances;
      const f = api.compileSync(text, { a: "float64" });
      const first = f({ a });
      for (let i = 0; i < evaluations; i++) {
        assert.deepEqual(f({ a }), first);
      }
      f.dispose();
      return instances - before;
    };
    assert.equal(made("(a + 1) * (a - 2) / (a + 3)", 10), 0);
    assert.equal(made("(a + 1) * (a - 2) / (a + 3)", 100), 1);
    // One pass, and vector kernels, which the interpreter calls as well.
    assert.equal(made("a + 1", 100), 0);
    assert.equal(made("sin(a) * cos(a) + 1", 100), 0);
  } finally {
    WebAssembly.Instance = Instance;
  }
});

test("compiled kernels leave the function table with their expressions", async () => {
  const host = await load();
  const table = host.exports.__indirect_function_table;
  const cases = readCases("dsl_kernels.jsonl").slice(0, 200);
  replay(host, cases, isDeviation, { jit: true });
  const { length } = table;
  replay(host, cases, isDeviation, { jit: true });
  assert.equal(table.length, length);
});
