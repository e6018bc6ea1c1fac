/*
 * Compiled texts of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { bufferOf, dtypeOfCode, newNumbers, numbersBetween, setNumbers } from "../core/dtypes.js";
import { ofShapes } from "../core/error.js";
import { scatter } from "../core/layout.js";
import { Call, roomFor } from "./call.js";

/** Codes of `me_eval_status`, as codes of errors. */
const CODES = new Map([
  [-1, "ERR_OUT_OF_MEMORY"],
  [-6, "ABORT_ERR"],
  [-7, "ERR_TIMEOUT"],
  [-8, "ERR_LIMIT"],
  [-100, "ERR_INTERNAL"],
]);

/** The code of an error for a `me_eval_status`. */
export const codeOf = (status) => CODES.get(status) ?? "ERR_ARGUMENT";

/** Bytes of the arrays that are evaluated at a time, where they have to be copied: the second-level cache has room for them. */
const PIECE_BYTES = 1 << 18;
/** Pieces are of a multiple of so many items. */
const PIECE_ITEMS = 256;

/** Items of a piece of arrays of these types. */
function pieceOf(types) {
  const bytes = types.reduce((sum, { itemsize }) => sum + itemsize, 0);
  return Math.max(1, Math.floor(PIECE_BYTES / bytes / PIECE_ITEMS)) * PIECE_ITEMS;
}

const newArray = ({ dtype, itemsize }, size) =>
  newNumbers(dtype.Array, (size * itemsize) / dtype.Array.BYTES_PER_ELEMENT);

/** Some items of an operand that lie side by side. */
function partOf({ data, layout, address }, { dtype, itemsize }, start, items) {
  const first = (layout?.offset ?? 0) + start;
  if (address !== null) {
    return { data, items, layout: null, address: address + first * itemsize };
  }
  const numbers = itemsize / dtype.Array.BYTES_PER_ELEMENT;
  const part = numbersBetween(data, dtype.Array, first * numbers, (first + items) * numbers);
  return { data: part, items, layout: null, address };
}

/** A compiled text. */
export class WasmProgram {
  #engine;
  #expression;
  #types;
  #dtype;
  #call;
  /** Address of a function that is told of the progress, and what it is told first; see `watch`. */
  #progress = 0;
  /** See `WasmEngine.forgetPrinter`. */
  #printer;
  /** Whether arrays may be evaluated piece by piece. */
  #isItemwise;

  constructor(engine, expression, signature, itemsizes, printer) {
    this.#engine = engine;
    this.#printer = printer;
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
    this.#isItemwise = exports.miniexpr_is_itemwise(expression) !== 0;
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
   * @param {{threads: number, timeout: number}} how 0 threads for as many as there are; milliseconds, 0 for no limit.
   * @param {object | null} output Its layout may be null: all items, in one dimension.
   * @param {number[]} shape
   * @param {number} size Items of the result.
   * @param {object[]} operands One for each variable that is used.
   * @returns {object} The typed array with the result.
   */
  evaluate({ threads, timeout }, output, shape, size, operands) {
    const piece = pieceOf(this.#types);
    return threads === 1 && timeout === 0 && piece < size && this.#canBeCut(output, size, operands)
      ? this.#evaluatePieces(piece, output, size, operands)
      : this.#evaluateWhole({ threads, timeout }, output, shape, size, operands);
  }

  /** Whether pieces give the same, and arrays have to be copied, so that they take less time. */
  #canBeCut(output, size, operands) {
    if (!this.#isItemwise || this.#progress !== 0) {
      return false;
    }
    const { buffer } = this.#engine;
    const arrays = output === null ? operands : [...operands, output];
    return (
      arrays.some(({ address }) => address === null) &&
      arrays.every(
        ({ data, layout, items, address }) =>
          (layout === null || layout.isDense) &&
          [1, size].includes(layout?.size ?? items) &&
          // An array in the engine's memory of which it does not know is lost when that grows.
          (address !== null || bufferOf(data) !== buffer),
      ) &&
      (output === null ||
        operands.every((operand, i) => this.#isApart(operand, this.#types[i], output, size)))
    );
  }

  /** Whether no item of an input is overwritten before it has been read. */
  #isApart({ data, layout, items }, { itemsize }, output, size) {
    const isSame =
      data === output.data &&
      itemsize === this.itemsize &&
      (layout?.size ?? items) === size &&
      (layout?.offset ?? 0) === (output.layout?.offset ?? 0);
    return isSame || bufferOf(data) !== bufferOf(output.data);
  }

  /** Evaluates so many items at a time: their copies stay in the caches of the processor. */
  #evaluatePieces(piece, output, size, operands) {
    const type = this.#types.at(-1);
    const target = output ?? { data: newArray(type, size), layout: null, address: null };
    for (let start = 0; start < size; start += piece) {
      const count = Math.min(piece, size - start);
      const parts = operands.map((operand, i) =>
        (operand.layout?.size ?? operand.items) === 1
          ? partOf(operand, this.#types[i], 0, 1)
          : partOf(operand, this.#types[i], start, count),
      );
      this.#evaluateWhole(
        { threads: 1, timeout: 0 },
        partOf(target, type, start, count),
        [count],
        count,
        parts,
      );
    }
    return target.data;
  }

  #evaluateWhole({ threads, timeout }, output, shape, size, operands) {
    const isInside = output !== null && output.address !== null;
    const bytes = isInside ? 0 : size * this.itemsize;
    const call = this.#call;
    return this.#engine.withMemory(call.bytesFor(operands) + roomFor(bytes), (start) => {
      const end = call.writeInputs(start, operands);
      if (isInside) {
        const { address, layout } = output;
        const first = (layout?.offset ?? 0) * this.itemsize;
        call.writeArray(operands.length, address + first, layout, size);
      } else {
        call.writeOutput(end, shape, size);
      }
      call.writeParams(threads, { progress: this.#progress, timeout });
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
    const items = view.subarray(first, end);
    if (output.layout === null) {
      setNumbers(output.data, items, 0);
    } else {
      scatter(items, output.data, output.layout, this.#dtype.lanes);
    }
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
    this.#engine.forgetPrinter(this.#printer);
  }
}
