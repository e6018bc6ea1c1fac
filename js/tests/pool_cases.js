/*
 * What the thread pool must do, for Node, pages and workers alike: each case is a name and a function of the
 * environment, which throws if something is wrong.
 */
import { readText } from "../wasm/host.js";
import { describeError } from "../threads/host.js";
import { ThreadPool } from "../threads/threadpool.js";
import { tasks } from "./tasks.js";

const built = (name) => new URL(`../../build/js-tests/${name}`, import.meta.url);
const workerUrl = new URL("./task_worker.js", import.meta.url);

/** Options for the two modules: this library's, and one of others. */
const LIBRARY = { workerUrl };
const FOREIGN = { wasmUrl: built("foreign.wasm") };
const FOREIGN_TASKS = { sum_of_squares: 1, trap_in_one: 2, grow: 3, nothing: 4 };

const MODULES = [
  ["the library", LIBRARY, tasks],
  ["a module of others", FOREIGN, FOREIGN_TASKS],
];

function check(holds, message) {
  if (!holds) {
    throw new Error(message);
  }
}

function checkEqual(got, want, what = "value") {
  const [left, right] = [got, want].map((value) => JSON.stringify(value));
  check(left === right, `${what}: ${left} instead of ${right}`);
}

/** The error that `run` gives, which must match a pattern. */
async function failure(run, pattern) {
  let error = null;
  try {
    await run();
  } catch (caught) {
    error = caught;
  }
  check(error !== null, `nothing failed, instead of ${pattern}`);
  check(pattern.test(String(error)), `${describeError(error)} instead of ${pattern}`);
  return error;
}

/** Calls `use` with a pool, which ends with it. */
async function withPool(count, options, use) {
  const pool = await ThreadPool.create(count, options);
  try {
    return await use(pool);
  } finally {
    await pool.shutdown();
  }
}

/** A dispatch that waits, in whatever way the thread may. */
const dispatchIn = (mayBlock) => (pool, args) =>
  mayBlock ? pool.dispatch(...args) : pool.dispatchAsync(...args);

/** The sum of the squares of 0, 1 … m - 1 by the pool, and directly. */
async function sumOfSquares(pool, dispatch, m, task) {
  const count = Math.max(1, pool.size);
  const [data, sums] = [pool.alloc(8 * m), pool.alloc(8 * count)];
  pool.getMemoryView("f64").set(
    Float64Array.from({ length: m }, (_, i) => i),
    data / 8,
  );
  await dispatch(pool, [data, m, sums, 0, task]);
  const parts = pool.getMemoryView("f64").slice(sums / 8, sums / 8 + count);
  pool.free(data);
  pool.free(sums);
  return [parts.reduce((sum, part) => sum + part), ((m - 1) * m * (2 * m - 1)) / 6];
}

/** Numbers from 0 to below 2^32 that are always the same (Marsaglia, 2003). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

function perModule(name, run) {
  return MODULES.map(([module, options, ofModule]) => ({
    name: `${name} (${module})`,
    run: (environment) => run({ ...environment, options, tasks: ofModule }),
  }));
}

export const CASES = [
  ...perModule("a task runs over slices, for any number of workers", async ({ dispatch, options, tasks }) => {
    for (const count of [1, 2, 3, 16]) {
      await withPool(count, options, async (pool) => {
        checkEqual(pool.size, count, "size");
        checkEqual(pool.reason, null, "reason");
        for (const m of [1, 7, 1000]) {
          const [sum, want] = await sumOfSquares(pool, dispatch, m, tasks.sum_of_squares);
          checkEqual(sum, want, `${count} workers, ${m} items`);
        }
      });
    }
  }),

  {
    name: "without workers the calling thread does it",
    run: async () => {
      await withPool(0, LIBRARY, async (pool) => {
        const [sum, want] = await sumOfSquares(pool, dispatchIn(true), 100, tasks.sum_of_squares);
        checkEqual(sum, want);
        checkEqual(pool.size, 0, "size");
      });
    },
  },

  ...perModule("jobs that nobody waits for run one after another", async ({ options, tasks }) => {
    await withPool(3, options, async (pool) => {
      const sums = await Promise.all(
        [1, 10, 100, 1000].map(async (m) => {
          const asyncDispatch = (pool, args) => pool.dispatchAsync(...args);
          return sumOfSquares(pool, asyncDispatch, m, tasks.sum_of_squares);
        }),
      );
      sums.forEach(([sum, want]) => checkEqual(sum, want));
    });
  }),

  {
    name: "views, text, calls and notify",
    run: async () => {
      await withPool(1, LIBRARY, async (pool) => {
        const { memory } = pool;
        check(memory instanceof WebAssembly.Memory, "memory");
        check(pool.instance instanceof WebAssembly.Instance, "instance");
        for (const [type, View] of Object.entries({
          i8: Int8Array,
          u64: BigUint64Array,
          f32: Float32Array,
        })) {
          const view = pool.getMemoryView(type);
          check(view instanceof View && view.buffer === memory.buffer, type);
          check(pool.getMemoryView(type) === view, "a view is kept");
        }
        memory.grow(1);
        checkEqual(pool.getMemoryView("u8").length, memory.buffer.byteLength, "a view after growth");
        await failure(() => pool.getMemoryView("f16"), /TypeError.*"f16"/);
        check(/^\d+\.\d+\.\d+$/.test(pool.readText(pool.call("me_version"))), "the version");
        checkEqual(readText(memory, 0), null, "text at 0");
        await failure(() => pool.call("nothing"), /TypeError.*no function nothing/);
        const word = pool.alloc(4);
        checkEqual(pool.notify(word), 0, "nobody waits");
        await failure(() => pool.notify(1.5), /RangeError/);
        pool.free(word);
        pool.free(word);
        pool.free(0);
      });
    },
  },

  {
    name: "a task that is none is refused, and the pool goes on",
    run: async ({ dispatch }) => {
      await withPool(2, LIBRARY, async (pool) => {
        for (const task of [0, 1e6, 2 ** 32 - 1, tasks.no_task]) {
          const error = await failure(() => dispatch(pool, [0, 0, 0, 0, task]), /not the index of a task/);
          checkEqual(error.code, -3, "code");
        }
        const [sum, want] = await sumOfSquares(pool, dispatch, 50, tasks.sum_of_squares);
        checkEqual(sum, want);
      });
    },
  },

  ...perModule(
    "a trap breaks the pool, with the message and the stack of the worker",
    async (environment) => {
      const { dispatch, options, tasks } = environment;
      for (const run of [dispatch, (pool, args) => pool.dispatchAsync(...args)]) {
        await withPool(3, options, async (pool) => {
          const error = await failure(() => run(pool, [0, 1, 0, 0, tasks.trap_in_one]), /unreachable/);
          check(
            /wasm/.test(`${error.message}${error.stack}${error.cause?.stack}`),
            `no stack: ${error.stack}`,
          );
          await failure(() => run(pool, [0, 9, 0, 0, tasks.nothing]), /broken.*unreachable/s);
          await failure(() => pool.alloc(8), /broken/);
          await failure(() => pool.dispatchAsync(0, 9, 0, 0, tasks.nothing), /broken/);
        });
      }
    },
  ),

  ...perModule("memory grows in all threads during a job", async ({ dispatch, options, tasks }) => {
    await withPool(4, options, async (pool) => {
      const before = pool.memory.buffer.byteLength;
      const old = pool.getMemoryView("u8");
      await dispatch(pool, [0, 3, 0, 0, tasks.grow]);
      checkEqual(pool.memory.buffer.byteLength - before, 4 * 3 * 65536, "growth");
      const view = pool.getMemoryView("u8");
      checkEqual([old.length, view.length], [before, pool.memory.buffer.byteLength], "lengths");
      view[view.length - 1] = 7;
      checkEqual(pool.getMemoryView("u8")[view.length - 1], 7);
      const [sum, want] = await sumOfSquares(pool, dispatch, 1000, tasks.sum_of_squares);
      checkEqual(sum, want);
    });
  }),

  {
    name: "memory that is not there is refused",
    run: async () => {
      await withPool(1, { ...LIBRARY, maxMemoryPages: 96 }, async (pool) => {
        await failure(() => pool.alloc(96 * 65536), /RangeError.*no memory for 6291456 bytes/);
        await failure(() => pool.alloc(-1), /RangeError/);
        await failure(() => pool.alloc(2 ** 33), /RangeError/);
        pool.free(pool.alloc(1000));
      });
      const tooLarge = { ...LIBRARY, maxMemoryPages: 48, stackSize: 1 << 20 };
      await failure(() => ThreadPool.create(3, tooLarge), /RangeError.*no memory for/);
    },
  },

  {
    name: "options are checked",
    run: async () => {
      await failure(() => ThreadPool.create(-1), /RangeError.*numWorkers/);
      await failure(() => ThreadPool.create(1.5), /RangeError/);
      await failure(() => ThreadPool.create(1, { stackSize: 1 }), /RangeError.*stackSize/);
      await failure(() => ThreadPool.create(1, { maxMemoryPages: 65537 }), /RangeError.*maxMemoryPages/);
      await failure(() => ThreadPool.create(1, { initialMemoryPages: 0 }), /RangeError.*initialMemoryPages/);
      const withFunction = { ...FOREIGN, imports: { host: { log: () => {} } } };
      await failure(() => ThreadPool.create(1, withFunction), /TypeError.*imports cannot be sent to workers/);
      for (const imports of [() => ({}), null, 1]) {
        await failure(
          () => ThreadPool.create(1, { ...FOREIGN, imports }),
          /TypeError.*imports cannot be sent/,
        );
      }
      // Nothing is imported: nothing is sent, not even what could not be.
      const detached = new Float64Array(2);
      structuredClone(detached.buffer, { transfer: [detached.buffer] });
      await withPool(1, { ...LIBRARY, imports: detached }, async (pool) => checkEqual(pool.size, 1));
    },
  },

  {
    name: "arguments that no thread can be sent are refused",
    run: async () => {
      await withPool(1, LIBRARY, async (pool) => {
        for (const argument of [{}, () => 1, Symbol.iterator, new WeakMap()]) {
          await failure(
            () => pool.callAsync("threadpool_get_futex_addr", argument),
            /TypeError.*takes numbers/,
          );
        }
        check((await pool.callAsync("threadpool_get_futex_addr")) > 0, "the pool goes on");
      });
    },
  },

  {
    name: "views have the names of the interface only",
    run: async () => {
      await withPool(0, LIBRARY, async (pool) => {
        for (const name of ["constructor", "toString", "__proto__", "f16", undefined]) {
          await failure(() => pool.getMemoryView(name), /TypeError.*there is no view/);
        }
      });
    },
  },

  {
    name: "imports come from a module that all threads load",
    run: async ({ dispatch }) => {
      const options = {
        wasmUrl: built("imports.wasm"),
        imports: new URL("./more_imports.js", import.meta.url),
      };
      await withPool(2, options, async (pool) => {
        const [sum, want] = await sumOfSquares(pool, dispatch, 10, FOREIGN_TASKS.sum_of_squares);
        checkEqual(sum, want + 10 * 0.5, "each square has a bonus of the imported function");
      });
      await failure(() => ThreadPool.create(2, { wasmUrl: built("imports.wasm") }), /LinkError|TypeError/);
      const missing = new URL("./no_such_file.js", import.meta.url);
      await failure(() => ThreadPool.create(2, { ...options, imports: missing }), /no_such_file|module/);
    },
  },

  {
    name: "a module that cannot be used fails at once",
    run: async () => {
      await failure(() => ThreadPool.create(2, { wasmBytes: new Uint8Array(8) }), /CompileError/);
      await failure(() => ThreadPool.create(2, { wasmUrl: built("no_such_file.wasm") }), /no_such_file/);
      await failure(() => ThreadPool.create(2, { wasmUrl: built("empty.wasm") }), /TypeError.*threadpool_/);
    },
  },

  {
    name: "workers that fail or never are ready make the start fail",
    run: async () => {
      const url = (name) => new URL(`./${name}`, import.meta.url);
      const broken = { ...FOREIGN, workerUrl: url("broken_worker.js") };
      await failure(() => ThreadPool.create(2, broken), /this worker is broken/);
      const silent = { ...FOREIGN, workerUrl: url("silent_worker.js"), readyTimeout: 50 };
      await failure(() => ThreadPool.create(2, silent), /not ready within 50 ms/);
      await failure(
        () => ThreadPool.create(2, { ...FOREIGN, workerUrl: url("no_such_worker.js") }),
        /no_such_worker/,
      );
    },
  },

  {
    name: "a job that is dispatched before its workers are there is not missed",
    run: async () => {
      // The foreign module waits for all of its workers: a lost wake would never end.
      for (let i = 0; i < 20; i++) {
        await withPool(2, FOREIGN, async (pool) => {
          await pool.dispatchAsync(0, 9, 0, 0, FOREIGN_TASKS.nothing);
        });
      }
    },
  },

  {
    name: "a dispatch inside a task runs in its thread",
    run: async ({ dispatch }) => {
      await withPool(3, LIBRARY, async (pool) => {
        const data = pool.alloc(64) + 16;
        const words = () => Array.from(pool.getMemoryView("i32").slice(data / 4 - 1, data / 4 + 3));
        pool.getMemoryView("i32").fill(0, data / 4 - 1, data / 4 + 3);
        await dispatch(pool, [data, 0, 0, tasks.count, tasks.nest]);
        checkEqual(words(), [0, 3, 3, 3], "results and counts");
      });
    },
  },

  {
    name: "expressions have the same bits for any number of threads",
    run: async () => {
      const x = Float64Array.from({ length: 100_003 }, (_, i) => Math.sin(i) * 10);
      const y = Float32Array.from(x, (value) => value / 3);
      const z = Int32Array.from(x, (value, i) => (i * 7) % 1000);
      const kernel = `
def steps(x, y):
    a = x
    n = 0
    while abs(a) > 0.01 and n < 100:
        a = a * 0.9 + sin(y) * 0.001
        n = n + 1
    return n + a
`;
      const results = new Map();
      for (const count of [0, 1, 2, 3, 16]) {
        await withPool(count, LIBRARY, async (pool) => {
          for (const [text, variables, inputs] of [
            ["exp(sin(x)) * log(y * y + 1) + sqrt(x * x + y * y)", { x: "float64", y: "float32" }, [x, y]],
            ["sum(x * y)", { x: "float64", y: "float32" }, [x, y]],
            ["where(z > 500, z % 7, -z)", { z: "int32" }, [z]],
            [kernel, { x: "float64", y: "float32" }, [x, y]],
          ]) {
            const expression = pool.compile(text, variables);
            if (text === kernel) {
              check(
                pool.call("me_expr_has_jit_kernel", expression.address) === 1,
                "the kernel is not compiled",
              );
            }
            const result = await pool.evaluate(expression, inputs);
            const bytes = new Uint8Array(result.buffer).reduce(
              (hash, byte) => (Math.imul(hash, 31) + byte) | 0,
              1,
            );
            const known = results.get(text) ?? bytes;
            checkEqual(bytes, known, `${count} workers, ${text}`);
            results.set(text, bytes);
            expression.free();
            expression.free();
          }
        });
      }
    },
  },

  {
    name: "evaluations refuse what does not fit, with the words of the library",
    run: async () => {
      await withPool(2, LIBRARY, async (pool) => {
        await failure(() => pool.compile("x +", { x: "float64" }), /SyntaxError/);
        await failure(() => pool.compile("y", { x: "float64" }), /SyntaxError.*unknown name 'y'/);
        await failure(() => pool.compile("x", { x: "float16" }), /TypeError.*float16/);
        const sum = pool.compile("x + y", { x: "float64", y: "float64" });
        checkEqual([sum.dtype, sum.inputs], ["float64", ["float64", "float64"]]);
        const [one, two, three] = [[1], [1, 2], [1, 2, 3]].map((values) => Float64Array.from(values));
        checkEqual(Array.from(await pool.evaluate(sum, [three, one])), [2, 3, 4], "one item is repeated");
        const output = new Float64Array(3);
        check((await pool.evaluate(sum, [three, three], output)) === output, "the output");
        checkEqual(Array.from(output), [2, 4, 6]);
        await failure(() => pool.evaluate(sum, [three]), /TypeError.*1 arrays are given for 2/);
        await failure(
          () => pool.evaluate(sum, [three, new Float32Array(3)]),
          /TypeError.*array 1.*Float64Array/,
        );
        await failure(() => pool.evaluate(sum, [three, two]), /RangeError.*shape/);
        await failure(() => pool.evaluate(sum, [three, three], two), /RangeError.*2 items instead of 3/);
        sum.free();
        await failure(() => pool.evaluate(sum, [three, three]), /TypeError.*freed/);
      });
    },
  },

  {
    name: "a compiled kernel is freed in every thread",
    run: async () => {
      await withPool(3, LIBRARY, async (pool) => {
        const table = pool.instance.exports.__indirect_function_table;
        const x = Float64Array.from({ length: 200_000 }, (_, i) => i);
        const turn = async (i) => {
          const text = `def f(x):\n    a = x + ${i}\n    if a > 5:\n        a = a * 2\n    return a\n`;
          const expression = pool.compile(text, { x: "float64" });
          const result = await pool.evaluate(expression, [x]);
          checkEqual([result[0], result[199_999]], [i > 5 ? 2 * i : i, (199_999 + i) * 2], `kernel ${i}`);
          expression.free();
        };
        // More than the library remembers.
        for (let i = 0; i < 100; i++) {
          await turn(i);
        }
        const { length } = table;
        for (let i = 100; i < 300; i++) {
          await turn(i);
        }
        checkEqual(table.length, length, "entries of the table");
      });
    },
  },

  {
    name: "shutdown waits for the job, is harmless twice, and is the end",
    run: async () => {
      const pool = await ThreadPool.create(2, LIBRARY);
      const data = pool.alloc(4);
      pool.getMemoryView("i32")[data / 4] = 0;
      const job = pool.dispatchAsync(data, 0, 0, 0, tasks.wait);
      // Until a worker waits in its task, nobody is woken.
      let woken = 0;
      while (woken === 0) {
        await Promise.resolve();
        woken = pool.notify(data);
      }
      pool.getMemoryView("i32")[data / 4] = 1;
      const end = pool.shutdown();
      pool.notify(data);
      checkEqual(await job, 0, "the job ends");
      await end;
      await pool.shutdown();
      await failure(() => pool.dispatchAsync(0, 0, 0, 0, tasks.nothing), /has been shut down/);
      await failure(() => pool.dispatch(0, 0, 0, 0, tasks.nothing), /has been shut down/);
      await failure(() => pool.alloc(8), /has been shut down/);
    },
  },

  {
    name: "shutdown breaks off a job that does not end",
    run: async () => {
      const pool = await ThreadPool.create(2, { ...LIBRARY, shutdownTimeout: 50 });
      const data = pool.alloc(4);
      pool.getMemoryView("i32")[data / 4] = 0;
      const job = failure(() => pool.dispatchAsync(data, 0, 0, 0, tasks.wait), /shut down during the job/);
      await Promise.resolve();
      await pool.shutdown();
      await job;
    },
  },

  {
    name: "ten thousand dispatches of random sizes, with random pauses",
    run: async ({ mayBlock }) => {
      const random = randomNumbers(20_240_917);
      await withPool(3, LIBRARY, async (pool) => {
        const [data, sums] = [pool.alloc(8 * 512), pool.alloc(8 * 3)];
        pool.getMemoryView("f64").set(
          Float64Array.from({ length: 512 }, (_, i) => i),
          data / 8,
        );
        const nothing = new Int32Array(new SharedArrayBuffer(4));
        for (let i = 0; i < 10_000; i++) {
          const m = 1 + (random() % 512);
          const job = [data, m, sums, 0, tasks.sum_of_squares];
          if (mayBlock && i % 8 !== 0) {
            pool.dispatch(...job);
          } else {
            await pool.dispatchAsync(...job);
          }
          const parts = pool.getMemoryView("f64").subarray(sums / 8, sums / 8 + 3);
          check(
            parts[0] + parts[1] + parts[2] === ((m - 1) * m * (2 * m - 1)) / 6,
            `dispatch ${i}: ${parts}`,
          );
          // Of all lengths, so that workers spin, sleep, or are about to.
          if (mayBlock && random() % 16 === 0) {
            Atomics.wait(nothing, 0, 0, (random() % 100) / 100);
          }
        }
      });
    },
  },
];

/** Whether this thread may block. */
function mayBlockHere() {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

/** Runs a case by its name; what went wrong as text, null if nothing. */
export async function runCase(name) {
  const mayBlock = mayBlockHere();
  const found = CASES.find((one) => one.name === name);
  try {
    await found.run({ mayBlock, dispatch: dispatchIn(mayBlock) });
    return null;
  } catch (error) {
    return describeError(error);
  }
}
