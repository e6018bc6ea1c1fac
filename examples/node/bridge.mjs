// A program in C and one in Rust, both compiled to WebAssembly, leave arithmetic on arrays to one engine.
// Usage: make wasm && scripts/guests.sh && node examples/node/bridge.mjs
//
// SPDX-License-Identifier: BSD-3-Clause

import { readFile } from "node:fs/promises";

import { load } from "../../js/wasm/miniexpr.js";
import { meanSpeed, openGuest, windSpeeds } from "../bridge/guests.mjs";

const engine = await load();
const guests = await Promise.all(
  ["wind", "rust"].map(async (name) => {
    const bytes = await readFile(new URL(`../../build/guests/${name}.wasm`, import.meta.url));
    return openGuest(engine, await WebAssembly.compile(bytes));
  }),
);
const [wind, rust] = guests;
const [east, north] = [Float64Array.of(3, 5, 8), Float64Array.of(4, 12, 15)];

console.log(windSpeeds(wind, "sqrt(u*u + v*v)", east, north));
console.log(windSpeeds(wind, "sqrt(u*u + w*w)", east, north));
console.log(meanSpeed(rust, 1000).toFixed(1));
