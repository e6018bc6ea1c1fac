/*
 * Checked access to the memory of a WebAssembly module.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { reading, shown } from "../core/error.js";

/** The typed array that holds a dtype, and how many of its elements make an item. */
const DTYPES = new Map([
  ["bool", [Uint8Array, 1]],
  ["int8", [Int8Array, 1]],
  ["int16", [Int16Array, 1]],
  ["int32", [Int32Array, 1]],
  ["int64", [BigInt64Array, 1]],
  ["uint8", [Uint8Array, 1]],
  ["uint16", [Uint16Array, 1]],
  ["uint32", [Uint32Array, 1]],
  ["uint64", [BigUint64Array, 1]],
  ["float32", [Float32Array, 1]],
  ["float64", [Float64Array, 1]],
  ["complex64", [Float32Array, 2]],
  ["complex128", [Float64Array, 2]],
]);

/** Addresses are below this. */
const ADDRESS_SPACE = 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** Getters that an object cannot replace by its own. */
const getter = (prototype, name) => {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name);
  return (view) => get.call(view);
};
const TYPED_ARRAY = {
  buffer: getter(typedArray, "buffer"),
  byteOffset: getter(typedArray, "byteOffset"),
  byteLength: getter(typedArray, "byteLength"),
  tag: getter(typedArray, Symbol.toStringTag),
};
const ALIGNMENTS = new Map(
  [...DTYPES.values()].map(([{ name, BYTES_PER_ELEMENT }]) => [name, BYTES_PER_ELEMENT]),
);
ALIGNMENTS.set("Uint8ClampedArray", 1).set("Float16Array", 2);

/**
 * An access that the memory does not allow. Nothing has been read or written.
 *
 * `code` is INVALID_ADDRESS, INVALID_LENGTH, OVERFLOW (beyond the address space), OUT_OF_RANGE (beyond the memory),
 * MISALIGNED, UNTERMINATED (a text without its NUL) or DETACHED (there is no memory, or the array given is detached).
 * `address`, `byteLength` and `memoryBytes` say which bytes of how many.
 */
export class MemoryError extends RangeError {
  constructor(code, message, { address, byteLength, memoryBytes } = {}) {
    super(message);
    this.name = "MemoryError";
    this.code = code;
    this.address = address;
    this.byteLength = byteLength;
    this.memoryBytes = memoryBytes;
  }
}

const bufferOf = getter(WebAssembly.Memory.prototype, "buffer");

/** Whether an object is a memory, of this realm or of another. */
function isMemory(object) {
  try {
    bufferOf(object);
    return true;
  } catch {
    return false;
  }
}

/** The memory that an object stands for: it, its `memory`, or that of the `exports` of an instance. */
function memoryOf(object) {
  const candidates = reading(() => [object, object?.memory, object?.exports?.memory], "the memory");
  return candidates.find(isMemory) ?? null;
}

/** Memory of a module, looked at anew for each access, since it may have grown. */
export class WasmMemory {
  #provide;

  /**
   * @param {WebAssembly.Memory | WebAssembly.Instance | WebAssembly.Exports | (() => any)} memoryOrProvider The memory,
   *   an instance or its exports with a `memory`; or a function that gives one of these, for instance because the
   *   module is not instantiated yet.
   */
  constructor(memoryOrProvider) {
    if (typeof memoryOrProvider === "function") {
      this.#provide = () => reading(memoryOrProvider, "the memory");
    } else if (memoryOf(memoryOrProvider) !== null) {
      this.#provide = () => memoryOrProvider;
    } else {
      throw new TypeError(
        "a WebAssembly.Memory, an instance with a memory, or a function that gives one is needed",
      );
    }
  }

  /** What the constructor was given, or its function gives. */
  get source() {
    return this.#provide();
  }

  /** The memory itself, as it is now. */
  get memory() {
    const memory = memoryOf(this.source);
    if (memory === null) {
      throw new MemoryError(
        "DETACHED",
        "there is no memory: the module is not instantiated, or exports none",
      );
    }
    return memory;
  }

  /** The buffer of the memory; another one once the memory has grown. */
  get buffer() {
    return bufferOf(this.memory);
  }

  get byteLength() {
    return this.buffer.byteLength;
  }

  /**
   * The bytes from `ptr` on, not copied, once they have been checked. A negative number is the signed form of an
   * address, as WebAssembly gives those from 2 GiB on.
   *
   * @returns {Uint8Array} A view that is lost when the memory grows.
   */
  bytes(ptr, byteLength) {
    const address = checkedAddress(ptr);
    const { buffer } = this;
    checkLength(byteLength, buffer.byteLength);
    checkRange(address, byteLength, buffer.byteLength);
    return new Uint8Array(buffer, address, byteLength);
  }

  /**
   * A view of `length` items. It is lost when the memory grows: ask for another one then.
   *
   * @param {string} dtype As "float64"; "complex128" gives pairs of float64, "bool" bytes.
   * @param {number} ptr Address, a multiple of the size of a number.
   * @param {number} length Items.
   */
  view(dtype, ptr, length) {
    const known = DTYPES.get(dtype);
    if (known === undefined) {
      throw new TypeError(`${shown(dtype)} is no dtype; they are ${[...DTYPES.keys()].join(", ")}`);
    }
    const [View, elements] = known;
    const address = checkedAddress(ptr);
    const { buffer } = this;
    checkLength(length, buffer.byteLength);
    checkRange(address, length * elements * View.BYTES_PER_ELEMENT, buffer.byteLength);
    checkAlignment(address, View.BYTES_PER_ELEMENT, buffer.byteLength);
    return new View(buffer, address, length * elements);
  }

  /** A copy of `length` items, which later changes of the memory do not reach. */
  read(dtype, ptr, length) {
    return this.view(dtype, ptr, length).slice();
  }

  /**
   * Copies a typed array to an address that is a multiple of the size of its elements.
   *
   * @returns {number} Bytes written.
   */
  write(ptr, array) {
    const { bytes, alignment } = sourceBytes(array);
    const target = this.bytes(ptr, bytes.length);
    checkAlignment(target.byteOffset, alignment, this.byteLength);
    target.set(bytes);
    return bytes.length;
  }

  /** The text of `byteLength` bytes of UTF-8 at an address; without a length, that up to the next NUL. */
  readString(ptr, byteLength) {
    // A copy: browsers do not decode shared memory.
    const bytes = byteLength === undefined ? this.terminated(ptr) : this.bytes(ptr, byteLength).slice();
    return decoder.decode(bytes);
  }

  /** A copy of the bytes from an address to the next NUL, which is not among them. */
  terminated(ptr) {
    const address = checkedAddress(ptr);
    const memory = new Uint8Array(this.buffer);
    checkRange(address, 1, memory.length);
    const end = memory.indexOf(0, address);
    if (end < 0) {
      const byteLength = memory.length - address;
      throw new MemoryError(
        "UNTERMINATED",
        `the text at ${address} has no NUL in ${byteLength} bytes, up to the end of the memory of ${memory.length}`,
        { address, byteLength, memoryBytes: memory.length },
      );
    }
    return memory.slice(address, end);
  }

  /**
   * Writes a text as UTF-8, and a NUL.
   *
   * @param {number} [capacity] Room at the address; a text that does not fit is an error.
   * @returns {number} Bytes written, without the NUL.
   */
  writeString(ptr, text, capacity = Infinity) {
    if (typeof text !== "string") {
      throw new TypeError(`the text is ${shown(text)}, not a string`);
    }
    if (capacity !== Infinity) {
      checkLength(capacity, this.byteLength);
    }
    const bytes = encoder.encode(`${text}\0`);
    const address = checkedAddress(ptr);
    if (bytes.length > capacity) {
      throw new MemoryError(
        "OUT_OF_RANGE",
        `the text takes ${bytes.length} bytes with its NUL, and there is room for ${capacity} at ${address}`,
        { address, byteLength: bytes.length, memoryBytes: this.byteLength },
      );
    }
    this.bytes(address, bytes.length).set(bytes);
    return bytes.length - 1;
  }
}

/** An address as a number without a sign. */
function checkedAddress(ptr) {
  const number = typeof ptr === "bigint" ? Number(ptr) : ptr;
  if (!Number.isInteger(number) || number < -ADDRESS_SPACE / 2 || number >= ADDRESS_SPACE) {
    throw new MemoryError("INVALID_ADDRESS", `${describe(ptr)} is no address`, { address: number });
  }
  return number >>> 0;
}

function checkLength(length, memoryBytes) {
  if (!Number.isSafeInteger(length) || length < 0) {
    throw new MemoryError("INVALID_LENGTH", `${describe(length)} is no length`, { memoryBytes });
  }
}

function describe(value) {
  return typeof value === "number" || typeof value === "bigint"
    ? String(value)
    : `a value of type ${typeof value}`;
}

function checkRange(address, byteLength, memoryBytes) {
  // Both are below 2 ** 58, so that a rounded sum is on the same side of either bound.
  const end = address + byteLength;
  if (end <= memoryBytes) {
    return;
  }
  const bytes = byteLength > 0 ? `bytes ${address} to ${end - 1}` : `address ${address}`;
  const [code, where] =
    end > ADDRESS_SPACE ? ["OVERFLOW", "beyond the address space and "] : ["OUT_OF_RANGE", ""];
  throw new MemoryError(code, `${bytes} lie ${where}outside the memory of ${memoryBytes} bytes`, {
    address,
    byteLength,
    memoryBytes,
  });
}

function checkAlignment(address, alignment, memoryBytes) {
  if (address % alignment !== 0) {
    throw new MemoryError("MISALIGNED", `the address ${address} is not a multiple of ${alignment}`, {
      address,
      memoryBytes,
    });
  }
}

/** The bytes of an array, whatever its own properties claim. */
function sourceBytes(array) {
  const name = ArrayBuffer.isView(array) ? TYPED_ARRAY.tag(array) : undefined;
  if (name === undefined) {
    throw new TypeError("a typed array is needed");
  }
  try {
    const [buffer, offset, length] = [
      TYPED_ARRAY.buffer(array),
      TYPED_ARRAY.byteOffset(array),
      TYPED_ARRAY.byteLength(array),
    ];
    return { bytes: new Uint8Array(buffer, offset, length), alignment: ALIGNMENTS.get(name) ?? 1 };
  } catch {
    throw new MemoryError("DETACHED", `the ${name} is detached`);
  }
}
