/*
 * Kernels as template literals.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

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
 * Backslashes stay as they are written. What is inserted is inserted as text.
 *
 * @param {TemplateStringsArray} strings
 * @param {...unknown} values
 * @returns {string}
 */
export function kernel(strings, ...values) {
  const text = String.raw({ raw: strings.raw }, ...values);
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
