/*
 * Single values as items of a dtype, and items as values of JavaScript.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { dtypeNamed } from "./dtypes.js";
import { MiniexprError, shown } from "./error.js";
import { decode } from "./strings.js";

const refuse = (name, dtype, value) => {
  throw new MiniexprError("ERR_DTYPE", `${name} is ${dtype.name}, which ${shown(value)} is not`);
};

/** The dtype of a single value: of numbers float64, of bigints int64, of booleans bool. Undefined for others. */
export function dtypeOfValue(value) {
  switch (typeof value) {
    case "number":
      return dtypeNamed("float64");
    case "bigint":
      return dtypeNamed("int64");
    case "boolean":
      return dtypeNamed("bool");
    case "string":
      return dtypeNamed("string");
    default:
      return isComplex(value) ? dtypeNamed("complex128") : undefined;
  }
}

const isComplex = (value) =>
  typeof value === "object" && value !== null && typeof value.re === "number" && typeof value.im === "number";

function integer(value, dtype, name) {
  const isWhole = typeof value === "bigint" || Number.isSafeInteger(value);
  const exact = isWhole
    ? BigInt(value)
    : typeof value === "boolean"
      ? BigInt(value)
      : refuse(name, dtype, value);
  const bits = 8 * dtype.itemsize;
  const kept = dtype.name.startsWith("u") ? BigInt.asUintN(bits, exact) : BigInt.asIntN(bits, exact);
  if (kept !== exact) {
    throw new MiniexprError("ERR_DTYPE", `${name} is ${dtype.name}, which cannot hold ${exact}`);
  }
  return dtype.itemsize === 8 ? exact : Number(exact);
}

/** The numbers that a value is as an item of a dtype; an error if it is none. */
export function lanesOf(value, dtype, name) {
  if (dtype.name === "bool") {
    return typeof value === "boolean" || value === 0 || value === 1
      ? [Number(value)]
      : refuse(name, dtype, value);
  }
  if (dtype.lanes === 2 && isComplex(value)) {
    return [value.re, value.im];
  }
  if (dtype.name.startsWith("int") || dtype.name.startsWith("uint")) {
    return [integer(value, dtype, name)];
  }
  const isReal = typeof value === "number" || typeof value === "bigint" || typeof value === "boolean";
  const number = isReal ? Number(value) : refuse(name, dtype, value);
  return dtype.lanes === 2 ? [number, 0] : [number];
}

/** Items of a dtype from an array of values, which are read once. */
export function readValues(values, dtype, name) {
  const { length } = values;
  const items = new dtype.Array(length * dtype.lanes);
  for (let i = 0; i < length; i++) {
    const lanes = lanesOf(values[i], dtype, `${name}[${i}]`);
    items.set(lanes, i * dtype.lanes);
  }
  return items;
}

/** The single item of a result, as a value. */
export function valueOf(items, dtype, itemsize) {
  switch (dtype.name) {
    case "bool":
      return items[0] !== 0;
    case "complex64":
    case "complex128":
      return { re: items[0], im: items[1] };
    case "string":
    case "bytes":
      return decode(items, itemsize / dtype.itemsize)[0];
    default:
      return items[0];
  }
}
