/*
 * A guest without a module: a memory, an allocator in JavaScript, and the functions that a module would import.
 * It has the face of a loaded module of the library, so that recorded cases can be replayed through the bridge.
 */
import { WasmMemory, createImports } from "../bridge/index.js";

const PAGE = 65536;
const ALIGNMENT = 16;

export class BareGuest {
  #next = ALIGNMENT;
  #live = 0;

  /** @param {object} engine As for `createImports`; `options` are for it, `memory` for the memory. */
  constructor(engine, { memory = { initial: 1 }, ...options } = {}) {
    this.wasm = new WebAssembly.Memory(memory);
    this.memory = new WasmMemory(this.wasm);
    this.imports = createImports(engine, this.wasm, options);
    this.exports = this.imports.env;
  }

  alloc(bytes) {
    const address = this.#next;
    this.#next = Math.ceil((address + bytes) / ALIGNMENT) * ALIGNMENT;
    const missing = this.#next - this.wasm.buffer.byteLength;
    if (missing > 0) {
      this.wasm.grow(Math.ceil(missing / PAGE));
    }
    this.#live += 1;
    return address;
  }

  /** Memory is used again once all of it has been given back. */
  free() {
    this.#live -= 1;
    if (this.#live === 0) {
      this.#next = ALIGNMENT;
    }
  }

  getMemoryView(type) {
    const views = { u8: Uint8Array, i32: Int32Array, u32: Uint32Array };
    return new views[type](this.wasm.buffer);
  }

  readText(address) {
    return address === 0 ? null : this.memory.readString(address);
  }

  // --- Shorter words for tests ---------------------------------------------------------------------

  put(array) {
    const address = this.alloc(Math.max(array.byteLength, 1));
    this.memory.write(address, array);
    return address;
  }

  words(...values) {
    return this.put(Int32Array.from(values));
  }

  text(text) {
    return this.put(new TextEncoder().encode(`${text}\0`));
  }

  word(address) {
    return new DataView(this.wasm.buffer).getInt32(address >>> 0, true);
  }

  /** A table of variables: pairs of name and dtype code. */
  table(...entries) {
    return this.words(
      ...entries.flatMap(([name, dtype, itemsize = 0]) => [this.text(name), dtype, 0, 0, 0, itemsize]),
    );
  }

  /** Compiles a text, and gives the status and what it has for an expression. */
  compile(text, ...entries) {
    const out = this.words(-1);
    const error = this.words(-1);
    const status = this.exports.me_compile(
      this.text(text),
      this.table(...entries),
      entries.length,
      0,
      error,
      out,
    );
    return { status, expression: this.word(out), position: this.word(error) };
  }

  message() {
    return this.readText(this.exports.me_get_last_error_message());
  }
}
