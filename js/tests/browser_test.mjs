// The modules and the thread pool in headless Chromium: on the main thread of a page, in a worker, without the
// headers that shared memory needs, and under a strict content policy. Usage: CHROMIUM=… node --test browser_test.mjs

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { createFolderServer } from "../threads/serve.mjs";
import "./build_modules.mjs";
import { vectorFiles } from "./vectors.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const executablePath =
  process.env.CHROMIUM ?? execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();

const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const POLICY = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
};

const servers = [];
let browser;
const printed = [];

/** The origin of a server with these headers. */
async function serve(headers) {
  const server = createFolderServer(root, headers);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://localhost:${server.address().port}`;
}

/** A page with the functions of page.js. */
async function openPage(headers) {
  const page = await browser.newPage();
  page.on("console", (message) => printed.push(message.text()));
  page.on("pageerror", (error) => printed.push(String(error)));
  await page.goto(`${await serve(headers)}/js/tests/page.html`);
  await page.waitForFunction(() => globalThis.tests !== undefined);
  return page;
}

const ask = (page, name, ...args) =>
  page.evaluate(([name, args]) => globalThis.tests[name](...args), [name, args]);

let page;

before(async () => {
  // The sandbox does not work as root.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
  page = await openPage(ISOLATION);
});

after(async () => {
  await browser?.close();
  servers.forEach((server) => server.close());
});

/** As a test, which prints the console of the browser if it fails. */
function browserTest(name, run) {
  test(name, async () => {
    printed.length = 0;
    try {
      await run();
    } catch (error) {
      console.log(printed.join("\n"));
      throw error;
    }
  });
}

browserTest("the recorded cases agree", async () => {
  for (const file of vectorFiles) {
    assert.deepEqual(await ask(page, "replayFile", file), [], file);
  }
});

browserTest("the pool, from the main thread", async () => {
  for (const name of await ask(page, "names")) {
    assert.equal(await ask(page, "runCase", name), null, name);
  }
});

browserTest("the pool, from a worker", async () => {
  for (const name of await ask(page, "names")) {
    assert.equal(await ask(page, "inWorker", "runCase", name), null, name);
  }
});

browserTest("the main thread is told not to wait", async () => {
  assert.match(await ask(page, "dispatchInPage"), /may not wait for others: use dispatchAsync/);
});

browserTest("a helper waits where the browser has no waitAsync", async () => {
  for (const name of (await ask(page, "names")).filter((name) => /slices|trap|grows/.test(name))) {
    assert.equal(await ask(page, "withoutWaitAsync", name), null, name);
  }
});

browserTest("a page without the headers is told of them, or does without threads", async () => {
  const page = await openPage({});
  const { error } = await ask(page, "tryPool", {});
  assert.match(error, /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/);
  const { reason, ...rest } = await ask(page, "tryPool", { fallback: true });
  assert.deepEqual(rest, { size: 0, counts: [1, 0] });
  assert.match(reason, /SharedArrayBuffer/);
  assert.deepEqual(await ask(page, "replayFile", "dsl_kernels.jsonl"), []);
  await page.close();
});

browserTest("a strict content policy is enough", async () => {
  const page = await openPage({ ...ISOLATION, ...POLICY });
  assert.deepEqual(await ask(page, "tryPool", {}), { size: 2, reason: null, counts: [1, 1] });
  assert.deepEqual(await ask(page, "replayFile", "dsl_kernels.jsonl"), []);
  await page.close();
});
