/* Runs the cases of the pool and recorded cases in a page, or in a worker of it. */

import { ready, compileSync } from "../index.web.js";
import { ThreadPool } from "../threads/threadpool.js";
import { load } from "../wasm/miniexpr.js";
import { CASES, runCase } from "./pool_cases.js";
import { deviationTest, replay } from "./replay.js";
import { addTasksToInstances, tasks } from "./tasks.js";

await addTasksToInstances();

/** What can be asked for, from the test or from a worker's page. */
const functions = {
  names: () => CASES.map(({ name }) => name),

  runCase,

  /** Replays the cases of one file: the first few that are wrong. */
  async replayFile(file) {
    const read = async (path) => (await fetch(new URL(`../../tests/${path}`, import.meta.url))).text();
    const isDeviation = deviationTest(JSON.parse(await read("conformance/deviations.json")));
    const cases = (await read(`vectors/${file}`))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    return replay(await load(), cases, isDeviation, { jit: true }).wrong.slice(0, 10);
  },

  /** What becomes of a pool: its reason, and the sum of a task that counts its calls. */
  async tryPool(options) {
    try {
      const pool = await ThreadPool.create(2, {
        ...options,
        workerUrl: new URL("./task_worker.js", import.meta.url),
      });
      const data = pool.alloc(16);
      pool.getMemoryView("i32").fill(0, data / 4, data / 4 + 4);
      await pool.dispatchAsync(data, 0, 0, 0, tasks.count);
      const counts = Array.from(pool.getMemoryView("i32").slice(data / 4, data / 4 + 2));
      const { size, reason } = pool;
      await pool.shutdown();
      return { size, reason, counts };
    } catch (error) {
      return { error: String(error) };
    }
  },

  /** Whether the main thread of a page is told what to do. */
  async dispatchInPage() {
    const pool = await ThreadPool.create(1);
    try {
      pool.dispatch(0, 0, 0, 0, 1);
      return "nothing was thrown";
    } catch (error) {
      return String(error);
    } finally {
      await pool.shutdown();
    }
  },

  /** The pool where there is no `Atomics.waitAsync`. */
  async withoutWaitAsync(name) {
    const { waitAsync } = Atomics;
    delete Atomics.waitAsync;
    try {
      return await runCase(name);
    } finally {
      Atomics.waitAsync = waitAsync;
    }
  },

  /** The engine of this page, and how an evaluation without an end is ended there: blocking it, and not. */
  async timeLimits() {
    const { name } = await ready();
    const endless =
      "def f(x):\n    y = x\n    for i in range(1000000000000):\n        y = y + 1\n    return y\n";
    const f = compileSync(endless, { x: "float64" });
    const x = Float64Array.of(1, 2, 3);
    const outcomes = [];
    for (const evaluate of [f, f.async]) {
      const start = performance.now();
      try {
        outcomes.push(await evaluate({ x }, { timeout: 50 }));
      } catch ({ code, message }) {
        const time = performance.now() - start;
        outcomes.push(time >= 50 && time < 5000 ? code : `${code} after ${time} ms: ${message}`);
      }
    }
    return { name, outcomes };
  },

  /** Asks a worker of this page for a function. */
  inWorker(name, argument) {
    return new Promise((resolve, reject) => {
      const worker = new Worker(new URL("./page.js", import.meta.url), { type: "module" });
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => {
        if (data === "ready") {
          worker.postMessage({ name, argument });
        } else {
          worker.terminate();
          resolve(data.answer);
        }
      };
    });
  },
};

if (typeof document === "undefined") {
  addEventListener("message", async ({ data }) => {
    // Workers of this worker speak to their pool, not here.
    if (data.name in functions) {
      postMessage({ answer: await functions[data.name](data.argument) });
    }
  });
  postMessage("ready");
} else {
  globalThis.tests = functions;
}
