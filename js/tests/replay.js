/*
 * Replays recorded cases (tests/vectors) in a module, from Node or a page: status, position of the error, dtype,
 * itemsize, return codes and bytes, compared as tests/conformance does.
 */

const DTYPES = [
  ...["auto", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"],
  ...["float32", "float64", "complex64", "complex128", "string", "bytes"],
];
const FLOATS = { float32: 4, float64: 8, complex64: 4, complex128: 8 };
const JIT = { off: 2, on: 1 };
const PARSE_ERROR = -2;
const FILLER = 0xa5;
/** Bytes behind each output that must stay as they are. */
const MARGIN = 64;

const bytesOf = (hex) =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => parseInt(hex.slice(2 * i, 2 * i + 2), 16));

/** The deviations of tests/conformance/deviations.json, as a question about an id. */
export function deviationTest(groups) {
  const patterns = groups
    .flatMap(({ cases }) => cases)
    .map((pattern) => {
      const [first, last] = pattern.split("-");
      const [family, from] = first.split("/");
      return { family, from, to: last ?? from };
    });
  return (id) => {
    const [family, number] = id.split("/");
    return patterns.some(
      (pattern) => pattern.family === family && pattern.from <= number && number <= pattern.to,
    );
  };
}

/** Memory of a module for one case. */
class Arena {
  #blocks = [];

  constructor(host) {
    this.host = host;
  }

  /** The address of new bytes, which are these, or so many of the filler. */
  put(content) {
    const bytes = typeof content === "number" ? new Uint8Array(content).fill(FILLER) : content;
    const address = this.host.alloc(Math.max(1, bytes.length));
    this.#blocks.push(address);
    this.host.getMemoryView("u8").set(bytes, address);
    return address;
  }

  text(text) {
    return this.put(new TextEncoder().encode(`${text}\0`));
  }

  numbers(Type, values) {
    return this.put(new Uint8Array(Type.from(values).buffer));
  }

  bytes(address, length) {
    return this.host.getMemoryView("u8").slice(address, address + length);
  }

  release() {
    this.#blocks.splice(0).forEach((address) => this.host.free(address));
  }
}

/** The floats of an item: one, or two of a complex one. */
function parts(dtype, item) {
  const view = new DataView(item.buffer, item.byteOffset, item.length);
  const size = FLOATS[dtype];
  const read = (at) => (size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true));
  return Array.from({ length: item.length / size }, (_, i) => read(i * size));
}

/** A number that grows with the value by one from a float to the next. */
function rank(dtype, value) {
  const bytes = new DataView(new ArrayBuffer(8));
  if (FLOATS[dtype] === 4) {
    bytes.setFloat32(0, value);
    const bits = BigInt(bytes.getInt32(0));
    return bits < 0n ? -(2n ** 31n) - bits : bits;
  }
  bytes.setFloat64(0, value);
  const bits = bytes.getBigInt64(0);
  return bits < 0n ? -(2n ** 63n) - bits : bits;
}

function itemsAgree(dtype, got, want, { tol, rtol }) {
  if (got.every((byte, i) => byte === want[i])) {
    return true;
  }
  if (!FLOATS[dtype]) {
    return false;
  }
  const [left, right] = [parts(dtype, got), parts(dtype, want)];
  if (rtol !== undefined) {
    const distance = Math.hypot(...left.map((value, i) => value - right[i]));
    if (distance <= rtol * Math.max(Math.hypot(...left), Math.hypot(...right))) {
      return true;
    }
  }
  return left.every((value, i) => {
    if (Number.isNaN(value) || Number.isNaN(right[i])) {
      return Number.isNaN(value) && Number.isNaN(right[i]);
    }
    if (tol === undefined) {
      return Object.is(value, right[i]);
    }
    const distance = rank(dtype, value) - rank(dtype, right[i]);
    return distance <= BigInt(tol) && -distance <= BigInt(tol);
  });
}

function expectEqual(what, got, want) {
  const [left, right] = [JSON.stringify(got), JSON.stringify(want)];
  if (left !== right) {
    throw new Error(`${what} ${left} instead of ${right}`);
  }
}

function compare(dtype, itemsize, got, want, tolerance) {
  for (let at = 0; at < want.length; at += itemsize) {
    const pair = [got.subarray(at, at + itemsize), want.subarray(at, at + itemsize)];
    if (!itemsAgree(dtype, ...pair, tolerance)) {
      throw new Error(`item ${at / itemsize}: ${pair.map((bytes) => `[${bytes}]`).join(" instead of ")}`);
    }
  }
  if (got.subarray(want.length).some((byte) => byte !== FILLER)) {
    throw new Error(`more than ${want.length} bytes were written`);
  }
}

/** Compiles and evaluates a case; throws what differs. */
function check(host, arena, testCase, jit) {
  const { exports } = host;
  const code = (name) => DTYPES.indexOf(name);
  const variables = arena.numbers(
    Uint32Array,
    testCase.vars.flatMap(([name, dtype, itemsize = 0]) => [
      arena.text(name),
      code(dtype),
      0,
      0,
      0,
      itemsize,
    ]),
  );
  const [error, out] = [arena.put(4), arena.put(4)];
  const { nd, want } = testCase;
  const common = [arena.text(testCase.expr), variables, testCase.vars.length, code(testCase.dtype)];
  const status = nd
    ? exports.me_compile_nd_jit(
        ...common,
        nd.shape.length,
        arena.numbers(BigInt64Array, nd.shape.map(BigInt)),
        arena.numbers(Int32Array, nd.chunkshape),
        arena.numbers(Int32Array, nd.blockshape),
        jit,
        error,
        out,
      )
    : exports.me_compile(...common, error, out);
  const expression = host.getMemoryView("u32")[out / 4];
  if (status !== 0 || want.status !== 0) {
    if (status === 0) {
      exports.me_free(expression);
    }
    const message = host.readText(exports.me_get_last_error_message());
    expectEqual(`${message}: status`, status, want.status);
    expectEqual("position", host.getMemoryView("i32")[error / 4], status === PARSE_ERROR ? want.error : -1);
    return false;
  }
  try {
    expectEqual("dtype", exports.me_get_dtype(expression), code(want.dtype));
    expectEqual("itemsize", exports.me_get_itemsize(expression), want.itemsize);
    // What is compiled as a kernel takes all variables.
    const takesAll = nd !== undefined && jit === JIT.on;
    want.evals.forEach((wantEval, call) =>
      evaluate(host, arena, testCase, expression, wantEval, { block: nd?.calls[call], takesAll }),
    );
    return exports.me_expr_has_jit_kernel(expression) !== 0;
  } finally {
    exports.me_free(expression);
  }
}

function evaluate(host, arena, testCase, expression, want, { block, takesAll }) {
  const { exports } = host;
  const { n, inputs, tol, rtol } = testCase;
  const all = inputs.map((_, i) => i);
  const used = takesAll ? all : (testCase.used ?? all);
  const table = arena.numbers(
    Uint32Array,
    used.map((i) => arena.put(bytesOf(inputs[i]))),
  );
  const wanted = bytesOf(want.out);
  if (testCase.varlen) {
    const capacity = exports.me_varlen_data_bound(expression, n);
    const [offsets, data, room] = [arena.put((n + 1) * 8), arena.put(capacity), arena.put(4)];
    const rc = exports.me_eval_varlen(expression, table, used.length, n, offsets, data, capacity, room, 0);
    expectEqual("return code", rc, want.rc);
    if (rc === 0) {
      const found = new BigInt64Array(arena.bytes(offsets, (n + 1) * 8).buffer);
      expectEqual("offsets", Array.from(found, Number), want.offsets);
      expectEqual("data", [...arena.bytes(data, Number(found[n]))], [...wanted]);
    }
    return;
  }
  const itemsize = exports.me_get_itemsize(expression);
  const bytes = Math.max(1, n) * itemsize;
  const output = arena.put(bytes + MARGIN);
  let rc;
  if (block) {
    const [nchunk, nblock] = block.map(BigInt);
    const count = arena.put(8);
    const vrc = exports.me_nd_valid_nitems(expression, nchunk, nblock, count);
    expectEqual("code of the valid count", vrc, want.vrc ?? 0);
    if (vrc === 0) {
      expectEqual("valid items", Number(new BigInt64Array(arena.bytes(count, 8).buffer)[0]), want.valid);
    }
    rc = exports.me_eval_nd(expression, table, used.length, output, n, nchunk, nblock, 0);
  } else {
    rc = exports.me_eval(expression, table, used.length, output, n, 0);
  }
  expectEqual("return code", rc, want.rc);
  if (rc === 0) {
    compare(testCase.want.dtype, itemsize, arena.bytes(output, bytes + MARGIN), wanted, { tol, rtol });
  }
}

/**
 * Replays cases.
 *
 * @param {object} host A loaded module: `exports`, `alloc`, `free`, `getMemoryView`, `readText`.
 * @param {object[]} cases Lines of a vector file.
 * @param {(id: string) => boolean} isDeviation
 * @param {{jit: boolean}} options Whether to compile plain expressions too, where a case can say so.
 * @returns {{count: number, kernels: number, wrong: string[]}} Among them, how many had a kernel.
 */
export function replay(host, cases, isDeviation, { jit }) {
  const wrong = [];
  let kernels = 0;
  const arena = new Arena(host);
  for (const testCase of cases) {
    let difference = null;
    try {
      kernels += check(host, arena, testCase, jit ? JIT.on : JIT.off) ? 1 : 0;
    } catch (error) {
      difference = error.message;
    }
    arena.release();
    if (difference !== null && !isDeviation(testCase.id)) {
      wrong.push(`${testCase.id}: ${JSON.stringify(testCase.expr)}: ${difference}`);
    } else if (difference === null && isDeviation(testCase.id)) {
      wrong.push(`${testCase.id}: listed as a deviation, but agrees`);
    }
  }
  return { count: cases.length, kernels, wrong };
}
