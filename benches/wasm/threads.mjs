// Two threads beside the module without threads, and what a dispatch takes.

import "../../js/tests/build_modules.mjs";
import { addTasksToInstances, tasks } from "../../js/tests/tasks.js";
import { ThreadPool } from "../../js/threads/threadpool.js";
import { load } from "../../js/wasm/miniexpr.js";
import { evaluation, moduleOf } from "./call.mjs";
import { KERNELS } from "./kernels.mjs";
import { best, head, row } from "./timing.mjs";

const CHAIN = "exp(sin(x)) * log(x * x + 1) + sqrt(y)";
const DISPATCHES = 3000;
/** Milliseconds after which workers sleep. */
const PAUSE = 3;

await addTasksToInstances();
const workerUrl = new URL("../../js/tests/task_worker.js", import.meta.url);
// The calling thread takes part.
const pool = await ThreadPool.create(1, { workerUrl });
const plain = await load();

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];

function compareTimes() {
  const { text, items } = KERNELS[0];
  const points = items(2 ** 18);
  const numbers = items(2 ** 20);
  console.log(
    head("two threads", "without threads, ms", "one thread, ms", "two threads, ms", "times as fast"),
  );
  for (const [name, text_, inputs, jit] of [
    ["transcendental chain", CHAIN, numbers.map((values) => values.map(Math.abs)), "on"],
    ["Mandelbrot, interpreted", text, points, "off"],
    ["Mandelbrot, compiled", text, points, "on"],
  ]) {
    const evaluations = {
      plain: evaluation(moduleOf(plain), text_, inputs, { jit }),
      one: evaluation(moduleOf(pool), text_, inputs, { jit }),
      two: evaluation(moduleOf(pool), text_, inputs, { jit, threads: 2 }),
    };
    const times = best(
      Object.fromEntries(Object.entries(evaluations).map(([name, { run }]) => [name, run])),
      3000,
    );
    const [first, ...others] = Object.values(evaluations).map(({ result }) => Buffer.from(result()));
    if (!others.every((result) => result.equals(first))) {
      throw new Error(`${name}: the results differ`);
    }
    const cells = [times.plain, times.one, times.two].map((time) => time.toFixed(2));
    console.log(row(name, ...cells, (times.plain / times.two).toFixed(2)));
  }
}

async function timeDispatches() {
  // Of two tasks, so that there is one for another thread.
  const pool = await ThreadPool.create(2, { workerUrl });
  const dispatch = () => {
    const start = performance.now();
    pool.dispatch(0, 0, 0, 0, tasks.nothing);
    return (performance.now() - start) * 1000;
  };
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const spinning = Array.from({ length: DISPATCHES }, dispatch);
  const sleeping = Array.from({ length: DISPATCHES / 10 }, () => {
    Atomics.wait(nobody, 0, 0, PAUSE);
    return dispatch();
  });
  console.log(`\n${head("a dispatch of nothing", "median, µs")}`);
  console.log(row("workers spin", median(spinning).toFixed(1)));
  console.log(row("workers sleep", median(sleeping).toFixed(1)));
  await pool.shutdown();
}

compareTimes();
await pool.shutdown();
await timeDispatches();
