/*
 * What is compiled: a text, its variables with their dtypes, and the language.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { DTYPE_NAMES, dtypeNamed } from "./dtypes.js";
import { MiniexprError, reading, shown } from "./error.js";

/** Dialects by the number that they have in C. */
const DIALECTS = ["miniexpr", "numpy", "numexpr"];
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MOST_VARIABLES = 128;

/**
 * @typedef {object} Signature
 * @property {string} text
 * @property {string[]} names
 * @property {import("./dtypes.js").Dtype[]} dtypes Of the variables.
 * @property {import("./dtypes.js").Dtype | null} dtype Of the result, if it is asked for.
 * @property {number} dialect
 * @property {string} key What tells it from others.
 */

/** The dtype that a caller names. */
export function readDtype(name, what) {
  const dtype = typeof name === "string" ? dtypeNamed(name) : undefined;
  if (dtype === undefined || !DTYPE_NAMES.includes(name)) {
    throw new MiniexprError(
      "ERR_DTYPE",
      `${shown(name)} is no dtype of ${what}; they are ${DTYPE_NAMES.join(", ")}`,
    );
  }
  return dtype;
}

function checkText(text) {
  if (typeof text !== "string") {
    throw new MiniexprError("ERR_ARGUMENT", `the expression is ${shown(text)}, not a string`);
  }
  const start = text.indexOf("\0");
  if (start >= 0) {
    throw new MiniexprError("ERR_SYNTAX", "there is a NUL in the text", { text, start, end: start + 1 });
  }
}

function checkNames(names) {
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong !== undefined) {
    throw new MiniexprError("ERR_NAME", `${shown(wrong)} is no name of a variable`);
  }
  if (names.length > MOST_VARIABLES) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `there are ${names.length} variables, more than ${MOST_VARIABLES}`,
    );
  }
}

/** Options of a compilation. */
function readOptions(options) {
  const { dialect = "numpy", dtype } = reading(() => ({ dialect: options?.dialect, dtype: options?.dtype }));
  const number = DIALECTS.indexOf(dialect);
  if (number < 0) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `${shown(dialect)} is no dialect; they are ${DIALECTS.join(", ")}`,
    );
  }
  return { dialect: number, dtype: dtype === undefined ? null : readDtype(dtype, "results") };
}

/** @returns {Signature} */
export function signatureOf(text, names, dtypes, options) {
  checkText(text);
  checkNames(names);
  const { dialect, dtype } = readOptions(options);
  const variables = names.map((name, i) => `${name}:${dtypes[i].name}`);
  const key = `${dialect} ${dtype?.name} ${variables} ${text}`;
  return { text, names, dtypes, dtype, dialect, key };
}

/** The names of an object of the caller, and what they stand for, read once. */
export function readEntries(object, what) {
  if (object === undefined || object === null) {
    return [];
  }
  if (typeof object !== "object") {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `${what} are ${shown(object)}, not an object with a property for each`,
    );
  }
  return reading(() => Object.keys(object).map((name) => [name, object[name]]));
}
