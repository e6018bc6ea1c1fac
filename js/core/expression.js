/*
 * Compiled functions: from what a caller passes to a call of the engine, and back.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { filledRows, toArrow, withRows } from "./arrow.js";
import { dtypeOfCode } from "./dtypes.js";
import { MiniexprError, reading, shown } from "./error.js";
import { capture, captureOutput, measure, plainOperand, unshare } from "./inputs.js";
import { valueOf } from "./items.js";
import { watch } from "./job.js";
import { checkDistinct, denseLayout, denseStrides, scatter, shapeText, sizeOf } from "./layout.js";
import { NO_OPTIONS, checkAsync, readOptions, threadsOf, timeoutOf } from "./options.js";
import { decode, encode, longest, widthFor } from "./strings.js";

/** The width of strings for which a function is compiled first. */
const FIRST_WIDTH = widthFor(1);
const STRING = 14;

/** How messages call a variable. */
const nameOf = (name) => `input '${name}'`;

/** A text that an engine has compiled. */
export class Expression {
  /** @type {import("./signature.js").Signature} */
  signature;
  #engine;
  #programs;
  /** The program; of strings, that for the widths of the last call. Null after `dispose`. */
  #shared;
  #itemsizes;
  #hasStrings;
  #result;
  /** Items of each array of the last plain call, and the shape of its result. */
  #lastLengths = [];
  #lastShape = null;

  constructor(engine, programs, signature) {
    this.signature = signature;
    this.#engine = engine;
    this.#programs = programs;
    const { dtypes } = signature;
    this.#hasStrings = dtypes.some(({ code }) => code === STRING);
    this.#itemsizes = dtypes.map(({ code, itemsize }) =>
      code === STRING ? itemsize * FIRST_WIDTH : itemsize,
    );
    this.#shared = programs.get(signature, this.#itemsizes);
    this.#result = dtypeOfCode(this.#shared.program.dtype);
  }

  /** The dtype of the result. */
  get dtype() {
    return this.#result;
  }

  get isDisposed() {
    return this.#shared === null;
  }

  dispose() {
    this.#shared?.release();
    this.#shared = null;
  }

  #check() {
    if (this.#shared === null) {
      throw new MiniexprError("ERR_DISPOSED", "the expression has been disposed of");
    }
  }

  /** What is given for each variable. Runs code of the caller. */
  #read(inputs) {
    const { names } = this.signature;
    if (inputs === null || typeof inputs !== "object") {
      if (names.length === 0 && (inputs === undefined || inputs === null)) {
        return [];
      }
      throw new MiniexprError(
        "ERR_ARGUMENT",
        `the inputs are ${shown(inputs)}, not an object with an array for each`,
      );
    }
    const values = new Array(names.length);
    for (let i = 0; i < names.length; i++) {
      values[i] = inputs[names[i]];
    }
    let count = 0;
    for (const name in inputs) {
      count += Number(name !== "");
    }
    if (count > names.length) {
      this.#refuseUnknown(inputs);
    }
    return values;
  }

  #refuseUnknown(inputs) {
    const { names } = this.signature;
    const unknown = Object.keys(inputs).find((name) => !names.includes(name));
    if (unknown !== undefined) {
      const known = names.length > 0 ? `they are ${names.join(", ")}` : "there are none";
      throw new MiniexprError("ERR_NAME", `${shown(unknown)} is no variable of the expression; ${known}`);
    }
  }

  /** Evaluates, on this thread. */
  evaluate(inputs, options) {
    this.#check();
    const values = reading(() => this.#read(inputs));
    const given = options === undefined ? NO_OPTIONS : readOptions(options);
    return this.#evaluatePlain(values, given) ?? this.evaluateOperands(this.#capture(values), given);
  }

  #capture(values) {
    const { names, dtypes } = this.signature;
    return values.map((value, i) => {
      const name = nameOf(names[i]);
      return reading(() => capture(value, dtypes[i], name, this.#engine), name);
    });
  }

  /**
   * The way of most calls: arrays of one dimension and of the declared dtypes, with memory of their own, into a new one or
   * into `out`, which is such an array too.
   *
   * @returns {unknown} The result; undefined if the call is not of that kind.
   */
  #evaluatePlain(values, options) {
    const how = { threads: threadsOf(options, 1), timeout: timeoutOf(options) };
    // Reading the arguments may have disposed of the expression.
    this.#check();
    if (this.#hasStrings) {
      return undefined;
    }
    const { dtypes } = this.signature;
    const { program } = this.#shared;
    const operands = [];
    let isKnown = this.#lastShape !== null;
    for (let i = 0; i < values.length; i++) {
      const operand = plainOperand(values[i], dtypes[i], this.#engine);
      if (operand === null) {
        return undefined;
      }
      if (program.used[i]) {
        isKnown &&= this.#lastLengths[operands.length] === operand.items;
        this.#lastLengths[operands.length] = operand.items;
        operands.push(operand);
      }
    }
    if (!isKnown) {
      this.#lastShape = null;
      this.#lastShape = program.resultShape(operands);
    }
    const shape = this.#lastShape;
    if (options.out !== undefined) {
      return this.#evaluateInto(options.out, how, shape, operands);
    }
    if (shape.length === 1) {
      const data = program.evaluate(how, null, shape, shape[0], operands);
      return this.#result.code < STRING ? data : decode(data, program.itemsize / this.#result.itemsize);
    }
    const data = program.evaluate(how, null, shape, sizeOf(shape, "the result"), operands);
    return this.#wrap(data, program, shape);
  }

  /** The same into an array; undefined if it is not one that takes the result as it is. */
  #evaluateInto(out, how, shape, operands) {
    const output = this.#result.code < STRING ? plainOperand(out, this.#result, this.#engine) : null;
    if (output === null || shape.length !== 1 || output.items !== shape[0]) {
      return undefined;
    }
    this.#shared.program.evaluate(how, output, shape, output.items, operands);
    return out;
  }

  /** A result as the caller gets it. */
  #wrap(data, program, shape) {
    const dtype = this.#result;
    if (shape.length === 0) {
      return valueOf(data, dtype, program.itemsize);
    }
    const items = dtype.code < STRING ? data : decode(data, program.itemsize / dtype.itemsize);
    if (shape.length === 1) {
      return items;
    }
    return { data: items, shape, strides: denseStrides(shape), dtype: dtype.name };
  }

  /** A program for the widths of the strings, which are encoded. */
  #forStrings(operands) {
    this.#check();
    if (!this.#hasStrings) {
      return this.#shared;
    }
    const itemsizes = operands.map(({ points }, i) =>
      points ? 4 * widthFor(longest(points)) : this.#itemsizes[i],
    );
    if (itemsizes.some((itemsize, i) => itemsize !== this.#itemsizes[i])) {
      const shared = this.#programs.get(this.signature, itemsizes);
      this.#shared.release();
      this.#shared = shared;
      this.#itemsizes = itemsizes;
    }
    operands.forEach((operand, i) => {
      if (operand.points) {
        operand.data = encode(operand.points, itemsizes[i] / 4);
      }
    });
    return this.#shared;
  }

  /** Operands as an engine takes them, after the last code of the caller has run. */
  #prepare(captured) {
    const { names } = this.signature;
    captured.forEach((operand, i) => {
      measure(operand, nameOf(names[i]));
      unshare(operand);
    });
    const columns = captured.flatMap(({ arrow }) => (arrow ? [arrow] : []));
    const rows = columns.length > 0 ? this.#filledRows(captured, columns) : null;
    const operands =
      rows === null ? captured : captured.map((operand) => this.#withRows(operand, rows, columns));
    const shared = this.#forStrings(operands);
    const used = shared.parameters.map((index) => {
      const { data, layout, address } = operands[index];
      return { data, items: layout.size, layout, address };
    });
    return { shared, operands: used, columns, rows };
  }

  /** The rows without a null; all columns must have the same. */
  #filledRows(captured, columns) {
    const [{ vector }] = columns;
    const other = captured.findIndex(({ arrow }) => arrow && arrow.vector.length !== vector.length);
    if (other >= 0) {
      const lengths = `${captured[other].arrow.vector.length} rows, others ${vector.length}`;
      throw new MiniexprError("ERR_SHAPE", `${nameOf(this.signature.names[other])} has ${lengths}`);
    }
    return filledRows(columns);
  }

  #withRows(operand, rows, [{ vector }]) {
    const { layout } = operand;
    const isLine = layout.shape.length === 1 && layout.isDense && layout.offset === 0;
    if (layout.size === 1 || !isLine || layout.size !== vector.length) {
      return operand;
    }
    const kept = withRows(operand, rows);
    return { ...kept, layout: denseLayout([rows.length]), address: null };
  }

  /** Evaluates captured operands. */
  evaluateOperands(captured, options) {
    const how = { threads: threadsOf(options, 1), timeout: timeoutOf(options) };
    const output = this.#captureOutput(options.out);
    const { shared, operands, columns, rows } = this.#prepare(captured);
    const shape = shared.program.resultShape(operands);
    const size = sizeOf(shape, "the result");
    const target = this.#target(output, shape, columns);
    const isDirect = target !== null && !target.isShared && target.data !== null;
    const data = shared.program.evaluate(how, isDirect ? target : null, shape, size, operands);
    if (isDirect) {
      return options.out;
    }
    return this.#deliver(data, shared.program, shape, { target, options, columns, rows });
  }

  /** Evaluates without blocking this thread; the inputs are those of the moment of the call. */
  async evaluateAsync(inputs, options) {
    this.#check();
    return this.evaluateOperandsAsync(this.#capture(reading(() => this.#read(inputs))), readOptions(options));
  }

  /** See `evaluateOperands`. */
  async evaluateOperandsAsync(captured, options) {
    const threads = threadsOf(options, 0);
    const timeout = timeoutOf(options);
    checkAsync(options);
    const output = this.#captureOutput(options.out);
    const { shared, operands, columns, rows } = this.#prepare(captured);
    const { program } = shared;
    const shape = program.resultShape(operands);
    const size = sizeOf(shape, "the result");
    this.#target(output, shape, columns);
    shared.hold();
    try {
      const start = () => program.start(threads, shape, size, operands);
      const data = await watch(start, options, timeout, size);
      // Code of the caller has run in the meantime.
      const target = this.#target(this.#captureOutput(options.out), shape, columns);
      return this.#deliver(data, program, shape, { target, options, columns, rows });
    } finally {
      shared.release();
    }
  }

  /** A result in new memory, where and as the caller wants it. */
  #deliver(data, program, shape, { target, options, columns, rows }) {
    if (target !== null) {
      this.#copyTo(target, data, program);
      return options.out;
    }
    if (columns.length > 0 && shape.length === 1) {
      const dtype = this.#result;
      const items = dtype.code < STRING ? data : decode(data, program.itemsize / dtype.itemsize);
      const vectors = columns.map(({ vector }) => vector);
      const length = rows === null ? shape[0] : vectors[0].length;
      return toArrow(items, dtype, rows, length, vectors, options.arrow);
    }
    return this.#wrap(data, program, shape);
  }

  #copyTo({ data, strings, layout }, items, program) {
    if (strings) {
      decode(items, program.itemsize / this.#result.itemsize).forEach((string, i) => (strings[i] = string));
    } else {
      scatter(items, data, layout, this.#result.lanes);
    }
  }

  /** Reads the option `out`. Runs code of the caller. */
  #captureOutput(out) {
    if (out === undefined) {
      return null;
    }
    if (this.#result.code < STRING) {
      return reading(() => captureOutput(out, this.#result, this.#engine), "the output");
    }
    if (!Array.isArray(out)) {
      throw new MiniexprError("ERR_ARGUMENT", `the output is ${shown(out)}, not an array for strings`);
    }
    return { strings: out, data: null, layout: denseLayout([out.length]), isShared: false };
  }

  /** Where a result of a shape goes: the output, checked. */
  #target(output, shape, columns) {
    if (output === null) {
      return null;
    }
    if (columns.length > 0) {
      throw new MiniexprError("ERR_ARGUMENT", "out cannot be given with Arrow columns, whose result is one");
    }
    const isLine = output.layout === null || output.strings;
    if (!output.strings) {
      measure(output, "the output");
      checkDistinct(output.layout, "the output");
    }
    const given = output.layout;
    const isEqual =
      given.shape.length === shape.length && given.shape.every((extent, d) => extent === shape[d]);
    const size = sizeOf(shape, "the result");
    if (!isEqual && !(isLine && given.size === size)) {
      const shapes = `${shapeText(given.shape)}, the result ${shapeText(shape)}`;
      throw new MiniexprError("ERR_SHAPE", `the output has the shape ${shapes}`);
    }
    return isEqual ? output : { ...output, layout: denseLayout(shape) };
  }
}
