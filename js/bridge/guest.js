/*
 * What the bridge keeps of a guest: structs and numbers in its memory, texts that it is given, its expressions.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { BOOLS, LAYOUT, LONGS } from "./layout.js";

const encoder = new TextEncoder();

const PAGE = 65536;
/** Room for a message and its NUL; the header promises that no message is longer. */
const MESSAGE_BYTES = 256;
/** Handles look like addresses of aligned blocks. */
const HANDLE_STEP = 16;

/** A call that the bridge refuses; `status` is what the guest gets, if it is not the one for invalid arguments. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Structs and numbers in the memory of a guest, at any alignment. */
export class GuestMemory {
  /** @param {import("./memory.js").WasmMemory} memory */
  constructor(memory) {
    this.memory = memory;
  }

  bytes(ptr, byteLength) {
    return this.memory.bytes(ptr, byteLength);
  }

  #words(ptr, byteLength) {
    const bytes = this.bytes(ptr, byteLength);
    return new DataView(bytes.buffer, bytes.byteOffset, byteLength);
  }

  i32(ptr) {
    return this.#words(ptr, 4).getInt32(0, true);
  }

  setI32(ptr, value) {
    this.#words(ptr, 4).setInt32(0, value, true);
  }

  setI64(ptr, value) {
    this.#words(ptr, 8).setBigInt64(0, value, true);
  }

  /** Copies of `count` numbers; null for the address 0. */
  numbers(View, ptr, count) {
    if (ptr === 0) {
      return null;
    }
    return new View(this.bytes(ptr, count * View.BYTES_PER_ELEMENT).slice().buffer);
  }

  /** Bytes of the text at an address, without its NUL; null for the address 0. */
  text(ptr) {
    return ptr === 0 ? null : this.memory.terminated(ptr);
  }

  /** A copy of the struct at an address. */
  struct(name, ptr) {
    return new Struct(name, this.bytes(ptr, LAYOUT[name].size).slice());
  }

  /**
   * A struct that begins with its size: the guest may know fewer fields than this header, which are zero then, or
   * more, which must be zero. null for the address 0.
   */
  sizedStruct(name, ptr) {
    if (ptr === 0) {
      return null;
    }
    const known = new Uint8Array(LAYOUT[name].size);
    const size = this.i32(ptr) >>> 0;
    const given = this.bytes(ptr, size);
    if (size < 4 || given.subarray(known.length).some((byte) => byte !== 0)) {
      throw new Refusal(
        `options of ${size} bytes: struct_size is wrong, or they use what this version does not know`,
      );
    }
    known.set(given.subarray(0, known.length));
    return new Struct(name, known);
  }
}

/** The bytes of structs with these fields, one after another; those that are not named are zero. */
export function structBytes(name, list) {
  const layout = LAYOUT[name];
  const view = new DataView(new ArrayBuffer(list.length * layout.size));
  list.forEach((fields, i) => {
    Object.entries(fields).forEach(([field, value]) => {
      const at = i * layout.size + layout[field];
      if (BOOLS.has(field)) {
        view.setUint8(at, Number(value));
      } else if (LONGS.has(field)) {
        view.setBigInt64(at, value, true);
      } else {
        view.setInt32(at, value, true);
      }
    });
  });
  return new Uint8Array(view.buffer);
}

/** A struct that has been copied out of a guest's memory. */
export class Struct {
  #layout;
  #view;

  constructor(name, bytes) {
    this.#layout = LAYOUT[name];
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** A field that is a pointer or a size. */
  unsigned(field) {
    return this.#view.getUint32(this.#layout[field], true);
  }

  /** A field that is an int or an enumerator. */
  signed(field) {
    return this.#view.getInt32(this.#layout[field], true);
  }

  /** Fields that are options, by their names: bools, numbers of 64 bits as bigints, and of 32 bits with a sign. */
  options(...fields) {
    return Object.fromEntries(fields.map((field) => [field, this.#option(field)]));
  }

  #option(field) {
    const at = this.#layout[field];
    if (BOOLS.has(field)) {
      return this.#view.getUint8(at) !== 0;
    }
    return LONGS.has(field) ? this.#view.getBigInt64(at, true) : this.#view.getInt32(at, true);
  }

  /** A field that is a struct. */
  inner(name, field) {
    const { buffer, byteOffset } = this.#view;
    return new Struct(name, new Uint8Array(buffer, byteOffset + this.#layout[field], LAYOUT[name].size));
  }
}

/** Texts that functions of the header give back: they need a place in the guest's memory. */
export class Texts {
  #memory;
  #malloc;
  #interned = new Map();
  /** Places of texts that others replace, by what they are for. */
  #slots = new Map();
  /** Of a page of the bridge's own, what is free. */
  #free = { address: 0, bytes: 0 };

  /**
   * @param {import("./memory.js").WasmMemory} memory
   * @param {(bytes: number) => number} [malloc] The guest's; else its export `malloc`, else the memory is grown.
   */
  constructor(memory, malloc) {
    this.#memory = memory;
    this.#malloc = malloc;
  }

  /** The address of a text that stays; 0 if there is no room. */
  intern(text) {
    let address = this.#interned.get(text);
    if (address === undefined) {
      address = this.#place(encoder.encode(`${text}\0`));
      if (address !== 0) {
        this.#interned.set(text, address);
      }
    }
    return address;
  }

  /** The address of a text that is valid until the next one in the same slot; 0 if there is no room. */
  replace(slot, text) {
    const bytes = encoder.encode(text);
    const last = this.#slots.get(slot);
    const content = new Uint8Array(Math.max(last?.content.length ?? MESSAGE_BYTES, bytes.length + 1));
    content.set(bytes);
    if (last !== undefined && content.length === last.content.length && this.#isOurs(last)) {
      this.#memory.write(last.address, content);
      last.content = content;
      return last.address;
    }
    const address = this.#place(content);
    this.#slots.delete(slot);
    if (address !== 0) {
      this.#slots.set(slot, { address, content });
    }
    return address;
  }

  /** As `replace`, of what is longer than messages are only the beginning. */
  message(slot, text) {
    const bytes = new Uint8Array(MESSAGE_BYTES - 1);
    const { written } = encoder.encodeInto(text, bytes);
    return this.replace(slot, new TextDecoder().decode(bytes.subarray(0, written)));
  }

  /** Whether nobody else has written where a text is, as an allocator would that takes all of the memory. */
  #isOurs({ address, content }) {
    const now = this.#memory.bytes(address, content.length);
    return content.every((byte, i) => byte === now[i]);
  }

  #place(bytes) {
    const address = this.#allocate(bytes.length);
    if (address !== 0) {
      this.#memory.write(address, bytes);
    }
    return address;
  }

  #allocate(bytes) {
    const { source } = this.#memory;
    const malloc = this.#malloc ?? source?.malloc ?? source?.exports?.malloc;
    if (typeof malloc === "function") {
      return malloc(bytes) >>> 0;
    }
    if (this.#free.bytes < bytes) {
      const pages = Math.ceil(bytes / PAGE);
      try {
        const address = this.#memory.memory.grow(pages) * PAGE;
        this.#free = { address, bytes: pages * PAGE };
      } catch {
        return 0;
      }
    }
    const { address } = this.#free;
    this.#free = { address: address + bytes, bytes: this.#free.bytes - bytes };
    return address;
  }
}

/** The handles of all guests of this thread: each is a number of one guest alone. */
const taken = new Set();
let lastHandle = globalThis.crypto.getRandomValues(new Uint32Array(1))[0] & -HANDLE_STEP;

/** A number that nobody holds, and that nobody has held for long: what is freed does not come back. */
function newHandle() {
  do {
    lastHandle = (lastHandle + HANDLE_STEP) >>> 0;
  } while (lastHandle === 0 || taken.has(lastHandle));
  return lastHandle;
}

/** Frees the expressions of a guest that is gone. */
function freeAll(entries) {
  entries.forEach(({ expression }, handle) => {
    taken.delete(handle);
    expression.free();
  });
  entries.clear();
}

const lost = new FinalizationRegistry(freeAll);

/** The expressions of one guest, by the numbers that it takes for pointers. */
export class Expressions {
  #entries = new Map();

  constructor() {
    lost.register(this, this.#entries);
  }

  get size() {
    return this.#entries.size;
  }

  add(entry) {
    const handle = newHandle();
    taken.add(handle);
    this.#entries.set(handle, entry);
    return handle;
  }

  /** What a number stands for; null for NULL. */
  find(pointer) {
    const handle = pointer >>> 0;
    if (handle === 0) {
      return null;
    }
    const entry = this.#entries.get(handle);
    if (entry === undefined) {
      throw new Refusal(
        taken.has(handle)
          ? "the expression belongs to another guest"
          : "there is no such expression: it has been freed, or never was one",
      );
    }
    return entry;
  }

  remove(pointer) {
    const entry = this.find(pointer);
    if (entry !== null) {
      this.#entries.delete(pointer >>> 0);
      taken.delete(pointer >>> 0);
      entry.expression.free();
    }
  }

  clear() {
    freeAll(this.#entries);
  }
}
