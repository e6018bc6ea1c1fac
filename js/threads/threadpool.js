/*
 * A pool of workers on the shared memory of one WebAssembly module: in pages, in workers and in Node.
 *
 *     const pool = await ThreadPool.create(4, { wasmUrl });
 *     pool.dispatch(dataPtr, m, k, n, taskFnPtr);
 *     await pool.shutdown();
 *
 * The module is any that keeps the contract of docs/threads.md; miniexpr-threads.wasm is the default.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { compile, evaluate } from "./evaluate.js";
import { Thread } from "./thread.js";
import { Views, compileModule, readText } from "../wasm/host.js";
import { addHostFunctions } from "../wasm/table.js";
import {
  CALL_RUNNING,
  CONTROL,
  CONTROL_BYTES,
  describeError,
  failureOf,
  initTls,
  instantiate,
  tellFailure,
  tlsBytes,
} from "./host.js";

const PAGE = 65536;
const DEFAULT_STACK_BYTES = 1 << 20;
const DEFAULT_PAGES = 32;
const DEFAULT_MOST_PAGES = 8192;
const READY_TIMEOUT = 30_000;
const SHUTDOWN_TIMEOUT = 10_000;
const MOST_WORKERS = 1024;
const CALLER = -1;
/** What `threadpool_start` answers while the workers are at it. */
const STARTED = 1;

const FAILURES = new Map([
  [-1, "the pool has not been started"],
  [-2, "the pool has been shut down"],
  [-3, "taskFnPtr is not the index of a task function"],
  [-4, "a thread has trapped"],
  [-5, "there is no memory for the job"],
]);

const HEADERS = "Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp";

/** An error of a pool; `code` is the module's, if it gave one. */
export class ThreadPoolError extends Error {
  constructor(message, { code, cause } = {}) {
    super(message, { cause });
    this.name = "ThreadPoolError";
    this.code = code;
  }
}

/** Why threads are not to be had here; null if they are. */
export function obstacle() {
  if (typeof SharedArrayBuffer === "undefined" || globalThis.crossOriginIsolated === false) {
    return `SharedArrayBuffer is not available: the page must be served with the headers ${HEADERS}`;
  }
  return null;
}

/** Whether this thread may block; the main thread of a page may not. */
function mayBlock() {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0);
    return true;
  } catch {
    return false;
  }
}

function checkedCount(name, value, least, most) {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`${name} must be an integer from ${least} to ${most}, not ${value}`);
  }
  return value;
}

/** The imports that every thread can get: none, or the absolute URL of a module, since workers are elsewhere. */
function importsFor(imports, workers) {
  if (typeof imports === "string" || imports instanceof URL) {
    return new URL(imports, globalThis.location?.href ?? import.meta.url).href;
  }
  if (workers === 0 || imports === undefined) {
    return imports;
  }
  if (typeof imports !== "object" || imports === null || Object.keys(imports).length > 0) {
    throw new TypeError(
      "imports cannot be sent to workers: give the URL of a module whose default export they are",
    );
  }
  return undefined;
}

/** The arguments of a call, if another thread can be told of them: whatever WebAssembly makes numbers of without code. */
function sendable(args) {
  const odd = args.find((arg) => Object(arg) === arg || typeof arg === "symbol");
  if (odd !== undefined) {
    throw new TypeError(
      `a function of the module takes numbers and bigints, not a value of type ${typeof odd}`,
    );
  }
  return args;
}

/** The script of a worker. */
const SCRIPT = {
  // Not written as bundlers look for it: they want the other one.
  get inNode() {
    const here = import.meta.url;
    return new URL("./worker.js", here);
  },
  inPage: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

/** A promise, and the functions that settle it. */
function deferred() {
  const settle = {};
  settle.promise = new Promise((resolve, reject) => Object.assign(settle, { resolve, reject }));
  // Nobody may be waiting for it.
  settle.promise.catch(() => {});
  return settle;
}

function within(milliseconds, promise, message) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new ThreadPoolError(message)), milliseconds);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

/** A worker of the pool, from its start to its end. */
class Member {
  ready = deferred();
  ended = deferred();
  /** Of a helper: takes the answer to its call. */
  answer = null;
  #starting;
  #thread = null;
  #onFailure;
  #onPrint;

  /** Starts a worker; the start is over when `ready` is settled. */
  constructor(url, message, { onFailure, onPrint }) {
    this.#onFailure = onFailure;
    this.#onPrint = onPrint;
    this.#starting = Thread.start(url, SCRIPT).then(
      (thread) => this.#listen(thread, message),
      (error) => {
        this.ended.resolve();
        this.#fail(error);
      },
    );
  }

  #listen(thread, message) {
    this.#thread = thread;
    thread.onmessage = (data) => this.#receive(data, message);
    thread.onerror = (error) => {
      this.#fail(error);
      this.#end();
    };
    thread.onend = () => {
      this.#fail(new ThreadPoolError("a worker has ended"));
      this.ended.resolve();
    };
  }

  #receive(data, message) {
    if (data.loaded) {
      this.#thread.post(message);
    } else if (data.ready) {
      this.ready.resolve();
    } else if (data.answer) {
      this.answer?.resolve(data.answer);
    } else if (data.printed) {
      this.#onPrint(...data.printed);
    } else {
      if (data.failed) {
        this.#fail(Object.assign(new ThreadPoolError(data.failed.message), { stack: data.failed.stack }));
      }
      this.#end();
    }
  }

  #fail(error) {
    this.ready.reject(error);
    this.answer?.reject(error);
    this.#onFailure(error);
  }

  /** After the last message. */
  #end() {
    if (!this.#thread.tellsEnd) {
      this.#thread.terminate();
      this.ended.resolve();
    }
  }

  post(message) {
    this.#thread.post(message);
  }

  keepAlive(keeps) {
    this.#thread?.keepAlive(keeps);
  }

  async terminate() {
    await this.#starting;
    await this.#thread?.terminate();
    this.ended.resolve();
  }
}

export class ThreadPool {
  /** Why the pool has no threads; null if it has them. */
  reason = null;
  /** As that of `js/wasm/miniexpr.js`. */
  onPrint = () => {};
  #module;
  #memory;
  #instance;
  #views;
  /** Where threads have what the module calls. */
  #hostFunctions;
  #workers = [];
  /** Makes calls that this thread may not wait for; made when it is first needed. */
  #helper = null;
  #options;
  #mayBlock = true;
  /** Whether the module tells when a job has ended, so that nobody need block. */
  #isCooperative = false;
  #control = null;
  #failure = null;
  #closing = null;
  /** The last job that does not block, so that the next one comes after it. */
  #last = Promise.resolve();
  #busy = 0;
  /** Breaks off the job that somebody awaits. */
  #onLost = () => {};

  /**
   * Starts a pool.
   *
   * @param {number} [numWorkers] As many as the machine has processors by default.
   * @param {object} [options] See threadpool.d.ts.
   * @returns {Promise<ThreadPool>} Once all workers are ready. Rejects, and ends all workers, if one of them fails.
   */
  static async create(numWorkers = globalThis.navigator?.hardwareConcurrency ?? 4, options = {}) {
    checkedCount("numWorkers", numWorkers, 0, MOST_WORKERS);
    const pool = new ThreadPool();
    const reason = obstacle();
    if (reason !== null && !options.fallback) {
      throw new ThreadPoolError(reason);
    }
    if (reason !== null) {
      globalThis.console?.warn(`ThreadPool runs on the calling thread: ${reason}`);
    }
    pool.reason = reason;
    pool.#options = options;
    try {
      await pool.#start(reason === null ? numWorkers : 0);
    } catch (error) {
      await pool.#terminate();
      throw error;
    }
    return pool;
  }

  async #start(count) {
    const {
      stackSize = DEFAULT_STACK_BYTES,
      maxMemoryPages = DEFAULT_MOST_PAGES,
      readyTimeout,
      imports,
    } = this.#options;
    checkedCount("stackSize", stackSize, 4096, 2 ** 30);
    const stackPages = Math.ceil((count * stackSize) / PAGE);
    const { initialMemoryPages = Math.min(DEFAULT_PAGES + stackPages, maxMemoryPages) } = this.#options;
    checkedCount("maxMemoryPages", maxMemoryPages, 1, PAGE);
    checkedCount("initialMemoryPages", initialMemoryPages, 1, maxMemoryPages);
    const sharedImports = importsFor(imports, count);
    this.#module = await compileModule(this.#options, new URL("./miniexpr-threads.wasm", import.meta.url));
    this.#memory = new WebAssembly.Memory({
      initial: initialMemoryPages,
      maximum: maxMemoryPages,
      shared: true,
    });
    this.#views = new Views(this.#memory);
    this.#instance = await instantiate(this.#module, this.#memory, sharedImports);
    const { exports } = this.#instance;
    this.#startMain(exports, count);
    if (count === 0) {
      return;
    }
    this.#control = new SharedArrayBuffer(CONTROL_BYTES);
    for (let index = 0; index < count; index++) {
      this.#workers.push(this.#newMember(index, sharedImports));
    }
    if (!this.#isCooperative || (!this.#mayBlock && !Atomics.waitAsync)) {
      this.#helper = this.#newMember(CALLER, sharedImports);
    }
    const limit = readyTimeout ?? READY_TIMEOUT;
    const all = Promise.all(this.#members().map(({ ready }) => ready.promise));
    await within(limit, all, `the workers were not ready within ${limit} ms`);
    this.#members().forEach((member) => member.keepAlive(false));
  }

  #members() {
    return this.#helper === null ? this.#workers : [...this.#workers, this.#helper];
  }

  /** The order of a start on the main instance, before there are any workers. */
  #startMain(exports, count) {
    const bytes = tlsBytes(exports);
    // Some linkers leave it to the module's start function, some to us.
    if (bytes > 0 && exports.__tls_base?.value === 0) {
      initTls(exports, this.alloc(bytes));
    }
    this.#hostFunctions = addHostFunctions(exports, this.#memory, (...line) => this.onPrint(...line));
    (exports._initialize ?? exports._start)?.();
    exports.me_register_clock?.(this.#hostFunctions.clock);
    exports.threadpool_init?.(count);
    this.#mayBlock = mayBlock();
    exports.threadpool_may_sleep?.(this.#mayBlock ? 1 : 0);
    this.#isCooperative = typeof exports.threadpool_trapped === "function";
  }

  /** A worker, or the helper, with a stack and thread-local storage of its own. */
  #newMember(index, imports) {
    const { exports } = this.#instance;
    const { stackSize: stackBytes = DEFAULT_STACK_BYTES, workerUrl } = this.#options;
    const stack = exports.threadpool_alloc_stack(stackBytes) >>> 0;
    if (stack === 0) {
      throw new RangeError(`there is no memory for another stack of ${stackBytes} bytes`);
    }
    const bytes = tlsBytes(exports);
    const message = {
      module: this.#module,
      memory: this.#memory,
      control: this.#control,
      imports,
      hostFunctions: this.#hostFunctions,
      index,
      isHelper: index === CALLER,
      stack,
      stackBytes,
      tls: bytes > 0 ? this.alloc(bytes) : 0,
    };
    return new Member(workerUrl, message, {
      onFailure: (error) => this.#lose(index, error),
      onPrint: (...line) => this.onPrint(...line),
    });
  }

  /** A worker has failed, or has ended before the pool. */
  #lose(index, error) {
    if (this.#closing !== null || this.#failure !== null) {
      return;
    }
    tellFailure(this.#control, error, `worker ${index}`);
    this.#failure = new ThreadPoolError(failureOf(this.#control) ?? error.message, { cause: error });
    try {
      this.#instance.exports.threadpool_trapped?.(index);
    } catch {
      // It was the module that failed.
    }
    this.#onLost(this.#failure);
  }

  /** As that of `js/wasm/miniexpr.js`. */
  get printer() {
    return this.#hostFunctions.printer;
  }

  /** The instance of this thread. */
  get instance() {
    return this.#instance;
  }

  get memory() {
    return this.#memory;
  }

  /** Number of workers; 0 if the calling thread does the work. */
  get size() {
    return this.#workers.length;
  }

  /** Whether nothing can be called any more: a thread has failed, or the pool has been shut down. */
  get isBroken() {
    try {
      this.#check();
      return false;
    } catch {
      return true;
    }
  }

  /** Throws if the pool has failed or been shut down. */
  #check() {
    if (this.#closing !== null) {
      throw new ThreadPoolError("the pool has been shut down", { code: -2 });
    }
    if (this.#failure === null && this.#control !== null) {
      const text = failureOf(this.#control);
      this.#failure = text === null ? null : new ThreadPoolError(text, { code: -4 });
    }
    if (this.#failure !== null) {
      throw new ThreadPoolError(`the pool is broken: ${this.#failure.message}`, {
        code: -4,
        cause: this.#failure,
      });
    }
  }

  /** Makes a call into the module; a trap breaks the pool. */
  #enter(name, args) {
    const f = this.#instance.exports[name];
    if (typeof f !== "function") {
      throw new TypeError(`the module exports no function ${name}`);
    }
    try {
      return f(...args);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) {
        this.#break(error);
      }
      throw error;
    }
  }

  #break(error) {
    if (this.#control !== null) {
      tellFailure(this.#control, error, "the calling thread");
      this.#instance.exports.threadpool_trapped?.(CALLER);
    }
    this.#failure = new ThreadPoolError(describeError(error), { code: -4, cause: error });
  }

  /** What a call answered, if that is no failure. */
  #result(code) {
    if (code >= 0) {
      return code;
    }
    const text = this.#control && failureOf(this.#control);
    const message = text ?? FAILURES.get(code) ?? `the module answered ${code}`;
    throw new ThreadPoolError(message, { code });
  }

  /**
   * Memory of the module.
   *
   * @param {number} bytes
   * @returns {number} Its address.
   */
  alloc(bytes) {
    checkedCount("bytes", bytes, 0, 2 ** 32 - 1);
    if (this.#workers.length > 0) {
      this.#check();
    }
    const address = this.#enter("threadpool_alloc", [bytes]) >>> 0;
    if (address === 0) {
      throw new RangeError(`there is no memory for ${bytes} bytes`);
    }
    return address;
  }

  /** Gives memory back that `alloc` gave; 0 is ignored. */
  free(address) {
    this.#check();
    this.#enter("threadpool_free", [address]);
  }

  /** A view of the whole memory: "i8", "u8" … "f64". Another one once the memory has grown, in whatever thread. */
  getMemoryView(type) {
    return this.#views.get(type);
  }

  /** The text at an address; null for 0. */
  readText(address) {
    return readText(this.#memory, address);
  }

  /** Calls a function that the module exports. */
  call(name, ...args) {
    this.#check();
    return this.#enter(name, args);
  }

  /** Wakes threads that wait for a word of memory; answers how many. */
  notify(address, count = Infinity) {
    checkedCount("address", address, 0, 2 ** 32 - 1);
    return Atomics.notify(this.getMemoryView("i32"), address / 4, count);
  }

  /**
   * Calls a task in the workers and this thread, once for each number below `size`, and waits for them.
   *
   * @param {number} dataPtr
   * @param {number} m
   * @param {number} k
   * @param {number} n
   * @param {number} taskFnPtr Index of the task in the function table.
   */
  dispatch(dataPtr, m, k, n, taskFnPtr) {
    this.#check();
    const args = [dataPtr, m, k, n, taskFnPtr];
    if (this.size === 0) {
      return this.#dispatchHere(args);
    }
    if (!this.#mayBlock) {
      throw new ThreadPoolError("this thread may not wait for others: use dispatchAsync");
    }
    if (this.#isCooperative) {
      return this.#result(this.#enter("threadpool_dispatch", args));
    }
    return this.#dispatchByHelper(args);
  }

  /** As `dispatch`, without waiting: for the main thread of a page. Jobs run one after another. */
  dispatchAsync(dataPtr, m, k, n, taskFnPtr) {
    const args = [dataPtr, m, k, n, taskFnPtr];
    return this.#inTurn(async () => {
      if (this.size === 0) {
        return this.#dispatchHere(args);
      }
      if (this.#isCooperative && Atomics.waitAsync) {
        return this.#dispatchWatching(args);
      }
      return this.#result(await this.#callHelper("threadpool_dispatch", args));
    });
  }

  /** As `call`, in a thread that may wait: for functions that use the pool, on the main thread of a page. */
  callAsync(name, ...args) {
    return this.#inTurn(() => (this.size === 0 ? this.#enter(name, args) : this.#callHelper(name, args)));
  }

  /**
   * Compiles an expression, in a module of the library.
   *
   * @param {string} text
   * @param {Record<string, string>} variables Dtypes by name, as `{ x: "float64" }`.
   * @param {{dtype?: string}} [options] The dtype of the result.
   * @returns {import("./evaluate.js").Expression}
   */
  compile(text, variables, options) {
    return compile(this, text, variables, options);
  }

  /**
   * Evaluates an expression in all threads.
   *
   * @param {import("./evaluate.js").Expression} expression
   * @param {ArrayLike<number | bigint>[]} inputs Typed arrays, one for each variable; one of one item is repeated.
   * @param {ArrayLike<number | bigint>} [output] Where the result goes; a new typed array by default.
   * @returns {Promise<ArrayLike<number | bigint>>} The output.
   */
  evaluate(expression, inputs, output) {
    const call =
      this.#mayBlock || this.size === 0 ? async (...args) => this.call(...args) : this.#callHelperNow;
    return this.#inTurn(() => evaluate(this, call, expression, inputs, output));
  }

  #callHelperNow = (name, ...args) => this.#callHelper(name, args);

  /** Runs a job after those before it; the process stays alive for it. */
  #inTurn(run) {
    const turn = this.#last.then(async () => {
      this.#check();
      this.#keepAlive(1);
      // Told when a worker is lost, or the pool ends.
      const lost = deferred();
      this.#onLost = lost.reject;
      try {
        return await Promise.race([run(), lost.promise]);
      } finally {
        this.#keepAlive(-1);
      }
    });
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** A pool that is being shut down keeps the process until its workers have ended. */
  #keepAlive(change) {
    this.#busy += change;
    this.#workers[0]?.keepAlive(this.#busy > 0 || this.#closing !== null);
  }

  /** Without workers: a module that has tasks of its own is asked, else the task is called. */
  #dispatchHere(args) {
    if (this.#isCooperative) {
      return this.#result(this.#enter("threadpool_dispatch", args));
    }
    const task = this.#instance.exports.__indirect_function_table?.get(args[4]);
    if (typeof task !== "function") {
      throw new ThreadPoolError(FAILURES.get(-3), { code: -3 });
    }
    task(...args.slice(0, 4), 0, 1);
    return 0;
  }

  async #dispatchWatching(args) {
    const code = this.#enter("threadpool_start", args);
    if (code !== STARTED) {
      return this.#result(code);
    }
    const gate = this.#instance.exports.threadpool_get_gate_addr() / 4;
    for (;;) {
      const words = this.getMemoryView("i32");
      const value = Atomics.load(words, gate);
      if (value === 0) {
        return this.#result(this.#enter("threadpool_finish", []));
      }
      const wait = Atomics.waitAsync(words, gate, value);
      if (wait.async) {
        await wait.value;
      }
    }
  }

  #post(name, args) {
    const message = { name, args: sendable(args) };
    Atomics.store(new Int32Array(this.#control), CONTROL.CALL, CALL_RUNNING);
    // A thread that failed before that store has not ended the wait for the call.
    this.#check();
    this.#helper.post(message);
  }

  /** For modules that do not tell of a trap: the helper waits for the workers, and this thread for either. */
  #dispatchByHelper(args) {
    const words = new Int32Array(this.#control);
    this.#post("threadpool_dispatch", args);
    Atomics.wait(words, CONTROL.CALL, CALL_RUNNING);
    this.#check();
    return this.#result(words[CONTROL.RESULT]);
  }

  async #callHelper(name, args) {
    if (typeof this.#instance.exports[name] !== "function") {
      throw new TypeError(`the module exports no function ${name}`);
    }
    this.#helper ??= this.#newMember(CALLER, importsFor(this.#options.imports, 1));
    const helper = this.#helper;
    await helper.ready.promise;
    helper.keepAlive(false);
    helper.answer = deferred();
    this.#post(name, args);
    const { result } = await helper.answer.promise;
    return result;
  }

  /**
   * Ends the workers, each after its task. Resolves when all have ended; again is harmless. A job that takes longer
   * than `shutdownTimeout` is broken off.
   */
  shutdown() {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close() {
    const isBroken = this.#failure !== null || (this.#control !== null && failureOf(this.#control) !== null);
    const limit = this.#options.shutdownTimeout ?? SHUTDOWN_TIMEOUT;
    this.#members().forEach((member) => member.keepAlive(true));
    try {
      if (!isBroken && this.size > 0) {
        await within(limit, this.#last, "a job does not end");
        this.#instance.exports.threadpool_shutdown();
        await within(
          limit,
          Promise.all(this.#workers.map(({ ended }) => ended.promise)),
          "a worker does not end",
        );
      }
    } catch {
      // They are ended all the same, and whoever waits for the job is told.
      this.#onLost(new ThreadPoolError("the pool has been shut down during the job", { code: -2 }));
    }
    await this.#terminate();
  }

  async #terminate() {
    this.#closing ??= Promise.resolve();
    await Promise.all(this.#members().map((member) => member.terminate()));
  }
}
