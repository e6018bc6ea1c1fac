/*
 * What a module of the library without Emscripten needs of JavaScript: the two functions that it imports, and
 * text in its memory. Used by the loader of the plain module and, in every thread, by the thread pool.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import * as glue from "./me_jit_glue.js";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Bytes on the stack of a module lie on multiples of this. */
const STACK_ALIGNMENT = 16;

/** Writes text and a NUL to an address. */
function writeText(memory, address, text) {
  const bytes = encoder.encode(`${text}\0`);
  new Uint8Array(memory.buffer, address, bytes.length).set(bytes);
}

/** The text from an address to the next NUL; null for the address 0. */
export function readText(memory, address) {
  if (address === 0) {
    return null;
  }
  const bytes = new Uint8Array(memory.buffer);
  // A copy: browsers do not decode shared memory.
  return decoder.decode(bytes.slice(address >>> 0, bytes.indexOf(0, address >>> 0)));
}

/** The entries of a function table that belong to JavaScript; those that are given back are used again. */
class TableEntries {
  #table;
  #free = [];

  constructor(table) {
    this.#table = table;
  }

  add(f) {
    const index = this.#free.pop() ?? this.#table.grow(1);
    this.#table.set(index, f);
    return index;
  }

  remove(index) {
    this.#table.set(index, null);
    this.#free.push(index);
  }
}

/** The object that the glue script takes for a runtime. */
function runtimeOf(exports, memory, onWarning) {
  const stack = exports.__stack_pointer;
  const table = exports.__indirect_function_table;
  const entries = new TableEntries(table);
  return {
    HEAPU8: new Uint8Array(memory.buffer),
    HEAPF32: new Float32Array(memory.buffer),
    HEAPF64: new Float64Array(memory.buffer),
    wasmMemory: memory,
    wasmTable: table,
    stackSave: () => stack.value,
    stackAlloc: (size) => (stack.value = (stack.value - size) & -STACK_ALIGNMENT),
    stackRestore: (saved) => (stack.value = saved),
    lengthBytesUTF8: (text) => encoder.encode(text).length,
    stringToUTF8: (text, address) => writeText(memory, address, text),
    addFunction: (f) => entries.add(f),
    removeFunction: (index) => entries.remove(index),
    err: onWarning,
  };
}

/**
 * The imports of a module of the library, which compile kernels for one instance.
 *
 * @param {(message: string) => void} [onWarning] Is told why there is no kernel.
 * @returns {{env: object, bind: (exports: object, memory: WebAssembly.Memory) => void}} The functions, and what
 *   must be called with the exports of the instance; kernels are interpreted until then.
 */
export function jitImports(onWarning) {
  let runtime = null;
  const env = {
    me_jit_instantiate(address, length, lookup) {
      if (runtime === null) {
        return 0;
      }
      const bytes = new Uint8Array(runtime.wasmMemory.buffer, address >>> 0, length);
      return glue.instantiate(runtime, bytes, lookup, onWarning !== undefined);
    },
    me_jit_free(index) {
      glue.free(runtime, index);
    },
  };
  const bind = (exports, memory) => {
    if (exports.__indirect_function_table && exports.__stack_pointer) {
      runtime = runtimeOf(exports, memory, onWarning);
    }
  };
  return { env, bind };
}

/**
 * A compiled module from what the caller gives: its bytes, or where it is.
 *
 * @param {{wasmModule?: WebAssembly.Module, wasmBytes?: BufferSource, wasmUrl?: string | URL}} options
 * @param {URL} standard Where the module is if the caller gives nothing.
 */
export async function compileModule({ wasmModule, wasmBytes, wasmUrl }, standard) {
  if (wasmModule) {
    return wasmModule;
  }
  return WebAssembly.compile(wasmBytes ?? (await readBytes(wasmUrl ?? standard)));
}

/** The content of a URL; in Node also of one of a file, or a path. */
async function readBytes(url) {
  const text = String(url);
  if (globalThis.process?.versions?.node && !/^(https?|data|blob):/.test(text)) {
    const { readFile } = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:fs/promises");
    return readFile(text.startsWith("file:") ? new URL(text) : text);
  }
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${text} cannot be loaded: ${response.status} ${response.statusText}`);
  }
  return response.arrayBuffer();
}

const VIEWS = {
  i8: Int8Array,
  u8: Uint8Array,
  i16: Int16Array,
  u16: Uint16Array,
  i32: Int32Array,
  u32: Uint32Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
  f32: Float32Array,
  f64: Float64Array,
};

/** Views of a memory that may grow at any time, in any thread: each is as new as the memory's buffer. */
export class Views {
  #memory;
  #buffer = null;
  #views = new Map();

  constructor(memory) {
    this.#memory = memory;
  }

  /** @param {keyof typeof VIEWS} type */
  get(type) {
    const View = Object.hasOwn(VIEWS, type) ? VIEWS[type] : undefined;
    if (View === undefined) {
      throw new TypeError(
        `there is no view ${JSON.stringify(type)}; the types are ${Object.keys(VIEWS).join(", ")}`,
      );
    }
    const { buffer } = this.#memory;
    if (buffer !== this.#buffer) {
      this.#buffer = buffer;
      this.#views.clear();
    }
    let view = this.#views.get(type);
    if (view === undefined) {
      view = new View(buffer, 0, Math.floor(buffer.byteLength / View.BYTES_PER_ELEMENT));
      this.#views.set(type, view);
    }
    return view;
  }
}
