/*
 * The dtypes: their numbers in C, and the typed arrays that hold their items.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError } from "./error.js";

/**
 * @typedef {object} Dtype
 * @property {string} name
 * @property {number} code The value of `me_dtype`.
 * @property {number} itemsize Bytes of an item; of strings, those of a code unit.
 * @property {number} lanes Numbers that make one item: two for complex ones.
 * @property {Function} Array What holds the items.
 * @property {string} tag The name of that class.
 */

const row = (name, code, Array, lanes = 1) => ({
  name,
  code,
  itemsize: Array.BYTES_PER_ELEMENT * lanes,
  lanes,
  Array,
  tag: Array.name,
});

const ROWS = [
  row("bool", 1, Uint8Array),
  row("int8", 2, Int8Array),
  row("int16", 3, Int16Array),
  row("int32", 4, Int32Array),
  row("int64", 5, BigInt64Array),
  row("uint8", 6, Uint8Array),
  row("uint16", 7, Uint16Array),
  row("uint32", 8, Uint32Array),
  row("uint64", 9, BigUint64Array),
  row("float32", 10, Float32Array),
  row("float64", 11, Float64Array),
  row("complex64", 12, Float32Array, 2),
  row("complex128", 13, Float64Array, 2),
  row("string", 14, Uint32Array),
  row("bytes", 15, Uint8Array),
];

const BY_NAME = new Map(ROWS.map((dtype) => [dtype.name, dtype]));
const BY_CODE = new Map(ROWS.map((dtype) => [dtype.code, dtype]));

/** Names of the dtypes that variables and results may have. */
export const DTYPE_NAMES = ROWS.map(({ name }) => name).filter((name) => name !== "bytes");

/** The dtype of a name; undefined if there is none. */
export const dtypeNamed = (name) => BY_NAME.get(name);

/** The dtype of a number of C. */
export const dtypeOfCode = (code) => BY_CODE.get(code);

/** Dtypes by the class of typed arrays whose items have it; a `Float16Array` is converted. */
const BY_TAG = new Map([
  ...ROWS.filter(({ code, lanes }) => code > 1 && code < 14 && lanes === 1).map((dtype) => [
    dtype.tag,
    dtype,
  ]),
  ["Uint8ClampedArray", BY_NAME.get("uint8")],
  ["Float16Array", BY_NAME.get("float32")],
]);

/** The dtype of the items of a typed array of a class. */
export const dtypeOfTag = (tag) => BY_TAG.get(tag);

const TypedArray = Object.getPrototypeOf(Uint8Array);
const getterOf = (prototype, name) => Object.getOwnPropertyDescriptor(prototype, name).get;
const tagGetter = getterOf(TypedArray.prototype, Symbol.toStringTag);
const lengthGetter = getterOf(TypedArray.prototype, "length");
const bufferGetter = getterOf(TypedArray.prototype, "buffer");
const byteOffsetGetter = getterOf(TypedArray.prototype, "byteOffset");

// What an array says of itself may be a lie: these ask the engine of JavaScript, which also knows the arrays of
// other realms, and is not told by proxies.

/** The class of a typed array; undefined for any other value. */
export const tagOf = (value) => tagGetter.call(value);

/** Numbers in a typed array; 0 if its buffer is detached. */
export const lengthOf = (array) => lengthGetter.call(array);

export const bufferOf = (array) => bufferGetter.call(array);

export const byteOffsetOf = (array) => byteOffsetGetter.call(array);

const byteLengthGetter = getterOf(ArrayBuffer.prototype, "byteLength");

/** Whether the memory of a typed array is shared with other threads. */
export function isShared(array) {
  const buffer = bufferOf(array);
  if (buffer instanceof ArrayBuffer) {
    return false;
  }
  try {
    byteLengthGetter.call(buffer);
    return false;
  } catch {
    return true;
  }
}

/** New numbers of a class, all of them zero; an error if there is no memory for so many. */
export function newNumbers(Array, length) {
  try {
    return new Array(length);
  } catch (cause) {
    const message = `there is no memory for ${length * Array.BYTES_PER_ELEMENT} bytes`;
    throw new MiniexprError("ERR_OUT_OF_MEMORY", message, { cause });
  }
}

const { set } = TypedArray.prototype;

/** Copies numbers from one typed array into another, from number `start` on. */
export function setNumbers(target, source, start) {
  set.call(target, source, start);
}

/** A view of some numbers of a typed array, as one of this realm. */
export function numbersBetween(array, Array, low, high) {
  return high > low
    ? new Array(bufferOf(array), byteOffsetOf(array) + low * Array.BYTES_PER_ELEMENT, high - low)
    : new Array(0);
}
