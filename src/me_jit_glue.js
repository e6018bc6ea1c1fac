/*
 * me_jit_glue.js: what a JavaScript host gives the library to run kernels as WebAssembly.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 *
 * A plain script: for indirect eval in a browser, worker or Node, for emcc's --pre-js, and for
 * require(). It defines two global functions and has no other effect; loading it twice is harmless.
 *
 * A kernel module is made to use the host's memory, linked with functions of the host, and put into the
 * host's function table. Each function that it imports comes from the library, which is asked by name;
 * a name that the library does not know gets a JavaScript function, if there is one.
 *
 * The dead-code pass of emcc 3.1.6 breaks BigInt literals, and declarations that take an array or an
 * object apart in an arrow function or a loop head: there are none here. Its --closure renames properties: those
 * that others know by name are in quotes here, except for the runtime's fields, which it renames for both sides.
 */
/* global TextDecoder, TextEncoder, WebAssembly */
(function (root) {
  "use strict";

  const PREFIX = "[me-wasm-jit] ";
  const KERNEL = "me_dsl_jit_kernel";

  /** What an Emscripten runtime must offer, and the type of each. */
  const RUNTIME_FIELDS = {
    HEAPF64: "object",
    HEAPF32: "object",
    wasmMemory: "object",
    wasmTable: "object",
    stackSave: "function",
    stackAlloc: "function",
    stackRestore: "function",
    lengthBytesUTF8: "function",
    stringToUTF8: "function",
    addFunction: "function",
  };

  /** Gives a message to the runtime, or to the console; never throws. */
  function report(runtime, message) {
    try {
      if (typeof runtime.err === "function") {
        runtime.err(PREFIX + message);
      } else if (typeof console !== "undefined") {
        console.error(PREFIX + message);
      }
    } catch {
      // A host whose reporting fails still gets its result.
    }
  }

  function messageOf(error) {
    return String((error && error.message) || error);
  }

  /** Whether `runtime` has every field, each of its type. */
  function isRuntime(runtime) {
    return Object.entries(RUNTIME_FIELDS).every(
      ([name, type]) => runtime[name] && typeof runtime[name] === type,
    );
  }

  /** Whether to report why there is no kernel: the argument, else the runtime's wish, else yes. */
  function wantsWarnings(runtime, emitWarnings) {
    const wishes = [emitWarnings, runtime.meJitEmitWarnings, true];
    return wishes.find((wish) => typeof wish === "boolean");
  }

  // --- The binary module -------------------------------------------------------------------------

  const HEADER = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const SECTION = { IMPORT: 2, MEMORY: 5, EXPORT: 7 };
  const KIND = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3 };
  /** 16 MiB: what a module that brought its own memory may rely on. */
  const MEMORY_PAGES = 256;
  /** Limits of a memory: flags, and the most pages, which a shared one must say. */
  const UNLIMITED = 0;
  const SHARED = 3;
  const MOST_PAGES = 65536;

  /** Reads the binary format from `bytes`, between two positions. */
  class Reader {
    constructor(bytes, start, end) {
      this.bytes = bytes;
      this.at = start;
      this.end = end;
    }

    byte() {
      if (this.at >= this.end) {
        throw new Error("unexpected end of the module");
      }
      return this.bytes[this.at++];
    }

    /** An unsigned integer of 32 bits in LEB128. */
    number() {
      let value = 0;
      for (let shift = 0; shift < 35; shift += 7) {
        const byte = this.byte();
        value += (byte & 0x7f) * 2 ** shift;
        if (byte < 0x80 && value < 2 ** 32) {
          return value;
        }
      }
      throw new Error("an integer of the module has more than 32 bits");
    }

    /** The position behind the next `count` bytes. */
    skip(count) {
      if (count > this.end - this.at) {
        throw new Error("unexpected end of the module");
      }
      this.at += count;
      return this.at;
    }

    name() {
      const length = this.number();
      const start = this.at;
      return new TextDecoder().decode(this.bytes.subarray(start, this.skip(length)));
    }

    /** The minimum; what else there is follows from the host. */
    limits() {
      const hasMaximum = this.byte() & 1;
      const minimum = this.number();
      if (hasMaximum) {
        this.number();
      }
      return minimum;
    }
  }

  /** An unsigned integer in LEB128. */
  function leb(value) {
    const bytes = [];
    while (value >= 128) {
      bytes.push((value % 128) + 128);
      value = Math.floor(value / 128);
    }
    bytes.push(value);
    return bytes;
  }

  function encodedName(name) {
    const bytes = new TextEncoder().encode(name);
    return [...leb(bytes.length), ...bytes];
  }

  function section(id, payload) {
    return [id, ...leb(payload.length), ...payload];
  }

  /** A vector of entries, each an array of bytes. */
  function vector(entries) {
    return [...leb(entries.length), ...entries.flat()];
  }

  /** The entries of an import section: names, kind and bytes of each. */
  function readImports(reader) {
    const entries = [];
    for (let left = reader.number(); left > 0; left--) {
      const start = reader.at;
      const entry = { module: reader.name(), field: reader.name(), kind: reader.byte() };
      if (entry.kind === KIND.FUNCTION) {
        reader.number();
      } else if (entry.kind === KIND.TABLE) {
        reader.byte();
        reader.limits();
      } else if (entry.kind === KIND.MEMORY) {
        entry.pages = reader.limits();
      } else if (entry.kind === KIND.GLOBAL) {
        reader.skip(2);
      } else {
        throw new Error("unsupported wasm import kind " + entry.kind);
      }
      entry.bytes = [...reader.bytes.subarray(start, reader.at)];
      entries.push(entry);
    }
    return entries;
  }

  /** The entries of an export section without the memory. */
  function readExports(reader) {
    const entries = [];
    for (let left = reader.number(); left > 0; left--) {
      const start = reader.at;
      const name = reader.name();
      const kind = reader.byte();
      reader.number();
      if (name !== "memory" || kind !== KIND.MEMORY) {
        entries.push([...reader.bytes.subarray(start, reader.at)]);
      }
    }
    return entries;
  }

  function isMemoryOfHost(entry) {
    return entry.module === "env" && entry.field === "memory" && entry.kind === KIND.MEMORY;
  }

  /** The import of so many pages of the host's memory, shared if that is. */
  function memoryImport(pages, isShared) {
    const limits = isShared ? [SHARED, ...leb(pages), ...leb(MOST_PAGES)] : [UNLIMITED, ...leb(pages)];
    return [...encodedName("env"), ...encodedName("memory"), KIND.MEMORY, ...limits];
  }

  function importSection(imports, isShared) {
    const entries = imports.map((entry) =>
      isShared && isMemoryOfHost(entry) ? memoryImport(entry.pages, true) : entry.bytes,
    );
    if (!imports.some(isMemoryOfHost)) {
      entries.push(memoryImport(MEMORY_PAGES, isShared));
    }
    return section(SECTION.IMPORT, vector(entries));
  }

  /**
   * The module on the host's memory: it imports `env.memory`, and has and exports none of its own.
   *
   * @param {Uint8Array} wasmBytes The whole module; its header is not looked at.
   * @param {boolean} isShared Whether threads share that memory.
   * @returns {{bytes: Uint8Array, imports: object[]}} The new module, and what it imports.
   */
  function onHostMemory(wasmBytes, isShared) {
    const reader = new Reader(wasmBytes, Math.min(HEADER.length, wasmBytes.length), wasmBytes.length);
    const pieces = [HEADER];
    let imports = null;
    while (reader.at < reader.end) {
      const start = reader.at;
      const id = reader.byte();
      const length = reader.number();
      const content = new Reader(wasmBytes, reader.at, reader.skip(length));
      if (imports === null && id > SECTION.IMPORT) {
        imports = [];
        pieces.push(importSection(imports, isShared));
      }
      if (id === SECTION.IMPORT) {
        imports = readImports(content);
        pieces.push(importSection(imports, isShared));
      } else if (id === SECTION.EXPORT) {
        pieces.push(section(id, vector(readExports(content))));
      } else if (id !== SECTION.MEMORY) {
        pieces.push(wasmBytes.subarray(start, reader.at));
      }
    }
    if (imports === null) {
      imports = [];
      pieces.push(importSection(imports, isShared));
    }
    return { bytes: joined(pieces), imports };
  }

  function joined(pieces) {
    const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  // --- Functions that a kernel may import --------------------------------------------------------

  const word = new Float64Array(1);
  const halves = new Uint32Array(word.buffer);
  const [LOW, HIGH] = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? [0, 1] : [1, 0];

  /** Whether the sign bit is set, also of zero and NaN. */
  function isNegative(x) {
    word[0] = x;
    return halves[HIGH] >>> 31 === 1;
  }

  function copysign(x, y) {
    return isNegative(x) === isNegative(y) ? x : -x;
  }

  /** To nearest, halves away from zero. */
  function round(x) {
    const whole = Math.trunc(x);
    return Math.abs(x - whole) >= 0.5 ? whole + Math.sign(x) : whole;
  }

  /** To nearest, halves to even. */
  function rint(x) {
    const whole = Math.trunc(x);
    const rest = Math.abs(x - whole);
    const isUp = rest > 0.5 || (rest === 0.5 && whole % 2 !== 0);
    return isUp ? whole + Math.sign(x) : whole;
  }

  /** The float64 next to `x` in the direction of `y`. */
  function nextafter(x, y) {
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return NaN;
    }
    if (x === y) {
      return y;
    }
    if (x === 0) {
      return copysign(Number.MIN_VALUE, y);
    }
    word[0] = x;
    if (x < y === x > 0) {
      halves[LOW] += 1;
      halves[HIGH] += halves[LOW] === 0 ? 1 : 0;
    } else {
      halves[HIGH] -= halves[LOW] === 0 ? 1 : 0;
      halves[LOW] -= 1;
    }
    return word[0];
  }

  /** x·2^n in factors that are powers of two; small results are scaled so that one product rounds. */
  function ldexp(x, n) {
    let exponent = Math.max(-2200, Math.min(2200, n));
    let value = x;
    for (; exponent > 1023; exponent -= 1023) {
      value *= 2 ** 1023;
    }
    for (; exponent < -969; exponent += 969) {
      value *= 2 ** -969;
    }
    return value * 2 ** exponent;
  }

  function pow(x, y) {
    return x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;
  }

  /** IEEE 754 remainder: quotient to nearest, ties to even. */
  function remainder(x, y) {
    const divisor = Math.abs(y);
    if (divisor === Infinity && Number.isFinite(x)) {
      return x;
    }
    let rest = Math.abs(divisor <= Number.MAX_VALUE / 2 ? x % (2 * divisor) : x);
    // Twice the rest tells its half exactly, unless that overflows; then the half of y is exact.
    const isPastHalf = (a, orAt) => {
      const excess = divisor < 1 ? a + a - divisor : a - divisor / 2;
      return excess > 0 || (orAt && excess === 0);
    };
    if (isPastHalf(rest, false)) {
      rest -= divisor;
      if (isPastHalf(rest, true)) {
        rest -= divisor;
      }
    }
    return isNegative(x) ? -rest : rest;
  }

  /** a + b, and the exact error of the sum. */
  function twoSum(a, b) {
    const sum = a + b;
    const part = sum - a;
    return [sum, a - (sum - part) + (b - part)];
  }

  /** a·b, and the exact error of the product (T. J. Dekker, 1971). */
  function twoProduct(a, b) {
    const split = (x) => {
      const scaled = 134217729 * x;
      const high = scaled - (scaled - x);
      return [high, x - high];
    };
    const product = a * b;
    const [aHigh, aLow] = split(a);
    const [bHigh, bLow] = split(b);
    return [product, aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow)];
  }

  /** a + b, rounded to odd where it is inexact. */
  function oddSum(a, b) {
    const [sum, error] = twoSum(a, b);
    word[0] = sum;
    const isEven = (halves[LOW] & 1) === 0;
    return error !== 0 && isEven ? nextafter(sum, error > 0 ? Infinity : -Infinity) : sum;
  }

  /** x·y + z with one rounding (S. Boldo and G. Melquiond, 2008), for operands of moderate size. */
  function fma(x, y, z) {
    const product = Math.abs(x * y);
    const isModerate = product > 1e-250 && [product, x, y, z].every((value) => Math.abs(value) < 1e290);
    if (!isModerate) {
      return x * y + z;
    }
    const [high, low] = twoProduct(x, y);
    const [middle, lowest] = twoSum(z, low);
    const [sum, error] = twoSum(high, middle);
    return sum + oddSum(lowest, error);
  }

  /** exp(-x²), with the rounding error of the square. */
  function expMinusSquare(x) {
    const high = Math.fround(x);
    return Math.exp(-high * high) * Math.exp(-(x - high) * (x + high));
  }

  /** The series with positive terms, for |x| < 2. */
  function erfSeries(x) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > Math.abs(sum) * 1e-17; n++) {
      term *= (2 * x * x) / (2 * n + 1);
      sum += term;
    }
    return (2 / Math.sqrt(Math.PI)) * expMinusSquare(x) * sum;
  }

  /** The continued fraction, for x >= 1, from its end. */
  function erfcFraction(x) {
    let tail = x;
    for (let n = 120; n > 0; n--) {
      tail = x + n / 2 / tail;
    }
    return expMinusSquare(x) / (tail * Math.sqrt(Math.PI));
  }

  function erf(x) {
    if (x === 0 || Number.isNaN(x)) {
      return x;
    }
    return Math.abs(x) < 2 ? erfSeries(x) : Math.sign(x) * (1 - erfc(Math.abs(x)));
  }

  function erfc(x) {
    if (Number.isNaN(x)) {
      return x;
    }
    if (x >= 27.5) {
      return 0;
    }
    return x < 1 ? 1 - erf(x) : erfcFraction(x);
  }

  /** Stirling's series: log Γ(x) - (x - 1/2) log x + x, for x >= 15. */
  function stirling(x) {
    const coefficients = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
    const inverse = 1 / (x * x);
    return Math.log(2 * Math.PI) / 2 + coefficients.reduceRight((sum, c) => sum * inverse + c, 0) / x;
  }

  /** log|Γ(x)|. */
  function lgamma(x) {
    if (!Number.isFinite(x)) {
      return Math.abs(x);
    }
    if (x <= 0) {
      return x === Math.floor(x) ? Infinity : Math.log(Math.PI / Math.abs(sinpi(x))) - lgamma(1 - x);
    }
    let product = 1;
    let shifted = x;
    for (; shifted < 15; shifted++) {
      product *= shifted;
    }
    return (shifted - 0.5) * Math.log(shifted) - shifted + stirling(shifted) - Math.log(product);
  }

  function tgamma(x) {
    if (x === 0) {
      return 1 / x;
    }
    if (x === -Infinity || (x < 0 && x === Math.floor(x))) {
      return NaN;
    }
    if (x > 171.7) {
      return Infinity;
    }
    if (x < 0.5) {
      return x < -185 ? 0 : Math.PI / (sinpi(x) * tgamma(1 - x));
    }
    let product = 1;
    let shifted = x;
    if (x === Math.floor(x)) {
      for (let factor = 2; factor < x; factor++) {
        product *= factor;
      }
      return product;
    }
    for (; shifted < 15; shifted++) {
      product *= shifted;
    }
    // In two equal factors, since the power itself may overflow.
    const half = shifted ** (shifted / 2 - 0.25);
    return ((half * Math.exp(stirling(shifted) - shifted)) / product) * half;
  }

  /** Quarter turns modulo 4, and the rest in -1/4..1/4, both exact. */
  function quarterTurns(x) {
    const turn = x % 2;
    const quarters = rint(2 * turn);
    return [((quarters % 4) + 4) % 4 || 0, Math.PI * (turn - quarters / 2)];
  }

  /** sin(πx), exact at multiples of 1/2. */
  function sinpi(x) {
    const [quarter, rest] = quarterTurns(x);
    const value = [Math.sin(rest), Math.cos(rest), -Math.sin(rest), -Math.cos(rest)][quarter];
    return value === 0 ? copysign(value, x) : value;
  }

  /** cos(πx), exact at multiples of 1/2. */
  function cospi(x) {
    const [quarter, rest] = quarterTurns(x);
    const value = [Math.cos(rest), -Math.sin(rest), -Math.cos(rest), Math.sin(rest)][quarter];
    return value + 0;
  }

  /** log(e^a + e^b). */
  function logaddexp(a, b) {
    if (a === b) {
      return a + Math.LN2;
    }
    const high = Math.max(a, b);
    return high + Math.log1p(Math.exp(Math.min(a, b) - high));
  }

  const exp2 = (x) => 2 ** x;
  const exp10 = (x) => 10 ** x;
  const fmax = (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.max(x, y));
  const fmin = (x, y) => (Number.isNaN(x) ? y : Number.isNaN(y) ? x : Math.min(x, y));
  const fdim = (x, y) => (x <= y ? 0 : x - y);
  const fmod = (x, y) => x % y;

  /** Functions of JavaScript with the name and the meaning of C's. */
  const fromMath = (names) => names.map((name) => [name, Math[name]]);

  /** Functions that a kernel may import, by name: those of the C library, and those of this one. */
  const FUNCTIONS = new Map([
    ...fromMath(["acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "exp"]),
    ...fromMath(["expm1", "floor", "log", "log10", "log1p", "log2", "sin", "sinh", "sqrt", "tan", "tanh"]),
    ...fromMath(["trunc", "atan2", "hypot"]),
    ["fabs", Math.abs],
    ["erf", erf],
    ["erfc", erfc],
    ["exp2", exp2],
    ["lgamma", lgamma],
    ["tgamma", tgamma],
    ["rint", rint],
    ["round", round],
    ["copysign", copysign],
    ["fdim", fdim],
    ["fma", fma],
    ["fmax", fmax],
    ["fmin", fmin],
    ["fmod", fmod],
    ["ldexp", ldexp],
    ["nextafter", nextafter],
    ["pow", pow],
    ["remainder", remainder],
    ["me_jit_exp10", exp10],
    ["me_jit_sinpi", sinpi],
    ["me_jit_cospi", cospi],
    ["me_jit_logaddexp", logaddexp],
    ["me_jit_where", (condition, yes, no) => (condition !== 0 ? yes : no)],
    ["me_wasm32_cast_int", (x) => Math.trunc(x)],
    ["me_wasm32_cast_float", (x) => x],
    ["me_wasm32_cast_bool", (x) => (x !== 0 ? 1 : 0)],
  ]);

  /** Functions of one array, and of two, by the middle of their names. */
  const VECTOR_UNARY = new Map([
    ...fromMath(["sin", "cos", "exp", "log", "expm1", "log10", "sinh", "cosh", "tanh", "asinh", "acosh"]),
    ...fromMath(["atanh", "asin", "acos", "atan", "sqrt", "log1p", "log2", "abs"]),
    ["exp2", exp2],
    ["exp10", exp10],
    ["sinpi", sinpi],
    ["cospi", cospi],
  ]);
  const VECTOR_BINARY = new Map([
    ...fromMath(["atan2", "hypot"]),
    ["pow", pow],
    ["fmax", fmax],
    ["fmin", fmin],
  ]);
  const VECTOR_NAME = /^me_jit_vec_([a-z0-9]+)_(f32|f64)$/;

  /** A function on arrays in `memory`, whose buffer may be another one at each call. */
  function vectorFunction(memory, name) {
    const [, middle, type] = VECTOR_NAME.exec(name) || [];
    const Elements = type === "f32" ? Float32Array : Float64Array;
    const view = (address, count) => new Elements(memory.buffer, address >>> 0, Math.max(0, Number(count)));
    const unary = VECTOR_UNARY.get(middle);
    if (unary) {
      return (a, out, count) => view(out, count).set(view(a, count).map((x) => unary(x)));
    }
    const binary = VECTOR_BINARY.get(middle);
    if (binary) {
      return (a, b, out, count) => {
        const right = view(b, count);
        view(out, count).set(view(a, count).map((x, i) => binary(x, right[i])));
      };
    }
    return undefined;
  }

  /** The JavaScript function of a name, if there is one. */
  function fallback(memory, name) {
    if (name === "memset") {
      return (address, value, count) => {
        new Uint8Array(memory.buffer, address >>> 0, count >>> 0).fill(value);
        return address;
      };
    }
    return FUNCTIONS.get(name) || vectorFunction(memory, name);
  }

  /** The stack has room for a name of so many bytes, and no function of the library has a longer one. */
  const MOST_NAME_BYTES = 256;

  /** The library's function of a name, if its lookup function knows it. */
  function bridged(runtime, lookup, name) {
    if (!lookup) {
      return undefined;
    }
    const size = runtime.lengthBytesUTF8(name) + 1;
    if (size > MOST_NAME_BYTES) {
      return undefined;
    }
    const stack = runtime.stackSave();
    try {
      const address = runtime.stackAlloc(size) >>> 0;
      runtime.stringToUTF8(name, address, size);
      const index = lookup(address);
      return index ? runtime.wasmTable.get(index) : undefined;
    } finally {
      runtime.stackRestore(stack);
    }
  }

  /** The imports of a module, with a function for each name that has one. */
  function importObject(runtime, imports, bridgeLookupFnIdx) {
    const env = {};
    env["memory"] = runtime.wasmMemory;
    const lookup = bridgeLookupFnIdx ? runtime.wasmTable.get(bridgeLookupFnIdx) : null;
    for (const entry of imports) {
      if (entry.module === "env" && entry.kind === KIND.FUNCTION) {
        const name = entry.field;
        env[name] = bridged(runtime, lookup, name) || fallback(runtime.wasmMemory, name);
      }
    }
    const modules = {};
    modules["env"] = env;
    return modules;
  }

  // --- The two functions of the host -------------------------------------------------------------

  function isShared(memory) {
    return typeof SharedArrayBuffer !== "undefined" && memory.buffer instanceof SharedArrayBuffer;
  }

  /** Bytes of the runtime's memory, whose `HEAPU8` may be older than its last growth. */
  function bytesAt(runtime, address, length) {
    const buffer = runtime && (runtime.wasmMemory || runtime.HEAPU8 || {}).buffer;
    const start = address >>> 0;
    const end = start + (length >>> 0);
    return buffer && start !== 0 && end <= buffer.byteLength
      ? new Uint8Array(buffer).subarray(start, end)
      : null;
  }

  /**
   * Instantiates a kernel module and puts it into the runtime's function table.
   *
   * The arguments may also be `(address, length, bridgeLookupFnIdx, runtime)`, where the first two say where the
   * module lies in the memory of the runtime: a number in front tells so.
   *
   * @param {object} runtime Emscripten runtime with RUNTIME_FIELDS, and `err` to receive messages.
   * @param {Uint8Array} wasmBytes The whole module; read during the call only.
   * @param {number} bridgeLookupFnIdx Table index of the library's lookup function, 0 for none.
   * @param {boolean} [emitWarnings] Whether to report why there is no kernel.
   * @returns {number} Table index of the kernel, 0 if there is none. Never throws.
   */
  function meJitInstantiate(runtime, wasmBytes, bridgeLookupFnIdx, emitWarnings) {
    if (typeof runtime !== "number") {
      return instantiate(runtime, wasmBytes, bridgeLookupFnIdx, emitWarnings);
    }
    const [address, length, host] = [runtime, wasmBytes, emitWarnings];
    return instantiate(host, bytesAt(host, address, length), bridgeLookupFnIdx, undefined);
  }

  function instantiate(runtime, wasmBytes, bridgeLookupFnIdx, emitWarnings) {
    if (!runtime || !wasmBytes) {
      return 0;
    }
    let reports = true;
    try {
      if (!isRuntime(runtime)) {
        report(runtime, "invalid runtime object");
        return 0;
      }
      reports = wantsWarnings(runtime, emitWarnings);
      const { bytes, imports } = onHostMemory(Uint8Array.from(wasmBytes), isShared(runtime.wasmMemory));
      const linked = importObject(runtime, imports, bridgeLookupFnIdx);
      const instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), linked);
      const kernel = instance.exports[KERNEL];
      if (typeof kernel !== "function") {
        throw new Error("missing export");
      }
      return runtime.addFunction(kernel, "iiii") | 0;
    } catch (error) {
      if (reports) {
        report(runtime, messageOf(error));
      }
      return 0;
    }
  }

  /**
   * Takes a kernel out of the function table. Never throws. The arguments may also be `(idx, runtime)`.
   *
   * @param {object} runtime Needs `removeFunction` only; without it nothing happens.
   * @param {number} idx Table index that meJitInstantiate gave; 0 is ignored.
   */
  function meJitFreeFn(runtime, idx) {
    if (typeof runtime === "number") {
      release(idx, runtime);
    } else {
      release(runtime, idx);
    }
  }

  function release(runtime, idx) {
    try {
      if (runtime && typeof runtime.removeFunction === "function" && idx) {
        runtime.removeFunction(idx);
      }
    } catch (error) {
      report(runtime, messageOf(error));
    }
  }

  root["_meJitInstantiate"] = meJitInstantiate;
  root["_meJitFreeFn"] = meJitFreeFn;
  if (typeof module !== "undefined" && module.exports) {
    module.exports["_meJitInstantiate"] = meJitInstantiate;
    module.exports["_meJitFreeFn"] = meJitFreeFn;
  }
})(typeof globalThis !== "undefined" ? globalThis : typeof self !== "undefined" ? self : this);
