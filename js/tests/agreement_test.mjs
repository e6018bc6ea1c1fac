// All backends give the same bits: on random programs, and on the recorded cases. Transcendental functions are the same
// in WebAssembly with and without threads; native code, where the processor multiplies and adds in one step, differs in
// their last places, within the bounds of docs/accuracy.md.

import assert from "node:assert/strict";
import { test } from "node:test";

import { backends, bits } from "./backends.mjs";
import {
  CLASSES,
  DTYPES,
  Random,
  TRANSCENDENTAL,
  randomArray,
  randomExpression,
  randomKernel,
} from "./random.mjs";
import { isDeviation, readCases, vectorFiles } from "./vectors.mjs";

const PROGRAMS = Number(process.env.MINIEXPR_PROGRAMS ?? 10_000);

/** What a call gives: the bits of its result, or its error. */
function outcome(call) {
  try {
    return bits(call());
  } catch (error) {
    return `${error.code}: ${error.message} ${error.start} ${error.end}`;
  }
}

/** A random program with inputs. */
function randomProgram(seed, functions) {
  const random = new Random(seed);
  const names = ["a", "b", "c"].slice(0, 1 + random.below(3));
  const items = random.pick([0, 1, 5, 33, 100]);
  // Half of them over one dtype: expressions of all dtypes are often refused.
  const common = random.below(2) === 0 ? random.pick(["float64", "float32", "int32"]) : null;
  const dtypes = Object.fromEntries(names.map((name) => [name, common ?? random.pick(DTYPES)]));
  const isMatrix = random.below(4) === 0 && items > 1;
  const inputs = Object.fromEntries(
    names.map((name) => {
      const data = randomArray(random, dtypes[name], items);
      return [name, isMatrix ? { data, shape: items % 5 === 0 ? [5, items / 5] : [items, 1] } : data];
    }),
  );
  const isKernel = random.below(5) === 0;
  const text = isKernel
    ? randomKernel(random, names, functions)
    : randomExpression(random, names, 3, functions);
  return { text, dtypes, inputs };
}

/** Compares backends on random programs. */
function compare(programs, compared, functions) {
  let compiled = 0;
  const wrong = [];
  for (let seed = 0; seed < programs; seed++) {
    const { text, dtypes, inputs } = randomProgram(seed, functions);
    const outcomes = compared.map(([, { compileSync }]) => {
      let f;
      const found = outcome(() => {
        f = compileSync(text, dtypes);
        return f(inputs);
      });
      f?.dispose();
      return found;
    });
    compiled += outcomes[0].startsWith("ERR") ? 0 : 1;
    if (outcomes.some((found) => found !== outcomes[0])) {
      wrong.push({ seed, text, dtypes, outcomes });
    }
  }
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${programs} differ`);
  assert.ok(compiled > programs / 3, `only ${compiled} programs have a result`);
}

test(`${PROGRAMS} random programs`, () => compare(PROGRAMS, backends, undefined));

test("random programs with transcendental functions, in WebAssembly", () =>
  compare(PROGRAMS / 5, backends.slice(1), TRANSCENDENTAL));

/** The distance of two floats in units in the last place of the second. */
function ulps(one, other, digits) {
  if (Object.is(one, other) || (Number.isNaN(one) && Number.isNaN(other)) || one === other) {
    return 0;
  }
  const exponent = Math.floor(Math.log2(Math.abs(other)));
  return Math.abs(one - other) / 2 ** (Math.max(exponent, digits === 24 ? -126 : -1022) - digits + 1);
}

test("transcendental functions are within their bounds of each other", () => {
  const random = new Random(7);
  const texts = [
    ...TRANSCENDENTAL.ONE.map((name) => `${name}(a)`),
    ...TRANSCENDENTAL.TWO.map((name) => `${name}(a, b)`),
  ];
  for (const dtype of ["float32", "float64"]) {
    const inputs = { a: randomArray(random, dtype, 5000), b: randomArray(random, dtype, 5000) };
    for (const text of texts) {
      const [native, wasm] = backends.map(([, { evaluateSync }]) => evaluateSync(text, inputs));
      const most = native.reduce(
        (most, value, i) => Math.max(most, ulps(value, wasm[i], dtype === "float32" ? 24 : 53)),
        0,
      );
      // Each may be 3.5 units from the exact value.
      assert.ok(most <= 7, `${text} of ${dtype}: ${most}`);
    }
  }
});

const bytesOf = (hex) => Buffer.from(hex, "hex");

/** Whether the functions of the package can ask what a recorded case asks. */
const isPlain = ({ vars, dtype, nd, varlen, n, want }) =>
  !nd &&
  // Of no items there is no smallest: of arrays an error, of blocks in C a number.
  n > 0 &&
  !varlen &&
  want.status === 0 &&
  want.evals.length === 1 &&
  want.evals[0].rc === 0 &&
  (dtype === "auto" || dtype in CLASSES) &&
  vars.every(([name, dtype]) => dtype in CLASSES && /^[A-Za-z_]\w*$/.test(name)) &&
  want.dtype in CLASSES;

test("the recorded cases", async (t) => {
  for (const file of vectorFiles) {
    const cases = readCases(file).filter((testCase) => isPlain(testCase) && !isDeviation(testCase.id));
    await t.test(`${file}: ${cases.length}`, () => {
      const wrong = [];
      for (const { id, expr, vars, dtype, inputs, want, tol, rtol } of cases) {
        const dtypes = Object.fromEntries(vars.map(([name, dtype]) => [name, dtype]));
        const arrays = vars.map(([name, dtype], i) => {
          const bytes = bytesOf(inputs[i]);
          return [name, new CLASSES[dtype](Uint8Array.from(bytes).buffer)];
        });
        const options = { dialect: "miniexpr", ...(dtype !== "auto" && { dtype }) };
        const outcomes = backends.map(([, { compileSync }]) =>
          outcome(() => {
            const f = compileSync(expr, dtypes, options);
            const items = f.dtype === want.dtype ? f(Object.fromEntries(arrays)) : f.dtype;
            f.dispose();
            return items;
          }),
        );
        const [native, plain, threaded] = outcomes;
        const wanted = bits(new CLASSES[want.dtype](Uint8Array.from(bytesOf(want.evals[0].out)).buffer));
        // Where the recorded value has a tolerance, so has native code.
        const isExact = tol === undefined && rtol === undefined;
        const isOne = /^(number|bigint|true|false|re:)/.test(native);
        const isWrong = isExact ? native !== plain || (native !== wanted && !isOne) : false;
        if (isWrong || plain !== threaded || native.startsWith("ERR")) {
          wrong.push({ id, expr, outcomes, wanted });
        }
      }
      assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${cases.length}`);
    });
  }
});
