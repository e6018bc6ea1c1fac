// The plain module beside the Emscripten build of the library, operation by operation:
// emscripten.mjs FILE.js, which `scripts/bench.sh wasm` links.

import { pathToFileURL } from "node:url";

import { load } from "../../js/wasm/miniexpr.js";
import { evaluation, moduleOf } from "./call.mjs";
import { KERNELS } from "./kernels.mjs";
import { best, head, row } from "./timing.mjs";

/** So few that an array stays in a first-level cache: what is beyond depends on the pages that a memory got. */
const ITEMS = 2 ** 11;
/** Evaluations that are timed together. */
const BATCH = 8;
/** Ratios from which on a row is printed. */
const WORTH_TELLING = 1.08;

const FUNCTIONS = [
  ...[
    "sqrt",
    "exp",
    "log",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
  ],
  ...[
    "arctanh",
    "exp2",
    "exp10",
    "expm1",
    "log1p",
    "log2",
    "log10",
    "erf",
    "erfc",
    "lgamma",
    "tgamma",
    "cbrt",
  ],
  ...[
    "floor",
    "ceil",
    "trunc",
    "round",
    "rint",
    "abs",
    "sinpi",
    "cospi",
    "sum",
    "prod",
    "mean",
    "min",
    "max",
  ],
];
const FLOATS = [
  ...FUNCTIONS.map((name) => `${name}(x)`),
  ...["x + y", "x - y", "x * y", "x / y", "x % y", "x ** y", "x < y", "x == y", "-x", "x * 2.5", "x + 1"],
  ...["arctan2(x, y)", "hypot(x, y)", "fmod(x, y)", "where(x < y, x, y)", "x * y + x", "sum(x * y)"],
];
const INTEGERS = [
  ...["x + y", "x - y", "x * y", "x / y", "x % y", "x & y", "x << y", "x < y", "x == y", "abs(x)", "x ** y"],
  ...["sum(x)", "min(x)", "where(x < y, x, y)"],
];

const { default: create } = await import(pathToFileURL(process.argv[2]));
const emscripten = await create();
const names = ["compile", "eval_arrays", "result_shape", "get_itemsize", "get_dtype", "expr_has_jit_kernel"];
const modules = {
  plain: moduleOf(await load()),
  emscripten: {
    exports: Object.fromEntries(names.map((name) => [`me_${name}`, emscripten[`_me_${name}`]])),
    alloc: emscripten._malloc,
    words: () => emscripten.HEAPU32,
    bytes: () => emscripten.HEAPU8,
  },
};

/** How much longer the plain module takes; twice, so that one hitch makes no row. */
function ratioOf(text, inputs, milliseconds) {
  const evaluations = Object.fromEntries(
    Object.entries(modules).map(([name, module]) => {
      const { run } = evaluation(module, text, inputs);
      return [name, () => Array.from({ length: BATCH }, run)];
    }),
  );
  const measure = () => {
    const { plain, emscripten } = best(evaluations, milliseconds, 20);
    return plain / emscripten;
  };
  const ratio = measure();
  return ratio < WORTH_TELLING ? ratio : Math.min(ratio, measure());
}

const numbers = (Type, value) => [
  Type.from({ length: ITEMS }, (_, i) => value(0.01 + ((i * 7919) % ITEMS) / ITEMS)),
  Type.from({ length: ITEMS }, (_, i) => value(0.02 + ((i * 4099) % ITEMS) / ITEMS)),
];
const small = (value) => 1 + Math.round(9 * value);

const ratios = [];
const slow = [];
function compare(name, text, inputs, milliseconds) {
  const ratio = ratioOf(text, inputs, milliseconds);
  ratios.push(ratio);
  if (ratio >= WORTH_TELLING) {
    slow.push(row(name, ratio.toFixed(2)));
  }
}
for (const [dtype, texts, inputs] of [
  ["float64", FLOATS, numbers(Float64Array, (value) => 0.9 * value)],
  ["float32", FLOATS, numbers(Float32Array, (value) => 0.9 * value)],
  ["int32", INTEGERS, numbers(Int32Array, small)],
  ["int64", INTEGERS, numbers(BigInt64Array, (value) => BigInt(small(value)))],
]) {
  texts.forEach((text) => compare(`${text}, ${dtype}`, text, inputs, 60));
}
for (const { name, count, items, text } of KERNELS) {
  compare(name, text.trimStart(), items(count / 4), 200);
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(
  `${ratios.length} operations and kernels: geometric mean ${mean.toFixed(2)}, worst ${Math.max(...ratios).toFixed(2)}\n`,
);
console.log(head("slower than the Emscripten build", "plain / Emscripten"));
console.log(slow.join("\n"));
