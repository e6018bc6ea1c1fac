/*
 * The engine of the addon for guests of the bridge: see BridgeEngine in js/bridge/index.d.ts. The addon reads and writes
 * the memory of a guest in place, but where threads share it, or where an input shares bytes with the output.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { copyItems } from "../bridge/copy.js";
import { isShared } from "../core/dtypes.js";

/** A copy of a text with a NUL at its end, as C reads it; null for null. */
function terminated(text) {
  if (text === null) {
    return null;
  }
  const copy = new Uint8Array(text.length + 1);
  copy.set(text);
  return copy;
}

/** Whether two arrays of bytes have one in common. */
const overlap = (one, other) =>
  one.buffer === other.buffer &&
  one.byteOffset < other.byteOffset + other.length &&
  other.byteOffset < one.byteOffset + one.length;

/** Bytes that no other thread changes, and that share none with an output: a copy where need be. */
const apart = (bytes, output = null) =>
  bytes && (isShared(bytes) || (output && overlap(bytes, output))) ? bytes.slice() : bytes;

class NativeExpression {
  #expression;

  constructor(expression) {
    this.#expression = expression;
    const { dtype, itemsize, isScalar, inputs } = expression;
    Object.assign(this, { dtype, itemsize, isScalar, inputs });
  }

  get hasKernel() {
    return this.#expression.hasKernel;
  }

  evaluate({ inputs, output, ...evaluation }) {
    const target = apart(output);
    const given = inputs && inputs.map((input) => apart(input, target));
    const outcome = this.#expression.evaluate({ ...evaluation, inputs: given, output: target });
    if (outcome.status === 0 && target !== output) {
      output.set(target);
    }
    return outcome;
  }

  evaluateVarlen({ inputs, offsets, data, ...evaluation }) {
    // In a guest they may lie at any address.
    const aligned = offsets && offsets.slice();
    const target = apart(data);
    const given = inputs && inputs.map((input) => apart(input, target));
    const request = { ...evaluation, inputs: given, offsets: aligned, data: target };
    const outcome = this.#expression.evaluateVarlen(request);
    if (outcome.status === 0) {
      offsets.set(aligned);
      if (target !== data) {
        data.set(target.subarray(0, outcome.used));
      }
    }
    return outcome;
  }

  validItems(chunk, block) {
    return this.#expression.validItems(chunk, block);
  }

  varlenDataBound(items) {
    return this.#expression.varlenDataBound(items);
  }

  resultShape(inputs) {
    return this.#expression.resultShape(inputs.map((array) => ({ ...array, bytes: null, offset: 0 })));
  }

  evaluateArrays(inputs, output, options) {
    const given = inputs.map(({ bytes, ...array }) => ({ ...array, bytes: apart(bytes) }));
    const target = { ...output, bytes: apart(output.bytes) };
    const outcome = this.#expression.evaluateArrays(given, target, options);
    if (outcome.status === 0 && target.bytes !== output.bytes) {
      copyItems(output, this.itemsize, target.bytes);
    }
    return outcome;
  }

  dump(what) {
    return this.#expression.dump(what);
  }

  free() {
    this.#expression.free();
  }
}

/** The engine. */
export class NativeBridgeEngine {
  #addon;
  #builtins = null;

  constructor(addon) {
    this.#addon = addon;
  }

  get version() {
    return this.#addon.version();
  }

  get threads() {
    return this.#addon.threads();
  }

  get builtins() {
    this.#builtins ??= this.#addon.guestBuiltins();
    return this.#builtins;
  }

  isKernel(text) {
    return this.#addon.guestIsKernel(terminated(text));
  }

  sandboxParams() {
    return this.#addon.guestSandboxParams();
  }

  compileForGuest({ text, variables, dtype, params, grid }) {
    const table = variables.map(({ name, dtype, itemsize }) => ({ name: terminated(name), dtype, itemsize }));
    const compiled = this.#addon.guestCompile(terminated(text), table, dtype, params, grid);
    return { ...compiled, expression: compiled.expression && new NativeExpression(compiled.expression) };
  }
}
