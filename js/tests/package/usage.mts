// Every entry of the package, as programs in TypeScript use it. Checked with --strict, and run.

import { strict as assert } from "node:assert";

import {
  MiniexprError,
  alloc,
  backend,
  compile,
  compileSync,
  evaluate,
  evaluateSync,
  kernel,
  ready,
  type ArrayResult,
  type Backend,
  type CompiledFunction,
} from "miniexpr";
import { createImports, WasmMemory } from "miniexpr/bridge";
import * as native from "miniexpr/native";
import { ThreadPool } from "miniexpr/threads";
import * as wasm from "miniexpr/wasm";

const description: Backend = await ready();
assert.equal(description.name, backend().name);

const a = Float64Array.of(3, 5);
const b = Float64Array.of(4, 12);
const hypot: CompiledFunction<Float64Array> = await compile("sqrt(a*a + b*b)", {
  a: "float64",
  b: "float64",
});
const lengths: Float64Array = hypot({ a, b });
assert.deepEqual(lengths, Float64Array.of(5, 13));
const into: Float32Array = compileSync("a", { a: "float32" })({ a: 1 }, { out: new Float32Array(1) });
assert.deepEqual(into, Float32Array.of(1));
const controller = new AbortController();
const later: Float64Array = await hypot.async(
  { a, b },
  {
    signal: controller.signal,
    threads: 2,
    onProgress: (done: number, all: number) => assert.ok(done <= all),
  },
);
assert.deepEqual(later, lengths);
assert.equal(hypot.inputs.a, "float64");
hypot.dispose();

const matrix = await evaluate<ArrayResult<Float64Array>>("a * 2", { a: { data: a, shape: [2, 1] } });
assert.deepEqual(matrix.shape, [2, 1]);
assert.equal(evaluateSync<number>("sum(a)", { a }), 8);

{
  using block = alloc("complex64", [2]);
  const numbers: Float32Array = block.data;
  assert.equal(numbers.length, 4);
}

const text: string = kernel`
  def larger(a, b):
      return where(a > b, a, b)
`;
assert.deepEqual(evaluateSync(text, { a, b }), Float64Array.of(4, 12));

try {
  evaluateSync("a +", { a });
  assert.fail();
} catch (error) {
  assert.ok(error instanceof MiniexprError);
  const { code, start, end }: MiniexprError = error;
  assert.deepEqual([code, start, end], ["ERR_SYNTAX", 3, 3]);
}

const id: number = native.store("a + 1", { a: "float64" });
assert.deepEqual(native.evaluate<Float64Array>(id, { a }), Float64Array.of(4, 6));
assert.deepEqual(await native.evaluateAsync<Float64Array>(id, { a }), Float64Array.of(4, 6));
assert.deepEqual(
  native.list().map(({ dtype }) => dtype),
  ["float64"],
);
assert.ok(native.remove(id));

await wasm.ready({ threads: 1 });
const engine: wasm.Miniexpr = await wasm.load();
const memory = new WasmMemory(engine.memory);
assert.equal(typeof createImports(engine, memory).env.me_eval, "function");
assert.equal(typeof createImports(native.bridgeEngine, memory).env.me_eval, "function");
const pool = await ThreadPool.create(1);
await pool.shutdown();
console.log("fine");
