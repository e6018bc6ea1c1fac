/*
 * The structs of a call of `me_eval_arrays`, in the memory of a module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { lengthOf, numbersBetween, setNumbers } from "../core/dtypes.js";
import { denseLayout, rangeOf } from "../core/layout.js";

/** Words of a `me_array`, bytes of a `me_array_params`. */
const ARRAY_WORDS = 6;
const PARAMS_BYTES = 48;
/** Words of a `me_array_params` by what they say. */
const PARAM = { SIZE: 0, THREADS: 4, CANCEL: 5, PROGRESS: 6, CONTEXT: 7, TIMEOUT: 8 };
const MOST_DIMENSIONS = 32;
const ALIGNMENT = 16;
const STRING = 14;

const aligned = (bytes) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/**
 * Copied arrays lie `PLACE` bytes after multiples of `SPACING`. Where a copy begins a few bytes further into its page than its
 * source, `rep movsb` takes ten times as long on some processors (Zen 3), and engines of JavaScript place large arrays at the
 * start of a page or 16 bytes after it. Pieces of arrays keep these distances, as they are of a multiple of 256 items.
 */
const SPACING = 256;
const PLACE = 144;

/** Bytes up to the next place for an array. */
export const roomFor = (bytes) => Math.ceil(bytes / SPACING) * SPACING;

const firstPlace = (address) => roomFor(address - PLACE) + PLACE;

/** Bytes from the first item of an operand to its last. */
function spanOf({ layout, items }, itemsize) {
  if (layout === null) {
    return items * itemsize;
  }
  const [low, high] = rangeOf(layout);
  return (high - low) * itemsize;
}

/**
 * A call: arrays, the output after the inputs; then their extents and strides, the parameters, and a place for a shape.
 */
export class Call {
  #engine;
  #types;
  #base;
  #numbers;
  #params;
  #shape;

  /**
   * @param {import("./engine.js").WasmEngine} engine
   * @param {{dtype: object, itemsize: number}[]} types Of the inputs and of the output.
   */
  constructor(engine, types) {
    this.#engine = engine;
    this.#types = types;
    const numbers = aligned(4 * ARRAY_WORDS * types.length);
    const params = numbers + 16 * MOST_DIMENSIONS * types.length;
    const shape = params + PARAMS_BYTES;
    const bytes = shape + 8 * MOST_DIMENSIONS + 8;
    this.#base = engine.alloc(bytes);
    this.#numbers = this.#base + numbers;
    this.#params = this.#base + params;
    this.#shape = this.#base + shape;
    const words = engine.views.Uint32Array;
    words.fill(0, this.#base / 4, (this.#base + bytes) / 4);
    types.forEach(({ dtype, itemsize }, i) => {
      const row = [0, dtype.code, dtype.code < STRING ? 0 : itemsize, 0, this.#extents(i), 0];
      words.set(row, this.#base / 4 + ARRAY_WORDS * i);
    });
    words[this.#params / 4] = PARAMS_BYTES;
  }

  #extents(index) {
    return this.#numbers + 16 * MOST_DIMENSIONS * index;
  }

  /** Addresses of the inputs, of the output, and of the parameters. */
  get inputs() {
    return this.#base;
  }

  get output() {
    return this.#base + 4 * ARRAY_WORDS * (this.#types.length - 1);
  }

  get params() {
    return this.#params;
  }

  /** Where `me_result_shape` writes extents, and their number. */
  get shape() {
    return this.#shape;
  }

  get ndim() {
    return this.#shape + 8 * MOST_DIMENSIONS;
  }

  /** What `me_result_shape` wrote. */
  readShape() {
    const { Uint32Array: words, BigInt64Array: numbers } = this.#engine.views;
    return Array.from({ length: words[this.ndim / 4] }, (_, d) => Number(numbers[this.#shape / 8 + d]));
  }

  /** Says where array number `index` lies: with a layout, or so many items side by side. */
  writeArray(index, address, layout, items) {
    const { views } = this.#engine;
    const words = views.Int32Array;
    const row = this.#base / 4 + ARRAY_WORDS * index;
    const extents = this.#extents(index);
    words[row] = address;
    if (layout === null) {
      words[row + 3] = 1;
      words[row + 5] = 0;
      // The extent in two words, which is quicker than a bigint; more than 2^32 items cannot lie side by side.
      words[extents / 4] = items;
      words[extents / 4 + 1] = 0;
      return;
    }
    const { shape, strides } = layout;
    const numbers = views.BigInt64Array;
    const { itemsize } = this.#types[index];
    words[row + 3] = shape.length;
    words[row + 5] = extents + 8 * MOST_DIMENSIONS;
    shape.forEach((extent, d) => (numbers[extents / 8 + d] = BigInt(extent)));
    strides.forEach((stride, d) => {
      const bytes = BigInt.asIntN(64, BigInt(stride) * BigInt(itemsize));
      numbers[extents / 8 + MOST_DIMENSIONS + d] = bytes;
    });
  }

  /** Says where a result lies, its items side by side. */
  writeOutput(address, shape, size) {
    this.writeArray(this.#types.length - 1, address, shape.length === 1 ? null : denseLayout(shape), size);
  }

  /**
   * Parameters: threads, 0 for as many as there are; addresses of a flag that cancels, and for the progress;
   * milliseconds, 0 for no limit.
   */
  writeParams(threads, { cancel = 0, progress = 0, context = 0, timeout = 0 }) {
    const words = this.#engine.views.Int32Array;
    const first = this.#params / 4;
    words[first + PARAM.THREADS] = threads === 0 ? -1 : threads;
    words[first + PARAM.CANCEL] = cancel;
    words[first + PARAM.PROGRESS] = progress;
    words[first + PARAM.CONTEXT] = context;
    const nanoseconds = Math.ceil(timeout * 1e6);
    words[first + PARAM.TIMEOUT] = nanoseconds % 2 ** 32;
    words[first + PARAM.TIMEOUT + 1] = Math.floor(nanoseconds / 2 ** 32);
  }

  /** Bytes that inputs take which are not in the module's memory, and those before the first place. */
  bytesFor(operands) {
    let bytes = SPACING;
    for (let i = 0; i < operands.length; i++) {
      if (operands[i].address === null) {
        bytes += roomFor(spanOf(operands[i], this.#types[i].itemsize));
      }
    }
    return bytes;
  }

  /** Copies these inputs to places from `start` on, and says where all lie; the address of the next place. */
  writeInputs(start, operands) {
    let at = firstPlace(start);
    for (let i = 0; i < operands.length; i++) {
      const { data, layout, items, address } = operands[i];
      const { dtype, itemsize } = this.#types[i];
      if (address !== null) {
        this.writeArray(i, address + (layout?.offset ?? 0) * itemsize, layout, items);
      } else if (layout === null) {
        this.#copy(data, dtype, at);
        this.writeArray(i, at, null, items);
        at += roomFor(items * itemsize);
      } else {
        const [low, high] = rangeOf(layout);
        const numbers = itemsize / dtype.Array.BYTES_PER_ELEMENT;
        this.#copy(numbersBetween(data, dtype.Array, low * numbers, high * numbers), dtype, at);
        this.writeArray(i, at + (high > low ? (layout.offset - low) * itemsize : 0), layout, items);
        at += roomFor((high - low) * itemsize);
      }
    }
    return at;
  }

  #copy(data, { tag, Array }, address) {
    if (lengthOf(data) > 0) {
      setNumbers(this.#engine.views[tag], data, address / Array.BYTES_PER_ELEMENT);
    }
  }

  dispose() {
    this.#engine.free(this.#base);
  }
}
