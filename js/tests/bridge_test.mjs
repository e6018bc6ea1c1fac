// The bridge under Node: what it must do everywhere, the header that it follows, and guests in worker_threads.
// Usage: node --expose-gc --test bridge_test.mjs

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { createImports } from "../bridge/index.js";
import { CODES, ITEM_BYTES, LAYOUT } from "../bridge/layout.js";
import { load } from "../wasm/miniexpr.js";
import { CASES, runCase } from "./bridge_cases.js";
import { BareGuest } from "./bridge_guest.js";
import { BridgeWorker, guestsInWorkers } from "./bridge_workers.js";
import { starter } from "./bridge_threads.mjs";
import { replay } from "./replay.js";
import { isDeviation, readCases, vectorFiles } from "./vectors.mjs";

const root = new URL("../../", import.meta.url);
const moduleOf = (name) => new WebAssembly.Module(readFileSync(new URL(`build/guests/${name}.wasm`, root)));
const guests = { wind: moduleOf("wind"), rust: moduleOf("rust") };
const engine = await load();

for (const { name } of CASES) {
  test(name, async () => assert.equal(await runCase(name, { engine, guests }), null));
}

test("structs and codes are those of the header, for wasm32", () => {
  const asserts = [];
  for (const [struct, { size, ...fields }] of Object.entries(LAYOUT)) {
    asserts.push(`sizeof(${struct}) == ${size}`);
    Object.entries(fields).forEach(([field, at]) => asserts.push(`offsetof(${struct}, ${field}) == ${at}`));
  }
  Object.entries(CODES).forEach(([name, value]) => asserts.push(`${name} == ${value}`));
  const lines = asserts.map((condition) => `_Static_assert(${condition}, "");`);
  const folder = mkdtempSync(join(tmpdir(), "miniexpr-layout-"));
  const compile = (text) => {
    const file = join(folder, "layout.c");
    writeFileSync(file, `#include "miniexpr.h"\n${text}\n`);
    const include = fileURLToPath(new URL("include", root));
    execFileSync("clang", ["--target=wasm32", "-ffreestanding", "-fsyntax-only", `-I${include}`, file], {
      stdio: "pipe",
    });
  };
  try {
    compile(lines.join("\n"));
    assert.throws(
      () => compile(`_Static_assert(sizeof(me_array) == 25, "");`),
      /static assertion|static_assert/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("items have the sizes that the library says", () => {
  const guest = new BareGuest(engine);
  ITEM_BYTES.forEach((bytes, dtype) => {
    if (bytes > 0) {
      const { status, expression } = guest.compile("x", ["x", dtype]);
      assert.equal(status, 0);
      assert.equal(guest.exports.me_get_itemsize(expression), bytes, `dtype ${dtype}`);
    }
  });
});

test("the program of examples/node prints what its guests compute", () => {
  const program = fileURLToPath(new URL("examples/node/bridge.mjs", root));
  const printed = execFileSync(process.execPath, [program], { encoding: "utf8" });
  assert.equal(printed, "5, 13, 17\nunknown name 'w' near offset 12\n1116.9\n");
});

test("a guest has every function of the header but three that are the host's", () => {
  const header = readFileSync(new URL("include/miniexpr.h", root), "utf8");
  const declared = [...header.matchAll(/^(?!typedef|#|\s|\/).*?\b(me_[a-z_]+)\(/gm)].map(([, name]) => name);
  const { env } = createImports(engine, new WebAssembly.Memory({ initial: 1 }));
  const missing = declared.filter((name) => typeof env[name] !== "function");
  assert.deepEqual(missing.sort(), ["me_print", "me_register_clock", "me_register_wasm_jit_helpers"]);
  assert.deepEqual(
    Object.keys(env).filter((name) => !declared.includes(name)),
    [],
  );
});

for (const [what, memory] of [
  ["its own memory", { initial: 1 }],
  ["shared memory", { initial: 1, maximum: 1024, shared: true }],
]) {
  test(`the recorded cases agree through a guest with ${what}`, async (t) => {
    const guest = new BareGuest(engine, { memory });
    for (const file of vectorFiles) {
      await t.test(file, () => {
        const { count, wrong } = replay(guest, readCases(file), isDeviation, { jit: true });
        assert.deepEqual(wrong.slice(0, 10), [], `${wrong.length} of ${count}`);
      });
    }
    assert.equal(guest.imports.expressionCount, 0);
  });
}

test("the examples of the documents print what they say", async () => {
  const text = readFileSync(new URL("docs/javascript.md", root), "utf8");
  const [guests] = /^## Guests[^]*?(?=^## )/m.exec(text);
  const examples = [...guests.matchAll(/^```js\n([^]*?)^```$/gm)].map(([, code]) => code);
  assert.equal(examples.length, 2);
  const imports = `
    import { load } from ${JSON.stringify(new URL("js/wasm/miniexpr.js", root))};
    import { WasmMemory, createImports } from ${JSON.stringify(new URL("js/bridge/index.js", root))};
    import { readFileSync } from "node:fs";
    const module = await WebAssembly.compile(readFileSync(${JSON.stringify(fileURLToPath(new URL("build/guests/wind.wasm", root)))}));
  `;
  for (const code of examples) {
    const program = imports + code.replace(/^import .*$/gm, "");
    const printed = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    const stated = [...code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);
    assert.equal(stated.length, 1);
    assert.deepEqual(printed.trimEnd().split("\n"), stated);
  }
});

test("a guest that is gone leaves nothing in the engine", async () => {
  const compileInGuest = () => {
    const guest = new BareGuest(engine);
    // A table of some size, so that what is lost would be seen.
    const text = `x + ${Array.from({ length: 200 }, (_, i) => `sin(x * ${i})`).join(" + ")}`;
    for (let i = 0; i < 20; i++) {
      assert.equal(guest.compile(text, ["x", 11]).status, 0);
    }
  };
  const bytesAfter = async (rounds) => {
    for (let round = 0; round < rounds; round++) {
      compileInGuest();
      globalThis.gc();
      // Finalizers run between tasks.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return engine.memory.buffer.byteLength;
  };
  const before = await bytesAfter(20);
  assert.equal(await bytesAfter(60), before);
});

const engineModule = new WebAssembly.Module(readFileSync(new URL("js/wasm/miniexpr.wasm", root)));

for (const isShared of [false, true]) {
  test(`guests in worker_threads, with arrays that are ${isShared ? "shared" : "transferred"}`, async (t) => {
    await guestsInWorkers(starter(t), { engineModule, guestModule: guests.wind, isShared });
  });
}

test("all cases in a worker", async (t) => {
  const worker = await BridgeWorker.open(starter(t));
  for (const { name } of CASES) {
    assert.deepEqual(await worker.ask({ name, engineModule, guests }), { wrong: null }, name);
  }
});
