/*
 * The engines in WebAssembly, as the front of the package takes engines: a module with the functions of the C header.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, errorOfFailure } from "../core/error.js";
import { WasmProgram } from "./program.js";

/** Words and bytes of the structs of the C header. */
const VARIABLE_WORDS = 6;
const COMPILE_PARAMS_BYTES = 64;
const ERROR_BYTES = 48;
/** Places in a `me_compile_params`: of a byte, of words, and of 64 bits. */
const COMPILE_PARAM = {
  EXPRESSIONS_ONLY: 12,
  MAX_NESTING: 16 / 4,
  MAX_TEXT_BYTES: 24 / 8,
  MAX_NODES: 32 / 8,
  MAX_CONSTANT_BYTES: 40 / 8,
  MAX_PASSES: 48 / 8,
  PRINT: 56 / 4,
  PRINT_CONTEXT: 60 / 4,
};
/** Memory for the arrays of calls that is kept from one to the next. */
const KEPT_BYTES = 1 << 20;
const LARGEST_ADDRESS = 2 ** 32 - 1;

/** Codes of `me_compile_status`, as codes of errors. */
const COMPILE_CODES = new Map([
  [-1, "ERR_OUT_OF_MEMORY"],
  [-2, "ERR_SYNTAX"],
  [-5, "ERR_REDUCTION"],
  [-6, "ERR_DTYPE"],
  [-7, "ERR_DTYPE"],
  [-8, "ERR_DTYPE"],
  [-10, "ERR_LIMIT"],
  [-11, "ERR_REFUSED"],
  [-100, "ERR_INTERNAL"],
]);
const VIEWS = [
  ...[Int8Array, Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array],
  ...[BigInt64Array, BigUint64Array, Float32Array, Float64Array],
];

/** Views of the memory by the names of their classes, made anew when it has grown. */
class Views {
  constructor(buffer) {
    this.buffer = buffer;
    VIEWS.forEach((View) => {
      const length = Math.floor(buffer.byteLength / View.BYTES_PER_ELEMENT);
      this[View.name] = new View(buffer, 0, length);
    });
  }
}

/** What an engine needs of `js/wasm/miniexpr.js` or of the thread pool. */
export class WasmEngine {
  #host;
  #views;
  /** A block that is kept for calls, and its bytes. */
  #kept = 0;
  #keptBytes = 0;
  #startJob;
  #failure = null;
  /** What takes the lines of kernels, by the number that the module has for it. */
  #printers = new Map();
  #lastPrinter = 0;

  /**
   * @param {object} host
   * @param {{name: string, reason: string, threads: number}} description
   * @param {(engine: WasmEngine, program: WasmProgram, evaluation: object) => object} startJob Evaluates in another thread, see
   *   `WasmProgram.start`.
   */
  constructor(host, description, startJob) {
    this.#host = host;
    this.#views = new Views(host.memory.buffer);
    // Later: it might evaluate, and throw.
    host.onPrint = (printer, line) => queueMicrotask(() => this.#print(printer, line));
    this.description = Object.freeze(description);
    this.#startJob = startJob;
  }

  get host() {
    return this.#host;
  }

  get exports() {
    return this.#host.instance.exports;
  }

  get buffer() {
    return this.#host.memory.buffer;
  }

  get views() {
    const { buffer } = this.#host.memory;
    if (buffer !== this.#views.buffer) {
      this.#views = new Views(buffer);
    }
    return this.#views;
  }

  /** As Emscripten does, what has no other place goes to the console. */
  #print(printer, line) {
    const print = printer === 0 ? console.log : this.#printers.get(printer);
    print?.(line);
  }

  /** Forgets what took the lines of a kernel that is gone. */
  forgetPrinter(printer) {
    this.#printers.delete(printer);
  }

  /** See `WasmProgram.start`. */
  startJob(program, evaluation) {
    return this.#startJob(this, program, evaluation);
  }

  /** Calls a function of the module, which a trap leaves in an unknown state. */
  enter(name, args) {
    if (this.#failure !== null) {
      throw new MiniexprError("ERR_BACKEND", "the WebAssembly engine has failed before", {
        cause: this.#failure,
      });
    }
    try {
      return this.exports[name](...args);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) {
        throw error;
      }
      this.#failure = error;
      const message = `the WebAssembly engine has failed: ${error.message}`;
      throw new MiniexprError("ERR_INTERNAL", message, { cause: error });
    }
  }

  alloc(bytes) {
    const address = bytes < LARGEST_ADDRESS ? this.exports.threadpool_alloc(Math.max(bytes, 1)) >>> 0 : 0;
    if (address === 0) {
      throw new MiniexprError("ERR_OUT_OF_MEMORY", `there is no memory for ${bytes} bytes`);
    }
    return address;
  }

  free(address) {
    this.exports.threadpool_free(address);
  }

  /** Runs `use` with the address of so many bytes. */
  withMemory(bytes, use) {
    if (bytes <= this.#keptBytes) {
      return use(this.#kept);
    }
    if (bytes <= KEPT_BYTES) {
      const size = Math.min(KEPT_BYTES, Math.max(2 * bytes, 1 << 16));
      const address = this.alloc(size);
      this.free(this.#kept);
      [this.#kept, this.#keptBytes] = [address, size];
      return use(address);
    }
    const address = this.alloc(bytes);
    try {
      return use(address);
    } finally {
      this.free(address);
    }
  }

  /** The latest failure of the module on this thread. */
  failure(code, text) {
    return this.withMemory(ERROR_BYTES, (address) => {
      const { Uint32Array: words, BigInt64Array: numbers } = this.views;
      words[address / 4] = ERROR_BYTES;
      this.exports.me_get_last_error(address);
      const [start, end] = [numbers[address / 8 + 2], numbers[address / 8 + 3]].map(Number);
      const [message, hint] = [words[address / 4 + 10], words[address / 4 + 11]].map((at) =>
        this.#host.readText(at),
      );
      const place = start >= 0 ? { start, end } : {};
      return errorOfFailure({ code, message: message || "out of memory", hint, ...place }, text);
    });
  }

  compile(signature, itemsizes) {
    const { text, names, dtypes, dtype, dialect, sandbox, print } = signature;
    const printer = print === undefined ? 0 : ++this.#lastPrinter;
    const encoder = new TextEncoder();
    const texts = [text, ...names].map((string) => encoder.encode(`${string}\0`));
    const textBytes = texts.reduce((bytes, { length }) => bytes + length, 0);
    const tableBytes = 4 * VARIABLE_WORDS * Math.max(1, names.length);
    return this.withMemory(COMPILE_PARAMS_BYTES + tableBytes + 4 + textBytes, (params) => {
      const table = params + COMPILE_PARAMS_BYTES;
      const out = table + tableBytes;
      const { Uint8Array: bytes, Uint32Array: words } = this.views;
      let at = out + 4;
      const addresses = texts.map((encoded) => {
        bytes.set(encoded, at);
        at += encoded.length;
        return at - encoded.length;
      });
      names.forEach((_, i) => {
        const row = [addresses[i + 1], dtypes[i].code, 0, 0, 0, itemsizes[i]];
        words.set(row, table / 4 + VARIABLE_WORDS * i);
      });
      this.#writeParams(params, dialect, sandbox);
      words[params / 4 + COMPILE_PARAM.PRINT] = this.#host.printer;
      words[params / 4 + COMPILE_PARAM.PRINT_CONTEXT] = printer;
      const args = [addresses[0], table, names.length, dtype?.code ?? 0, params, 0, out];
      const status = this.enter("me_compile_with", args);
      if (status !== 0) {
        throw this.failure(COMPILE_CODES.get(status) ?? "ERR_ARGUMENT", text);
      }
      const program = new WasmProgram(this, this.views.Uint32Array[out / 4], signature, itemsizes, printer);
      if (printer !== 0) {
        this.#printers.set(printer, print);
      }
      return program;
    });
  }

  /** Writes a `me_compile_params`. */
  #writeParams(params, dialect, sandbox) {
    const { Uint8Array: bytes, Uint32Array: words, BigInt64Array: numbers } = this.views;
    bytes.fill(0, params, params + COMPILE_PARAMS_BYTES);
    if (sandbox !== null) {
      this.exports.me_sandbox_params(params);
      bytes[params + COMPILE_PARAM.EXPRESSIONS_ONLY] = Number(!sandbox.kernels);
      if (sandbox.maxNesting !== undefined) {
        words[params / 4 + COMPILE_PARAM.MAX_NESTING] = sandbox.maxNesting;
      }
      const limits = {
        MAX_TEXT_BYTES: sandbox.maxTextBytes,
        MAX_NODES: sandbox.maxNodes,
        MAX_CONSTANT_BYTES: sandbox.maxConstantBytes,
        MAX_PASSES: sandbox.maxPasses,
      };
      for (const [name, limit] of Object.entries(limits)) {
        if (limit !== undefined) {
          numbers[params / 8 + COMPILE_PARAM[name]] = BigInt(limit);
        }
      }
    }
    words.set([COMPILE_PARAMS_BYTES, dialect], params / 4);
  }
}
