// The bridge in headless Chromium: on the main thread of a page and in workers, under a strict content policy.
// Usage: CHROMIUM=… node --test bridge_browser_test.mjs

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

import { createFolderServer } from "../threads/serve.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const executablePath =
  process.env.CHROMIUM ?? execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();

const server = createFolderServer(root, {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'",
});
let browser;
const printed = [];

/** A page of this server, once `ready` holds in it; its console is printed if a test fails. */
async function openPage(path, ready) {
  const page = await browser.newPage();
  page.on("console", (message) => printed.push(message.text()));
  page.on("pageerror", (error) => printed.push(String(error)));
  await page.goto(`http://localhost:${server.address().port}/${path}`);
  await page.waitForFunction(ready);
  return page;
}

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

before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  // The sandbox does not work as root.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser?.close();
  server.close();
});

const openTests = () => openPage("js/tests/bridge_page.html", () => globalThis.tests !== undefined);
const ask = (page, name, ...args) =>
  page.evaluate(([name, args]) => globalThis.tests[name](...args), [name, args]);

browserTest("all cases, on the main thread and in a worker", async () => {
  const page = await openTests();
  for (const name of await ask(page, "names")) {
    assert.equal(await ask(page, "runCase", name), null, name);
    assert.equal(await ask(page, "runInWorker", name), null, name);
  }
  await page.close();
});

browserTest("guests in workers, with arrays that are transferred or shared", async () => {
  const page = await openTests();
  for (const isShared of [false, true]) {
    assert.equal(await ask(page, "guestsInWorkers", isShared), null);
  }
  await page.close();
});

browserTest("the page of the example", async () => {
  const output = () => globalThis.document.querySelector("output").value;
  const page = await openPage(
    "examples/web/bridge.html",
    () => globalThis.document.querySelector("output").value,
  );
  assert.equal(await page.evaluate(output), "5, 13, 17\nThe mean of 1000 winds is 1116.9");
  await page.fill("input", "u * v + w");
  assert.match(await page.evaluate(output), /^unknown name 'w' near offset 9/);
  await page.close();
});
