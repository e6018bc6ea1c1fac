/*
 * The engine of the addon, as the front of the package takes engines.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { errorOfFailure, ofShapes } from "../core/error.js";
import { dtypeOfCode, newNumbers } from "../core/dtypes.js";

/** Inputs that the addon takes as arguments. */
const FEW_INPUTS = 4;
/** Numbers for the layouts of most calls. */
const FEW_NUMBERS = 64;

/** A compiled text. */
class NativeProgram {
  #addon;
  #program;
  /** Evaluates arrays of one dimension with all of their items, see js/native/src/lines.rs. */
  #lines;
  #text;
  #dtype;
  /** Bytes of the items of each input. */
  #itemsizes;
  /** What the addon reads of a call, see js/native/src/layout.rs. */
  #layouts = new Float64Array(FEW_NUMBERS);

  constructor(addon, program, text, itemsizes) {
    this.#addon = addon;
    this.#program = program;
    this.#lines = program.lines;
    this.#text = text;
    this.#dtype = dtypeOfCode(program.dtype);
    this.dtype = program.dtype;
    this.itemsize = program.itemsize;
    this.used = program.used;
    this.#itemsizes = itemsizes.filter((_, i) => this.used[i]);
  }

  #failed(failure) {
    return errorOfFailure(failure, this.#text);
  }

  resultShape(operands) {
    const layouts = this.#write(1, null, [0], operands);
    const shape = this.#program.resultShape(
      layouts,
      operands.map(({ data }) => data),
    );
    if (!Array.isArray(shape)) {
      throw this.#failed(ofShapes(shape));
    }
    return shape;
  }

  evaluate({ threads, timeout }, output, shape, size, operands) {
    const data = output === null ? this.#allocate(size) : output.data;
    const layout = output === null ? null : output.layout;
    const isPlain = threads === 1 && timeout === 0 && shape.length === 1 && layout === null;
    const failure =
      isPlain && areFewLines(operands)
        ? this.#evaluateLines(data, operands)
        : this.#evaluateLayouts({ threads, timeout }, data, layout, shape, operands);
    if (failure) {
      throw this.#failed(failure);
    }
    return data;
  }

  #evaluateLines(data, operands) {
    const [first, second, third, fourth] = operands;
    return this.#lines(data, first?.data, second?.data, third?.data, fourth?.data);
  }

  #evaluateLayouts({ threads, timeout }, data, layout, shape, operands) {
    const inputs = operands.map(({ data }) => data);
    return this.#program.evaluate(this.#write(threads, layout, shape, operands), timeout, data, inputs);
  }

  start(threads, shape, size, operands) {
    const data = this.#allocate(size);
    const layouts = this.#write(threads, null, shape, operands);
    const control = new this.#addon.Control();
    const output = new Uint8Array(data.buffer);
    const inputs = operands.map(({ data }) => data);
    const finished = this.#program.evaluateAsync(control, layouts, output, inputs);
    return {
      promise: finished.then((failure) => {
        if (failure) {
          throw this.#failed(failure);
        }
        return data;
      }),
      cancel: () => control.cancel(),
      progress: () => [control.done, control.all],
    };
  }

  /** Memory for a result: JavaScript's own, since Electron refuses any other. */
  #allocate(size) {
    const { Array } = this.#dtype;
    return newNumbers(Array, (size * this.itemsize) / Array.BYTES_PER_ELEMENT);
  }

  /** Writes how the output and the inputs lie; `layout` is null for an output side by side. */
  #write(threads, layout, shape, operands) {
    let needed = 3 + 2 * Math.max(shape.length, layout?.shape.length ?? 0);
    for (let i = 0; i < operands.length; i++) {
      needed += 2 + 2 * (operands[i].layout?.shape.length ?? 1);
    }
    if (needed > this.#layouts.length) {
      this.#layouts = new Float64Array(2 * needed);
    }
    const numbers = this.#layouts;
    numbers[0] = threads;
    let at =
      layout === null
        ? writeDense(numbers, 1, shape, this.itemsize)
        : writeLayout(numbers, 1, layout, this.itemsize);
    for (let i = 0; i < operands.length; i++) {
      const { layout, items } = operands[i];
      const itemsize = this.#itemsizes[i];
      at =
        layout === null
          ? writeLine(numbers, at, items, itemsize)
          : writeLayout(numbers, at, layout, itemsize);
    }
    return numbers;
  }

  dispose() {
    this.#program.dispose();
  }
}

/** Whether all inputs have one dimension and all items of their arrays, and are few enough. */
function areFewLines(operands) {
  for (let i = 0; i < operands.length; i++) {
    if (operands[i].layout !== null) {
      return false;
    }
  }
  return operands.length <= FEW_INPUTS;
}

function writeLine(numbers, at, items, itemsize) {
  numbers[at] = 1;
  numbers[at + 1] = 0;
  numbers[at + 2] = items;
  numbers[at + 3] = itemsize;
  return at + 4;
}

function writeDense(numbers, at, shape, itemsize) {
  const ndim = shape.length;
  numbers[at] = ndim;
  numbers[at + 1] = 0;
  let stride = itemsize;
  for (let d = ndim - 1; d >= 0; d--) {
    numbers[at + 2 + d] = shape[d];
    numbers[at + 2 + ndim + d] = stride;
    stride *= Math.max(1, shape[d]);
  }
  return at + 2 + 2 * ndim;
}

function writeLayout(numbers, at, { shape, strides, offset }, itemsize) {
  const ndim = shape.length;
  numbers[at] = ndim;
  numbers[at + 1] = offset * itemsize;
  for (let d = 0; d < ndim; d++) {
    numbers[at + 2 + d] = shape[d];
    numbers[at + 2 + ndim + d] = strides[d] * itemsize;
  }
  return at + 2 + 2 * ndim;
}

/** The engine of an addon. */
export class NativeEngine {
  #addon;

  constructor(addon, reason) {
    this.#addon = addon;
    this.description = Object.freeze({ name: "native", reason, threads: addon.threads() });
  }

  compile({ text, names, dtypes, dtype, dialect, sandbox, print }, itemsizes) {
    const variables = names.map((name, i) => ({ name, dtype: dtypes[i].code, itemsize: itemsizes[i] }));
    // A function of the addon's own kind: it gives nothing.
    const take = print && ((line) => void print(line));
    const program = this.#addon.compile(text, variables, dtype?.code ?? 0, dialect, sandbox, take);
    if (!(program instanceof this.#addon.Program)) {
      throw errorOfFailure(program, text);
    }
    return new NativeProgram(this.#addon, program, text, itemsizes);
  }
}
