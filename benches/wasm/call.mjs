// Expressions by the functions of the C header, in whatever module has them.

const DTYPES = new Map([
  [Int32Array, 4],
  [BigInt64Array, 5],
  [Float32Array, 10],
  [Float64Array, 11],
]);
/** The dtype follows from the text. */
const AUTO = 0;
const JIT = { off: 2, on: 1 };
const MOST_DIMENSIONS = 32;
/**
 * Arrays lie in the same places of a page in every module, since that changes what a short loop takes by a third: each so
 * many cache lines further than the one before it, as processors take equal places for equal addresses.
 */
const [PAGE, DISTANCE] = [4096, 17 * 64];
/** Words of the structs of the header. */
const [VARIABLE_WORDS, PARAMS_WORDS] = [6, 12];

/**
 * An evaluation that can be repeated.
 *
 * @param {{exports: object, alloc: Function, words: () => Uint32Array, bytes: () => Uint8Array}} module
 * @param {string} text
 * @param {(Int32Array | BigInt64Array | Float32Array | Float64Array)[]} inputs What the names `x` and `y` stand for, of one
 *   dtype.
 * @returns {{run: () => void, result: () => Uint8Array, isCompiled: boolean}}
 */
export function evaluation(module, text, [x, y], { threads = 1, jit = "on" } = {}) {
  const { exports, alloc } = module;
  let arrays = 0;
  const place = (bytes) => {
    const offset = (DISTANCE * arrays++) % PAGE;
    return Math.ceil(alloc(bytes + 2 * PAGE) / PAGE) * PAGE + offset;
  };
  const put = (data, address = alloc(data.byteLength)) => {
    module.bytes().set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), address);
    return address;
  };
  const words = (...values) => put(Int32Array.from(values));
  const zeros = (count) => Array(count).fill(0);
  const name = (text) => put(new TextEncoder().encode(`${text}\0`));
  const dtype = DTYPES.get(x.constructor);
  const { length } = x;
  const used = Object.entries({ x, y }).filter(([name]) => new RegExp(`\\b${name}\\b`).test(text));

  const variables = used.flatMap(([text]) => [name(text), dtype, ...zeros(VARIABLE_WORDS - 2)]);
  const out = words(0);
  const status = exports.me_compile(name(text), words(...variables), used.length, AUTO, 0, out);
  if (status !== 0) {
    throw new Error(`${text}: status ${status}`);
  }
  const expression = module.words()[out / 4];

  const shape = put(BigInt64Array.of(BigInt(length)));
  const table = words(
    ...used.flatMap(([, input]) => [put(input, place(input.byteLength)), dtype, 0, 1, shape, 0]),
  );
  const [ndim, extents] = [alloc(4), alloc(8 * MOST_DIMENSIONS)];
  exports.me_result_shape(expression, table, used.length, ndim, extents);
  const dimensions = module.words()[ndim / 4];
  const bytes = exports.me_get_itemsize(expression) * (dimensions === 0 ? 1 : length);
  const result = place(bytes);
  const target = words(result, exports.me_get_dtype(expression), 0, dimensions, shape, 0);
  const params = words(4 * PARAMS_WORDS, 0, 0, JIT[jit], threads, ...zeros(PARAMS_WORDS - 5));
  const run = () => {
    const status = exports.me_eval_arrays(expression, table, used.length, target, params);
    if (status !== 0) {
      throw new Error(`${text}: status ${status}`);
    }
  };
  return {
    run,
    result: () => module.bytes().slice(result, result + bytes),
    isCompiled: exports.me_expr_has_jit_kernel(expression) !== 0,
  };
}

/** What [`evaluation`] needs, of the plain module or of a pool. */
export const moduleOf = (host) => ({
  exports: host.instance.exports,
  alloc: (bytes) => host.alloc(bytes),
  words: () => host.getMemoryView("u32"),
  bytes: () => host.getMemoryView("u8"),
});
