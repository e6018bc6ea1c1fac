/*
 * Columns of Apache Arrow, without the package: what a column needs is reached from the columns that come in.
 *
 * A row that is null in any column is null in the result, and does not exist for reductions.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { dtypeNamed, dtypeOfTag, tagOf } from "./dtypes.js";
import { MiniexprError } from "./error.js";
import { readStrings } from "./strings.js";

/** Numbers of types in the format. */
const TYPE = { DICTIONARY: -1, INT: 2, FLOAT: 3, UTF8: 5, BOOL: 6, LARGE_UTF8: 20 };
/** Buffers of a chunk. */
const BUFFER = { OFFSETS: 0, DATA: 1, VALIDITY: 2 };
const PRECISIONS = { float32: 1, float64: 2 };

/** @typedef {{dtype: object, data: object | null, points?: number[][], valid: Uint8Array | null, vector: object}} Column */

export const isArrowVector = (value) =>
  typeof value.type?.typeId === "number" && Array.isArray(value.data) && typeof value.length === "number";

function dtypeOfType(type, name) {
  switch (type.typeId) {
    case TYPE.INT:
      return dtypeNamed(`${type.isSigned ? "int" : "uint"}${type.bitWidth}`);
    case TYPE.FLOAT:
      return dtypeNamed(type.precision === PRECISIONS.float64 ? "float64" : "float32");
    case TYPE.BOOL:
      return dtypeNamed("bool");
    case TYPE.UTF8:
    case TYPE.LARGE_UTF8:
      return dtypeNamed("string");
    case TYPE.DICTIONARY:
      return dtypeOfType(type.dictionary, name);
    default:
      throw new MiniexprError("ERR_DTYPE", `${name} is a column of ${type}, which no dtype stands for`);
  }
}

/** The value of a number of half precision. */
function ofHalf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) {
    return fraction === 0 ? sign * Infinity : NaN;
  }
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

const bitAt = (bytes, index) => (bytes[index >> 3] >> (index & 7)) & 1;

/** Copies the numbers of one chunk to `items`, from `start` on. */
function copyChunk({ type, values, offset, length }, items, start) {
  if (type.typeId === TYPE.BOOL) {
    for (let i = 0; i < length; i++) {
      items[start + i] = bitAt(values, offset + i);
    }
  } else if (tagOf(values) === "Uint16Array" && type.typeId === TYPE.FLOAT) {
    for (let i = 0; i < length; i++) {
      items[start + i] = ofHalf(values[i]);
    }
  } else if (dtypeOfTag(tagOf(values))?.tag === tagOf(items)) {
    items.set(values.subarray(0, length), start);
  } else {
    throw new MiniexprError("ERR_ARGUMENT", "a chunk of the column has values of another type");
  }
}

/** The rows that have a value: a byte for each; null if all have. */
function validity(vector) {
  if (vector.data.every(({ nullCount }) => nullCount === 0)) {
    return null;
  }
  const valid = new Uint8Array(vector.length).fill(1);
  let start = 0;
  for (const { nullCount, nullBitmap, offset, length } of vector.data) {
    for (let i = 0; nullCount !== 0 && i < length; i++) {
      valid[start + i] = bitAt(nullBitmap, offset + i);
    }
    start += length;
  }
  return valid;
}

/**
 * The items of a column, its chunks joined.
 *
 * @returns {Column}
 */
export function readArrow(vector, name) {
  const dtype = dtypeOfType(vector.type, name);
  if (dtype.name === "string" || vector.type.typeId === TYPE.DICTIONARY) {
    const values = Array.from({ length: vector.length }, (_, row) => vector.get(row));
    const valid = values.some((value) => value === null)
      ? Uint8Array.from(values, (value) => Number(value !== null))
      : null;
    if (dtype.name === "string") {
      const points = readStrings(
        values.map((value) => value ?? ""),
        name,
      );
      return { dtype, data: null, points, valid, vector };
    }
    const zero = dtype.tag.startsWith("Big") ? 0n : 0;
    return { dtype, data: dtype.Array.from(values, (value) => value ?? zero), valid, vector };
  }
  const items = new dtype.Array(vector.length);
  let start = 0;
  for (const chunk of vector.data) {
    copyChunk(chunk, items, start);
    start += chunk.length;
  }
  return { dtype, data: items, valid: validity(vector), vector };
}

/** Rows with a value in all columns, as places; null if all have. */
export function filledRows(columns) {
  const masks = columns.map(({ valid }) => valid).filter((valid) => valid !== null);
  if (masks.length === 0) {
    return null;
  }
  const rows = [];
  for (let row = 0; row < masks[0].length; row++) {
    if (masks.every((valid) => valid[row] === 1)) {
      rows.push(row);
    }
  }
  return rows;
}

/** An operand with some of its rows only. */
export function withRows(operand, rows) {
  const { data, points, dtype } = operand;
  if (points) {
    return { ...operand, points: rows.map((row) => points[row]) };
  }
  const items = new dtype.Array(rows.length);
  rows.forEach((row, i) => (items[i] = data[row]));
  return { ...operand, data: items };
}

/** The class from which all types come. */
function rootOf(type) {
  let prototype = Object.getPrototypeOf(type);
  while (Object.getPrototypeOf(prototype) !== Object.prototype) {
    prototype = Object.getPrototypeOf(prototype);
  }
  return prototype;
}

/** What tells types of one dtype from others. */
function fieldsOf(dtype) {
  switch (dtype.name) {
    case "bool":
      return { typeId: TYPE.BOOL };
    case "string":
      return { typeId: TYPE.UTF8 };
    case "float32":
    case "float64":
      return { typeId: TYPE.FLOAT, precision: PRECISIONS[dtype.name] };
    default:
      return { typeId: TYPE.INT, isSigned: dtype.name.startsWith("int"), bitWidth: 8 * dtype.itemsize };
  }
}

const CLASS_NAMES = {
  bool: "Bool",
  string: "Utf8",
  uint8: "Uint8",
  uint16: "Uint16",
  uint32: "Uint32",
  uint64: "Uint64",
};

/** The name of a type in the package of Apache Arrow. */
const classNameOf = ({ name }) => CLASS_NAMES[name] ?? name[0].toUpperCase() + name.slice(1);

/**
 * The type of a result: one of the inputs', else one that their classes can make; `arrow`, the package, has all of them.
 */
function typeFor(dtype, vectors, arrow) {
  const className = classNameOf(dtype);
  if (arrow) {
    return new arrow[className]();
  }
  const fields = Object.entries(fieldsOf(dtype));
  const types = vectors.map(({ type }) => type);
  const equal = types.find((type) => fields.every(([name, value]) => type[name] === value));
  if (equal) {
    return equal;
  }
  const describe = { ...fieldsOf(dtype), ArrayType: dtype.Array, toString: () => className };
  const properties = Object.entries(describe).map(([name, value]) => [name, { value, enumerable: true }]);
  return Object.create(rootOf(types[0]), Object.fromEntries(properties));
}

/** A bit for each row that has a value. */
function bitmap(length, rows) {
  const bits = new Uint8Array(Math.ceil(length / 8));
  rows.forEach((row) => (bits[row >> 3] |= 1 << (row & 7)));
  return bits;
}

/** The buffers of strings: where they begin and end, and their bytes. */
function stringBuffers(strings) {
  const encoder = new TextEncoder();
  const parts = strings.map((string) => encoder.encode(string));
  const offsets = new Int32Array(parts.length + 1);
  parts.forEach((part, i) => (offsets[i + 1] = offsets[i] + part.length));
  const bytes = new Uint8Array(offsets[parts.length]);
  parts.forEach((part, i) => bytes.set(part, offsets[i]));
  return { [BUFFER.OFFSETS]: offsets, [BUFFER.DATA]: bytes };
}

/**
 * A result as a column.
 *
 * @param {object | string[]} items A value for each row of `rows`, or for each row.
 * @param {number[] | null} rows The rows that have one; null for all.
 * @param {number} length Rows of the column.
 */
export function toArrow(items, dtype, rows, length, vectors, arrow) {
  if (dtype.lanes === 2) {
    throw new MiniexprError("ERR_DTYPE", `the result is ${dtype.name}, of which there are no Arrow columns`);
  }
  const places = rows ?? Array.from({ length }, (_, row) => row);
  const buffers = {};
  if (dtype.name === "string") {
    const strings = new Array(length).fill("");
    places.forEach((row, i) => (strings[row] = items[i]));
    Object.assign(buffers, stringBuffers(strings));
  } else if (dtype.name === "bool") {
    buffers[BUFFER.DATA] = bitmap(
      length,
      places.filter((_, i) => items[i] !== 0),
    );
  } else {
    const values = rows === null ? items : new dtype.Array(length);
    rows?.forEach((row, i) => (values[row] = items[i]));
    buffers[BUFFER.DATA] = values;
  }
  const nulls = length - places.length;
  if (nulls > 0) {
    buffers[BUFFER.VALIDITY] = bitmap(length, places);
  }
  const Vector = vectors[0].constructor;
  const Data = arrow?.Data ?? vectors[0].data[0].constructor;
  return new Vector([new Data(typeFor(dtype, vectors, arrow), 0, length, nulls, buffers)]);
}
