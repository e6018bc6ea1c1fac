// The addon: expressions by number, threads of libuv, worker_threads, the end of the process, a binary that is missing.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";

import * as native from "../native/index.js";

const js = fileURLToPath(new URL("..", import.meta.url));
const index = new URL("../native/index.js", import.meta.url).href;
const f64 = (...numbers) => Float64Array.from(numbers);

/** Runs a program in a process of its own; what it prints. */
async function run(program, ...flags) {
  const args = [...flags, "--input-type=module", "-e", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  return stdout;
}

test("it is ready at once", () => {
  assert.equal(native.backend().name, "native");
  assert.deepEqual(native.evaluateSync("a + 1", { a: f64(1) }), f64(2));
  assert.match(native.version, /^\d+\.\d+\.\d+$/);
});

test("expressions by number", async () => {
  const id = native.store("a * b", { a: "float64", b: "float64" });
  const other = native.store("sum(a)", { a: "int32" });
  assert.notEqual(id, other);
  assert.deepEqual(native.evaluate(id, { a: f64(2, 3), b: 10 }), f64(20, 30));
  assert.equal(native.evaluate(other, { a: Int32Array.of(1, 2) }), 3n);
  assert.deepEqual(await native.evaluateAsync(id, { a: f64(2, 3), b: 10 }), f64(20, 30));
  assert.deepEqual(await native.evaluateAsync("a + 1", { a: f64(1) }), f64(2));
  assert.deepEqual(await native.evaluate("a + 1", { a: f64(1) }), f64(2));
  assert.deepEqual(native.info(id), {
    id,
    text: "a * b",
    inputs: { a: "float64", b: "float64" },
    dtype: "float64",
  });
  assert.deepEqual(
    native.list().map(({ id }) => id),
    [id, other],
  );
  assert.equal(native.remove(id), true);
  assert.equal(native.remove(id), false);
  for (const call of [native.evaluate, native.info]) {
    assert.throws(() => call(id, {}), {
      code: "ERR_ARGUMENT",
      message: `no expression is stored under ${id}`,
    });
  }
  await assert.rejects(native.evaluateAsync(id, {}), { code: "ERR_ARGUMENT" });
  assert.throws(() => native.store("a +", { a: "bool" }), { code: "ERR_SYNTAX", start: 3 });
  native.remove(other);
});

test("Buffers are read and written in place", () => {
  const buffer = Buffer.from([1, 2, 250]);
  assert.deepEqual(native.evaluateSync("a + 10", { a: buffer }), Uint8Array.of(11, 12, 4));
  native.evaluateSync("a + 10", { a: buffer }, { out: buffer });
  assert.deepEqual([...buffer], [11, 12, 4]);
});

test("inputs of an asynchronous call may be changed and detached", async () => {
  const n = 1 << 18;
  const a = new Float64Array(n).fill(2);
  const result = native.evaluateAsync("sqrt(a * 2)", { a });
  a.fill(0);
  structuredClone(a.buffer, { transfer: [a.buffer] });
  const values = await result;
  assert.ok(values.length === n && values.every((value) => value === 2));
});

test("the event loop turns during an asynchronous call", async () => {
  const text =
    "def f(x):\n    s = 0.0\n    for i in range(2000):\n        s = s + sin(x + i)\n    return s\n";
  const x = new Float64Array(1 << 16);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await native.evaluateAsync(text, { x }, { threads: 1 });
  clearInterval(timer);
  assert.ok(turns > 3, `${turns} turns`);
});

test("worker_threads each have their state, and may end in the middle", async () => {
  const program = `
    const { parentPort } = require("node:worker_threads");
    import(${JSON.stringify(index)}).then(async (native) => {
      const before = native.list().length;
      const id = native.store("a * 2", { a: "float64" });
      const a = new Float64Array(1000).fill(id);
      const sync = native.evaluate(id, { a })[0];
      const later = (await native.evaluateAsync(id, { a }))[0];
      parentPort.postMessage({ before, sync, later });
      native.evaluateAsync("sin(a)", { a: new Float64Array(1 << 21) });
    });
  `;
  native.store("a", { a: "bool" });
  const answers = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const worker = new Worker(program, { eval: true });
      const answer = await new Promise((resolve, reject) =>
        worker.on("message", resolve).on("error", reject),
      );
      await worker.terminate();
      return answer;
    }),
  );
  assert.deepEqual(answers, Array(4).fill({ before: 0, sync: 2, later: 2 }));
});

test("a process ends when its work is done, and not before", async () => {
  const start = `import * as native from ${JSON.stringify(index)};`;
  const work = `native.evaluateAsync("a + 1", { a: new Float64Array(1e6) }).then((a) => console.log(a.length));`;
  assert.equal(await run(start + work), "1000000\n");
  assert.equal(
    await run(`${start} native.evaluateAsync("sin(a)", { a: new Float64Array(1e6) }); process.exit(0);`),
    "",
  );
  const kept = `globalThis.f = native.compileSync("a", { a: "bool" }); native.alloc("int8", 3); console.log(1);`;
  assert.equal(await run(start + kept), "1\n");
});

test("where the binary is missing, the error names its package", async () => {
  const folder = mkdtempSync(join(tmpdir(), "miniexpr-"));
  try {
    for (const part of ["bridge", "core", "native"]) {
      cpSync(join(js, part), join(folder, part), {
        recursive: true,
        filter: (path) => !path.endsWith(".node"),
      });
    }
    cpSync(join(js, "package.json"), join(folder, "package.json"));
    const path = JSON.stringify(join(folder, "native/index.js"));
    const printed = await run(`import(${path}).catch((error) => console.log(error.code, error.message));`);
    const { platform, arch } = process;
    const wanted = new RegExp(
      `ERR_BACKEND .*package miniexpr-${platform}-${arch}.*npm install miniexpr-${platform}-${arch}`,
    );
    assert.match(printed, wanted);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
