/*
 * What the bridge must do, for Node, pages and workers alike: each case is a name and a function of an engine and the
 * compiled guests, which throws if something is wrong.
 */
import { WasmMemory, createImports } from "../bridge/index.js";
import { describeError } from "../threads/host.js";
import { BareGuest } from "./bridge_guest.js";

const PAGE = 65536;
const [FLOAT32, FLOAT64, INT32, STRING, BYTES] = [10, 11, 4, 14, 15];
const [OOM, NULL_EXPR, VAR_MISMATCH, INVALID, CANCELLED] = [-1, -2, -4, -5, -6];
const COMPILE = { PARSE: -2, INVALID: -3, TYPE: -8 };

function check(holds, message) {
  if (!holds) {
    throw new Error(message);
  }
}

const shown = (value) =>
  JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part) ? Array.from(part, String) : typeof part === "bigint" ? `${part}n` : part,
  );

function checkEqual(got, want, what = "value") {
  const [left, right] = [shown(got), shown(want)];
  check(left === right, `${what}: ${left} instead of ${right}`);
}

function checkMatch(text, pattern) {
  check(pattern.test(String(text)), `${JSON.stringify(text)} does not match ${pattern}`);
}

/** A guest with its module; `show` says what its memory is given by. */
async function openGuest(engine, module, show = (instance) => instance) {
  let instance = null;
  const imports = createImports(engine, () => show(instance));
  instance = await WebAssembly.instantiate(module, imports);
  return { ...instance.exports, imports, memory: new WasmMemory(instance) };
}

/** The wind guest computes speeds; throws if they are wrong. */
function blow(guest, count) {
  const [u, v] = [1, 2].map((step) => Float64Array.from({ length: count }, (_, i) => i * step));
  guest.memory.write(guest.east(), u);
  guest.memory.write(guest.north(), v);
  checkEqual(guest.evaluate(count), 0, "status");
  const want = u.map((x, i) => Math.sqrt(x * x + v[i] * v[i]));
  checkEqual(guest.memory.read("float64", guest.speeds(), count), want, "speeds");
}

/** A bare guest whose messages lie in its own blocks, so that its memory keeps its size. */
function guestOfOnePage(engine) {
  const guest = new BareGuest(engine, { malloc: (bytes) => guest.alloc(bytes) });
  return guest;
}

async function guestInC({ engine, guests }) {
  const guest = await openGuest(engine, guests.wind);
  checkEqual(guest.start(), 0, "start");
  [1, 2, 3, 1000, 4096].forEach((count) => blow(guest, count));
  guest.memory.writeString(guest.text(), "u + w");
  checkEqual(guest.compile(guest.text()), COMPILE.PARSE, "status");
  checkMatch(guest.memory.readString(guest.message()), /unknown name 'w'/);
  checkEqual(guest.evaluate(1), NULL_EXPR, "there is no expression after a failure");
  guest.stop();
  checkEqual(guest.imports.expressionCount, 0, "expressions left");
}

async function guestInRust({ engine, guests }) {
  const guest = await openGuest(engine, guests.rust);
  const mean = (count) => (Math.sqrt(5) * (count - 1)) / 2;
  for (const count of [1, 10, 100_000, 1_000_000]) {
    const got = guest.mean_speed(count);
    check(Math.abs(got - mean(count)) <= 1e-12 * count, `${got} instead of ${mean(count)}`);
  }
  check(guest.memory.byteLength > 24e6, "its memory has grown meanwhile");
  const text = guest.take(64);
  guest.memory.writeString(text, "sqrt(u) + cbrt_(v)", 64);
  checkMatch(guest.memory.readString(guest.try_compile(text)), /unknown name 'cbrt_'.*\(-2\)$/);
  guest.memory.writeString(text, "u * v", 64);
  checkEqual(guest.try_compile(text), 0);
  guest.give_back(text, 64);
  checkEqual(guest.imports.expressionCount, 0, "expressions left");
}

async function severalGuests({ engine, guests }) {
  const winds = await Promise.all(
    [1, 2, 3].map(() => openGuest(engine, guests.wind, ({ exports }) => exports)),
  );
  winds.forEach((guest) => checkEqual(guest.start(), 0));
  winds[1].memory.writeString(winds[1].text(), "u - v");
  checkEqual(winds[1].compile(winds[1].text()), 0);
  blow(winds[0], 100);
  blow(winds[2], 100);
  winds[1].memory.write(winds[1].east(), Float64Array.of(5, 6));
  winds[1].memory.write(winds[1].north(), Float64Array.of(2, 8));
  checkEqual(winds[1].evaluate(2), 0);
  checkEqual(winds[1].memory.read("float64", winds[1].speeds(), 2), Float64Array.of(3, -2));
  winds[0].stop();
  blow(winds[2], 100);
}

function foreignExpressions({ engine }) {
  const [one, two] = [new BareGuest(engine), new BareGuest(engine)];
  const variables = [["x", FLOAT64]];
  const [{ expression: first }, { expression: second }] = [one, two].map((guest) =>
    guest.compile("x + 1", ...variables),
  );
  const data = two.put(Float64Array.of(1));
  const inputs = two.words(data);
  const evaluate = (expression) => two.exports.me_eval(expression, inputs, 1, data, 1, 0);
  checkEqual(evaluate(second), 0);
  checkEqual(evaluate(first), INVALID, "an expression of another guest");
  checkMatch(two.message(), /belongs to another guest/);
  checkEqual(two.exports.me_get_itemsize(first), 0);
  checkEqual(two.exports.me_expr_variable_count(first), 0);
  checkEqual(two.exports.me_expr_variable(first, 0), -1);
  two.exports.me_free(first);
  checkEqual(one.exports.me_get_itemsize(first), 8, "the other guest could not free it");
  two.exports.me_free(second);
  checkEqual(evaluate(second), INVALID, "use after free");
  checkMatch(two.message(), /has been freed, or never was one/);
  two.exports.me_free(second);
  two.exports.me_free(0);
  checkEqual(evaluate(0), NULL_EXPR);
  for (const number of [1, 16, -1, second + 1, second - 1, 2 ** 31 - 1, -(2 ** 31)]) {
    checkEqual(evaluate(number), INVALID, `an invented pointer ${number}`);
  }
  for (let i = 0; i < 1000; i++) {
    const { expression } = two.compile("x * 2", ...variables);
    check(expression !== second, "a freed number came back");
    two.exports.me_free(expression);
  }
  checkEqual(evaluate(second), INVALID);
  checkEqual(
    [one, two].map(({ imports }) => imports.expressionCount),
    [1, 0],
  );
  one.imports.dispose();
  checkEqual(one.imports.expressionCount, 0);
  checkEqual(one.exports.me_get_itemsize(first), 0);
}

function hostileCompiles({ engine }) {
  const guest = guestOfOnePage(engine);
  const { me_compile, me_compile_with, me_compile_nd_jit } = guest.exports;
  const end = guest.wasm.buffer.byteLength;
  const [text, table] = [guest.text("x + 1"), guest.table(["x", FLOAT64])];
  const [error, out] = [guest.words(7), guest.words(7)];
  new Uint8Array(guest.wasm.buffer).fill(65, end - 8);
  const expectInvalid = (args, pattern, want = COMPILE.INVALID) => {
    guest.memory.write(out, Int32Array.of(7));
    checkEqual(me_compile(...args), want, shown(args));
    checkMatch(guest.message(), pattern);
    check(args[5] !== out || guest.word(out) === 0, "there is no expression");
    check(args[4] !== error || guest.word(error) === -1, "the position is -1");
  };
  expectInvalid([end - 8, table, 1, 0, error, out], /has no NUL in 8 bytes/);
  expectInvalid([end, table, 1, 0, error, out], /outside the memory of 65536/);
  expectInvalid([-4, table, 1, 0, error, out], /outside the memory/);
  expectInvalid([0, table, 1, 0, error, out], /NULL/);
  expectInvalid([text, 0, 1, 0, error, out], /table of 1 variables is NULL/);
  expectInvalid([text, table, -1, 0, error, out], /negative/);
  expectInvalid([text, table, 2 ** 31 - 1, 0, error, out], /outside the memory/);
  expectInvalid([text, end - 23, 1, 0, error, out], /outside the memory/);
  expectInvalid([text, -8, 1, 0, error, out], /outside the memory/);
  expectInvalid([text, guest.words(end - 8, FLOAT64, 0, 0, 0, 0), 1, 0, error, out], /has no NUL/);
  expectInvalid([text, guest.words(0, FLOAT64, 0, 0, 0, 0), 1, 0, error, out], /NULL/);
  expectInvalid([text, table, 1, 0, error, 0], /output pointer is NULL/);
  expectInvalid([text, table, 1, 0, error, end - 3], /outside the memory/);
  expectInvalid([text, table, 1, 0, end - 3, out], /outside the memory/);
  expectInvalid([text, table, 1, 77, error, out], /dtype 77 is unknown/, COMPILE.TYPE);
  expectInvalid([text, guest.table(["x", -5]), 1, 0, error, out], /dtype -5 .* is unknown/, COMPILE.TYPE);
  const withFunction = guest.words(guest.text("f"), FLOAT64, 5, 9, 0, 0);
  expectInvalid([text, withFunction, 1, 0, error, out], /type 9 of 'f'.*guest/, COMPILE.TYPE);
  checkEqual(me_compile(text, table, 1, 0, 0, out), 0, "the position is not asked for");
  guest.exports.me_free(guest.word(out));

  const options = (...words) => guest.words(...words);
  const compileWith = (params) => me_compile_with(text, table, 1, 0, params, error, out);
  checkEqual(compileWith(0), 0);
  checkEqual(compileWith(options(12, 1, 0)), 0);
  checkEqual(compileWith(options(4, 99, 99)), 0, "two fields are not there");
  const later = Array(18).fill(0);
  checkEqual(compileWith(options(72, 1, ...later.slice(2))), 0, "a later version");
  for (const params of [
    options(72, 1, ...later.slice(3), 1),
    options(3),
    options(-1),
    end - 2,
    options(12, 77, 0),
  ]) {
    checkEqual(compileWith(params), COMPILE.INVALID);
  }
  const shape = guest.put(BigInt64Array.of(4n));
  const compileGrid = (ndims, ...shapes) =>
    me_compile_nd_jit(text, table, 1, 0, ndims, ...shapes, 0, error, out);
  const extent = guest.words(4);
  checkEqual(compileGrid(1, shape, extent, extent), 0);
  for (const ndims of [0, -1, 65, 2 ** 31 - 1, -(2 ** 31)]) {
    checkEqual(compileGrid(ndims, shape, extent, extent), COMPILE.INVALID, `${ndims} dimensions`);
  }
  for (const shapes of [
    [0, extent, extent],
    [shape, 0, extent],
    [shape, extent, 0],
    [end - 4, extent, extent],
  ]) {
    checkEqual(compileGrid(1, ...shapes), COMPILE.INVALID);
  }
}

function hostileEvaluations({ engine }) {
  const guest = guestOfOnePage(engine);
  const { me_eval } = guest.exports;
  const end = guest.wasm.buffer.byteLength;
  const { expression } = guest.compile("a + b", ["a", FLOAT64], ["b", FLOAT64]);
  const [a, b] = [guest.put(Float64Array.of(1, 2)), guest.put(Float64Array.of(10, 20))];
  const out = guest.put(new Float64Array(2));
  const inputs = guest.words(a, b);
  const evaluate = (...args) => me_eval(expression, ...args);
  checkEqual(evaluate(inputs, 2, out, 2, 0), 0);
  checkEqual(guest.memory.read("float64", out, 2), Float64Array.of(11, 22));
  const invalid = [
    [end - 4, 2, out, 2, 0],
    [-4, 2, out, 2, 0],
    [0, 2, out, 2, 0],
    [guest.words(a, 0), 2, out, 2, 0],
    [guest.words(a, end - 8), 2, out, 2, 0],
    [guest.words(a, -8), 2, out, 2, 0],
    [inputs, 2, 0, 2, 0],
    [inputs, 2, end - 8, 2, 0],
    [inputs, 2, out, 2 ** 31 - 1, 0],
    [inputs, 2, out, end / 8, 0],
    [inputs, 2, out, 2, end - 8],
  ];
  invalid.forEach((args) => checkEqual(evaluate(...args), INVALID, shown(args)));
  for (const count of [1, 3, 0, -1, 2 ** 31 - 1]) {
    checkEqual(evaluate(inputs, count, out, 2, 0), VAR_MISMATCH, `${count} buffers`);
  }
  checkEqual(evaluate(inputs, 2, end - 16, 2, 0), 0, "the last bytes");
  checkEqual(guest.memory.read("float64", end - 16, 2), Float64Array.of(11, 22));
  checkEqual(evaluate(inputs, 2, a, 2, 0), 0, "into an input");
  checkEqual(guest.memory.read("float64", a, 2), Float64Array.of(11, 22));
  checkEqual(evaluate(guest.words(a + 1, b + 1), 2, out + 3, 1, 0), 0, "at any alignment");
  checkEqual(evaluate(0, 2, 0, 0, 0), 0, "no items");
  const { me_eval_varlen, me_eval_nd, me_nd_valid_nitems } = guest.exports;
  checkEqual(me_eval_nd(expression, inputs, 2, out, 2, 0n, 0n, 0), INVALID, "it has no blocks");
  checkEqual(me_nd_valid_nitems(expression, 0n, 0n, out), INVALID);
  checkEqual(me_nd_valid_nitems(0, 0n, 0n, out), INVALID);
  checkEqual(me_eval_varlen(expression, inputs, 2, 2, out, out, 8, out, 0), INVALID, "it has no text");
}

/** Words of a me_array in a guest. */
const array = (guest, data, dtype, shape, strides = null, itemsize = 0) => [
  ...[data, dtype, itemsize, shape.length],
  guest.put(BigInt64Array.from(shape, BigInt)),
  strides === null ? 0 : guest.put(BigInt64Array.from(strides, BigInt)),
];

function arrays({ engine }) {
  const guest = new BareGuest(engine);
  const { me_eval_arrays, me_result_shape } = guest.exports;
  const { expression } = guest.compile("a - b", ["a", FLOAT64], ["b", FLOAT64]);
  const table = guest.put(Float64Array.of(1, 2, 3, 4, 5, 6));
  const row = guest.put(Float64Array.of(10, 20, 30));
  // The table from the right to the left, less a row for each of its rows.
  const inputs = guest.words(
    ...array(guest, table + 16, FLOAT64, [2, 3], [24, -8]),
    ...array(guest, row, FLOAT64, [3]),
  );
  const [ndim, shape] = [guest.words(0), guest.put(new BigInt64Array(32))];
  checkEqual(me_result_shape(expression, inputs, 2, ndim, shape), 0);
  checkEqual([guest.word(ndim), guest.memory.read("int64", shape, 2)], [2, BigInt64Array.of(2n, 3n)]);
  // Every second item of the output, by columns.
  const out = guest.put(new Float64Array(12).fill(-1));
  const output = guest.words(...array(guest, out, FLOAT64, [2, 3], [16, 32]));
  checkEqual(me_eval_arrays(expression, inputs, 2, output, 0), 0, guest.message());
  const gap = -1;
  checkEqual(
    guest.memory.read("float64", out, 12),
    Float64Array.of(-7, gap, -4, gap, -18, gap, -15, gap, -29, gap, -26, gap),
  );
  // Into the table itself, shifted.
  const shifted = guest.words(...array(guest, table + 8, FLOAT64, [5]));
  const overlapping = guest.words(...array(guest, table, FLOAT64, [5]), ...array(guest, row, FLOAT64, []));
  checkEqual(me_eval_arrays(expression, overlapping, 2, shifted, 0), 0, guest.message());
  checkEqual(guest.memory.read("float64", table, 6), Float64Array.of(1, -9, -8, -7, -6, -5));
  const empty = guest.words(...array(guest, 0, FLOAT64, [0, 3]), ...array(guest, row, FLOAT64, [3]));
  checkEqual(me_eval_arrays(expression, empty, 2, guest.words(...array(guest, 0, FLOAT64, [0, 3])), 0), 0);
}

function hostileArrays({ engine }) {
  const guest = guestOfOnePage(engine);
  const { me_eval_arrays, me_result_shape } = guest.exports;
  const end = guest.wasm.buffer.byteLength;
  const { expression } = guest.compile("a + 1", ["a", FLOAT64]);
  const data = guest.put(Float64Array.of(1, 2, 3, 4));
  const out = guest.put(new Float64Array(4));
  const input = (...args) => guest.words(...array(guest, ...args));
  const good = input(data, FLOAT64, [4]);
  const output = input(out, FLOAT64, [4]);
  const evaluate = (inputs, target = output, params = 0) =>
    me_eval_arrays(expression, inputs, 1, target, params);
  checkEqual(evaluate(good), 0);
  const huge = 2n ** 62n;
  const refused = [
    input(end - 24, FLOAT64, [4]),
    input(data, FLOAT64, [4], [2 ** 40]),
    input(data, FLOAT64, [4], [-(2 ** 20)]),
    input(data, FLOAT64, [4], [huge]),
    input(data, FLOAT64, [4], [-huge]),
    input(data, FLOAT64, [huge]),
    input(data, FLOAT64, [huge, huge, huge]),
    input(data, FLOAT64, [-4]),
    input(data, FLOAT32, [4]),
    input(data, 99, [4]),
    input(data, FLOAT64, [4], null, 7),
    input(0, FLOAT64, [4]),
    guest.words(data, FLOAT64, 0, 33, guest.put(new BigInt64Array(33)), 0),
    guest.words(data, FLOAT64, 0, -1, 0, 0),
    guest.words(data, FLOAT64, 0, 1, 0, 0),
    guest.words(data, FLOAT64, 0, 1, end - 4, 0),
    guest.words(data, FLOAT64, 0, 1, guest.put(BigInt64Array.of(4n)), end - 4),
    end - 20,
    0,
  ];
  refused.forEach((inputs, i) => {
    checkEqual(evaluate(inputs), INVALID, `input ${i}`);
    check(guest.message(), `a message for input ${i}`);
  });
  const badOutputs = [
    ...[0, end - 20, input(end - 8, FLOAT64, [4]), input(out, FLOAT64, [4], [0]), input(out, FLOAT64, [5])],
    ...[input(out, FLOAT32, [4]), input(out, FLOAT64, [4], [-(2 ** 40)])],
  ];
  badOutputs.forEach((target, i) => checkEqual(evaluate(good, target), INVALID, `output ${i}`));
  const params = (...words) => guest.words(48, 0, 0, 0, ...words, ...Array(8 - words.length).fill(0));
  const [calm, raised] = [guest.words(0), guest.words(1)];
  checkEqual(evaluate(good, output, params(2, calm)), 0);
  checkEqual(evaluate(good, output, params(2 ** 31 - 1)), 0, "as many threads as there are");
  checkEqual(evaluate(good, output, guest.words(20, 1, 0, 0, -1)), 0, "an older version");
  checkEqual(evaluate(good, output, params(1, raised)), CANCELLED);
  checkEqual(evaluate(good, output, params(1, 0, 5)), INVALID, "a function of the guest");
  checkEqual(evaluate(good, output, params(-7)), INVALID);
  checkEqual(evaluate(good, output, params(1, end - 2)), INVALID);
  checkEqual(me_eval_arrays(expression, good, 2, output, 0), VAR_MISMATCH);
  checkEqual(me_result_shape(expression, good, 1, 0, out), INVALID);
  checkEqual(me_result_shape(expression, good, 1, out, end - 4), INVALID);
  checkEqual(me_result_shape(0, good, 1, out, out), NULL_EXPR);
  checkEqual(evaluate(good), 0, "it goes on");
}

function chunkedArrays({ engine }) {
  const guest = guestOfOnePage(engine);
  const out = guest.words(0);
  const [chunk, block] = [guest.words(4, 4), guest.words(2, 4)];
  const shape = guest.put(BigInt64Array.of(3n, 5n));
  const text = guest.text("x * 2");
  const table = guest.table(["x", INT32]);
  checkEqual(guest.exports.me_compile_nd(text, table, 1, 0, 2, shape, chunk, block, 0, out), 0);
  const expression = guest.word(out);
  const input = guest.put(Int32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 99));
  const output = guest.put(new Int32Array(9).fill(-1));
  const evaluate = (items, nchunk, nblock) =>
    guest.exports.me_eval_nd(expression, guest.words(input), 1, output, items, nchunk, nblock, 0);
  // The second block of the second chunk has one valid item of the third row.
  checkEqual(evaluate(9, 1n, 1n), 0);
  checkEqual(
    guest.memory.read("int32", output, 9),
    Int32Array.of(2, 0, 0, 0, 0, 0, 0, 0, -1),
    "the last is none of its",
  );
  const valid = guest.put(new BigInt64Array(1));
  checkEqual(guest.exports.me_nd_valid_nitems(expression, 1n, 1n, valid), 0);
  checkEqual(guest.memory.read("int64", valid, 1), BigInt64Array.of(1n));
  checkEqual(evaluate(7, 0n, 0n), INVALID, "no room for a block");
  checkEqual(evaluate(-1, 0n, 0n), INVALID);
  checkEqual(evaluate(9, 9n, 0n), INVALID);
  checkEqual(evaluate(9, -(2n ** 63n), 2n ** 62n), INVALID);
  checkEqual(guest.exports.me_nd_valid_nitems(expression, 1n, 1n, guest.wasm.buffer.byteLength - 4), INVALID);
  checkEqual(guest.exports.me_nd_valid_nitems(expression, 1n, 1n, 0), INVALID);
}

function strings({ engine }) {
  const guest = guestOfOnePage(engine);
  const { me_eval_varlen, me_varlen_data_bound, me_get_dtype, me_get_itemsize } = guest.exports;
  const { expression } = guest.compile("upper(s)", ["s", BYTES, 4]);
  checkEqual([me_get_dtype(expression), me_get_itemsize(expression)], [BYTES, 4]);
  const input = guest.put(new TextEncoder().encode("abcdef\0\0"));
  const [offsets, data, used] = [
    guest.put(new BigInt64Array(3)),
    guest.put(new Uint8Array(9).fill(46)),
    guest.words(0),
  ];
  checkEqual(me_varlen_data_bound(expression, 2), 8);
  const evaluate = (...args) => me_eval_varlen(expression, guest.words(input), 1, ...args, 0);
  checkEqual(evaluate(2, offsets, data, 8, used), 0);
  checkEqual(guest.memory.read("int64", offsets, 3), BigInt64Array.of(0n, 4n, 6n));
  checkEqual([guest.word(used), guest.memory.readString(data, 9)], [6, "ABCDEF..."], "only what is used");
  checkEqual(evaluate(2, offsets, data, 5, used), INVALID, "no room");
  checkEqual(evaluate(2, offsets, data, -1, used), INVALID);
  checkEqual(evaluate(2, guest.wasm.buffer.byteLength - 8, data, 8, used), INVALID);
  checkEqual(evaluate(2, offsets, data, 8, 0), INVALID);
  checkEqual(evaluate(0, offsets, data, 8, used), INVALID);
  for (const itemsize of [-4, 2 ** 31 - 4, -(2 ** 31)]) {
    const { status, expression } = guest.compile("upper(s)", ["s", STRING, itemsize]);
    const result = status === 0 && guest.exports.me_eval(expression, guest.words(input), 1, data, 1, 0);
    check(status < 0 || result < 0, `items of ${itemsize >>> 0} bytes are refused`);
  }
}

function questions({ engine }) {
  const guest = new BareGuest(engine);
  const { exports } = guest;
  checkMatch(guest.readText(exports.me_version()), /^\d+\.\d+\.\d+$/);
  checkEqual(exports.me_version(), exports.me_version(), "the same place");
  const { expression } = guest.compile(
    "sum(beta) + alpha",
    ["alpha", FLOAT32],
    ["unused", FLOAT32],
    ["beta", FLOAT32],
  );
  checkEqual(exports.me_expr_variable_count(expression), 2);
  checkEqual(
    [0, 1, 2, -1].map((i) => exports.me_expr_variable(expression, i)),
    [0, 2, -1, -1],
  );
  const name = (i) => guest.readText(exports.me_expr_variable_name(expression, i));
  checkEqual([name(0), name(1), name(2), name(-1)], ["alpha", "beta", null, null]);
  checkEqual(exports.me_expr_variable_name(expression, 0), exports.me_expr_variable_name(expression, 0));
  checkEqual([exports.me_expr_is_scalar(expression), exports.me_expr_has_jit_kernel(expression)], [0, 0]);
  checkEqual(exports.me_expr_is_scalar(guest.compile("max(a)", ["a", FLOAT32]).expression), 1);
  checkEqual(exports.me_expr_variable_name(0, 0), 0);
  const most = exports.me_get_num_threads();
  check(most >= 1, `${most} threads`);
  exports.me_set_num_threads(2 ** 31 - 1);
  checkEqual(exports.me_get_num_threads(), most);
  exports.me_set_num_threads(1);
  checkEqual(exports.me_get_num_threads(), 1);
  exports.me_set_num_threads(-1);
  checkEqual(exports.me_get_num_threads(), most);
}

function messages({ engine }) {
  const guest = new BareGuest(engine);
  checkEqual(guest.exports.me_get_last_error_message(), 0, "nothing has failed");
  const span = guest.words(-1, -1);
  const place = () => [
    guest.exports.me_get_last_error_span(span, span + 4),
    guest.word(span),
    guest.word(span + 4),
  ];
  checkEqual(place(), [0, -1, -1]);
  guest.compile("a + nope", ["a", FLOAT64]);
  checkEqual(place(), [1, 4, 8]);
  checkEqual(guest.exports.me_get_last_error_span(0, 0), 1);
  checkEqual(guest.exports.me_get_last_error_span(guest.wasm.buffer.byteLength - 2, 0), 0);
  guest.compile("a + nope", ["a", FLOAT64]);
  const first = guest.exports.me_get_last_error_message();
  const pages = guest.wasm.buffer.byteLength / PAGE;
  guest.compile("a + missing", ["a", FLOAT64]);
  checkEqual(guest.exports.me_get_last_error_message(), first, "in the place of the last one");
  checkMatch(guest.message(), /'missing'/);
  checkEqual(guest.wasm.buffer.byteLength / PAGE, pages, "one page is enough");
  // An allocator that takes whatever there is has given the page to somebody.
  guest.memory.write(first + 8, Uint8Array.of(1, 2, 3, 4));
  guest.compile("a + lost", ["a", FLOAT64]);
  const second = guest.exports.me_get_last_error_message();
  check(second !== first, "another place");
  checkEqual(guest.memory.read("uint8", first + 8, 4), Uint8Array.of(1, 2, 3, 4), "the data of somebody");
  guest.compile("a + 1", ["a", FLOAT64]);
  checkEqual([guest.exports.me_get_last_error_message(), place()[0]], [0, 0], "a success has none");

  const small = new BareGuest(engine, { memory: { initial: 1, maximum: 1 } });
  small.compile("a + nope", ["a", FLOAT64]);
  checkEqual(small.exports.me_get_last_error_message(), 0, "there is no room");
  let room = 0;
  const own = new BareGuest(engine, { malloc: (bytes) => (room = own.alloc(bytes)) });
  own.compile("a + nope", ["a", FLOAT64]);
  checkEqual(own.exports.me_get_last_error_message(), room, "where the guest says");
  for (const wrong of [
    () => 1e9,
    () => -4,
    () => 0,
    () => undefined,
    () => {
      throw new Error("trap");
    },
  ]) {
    const hostile = new BareGuest(engine, { malloc: wrong });
    hostile.compile("a + nope", ["a", FLOAT64]);
    checkEqual(hostile.exports.me_get_last_error_message(), 0);
  }
}

function errorsInDetail({ engine }) {
  const guest = new BareGuest(engine);
  const size = 48;
  const at = guest.put(new Uint8Array(size + 8).fill(7));
  const ask = (bytes) => {
    guest.memory.write(at, Int32Array.of(bytes));
    return guest.exports.me_get_last_error(at);
  };
  checkEqual(
    [ask(size), guest.word(at + 4), guest.readText(guest.word(at + 40))],
    [0, 0, ""],
    "there is no error",
  );
  const { status } = guest.compile("a + nope", ["a", FLOAT64]);
  checkEqual(ask(size), 1);
  checkEqual(
    [guest.word(at + 4), guest.memory.read("int64", at + 16, 2), guest.word(at + 32), guest.word(at + 36)],
    [status, BigInt64Array.of(4n, 8n), 1, 5],
    "status, place, line and column",
  );
  checkMatch(guest.readText(guest.word(at + 40)), /'nope'/);
  checkEqual(guest.memory.read("uint8", at + size, 8), new Uint8Array(8).fill(7), "what follows");
  checkEqual([ask(3), ask(0), guest.exports.me_get_last_error(0)], [0, 0, 0]);
  checkEqual(guest.exports.me_get_last_error(guest.wasm.buffer.byteLength - 4), 0);
  guest.compile("a", ["a", FLOAT64]);
  checkEqual(ask(size), 0, "a success");
  // Of any length, unlike the message of the other function.
  const name = "x".repeat(2000);
  guest.compile(`a + ${name}`, ["a", FLOAT64]);
  checkEqual([ask(size), guest.message().length <= 255], [1, true]);
}

function language({ engine }) {
  const guest = new BareGuest(engine);
  const { exports } = guest;
  checkEqual(exports.me_is_kernel(guest.text("def f(x):\n    return x")), 1);
  checkEqual(
    [exports.me_is_kernel(guest.text("x + 1")), exports.me_is_kernel(0), exports.me_is_kernel(-8)],
    [0, 0, 0],
  );
  const count = exports.me_builtin_count();
  check(count > 80, `${count} names`);
  const info = guest.put(new Uint8Array(16));
  const names = Array.from({ length: count }, (_, i) => {
    checkEqual(exports.me_builtin(i, info), 1);
    check(guest.readText(guest.word(info + 12)).length > 3, "a line that helps");
    return guest.readText(guest.word(info));
  });
  check(names.includes("arctan2") && names.includes("sum"), names.join(" "));
  checkEqual(
    [exports.me_builtin(count, info), exports.me_builtin(-1, info), exports.me_builtin(0, 0)],
    [0, 0, 0],
  );
  const params = guest.put(new Uint8Array(64));
  exports.me_sandbox_params(params);
  checkEqual(
    [guest.word(params), guest.memory.read("uint8", params + 12, 4)],
    [64, Uint8Array.of(1, 1, 1, 1)],
  );
  const table = guest.table(["x", FLOAT64]);
  const out = guest.words(0);
  const compile = (text) => exports.me_compile_with(guest.text(text), table, 1, 0, params, 0, out);
  checkEqual([compile("x + 1"), compile("def f(x):\n    return x")], [0, -11], "an expression and a kernel");
  guest.memory.write(params + 56, Int32Array.of(5));
  checkEqual(compile("x + 1"), COMPILE.INVALID, "a function that prints");
  exports.me_sandbox_params(-8);
  const { expression } = guest.compile("x + 1", ["x", FLOAT64]);
  const length = exports.me_dump(expression, 0, 0, 0);
  check(length > 3, `a tree of ${length} bytes`);
  const buffer = guest.put(new Uint8Array(length + 1).fill(7));
  checkEqual(
    [exports.me_dump(expression, 0, buffer, length + 1), guest.readText(buffer).length],
    [length, length],
  );
  checkEqual([exports.me_dump(expression, 0, buffer, 3), guest.readText(buffer).length], [length, 2]);
  checkEqual([exports.me_dump(expression, 0, -8, 100), exports.me_dump(0, 0, buffer, 3)], [0, 0]);
  checkEqual(exports.me_fail(1, guest.text("no")), 0, "there is no function of the guest to fail");
}

function budgets({ engine }) {
  const guest = new BareGuest(engine);
  const kernel = "def f(x):\n    s = 0.0\n    while s < x:\n        s = s + 1.0\n    return s";
  const { expression } = guest.compile(kernel, ["x", FLOAT64]);
  const data = guest.put(Float64Array.of(1000));
  const budget = (cancel, passes) =>
    guest.put(new Uint8Array(BigInt64Array.of(24n | (BigInt(cancel) << 32n), 0n, BigInt(passes)).buffer));
  const [inputs, out, interpreted] = [
    guest.words(data),
    guest.put(new Float64Array(1)),
    guest.words(0, 0, 2),
  ];
  const evaluate = (ptr) => guest.exports.me_eval_with(expression, inputs, 1, out, 1, interpreted, ptr);
  checkEqual([evaluate(0), evaluate(budget(0, 0)), evaluate(budget(0, 5000))], [0, 0, 0]);
  checkEqual(evaluate(budget(0, 10)), -8, "too many passes");
  checkMatch(guest.message(), /passes/);
  checkEqual([evaluate(budget(guest.words(0), 0)), evaluate(budget(guest.words(1), 0))], [0, CANCELLED]);
  checkEqual([evaluate(-8), evaluate(budget(-8, 0)), evaluate(guest.words(3))], [INVALID, INVALID, INVALID]);
  checkEqual(evaluate(0), 0, "it goes on");
  guest.memory.write(data, Float64Array.of(Infinity));
  const late = guest.put(new Uint8Array(BigInt64Array.of(24n, 20_000_000n, 0n).buffer));
  checkEqual(evaluate(late), -7, "the time is up");
}

/** An engine that fails tells the guest so. */
function failingEngines() {
  const failing = (error) => ({
    version: "1.2.3",
    threads: 1,
    compileForGuest() {
      throw error;
    },
  });
  const cases = [
    [new WebAssembly.RuntimeError("unreachable"), -100],
    [new RangeError("Array buffer allocation failed"), OOM],
    [new TypeError("a bug"), -100],
    [null, -100],
  ];
  for (const [error, want] of cases) {
    const guest = new BareGuest(failing(error));
    const { status, expression } = guest.compile("1 + 1");
    checkEqual([status, expression], [want, 0]);
  }
  for (const wrong of [null, undefined, {}, { exports: {} }, 5]) {
    let message = "";
    try {
      createImports(wrong, new WebAssembly.Memory({ initial: 1 }));
    } catch (error) {
      message = String(error);
    }
    checkMatch(message, /TypeError: an engine is needed/);
  }
}

/** A generator of numbers that is the same everywhere. */
function numbersFrom(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Calls that are right, as the functions of a guest from their names to their arguments. */
function rightCalls(guest, expression) {
  const texts = [
    "a + b",
    "sum(a * b)",
    "a +",
    "sqrt(a) * b > 2",
    "def k(a, b):\n    return a + b",
    "a[0",
    "\u00e9",
  ];
  const addresses = texts.map((text) => guest.text(text));
  const text = (random) => addresses[random(addresses.length)];
  const table = guest.table(["a", FLOAT64], ["b", FLOAT64]);
  const [error, out, place] = [guest.words(0), guest.words(0), guest.put(new Uint8Array(1024).fill(7))];
  const grid = [1, guest.put(BigInt64Array.of(5n)), guest.words(4), guest.words(4)];
  const inputs = guest.words(place, place + 64);
  const operands = guest.words(...array(guest, place, FLOAT64, [4]), ...array(guest, place, FLOAT64, [2, 1]));
  const output = guest.words(...array(guest, place + 128, FLOAT64, [2, 4]));
  const options = guest.words(32, 0, 0, 0, 2, 0, 0, 0);
  const block = [0n, 0n];
  const budget = guest.words(24, 0, 0, 0, 1000, 0);
  return {
    me_compile: [text, table, 2, 0, error, out],
    me_compile_with: [text, table, 2, 0, guest.words(12, 1, 0), error, out],
    me_compile_nd: [text, table, 2, 0, ...grid, error, out],
    me_compile_nd_jit: [text, table, 2, 0, ...grid, 1, error, out],
    me_get_last_error_message: [],
    me_get_last_error_span: [place, place + 4],
    me_eval: [expression, inputs, 2, place + 128, 4, 0],
    me_eval_nd: [expression, inputs, 2, place + 128, 4, ...block, 0],
    me_eval_varlen: [expression, inputs, 2, 4, place + 128, place + 256, 64, place + 512, 0],
    me_eval_with: [expression, inputs, 2, place + 128, 4, 0, budget],
    me_eval_nd_with: [expression, inputs, 2, place + 128, 4, ...block, 0, budget],
    me_eval_varlen_with: [expression, inputs, 2, 4, place + 128, place + 256, 64, place + 512, 0, budget],
    me_sandbox_params: [place],
    me_is_kernel: [text],
    me_builtin_count: [],
    me_builtin: [3, place],
    me_fail: [1, text],
    me_get_last_error: [guest.put(Int32Array.of(48, ...Array(11).fill(0)))],
    me_dump: [expression, 1, place, 100],
    me_varlen_data_bound: [expression, 4],
    me_nd_valid_nitems: [expression, ...block, place],
    me_result_shape: [expression, operands, 2, place + 512, place + 256],
    me_eval_arrays: [expression, operands, 2, output, options],
    me_set_num_threads: [2],
    me_get_num_threads: [],
    me_free: [expression],
    me_get_dtype: [expression],
    me_get_itemsize: [expression],
    me_expr_variable_count: [expression],
    me_expr_variable: [expression, 1],
    me_expr_variable_name: [expression, 1],
    me_expr_is_scalar: [expression],
    me_expr_has_jit_kernel: [expression],
    me_version: [],
  };
}

/** Calls of which some arguments are replaced by others: each has an answer, and the engine lives. */
function randomCalls({ engine }) {
  const random = numbersFrom(20_261);
  const counts = { compiled: 0, evaluated: 0, refused: 0 };
  // What calls write at random spoils a guest after a while.
  for (let i = 0; i < 40; i++) {
    callAtRandom(engine, random, counts);
  }
  Object.entries(counts).forEach(([what, count]) => check(count > 100, `only ${count} ${what}`));
  guestStillComputes(engine);
}

/** Makes 500 calls of a guest of its own. */
function callAtRandom(engine, random, counts) {
  const pick = (list) => list[random(list.length)];
  const guest = new BareGuest(engine, { memory: { initial: 2, maximum: 8 } });
  const other = new BareGuest(engine);
  const end = guest.wasm.buffer.byteLength;
  const expressions = [0, other.compile("a", ["a", FLOAT64]).expression];
  const calls = rightCalls(guest, () => pick(expressions));
  checkEqual(Object.keys(calls).sort(), Object.keys(guest.exports).sort(), "all functions are called");
  const odd = [0, 1, 2, 3, 4, 8, 16, 64, -1, -8, end, end - 1, end - 8, 2 ** 31 - 1, -(2 ** 31), 1e6];
  const wrong = () => pick([() => pick(odd), () => pick(expressions), () => random(end), () => random(40)])();
  const argument = (right) => {
    if (random(8) === 0) {
      return typeof right === "bigint" ? BigInt(pick([...odd, -(2 ** 62), 2 ** 62])) : wrong();
    }
    return typeof right === "function" ? right(random) : right;
  };
  for (let round = 0; round < 500; round++) {
    const name = pick(Object.keys(calls));
    const args = calls[name].map(argument);
    let answer;
    try {
      answer = guest.exports[name](...args);
    } catch (error) {
      throw new Error(`${name}(${args}): ${describeError(error)}`, { cause: error });
    }
    check(answer === undefined || Number.isInteger(answer), `${name}(${args}) answered ${answer}`);
    check(answer !== -100, `${name}(${args}): ${guest.message()}`);
    if (name.startsWith("me_compile") && answer === 0) {
      expressions.push(guest.word(args.at(-1)));
      counts.compiled += 1;
    } else if (name.startsWith("me_eval")) {
      counts[answer === 0 ? "evaluated" : "refused"] += 1;
    }
  }
  checkEqual(other.imports.expressionCount, 1, "the other guest's");
  guest.imports.dispose();
  other.imports.dispose();
}

function guestStillComputes(engine) {
  const guest = new BareGuest(engine);
  const { expression } = guest.compile("x * x", ["x", FLOAT64]);
  const data = guest.put(Float64Array.of(3));
  checkEqual(guest.exports.me_eval(expression, guest.words(data), 1, data, 1, 0), 0);
  checkEqual(guest.memory.read("float64", data, 1), Float64Array.of(9));
  guest.imports.dispose();
}

export const CASES = [
  ["a guest in C", guestInC],
  ["a guest in Rust", guestInRust],
  ["several guests of one engine", severalGuests],
  ["expressions of others, freed ones, invented ones", foreignExpressions],
  ["hostile compile calls", hostileCompiles],
  ["hostile evaluations", hostileEvaluations],
  ["arrays with strides", arrays],
  ["hostile arrays", hostileArrays],
  ["chunked arrays", chunkedArrays],
  ["strings", strings],
  ["questions", questions],
  ["messages have a place in the guest", messages],
  ["errors in detail", errorsInDetail],
  ["the language", language],
  ["budgets", budgets],
  ["engines that fail", failingEngines],
  ["random calls", randomCalls],
].map(([name, run]) => ({ name, run }));

/** Runs a case: null, or what is wrong. */
export async function runCase(name, context) {
  try {
    await CASES.find((known) => known.name === name).run(context);
    return null;
  } catch (error) {
    return describeError(error);
  }
}
