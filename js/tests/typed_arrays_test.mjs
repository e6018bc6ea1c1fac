// Typed arrays in, typed arrays out: the same cases over every backend.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";

import { MiniexprError } from "../core/error.js";
import { kernel } from "../core/kernel.js";
import { backends, bits } from "./backends.mjs";

/** The error that a call throws. */
function errorOf(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

const refuses = (call, code, message) => {
  const error = errorOf(call);
  assert.ok(error instanceof MiniexprError, String(error.stack));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, message);
};

const f64 = (...numbers) => Float64Array.from(numbers);

const cases = {
  "a compiled function gives a new typed array": ({ compileSync }) => {
    const hypot = compileSync("sqrt(a*a + b*b)", { a: "float64", b: "float64" });
    assert.deepEqual(hypot({ a: f64(3, 5), b: f64(4, 12) }), f64(5, 13));
    assert.equal(hypot.dtype, "float64");
    assert.deepEqual({ ...hypot.inputs }, { a: "float64", b: "float64" });
    assert.equal(hypot.text, "sqrt(a*a + b*b)");
  },

  "compile and evaluate give promises": async ({ compile, evaluate }) => {
    const twice = await compile("2 * a", { a: "int32" });
    assert.deepEqual(twice({ a: Int32Array.of(1, 2) }), Int32Array.of(2, 4));
    assert.deepEqual(await evaluate("a * 2 + b", { a: f64(1, 2), b: f64(10, 20) }), f64(12, 24));
  },

  "the dtype follows from the array": ({ evaluateSync }) => {
    const classes = [Int8Array, Int16Array, Int32Array, Uint8Array, Uint16Array, Uint32Array];
    for (const Class of [...classes, Float32Array, Float64Array]) {
      assert.deepEqual(evaluateSync("a + a", { a: Class.of(1, 2) }), Class.of(2, 4));
    }
    for (const Class of [BigInt64Array, BigUint64Array]) {
      assert.deepEqual(evaluateSync("a + a", { a: Class.of(1n, 2n ** 60n) }), Class.of(2n, 2n ** 61n));
    }
    assert.deepEqual(evaluateSync("a + a", { a: Uint8ClampedArray.of(200) }), Uint8Array.of(144));
  },

  "numbers, bigints and booleans are scalars": ({ compileSync, evaluateSync }) => {
    assert.deepEqual(evaluateSync("a * b", { a: f64(1, 2), b: 3 }), f64(3, 6));
    assert.deepEqual(evaluateSync("a * b", { a: BigInt64Array.of(1n, 2n), b: 3n }), BigInt64Array.of(3n, 6n));
    assert.deepEqual(evaluateSync("where(c, a, -a)", { a: f64(1, 2), c: false }), f64(-1, -2));
    assert.equal(evaluateSync("a + b", { a: 1, b: 2 }), 3);
    assert.equal(evaluateSync("1 + 2", {}), 3n);
    const f = compileSync("a + b", { a: "int8", b: "int64" });
    assert.deepEqual(f({ a: -128, b: 5 }), -123n);
    refuses(() => f({ a: 128, b: 0 }), "ERR_DTYPE", /'a' is int8, which cannot hold 128/);
    refuses(() => f({ a: 1.5, b: 0 }), "ERR_DTYPE", /'a' is int8, which 1.5 is not/);
  },

  "bools are bytes": ({ compileSync, evaluateSync }) => {
    const not = compileSync("not a", { a: "bool" });
    assert.equal(not.dtype, "bool");
    assert.deepEqual(not({ a: Uint8Array.of(0, 1, 7) }), Uint8Array.of(1, 0, 0));
    assert.deepEqual(not({ a: [true, false] }), Uint8Array.of(0, 1));
    const view = { data: Uint8Array.of(0, 1), dtype: "bool" };
    assert.deepEqual(evaluateSync("a | True", { a: view }), Uint8Array.of(1, 1));
  },

  "plain arrays are converted": ({ compileSync, evaluateSync }) => {
    assert.deepEqual(evaluateSync("a + 1", { a: [1, 2.5] }), f64(2, 3.5));
    const f = compileSync("a + 1", { a: "uint8" });
    assert.deepEqual(f({ a: [1, 255] }), Uint8Array.of(2, 0));
    refuses(() => f({ a: [1, 256] }), "ERR_DTYPE", /'a'\[1\] is uint8, which cannot hold 256/);
    refuses(() => evaluateSync("a", { a: [] }), "ERR_DTYPE", /is empty/);
  },

  "views of any shape and strides": ({ compileSync, evaluateSync }) => {
    const data = f64(1, 2, 3, 4, 5, 6);
    const row = f64(10, 20, 30);
    assert.deepEqual(evaluateSync("a + b", { a: { data, shape: [2, 3] }, b: row }), {
      data: f64(11, 22, 33, 14, 25, 36),
      shape: [2, 3],
      strides: [3, 1],
      dtype: "float64",
    });
    const transposed = { data, shape: [3, 2], strides: [1, 3] };
    assert.deepEqual(evaluateSync("a * 1.0", { a: transposed }).data, f64(1, 4, 2, 5, 3, 6));
    const backwards = { data, shape: [3], strides: [-2], offset: 5 };
    assert.deepEqual(evaluateSync("a * 1.0", { a: backwards }), f64(6, 4, 2));
    const repeated = { data: f64(7), shape: [4], strides: [0] };
    assert.deepEqual(evaluateSync("a * 1.0", { a: repeated }), f64(7, 7, 7, 7));
    const total = compileSync("sum(a, axis=0)", { a: "float64" });
    assert.deepEqual(total({ a: { data, shape: [2, 3] } }), f64(5, 7, 9));
    assert.deepEqual(total({ a: data }), 21);
    const empty = evaluateSync("a + 1", { a: { data: f64(), shape: [0, 3] } });
    assert.deepEqual(empty, { data: f64(), shape: [0, 3], strides: [3, 1], dtype: "float64" });
    refuses(
      () => total({ a: { data, shape: [2, 4] } }),
      "ERR_SHAPE",
      /'a' of shape \(2, 4\).*beyond its 6 items/,
    );
    refuses(() => total({ a: { data, shape: [2], strides: [-1] } }), "ERR_SHAPE", /beyond/);
    refuses(() => total({ a: { data, shape: [2], offset: -1 } }), "ERR_SHAPE", /offset of input 'a'/);
    refuses(
      () => total({ a: { data, shape: [2 ** 31, 2 ** 31], strides: [0, 0] } }),
      "ERR_SHAPE",
      /too many/,
    );
    refuses(
      () => total({ a: { data, shape: [1, 2], strides: [1] } }),
      "ERR_SHAPE",
      /2 extents and 1 strides/,
    );
    refuses(() => total({ a: { data, shape: Array(40).fill(1) } }), "ERR_SHAPE", /32/);
    refuses(() => total({ a: { data, strides: [1] } }), "ERR_SHAPE", /no shape/);
  },

  "complex numbers are interleaved": ({ compileSync, evaluateSync }) => {
    const z = { data: f64(3, 4, 0, -2), dtype: "complex128" };
    assert.deepEqual(evaluateSync("abs(z)", { z }), f64(5, 2));
    assert.deepEqual(evaluateSync("z * 1j", { z }), f64(-4, 3, 2, 0));
    assert.deepEqual(evaluateSync("sum(z)", { z }), { re: 3, im: 2 });
    const conj = compileSync("conj(z)", { z: "complex64" });
    assert.deepEqual(conj({ z: Float32Array.of(1, 2) }), Float32Array.of(1, -2));
    assert.deepEqual(conj({ z: { re: 1, im: 2 } }), { re: 1, im: -2 });
    refuses(() => conj({ z: new Float32Array(3) }), "ERR_SHAPE", /half a number/);
  },

  "strings in, strings out": ({ compileSync, evaluateSync }) => {
    const names = ["Zoë", "Ann", "𝔸 long name indeed"];
    assert.deepEqual(evaluateSync("startswith(s, 'A')", { s: names }), Uint8Array.of(0, 1, 0));
    assert.deepEqual(
      evaluateSync("s + '!'", { s: names }),
      names.map((name) => `${name}!`),
    );
    const f = compileSync("a + b", { a: "string", b: "string" });
    assert.equal(f.dtype, "string");
    assert.deepEqual(
      f({ a: names, b: "?" }),
      names.map((name) => `${name}?`),
    );
    assert.deepEqual(f({ a: ["x".repeat(100)], b: ["y"] }), [`${"x".repeat(100)}y`]);
    assert.equal(f({ a: "x", b: "" }), "x");
    const out = new Array(3);
    assert.equal(f({ a: names, b: "?" }, { out }), out);
    assert.equal(out[0], "Zoë?");
    refuses(() => f({ a: ["x", 1], b: "y" }), "ERR_DTYPE", /'a'\[1\] is 1, not a string/);
  },

  "a full reduction is a number": ({ evaluateSync }) => {
    assert.equal(evaluateSync("sum(a)", { a: f64(1, 2, 3.5) }), 6.5);
    assert.equal(evaluateSync("sum(a)", { a: Int8Array.of(100, 100) }), 200n);
    assert.equal(evaluateSync("max(a)", { a: Int8Array.of(1, 100) }), 100);
    assert.equal(evaluateSync("any(a > 2)", { a: f64(1, 3) }), true);
  },

  "into the caller's array": ({ compileSync, evaluateSync }) => {
    const f = compileSync("a + b", { a: "float64", b: "float64" });
    const [a, b, out] = [f64(1, 2, 3), f64(10, 20, 30), new Float64Array(3)];
    assert.equal(f({ a, b }, { out }), out);
    assert.deepEqual(out, f64(11, 22, 33));
    f({ a, b }, { out: a });
    assert.deepEqual(a, f64(11, 22, 33));
    const shifted = f64(1, 2, 3, 4);
    f({ a: shifted.subarray(0, 3), b: 1 }, { out: shifted.subarray(1) });
    assert.deepEqual(shifted, f64(1, 2, 3, 4));
    const gaps = { data: f64(9, 9, 9, 9, 9), shape: [3], strides: [-2], offset: 4 };
    assert.equal(f({ a: b, b: 0 }, { out: gaps }), gaps);
    assert.deepEqual(gaps.data, f64(30, 9, 20, 9, 10));
    const one = new Float64Array(1);
    evaluateSync("sum(a)", { a: b }, { out: one });
    assert.deepEqual(one, f64(60));
    refuses(() => f({ a, b }, { out: new Float64Array(4) }), "ERR_SHAPE", /output has the shape \(4,\)/);
    refuses(() => f({ a, b }, { out: new Float32Array(3) }), "ERR_DTYPE", /output is float64, not float32/);
    refuses(() => f({ a, b }, { out: [0, 0, 0] }), "ERR_ARGUMENT", /output is an array/);
    const matrix = { data: new Float64Array(4), shape: [2, 2], strides: [1, 1] };
    refuses(
      () => f({ a: { data: a, shape: [2, 1] }, b: { data: b, shape: [1, 2] } }, { out: matrix }),
      "ERR_SHAPE",
      /some items twice/,
    );
  },

  "arrays of the engine": ({ alloc, compileSync }) => {
    const f = compileSync("a * b", { a: "float64", b: "float64" });
    const a = alloc("float64", 3);
    assert.deepEqual([a.dtype, a.length, a.shape], ["float64", 3, [3]]);
    assert.deepEqual(a.data, f64(0, 0, 0));
    a.data.set([1, 2, 3]);
    assert.deepEqual(f({ a, b: a }), f64(1, 4, 9));
    const out = alloc("float64", [3, 1]);
    assert.equal(f({ a: { data: a.data, shape: [3, 1] }, b: 2 }, { out }), out);
    assert.deepEqual(out.data, f64(2, 4, 6));
    f({ a: out, b: out }, { out });
    assert.deepEqual(out.data, f64(4, 16, 36));
    // The memory may grow meanwhile: a handle is never stale.
    const more = Array.from({ length: 8 }, () => alloc("float64", 1 << 20));
    assert.deepEqual(out.data, f64(4, 16, 36));
    more.forEach((array) => array.dispose());
    a.dispose();
    a.dispose();
    refuses(() => a.data, "ERR_DISPOSED", /disposed/);
    refuses(() => f({ a, b: 1 }), "ERR_DISPOSED", /disposed/);
    assert.equal(alloc("int64", 1).data[0], 0n);
    refuses(() => alloc("float63", 1), "ERR_DTYPE", /float63/);
    refuses(() => alloc("float64", -1), "ERR_SHAPE", /integers from 0 on/);
    refuses(() => alloc("float64", 2 ** 40), "ERR_OUT_OF_MEMORY", /no memory for 8796093022208 bytes/);
    const long = new Float64Array(1 << 20);
    const [column, row] = [
      { data: long, shape: [1 << 20, 1] },
      { data: long, shape: [1, 1 << 20] },
    ];
    refuses(() => f({ a: column, b: row }), "ERR_OUT_OF_MEMORY", /no memory/);
  },

  "dialects and kernels": async ({ compile, compileSync, evaluateSync }) => {
    assert.equal(evaluateSync("2**3**2", {}), 512n);
    assert.equal(Number(evaluateSync("2**3**2", {}, { dialect: "miniexpr" })), 64);
    refuses(() => compileSync("1", {}, { dialect: "perl" }), "ERR_ARGUMENT", /"perl" is no dialect/);
    const text = kernel`
      def larger(a, b):
          if a > b:
              return a
          return b
    `;
    assert.equal(text, "def larger(a, b):\n    if a > b:\n        return a\n    return b\n");
    const larger = await compile(text, { a: "float64", b: "float64" });
    assert.deepEqual(larger({ a: f64(1, 5), b: f64(3, 2) }), f64(3, 5));
    assert.equal(kernel`a + ${"b"}`, "a + b");
    const half = compileSync("a / 2", { a: "int32" }, { dtype: "float32" });
    assert.deepEqual(half({ a: Int32Array.of(3) }), Float32Array.of(1.5));
  },

  "errors name the argument and the place": ({ compileSync, evaluateSync }) => {
    const error = errorOf(() => compileSync("a +\n  'é' * unknown", { a: "float64" }));
    assert.ok(error instanceof MiniexprError && error instanceof Error);
    assert.equal(error.code, "ERR_SYNTAX");
    const late = errorOf(() => compileSync("'é' + (a + ccc", { a: "string" }));
    assert.deepEqual([late.start, late.end], [11, 14]);
    assert.equal(String(late), "MiniexprError: unknown name 'ccc'\n  | 'é' + (a + ccc\n  |            ^^^");
    const f = compileSync("a + b", { a: "float64", b: "float64" });
    const b = f64(1);
    refuses(() => f({ a: b }), "ERR_NAME", /'b' is missing/);
    refuses(() => f({ a: b, b, c: b }), "ERR_NAME", /"c" is no variable.*a, b/);
    refuses(() => f({ a: b, b: new Float32Array(1) }), "ERR_DTYPE", /'b' is float64, not float32/);
    refuses(() => f({ a: b, b: null }), "ERR_ARGUMENT", /'b' is null/);
    refuses(() => f({ a: b, b: "x" }), "ERR_DTYPE", /'b' is float64, which "x" is not/);
    refuses(
      () => f({ a: f64(1, 2, 3), b: f64(1, 2) }),
      "ERR_SHAPE",
      /'a' of shape \(3,\) and 'b' of shape \(2,\)/,
    );
    refuses(() => f(5), "ERR_ARGUMENT", /the inputs are 5/);
    refuses(() => f({ a: b, b }, 5), "ERR_ARGUMENT", /the options are 5/);
    refuses(() => compileSync(5, {}), "ERR_ARGUMENT", /the expression is 5/);
    refuses(() => compileSync("a\0b", { a: "bool" }), "ERR_SYNTAX", /NUL/);
    refuses(() => compileSync("a", { a: "float16" }), "ERR_DTYPE", /"float16" is no dtype of 'a'/);
    refuses(() => compileSync("a", { "a b": "float64" }), "ERR_NAME", /"a b" is no name/);
    refuses(() => evaluateSync("a", { a: new DataView(new ArrayBuffer(8)) }), "ERR_ARGUMENT", /'a'/);
    refuses(() => evaluateSync("min(a)", { a: f64() }), "ERR_ARGUMENT", /no items/);
    refuses(() => f({ a: b, b }, { threads: -1 }), "ERR_ARGUMENT", /threads/);
  },

  "dispose ends a function": async ({ compile, compileSync }) => {
    const f = compileSync("a + 41", { a: "float64" });
    const same = compileSync("a + 41", { a: "float64" });
    f.dispose();
    f[Symbol.dispose]();
    refuses(() => f({ a: f64(1) }), "ERR_DISPOSED", /disposed/);
    await assert.rejects(f.async({ a: f64(1) }), { code: "ERR_DISPOSED" });
    assert.deepEqual(same({ a: f64(1) }), f64(42));
    const running = await compile("a + 43", { a: "float64" });
    const result = running.async({ a: f64(1) });
    running.dispose();
    assert.deepEqual(await result, f64(44));
  },

  "asynchronous calls": async ({ compileSync, evaluate }) => {
    const f = compileSync("a * 2 + b", { a: "float64", b: "float64" });
    const a = f64(1, 2, 3);
    const result = f.async({ a, b: 1 }, { threads: 2 });
    a.fill(100);
    assert.deepEqual(await result, f64(3, 5, 7));
    const matrix = await f.async({ a: { data: f64(1, 2), shape: [2, 1] }, b: f64(0, 1) });
    assert.deepEqual(matrix, { data: f64(2, 3, 4, 5), shape: [2, 2], strides: [2, 1], dtype: "float64" });
    const out = { data: new Float64Array(6), shape: [3], strides: [2] };
    assert.equal(await f.async({ a: f64(1, 2, 3), b: 0 }, { out }), out);
    assert.deepEqual(out.data, f64(2, 0, 4, 0, 6, 0));
    const many = await Promise.all(Array.from({ length: 20 }, (_, i) => f.async({ a: f64(i), b: i })));
    assert.deepEqual(
      many,
      Array.from({ length: 20 }, (_, i) => f64(3 * i)),
    );
    await assert.rejects(f.async({ a: f64(1) }), { code: "ERR_NAME" });
    await assert.rejects(f.async({ a: f64(1), b: 1 }, { signal: 5 }), { code: "ERR_ARGUMENT" });
    await assert.rejects(f.async({ a: f64(1), b: 1 }, { onProgress: 5 }), { code: "ERR_ARGUMENT" });
    await assert.rejects(evaluate("min(a)", { a: f64() }, { onProgress() {} }), { code: "ERR_ARGUMENT" });
    const strings = compileSync("upper(s)", { s: "string" });
    assert.deepEqual(await strings.async({ s: ["a", "bc"] }), ["A", "BC"]);
  },

  "progress and cancellation": async ({ compileSync }) => {
    const text =
      "def f(x):\n    s = 0.0\n    for i in range(3000):\n        s = s + sin(x + i)\n    return s\n";
    const slow = compileSync(text, { x: "float64" });
    const x = new Float64Array(1 << 20).fill(0.5);
    const controller = new AbortController();
    const seen = [];
    const onProgress = (done, all) => {
      seen.push([done, all]);
      controller.abort(new Error("enough"));
    };
    const error = await slow.async({ x }, { signal: controller.signal, onProgress }).catch((error) => error);
    assert.ok(error instanceof MiniexprError, String(error));
    assert.deepEqual([error.name, error.code, error.cause.message], ["AbortError", "ABORT_ERR", "enough"]);
    assert.ok(seen.length > 0 && seen.every(([done, all]) => done < all && all === x.length), `${seen}`);
    await assert.rejects(slow.async({ x }, { signal: controller.signal }), { code: "ABORT_ERR" });
    const last = [];
    await slow.async({ x: x.subarray(0, 8) }, { onProgress: (...numbers) => last.push(numbers) });
    assert.deepEqual(last.at(-1), [8, 8]);
    const thrown = new RangeError("from the caller");
    const options = {
      onProgress() {
        throw thrown;
      },
    };
    await assert.rejects(slow.async({ x: x.subarray(0, 8) }, options), thrown);
  },

  "many items give what few give": ({ alloc, compileSync }) => {
    const n = 60_000;
    const a = Float64Array.from({ length: n }, (_, i) => i);
    const b = Float64Array.from({ length: n }, (_, i) => (i * 7919) % n);
    const wanted = a.map((item, i) => 2 * item + b[i]);
    const f = compileSync("a * 2 + b", { a: "float64", b: "float64" });
    const same = (found, what) => assert.equal(bits(found), bits(wanted), what);
    same(f({ a, b }), "a new array");
    same(f({ a, b }, { out: new Float64Array(n) }), "an output");
    const padded = new Float64Array(n + 7);
    f({ a, b }, { out: { data: padded, shape: [n], offset: 7 } });
    same(padded.subarray(7), "an output with an offset");
    assert.equal(padded[6], 0);
    const behind = { data: Float64Array.of(0, 0, 0, ...a), shape: [n], offset: 3 };
    same(f({ a: behind, b }), "an input with an offset");

    const square = { data: a, shape: [n / 100, 100] };
    same(f({ a: square, b: { data: b, shape: [n / 100, 100] } }).data, "matrices");
    const row = { data: b.subarray(0, 100), shape: [100] };
    const sums = f({ a: square, b: row }).data;
    assert.deepEqual(
      sums,
      a.map((item, i) => 2 * item + b[i % 100]),
    );
    assert.deepEqual(
      f({ a, b: Float64Array.of(5) }),
      a.map((item) => 2 * item + 5),
    );
    assert.deepEqual(
      f({ a: 5, b }),
      b.map((item) => 10 + item),
    );

    // As if the inputs had been copied first.
    const own = a.slice();
    same(f({ a: own, b }, { out: own }), "into an input");
    const memory = new Float64Array(n + 10_000);
    const [low, high] = [memory.subarray(0, n), memory.subarray(10_000)];
    low.set(a);
    same(f({ a: low, b }, { out: high }), "into what follows an input");
    high.set(a);
    same(f({ a: high, b }, { out: low }), "into what precedes an input");
    const view = (offset) => ({ data: memory, shape: [n], offset });
    low.set(a);
    f({ a: view(0), b }, { out: view(10_000) });
    same(high, "into a view of an input's array");
    memory[0] = 3;
    f({ a: { data: memory, shape: [1] }, b }, { out: view(0) });
    assert.deepEqual(
      low,
      b.map((item) => 6 + item),
    );

    const block = alloc("float64", n);
    block.data.set(a);
    same(f({ a: block, b }), "an array of the engine");
    assert.equal(f({ a: block, b }, { out: block }), block);
    same(block.data, "into an array of the engine");
    f({ a, b }, { out: block });
    same(block.data, "from others into an array of the engine");
    // Items of the engine's memory of which the engine does not know.
    block.data.set(a);
    same(f({ a: block.data, b }), "a view of an array of the engine");
    block.dispose();

    // What must not be cut.
    const indexed = compileSync(
      kernel`
      def f(a):
          return a * 0 + _i0
    `,
      { a: "float64" },
      { dtype: "float64" },
    );
    assert.deepEqual(indexed({ a }), a);
    const centred = compileSync("a - max(a)", { a: "float64" });
    assert.deepEqual(
      centred({ a }),
      a.map((item) => item - (n - 1)),
    );

    // Items of other sizes.
    const bytes = Uint8Array.from({ length: 400_000 }, (_, i) => i);
    assert.deepEqual(
      compileSync("a + a", { a: "uint8" })({ a: bytes }),
      bytes.map((item) => item + item),
    );
    const pairs = compileSync("z + 1", { z: "complex128" })({ z: { data: a, dtype: "complex128" } });
    assert.equal(bits(pairs), bits(a.map((item, i) => item + ((i + 1) % 2))));
    const words = Array.from({ length: 10_000 }, (_, i) => `word ${i}`);
    assert.deepEqual(
      compileSync("s + '!'", { s: "string" })({ s: words }),
      words.map((word) => `${word}!`),
    );
  },

  "outputs that take the result as it is": ({ alloc, compileSync }) => {
    const f = compileSync("a + 1", { a: "float64" });
    const a = f64(1, 2, 3);
    refuses(() => f({ a }, { out: f64(1, 2) }), "ERR_SHAPE", /output has the shape \(2,\)/);
    refuses(() => f({ a }, { out: new Float32Array(3) }), "ERR_DTYPE", /output is float64/);
    refuses(() => f({ a }, { out: null }), "ERR_ARGUMENT", /output/);
    refuses(() => f({ a }, { out: new Float64Array(3), threads: -1 }), "ERR_ARGUMENT", /threads is -1/);
    const block = alloc("float64", 3);
    assert.equal(f({ a }, { out: block, threads: 2 }), block);
    assert.deepEqual([...block.data], [2, 3, 4]);
    block.dispose();
    refuses(() => f({ a }, { out: block }), "ERR_DISPOSED", /disposed of/);
    refuses(() => f({ a: block }), "ERR_DISPOSED", /disposed of/);
    // Reading the options may dispose of the function.
    const options = {
      get out() {
        f.dispose();
        return new Float64Array(3);
      },
    };
    refuses(() => f({ a }, options), "ERR_DISPOSED", /disposed of/);
  },

  "hostile values": ({ compileSync, evaluateSync }) => {
    const f = compileSync("a + b", { a: "float64", b: "float64" });
    const detached = f64(1, 2);
    structuredClone(detached.buffer, { transfer: [detached.buffer] });
    assert.deepEqual(f({ a: detached, b: 1 }), f64());
    refuses(() => f({ a: { data: detached, shape: [2] }, b: 1 }), "ERR_SHAPE", /beyond its 0 items/);
    refuses(() => f({ a: f64(1), b: 1 }, { out: detached }), "ERR_SHAPE", /output has the shape \(0,\)/);

    // A getter that detaches what was read before.
    const victim = new Float64Array(1000).fill(1);
    const inputs = {
      a: { data: victim, shape: [1000] },
      get b() {
        structuredClone(victim.buffer, { transfer: [victim.buffer] });
        return 1;
      },
    };
    refuses(() => f(inputs), "ERR_SHAPE", /beyond its 0 items/);

    const resizable = new ArrayBuffer(80, { maxByteLength: 800 });
    const tracking = new Float64Array(resizable);
    const shrinking = {
      a: { data: tracking, shape: [10] },
      get b() {
        resizable.resize(8);
        return 1;
      },
    };
    refuses(() => f(shrinking), "ERR_SHAPE", /beyond its 1 items/);
    resizable.resize(160);
    assert.equal(f({ a: tracking, b: 1 }).length, 20);

    const shared = new Float64Array(new SharedArrayBuffer(24));
    shared.set([1, 2, 3]);
    assert.deepEqual(f({ a: shared, b: 1 }), f64(2, 3, 4));
    assert.equal(f({ a: shared, b: 1 }, { out: shared }), shared);
    assert.deepEqual([...shared], [2, 3, 4]);

    const foreign = vm.runInNewContext("Float64Array.of(1, 2)");
    assert.deepEqual(
      f({ a: foreign, b: vm.runInNewContext("({ data: Float64Array.of(3, 4), shape: [2] })") }),
      f64(4, 6),
    );
    assert.equal(f({ a: foreign, b: 1 }, { out: foreign }), foreign);

    refuses(() => f({ a: new Proxy(f64(1), {}), b: 1 }), "ERR_ARGUMENT", /'a'/);
    const lying = f64(1, 2);
    Object.defineProperty(lying, "length", { value: 1e9 });
    Object.defineProperty(lying, "buffer", { value: new ArrayBuffer(8) });
    Object.defineProperty(lying, "constructor", { value: null });
    assert.deepEqual(f({ a: lying, b: 1 }), f64(2, 3));
    const throwing = {
      get a() {
        throw "no error at all";
      },
      b: 1,
    };
    refuses(() => f(throwing), "ERR_ARGUMENT", /the arguments cannot be read/);
    const recursive = {
      get a() {
        return f({ a: f64(1, 2), b: f64(1, 2) });
      },
      b: f64(10, 20),
    };
    assert.deepEqual(f(recursive), f64(12, 24));
    class Sneaky extends Float64Array {
      set() {
        throw new Error("set was called");
      }
      subarray() {
        throw new Error("subarray was called");
      }
      slice() {
        throw new Error("slice was called");
      }
    }
    const sneaky = Sneaky.of(1, 2);
    assert.deepEqual(f({ a: { data: sneaky, shape: [1], offset: 1 }, b: sneaky }), f64(3, 4));
    assert.equal(f({ a: sneaky, b: 0 }, { out: sneaky }), sneaky);
    assert.equal(evaluateSync("a", { a: Object.create(null, { re: { value: 1 }, im: { value: 2 } }) }).im, 2);
  },
};

for (const [backend, api] of backends) {
  for (const [name, run] of Object.entries(cases)) {
    test(`${backend}: ${name}`, () => run(api));
  }
}
