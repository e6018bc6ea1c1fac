// Arrays of other packages, the real ones.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import * as arrow from "apache-arrow";
import scijs from "ndarray";
import * as zarr from "zarrita";

import { backends } from "./backends.mjs";

const require = createRequire(import.meta.url);
const array = require("@stdlib/ndarray/array");
const slice = require("@stdlib/ndarray/slice");
const Slice = require("@stdlib/slice/ctor");
const MultiSlice = require("@stdlib/slice/multi");
const Complex128Array = require("@stdlib/array/complex128");
const BooleanArray = require("@stdlib/array/bool");

const f64 = (...numbers) => Float64Array.from(numbers);

const cases = {
  "@stdlib/ndarray": ({ evaluateSync }) => {
    const matrix = array([
      [1, 2, 3],
      [4, 5, 6],
    ]);
    assert.deepEqual(evaluateSync("a * 10", { a: matrix }), {
      data: f64(10, 20, 30, 40, 50, 60),
      shape: [2, 3],
      strides: [3, 1],
      dtype: "float64",
    });
    const columns = slice(matrix, new MultiSlice(null, new Slice(null, null, -2)));
    assert.deepEqual(evaluateSync("a * 10", { a: columns }).data, f64(30, 10, 60, 40));
    const fortran = array(Float32Array.of(1, 4, 2, 5, 3, 6), { shape: [2, 3], order: "column-major" });
    assert.deepEqual(evaluateSync("sum(a, axis=1)", { a: fortran }), Float32Array.of(6, 15));
    const complex = array(new Complex128Array([3, 4, 0, 1]), { shape: [2] });
    assert.deepEqual(evaluateSync("abs(z)", { z: complex }), f64(5, 1));
    assert.deepEqual(evaluateSync("abs(z)", { z: new Complex128Array([3, 4]) }), f64(5));
    assert.deepEqual(evaluateSync("not a", { a: new BooleanArray([true, false]) }), Uint8Array.of(0, 1));
    const bools = array(new BooleanArray([true, false]), { shape: [2] });
    assert.deepEqual(evaluateSync("not a", { a: bools }), Uint8Array.of(0, 1));
    const out = array(new Float64Array(6), { shape: [2, 3], order: "column-major" });
    assert.equal(evaluateSync("a * 1.0", { a: matrix }, { out }), out);
    assert.equal(out.get(1, 0), 4);
  },

  ndarray: ({ evaluateSync }) => {
    const matrix = scijs(f64(1, 2, 3, 4, 5, 6), [2, 3]);
    assert.deepEqual(evaluateSync("a * 2", { a: matrix }).data, f64(2, 4, 6, 8, 10, 12));
    const part = matrix.transpose(1, 0).hi(2, 2).lo(1, 0).step(1, -1);
    assert.deepEqual(evaluateSync("a * 2", { a: part }), {
      data: f64(10, 4),
      shape: [1, 2],
      strides: [2, 1],
      dtype: "float64",
    });
    const out = scijs(new Float64Array(6), [3, 2]).transpose(1, 0);
    evaluateSync("a * 2", { a: matrix }, { out });
    assert.equal(out.get(1, 2), 12);
    assert.deepEqual(evaluateSync("a + 1", { a: scijs([1, 2], [2]) }), f64(2, 3));
  },

  zarrita: async ({ evaluateSync }) => {
    const store = zarr.root(new Map());
    const group = await zarr.create(store.resolve("/t"), {
      shape: [4, 3],
      chunkShape: [2, 2],
      dtype: "float32",
    });
    const data = Float32Array.from({ length: 12 }, (_, i) => i);
    await zarr.set(group, null, { data, shape: [4, 3], stride: [3, 1] });
    const part = await zarr.get(group, [zarr.slice(1, 3), null]);
    assert.deepEqual(evaluateSync("mean(a, axis=0)", { a: part }), Float32Array.of(4.5, 5.5, 6.5));
    const flags = await zarr.create(store.resolve("/b"), { shape: [3], chunkShape: [3], dtype: "bool" });
    await zarr.set(flags, null, true);
    assert.deepEqual(evaluateSync("not a", { a: await zarr.get(flags) }), Uint8Array.of(0, 0, 0));
  },

  "apache-arrow": async ({ compileSync, evaluateSync }) => {
    const a = arrow.vectorFromArray([1, null, 3, 4], new arrow.Float64());
    const b = arrow.vectorFromArray([10, 20, null, 40], new arrow.Int32());
    const sum = evaluateSync("a + b", { a, b });
    assert.ok(sum instanceof arrow.Vector && sum.type instanceof arrow.Float64);
    assert.deepEqual([...sum], [11, null, null, 44]);
    assert.equal(sum.nullCount, 2);
    assert.equal(evaluateSync("sum(a)", { a }), 8);
    assert.deepEqual([...evaluateSync("a - mean(a)", { a })], [1 - 8 / 3, null, 3 - 8 / 3, 4 - 8 / 3]);
    const greater = evaluateSync("a > 2", { a });
    assert.ok(arrow.DataType.isBool(greater.type));
    assert.deepEqual([...greater], [false, null, true, true]);
    const exact = evaluateSync("a > 2", { a }, { arrow });
    assert.ok(exact.type instanceof arrow.Bool);
    assert.deepEqual([...exact], [false, null, true, true]);
    const narrow = evaluateSync("b + b", { b });
    assert.ok(narrow.type instanceof arrow.Int32);
    const table = new arrow.Table({ sum, greater, narrow });
    const back = arrow.tableFromIPC(arrow.tableToIPC(table));
    assert.deepEqual([...back.getChild("sum")], [11, null, null, 44]);
    assert.deepEqual([...back.getChild("greater")], [false, null, true, true]);
    const chunked = a.concat(arrow.vectorFromArray([5, null], new arrow.Float64())).slice(1, 6);
    assert.deepEqual([...evaluateSync("a * 2", { a: chunked })], [null, 6, 8, 10, null]);
    const bools = arrow.vectorFromArray([true, null, false], new arrow.Bool()).slice(1);
    assert.deepEqual([...evaluateSync("not a", { a: bools })], [null, true]);
    const halves = arrow.makeVector({
      type: new arrow.Float16(),
      data: Uint16Array.of(0x3c00, 0xc100),
      length: 2,
    });
    assert.deepEqual(
      [...evaluateSync("a * 2", { a: arrow.vectorFromArray([1.5, -2.5], new arrow.Float16()) })],
      [3, -5],
    );
    assert.equal(halves.length, 2);
    const names = arrow.vectorFromArray(["Ann", null, "Zoë"], new arrow.Utf8());
    const louder = evaluateSync("upper(s)", { s: names });
    assert.ok(louder.type instanceof arrow.Utf8);
    assert.deepEqual([...louder], ["ANN", null, "ZOË"]);
    const words = arrow.vectorFromArray(["x", "y", "x"]);
    assert.ok(arrow.DataType.isDictionary(words.type));
    assert.deepEqual([...evaluateSync("s == 'x'", { s: words })], [true, false, true]);
    const big = arrow.vectorFromArray([1n, 2n ** 60n], new arrow.Int64());
    assert.deepEqual([...evaluateSync("a + a", { a: big })], [2n, 2n ** 61n]);
    const f = compileSync("a * b", { a: "float64", b: "float64" });
    assert.deepEqual([...f({ a, b: f64(1, 2, 3, 4) })], [1, null, 9, 16]);
    assert.deepEqual([...(await f.async({ a, b: 2 }))], [2, null, 6, 8]);
    assert.throws(() => f({ a, b: arrow.vectorFromArray([1], new arrow.Float64()) }), { code: "ERR_SHAPE" });
    assert.throws(() => f({ a, b: 1 }, { out: new Float64Array(4) }), { code: "ERR_ARGUMENT" });
    const dates = arrow.vectorFromArray([new Date(0)], new arrow.DateMillisecond());
    assert.throws(() => evaluateSync("a", { a: dates }), { code: "ERR_DTYPE", message: /Date/ });
  },
};

for (const [backend, api] of backends) {
  for (const [name, run] of Object.entries(cases)) {
    test(`${backend}: ${name}`, () => run(api));
  }
}
