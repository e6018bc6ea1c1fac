// The bridge over the addon: what it does over WebAssembly, in the same words, and with the same bits.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bridgeEngine } from "../native/index.js";
import { load } from "../wasm/miniexpr.js";
import { CASES, runCase } from "./bridge_cases.js";
import { BareGuest } from "./bridge_guest.js";
import { starter } from "./bridge_threads.mjs";
import { BridgeWorker, guestsInWorkers } from "./bridge_workers.js";
import { replay } from "./replay.js";
import { isDeviation, readCases, vectorFiles } from "./vectors.mjs";

const root = new URL("../../", import.meta.url);
const moduleOf = (name) => new WebAssembly.Module(readFileSync(new URL(`build/guests/${name}.wasm`, root)));
const guests = { wind: moduleOf("wind"), rust: moduleOf("rust") };

for (const { name } of CASES) {
  test(name, async () => assert.equal(await runCase(name, { engine: bridgeEngine, guests }), null));
}

for (const [what, memory] of [
  ["its own memory", { initial: 1 }],
  ["shared memory", { initial: 1, maximum: 1024, shared: true }],
]) {
  test(`the recorded cases agree through a guest with ${what}`, async (t) => {
    const guest = new BareGuest(bridgeEngine, { memory });
    for (const file of vectorFiles) {
      await t.test(file, () => {
        const { count, wrong } = replay(guest, readCases(file), isDeviation, { jit: true });
        assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${count}`);
      });
    }
    assert.equal(guest.imports.expressionCount, 0);
  });
}

test("all cases in a worker, and several guests in several", async (t) => {
  const engineModule = "native";
  const worker = await BridgeWorker.open(starter(t));
  for (const { name } of CASES) {
    assert.deepEqual(await worker.ask({ name, engineModule, guests }), { wrong: null }, name);
  }
  for (const isShared of [false, true]) {
    await guestsInWorkers(starter(t), { engineModule, guestModule: guests.wind, isShared });
  }
});

test("both engines speak of the same language, and refuse with the same words", async () => {
  const engines = [bridgeEngine, await load()].map((engine) => new BareGuest(engine));
  const [native, wasm] = engines.map((guest) => {
    const { status, position } = guest.compile("x + y", ["x", 11]);
    const info = guest.words(0, 0, 0, 0);
    const names = Array.from({ length: guest.exports.me_builtin_count() }, (_, i) => {
      guest.exports.me_builtin(i, info);
      return guest.readText(guest.word(info));
    });
    return { status, position, message: guest.message(), names };
  });
  assert.deepEqual(native, wasm);
  assert.ok(native.names.includes("sin"));
});

test("what is called past the bridge reads and writes nothing beyond its arrays", () => {
  const bytes = (length) => new Uint8Array(length);
  const text = new TextEncoder().encode("x + 1");
  const variables = [{ name: new TextEncoder().encode("x"), dtype: 11, itemsize: 0 }];
  const { expression } = bridgeEngine.compileForGuest({
    text,
    variables,
    dtype: 0,
    params: null,
    grid: null,
  });
  const options = { params: null, budget: null };
  const evaluate = (input, output) =>
    expression.evaluate({ inputs: [bytes(input)], output: bytes(output), items: 2, block: null, ...options });
  assert.equal(evaluate(16, 16).status, 0);
  assert.throws(() => evaluate(15, 16), /an input is smaller than the call says/);
  assert.throws(() => evaluate(16, 15), /the output is smaller than the call says/);
  const array = (length, stride, offset) => ({
    dtype: 11,
    itemsize: 0,
    shape: BigInt64Array.of(2n),
    strides: BigInt64Array.of(stride),
    bytes: bytes(length),
    offset,
  });
  const ofArrays = (input, output) =>
    expression.evaluateArrays([input], output, { ...options, threads: 1 }).status;
  assert.equal(ofArrays(array(16, -8n, 8), array(24, 16n, 0)), 0);
  for (const wrong of [array(16, -8n, 0), array(16, 9n, 0), array(16, 8n, 1), array(16, 2n ** 62n, 0)]) {
    assert.throws(() => ofArrays(wrong, array(16, 8n, 0)), /an array is smaller than the call says/);
    assert.throws(() => ofArrays(array(16, 8n, 0), wrong), /an array is smaller than the call says/);
  }
  expression.free();
  assert.equal(evaluate(16, 16).status, -2);
});
