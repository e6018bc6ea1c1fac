/*
 * Loads miniexpr.wasm, the module with a memory of its own. It runs in every page, worker and Node.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { Views, compileModule, jitImports, readText } from "./host.js";
import { addHostFunctions } from "./table.js";

/** An instance of the module. The functions of the C header are in `exports`, with addresses as numbers. */
class Miniexpr {
  /** Index of a function for the `print` of a `me_compile_params`. */
  printer = 0;
  /** Is called with what comes there: the `print_context`, and a line without its end. */
  onPrint = () => {};
  #views;

  constructor(instance) {
    this.instance = instance;
    this.exports = instance.exports;
    this.memory = instance.exports.memory;
    this.#views = new Views(this.memory);
  }

  /** The address of new memory, a multiple of 16. */
  alloc(bytes) {
    const address = this.exports.threadpool_alloc(bytes) >>> 0;
    if (address === 0) {
      throw new RangeError(`there is no memory for ${bytes} bytes`);
    }
    return address;
  }

  /** Gives memory back that `alloc` gave; 0 is ignored. */
  free(address) {
    this.exports.threadpool_free(address);
  }

  /** A view of the whole memory; another one once the memory has grown. */
  getMemoryView(type) {
    return this.#views.get(type);
  }

  /** The text at an address; null for 0. */
  readText(address) {
    return readText(this.memory, address);
  }
}

/**
 * Compiles and instantiates the module.
 *
 * @param {object} [options] One of `wasmUrl`, `wasmBytes` and `wasmModule`, if the module is not beside this file.
 *   `jit: false` leaves all kernels to the interpreter; `onWarning` is told why a kernel was not compiled.
 * @returns {Promise<Miniexpr>}
 */
export async function load({ jit = true, onWarning, ...source } = {}) {
  const module = await compileModule(source, new URL("./miniexpr.wasm", import.meta.url));
  const { env, bind } = jitImports(onWarning);
  const instance = await WebAssembly.instantiate(module, { env });
  if (jit) {
    bind(instance.exports, instance.exports.memory);
  }
  const host = new Miniexpr(instance);
  const { clock, printer } = addHostFunctions(host.exports, host.memory, (...line) => host.onPrint(...line));
  host.exports.me_register_clock?.(clock);
  host.printer = printer;
  return host;
}
