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
function mockRuntime(pages = 2) {
  const memory = new WebAssembly.Memory({ initial: pages });
  const table = new WebAssembly.Table({ initial: 1, element: "anyfunc" });
  const messages = [];
  const freed = [];
  let stack = 60000;
  return {
    messages,
    freed,
    HEAPF64: new Float64Array(memory.buffer),
    HEAPF32: new Float32Array(memory.buffer),
    wasmMemory: memory,
    wasmTable: table,
    stackSave: () => stack,
    stackAlloc: (size) => (stack -= size),
    stackRestore: (saved) => (stack = saved),
    lengthBytesUTF8: (text) => Buffer.byteLength(text),
    stringToUTF8: (text, at, size) => Buffer.from(memory.buffer, at, size).write(text + "\0"),
    addFunction: (f, signature) => {
      assert.equal(signature, "iiii");
      table.set(table.grow(1), f);
      return table.length - 1;
    },
    removeFunction: (idx) => freed.push(idx),
    err: (message) => messages.push(message),
  };
}

const leb = (n) => (n < 128 ? [n] : [(n % 128) + 128, ...leb(Math.floor(n / 128))]);
const text = (name) => [name.length, ...Buffer.from(name)];
const section = (id, ...entries) => {
  const payload = [...leb(entries.length), ...entries.flat()];
  return [id, ...leb(payload.length), ...payload];
};
const TYPES = { i32: 0x7f, i64: 0x7e, f64: 0x7c };
const functionType = ([parameters, results]) => [
  0x60,
  ...[parameters, results].flatMap((types) => [types.length, ...types.map((type) => TYPES[type])]),
];
const memoryImport = (pages) => [...text("env"), ...text("memory"), 2, 0, ...leb(pages)];

/**
 * A module that imports function 0 of a type and exports a kernel with the given code. `memory` is
 * "import", of some pages, or "own", which the module then also exports.
 */
function moduleOf({
  name = "sin",
  type = [["f64"], ["f64"]],
  code = [0x41, 0, 0x0b],
  memory = "import",
  pages = 1,
}) {
  const body = [0, ...code];
  const isOwn = memory === "own";
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, functionType(type), functionType([["i32", "i32", "i32"], ["i32"]])),
    ...section(2, ...(isOwn ? [] : [memoryImport(pages)]), [...text("env"), ...text(name), 0, 0]),
    ...section(3, [1]),
    ...(isOwn ? section(5, [0, 1]) : []),
    ...section(7, ...(isOwn ? [[...text("memory"), 2, 0]] : []), [...text("me_dsl_jit_kernel"), 0, 1]),
    ...section(10, [...leb(body.length), ...body]),
  ]);
}

/** `output[0] = function(inputs as float64 …)` for a function of float64 arguments. */
function scalarModule(name, arity, parameters = Array(arity).fill("f64")) {
  const loads = parameters.flatMap((type, i) => [0x20, 0, 0x2b, 3, 8 * i, ...(type === "i32" ? [0xaa] : [])]);
  const code = [0x20, 1, ...loads, 0x10, 0, 0x39, 3, 0, 0x41, 0, 0x0b];
  return moduleOf({ name, type: [parameters, ["f64"]], code });
}

/** Calls a JavaScript function of the glue through a kernel. */
function callScalar(name, values, parameters) {
  const runtime = mockRuntime();
  const index = glue._meJitInstantiate(runtime, scalarModule(name, values.length, parameters), 0, true);
  assert.notEqual(index, 0, `${name}: ${runtime.messages}`);
  runtime.HEAPF64.set(values, 128);
  assert.equal(runtime.wasmTable.get(index)(1024, 2048, 1), 0);
  return runtime.HEAPF64[256];
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

test("a module without the kernel is reported when warnings are wanted", () => {
  const warned = (extra, ...argument) => {
    const runtime = { ...mockRuntime(256), ...extra };
    assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0, ...argument), 0);
    assert.ok(runtime.messages.every((message) => message === "[me-wasm-jit] missing export"));
    return runtime.messages.length === 1;
  };
  assert.equal(warned({}), true);
  assert.equal(warned({}, true), true);
  assert.equal(warned({}, false), false);
  assert.equal(warned({ meJitEmitWarnings: false }), false);
  assert.equal(warned({ meJitEmitWarnings: false }, true), true);
  assert.equal(warned({ meJitEmitWarnings: false }, 1), false, "a number is not a wish");
});

test("no bytes, one byte and a plain array have no kernel", () => {
  for (const bytes of [new Uint8Array(0), Uint8Array.of(0), [0]]) {
    const runtime = mockRuntime(256);
    assert.equal(glue._meJitInstantiate(runtime, bytes, 0), 0);
    assert.deepEqual(runtime.messages, ["[me-wasm-jit] missing export"]);
  }
});

test("an import of an unknown kind is refused without an exception", () => {
  const runtime = mockRuntime();
  const bytes = Uint8Array.from([...emptyModule, ...section(2, [...text("env"), ...text("x"), 9, 0])]);
  assert.equal(glue._meJitInstantiate(runtime, bytes, 0), 0);
  assert.deepEqual(runtime.messages, ["[me-wasm-jit] unsupported wasm import kind 9"]);
});

test("a section that ends too late is refused without an exception", () => {
  const runtime = mockRuntime();
  assert.equal(glue._meJitInstantiate(runtime, Uint8Array.from([...emptyModule, 1, 99, 0]), 0), 0);
  assert.deepEqual(runtime.messages, ["[me-wasm-jit] unexpected end of the module"]);
});

test("an integer of more than 32 bits is refused, whatever its length", () => {
  const long = (count, last) => [...Array(count).fill(0x80), last];
  const cases = [long(5, 1), long(200, 0), long(4, 0x10), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff]];
  for (const integer of cases) {
    // As the length of a section, the number of imports, and the length of a name.
    const sections = [
      [2, ...integer],
      [2, ...leb(integer.length), ...integer],
      [2, ...leb(1 + integer.length), 1, ...integer],
    ];
    for (const bytes of sections) {
      const runtime = mockRuntime();
      assert.equal(glue._meJitInstantiate(runtime, Uint8Array.from([...emptyModule, ...bytes]), 0), 0);
      assert.deepEqual(runtime.messages, ["[me-wasm-jit] an integer of the module has more than 32 bits"]);
    }
  }
  // The same lengths in more bytes than they need are fine.
  const runtime = mockRuntime(256);
  const bytes = Uint8Array.from([...emptyModule, 2, ...[0x81, 0x80, 0x80, 0x80, 0], 0]);
  assert.equal(glue._meJitInstantiate(runtime, bytes, 0), 0);
  assert.deepEqual(runtime.messages, ["[me-wasm-jit] missing export"]);
});

test("a library is not asked for names that no function of it has", () => {
  const runtime = mockRuntime();
  runtime.stackAlloc = () => assert.fail("the stack has no room for it");
  runtime.wasmTable.grow(1);
  runtime.wasmTable.set(1, lookupOf(0));
  const name = "x".repeat(100000);
  const field = [...leb(name.length), ...Buffer.from(name)];
  const bytes = Uint8Array.from([
    ...emptyModule,
    ...section(1, functionType([["f64"], ["f64"]])),
    ...section(2, memoryImport(1), [...text("env"), ...field, 0, 0]),
  ]);
  assert.equal(glue._meJitInstantiate(runtime, bytes, 1), 0);
  assert.match(runtime.messages[0], /function import requires a callable/);
});

const throwing = () => {
  throw new Error("out of order");
};

test("whatever throws in the runtime gives 0, and leaves the stack as it was", () => {
  const names = Object.keys(mockRuntime()).filter((name) => !["messages", "freed", "err"].includes(name));
  for (const name of [...names, "meJitEmitWarnings"]) {
    const runtime = mockRuntime();
    Object.defineProperty(runtime, name, { get: throwing });
    const bytes = name === "meJitEmitWarnings" ? emptyModule : scalarModule("sin", 1);
    const index = glue._meJitInstantiate(runtime, bytes, 0);
    assert.equal(index !== 0, name === "removeFunction", name);
  }
  for (const name of ["stackSave", "stackAlloc", "lengthBytesUTF8", "stringToUTF8", "addFunction"]) {
    const runtime = { ...mockRuntime(), [name]: throwing };
    runtime.wasmTable.grow(1);
    runtime.wasmTable.set(1, lookupOf(0));
    const stack = name === "stackSave" ? null : runtime.stackSave();
    assert.equal(glue._meJitInstantiate(runtime, scalarModule("sin", 1), 1), 0, name);
    assert.deepEqual(runtime.messages, ["[me-wasm-jit] out of order"]);
    assert.equal(name === "stackSave" ? null : runtime.stackSave(), stack, name);
  }
  const runtime = mockRuntime();
  assert.equal(glue._meJitInstantiate(runtime, scalarModule("sin", 1), 99), 0, "no such entry of the table");
});

test("a library is asked once for each import, and for nothing else", () => {
  const runtime = mockRuntime();
  const asked = [];
  const { stringToUTF8 } = runtime;
  runtime.stringToUTF8 = (text, ...rest) => {
    asked.push(text);
    stringToUTF8(text, ...rest);
  };
  runtime.wasmTable.grow(1);
  runtime.wasmTable.set(1, lookupOf(0));
  assert.notEqual(glue._meJitInstantiate(runtime, scalarModule("sin", 1), 1), 0);
  assert.deepEqual(asked, ["sin"]);
});

test("a function of the library with another type makes no kernel", () => {
  const runtime = mockRuntime();
  runtime.wasmTable.grow(1);
  runtime.wasmTable.set(1, lookupOf(1));
  assert.equal(glue._meJitInstantiate(runtime, scalarModule("sin", 1), 1), 0);
  assert.match(runtime.messages[0], /^\[me-wasm-jit\] .*sin/);
});

test("messages go to the console of a runtime without err, or nowhere", (t) => {
  const said = t.mock.method(console, "error", () => {});
  const runtime = { ...mockRuntime(256), err: undefined };
  assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0), 0);
  assert.deepEqual(
    said.mock.calls.map((call) => call.arguments),
    [["[me-wasm-jit] missing export"]],
  );
  const { console: kept } = globalThis;
  globalThis.console = undefined;
  try {
    assert.equal(glue._meJitInstantiate(runtime, emptyModule, 0), 0);
  } finally {
    globalThis.console = kept;
  }
});

/** The module that the engine is given for the bytes of another. */
function rewritten(t, bytes, runtime = mockRuntime(256)) {
  const { Module } = WebAssembly;
  let taken = null;
  const module = t.mock.method(WebAssembly, "Module", function (text) {
    taken = new Module(text);
    return taken;
  });
  const index = glue._meJitInstantiate(runtime, bytes, 0, false);
  module.mock.restore();
  return { taken, index, runtime };
}

const kernelType = functionType([["i32", "i32", "i32"], ["i32"]]);
const named = (name, kind, index) => [...text(name), kind, index];
const KERNEL_EXPORT = named("me_dsl_jit_kernel", 0, 0);
const sizedBody = (...code) => [code.length + 1, 0, ...code];
const ANSWER_0 = sizedBody(0x41, 0, 0x0b);

test("a memory of the module's own is replaced wherever its sections lie", (t) => {
  const custom = [0, 3, ...text("a"), 7];
  for (const pieces of [
    [custom, section(1, kernelType), section(3, [0]), section(5, [0, 1]), custom],
    [section(1, kernelType), section(3, [0]), section(5, [1, 1, 2])],
  ]) {
    const bytes = [
      ...emptyModule,
      ...pieces.flat(),
      ...section(7, named("a", 0, 0), named("memory", 2, 0), KERNEL_EXPORT, named("b", 0, 0)),
      ...section(10, ANSWER_0),
    ];
    const { taken, index, runtime } = rewritten(t, Uint8Array.from(bytes));
    assert.deepEqual(WebAssembly.Module.imports(taken), [{ module: "env", name: "memory", kind: "memory" }]);
    assert.deepEqual(
      WebAssembly.Module.exports(taken).map(({ name }) => name),
      ["a", "me_dsl_jit_kernel", "b"],
    );
    assert.equal(runtime.wasmTable.get(index)(0, 0, 0), 0);
  }
});

test("a function that is named memory stays", (t) => {
  const bytes = [
    ...emptyModule,
    ...section(1, kernelType),
    ...section(3, [0]),
    ...section(7, named("memory", 0, 0), KERNEL_EXPORT),
    ...section(10, ANSWER_0),
  ];
  const { taken } = rewritten(t, Uint8Array.from(bytes));
  assert.equal(WebAssembly.Module.exports(taken)[0].name, "memory");
});

test("imports of every kind pass, and that of the memory keeps its limits", (t) => {
  const bytes = [
    ...emptyModule,
    ...section(1, kernelType),
    ...section(
      2,
      [...text("env"), ...named("table", 1, 0x70), 1, 1, 2],
      [...text("env"), ...text("memory"), 2, 1, 3, 9],
      [...text("env"), ...named("global", 3, TYPES.i32), 0],
      [...text("env"), ...text("sin"), 0, 0],
    ),
    ...section(3, [0]),
    ...section(7, named("me_dsl_jit_kernel", 0, 1)),
    ...section(10, ANSWER_0),
  ];
  const { taken, index } = rewritten(t, Uint8Array.from(bytes));
  assert.equal(index, 0, "nobody provides the table and the global");
  assert.deepEqual(
    WebAssembly.Module.imports(taken).map(({ name, kind }) => [name, kind]),
    [
      ["table", "table"],
      ["memory", "memory"],
      ["global", "global"],
      ["sin", "function"],
    ],
  );
  const small = mockRuntime(2);
  assert.equal(glue._meJitInstantiate(small, moduleOf({ pages: 3 }), 0), 0);
  assert.match(small.messages[0], /initial 3|at least 3|smaller/);
});

test("a start function, a table, elements, a global and data do what they do", () => {
  const runtime = mockRuntime(256);
  const bytes = [
    ...emptyModule,
    ...section(1, kernelType, functionType([[], []])),
    ...section(3, [0], [1]),
    ...section(4, [0x70, 0, 1]),
    ...section(6, [TYPES.i32, 1, 0x41, 5, 0x0b]),
    ...section(7, KERNEL_EXPORT),
    ...[8, 1, 1],
    ...section(9, [0, 0x41, 0, 0x0b, 1, 0]),
    ...section(
      10,
      sizedBody(0x23, 0, 0x0b), // gives the global
      sizedBody(0x41, 7, 0x24, 0, 0x0b), // sets it to 7
    ),
    ...section(11, [0, 0x41, 16, 0x0b, 2, 8, 9]),
  ];
  const index = glue._meJitInstantiate(runtime, Uint8Array.from(bytes), 0);
  assert.deepEqual(runtime.messages, []);
  assert.equal(runtime.wasmTable.get(index)(0, 0, 0), 7);
  assert.deepEqual([...new Uint8Array(runtime.wasmMemory.buffer, 16, 2)], [8, 9]);
});

test("a kernel runs on the host's memory, also after that has grown", () => {
  const runtime = mockRuntime();
  const bytes = scalarModule("sin", 1);
  const before = bytes.slice();
  const index = glue._meJitInstantiate(runtime, bytes, 0);
  assert.deepEqual(bytes, before, "the caller's bytes stay as they are");
  runtime.wasmMemory.grow(1);
  const values = new Float64Array(runtime.wasmMemory.buffer);
  values[128] = 2;
  assert.equal(runtime.wasmTable.get(index)(1024, 2048, 1), 0);
  assert.equal(values[256], Math.sin(2));
});

test("a module with its own memory gets the host's, which must have 256 pages", () => {
  const small = mockRuntime(100);
  const bytes = moduleOf({ memory: "own" });
  assert.equal(glue._meJitInstantiate(small, bytes, 0), 0);
  assert.match(small.messages[0], /256/);
  const large = mockRuntime(256);
  const index = glue._meJitInstantiate(large, bytes, 0);
  assert.equal(large.wasmTable.get(index)(0, 0, 0), 0);
});

/** A lookup function that gives one answer for every name. */
function lookupOf(answer) {
  const bytes = [
    ...emptyModule,
    ...section(1, functionType([["i32"], ["i32"]])),
    ...section(3, [0]),
    ...section(7, named("lookup", 0, 0)),
    ...section(10, sizedBody(0x41, answer, 0x0b)),
  ];
  return new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(bytes))).exports.lookup;
}

test("functions come from the library first", () => {
  const runtime = mockRuntime();
  const half = new WebAssembly.Instance(
    new WebAssembly.Module(
      Uint8Array.from([
        ...emptyModule,
        ...section(1, functionType([["f64"], ["f64"]]), functionType([["i32"], ["i32"]])),
        ...section(3, [0], [1]),
        ...section(7, [...text("half"), 0, 0], [...text("lookup"), 0, 1]),
        // half(x) = x / 2; lookup(name) = 2
        ...section(
          10,
          [14, 0, 0x20, 0, 0x44, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 0xa2, 0x0b],
          [4, 0, 0x41, 2, 0x0b],
        ),
      ]),
    ),
  ).exports;
  runtime.wasmTable.grow(2);
  runtime.wasmTable.set(1, half.lookup);
  runtime.wasmTable.set(2, half.half);
  const stack = runtime.stackSave();
  const index = glue._meJitInstantiate(runtime, scalarModule("sin", 1), 1);
  assert.equal(runtime.stackSave(), stack);
  runtime.HEAPF64[128] = 3;
  runtime.wasmTable.get(index)(1024, 2048, 1);
  assert.equal(runtime.HEAPF64[256], 1.5);
});

test("a function that nobody has makes no kernel", () => {
  const runtime = mockRuntime();
  assert.equal(glue._meJitInstantiate(runtime, scalarModule("me_unknown", 1), 0), 0);
  assert.equal(runtime.messages.length, 1);
});

const close = (actual, expected, tolerance) =>
  assert.ok(Math.abs(actual - expected) <= tolerance * Math.abs(expected), `${actual}, not ${expected}`);

test("functions of JavaScript have the values of C's", () => {
  const cases = [
    ...[-0.5, -1.5, -2.5, 0.3, -0.3].map((x) => ["round", [x], Math.sign(x) * Math.round(Math.abs(x))]),
    ...[
      [0.5, 0],
      [1.5, 2],
      [2.5, 2],
      [-1.5, -2],
      [-0.5, -0],
    ].map(([x, y]) => ["rint", [x], y]),
    ["erf", [0], 0],
    ["tgamma", [5e9], Infinity],
    ["tgamma", [-1], NaN],
    ["tgamma", [6], 120],
    ["remainder", [1, 2], 1],
    ["remainder", [3, 2], -1],
    ["remainder", [5, 2], 1],
    ["remainder", [5, Infinity], 5],
    ["remainder", [1, 0], NaN],
    ["fmax", [NaN, 1], 1],
    ["fmin", [1, NaN], 1],
    ["pow", [1, NaN], 1],
    ["pow", [-1, Infinity], 1],
    ["fdim", [NaN, 1], NaN],
    ["copysign", [1, -0], -1],
    ["fma", [0.1, 10, -1], 2 ** -54],
    ["nextafter", [1, 2], 1 + 2 ** -52],
    ["nextafter", [0, -1], -5e-324],
    ["nextafter", [-1, -2], -1 - 2 ** -52],
    ["me_jit_logaddexp", [Infinity, Infinity], Infinity],
    ["me_jit_logaddexp", [-Infinity, -Infinity], -Infinity],
    ["me_jit_sinpi", [0.5], 1],
    ["me_jit_cospi", [0.5], 0],
    ["me_jit_cospi", [1e22], 1],
    ["me_jit_where", [0, 1, 2], 2],
  ];
  for (const [name, values, expected] of cases) {
    assert.ok(
      Object.is(callScalar(name, values), expected),
      `${name}(${values}): ${callScalar(name, values)}`,
    );
  }
  close(callScalar("erf", [0.5]), 0.5204998778130465, 4e-16);
  close(callScalar("erf", [1.7]), 0.9837904585907746, 4e-16);
  close(callScalar("erfc", [0.9]), 0.20309178757716786, 1e-14);
  close(callScalar("erfc", [10]), 2.088487583762545e-45, 1e-14);
  close(callScalar("tgamma", [171]), 7.257415615307994e306, 1e-14);
  close(callScalar("tgamma", [0.5]), Math.sqrt(Math.PI), 1e-14);
  close(callScalar("tgamma", [-1.5]), 2.3632718012073544, 1e-14);
  close(callScalar("lgamma", [200]), 857.9336698258574, 1e-15);
  close(callScalar("lgamma", [5e9]), 106663518736.65515, 1e-13);
  close(callScalar("lgamma", [0.5]), 0.5723649429247001, 1e-14);
});

test("the sign of a NaN is a sign", () => {
  const runtime = mockRuntime();
  const index = glue._meJitInstantiate(runtime, scalarModule("copysign", 2), 0);
  const words = new BigUint64Array(runtime.wasmMemory.buffer);
  runtime.HEAPF64[128] = 1;
  words[129] = BigInt("0xfff8000000000000");
  runtime.wasmTable.get(index)(1024, 2048, 1);
  assert.equal(runtime.HEAPF64[256], -1);
});

test("every name that a kernel may import has a function of JavaScript", () => {
  const f64 = (count) => [Array(count).fill("f64"), ["f64"]];
  const scalars = {
    1: `acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 fabs floor lgamma log log10
        log1p log2 rint round sin sinh sqrt tan tanh tgamma trunc me_jit_exp10 me_jit_sinpi me_jit_cospi
        me_wasm32_cast_float`,
    2: "atan2 copysign fdim fmax fmin fmod hypot nextafter pow remainder me_jit_logaddexp",
    3: "fma me_jit_where",
  };
  const vectors = {
    2: `sin cos exp log exp10 sinpi cospi expm1 log10 sinh cosh tanh asinh acosh atanh asin acos atan abs sqrt
        log1p exp2 log2`,
    3: "atan2 hypot pow fmax fmin",
  };
  const types = { ldexp: [["f64", "i32"], ["f64"]], memset: [["i32", "i32", "i32"], ["i32"]] };
  types.me_wasm32_cast_int = types.me_wasm32_cast_bool = [["f64"], ["i32"]];
  for (const [count, names] of Object.entries(scalars)) {
    names.split(/\s+/).forEach((name) => (types[name] = f64(Number(count))));
  }
  for (const [count, names] of Object.entries(vectors)) {
    for (const name of names.split(/\s+/)) {
      const type = [[...Array(Number(count)).fill("i32"), "i64"], []];
      types[`me_jit_vec_${name}_f64`] = types[`me_jit_vec_${name}_f32`] = type;
    }
  }
  assert.equal(Object.keys(types).length, 43 + 1 + 5 + 56 + 3);
  for (const [name, type] of Object.entries(types)) {
    const runtime = mockRuntime();
    assert.notEqual(glue._meJitInstantiate(runtime, moduleOf({ name, type }), 0), 0, name);
  }
});

test("casts truncate, keep, and compare with zero", () => {
  // output[0] = cast(**inputs), an i32
  const cast = (name, value) => {
    const runtime = mockRuntime();
    const code = [0x20, 1, 0x20, 0, 0x2b, 3, 0, 0x10, 0, 0x36, 2, 0, 0x41, 0, 0x0b];
    const index = glue._meJitInstantiate(runtime, moduleOf({ name, type: [["f64"], ["i32"]], code }), 0);
    runtime.HEAPF64[128] = value;
    runtime.wasmTable.get(index)(1024, 2048, 1);
    return new Int32Array(runtime.wasmMemory.buffer)[512];
  };
  assert.deepEqual(
    [-1.75, 2 ** 32 + 5, NaN].map((value) => cast("me_wasm32_cast_int", value)),
    [-1, 5, 0],
  );
  assert.deepEqual(
    [-0, 0.5, NaN].map((value) => cast("me_wasm32_cast_bool", value)),
    [0, 1, 1],
  );
  assert.equal(callScalar("me_wasm32_cast_float", [2.5]), 2.5);
});

test("memset fills memory that has grown, without a global view of it", () => {
  const runtime = mockRuntime();
  const type = [["i32", "i32", "i32"], ["i32"]];
  // memset(output, 9, items)
  const code = [0x20, 1, 0x41, 9, 0x20, 2, 0x10, 0, 0x1a, 0x41, 0, 0x0b];
  const index = glue._meJitInstantiate(runtime, moduleOf({ name: "memset", type, code }), 0);
  assert.equal("HEAPU8" in globalThis, false);
  runtime.wasmMemory.grow(1);
  runtime.wasmTable.get(index)(0, 2048, 3);
  assert.deepEqual([...new Uint8Array(runtime.wasmMemory.buffer, 2047, 5)], [0, 9, 9, 9, 0]);
});

test("functions of JavaScript work on arrays", () => {
  const runtime = mockRuntime();
  const type = [["i32", "i32", "i64"], []];
  // f(*inputs, output, items)
  const code = [0x20, 0, 0x28, 2, 0, 0x20, 1, 0x20, 2, 0xac, 0x10, 0, 0x41, 0, 0x0b];
  const index = glue._meJitInstantiate(
    runtime,
    moduleOf({ name: "me_jit_vec_exp_f64", type, code }),
    0,
    true,
  );
  assert.deepEqual(runtime.messages, []);
  runtime.wasmMemory.grow(1);
  new Int32Array(runtime.wasmMemory.buffer)[4] = 1024;
  const values = new Float64Array(runtime.wasmMemory.buffer);
  values.set([0, 1, 2], 128);
  assert.equal(runtime.wasmTable.get(index)(16, 2048, 3), 0);
  assert.deepEqual([...values.subarray(256, 259)], [1, Math.E, Math.exp(2)]);
});

test("functions of JavaScript work beyond 2 GiB", (t) => {
  const runtime = mockRuntime();
  const pages = 32769;
  try {
    runtime.wasmMemory.grow(pages - 2);
  } catch {
    t.skip("no room for so much memory");
    return;
  }
  const type = [["i32", "i32", "i64"], []];
  const code = [0x20, 0, 0x20, 1, 0x20, 2, 0xac, 0x10, 0, 0x41, 0, 0x0b];
  const module = moduleOf({ name: "me_jit_vec_sqrt_f64", type, code });
  const kernel = runtime.wasmTable.get(glue._meJitInstantiate(runtime, module, 0, true));
  const values = new Float64Array(runtime.wasmMemory.buffer, 2 ** 31, 8);
  values.set([4, 9, 16]);
  kernel(2 ** 31, 2 ** 31 + 32, 3);
  assert.deepEqual([...values.subarray(4, 7)], [2, 3, 4]);
  kernel(2 ** 31, 2 ** 31 + 32, -1);
  assert.deepEqual([...values.subarray(4, 7)], [2, 3, 4]);
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

/** A module in the memory of a runtime: its address and its length. */
function stored(runtime, bytes) {
  const address = 4096;
  new Uint8Array(runtime.wasmMemory.buffer).set(bytes, address);
  return [address, bytes.length];
}

test("the arguments may also be an address, a length, the lookup function and the runtime", () => {
  const runtime = mockRuntime();
  runtime.HEAPU8 = new Uint8Array(runtime.wasmMemory.buffer);
  const [address, length] = stored(runtime, scalarModule("erf", 1));
  const index = glue._meJitInstantiate(address, length, 0, runtime);
  assert.notEqual(index, 0, `${runtime.messages}`);
  runtime.HEAPF64[128] = 0.5;
  assert.equal(runtime.wasmTable.get(index)(1024, 2048, 1), 0);
  assert.ok(Math.abs(runtime.HEAPF64[256] - 0.5204998778130465) < 1e-15);
  glue._meJitFreeFn(index, runtime);
  assert.deepEqual(runtime.freed, [index]);
});

test("addresses that hold no module give 0 and a message, and memory that has grown is found", () => {
  const runtime = mockRuntime();
  runtime.HEAPU8 = new Uint8Array(runtime.wasmMemory.buffer);
  const bytes = scalarModule("erf", 1);
  const [address, length] = stored(runtime, bytes);
  const instantiate = (address, length) => glue._meJitInstantiate(address, length, 0, runtime);
  for (const [at, size] of [
    [0, length],
    [2 ** 31, length],
    [address, 2 ** 31],
    [-1, 8],
  ]) {
    assert.equal(instantiate(at, size), 0);
  }
  assert.deepEqual(runtime.messages, []);
  assert.equal(instantiate(address, 0), 0);
  assert.equal(runtime.messages.length, 1);
  assert.equal(glue._meJitInstantiate(address, length, 0, undefined), 0);
  assert.equal(glue._meJitInstantiate(address, length, 0, {}), 0);
  runtime.wasmMemory.grow(1);
  assert.equal(runtime.HEAPU8.length, 0, "the runtime's view is old");
  assert.notEqual(instantiate(address, length), 0);
});

test("a module gets shared memory where the host's is shared", () => {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 512, shared: true });
  const runtime = { ...mockRuntime(), wasmMemory: memory };
  for (const options of [{}, { memory: "own" }]) {
    assert.notEqual(glue._meJitInstantiate(runtime, moduleOf(options), 0, true), 0, `${runtime.messages}`);
  }
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

test("free does not throw", () => {
  const { err, messages } = mockRuntime();
  glue._meJitFreeFn({ removeFunction: throwing, err }, 5);
  assert.deepEqual(messages, ["[me-wasm-jit] out of order"]);
  glue._meJitFreeFn(Object.defineProperty({ err }, "removeFunction", { get: throwing }), 5);
});

test("the script has no import, export or BigInt literal, and no backslash for the C preprocessor", () => {
  assert.doesNotMatch(glueText, /^\s*(import|export)\b/m);
  assert.doesNotMatch(glueText, /\b\d+n\b/);
  assert.ok(!glueText.includes("\\"));
});

const emcc = (process.env.PATH ?? "")
  .split(":")
  .map((folder) => join(folder, "emcc"))
  .find(existsSync);

const skip = emcc ? false : "emcc is not installed";

/** Builds a program of C at -O3 and runs it: the status must be 0. */
function runProgram(t, text, ...options) {
  const folder = mkdtempSync(join(tmpdir(), "glue-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const source = join(folder, "main.c");
  const output = join(folder, "main.js");
  writeFileSync(source, text);
  execFileSync(emcc, ["-O3", "-sEXIT_RUNTIME=1", source, ...options, "-o", output], { stdio: "pipe" });
  execFileSync(process.execPath, ["--no-experimental-fetch", output], { stdio: "pipe" });
}

test("it serves as emcc's --pre-js at -O3", { skip }, (t) => {
  runProgram(
    t,
    `#include <emscripten.h>
     int main(void) { return EM_ASM_INT({ return typeof _meJitInstantiate === "function" && _meJitInstantiate(null, null, 0) === 0; }) ? 0 : 1; }`,
    "--pre-js",
    gluePath,
  );
});

const closure = fileURLToPath(
  new URL("../node_modules/google-closure-compiler-linux/compiler", import.meta.url),
);

/** A runtime as Emscripten has it, which runs the kernel `given`: its properties are renamed with those of the glue. */
const renamedRuntime = `
var wasmMemory = new WebAssembly.Memory({ "initial": 2 });
var wasmTable = new WebAssembly.Table({ "initial": 1, "element": "anyfunc" });
var runtime = {
  HEAPF64: new Float64Array(wasmMemory.buffer),
  HEAPF32: new Float32Array(wasmMemory.buffer),
  wasmMemory: wasmMemory,
  wasmTable: wasmTable,
  stackSave: () => 60000,
  stackAlloc: (size) => 60000 - size,
  stackRestore: (saved) => {},
  lengthBytesUTF8: (text) => text.length,
  stringToUTF8: (text, at, size) => {},
  addFunction: (f, signature) => {
    wasmTable.set(0, f);
    return 7;
  },
  removeFunction: (index) => wasmTable.set(0, null),
};
runtime.HEAPF64[128] = 0.5;
var index = globalThis["_meJitInstantiate"](runtime, globalThis["given"], 0);
wasmTable.get(0)(1024, 2048, 1);
globalThis["_meJitFreeFn"](runtime, index);
globalThis["results"] = [index, runtime.HEAPF64[256], wasmTable.get(0)];
`;

test(
  "it works when the Closure compiler has renamed all properties",
  { skip: !existsSync(closure) && "there is no Closure compiler for this platform" },
  (t) => {
    const folder = mkdtempSync(join(tmpdir(), "closure-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const [source, output] = [join(folder, "main.js"), join(folder, "out.js")];
    writeFileSync(source, renamedRuntime);
    // As emcc --closure 1 calls it.
    const options = ["--compilation_level", "ADVANCED", "--language_out", "NO_TRANSPILE"];
    execFileSync(closure, [...options, "--js", gluePath, "--js", source, "--js_output_file", output], {
      stdio: "pipe",
    });
    const text = readFileSync(output, "utf8");
    assert.doesNotMatch(text, /\bstackRestore\b/, "properties are renamed");
    const context = vm.createContext({
      given: scalarModule("erf", 1),
      WebAssembly,
      TextDecoder,
      TextEncoder,
    });
    vm.runInContext(text, context);
    const [index, value, freed] = context.results;
    assert.deepEqual([index, freed], [7, null]);
    assert.ok(Math.abs(value - 0.5204998778130465) < 1e-15, `${value}`);
  },
);
