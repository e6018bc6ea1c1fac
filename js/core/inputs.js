/*
 * From what a caller gives as an array to an operand.
 *
 * Reading a value may run code of the caller (getters, proxies), which may detach or resize what was read before. So
 * all inputs are captured first, and only then measured, when no such code runs any more.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { isArrowVector, readArrow } from "./arrow.js";
import { EngineArray } from "./arrays.js";
import { dtypeNamed, dtypeOfTag, isShared, lengthOf, tagOf } from "./dtypes.js";
import { MiniexprError, shown } from "./error.js";
import { dtypeOfValue, lanesOf, readValues } from "./items.js";
import { checkRange, denseLayout, readLayout } from "./layout.js";
import { readStrings } from "./strings.js";

/**
 * @typedef {object} Operand
 * @property {import("./dtypes.js").Dtype} dtype
 * @property {Function} data A typed array with the numbers; null for strings.
 * @property {import("./layout.js").Layout | null} layout null: all items, in one dimension.
 * @property {number | null} address Where the items lie in the engine's memory, if they do.
 * @property {boolean} isCopy Whether the items are not the caller's own any more.
 * @property {boolean} isShared Whether other threads may change them.
 * @property {number[][]} [points] Strings, as code points.
 * @property {object} [arrow] The column of Apache Arrow that it is.
 */

const operand = (dtype, data, layout = null, more = {}) => ({
  dtype,
  data,
  layout,
  address: null,
  isCopy: false,
  isShared: false,
  ...more,
});

/** What views of other libraries call dtypes that are ours, or that say nothing. */
const OTHER_NAMES = new Map([
  ["uint8c", "uint8"],
  ["uint8_clamped", "uint8"],
  ["buffer", "uint8"],
  ["array", undefined],
  ["generic", undefined],
  ["float16", "float32"],
]);

function dtypeOfView(given, name) {
  if (given === undefined || given === null) {
    return undefined;
  }
  const text = typeof given === "string" ? given : shown(given);
  const known = OTHER_NAMES.has(text) ? OTHER_NAMES.get(text) : text;
  const dtype = known === undefined ? undefined : dtypeNamed(known);
  if (dtype === undefined && known !== undefined) {
    throw new MiniexprError("ERR_DTYPE", `${name} has the unknown dtype ${shown(text)}`);
  }
  return dtype;
}

/** The dtype of `data`, which is a typed array, if it can be `wanted`. */
function fitting(tag, wanted, name) {
  const own = dtypeOfTag(tag);
  if (own === undefined) {
    throw new MiniexprError("ERR_DTYPE", `${name} is a ${tag}, which is no array of numbers`);
  }
  if (wanted === undefined || wanted.code === own.code) {
    return own;
  }
  if (wanted.tag !== own.tag || wanted.code > 13) {
    throw new MiniexprError("ERR_DTYPE", `${name} is ${wanted.name}, not ${own.name}`);
  }
  return wanted;
}

function ofTypedArray(data, tag, wanted, layout, name) {
  const dtype = fitting(tag, wanted, name);
  // Half precision is widened, without a loss.
  const isCopy = tag === "Float16Array";
  return operand(dtype, isCopy ? new Float32Array(data) : data, layout, { isCopy });
}

function ofArray(values, wanted, layout, name) {
  const dtype = wanted ?? (values.length > 0 ? dtypeOfValue(values[0]) : undefined);
  if (dtype === undefined) {
    const what = values.length > 0 ? `begins with ${shown(values[0])}` : "is empty, so that it has no dtype";
    throw new MiniexprError("ERR_DTYPE", `${name} ${what}`);
  }
  if (dtype.code < 14) {
    return operand(dtype, readValues(values, dtype, name), layout, { isCopy: true });
  }
  return operand(dtype, null, layout, { isCopy: true, points: readStrings(values, name) });
}

const BYTE_CLASSES = { 1: "bool", 8: "complex64", 16: "complex128" };

/** An array of another library that has its items in a buffer: complex numbers, or bools. */
function ofForeignArray(data, wanted, layout, name) {
  const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT: itemsize, length } = data;
  if (typeof data.chars === "number" && typeof data[Symbol.iterator] === "function") {
    return ofArray(Array.from(data), dtypeNamed("string"), layout, name);
  }
  const dtype = wanted ?? dtypeNamed(BYTE_CLASSES[itemsize]);
  const bytes = byteLength ?? length * itemsize;
  if (dtype === undefined || itemsize !== dtype.itemsize || !Number.isSafeInteger(bytes)) {
    throw new MiniexprError("ERR_DTYPE", `${name} is no array whose items are known`);
  }
  return operand(dtype, new dtype.Array(buffer, byteOffset, (bytes / itemsize) * dtype.lanes), layout);
}

/** The items of a view, or an array of another library. */
function ofData(data, wanted, layout, name) {
  const tag = tagOf(data);
  if (tag !== undefined) {
    return ofTypedArray(data, tag, wanted, layout, name);
  }
  if (Array.isArray(data)) {
    return ofArray(data, wanted, layout, name);
  }
  if (typeof data === "object" && data !== null && typeof data.BYTES_PER_ELEMENT === "number") {
    return ofForeignArray(data, wanted, layout, name);
  }
  throw new MiniexprError("ERR_ARGUMENT", `the data of ${name} is ${shown(data)}, not a typed array`);
}

/** `{ data, shape, strides or stride, offset, dtype }`, all but the data optional. */
function ofView(view, wanted, name) {
  const { data, shape, offset } = view;
  const strides = view.strides ?? view.stride;
  const own = dtypeOfView(view.dtype, name);
  if (own !== undefined && wanted !== undefined && own.code !== wanted.code) {
    throw new MiniexprError("ERR_DTYPE", `${name} is ${wanted.name}, not ${own.name}`);
  }
  const isLine = shape === undefined && strides === undefined && offset === undefined;
  if (!isLine && shape === undefined) {
    throw new MiniexprError("ERR_SHAPE", `${name} has strides or an offset, but no shape`);
  }
  const layout = isLine ? null : readLayout(shape, strides, offset, name);
  return ofData(data, own ?? wanted, layout, name);
}

function ofScalar(value, wanted, name) {
  const dtype = wanted ?? dtypeOfValue(value);
  if (dtype.code < 14) {
    const items = dtype.Array.from(lanesOf(value, dtype, name));
    return operand(dtype, items, denseLayout([]), { isCopy: true });
  }
  return operand(dtype, null, denseLayout([]), { isCopy: true, points: readStrings([value], name) });
}

/**
 * Reads what a caller gives for a variable. Runs code of the caller.
 *
 * @param {unknown} value
 * @param {import("./dtypes.js").Dtype | undefined} wanted The declared dtype; undefined to take that of the value.
 * @param {string} name As messages call it.
 * @returns {Operand}
 */
export function capture(value, wanted, name, engine) {
  const tag = tagOf(value);
  if (tag !== undefined) {
    return ofTypedArray(value, tag, wanted, null, name);
  }
  if (value === undefined) {
    throw new MiniexprError("ERR_NAME", `${name} is missing`);
  }
  if (Array.isArray(value)) {
    return ofArray(value, wanted, null, name);
  }
  if (value === null || typeof value === "function" || typeof value === "symbol") {
    throw new MiniexprError("ERR_ARGUMENT", `${name} is ${shown(value)}, not an array or a number`);
  }
  if (typeof value !== "object") {
    return ofScalar(value, wanted, name);
  }
  const own = EngineArray.partsOf(value, engine);
  if (own !== null) {
    const dtype = fitting(own.dtype.tag, wanted ?? own.dtype, name);
    return operand(dtype, own.data, own.layout, { address: own.address });
  }
  if (isArrowVector(value)) {
    const column = readArrow(value, name);
    const { dtype, data, points } = column;
    if (wanted !== undefined && wanted.code !== dtype.code) {
      throw new MiniexprError("ERR_DTYPE", `${name} is ${wanted.name}, not ${dtype.name}`);
    }
    return operand(dtype, data, null, { isCopy: true, arrow: column, points });
  }
  if (typeof value.BYTES_PER_ELEMENT === "number" && value.shape === undefined) {
    return ofForeignArray(value, wanted, null, name);
  }
  if (dtypeOfValue(value) !== undefined) {
    return ofScalar(value, wanted, name);
  }
  return ofView(value, wanted, name);
}

/**
 * The operand that a typed array is, or an array of the engine, if it has one dimension and this dtype, and nobody else
 * may change it; null for any other value. Runs no code of the caller.
 *
 * @returns {Operand | null}
 */
export function plainOperand(value, dtype, engine) {
  if (tagOf(value) !== dtype.tag) {
    return typeof value === "object" && value !== null ? EngineArray.plainOf(value, dtype, engine) : null;
  }
  const items = lengthOf(value) / dtype.lanes;
  return Number.isInteger(items) && !isShared(value)
    ? { data: value, items, layout: null, address: null }
    : null;
}

/** Numbers of an operand that are there now. */
const numbersOf = ({ data, points }) => (points ? points.length : lengthOf(data));

/** Checks a captured operand, when no code of the caller runs any more, and gives it a layout. */
export function measure(operand, name) {
  const { dtype, layout, address } = operand;
  const numbers = numbersOf(operand);
  if (numbers % dtype.lanes !== 0) {
    throw new MiniexprError("ERR_SHAPE", `${name} has half a number at its end: ${dtype.name} takes pairs`);
  }
  const items = numbers / dtype.lanes;
  if (layout === null) {
    operand.layout = denseLayout([items]);
  } else if (address === null) {
    checkRange(layout, items, name);
  }
  operand.isShared = operand.data !== null && address === null && isShared(operand.data);
}

/** A copy of an input that other threads may change at any time. */
export function unshare(operand) {
  if (operand.isShared) {
    operand.data = new operand.dtype.Array(operand.data);
    operand.isShared = false;
  }
}

/** Reads where a caller wants the result. Runs code of the caller. */
export function captureOutput(value, dtype, engine) {
  const output = capture(value, dtype, "the output", engine);
  if (output.isCopy) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `the output is ${shown(value)}, not a typed array or a view of one`,
    );
  }
  return output;
}
