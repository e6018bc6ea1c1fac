/*
 * Evaluations without shared memory that do not block: in a worker with an instance of its own, one after another.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { numbersBetween } from "../core/dtypes.js";
import { MiniexprError } from "../core/error.js";
import { rangeOf } from "../core/layout.js";
import { Thread } from "../threads/thread.js";

/** The script of the worker. */
const SCRIPT = {
  // Not written as bundlers look for it: they want the other one.
  get inNode() {
    const here = import.meta.url;
    return new URL("./worker.js", here);
  },
  inPage: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
};

/** An input as it is now, with no more than the items that are read. */
function copied({ data, layout, items }, { dtype, itemsize }) {
  if (layout === null) {
    return { data: new dtype.Array(data), layout, items };
  }
  const [low, high] = rangeOf(layout);
  const numbers = itemsize / dtype.Array.BYTES_PER_ELEMENT;
  const part = numbersBetween(data, dtype.Array, low * numbers, high * numbers);
  return {
    data: new dtype.Array(part),
    layout: { ...layout, offset: high > low ? layout.offset - low : 0 },
    items,
  };
}

/** One evaluation on its way. */
class Job {
  done = 0;
  all = 0;

  constructor(message, transfer, { text, print }) {
    this.message = message;
    this.transfer = transfer;
    this.text = text;
    this.print = print;
    this.promise = new Promise((resolve, reject) => Object.assign(this, { resolve, reject }));
  }
}

/** The worker, started when it is first needed, and what it is to do. */
export class Background {
  #module;
  #workerUrl;
  /** Resolves to the thread once it has an engine. */
  #thread = null;
  #running = null;
  #waiting = [];

  /**
   * @param {WebAssembly.Module} module
   * @param {string | URL} [workerUrl] The script of the worker, if a bundler has moved it.
   */
  constructor(module, workerUrl) {
    this.#module = module;
    this.#workerUrl = workerUrl;
  }

  /** See `WasmProgram.start`. */
  start(_engine, program, { shape, size, operands }) {
    const inputs = operands.map((operand, i) => copied(operand, program.inputType(i)));
    const { signature, itemsizes } = program;
    const { text, names, dialect, sandbox, key, print } = signature;
    const described = {
      ...{ text, names, dialect, sandbox, key },
      prints: print !== undefined,
      dtypes: signature.dtypes.map(({ name }) => name),
      dtype: signature.dtype?.name,
    };
    const message = { signature: described, itemsizes, shape, size, inputs };
    const transfer = inputs.map(({ data }) => data.buffer);
    const job = new Job(message, transfer, { text, print });
    this.#waiting.push(job);
    this.#next();
    return {
      promise: job.promise,
      cancel: () => this.#cancel(job),
      progress: () => [job.done, job.all],
    };
  }

  #next() {
    if (this.#running !== null || this.#waiting.length === 0) {
      return;
    }
    const job = this.#waiting.shift();
    this.#running = job;
    this.#thread ??= this.#startThread();
    const { message, transfer } = job;
    this.#thread.then(
      (thread) => {
        if (this.#running === job) {
          thread.keepAlive(true);
          thread.post(message, transfer);
        }
      },
      (error) => this.#lose(error),
    );
  }

  async #startThread() {
    const thread = await Thread.start(this.#workerUrl, SCRIPT);
    await new Promise((resolve, reject) => {
      thread.onmessage = (message) => {
        if (message.loaded) {
          thread.post({ module: this.#module });
        } else if (message.failed) {
          reject(message.failed);
        } else {
          resolve();
        }
      };
      thread.onerror = reject;
      thread.onend = () => reject(new Error("the worker has ended"));
    });
    thread.onmessage = (message) => this.#receive(thread, message);
    thread.onerror = (error) => this.#lose(error);
    thread.onend = () => this.#lose(new Error("the worker has ended"));
    return thread;
  }

  #receive(thread, { done, all, printed, result, failure }) {
    const job = this.#running;
    if (job === null) {
      return;
    }
    if (printed !== undefined) {
      job.print(printed);
      return;
    }
    if (done !== undefined) {
      Object.assign(job, { done, all });
      return;
    }
    this.#running = null;
    thread.keepAlive(false);
    if (failure) {
      const { code, message, ...details } = failure;
      job.reject(new MiniexprError(code, message, { text: job.text, ...details }));
    } else {
      job.resolve(result);
    }
    this.#next();
  }

  /** The worker is lost, and the job that it was at with it. */
  #lose(error) {
    this.#thread = null;
    const job = this.#running;
    this.#running = null;
    job?.reject(
      new MiniexprError("ERR_BACKEND", `the worker of the engine has failed: ${error.message}`, {
        cause: error,
      }),
    );
    this.#next();
  }

  /** A worker that evaluates cannot be spoken to: it is ended. */
  #cancel(job) {
    const isRunning = this.#running === job;
    this.#waiting = this.#waiting.filter((waiting) => waiting !== job);
    job.reject(new MiniexprError("ABORT_ERR", "the evaluation was stopped"));
    if (isRunning) {
      const thread = this.#thread;
      this.#thread = null;
      this.#running = null;
      thread.then(
        (lost) => {
          lost.onmessage = lost.onerror = lost.onend = () => {};
          lost.terminate();
        },
        () => {},
      );
      this.#next();
    }
  }
}
