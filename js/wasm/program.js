/*
 * Compiled texts of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { dtypeOfCode } from "../core/dtypes.js";
import { ofShapes } from "../core/error.js";
import { scatter } from "../core/layout.js";
import { Call, aligned } from "./call.js";

/** Codes of `me_eval_status`, as codes of errors. */
const CODES = new Map([
  [-1, "ERR_OUT_OF_MEMORY"],
  [-6, "ABORT_ERR"],
  [-100, "ERR_INTERNAL"],
]);

/** The code of an error for a `me_eval_status`. */
export const codeOf = (status) => CODES.get(status) ?? "ERR_ARGUMENT";

/** A compiled text. */
export class WasmProgram {
  #engine;
  #expression;
  #types;
  #dtype;
  #call;
  /** Address of a function that is told of the progress, and what it is told first; see `watch`. */
  #progress = 0;

  constructor(engine, expression, signature, itemsizes) {
    this.#engine = engine;
    this.#expression = expression;
    this.signature = signature;
    this.itemsizes = itemsizes;
    const { exports } = engine;
    this.dtype = exports.me_get_dtype(expression);
    this.itemsize = exports.me_get_itemsize(expression);
    this.#dtype = dtypeOfCode(this.dtype);
    const { dtypes } = signature;
    const indices = Array.from({ length: exports.me_expr_variable_count(expression) }, (_, i) =>
      exports.me_expr_variable(expression, i),
    );
    this.used = dtypes.map((_, i) => indices.includes(i));
    const inputs = indices.map((i) => ({ dtype: dtypes[i], itemsize: itemsizes[i] }));
    this.#types = [...inputs, { dtype: this.#dtype, itemsize: this.itemsize }];
    try {
      this.#call = this.newCall();
    } catch (error) {
      exports.me_free(expression);
      throw error;
    }
  }

  /** The `me_expr *`. */
  get expression() {
    return this.#expression;
  }

  /** The dtype and the itemsize of an input of evaluations. */
  inputType(index) {
    return this.#types[index];
  }

  /** The structs of another call. */
  newCall() {
    return new Call(this.#engine, this.#types);
  }

  /** Has a function of the table called with the progress of evaluations. */
  watch(progress) {
    this.#progress = progress;
  }

  resultShape(operands) {
    const call = this.#call;
    operands.forEach(({ layout, items }, i) => call.writeArray(i, 0, layout, items));
    const status = this.#engine.enter("me_result_shape", [
      this.#expression,
      call.inputs,
      operands.length,
      call.ndim,
      call.shape,
    ]);
    if (status !== 0) {
      throw this.#engine.failure(ofShapes({ code: codeOf(status) }).code, this.signature.text);
    }
    return call.readShape();
  }

  /**
   * Evaluates into `output`, or into new memory.
   *
   * @param {number} threads 0 for as many as there are.
   * @param {object | null} output
   * @param {number[]} shape
   * @param {number} size Items of the result.
   * @param {object[]} operands One for each variable that is used.
   * @returns {object} The typed array with the result.
   */
  evaluate(threads, output, shape, size, operands) {
    const isInside = output !== null && output.address !== null;
    const bytes = isInside ? 0 : size * this.itemsize;
    const call = this.#call;
    return this.#engine.withMemory(call.bytesFor(operands) + aligned(bytes), (start) => {
      const end = call.writeInputs(start, operands);
      if (isInside) {
        const { address, layout } = output;
        call.writeArray(operands.length, address + layout.offset * this.itemsize, layout, size);
      } else {
        call.writeOutput(end, shape, size);
      }
      call.writeParams(threads, 0, this.#progress);
      const args = [this.#expression, call.inputs, operands.length, call.output, call.params];
      const status = this.#engine.enter("me_eval_arrays", args);
      if (status !== 0) {
        throw this.#engine.failure(codeOf(status), this.signature.text);
      }
      return isInside ? output.data : this.take(end, bytes, output);
    });
  }

  /** The result of so many bytes at an address: copied to new memory, or to an output. */
  take(address, bytes, output = null) {
    const view = this.#engine.views[this.#dtype.tag];
    const unit = this.#dtype.Array.BYTES_PER_ELEMENT;
    const [first, end] = [address / unit, (address + bytes) / unit];
    if (output === null) {
      return view.slice(first, end);
    }
    scatter(view.subarray(first, end), output.data, output.layout, this.#dtype.lanes);
    return output.data;
  }

  /**
   * Begins an evaluation in another thread, of the inputs as they are now.
   *
   * @returns {{promise: Promise<object>, cancel: () => void, progress: () => [number, number]}}
   */
  start(threads, shape, size, operands) {
    return this.#engine.startJob(this, { threads, shape, size, operands });
  }

  dispose() {
    this.#call.dispose();
    this.#engine.exports.me_free(this.#expression);
  }
}
