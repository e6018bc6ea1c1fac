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
 * @property {Sandbox | null} sandbox
 * @property {((line: string) => void) | undefined} print
 * @property {string} key What tells it from others.
 */

/**
 * What a text from users may do and how large it may be; what is undefined is as the library has it.
 *
 * @typedef {{kernels: boolean, maxNesting?: number, maxTextBytes?: number, maxNodes?: number, maxConstantBytes?: number,
 *   maxPasses?: number}} Sandbox
 */

/** Limits by name, with the largest that they may be. */
const LIMITS = {
  maxNesting: 2 ** 31 - 1,
  maxTextBytes: Number.MAX_SAFE_INTEGER,
  maxNodes: Number.MAX_SAFE_INTEGER,
  maxConstantBytes: Number.MAX_SAFE_INTEGER,
  maxPasses: Number.MAX_SAFE_INTEGER,
};

/** @returns {Sandbox | null} */
function readSandbox(sandbox) {
  if (sandbox === undefined || sandbox === false) {
    return null;
  }
  if (sandbox !== true && (typeof sandbox !== "object" || sandbox === null)) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `sandbox is ${shown(sandbox)}, not true or an object with limits`,
    );
  }
  const names = ["kernels", ...Object.keys(LIMITS)];
  const read = reading(() => Object.fromEntries(names.map((name) => [name, sandbox[name]])));
  if (read.kernels !== undefined && typeof read.kernels !== "boolean") {
    throw new MiniexprError("ERR_ARGUMENT", `sandbox.kernels is ${shown(read.kernels)}, not a boolean`);
  }
  for (const [name, most] of Object.entries(LIMITS)) {
    const limit = read[name];
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 1 || limit > most)) {
      const wanted = `an integer from 1 to ${most}`;
      throw new MiniexprError("ERR_ARGUMENT", `sandbox.${name} is ${shown(limit)}, not ${wanted}`);
    }
  }
  return { ...read, kernels: read.kernels === true };
}

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

/** Numbers of functions that take what is printed, by which programs with them are told apart. */
const printers = new WeakMap();
let lastPrinter = 0;

function readPrint(print) {
  if (print !== undefined && typeof print !== "function") {
    throw new MiniexprError("ERR_ARGUMENT", `print is ${shown(print)}, not a function`);
  }
  if (print !== undefined && !printers.has(print)) {
    printers.set(print, ++lastPrinter);
  }
  return print;
}

/** Options of a compilation. */
function readOptions(options) {
  const given = reading(() => ({
    dialect: options?.dialect,
    dtype: options?.dtype,
    sandbox: options?.sandbox,
    print: options?.print,
  }));
  const { dialect = "numpy", dtype, print } = given;
  const number = DIALECTS.indexOf(dialect);
  if (number < 0) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `${shown(dialect)} is no dialect; they are ${DIALECTS.join(", ")}`,
    );
  }
  return {
    dialect: number,
    dtype: dtype === undefined ? null : readDtype(dtype, "results"),
    sandbox: readSandbox(given.sandbox),
    print: readPrint(print),
  };
}

/** @returns {Signature} */
export function signatureOf(text, names, dtypes, options) {
  checkText(text);
  checkNames(names);
  const { dialect, dtype, sandbox, print } = readOptions(options);
  const variables = names.map((name, i) => `${name}:${dtypes[i].name}`);
  const limits = sandbox === null ? "" : JSON.stringify(sandbox);
  const key = `${dialect} ${dtype?.name} ${limits} ${printers.get(print)} ${variables} ${text}`;
  return { text, names, dtypes, dtype, dialect, sandbox, print, key };
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
