/*
 * Two guests of one engine in a page. Build them, and serve this repository:
 *
 *     make wasm && scripts/guests.sh && node js/threads/serve.mjs . 8080
 *
 * then open http://localhost:8080/examples/web/bridge.html.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { load } from "../../js/wasm/miniexpr.js";
import { meanSpeed, openGuest, windSpeeds } from "../bridge/guests.mjs";

const built = (name) => fetch(new URL(`../../build/guests/${name}.wasm`, import.meta.url));

const engine = await load();
const [wind, rust] = await Promise.all(
  ["wind", "rust"].map(async (name) => openGuest(engine, await WebAssembly.compileStreaming(built(name)))),
);
const input = document.querySelector("input");
const output = document.querySelector("output");

function show() {
  const speeds = windSpeeds(wind, input.value, Float64Array.of(3, 5, 8), Float64Array.of(4, 12, 15));
  output.value = `${speeds}\nThe mean of 1000 winds is ${meanSpeed(rust, 1000).toFixed(1)}`;
}

input.addEventListener("input", show);
show();
