/*
 * `miniexpr/native`: the engine of the addon alone, expressions by number, and the engine for guests.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { createApi } from "../core/api.js";
import { MiniexprError, shown } from "../core/error.js";
import { loadAddon } from "./addon.js";
import { NativeEngine } from "./engine.js";
import { NativeBridgeEngine } from "./guest.js";

export { MiniexprError } from "../core/error.js";
export { kernel } from "../core/kernel.js";

const { addon, from } = loadAddon();
const loadNow = () => new NativeEngine(addon, `the addon of ${from}`);
const api = createApi({ load: async () => loadNow(), loadNow });

export const { ready, backend, compile, compileSync, evaluateSync, alloc } = api;

/** The version of the engine. */
export const version = addon.version();

/** What `createImports` of miniexpr/bridge takes for the engine of guests. */
export const bridgeEngine = new NativeBridgeEngine(addon);

/** The stored expressions by their numbers. */
const stored = new Map();
let latest = 0;

function storedAt(id) {
  const expression = stored.get(id);
  if (expression === undefined) {
    throw new MiniexprError("ERR_ARGUMENT", `no expression is stored under ${shown(id)}`);
  }
  return expression;
}

/** Compiles a text, and keeps it under a number. */
export function store(text, types, options) {
  const expression = compileSync(text, types, options);
  stored.set(++latest, expression);
  return latest;
}

/** Evaluates a stored expression at once, or a text as the package's `evaluate` does. */
export function evaluate(idOrText, inputs, options) {
  return typeof idOrText === "string"
    ? api.evaluate(idOrText, inputs, options)
    : storedAt(idOrText)(inputs, options);
}

/** Evaluates a stored expression or a text in a thread of libuv. */
export async function evaluateAsync(idOrText, inputs, options) {
  return typeof idOrText === "string"
    ? api.evaluateInBackground(idOrText, inputs, options)
    : storedAt(idOrText).async(inputs, options);
}

/** What is stored under a number. */
export function info(id) {
  const { text, inputs, dtype } = storedAt(id);
  return { id, text, inputs, dtype };
}

/** Forgets a stored expression; whether there was one. */
export function remove(id) {
  stored.get(id)?.dispose();
  return stored.delete(id);
}

/** What is stored, in the order of the numbers. */
export function list() {
  return Array.from(stored.keys(), info);
}
