// Memory stays flat over many calls: MINIEXPR_CALLS=1000000 MINIEXPR_ASYNC_CALLS=1000000 node --expose-gc --test
// memory_test.mjs

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker, isMainThread, parentPort, workerData } from "node:worker_threads";

const CALLS = Number(process.env.MINIEXPR_CALLS ?? 50_000);
/** Asynchronous ones take longer. */
const ASYNC_CALLS = Number(process.env.MINIEXPR_ASYNC_CALLS ?? CALLS / 10);
/**
 * The calls are made in as many rounds as this. A leak grows by each of them; an allocator that finds its size, or a
 * collection that comes late, by some. Where all have grown there are more: the heap of a worker, which nobody collects
 * on demand, finds its size late.
 */
const ROUNDS = 4;
const MOST_ROUNDS = 16;
/** Bytes by which the process may grow in the round in which it grows least. */
const TOLERANCE = 2 << 20;

const a = new Float64Array(100).fill(2);

/** What is called over and over, by name: functions of an api that give a function. */
const loops = {
  "a compiled function"({ compileSync }) {
    const f = compileSync("a * 2 + 1", { a: "float64" });
    return () => f({ a });
  },
  "with an output"({ compileSync }) {
    const f = compileSync("a * 2 + 1", { a: "float64" });
    const out = new Float64Array(100);
    return () => f({ a }, { out });
  },
  "compiled each time and disposed of"({ compileSync }) {
    let i = 0;
    return () => {
      const f = compileSync(`a * 2 + ${i++ % 1000}`, { a: "float64" });
      f({ a });
      f.dispose();
    };
  },
  "compiled each time, never disposed of"({ compileSync }) {
    return () => compileSync("a * 2 + 1", { a: "float64" })({ a });
  },
  "evaluate by text"({ evaluateSync }) {
    return () => evaluateSync("a * 2 + 1", { a });
  },
  errors({ compileSync }) {
    return () => {
      try {
        compileSync("a +", { a: "float64" });
      } catch {
        // That is what is counted.
      }
    };
  },
  "arrays of the engine"({ alloc, compileSync }) {
    const f = compileSync("a * 2 + 1", { a: "float64" });
    return () => {
      const block = alloc("float64", 100);
      f({ a: block }, { out: block });
      block.dispose();
    };
  },
  "asynchronous calls"({ compileSync }) {
    const f = compileSync("a * 2 + 1", { a: "float64" });
    return () => f.async({ a });
  },
  "asynchronous calls, compiled each time and disposed of"({ compileSync }) {
    let i = 0;
    return async () => {
      const f = compileSync(`a * 2 + ${i++ % 1000}`, { a: "float64" });
      await f.async({ a });
      f.dispose();
    };
  },
};

/** What a worker does. */
const IN_WORKER = ["a compiled function", "compiled each time and disposed of", "asynchronous calls"];

const callsOf = (name) => (name.startsWith("async") ? ASYNC_CALLS : CALLS);

/** Bytes that the process holds, after a collection. */
async function held() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().rss;
}

/** Bytes by which the process grows in the round in which it grows least. */
async function growth(name, api) {
  const call = loops[name](api);
  const repeat = async (calls) => {
    for (let i = 0; i < calls; i++) {
      const result = call();
      if (result instanceof Promise) {
        await result;
      }
    }
  };
  const calls = Math.ceil(callsOf(name) / ROUNDS);
  let least = Infinity;
  let before = await held();
  for (let i = 0; i < ROUNDS || (least >= TOLERANCE && i < MOST_ROUNDS); i++) {
    await repeat(calls);
    const after = await held();
    least = Math.min(least, after - before);
    before = after;
  }
  return least;
}

const { backends } = await import("./backends.mjs");

if (isMainThread) {
  for (const [backend, api] of backends) {
    for (const name of Object.keys(loops)) {
      test(`${backend}: ${callsOf(name)} times: ${name}`, async () => {
        const bytes = await growth(name, api);
        assert.ok(bytes < TOLERANCE, `${(bytes / 2 ** 20).toFixed(1)} MiB more in each round`);
      });
    }
    for (const name of IN_WORKER) {
      test(`${backend}: in a worker: ${callsOf(name)} times: ${name}`, async () => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { backend, name } });
        const bytes = await new Promise((resolve, reject) =>
          worker.on("message", resolve).on("error", reject),
        );
        await worker.terminate();
        assert.ok(bytes < TOLERANCE, `${(bytes / 2 ** 20).toFixed(1)} MiB more in each round`);
      });
    }
  }
} else {
  const { backend, name } = workerData;
  const [, api] = backends.find(([known]) => known === backend);
  parentPort.postMessage(await growth(name, api));
}
