/*
 * Arrays in the memory of an engine, which take part in evaluations without a copy.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { dtypeNamed, newNumbers } from "./dtypes.js";
import { MiniexprError, reading, shown } from "./error.js";
import { denseLayout, readShape } from "./layout.js";

/** A net: releases the memory of arrays that nobody disposed of. */
const forgotten = new FinalizationRegistry(({ engine, address }) => engine.free(address));

/**
 * An array that `alloc` made. It is a view like others, `{ data, shape, strides, offset, dtype }`, so it may be an input
 * or an output.
 */
export class EngineArray {
  #engine;
  #dtype;
  #layout;
  /** Where it lies in the memory of the engine; null if the engine has none of its own. */
  #address = null;
  /** A view of the items; one of the engine's memory is made anew when that has grown. */
  #data = null;

  constructor(engine, dtype, layout) {
    this.#engine = engine;
    this.#dtype = dtype;
    this.#layout = layout;
    const bytes = layout.size * dtype.itemsize;
    if (engine.alloc) {
      this.#address = engine.alloc(bytes);
      forgotten.register(this, { engine, address: this.#address }, this);
      this.data.fill(dtype.itemsize === 8 && dtype.tag.startsWith("Big") ? 0n : 0);
    } else {
      this.#data = newNumbers(dtype.Array, layout.size * dtype.lanes);
    }
  }

  /** The items. Ask again after any call that may have allocated: the memory may have grown and moved. */
  get data() {
    if (this.#layout === null) {
      throw new MiniexprError("ERR_DISPOSED", "the array has been disposed of");
    }
    const { Array, lanes } = this.#dtype;
    if (this.#address !== null && this.#data?.buffer !== this.#engine.buffer) {
      this.#data = new Array(this.#engine.buffer, this.#address, this.#layout.size * lanes);
    }
    return this.#data;
  }

  get dtype() {
    return this.#dtype.name;
  }

  get length() {
    return this.#layout?.size ?? 0;
  }

  get shape() {
    return [...(this.#layout?.shape ?? [0])];
  }

  get strides() {
    return [...(this.#layout?.strides ?? [1])];
  }

  get offset() {
    return 0;
  }

  /** Gives the memory back; again is harmless. */
  dispose() {
    if (this.#layout !== null && this.#address !== null) {
      forgotten.unregister(this);
      this.#engine.free(this.#address);
    }
    this.#layout = null;
    this.#data = null;
  }

  [Symbol.dispose ?? Symbol.for("Symbol.dispose")]() {
    this.dispose();
  }

  /** What a value is as an operand, if it is an array of `engine` with one dimension and this dtype; else null. */
  static plainOf(value, dtype, engine) {
    if (!(#engine in value) || value.#engine !== engine || value.#dtype !== dtype) {
      return null;
    }
    const layout = value.#layout;
    if (layout === null || layout.shape.length !== 1) {
      return null;
    }
    return { data: value.data, items: layout.size, layout: null, address: value.#address };
  }

  /** What a value is, if it is such an array: its parts, with an address only in `engine`. */
  static partsOf(value, engine) {
    if (!(#engine in value)) {
      return null;
    }
    const { data } = value;
    const address = value.#engine === engine ? value.#address : null;
    return { data, dtype: value.#dtype, layout: value.#layout, address };
  }
}

/** See `alloc` of the package. */
export function alloc(engine, dtypeName, shape) {
  const dtype = dtypeNamed(dtypeName);
  if (dtype === undefined || dtype.code > 13) {
    throw new MiniexprError("ERR_DTYPE", `${shown(dtypeName)} is no dtype that alloc can make an array of`);
  }
  const extents =
    typeof shape === "number"
      ? readShape([shape], "the array")
      : reading(() => readShape(shape, "the array"), "the shape");
  return new EngineArray(engine, dtype, denseLayout(extents));
}
