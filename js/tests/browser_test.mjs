// The modules and the thread pool in browsers: on the main thread of a page, in a worker, without the headers that shared
// memory needs, and under a strict content policy.
// Usage: node --test browser_test.mjs, with CHROMIUM and FIREFOX for other programs than those on the PATH

import assert from "node:assert/strict";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

import { createFolderServer } from "../threads/serve.mjs";
import { inEachBrowser } from "./browsers.mjs";
import "./build_modules.mjs";
import { vectorFiles } from "./vectors.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ISOLATION = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
};
const POLICY = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'",
};

/** MINIEXPR_POOLS=1000 takes minutes. */
const POOLS = Number(process.env.MINIEXPR_POOLS ?? 20);

const servers = [];

/** The origin of a server with these headers. */
async function serve(headers) {
  const server = createFolderServer(root, headers);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return `http://localhost:${server.address().port}`;
}

after(() => servers.forEach((server) => server.close()));

const ask = (page, name, ...args) =>
  page.evaluate(([name, args]) => globalThis.tests[name](...args), [name, args]);

/** A page with the functions of page.js. */
const open = async (openPage, headers) =>
  openPage(`${await serve(headers)}/js/tests/page.html`, () => globalThis.tests !== undefined);

let page;

inEachBrowser(
  ({ browserTest, openPage }) => {
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

    browserTest(
      "the pool, from a worker",
      async () => {
        for (const name of await ask(page, "names")) {
          assert.equal(await ask(page, "inWorker", "runCase", name), null, name);
        }
      },
      { except: { Firefox: "a worker that waits keeps its own workers from working there" } },
    );

    browserTest("the main thread is told not to wait", async () => {
      assert.match(await ask(page, "dispatchInPage"), /may not wait for others: use dispatchAsync/);
    });

    browserTest("a helper waits where the browser has no waitAsync", async () => {
      for (const name of (await ask(page, "names")).filter((name) => /slices|trap|grows/.test(name))) {
        assert.equal(await ask(page, "withoutWaitAsync", name), null, name);
      }
    });

    browserTest("the time of evaluations is limited, with shared memory and without", async () => {
      for (const [headers, name] of [
        [ISOLATION, "wasm-threads"],
        [{}, "wasm"],
      ]) {
        const page = await open(openPage, headers);
        assert.equal(
          await page.evaluate(() => typeof SharedArrayBuffer !== "undefined"),
          name === "wasm-threads",
        );
        const limits = { name, outcomes: ["ERR_TIMEOUT", "ERR_TIMEOUT"] };
        assert.deepEqual(await ask(page, "timeLimits"), limits);
        await page.close();
      }
    });

    browserTest("a page without the headers is told of them, or does without threads", async () => {
      const page = await open(openPage, {});
      const { error } = await ask(page, "tryPool", {});
      assert.match(
        error,
        /Cross-Origin-Opener-Policy: same-origin.*Cross-Origin-Embedder-Policy: require-corp/,
      );
      const { reason, ...rest } = await ask(page, "tryPool", { fallback: true });
      assert.deepEqual(rest, { size: 0, counts: [1, 0] });
      assert.match(reason, /SharedArrayBuffer/);
      assert.deepEqual(await ask(page, "replayFile", "dsl_kernels.jsonl"), []);
      await page.close();
    });

    browserTest("the page of the example draws", async () => {
      for (const [headers, ready] of [
        [
          ISOLATION,
          () => /^\d+ threads?: [\d.]+ ms$/.test(globalThis.document.querySelector("output").value),
        ],
        [{}, () => /^1 thread: [\d.]+ ms \(.+\)$/.test(globalThis.document.querySelector("output").value)],
      ]) {
        const page = await openPage(`${await serve(headers)}/examples/web/index.html`, ready);
        const count = await page.evaluate(() => {
          const { width, height } = globalThis.document.querySelector("canvas");
          const { data } = globalThis.document
            .querySelector("canvas")
            .getContext("2d")
            .getImageData(0, 0, width, height);
          return new Set(new Uint32Array(data.buffer)).size;
        });
        assert.ok(count > 20, `${count} colours`);
        await page.close();
      }
    });

    browserTest("pools come and go without a trace", async () => {
      const page = await open(openPage, ISOLATION);
      for (let i = 0; i < POOLS; i++) {
        assert.deepEqual(await ask(page, "tryPool", {}), { size: 2, reason: null, counts: [1, 1] });
      }
      // Browsers end workers some time after they are told to.
      const deadline = Date.now() + 20_000;
      while (page.workers().length > 0 && Date.now() < deadline) {
        await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 20)));
      }
      assert.equal(page.workers().length, 0);
      await page.close();
    });

    browserTest("a strict content policy is enough", async () => {
      const page = await open(openPage, { ...ISOLATION, ...POLICY });
      assert.deepEqual(await ask(page, "tryPool", {}), { size: 2, reason: null, counts: [1, 1] });
      assert.deepEqual(await ask(page, "replayFile", "dsl_kernels.jsonl"), []);
      await page.close();
    });
  },
  async (openPage) => {
    page = await open(openPage, ISOLATION);
  },
);
