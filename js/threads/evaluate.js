/*
 * Expressions over typed arrays, in a module of the library: what `ThreadPool.compile` and `evaluate` are made of.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Names of the dtypes by their numbers in C, and what typed array holds each. */
const DTYPES = [
  ["auto", null],
  ["bool", Uint8Array],
  ["int8", Int8Array],
  ["int16", Int16Array],
  ["int32", Int32Array],
  ["int64", BigInt64Array],
  ["uint8", Uint8Array],
  ["uint16", Uint16Array],
  ["uint32", Uint32Array],
  ["uint64", BigUint64Array],
  ["float32", Float32Array],
  ["float64", Float64Array],
  ["complex64", Float32Array],
  ["complex128", Float64Array],
];
const COMPLEX = new Set(["complex64", "complex128"]);

/** Bytes of the structs of the C header, whose fields are words. */
const VARIABLE_BYTES = 24;
const ARRAY_BYTES = 24;
const PARAMS_BYTES = 32;
/** As many threads as there are. */
const ALL_THREADS = -1;
const MOST_DIMENSIONS = 32;

function dtypeCode(name) {
  const code = DTYPES.findIndex(([known]) => known === name);
  if (code < 0) {
    throw new TypeError(
      `${JSON.stringify(name)} is no dtype; they are ${DTYPES.map(([name]) => name).join(", ")}`,
    );
  }
  return code;
}

/** Memory of the pool that is given back at the end of a call. */
class Scope {
  #pool;
  #blocks = [];

  constructor(pool) {
    this.#pool = pool;
  }

  alloc(bytes) {
    const address = this.#pool.alloc(Math.max(bytes, 1));
    this.#blocks.push(address);
    return address;
  }

  bytes(bytes) {
    const address = this.alloc(bytes.byteLength);
    const copy = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#pool.getMemoryView("u8").set(copy, address);
    return address;
  }

  text(text) {
    return this.bytes(new TextEncoder().encode(`${text}\0`));
  }

  words(words) {
    return this.bytes(Int32Array.from(words));
  }

  /** In a pool that is broken, the memory is lost with it. */
  release() {
    if (!this.#pool.isBroken) {
      this.#blocks.forEach((address) => this.#pool.free(address));
    }
  }
}

/** An expression that a pool has compiled. */
export class Expression {
  /** The `me_expr *` of the C header; 0 once it is freed. */
  address;
  /** Dtypes of the inputs, in the order in which `evaluate` takes them. */
  inputs;
  #pool;

  constructor(pool, address, inputs) {
    this.#pool = pool;
    this.address = address;
    this.inputs = inputs;
  }

  /** Dtype of the result. */
  get dtype() {
    return DTYPES[this.#pool.call("me_get_dtype", this.address)]?.[0];
  }

  /** Gives the memory back, in all threads; again is harmless. No evaluation may be running. */
  free() {
    if (this.address !== 0) {
      this.#pool.call("me_free", this.address);
      this.address = 0;
    }
  }
}

/** See `ThreadPool.compile`. */
export function compile(pool, text, variables, { dtype = "auto" } = {}) {
  const scope = new Scope(pool);
  try {
    const entries = Object.entries(variables);
    const words = entries.flatMap(([name, type]) => [scope.text(name), dtypeCode(type), 0, 0, 0, 0]);
    const table = scope.words(words.length > 0 ? words : Array(VARIABLE_BYTES / 4).fill(0));
    const out = scope.alloc(4);
    const count = entries.length;
    const status = pool.call("me_compile", scope.text(text), table, count, dtypeCode(dtype), 0, out);
    if (status !== 0) {
      throw new SyntaxError(pool.readText(pool.call("me_get_last_error_message")));
    }
    const address = pool.getMemoryView("u32")[out / 4];
    return new Expression(
      pool,
      address,
      entries.map(([, type]) => type),
    );
  } finally {
    scope.release();
  }
}

/** The words of a `me_array` of one dimension, or of none. */
function arrayWords(scope, data, dtype, length) {
  const shape = length === null ? 0 : scope.bytes(BigInt64Array.of(BigInt(length)));
  return [data, dtypeCode(dtype), 0, length === null ? 0 : 1, shape, 0];
}

const itemsOf = (array, dtype) => (COMPLEX.has(dtype) ? array.length / 2 : array.length);

function checkArray(array, dtype, what) {
  const [, Type] = DTYPES[dtypeCode(dtype)];
  if (!(array instanceof Type) && !(dtype === "uint8" && array instanceof Uint8ClampedArray)) {
    throw new TypeError(`${what} must be a ${Type.name} for ${dtype}`);
  }
}

/** See `ThreadPool.evaluate`. `call` makes a call in a thread that may wait. */
export async function evaluate(pool, call, expression, arrays, output) {
  if (!(expression instanceof Expression) || expression.address === 0) {
    throw new TypeError("the expression is none, or has been freed");
  }
  const { inputs, address, dtype } = expression;
  if (arrays.length !== inputs.length) {
    throw new TypeError(`${arrays.length} arrays are given for ${inputs.length} variables`);
  }
  arrays.forEach((array, i) => checkArray(array, inputs[i], `array ${i}`));
  const scope = new Scope(pool);
  const fail = async () => {
    const message = pool.readText(Number(await call("me_get_last_error_message")));
    throw new RangeError(message ?? "the evaluation failed");
  };
  try {
    const words = arrays.flatMap((array, i) =>
      arrayWords(scope, scope.bytes(array), inputs[i], itemsOf(array, inputs[i])),
    );
    const table = scope.words(words.length > 0 ? words : Array(ARRAY_BYTES / 4).fill(0));
    const [ndim, shape] = [scope.alloc(4), scope.alloc(8 * MOST_DIMENSIONS)];
    if ((await call("me_result_shape", address, table, arrays.length, ndim, shape)) !== 0) {
      await fail();
    }
    const isScalar = pool.getMemoryView("i32")[ndim / 4] === 0;
    const length = isScalar ? 1 : Number(pool.getMemoryView("i64")[shape / 8]);
    const [, Type] = DTYPES[dtypeCode(dtype)];
    const result = output ?? new Type(COMPLEX.has(dtype) ? 2 * length : length);
    checkArray(result, dtype, "the output");
    if (itemsOf(result, dtype) !== length) {
      throw new RangeError(`the output has ${itemsOf(result, dtype)} items instead of ${length}`);
    }
    const data = scope.alloc(result.byteLength);
    const target = scope.words(arrayWords(scope, data, dtype, isScalar ? null : length));
    const params = scope.words([PARAMS_BYTES, 0, 0, 0, ALL_THREADS, 0, 0, 0]);
    if ((await call("me_eval_arrays", address, table, arrays.length, target, params)) !== 0) {
      await fail();
    }
    const bytes = pool.getMemoryView("u8").subarray(data, data + result.byteLength);
    new Uint8Array(result.buffer, result.byteOffset, result.byteLength).set(bytes);
    return result;
  } finally {
    scope.release();
  }
}
