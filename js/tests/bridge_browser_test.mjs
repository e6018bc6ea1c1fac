// The bridge in browsers: on the main thread of a page and in workers, under a strict content policy.
// Usage: node --test bridge_browser_test.mjs, with CHROMIUM and FIREFOX for other programs than those on the PATH

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

import { createFolderServer } from "../threads/serve.mjs";
import { inEachBrowser } from "./browsers.mjs";

const server = createFolderServer(fileURLToPath(new URL("../..", import.meta.url)), {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'",
});
const urlOf = (path) => `http://localhost:${server.address().port}/${path}`;

before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)));
after(() => server.close());

const ask = (page, name, ...args) =>
  page.evaluate(([name, args]) => globalThis.tests[name](...args), [name, args]);

inEachBrowser(({ browserTest, openPage }) => {
  const openTests = () => openPage(urlOf("js/tests/bridge_page.html"), () => globalThis.tests !== undefined);

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
      urlOf("examples/web/bridge.html"),
      () => globalThis.document.querySelector("output").value,
    );
    assert.equal(await page.evaluate(output), "5, 13, 17\nThe mean of 1000 winds is 1116.9");
    await page.fill("input", "u * v + w");
    assert.match(await page.evaluate(output), /^unknown name 'w' near offset 9/);
    await page.close();
  });
});
