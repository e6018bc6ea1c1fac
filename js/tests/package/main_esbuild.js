// Without help of the bundler, the module and the worker are named.

import wasmUrl from "miniexpr/miniexpr.wasm";

import { run } from "./page.js";

const options = {
  wasmUrl: new URL(wasmUrl, import.meta.url),
  workerUrl: new URL("./worker.js", import.meta.url),
};
globalThis.result = run(options).catch((error) => ({ failed: String(error.stack ?? error) }));
