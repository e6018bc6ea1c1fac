/*
 * Programs of an engine: each text is compiled once for the same dtypes, and the last ones are kept.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** Programs that are kept though nobody holds them. */
const MOST_KEPT = 128;

/** A net: gives back programs whose holders were all collected without `dispose`. */
const forgotten = new FinalizationRegistry((program) => program.dispose());

/** A program with its holders. */
export class SharedProgram {
  #program;
  #holders = 0;
  #isKept = true;

  constructor(program) {
    this.#program = program;
    this.parameters = program.used.flatMap((isUsed, index) => (isUsed ? [index] : []));
    forgotten.register(this, program, this);
  }

  /** The engine's program. */
  get program() {
    return this.#program;
  }

  hold() {
    this.#holders++;
    return this;
  }

  release() {
    this.#holders--;
    this.#disposeIfUnused();
  }

  /** The cache has no place for it any more. */
  drop() {
    this.#isKept = false;
    this.#disposeIfUnused();
  }

  #disposeIfUnused() {
    if (this.#holders === 0 && !this.#isKept) {
      forgotten.unregister(this);
      this.#program.dispose();
    }
  }
}

/** The latest of a number of values, by key. */
export class Cache {
  #most;
  #onDrop;
  #values = new Map();

  constructor(most, onDrop) {
    this.#most = most;
    this.#onDrop = onDrop;
  }

  get(key) {
    const value = this.#values.get(key);
    if (value !== undefined) {
      this.#values.delete(key);
      this.#values.set(key, value);
    }
    return value;
  }

  set(key, value) {
    this.#values.set(key, value);
    if (this.#values.size > this.#most) {
      const [oldest, dropped] = this.#values.entries().next().value;
      this.#values.delete(oldest);
      this.#onDrop(dropped);
    }
  }
}

/** What an engine has compiled. */
export class Programs {
  #engine;
  #kept = new Cache(MOST_KEPT, (program) => program.drop());

  constructor(engine) {
    this.#engine = engine;
  }

  /**
   * A program, held for the caller.
   *
   * @param {import("./signature.js").Signature} signature
   * @param {number[]} itemsizes Bytes of the items of each variable.
   */
  get(signature, itemsizes) {
    const key = `${itemsizes} ${signature.key}`;
    let program = this.#kept.get(key);
    if (program === undefined) {
      program = new SharedProgram(this.#engine.compile(signature, itemsizes));
      this.#kept.set(key, program);
    }
    return program.hold();
  }
}
