/*
 * How a page or Node uses the two guests of this folder: what is the same for both hosts.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { WasmMemory, createImports } from "../../js/bridge/index.js";

/** A guest whose arithmetic an engine does. Its memory exists only once it is instantiated: hence the function. */
export async function openGuest(engine, module) {
  let instance = null;
  const imports = createImports(engine, () => instance);
  instance = await WebAssembly.instantiate(module, imports);
  return { exports: instance.exports, memory: new WasmMemory(instance) };
}

/** What the guest in C makes of a text over the components of winds, as text. */
export function windSpeeds({ exports, memory }, text, east, north) {
  memory.writeString(exports.text(), text, 1024);
  if (exports.compile(exports.text()) !== 0) {
    return memory.readString(exports.message());
  }
  memory.write(exports.east(), east);
  memory.write(exports.north(), north);
  const status = exports.evaluate(east.length);
  return status === 0
    ? memory.read("float64", exports.speeds(), east.length).join(", ")
    : `the evaluation failed with ${status}: both u and v must be in the text`;
}

/** The mean of as many winds as the guest in Rust makes up. */
export const meanSpeed = ({ exports }, count) => exports.mean_speed(count);
