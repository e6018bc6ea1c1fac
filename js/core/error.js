/*
 * The error of every call.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

const BRAND = Symbol.for("miniexpr.MiniexprError");

/**
 * Why a text was refused, or an evaluation failed.
 *
 * | `code` | what |
 * |---|---|
 * | `ERR_SYNTAX` | the text is no expression or kernel; `start` and `end` say where |
 * | `ERR_DTYPE` | a dtype is unknown, does not fit, or has no such operation |
 * | `ERR_REDUCTION` | a reduction where there can be none |
 * | `ERR_SHAPE` | shapes, lengths or strides do not go together |
 * | `ERR_NAME` | an input is missing, or is no variable |
 * | `ERR_ARGUMENT` | any other argument is wrong, or the kernel gave no value |
 * | `ERR_REFUSED` | the text uses what the option `sandbox` forbids |
 * | `ERR_LIMIT` | the text, or the passes of its loops, are more than `sandbox` allows |
 * | `ERR_TIMEOUT` | the time of the option `timeout` is over |
 * | `ERR_DISPOSED` | a function or an array was used after `dispose` |
 * | `ERR_OUT_OF_MEMORY` | there is no memory for it |
 * | `ERR_BACKEND` | the engine is not there or not ready; the message says what to do |
 * | `ABORT_ERR` | the signal stopped the evaluation; `cause` is its reason |
 * | `ERR_INTERNAL` | a bug of the library |
 */
export class MiniexprError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{text?: string, start?: number, end?: number, hint?: string, cause?: unknown}} [details] The compiled
   *   text, the characters of it that are to blame, and what to write instead.
   */
  constructor(code, message, { text, start, end, hint, ...options } = {}) {
    super(message, options);
    this.code = code;
    this.start = start;
    this.end = end;
    this.hint = hint;
    Object.defineProperty(this, "text", { value: text });
  }

  /** The line of `start`, counted from 1. */
  get line() {
    return this.#before?.split("\n").length;
  }

  /** The place of `start` in its line, in characters, counted from 1. */
  get column() {
    const before = this.#before;
    return before === undefined ? undefined : [...before.slice(before.lastIndexOf("\n") + 1)].length + 1;
  }

  /** The text before `start`. */
  get #before() {
    return this.start === undefined ? undefined : this.text?.slice(0, this.start);
  }

  get name() {
    return this.code === "ABORT_ERR" ? "AbortError" : "MiniexprError";
  }

  get [BRAND]() {
    return true;
  }

  /** The ES module and the CommonJS module of the package have a class each. */
  static [Symbol.hasInstance](value) {
    return this === MiniexprError
      ? typeof value === "object" && value !== null && BRAND in value
      : Function.prototype[Symbol.hasInstance].call(this, value);
  }

  /** The message, and below it the line of the text with carets under what is to blame. */
  toString() {
    const head = `${this.name}: ${this.message}`;
    if (this.start === undefined || !this.text) {
      return head;
    }
    const first = this.text.lastIndexOf("\n", this.start - 1) + 1;
    const end = this.text.indexOf("\n", this.start);
    const last = end < 0 ? this.text.length : end;
    const indent = this.text.slice(first, this.start).replace(/[^\t]/gu, " ");
    const blamed = [...this.text.slice(this.start, Math.min(this.end, last))].length;
    return `${head}\n  | ${this.text.slice(first, last)}\n  | ${indent}${"^".repeat(Math.max(1, blamed))}`;
  }
}

/** Bytes of a character as UTF-8. */
function bytesOf(character) {
  const point = character.codePointAt(0);
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/** The place in a string of byte number `offset` of the same text as UTF-8. */
function placeOf(text, offset) {
  let [bytes, place] = [0, 0];
  for (const character of text) {
    if (bytes >= offset) {
      break;
    }
    bytes += bytesOf(character);
    place += character.length;
  }
  return place;
}

/** The error for a failure that an engine reports: places are bytes there. */
export function errorOfFailure({ code, message, start, end, hint }, text) {
  const details = { text, hint: hint ?? undefined };
  if (typeof start !== "number") {
    return new MiniexprError(code, message, details);
  }
  return new MiniexprError(code, message, {
    ...details,
    start: placeOf(text, start),
    end: placeOf(text, end),
  });
}

/** A value as messages show it. */
export function shown(value) {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : "an object";
    case "function":
      return "a function";
    default:
      return String(value);
  }
}

/** Runs what reads values of the caller: whatever their getters throw comes out as an error of the library. */
export function reading(read, what = "the arguments") {
  try {
    return read();
  } catch (error) {
    if (error instanceof MiniexprError || error instanceof RangeError) {
      throw error;
    }
    const message = `${what} cannot be read: ${error?.message ?? shown(error)}`;
    throw new MiniexprError("ERR_ARGUMENT", message, { cause: error });
  }
}

/** The same failure of a call that only looks at shapes, which alone can be wrong there. */
export const ofShapes = (failure) =>
  failure.code === "ERR_ARGUMENT" ? { ...failure, code: "ERR_SHAPE" } : failure;
