// Times the package beside plain loops and other packages, over typed arrays of 10^6 float64; prints JSON.
// run.mjs [ROUNDS]

import nj from "@d4c/numjs";
import { createRequire } from "node:module";
import os from "node:os";

import { create, all } from "mathjs";
import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-cpu";
import { setThreadsCount } from "@tensorflow/tfjs-backend-wasm";

import { createApi } from "../../js/core/api.js";
import * as native from "../../js/native/index.js";
import { loadWasm } from "../../js/wasm/load.js";

const require = createRequire(import.meta.url);
const stdlib = {
  unary: require("@stdlib/strided-base-unary"),
  binary: require("@stdlib/strided-base-binary"),
  sin: require("@stdlib/math-base-special-sin"),
  exp: require("@stdlib/math-base-special-exp"),
};
const { default: numjs = nj } = nj;
const math = create(all);

const ROUNDS = Number(process.argv[2] ?? 40);
/** Seconds from which on a computation is slow. */
const SLOW = 0.3;
/** Calls that are timed together. */
const BATCH = 100;
const N = 1_000_000;
const wasm = createApi({ load: loadWasm });
const threads = createApi({ load: loadWasm });
await wasm.ready({ backend: "wasm" });
await threads.ready({ backend: "wasm-threads", threads: 2 });
setThreadsCount(1);
let tfBackend = "wasm";
try {
  await tf.setBackend("wasm");
  await tf.ready();
} catch {
  tfBackend = "cpu";
  await tf.setBackend("cpu");
}

const ramp = (from, to) =>
  Float64Array.from({ length: N }, (_, i) => from + ((to - from) * ((i * 7919) % N)) / N);
const [a, b, c] = [ramp(1, 2), ramp(0.1, 0.9), ramp(-3, 3)];
const inputs = { a, b, c };
const dtypes = { a: "float64", b: "float64", c: "float64" };

/** What the package computes for a text, in each engine, into an array of its own. */
function ours(text, given, types) {
  const engines = { native, wasm };
  const calls = Object.entries(engines).map(([name, { compileSync }]) => {
    const f = compileSync(text, types);
    const out = new Float64Array(N);
    return [name, () => f(given, { out })];
  });
  // Arrays in the engine's memory: no copies.
  const f = wasm.compileSync(text, types);
  const blocks = Object.fromEntries(
    Object.entries(given).map(([name, data]) => {
      const block = wasm.alloc("float64", N);
      block.data.set(data);
      return [name, block];
    }),
  );
  const out = wasm.alloc("float64", N);
  calls.push(["wasm, alloc", () => f(blocks, { out })]);
  for (const [name, { alloc, compileSync }] of Object.entries({
    "native, 2 threads": native,
    "wasm, 2 threads": threads,
  })) {
    const f = compileSync(text, types);
    const blocks = Object.fromEntries(
      Object.entries(given).map(([name, data]) => {
        const block = alloc("float64", N);
        block.data.set(data);
        return [name, block];
      }),
    );
    const out = alloc("float64", N);
    calls.push([name, () => f(blocks, { out, threads: 2 })]);
  }
  return Object.fromEntries(calls);
}

/** mathjs, compiled, item by item: quicker than with its matrices. */
function mathjs(text) {
  const code = math.compile(text);
  const out = new Float64Array(N);
  const scope = new Map();
  return () => {
    for (let i = 0; i < N; i++) {
      scope.set("a", a[i]).set("b", b[i]).set("c", c[i]);
      out[i] = code.evaluate(scope);
    }
  };
}

const strided = (f, one, two, out) => stdlib.binary([one, two, out], [N], [1, 1, 1], f);
const stridedOne = (f, one, out) => stdlib.unary([one, out], [N], [1, 1], f);

const tensors = Object.fromEntries(
  Object.entries(inputs).map(([name, data]) => [name, tf.tensor1d(Float32Array.from(data))]),
);
const tensor = (f) => () => {
  // Read outside of tidy, which looks for tensors among all items of what it gives back.
  const result = tf.tidy(() => f(tensors));
  result.dataSync();
  result.dispose();
};
const arrays = Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, numjs.array(data)]));

const MANDELBROT = `
def mandelbrot(x, y):
    zx = 0.0
    zy = 0.0
    count = 0.0
    for i in range(100):
        if zx * zx + zy * zy > 4.0:
            break
        t = zx * zx - zy * zy + x
        zy = 2.0 * zx * zy + y
        zx = t
        count = count + 1.0
    return count
`;
const side = Math.sqrt(N);
const x = Float64Array.from({ length: N }, (_, i) => -2 + (3 * (i % side)) / side);
const y = Float64Array.from({ length: N }, (_, i) => -1.5 + (3 * Math.floor(i / side)) / side);

const cases = [
  {
    name: "(a*b + c) / (a - 2*b)",
    engines: {
      ...ours("(a*b + c) / (a - 2*b)", inputs, dtypes),
      loop: (() => {
        const out = new Float64Array(N);
        return () => {
          for (let i = 0; i < N; i++) {
            out[i] = (a[i] * b[i] + c[i]) / (a[i] - 2 * b[i]);
          }
        };
      })(),
      mathjs: mathjs("(a*b + c) / (a - 2*b)"),
      numjs: () =>
        arrays.a
          .multiply(arrays.b)
          .add(arrays.c)
          .divide(arrays.a.subtract(arrays.b.multiply(2))),
      stdlib: (() => {
        const [t, u] = [new Float64Array(N), new Float64Array(N)];
        return () => {
          strided((p, q) => p * q, a, b, t);
          strided((p, q) => p + q, t, c, t);
          stridedOne((p) => 2 * p, b, u);
          strided((p, q) => p - q, a, u, u);
          strided((p, q) => p / q, t, u, t);
        };
      })(),
      tensorflow: tensor(({ a, b, c }) => tf.div(tf.add(tf.mul(a, b), c), tf.sub(a, tf.mul(b, 2)))),
    },
  },
  {
    name: "sin(a)*exp(b) + sin(c)",
    engines: {
      ...ours("sin(a)*exp(b) + sin(c)", inputs, dtypes),
      loop: (() => {
        const out = new Float64Array(N);
        return () => {
          for (let i = 0; i < N; i++) {
            out[i] = Math.sin(a[i]) * Math.exp(b[i]) + Math.sin(c[i]);
          }
        };
      })(),
      mathjs: mathjs("sin(a)*exp(b) + sin(c)"),
      numjs: () => numjs.sin(arrays.a).multiply(numjs.exp(arrays.b)).add(numjs.sin(arrays.c)),
      stdlib: (() => {
        const [t, u] = [new Float64Array(N), new Float64Array(N)];
        return () => {
          stridedOne(stdlib.sin, a, t);
          stridedOne(stdlib.exp, b, u);
          strided((p, q) => p * q, t, u, t);
          stridedOne(stdlib.sin, c, u);
          strided((p, q) => p + q, t, u, t);
        };
      })(),
      tensorflow: tensor(({ a, b, c }) => tf.add(tf.mul(tf.sin(a), tf.exp(b)), tf.sin(c))),
    },
  },
  {
    name: "Mandelbrot, 100 passes",
    engines: {
      ...ours(MANDELBROT, { x, y }, { x: "float64", y: "float64" }),
      loop: (() => {
        const out = new Float64Array(N);
        return () => {
          for (let item = 0; item < N; item++) {
            let zx = 0;
            let zy = 0;
            let count = 0;
            for (let i = 0; i < 100; i++) {
              if (zx * zx + zy * zy > 4) {
                break;
              }
              const t = zx * zx - zy * zy + x[item];
              zy = 2 * zx * zy + y[item];
              zx = t;
              count++;
            }
            out[item] = count;
          }
        };
      })(),
    },
  },
];

/** Seconds of the quickest of some rounds, in which the engines take turns; two rounds are enough for slow ones. */
function time(engines) {
  const best = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, run] of Object.entries(engines)) {
      if (round > 1 && best[name] > SLOW) {
        continue;
      }
      const start = performance.now();
      run();
      best[name] = Math.min(best[name] ?? Infinity, (performance.now() - start) / 1000);
    }
  }
  return best;
}

/** Seconds of one call of few items. */
function overhead({ compileSync }) {
  const f = compileSync("sqrt(a*a + b*b)", { a: "float64", b: "float64" });
  const given = { a: new Float64Array(16).fill(1), b: new Float64Array(16).fill(2) };
  const out = new Float64Array(16);
  const options = { out };
  const calls = { "a new array": () => f(given), "with out": () => f(given, options) };
  return Object.fromEntries(
    Object.entries(calls).map(([name, call]) => {
      let best = Infinity;
      for (let round = 0; round < 2000; round++) {
        const start = performance.now();
        for (let i = 0; i < BATCH; i++) {
          call();
        }
        best = Math.min(best, (performance.now() - start) / 1000 / BATCH);
      }
      return [name, best];
    }),
  );
}

const results = [];
for (const { name, engines } of cases) {
  results.push({ name, seconds: time(engines) });
}
const calls = { native: overhead(native), wasm: overhead(wasm) };
const cpu = os.cpus()[0].model;
console.log(JSON.stringify({ cpu, node: process.version, tfBackend, items: N, results, calls }, null, 2));
process.exit(0);
