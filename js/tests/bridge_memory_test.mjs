// Checked access to the memory of a module: what WasmMemory reads, writes and refuses.

import assert from "node:assert/strict";
import { test } from "node:test";
import vm from "node:vm";

import { MemoryError, WasmMemory, createImports } from "../bridge/index.js";
import { MiniexprError } from "../core/error.js";

const PAGE = 65536;
const newMemory = (pages = 1, more = {}) => new WebAssembly.Memory({ initial: pages, ...more });

/** An access fails with this code and message, and says which bytes of how many. */
function expectError(run, code, message, fields = {}) {
  assert.throws(run, (error) => {
    assert.ok(error instanceof MemoryError && error instanceof RangeError, error.stack);
    assert.equal(error.name, "MemoryError");
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    Object.entries(fields).forEach(([name, value]) => assert.equal(error[name], value, name));
    return true;
  });
}

const ARRAYS = {
  bool: Uint8Array.of(0, 1),
  int8: Int8Array.of(-1, 2),
  int16: Int16Array.of(-300, 2),
  int32: Int32Array.of(-70000, 2),
  int64: BigInt64Array.of(-(2n ** 60n), 2n),
  uint8: Uint8Array.of(200, 2),
  uint16: Uint16Array.of(60000, 2),
  uint32: Uint32Array.of(4e9, 2),
  uint64: BigUint64Array.of(2n ** 63n, 2n),
  float32: Float32Array.of(0.5, -2),
  float64: Float64Array.of(0.1, -2),
};

test("arrays of every dtype come back, as copies and as views", () => {
  const wasm = newMemory();
  const memory = new WasmMemory(wasm);
  for (const [dtype, array] of Object.entries(ARRAYS)) {
    assert.equal(memory.write(64, array), array.byteLength);
    const copy = memory.read(dtype, 64, 2);
    assert.deepEqual(copy, array, dtype);
    assert.notEqual(copy.buffer, wasm.buffer);
    const view = memory.view(dtype, 64, 2);
    assert.deepEqual(view, array, dtype);
    assert.equal(view.buffer, wasm.buffer);
  }
  memory.write(0, Float64Array.of(1, 2, 3, 4));
  assert.deepEqual(memory.read("complex128", 0, 2), Float64Array.of(1, 2, 3, 4));
  memory.write(0, Float32Array.of(1, 2));
  assert.deepEqual(memory.read("complex64", 0, 1), Float32Array.of(1, 2));
  memory.write(1, Uint8ClampedArray.of(7));
  assert.deepEqual(memory.read("uint8", 1, 1), Uint8Array.of(7));
});

test("an access reaches the last byte, and no further", () => {
  const memory = new WasmMemory(newMemory());
  assert.equal(memory.read("float64", PAGE - 8, 1).length, 1);
  assert.equal(memory.read("float64", PAGE, 0).length, 0);
  const bytes = { address: PAGE - 8, byteLength: 16, memoryBytes: PAGE };
  expectError(
    () => memory.read("float64", PAGE - 8, 2),
    "OUT_OF_RANGE",
    /^bytes 65528 to 65543 lie outside the memory of 65536 bytes$/,
    bytes,
  );
  expectError(() => memory.view("float64", PAGE - 8, 2), "OUT_OF_RANGE", /65543/, bytes);
  expectError(() => memory.write(PAGE - 8, new Float64Array(2)), "OUT_OF_RANGE", /65543/, bytes);
  expectError(() => memory.read("uint8", PAGE + 1, 0), "OUT_OF_RANGE", /^address 65537/);
  expectError(() => memory.readString(PAGE - 1, 2), "OUT_OF_RANGE", /^bytes 65535 to 65536/);
  expectError(() => memory.writeString(PAGE - 3, "abc"), "OUT_OF_RANGE", /^bytes 65533 to 65536/);
});

test("lengths that overflow are no short ones", () => {
  const memory = new WasmMemory(newMemory());
  for (const length of [2 ** 29, 2 ** 29 + 1, 2 ** 32, 2 ** 53 - 1]) {
    for (const name of ["read", "view"]) {
      expectError(() => memory[name]("float64", 8, length), "OVERFLOW", /beyond the address space/);
      expectError(() => memory[name]("complex128", 8, length), "OVERFLOW", /memory of 65536 bytes/);
    }
  }
});

test("what is no address or no length is refused", () => {
  const memory = new WasmMemory(newMemory());
  const wrong = [NaN, 0.5, Infinity, -(2 ** 31) - 1, 2 ** 32, undefined, null, "8", {}, [], 2n ** 40n];
  for (const ptr of wrong) {
    const calls = [
      () => memory.read("int8", ptr, 1),
      () => memory.view("int8", ptr, 1),
      () => memory.write(ptr, new Int8Array(1)),
      () => memory.readString(ptr),
      () => memory.writeString(ptr, ""),
    ];
    calls.forEach((run) => expectError(run, "INVALID_ADDRESS", /is no address$/));
  }
  for (const length of [-1, 0.5, NaN, Infinity, 2 ** 53, "1", null, 1n, undefined]) {
    expectError(() => memory.read("int8", 0, length), "INVALID_LENGTH", /is no length$/, {
      memoryBytes: PAGE,
    });
  }
  // As WebAssembly gives addresses from 2 GiB on.
  expectError(() => memory.read("int8", -8, 1), "OUT_OF_RANGE", /^bytes 4294967288 to/);
  assert.deepEqual(memory.read("int8", 8n, 1), Int8Array.of(0));
  assert.throws(() => memory.read("float16", 0, 1), /"float16" is no dtype; they are bool, int8/);
});

test("addresses are multiples of the size of a number", () => {
  const memory = new WasmMemory(newMemory());
  for (const [dtype, array] of Object.entries(ARRAYS)) {
    const size = array.BYTES_PER_ELEMENT;
    for (let ptr = 65; size > 1 && ptr < 64 + size; ptr++) {
      const message = RegExp(`^the address ${ptr} is not a multiple of ${size}$`);
      expectError(() => memory.read(dtype, ptr, 1), "MISALIGNED", message, { address: ptr });
      expectError(() => memory.view(dtype, ptr, 1), "MISALIGNED", message);
      expectError(() => memory.write(ptr, array), "MISALIGNED", message);
    }
  }
  assert.equal(memory.read("complex128", 8, 1).length, 2);
  assert.deepEqual(memory.read("uint8", 64, 32), new Uint8Array(32), "nothing was written");
});

test("after growth each access is of the memory as it is", () => {
  const wasm = newMemory();
  const memory = new WasmMemory(wasm);
  const before = memory.view("float64", 0, 4);
  memory.write(0, Float64Array.of(1));
  wasm.grow(1);
  assert.equal(before.length, 0, "a view of the former buffer is empty");
  assert.equal(memory.byteLength, 2 * PAGE);
  assert.deepEqual(memory.read("float64", 0, 1), Float64Array.of(1));
  memory.write(PAGE, Float64Array.of(2));
  assert.equal(memory.view("float64", PAGE, 1)[0], 2);
});

test("shared memory is read, written and decoded", () => {
  const wasm = newMemory(1, { maximum: 4, shared: true });
  const memory = new WasmMemory(wasm);
  memory.write(8, Float64Array.of(0.5));
  const copy = memory.read("float64", 8, 1);
  assert.ok(copy.buffer instanceof ArrayBuffer);
  assert.deepEqual(copy, Float64Array.of(0.5));
  memory.writeString(16, "größer");
  assert.equal(memory.readString(16), "größer");
  wasm.grow(1);
  memory.write(PAGE, new Uint8Array(new SharedArrayBuffer(4)).fill(3));
  assert.deepEqual(memory.read("uint8", PAGE, 4), Uint8Array.of(3, 3, 3, 3));
});

test("texts end with NUL, or have a length", () => {
  const memory = new WasmMemory(newMemory());
  assert.equal(memory.writeString(100, "a ≤ b"), 7);
  assert.equal(memory.readString(100), "a ≤ b");
  assert.equal(memory.readString(100, 1), "a");
  assert.equal(memory.readString(107), "");
  assert.equal(memory.writeString(200, "abc", 4), 3);
  expectError(
    () => memory.writeString(200, "abcd", 4),
    "OUT_OF_RANGE",
    /takes 5 bytes .* room for 4 at 200$/,
  );
  assert.equal(memory.readString(200), "abc", "nothing was written");
  memory.write(PAGE - 4, Uint8Array.of(65, 66, 67, 68));
  expectError(
    () => memory.readString(PAGE - 4),
    "UNTERMINATED",
    /^the text at 65532 has no NUL in 4 bytes, up to the end of the memory of 65536$/,
    { address: PAGE - 4, byteLength: 4, memoryBytes: PAGE },
  );
  expectError(() => memory.readString(PAGE), "OUT_OF_RANGE", /65536/);
});

test("what is written is a typed array, whatever it claims of itself", () => {
  const memory = new WasmMemory(newMemory());
  const detached = new Float64Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  expectError(() => memory.write(0, detached), "DETACHED", /the Float64Array is detached/);
  const proxy = new Proxy(new Uint8Array(4), {});
  for (const wrong of [null, undefined, 5, "text", [1, 2], new ArrayBuffer(8), { length: 8 }, proxy]) {
    assert.throws(() => memory.write(0, wrong), /a typed array is needed/);
  }
  assert.throws(() => memory.write(0, new DataView(new ArrayBuffer(8))), /a typed array is needed/);
  class Liar extends Uint8Array {
    get length() {
      return 1;
    }
    get byteLength() {
      return 1e9;
    }
    get byteOffset() {
      return 1e9;
    }
    get buffer() {
      return new ArrayBuffer(0);
    }
  }
  assert.equal(memory.write(0, new Liar(3).fill(9)), 3);
  assert.deepEqual(memory.read("uint8", 0, 4), Uint8Array.of(9, 9, 9, 0));
  const overlapping = memory.view("uint8", 0, 3);
  memory.write(1, overlapping);
  assert.deepEqual(memory.read("uint8", 0, 4), Uint8Array.of(9, 9, 9, 9));
});

test("the memory may be given by a function, an instance, or another realm", () => {
  const wasm = newMemory();
  let given = null;
  const memory = new WasmMemory(() => given);
  expectError(() => memory.read("int8", 0, 1), "DETACHED", /the module is not instantiated, or exports none/);
  for (given of [wasm, { memory: wasm }, { exports: { memory: wasm } }]) {
    assert.equal(memory.byteLength, PAGE);
    assert.equal(new WasmMemory(given).byteLength, PAGE);
  }
  const foreign = vm.runInNewContext("new WebAssembly.Memory({ initial: 2 })");
  assert.equal(new WasmMemory(foreign).byteLength, 2 * PAGE);
  for (const wrong of [undefined, null, 5, {}, new ArrayBuffer(8), new Uint8Array(8)]) {
    assert.throws(() => new WasmMemory(wrong), TypeError);
  }
});

test("whatever the getters and functions of a caller throw comes out as an error of the library", () => {
  const memory = new WasmMemory(new WebAssembly.Memory({ initial: 1 }));
  const throwing = () => {
    throw null;
  };
  const hostile = {
    get memory() {
      return throwing();
    },
    toString: throwing,
    valueOf: throwing,
  };
  const calls = [
    () => new WasmMemory(hostile),
    () => new WasmMemory(throwing).byteLength,
    () => memory.view(hostile, 0, 1),
    () => memory.read("int8", hostile, hostile),
    () => memory.writeString(0, hostile),
    () => memory.writeString(0, "text", hostile),
    () => createImports(new Proxy({}, { get: throwing }), memory),
    () =>
      createImports({ compileForGuest() {} }, memory, {
        get malloc() {
          return throwing();
        },
      }),
  ];
  for (const call of calls) {
    assert.throws(
      call,
      (error) => [MiniexprError, TypeError, RangeError].some((kind) => error instanceof kind),
      String(call),
    );
  }
});
