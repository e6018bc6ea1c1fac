/*
 * What the pool and its workers share: instances of a module on shared memory, and the block of memory by which a
 * worker that cannot post messages tells that it has failed.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { jitImports } from "../wasm/host.js";

/** Words of the control block; the text of a failure follows. */
export const CONTROL = { STATE: 0, TEXT_BYTES: 1, CALL: 2, RESULT: 3, TEXT: 16 };
export const CONTROL_BYTES = 4096;
/** Values of STATE: a thread has trapped, and its message is there. */
export const FINE = 0;
export const BREAKING = 1;
export const BROKEN = 2;
/** Values of CALL: what the helper is at. */
export const CALL_RUNNING = 1;
export const CALL_DONE = 2;

const STACK_ALIGNMENT = 16;

/** The port to whoever started this worker; in Node one of worker_threads, wrapped to look like a page's. */
export async function openPort() {
  if (typeof globalThis.WorkerGlobalScope !== "undefined") {
    return {
      post: (message, transfer = []) => globalThis.postMessage(message, transfer),
      listen: (receive) => globalThis.addEventListener("message", ({ data }) => receive(data)),
      close: () => globalThis.close(),
    };
  }
  const { parentPort } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:worker_threads");
  return {
    post: (message, transfer = []) => parentPort.postMessage(message, transfer),
    listen: (receive) => parentPort.on("message", receive),
    close: () => parentPort.close(),
  };
}

/** The imports that a module at a URL gives: its default export, an object or a function of the memory. */
async function importsFrom(source, memory) {
  if (typeof source !== "string") {
    return source ?? {};
  }
  const { default: imports } = await import(/* @vite-ignore */ /* webpackIgnore: true */ source);
  if (imports === undefined) {
    throw new TypeError(`${source} has no default export with imports`);
  }
  return typeof imports === "function" ? imports({ memory }) : imports;
}

/**
 * An instance on shared memory.
 *
 * @param {WebAssembly.Module} module
 * @param {WebAssembly.Memory} memory
 * @param {string | object} [imports] More imports, or the URL of a module that has them.
 */
export async function instantiate(module, memory, imports) {
  const { env, bind } = jitImports();
  const more = await importsFrom(imports, memory);
  const instance = await WebAssembly.instantiate(module, { ...more, env: { ...env, ...more.env, memory } });
  bind(instance.exports, memory);
  return instance;
}

/** Bytes that a block of thread-local storage needs, with room to align it; 0 if the module has none. */
export function tlsBytes({ __wasm_init_tls: init, __tls_size: size, __tls_align: alignment }) {
  return init && size.value > 0 ? size.value + Math.max(STACK_ALIGNMENT, alignment.value) : 0;
}

export function initTls({ __wasm_init_tls: init, __tls_align: alignment }, block) {
  const size = Math.max(STACK_ALIGNMENT, alignment.value);
  init(Math.ceil(block / size) * size);
}

/** Gives this instance a stack of its own, which grows downwards. */
export function useStack({ __stack_pointer: pointer }, address, bytes) {
  if (pointer) {
    pointer.value = (address + bytes) & -STACK_ALIGNMENT;
  }
}

/** The message of an error and its stack, which is with the message in some engines and without it in others. */
export function describeError(error) {
  const stack = String(error?.stack ?? "");
  return stack.includes(error?.message) ? stack : `${error}\n${stack}`.trimEnd();
}

/** Writes a failure into the control block, unless another thread was first, and wakes who waits there. */
export function tellFailure(control, error, where) {
  const words = new Int32Array(control);
  if (Atomics.compareExchange(words, CONTROL.STATE, FINE, BREAKING) === FINE) {
    const text = `${where}: ${describeError(error)}`;
    const room = CONTROL_BYTES - 4 * CONTROL.TEXT;
    const bytes = new TextEncoder().encode(text).subarray(0, room);
    new Uint8Array(control, 4 * CONTROL.TEXT).set(bytes);
    words[CONTROL.TEXT_BYTES] = bytes.length;
    Atomics.store(words, CONTROL.STATE, BROKEN);
  }
  // Whoever waits for a call waits no longer.
  Atomics.store(words, CONTROL.CALL, CALL_DONE);
  Atomics.notify(words, CONTROL.CALL);
}

/** The failure in the control block; null if there is none. */
export function failureOf(control) {
  const words = new Int32Array(control);
  if (Atomics.load(words, CONTROL.STATE) !== BROKEN) {
    return null;
  }
  // A copy: browsers do not decode shared memory.
  const bytes = new Uint8Array(control, 4 * CONTROL.TEXT, words[CONTROL.TEXT_BYTES]).slice();
  return new TextDecoder().decode(bytes);
}
