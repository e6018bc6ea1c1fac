// Random numbers, values and texts, from a seed.

/** A generator of 32-bit numbers: mulberry32. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return (bits ^ (bits >>> 14)) >>> 0;
  }

  below(limit) {
    return this.next() % limit;
  }

  pick(values) {
    return values[this.below(values.length)];
  }
}

/** The arrays that hold the items of a dtype. */
export const CLASSES = {
  bool: Uint8Array,
  int8: Int8Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
  float32: Float32Array,
  float64: Float64Array,
  complex64: Float32Array,
  complex128: Float64Array,
};
export const DTYPES = Object.keys(CLASSES);

const SPECIAL = [0, -0, 1, -1, 0.5, -2.5, 3, 127, 1e10, -1e-10, Infinity, -Infinity, NaN, 1e300];

/** An array of a dtype: special values, small numbers, any bits of integers. */
export function randomArray(random, dtype, items) {
  const Class = CLASSES[dtype];
  const array = new Class(items * (dtype.startsWith("complex") ? 2 : 1));
  for (let i = 0; i < array.length; i++) {
    if (dtype === "bool") {
      array[i] = random.below(2);
    } else if (dtype.startsWith("float") || dtype.startsWith("complex")) {
      array[i] = random.below(3) === 0 ? random.pick(SPECIAL) : (random.next() - 2 ** 31) / 2 ** 28;
    } else {
      const number = random.below(2) === 0 ? random.below(12) - 4 : random.next() - 2 ** 31;
      array[i] = Class === BigInt64Array || Class === BigUint64Array ? BigInt(number) * 65537n : number;
    }
  }
  return array;
}

const BINARY = ["+", "-", "*", "/", "//", "%", "<", "<=", "==", "!=", ">", ">=", "&", "|", "^", "<<", ">>"];
const LOGICAL = ["and", "or"];
const UNARY = ["-", "+", "~", "not "];
const ONE = [
  ...["abs", "sqrt", "floor", "ceil", "trunc", "rint", "sign", "square", "isnan", "isfinite", "isinf"],
  ...["signbit", "reciprocal", "conj", "real", "imag", "radians"],
];
const TWO = ["minimum", "maximum", "fmin", "fmax", "copysign", "fmod", "hypot"];
/** Functions whose last places depend on whether the processor multiplies and adds in one step. */
export const TRANSCENDENTAL = {
  ONE: [
    ...["exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "erf", "erfc"],
    ...["sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "arctanh"],
  ],
  TWO: ["power", "arctan2", "logaddexp"],
};
const REDUCTIONS = ["sum", "prod", "min", "max", "mean", "any", "all", "std", "argmax", "count_nonzero"];
const LITERALS = ["0", "1", "2", "3", "7", "0.5", "2.5", "1e3", "True", "pi"];

/** A value whose sign is certain: that of a NaN which an operation makes is not, in WebAssembly. */
const withSign = (part) => `where(isnan(${part}), 1, ${part})`;

/** A random expression over names, without transcendental functions unless they are asked for. */
export function randomExpression(random, names, depth, functions = { ONE: [], TWO: [] }) {
  if (depth === 0 || random.below(6) === 0) {
    return random.below(4) === 0 ? random.pick(LITERALS) : random.pick(names);
  }
  const part = () => randomExpression(random, names, depth - 1, functions);
  switch (random.below(12)) {
    case 0:
    case 1: {
      const name = random.pick([...ONE, ...functions.ONE]);
      return `${name}(${name === "signbit" ? withSign(part()) : part()})`;
    }
    case 2: {
      const name = random.pick([...TWO, ...functions.TWO]);
      return `${name}(${part()}, ${name === "copysign" ? withSign(part()) : part()})`;
    }
    case 3:
      return `where(${part()}, ${part()}, ${part()})`;
    case 4:
      return `(${random.pick(UNARY)}${part()})`;
    case 5:
      return `(${part()} ${random.pick(LOGICAL)} ${part()})`;
    case 6:
      return `(${part()} if ${part()} else ${part()})`;
    case 7:
      return `${random.pick(REDUCTIONS)}(${part()})`;
    default:
      return `(${part()} ${random.pick(BINARY)} ${part()})`;
  }
}

/** A random kernel over names. */
export function randomKernel(random, names, functions) {
  const part = () => randomExpression(random, [...names, "s"], 2, functions);
  const lines = [`def f(${names.join(", ")}):`, `    s = ${randomExpression(random, names, 2, functions)}`];
  for (let statements = 1 + random.below(3); statements > 0; statements--) {
    if (random.below(2) === 0) {
      lines.push(`    if ${part()}:`, `        s = ${part()}`, "    else:", `        s = ${part()}`);
    } else {
      lines.push(`    for i in range(${1 + random.below(4)}):`, `        s = ${part()}`);
    }
  }
  return `${lines.join("\n")}\n    return s\n`;
}
