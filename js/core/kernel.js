/*
 * Kernels as template literals.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

import { MiniexprError, reading, shown } from "./error.js";

/** What may be inserted: objects have texts of any length. */
const INSERTED = new Set(["string", "number", "bigint", "boolean"]);

/** The parts of a template with the values between them, each read once. */
function joined(strings, values) {
  const raw = strings?.raw;
  if (!Array.isArray(raw) || raw.length !== values.length + 1) {
    throw new MiniexprError("ERR_ARGUMENT", "kernel is for template literals: kernel`def f(a): …`");
  }
  const parts = Array.from({ length: values.length + 1 }, (_, i) => raw[i]);
  const wrong = [...parts, ...values].filter((value) => !INSERTED.has(typeof value));
  if (wrong.length > 0) {
    throw new MiniexprError("ERR_ARGUMENT", `${shown(wrong[0])} cannot be inserted into a kernel`);
  }
  return String.raw({ raw: parts }, ...values);
}

/**
 * The text of a template literal, without the indentation that all of its lines have:
 *
 *     const text = kernel`
 *       def f(a, b):
 *           if a > b:
 *               return a
 *           return b
 *     `;
 *
 * Backslashes stay as they are written. Texts, numbers and booleans may be inserted.
 *
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 * @returns {string}
 */
export function kernel(strings, ...values) {
  const text = reading(() => joined(strings, values), "the template");
  const lines = text.replace(/^[ \t]*\n/, "").split("\n");
  const filled = lines.filter((line) => line.trim() !== "");
  const indents = filled.map((line) => line.match(/^[ \t]*/)[0]);
  const common = indents.reduce((shared, indent) => {
    let length = 0;
    while (length < shared.length && shared[length] === indent[length]) {
      length++;
    }
    return shared.slice(0, length);
  }, indents[0] ?? "");
  return lines
    .map((line) => line.slice(common.length))
    .join("\n")
    .replace(/[ \t\n]*$/, filled.length > 1 ? "\n" : "");
}
