// The package in CommonJS.

import assert = require("node:assert/strict");
import miniexpr = require("miniexpr");
import bridge = require("miniexpr/bridge");
import native = require("miniexpr/native");
import threads = require("miniexpr/threads");
import wasm = require("miniexpr/wasm");

async function main(): Promise<void> {
  const { a, b } = { a: Float64Array.of(3, 5), b: Float64Array.of(4, 12) };
  const hypot = await miniexpr.compile<Float64Array>("sqrt(a*a + b*b)", { a: "float64", b: "float64" });
  const lengths: Float64Array = hypot({ a, b });
  assert.deepEqual(lengths, Float64Array.of(5, 13));
  assert.deepEqual(native.evaluateSync("a * b", { a, b }), Float64Array.of(12, 60));
  assert.deepEqual(await wasm.evaluate("a * b", { a, b }, { onProgress() {} }), Float64Array.of(12, 60));
  const esm = await import("miniexpr");
  const error = await miniexpr.evaluate("(").catch((error: unknown) => error);
  assert.ok(error instanceof miniexpr.MiniexprError && error instanceof esm.MiniexprError);
  assert.equal(typeof bridge.createImports, "function");
  const pool = await threads.ThreadPool.create(1);
  await pool.shutdown();
  console.log("fine");
}

void main();
