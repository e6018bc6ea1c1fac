/*
 * Arrays of strings as the engines have them: code points of four bytes, padded with zeros to one width.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, shown } from "./error.js";

/** Widths are powers of two from here on, so that few programs serve all lengths. */
const LEAST_WIDTH = 4;

/** The width for strings of so many code points. */
export function widthFor(points) {
  let width = LEAST_WIDTH;
  while (width < points) {
    width *= 2;
  }
  return width;
}

/** Copies strings as arrays of code points, which are read once. */
export function readStrings(values, name) {
  const { length } = values;
  const points = [];
  for (let i = 0; i < length; i++) {
    const value = values[i];
    if (typeof value !== "string") {
      throw new MiniexprError("ERR_DTYPE", `${name}[${i}] is ${shown(value)}, not a string`);
    }
    points.push(Array.from(value, (character) => character.codePointAt(0)));
  }
  return points;
}

/** Code points of the longest string. */
export const longest = (points) => points.reduce((most, { length }) => Math.max(most, length), 0);

/** Strings at one width, one after the other. */
export function encode(points, width) {
  const units = new Uint32Array(points.length * width);
  points.forEach((string, i) => units.set(string, i * width));
  return units;
}

/** The strings of `units`, without the zeros at their ends. */
export function decode(units, width) {
  const strings = [];
  for (let start = 0; start + width <= units.length && width > 0; start += width) {
    let end = start + width;
    while (end > start && units[end - 1] === 0) {
      end--;
    }
    let text = "";
    for (let i = start; i < end; i++) {
      text += String.fromCodePoint(units[i]);
    }
    strings.push(text);
  }
  return strings;
}
