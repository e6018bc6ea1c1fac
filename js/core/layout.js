/*
 * How the items of an array lie. Everything is counted in items.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { setNumbers } from "./dtypes.js";
import { MiniexprError } from "./error.js";

const MOST_DIMENSIONS = 32;

/**
 * @typedef {object} Layout
 * @property {number[]} shape Extents, the outermost first.
 * @property {number[]} strides Distances from one item to the next.
 * @property {number} offset The item whose indices are all zero.
 * @property {number} size Items that it has.
 * @property {boolean} isDense Whether they lie side by side in C order.
 */

/** The strides of items side by side in C order. */
export function denseStrides(shape) {
  const strides = new Array(shape.length);
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride;
    stride *= Math.max(1, shape[d]);
  }
  return strides;
}

/** Items of a shape. */
export function sizeOf(shape, name) {
  const size = shape.reduce((items, extent) => items * extent, 1);
  if (!Number.isSafeInteger(size)) {
    throw new MiniexprError("ERR_SHAPE", `${name} of shape ${shapeText(shape)} has too many items`);
  }
  return size;
}

/** A shape as Python writes it. */
export const shapeText = (shape) => `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;

/** Copies numbers of the caller, which are read once. */
function integers(values, what, least) {
  if (values === null || typeof values !== "object") {
    throw new MiniexprError("ERR_SHAPE", `${what} must be an array of integers`);
  }
  const { length } = values;
  if (!Number.isInteger(length) || length < 0 || length > MOST_DIMENSIONS) {
    throw new MiniexprError("ERR_SHAPE", `${what} has more than ${MOST_DIMENSIONS} numbers, or none at all`);
  }
  return Array.from({ length }, (_, d) => {
    const value = values[d];
    const number = typeof value === "bigint" ? Number(value) : value;
    if (!Number.isSafeInteger(number) || number < least) {
      throw new MiniexprError("ERR_SHAPE", `${what} must hold integers${least === 0 ? " from 0 on" : ""}`);
    }
    return number;
  });
}

/** Copies the shape that a caller gives. */
export const readShape = (shape, name) => integers(shape, `the shape of ${name}`, 0);

/**
 * The layout that a caller gives.
 *
 * @returns {Layout}
 */
export function readLayout(shape, strides, offset, name) {
  const extents = readShape(shape, name);
  const size = sizeOf(extents, name);
  const distances =
    strides === undefined || strides === null
      ? denseStrides(extents)
      : integers(strides, `the strides of ${name}`, -Infinity);
  if (distances.length !== extents.length) {
    const counts = `${extents.length} extents and ${distances.length} strides`;
    throw new MiniexprError("ERR_SHAPE", `${name} has ${counts}`);
  }
  const first = offset ?? 0;
  if (!Number.isSafeInteger(first) || first < 0) {
    throw new MiniexprError("ERR_SHAPE", `the offset of ${name} must be an integer from 0 on`);
  }
  // Strides that lead nowhere may be any numbers.
  const dense = denseStrides(extents);
  const useful = distances.map((stride, d) => (size > 0 && extents[d] > 1 ? stride : dense[d]));
  return {
    shape: extents,
    strides: useful,
    offset: size > 0 ? first : 0,
    size,
    isDense: isDense(extents, useful),
  };
}

/** The layout of items side by side. */
export function denseLayout(shape, name = "the array") {
  return { shape, strides: denseStrides(shape), offset: 0, size: sizeOf(shape, name), isDense: true };
}

function isDense(shape, strides) {
  let stride = 1;
  for (let d = shape.length - 1; d >= 0; d--) {
    if (shape[d] !== 1 && strides[d] !== stride) {
      return false;
    }
    stride *= shape[d];
  }
  return true;
}

/** The first item of a layout and the one after its last; none if it is empty. */
export function rangeOf({ shape, strides, offset, size }) {
  if (size === 0) {
    return [0, 0];
  }
  let [low, high] = [offset, offset];
  shape.forEach((extent, d) => {
    const reach = (extent - 1) * strides[d];
    low += Math.min(reach, 0);
    high += Math.max(reach, 0);
  });
  return [low, high + 1];
}

/** Refuses a layout that leads to an item which is not there. */
export function checkRange(layout, items, name) {
  const [low, end] = rangeOf(layout);
  if (!(low >= 0 && end <= items)) {
    const where = `shape ${shapeText(layout.shape)}, strides (${layout.strides}) and offset ${layout.offset}`;
    throw new MiniexprError("ERR_SHAPE", `${name} of ${where} reaches beyond its ${items} items`);
  }
}

/** Refuses strides by which two indices may lead to one item. */
export function checkDistinct({ shape, strides, size, isDense }, name) {
  if (isDense || size === 0) {
    return;
  }
  const dimensions = shape
    .map((extent, d) => ({ extent, stride: Math.abs(strides[d]) }))
    .filter(({ extent }) => extent > 1)
    .sort((one, other) => one.stride - other.stride);
  let reach = 0;
  for (const { extent, stride } of dimensions) {
    if (stride <= reach) {
      throw new MiniexprError("ERR_SHAPE", `the strides (${strides}) of ${name} lead to some items twice`);
    }
    reach += (extent - 1) * stride;
  }
}

/** Calls `visit` with the place of each item, in C order. */
export function forEachPlace({ shape, strides, offset, size }, visit) {
  const indices = shape.map(() => 0);
  let place = offset;
  for (let item = 0; item < size; item++) {
    visit(place, item);
    for (let d = shape.length - 1; d >= 0; d--) {
      place += strides[d];
      if (++indices[d] < shape[d]) {
        break;
      }
      place -= strides[d] * shape[d];
      indices[d] = 0;
    }
  }
}

/** Copies items that lie side by side, of so many numbers each, to where a layout has them. */
export function scatter(source, target, layout, lanes) {
  if (layout.isDense) {
    setNumbers(target, source, layout.offset * lanes);
    return;
  }
  forEachPlace(layout, (place, item) => {
    for (let lane = 0; lane < lanes; lane++) {
      target[place * lanes + lane] = source[item * lanes + lane];
    }
  });
}
