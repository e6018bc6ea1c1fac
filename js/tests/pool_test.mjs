// The thread pool under Node: what it must do everywhere, and what only Node can show.
// Usage: node --expose-gc --test pool_test.mjs

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { test } from "node:test";
import { Worker, isMainThread, parentPort } from "node:worker_threads";

import "./build_modules.mjs";
import { ThreadPool } from "../threads/threadpool.js";
import { CASES, runCase } from "./pool_cases.js";
import { addTasksToInstances, tasks } from "./tasks.js";

await addTasksToInstances();

const workerUrl = new URL("./task_worker.js", import.meta.url);

if (isMainThread) {
  for (const { name } of CASES) {
    test(name, async () => assert.equal(await runCase(name), null));
  }

  test("a pool of a worker's own", async () => {
    const worker = new Worker(new URL(import.meta.url));
    const answer = await new Promise((resolve, reject) =>
      worker.once("message", resolve).once("error", reject),
    );
    assert.deepEqual(answer, [null, null]);
    await worker.terminate();
  });

  test("pools come and go without a trace", async () => {
    // MINIEXPR_POOLS=1000 takes a minute.
    const count = Number(process.env.MINIEXPR_POOLS ?? 100);
    const residentBytes = () => {
      globalThis.gc?.();
      return process.memoryUsage().rss;
    };
    const turn = async () => {
      const pool = await ThreadPool.create(1, { workerUrl });
      assert.equal(pool.dispatch(0, 0, 0, 0, tasks.nothing), 0);
      await pool.shutdown();
    };
    for (let i = 0; i < 10; i++) {
      await turn();
    }
    const handles = process.getActiveResourcesInfo().length;
    const before = residentBytes();
    for (let i = 0; i < count; i++) {
      await turn();
    }
    assert.equal(process.getActiveResourcesInfo().length, handles);
    // A pool that stays has more than 2 MiB.
    const growth = residentBytes() - before;
    assert.ok(growth < count * 2 ** 19 + 2 ** 25, `${growth} bytes more after ${count} pools`);
  });

  /** Runs a program in a process of its own: its status and what it writes. */
  const runProgram = (text) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, ["--input-type=module", "-e", text], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let written = "";
      child.stdout.on("data", (part) => (written += part));
      child.on("close", (status) => resolve({ status, written }));
    });
  const imports = `
    import { ThreadPool } from ${JSON.stringify(new URL("../threads/threadpool.js", import.meta.url).href)};
    import { addTasksToInstances, tasks } from ${JSON.stringify(new URL("./tasks.js", import.meta.url).href)};
    await addTasksToInstances();
    const pool = await ThreadPool.create(2, { workerUrl: new URL(${JSON.stringify(workerUrl.href)}) });`;

  test("idle workers let the process end, busy ones do not", async () => {
    assert.deepEqual(await runProgram(`${imports} console.log("idle");`), { status: 0, written: "idle\n" });
    const busy = `${imports}
      pool.dispatchAsync(0, 0, 0, 0, tasks.nothing).then(() => console.log("done"));`;
    assert.deepEqual(await runProgram(busy), { status: 0, written: "done\n" });
  });
} else {
  const names = CASES.map(({ name }) => name).filter((name) => name.startsWith("a task runs over slices"));
  const answers = [];
  for (const name of names) {
    answers.push(await runCase(name));
  }
  parentPort.postMessage(answers);
}
