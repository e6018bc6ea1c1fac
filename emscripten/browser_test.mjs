// Programs and Pyodide in headless Chromium, on the main thread of a page and in a worker.
// Usage: node browser_test.mjs CHROMIUM PROGRAM.js [FOLDER_OF_PYODIDE...]
// The folder of the program is also that of the side module.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, dirname, extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const [executablePath, program, ...pyodideFolders] = process.argv.slice(2);

/** What the server shows, by the first part of the path. */
const FOLDERS = {
  build: dirname(program),
  scripts: fileURLToPath(new URL("pyodide", import.meta.url)),
  ...Object.fromEntries(pyodideFolders.map((folder) => [basename(folder), folder])),
};
const TYPES = { ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

const server = createServer(async (request, response) => {
  const [, folder, ...path] = normalize(request.url).split("/");
  if (folder === "") {
    response.setHeader("Content-Type", "text/html").end("<!doctype html>");
    return;
  }
  try {
    const content = await readFile(join(FOLDERS[folder], ...path));
    response
      .setHeader("Content-Type", TYPES[extname(request.url)] ?? "application/octet-stream")
      .end(content);
  } catch {
    response.writeHead(404).end();
  }
});
let browser, origin;

before(async () => {
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  origin = `http://localhost:${server.address().port}`;
  // The sandbox does not work as root.
  browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
});

after(async () => {
  await browser.close();
  server.close();
});

/** Runs a function with an argument in a new page. */
async function onMainThread(run, argument) {
  const page = await browser.newPage();
  await page.goto(origin);
  try {
    return await page.evaluate(run, argument);
  } finally {
    await page.close();
  }
}

/** Runs a function with an argument in a worker of a new page; the worker is classic, or a module. */
function inWorker(type, run, argument) {
  const answer = "(value) => postMessage({ value }), (error) => postMessage({ error: String(error) })";
  return onMainThread(
    ({ text, type }) =>
      new Promise((resolve, reject) => {
        const url = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
        const worker = new Worker(url, { type });
        worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.value));
        worker.onerror = ({ message }) => reject(new Error(message));
      }),
    { text: `(${run})(${JSON.stringify(argument)}).then(${answer});`, type },
  );
}

/** Runs a program of Emscripten to its end, here or in a worker: its exit status and its lines. */
function runProgram(url) {
  return new Promise((resolve) => {
    const lines = [];
    const print = (line) => lines.push(line);
    globalThis.Module = {
      print,
      printErr: print,
      locateFile: (name) => new URL(name, url).href,
      onExit: (status) => resolve({ status, lines }),
    };
    if (typeof importScripts === "function") {
      importScripts(url);
    } else {
      document.head.append(Object.assign(document.createElement("script"), { src: url }));
    }
  });
}

/** Evaluates a kernel in Pyodide: whether it is compiled and right, and the lines that tell of it. */
async function runPyodide({ origin, name }) {
  const { enable, openSession, takeTrace, tryKernel } = await import(`${origin}/scripts/session.mjs`);
  const read = async (name) => new Uint8Array(await (await fetch(`${origin}/build/${name}`)).arrayBuffer());
  const pyodideModule = await import(`${origin}/${name}/pyodide.mjs`);
  const session = await openSession(pyodideModule, `${origin}/${name}/`, read);
  const isEnabled = enable(session);
  return { isEnabled, ...tryKernel(session, 1), trace: takeTrace(session) };
}

for (const [where, runClassic, runModule] of [
  ["on the main thread", onMainThread, onMainThread],
  ["in a worker", inWorker.bind(null, "classic"), inWorker.bind(null, "module")],
]) {
  test(`${basename(program)} ${where}`, async () => {
    const { status, lines } = await runClassic(runProgram, `${origin}/build/${basename(program)}`);
    assert.equal(status, 0, lines.join("\n"));
    assert.ok(lines.some((line) => line.startsWith("ok")));
  });

  for (const name of pyodideFolders.map((folder) => basename(folder))) {
    test(`${name} ${where}`, async () => {
      const { trace, ...result } = await runModule(runPyodide, { origin, name });
      assert.deepEqual(result, { isEnabled: true, hasKernel: true, isRight: true });
      assert.ok(
        trace.some((line) => line.startsWith("[me-dsl] jit runtime built: ")),
        trace.join("\n"),
      );
    });
  }
}
