// The package's functions over each engine, for tests that run over all of them.

import { existsSync } from "node:fs";

import { createApi } from "../core/api.js";
import { loadAddon } from "../native/addon.js";
import { NativeEngine } from "../native/engine.js";
import { loadWasm } from "../wasm/load.js";

const loadNow = () => new NativeEngine(loadAddon().addon, "a test");

/** `[name, api]` for each backend. */
export const backends = [
  ["native", createApi({ load: async () => loadNow(), loadNow })],
  ["wasm", createApi({ load: loadWasm })],
  ["wasm-threads", createApi({ load: loadWasm })],
];

for (const [name, api] of backends.slice(1)) {
  await api.ready({ backend: name, threads: name === "wasm" ? undefined : 3 });
}

/** Whether the packages that the tests of neighbours need are installed. */
export const hasPackages = existsSync(new URL("../node_modules", import.meta.url));

/** A value with typed arrays as their class and bytes, so that equal ones are equal bit for bit. */
export function bits(value) {
  if (ArrayBuffer.isView(value)) {
    if (value instanceof Float32Array || value instanceof Float64Array) {
      // JavaScript does not tell one NaN from another, nor do processors agree on its sign.
      value = value.map((number) => number);
      value.forEach((number, i) => (value[i] = Number.isNaN(number) ? NaN : number));
    }
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `${value.constructor.name} ${bytes.toString("hex")}`;
  }
  if (typeof value === "number") {
    return `number ${bits(Float64Array.of(value))}`;
  }
  if (typeof value === "bigint") {
    return `bigint ${value}`;
  }
  if (Array.isArray(value) || value === null || typeof value !== "object") {
    return JSON.stringify(value);
  }
  return Object.entries(value)
    .map(([name, part]) => `${name}: ${bits(part)}`)
    .join(", ");
}
