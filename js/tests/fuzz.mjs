// Random values of every kind into every public function: only MiniexprError, TypeError and RangeError may come out, and
// the process must live. fuzz.mjs SECONDS [SEED]

import { pathToFileURL } from "node:url";
import vm from "node:vm";

import { WasmMemory, createImports } from "../bridge/index.js";
import { MiniexprError } from "../core/error.js";
import { kernel } from "../core/kernel.js";
import * as native from "../native/index.js";
import { ThreadPool, ThreadPoolError } from "../threads/threadpool.js";
import { backends } from "./backends.mjs";
import { DTYPES, Random, randomArray, randomExpression, randomKernel } from "./random.mjs";

const LENGTHS = [0, 1, 2, 3, 7, 100, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, -1, 0.5, NaN, Infinity];
const TEXTS = [
  "a",
  "a + b",
  "sum(a)",
  "sum(a, axis=0)",
  "a * b + c",
  "s + s",
  "a if b else c",
  "(",
  "",
  "é",
  "a\0",
];
const NAMES = ["a", "b", "c", "s", "__proto__", "constructor", "then", "1", ""];

/** Values of every kind. */
class Values {
  constructor(random) {
    this.random = random;
  }

  /** Any value. */
  any(depth = 2) {
    const { random } = this;
    switch (random.below(depth > 0 ? 24 : 12)) {
      case 0:
        return random.pick([undefined, null, true, false, Symbol.iterator, () => 1, class {}]);
      case 1:
        return random.pick([0, -0, 1, 1e308, NaN, Infinity, -(2 ** 53), 0.1, 2 ** 32]);
      case 2:
        return random.pick([0n, 1n, -(2n ** 63n), 2n ** 64n, 2n ** 200n]);
      case 3:
        return random.pick([...TEXTS, "\ud800", "x".repeat(random.below(300)), ...DTYPES]);
      case 4:
      case 5:
      case 6:
        return this.array();
      case 7:
        return this.oddArray();
      case 8:
        return { re: 1, im: random.pick([0, NaN]) };
      case 9:
        return random.pick([
          new Date(0),
          /x/,
          new Map([["a", 1]]),
          new WeakMap(),
          new Error("x"),
          new DataView(new ArrayBuffer(8)),
        ]);
      case 10:
        return random.pick([
          new ArrayBuffer(8),
          new SharedArrayBuffer(8),
          Promise.resolve(1),
          globalThis,
          Math,
        ]);
      case 11:
        return vm.runInNewContext(random.pick(["[1, 2]", "new Float64Array(3)", "({})", "new Error('x')"]));
      case 12:
      case 13:
      case 14:
        return this.view(depth - 1);
      case 15:
        return Array.from({ length: random.below(4) }, () => this.any(depth - 1));
      case 16:
        return new Proxy(this.target(depth - 1), this.handler(depth - 1));
      case 17: {
        const array = this.array();
        Object.defineProperty(
          array,
          random.pick(["length", "buffer", "byteOffset", "constructor", "subarray"]),
          {
            value: this.any(0),
          },
        );
        return array;
      }
      case 18:
        return new Array(random.pick([0, 1, 2 ** 32 - 1]));
      case 19:
        return {
          length: random.pick(LENGTHS),
          BYTES_PER_ELEMENT: random.pick([1, 8, 16, "x"]),
          buffer: this.any(0),
        };
      case 20:
        return {
          type: { typeId: random.pick([-1, 2, 3, 5, 6, 99]), bitWidth: 32, isSigned: true },
          data: [],
          length: 1,
        };
      default:
        return this.object(depth - 1);
    }
  }

  target(depth) {
    const value = this.any(depth);
    return (typeof value === "object" && value !== null) || typeof value === "function" ? value : {};
  }

  /** Traps that lie or throw. */
  handler(depth) {
    const { random } = this;
    const traps = {
      get: (target, name) => {
        if (random.below(4) === 0) {
          throw random.pick([new Error("trap"), "trap", null, 5]);
        }
        return random.below(2) === 0
          ? Reflect.get(target, name, target)
          : this.any(depth > 0 ? depth - 1 : 0);
      },
      ownKeys: () => random.pick([["a", "b"], [], ["a"]]),
      getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: this.any(0) }),
      has: () => random.below(2) === 0,
      getPrototypeOf: () =>
        random.pick([null, Float64Array.prototype, Array.prototype, MiniexprError.prototype]),
    };
    return Object.fromEntries(Object.entries(traps).filter(() => random.below(2) === 0));
  }

  array() {
    const { random } = this;
    return randomArray(random, random.pick(DTYPES), random.pick([0, 1, 2, 3, 7, 100]));
  }

  /** Detached, resizable, shared. */
  oddArray() {
    const { random } = this;
    const array = this.array();
    const Class = array.constructor;
    switch (random.below(3)) {
      case 0:
        structuredClone(array.buffer, { transfer: [array.buffer] });
        return array;
      case 1: {
        const buffer = new ArrayBuffer(64, { maxByteLength: 128 });
        const tracking = new Class(buffer);
        buffer.resize(random.pick([0, 8, 24, 128]));
        return tracking;
      }
      default:
        return new Class(new SharedArrayBuffer(32));
    }
  }

  view(depth) {
    const { random } = this;
    const some = (make) => (random.below(3) === 0 ? this.any(depth) : make());
    const numbers = () =>
      Array.from({ length: random.below(4) }, () => random.pick([...LENGTHS, -2, 1, 2, 3]));
    const parts = {
      data: some(() => this.array()),
      shape: some(numbers),
      strides: some(numbers),
      offset: some(() => random.pick(LENGTHS)),
      dtype: some(() => random.pick(DTYPES)),
    };
    return Object.fromEntries(
      Object.entries(parts).filter(([name]) => name === "data" || random.below(2) === 0),
    );
  }

  /** Properties, some of which are getters that change or throw. */
  object(depth) {
    const { random } = this;
    const object = random.below(8) === 0 ? Object.create(null) : {};
    for (const name of NAMES.filter(() => random.below(3) === 0)) {
      const value = this.any(depth);
      const get = () => {
        if (random.below(4) === 0) {
          throw random.pick([new Error("getter"), 1, undefined]);
        }
        const { buffer } = Object(value);
        if (random.below(4) === 0 && buffer instanceof ArrayBuffer && buffer.detached !== true) {
          structuredClone(buffer, { transfer: [buffer] });
        }
        return random.below(3) === 0 ? this.any(0) : value;
      };
      const property = random.below(3) === 0 ? { get } : { value, writable: true };
      Object.defineProperty(object, name, { ...property, enumerable: true, configurable: true });
    }
    return object;
  }

  /** A number that a guest may pass. */
  address() {
    return this.random.pick([
      0,
      8,
      16,
      65528,
      65535,
      65536,
      -8,
      2 ** 31,
      2 ** 32 - 8,
      2 ** 53,
      0.5,
      NaN,
      8n,
      -1n,
    ]);
  }

  /** What is mostly right, so that calls get far. */
  inputs(names) {
    const { random } = this;
    if (random.below(6) === 0) {
      return this.any();
    }
    return Object.fromEntries(names.map((name) => [name, random.below(3) === 0 ? this.any() : this.array()]));
  }

  text(names) {
    const { random } = this;
    switch (random.below(4)) {
      case 0:
        return this.any();
      case 1:
        return random.pick(TEXTS);
      case 2:
        return randomKernel(random, names);
      default:
        return randomExpression(random, names, 2);
    }
  }

  options() {
    const { random } = this;
    if (random.below(3) > 0) {
      return undefined;
    }
    const some = (...values) => (random.below(3) === 0 ? this.any() : random.pick(values));
    const options = {
      out: some(undefined, this.array()),
      threads: some(undefined, 0, 1, 2),
      signal: some(undefined, AbortSignal.abort(), new AbortController().signal),
      onProgress: some(undefined, () => {}),
      dialect: some(undefined, "miniexpr", "numexpr"),
      dtype: some(undefined, random.pick(DTYPES)),
      arrow: some(undefined),
      timeout: some(undefined, 1, 1000),
      sandbox: some(undefined, true, { kernels: true, maxPasses: 5 }, this.object(0)),
      print: some(undefined, () => {}),
    };
    return Object.fromEntries(Object.entries(options).filter(() => random.below(2) === 0));
  }
}

const isExpected = (error) =>
  error instanceof MiniexprError || error instanceof TypeError || error instanceof RangeError;

/** Runs one call of a public function with random arguments. */
export async function step(random, api) {
  const values = new Values(random);
  const names = ["a", "b", "c"].slice(0, random.below(4));
  const dtypes =
    random.below(4) === 0
      ? values.any()
      : Object.fromEntries(names.map((name) => [name, random.pick(DTYPES)]));
  switch (random.below(14)) {
    case 0:
    case 1:
      return api.evaluateSync(values.text(names), values.inputs(names), values.options());
    case 2:
      return api.evaluate(values.text(names), values.inputs(names), values.options());
    case 3:
    case 4:
    case 5: {
      const f = api.compileSync(values.text(names), dtypes, values.options());
      const result = f(values.inputs(names), values.options());
      if (random.below(2) === 0) {
        f.dispose();
      }
      return result;
    }
    case 6: {
      const f = await api.compile(values.text(names), dtypes, values.options());
      return f.async(values.inputs(names), values.options());
    }
    case 7: {
      const block = api.alloc(random.pick([...DTYPES, values.any()]), random.pick([3, [2, 2], values.any()]));
      if (block.length > 1e6) {
        return block.dispose();
      }
      api.evaluateSync("a + 1", { a: block }, { out: random.below(2) === 0 ? block : values.any() });
      return block.dispose();
    }
    case 8:
      return kernel(random.below(2) === 0 ? values.any() : { raw: ["def f(a):\n", ""] }, values.any());
    case 9: {
      const id = native.store(values.text(names), dtypes, values.options());
      await native.evaluate(
        random.below(2) === 0 ? id : values.any(),
        values.inputs(names),
        values.options(),
      );
      native.info(random.below(2) === 0 ? id : values.any());
      await native.evaluateAsync(id, values.inputs(names), values.options());
      return native.remove(id);
    }
    case 10:
      return memoryStep(random, values);
    case 11: {
      const memory = random.below(2) === 0 ? values.any() : new WebAssembly.Memory({ initial: 1 });
      const engine = random.below(3) === 0 ? values.any() : native.bridgeEngine;
      const imports = createImports(engine, memory, values.options());
      imports.env[random.pick(Object.keys(imports.env))](
        ...Array.from({ length: 4 }, () => values.address()),
      );
      return imports.dispose();
    }
    case 12:
      return poolStep(random, values).catch((error) => {
        const kinds = [ThreadPoolError, SyntaxError, WebAssembly.CompileError, WebAssembly.LinkError];
        throw kinds.some((kind) => error instanceof kind)
          ? new TypeError(error.message, { cause: error })
          : error;
      });
    default:
      return native.remove(values.any()) || api.backend();
  }
}

/** Calls a method of checked access to a memory. */
function memoryStep(random, values) {
  const source = new WebAssembly.Memory({ initial: 1, maximum: 3 });
  const memory = new WasmMemory(random.below(4) === 0 ? values.any() : source);
  const some = (make) => (random.below(4) === 0 ? values.any() : make());
  const [address, dtype] = [some(() => values.address()), some(() => random.pick(DTYPES))];
  const length = some(() => random.pick(LENGTHS));
  switch (random.below(7)) {
    case 0:
      return memory.read(dtype, address, length);
    case 1:
      return memory.view(dtype, address, length);
    case 2:
      return memory.write(
        address,
        some(() => values.array()),
      );
    case 3:
      return memory.bytes(address, length);
    case 4:
      return memory.readString(address, random.below(2) === 0 ? undefined : length);
    case 5:
      return memory.writeString(
        address,
        some(() => random.pick(TEXTS)),
        random.below(2) === 0 ? undefined : length,
      );
    default:
      return memory.terminated(address);
  }
}

/** The pool of the steps; a new one once it has been shut down. */
let pool = null;

/**
 * Calls a method of a pool. Addresses are of memory that `alloc` gave, and functions those that take any argument: the
 * module is C's, and believes what it is told.
 */
async function poolStep(random, values) {
  // Getters of the caller are the caller's: their errors come out as they are.
  const some = (make) => (random.below(4) === 0 ? values.any(0) : make());
  if (random.below(20) === 0) {
    return createStep(random, some);
  }
  pool ??= await ThreadPool.create(random.below(3), { maxMemoryPages: 256 });
  const number = () => some(() => random.pick([0, 1, 8, -1, 2 ** 31, 2 ** 32, 0.5, NaN, 7n]));
  const task = () => some(() => random.pick([0, -1, 2 ** 31, 10 ** 9]));
  switch (random.below(9)) {
    case 0: {
      const address = pool.alloc(some(() => random.pick([...LENGTHS, 2 ** 23, 2 ** 24])));
      pool.getMemoryView("u8")[address] = 1;
      return pool.free(address);
    }
    case 1:
      return pool.getMemoryView(some(() => random.pick(["f64", "u8", "i64", "f16", ...NAMES])));
    case 2:
      return pool.readText(number());
    case 3:
      return pool.dispatch(number(), number(), number(), number(), task());
    case 4:
      return pool.dispatchAsync(number(), number(), number(), number(), task());
    case 5:
      return pool.notify(number(), number());
    case 6: {
      const name = some(() => random.pick(["threadpool_get_futex_addr", "no_function", "memory", ...NAMES]));
      return random.below(2) === 0 ? pool.call(name, values.any(0)) : pool.callAsync(name, values.any(0));
    }
    case 7: {
      if (random.below(30) > 0) {
        return [pool.size, pool.reason, pool.isBroken, pool.instance, pool.memory];
      }
      const ending = pool;
      pool = null;
      await ending.shutdown();
      await ending.shutdown();
      return ending.alloc(8);
    }
    default:
      return evaluateInPool(random, values, some);
  }
}

/** Compiles an expression in the pool, and evaluates it. */
async function evaluateInPool(random, values, some) {
  const names = ["a", "b"].slice(0, random.below(3));
  const dtypes = names.map(() => random.pick(DTYPES));
  const variables = Object.fromEntries(names.map((name, i) => [name, dtypes[i]]));
  const text = some(() => (random.below(3) === 0 ? random.pick(TEXTS) : randomExpression(random, names, 2)));
  const expression = pool.compile(
    text,
    some(() => variables),
    some(() => (random.below(3) === 0 ? { dtype: random.pick(DTYPES) } : undefined)),
  );
  try {
    const length = random.pick([0, 1, 3, 100]);
    const inputs = some(() => dtypes.map((dtype) => some(() => randomArray(random, dtype, length))));
    const output = random.below(3) === 0 ? some(() => values.array()) : undefined;
    return await pool.evaluate(
      some(() => expression),
      inputs,
      output,
    );
  } finally {
    expression.free();
    expression.free();
  }
}

/** Starts a pool with options of every kind, and ends it. */
async function createStep(random, some) {
  const options = {
    stackSize: some(() => random.pick([4096, 1 << 20, ...LENGTHS])),
    initialMemoryPages: some(() => random.pick([1, 40, 256, ...LENGTHS])),
    maxMemoryPages: some(() => random.pick([1, 40, 256, ...LENGTHS])),
    imports: some(() => undefined),
    wasmBytes: some(() => undefined),
    fallback: some(() => true),
  };
  // Text names a module, which is not there.
  const isWanted = (value) => typeof value !== "string" && random.below(3) === 0;
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => isWanted(value)));
  const created = await ThreadPool.create(
    some(() => random.pick([0, 1, 2, -1, 0.5, NaN, "2", 1025])),
    given,
  );
  return created.shutdown();
}

/**
 * Fuzzes for so many seconds.
 *
 * @returns {Promise<{calls: number, refused: number}>}
 */
export async function fuzz(seconds, seed) {
  const end = performance.now() + 1000 * seconds;
  let [calls, refused] = [0, 0];
  while (performance.now() < end) {
    const now = seed + calls++;
    const random = new Random(now);
    const [name, api] = random.pick(backends);
    try {
      await step(random, api);
    } catch (error) {
      refused++;
      if (!isExpected(error)) {
        throw new Error(`seed ${now}, ${name}: ${error?.stack ?? String(error)}`, { cause: error });
      }
    }
  }
  native.list().forEach(({ id }) => native.remove(id));
  await pool?.shutdown();
  pool = null;
  return { calls, refused };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , seconds = "300", seed = String(Date.now() % 2 ** 31)] = process.argv;
  console.log(`seed ${seed}`);
  const { calls, refused } = await fuzz(Number(seconds), Number(seed));
  console.log(`${calls} calls, ${refused} of them refused`);
  process.exit(0);
}
