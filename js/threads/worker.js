/*
 * A thread of the pool. The pool starts it with one message: the compiled module, the shared memory, its stack and
 * its block of thread-local storage. A worker then stays in `threadpool_worker_entry` until the pool is shut down; a
 * helper makes the calls for which the pool's own thread may not wait.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import {
  CALL_DONE,
  CONTROL,
  failureOf,
  initTls,
  instantiate,
  openPort,
  tellFailure,
  useStack,
} from "./host.js";
import { addHostFunctions } from "../wasm/table.js";

/** No thread's number: stands for the thread that dispatches. */
const CALLER = -1;

/** What is left of an error when it is sent to another thread. */
const described = (error) => ({
  message: String((error && error.message) || error),
  stack: error && error.stack,
});

/** A thread with its instance. */
class Thread {
  #port;
  #start;
  #exports;

  constructor(port, start, exports) {
    this.#port = port;
    this.#start = start;
    this.#exports = exports;
  }

  /** Takes part in all jobs, until the pool is shut down. */
  work() {
    const { index } = this.#start;
    try {
      this.#exports.threadpool_worker_entry(index);
      this.#port.post({ ended: true });
    } catch (error) {
      this.#fail(error, `worker ${index}`, index);
    }
    this.#port.close();
  }

  /** Makes one call; the result goes through the control block, where a caller may be waiting, and as a message. */
  call({ name, args }) {
    const words = new Int32Array(this.#start.control);
    let answer;
    try {
      answer = { result: this.#exports[name](...args) };
    } catch (error) {
      this.#fail(error, `the call of ${name}`, CALLER);
      return;
    }
    words[CONTROL.RESULT] = Number(answer.result ?? 0);
    Atomics.store(words, CONTROL.CALL, CALL_DONE);
    Atomics.notify(words, CONTROL.CALL);
    this.#port.post({ answer });
  }

  #fail(error, where, number) {
    const { control, stack, stackBytes } = this.#start;
    tellFailure(control, error, where);
    try {
      // The trap has left the stack as it was.
      useStack(this.#exports, stack, stackBytes);
      this.#exports.threadpool_trapped?.(number);
    } catch {
      // The module is beyond help; the pool is marked as broken all the same.
    }
    this.#port.post({ failed: { message: failureOf(control) } });
  }
}

async function start(port, message) {
  const { module, memory, imports, hostFunctions, stack, stackBytes, tls, isHelper } = message;
  const { exports } = await instantiate(module, memory, imports);
  addHostFunctions(exports, memory, (...printed) => port.post({ printed }), hostFunctions);
  useStack(exports, stack, stackBytes);
  if (tls !== 0) {
    initTls(exports, tls);
  }
  return { thread: new Thread(port, message, exports), isHelper };
}

const port = await openPort();
let thread = null;
port.listen(async (message) => {
  if (thread !== null) {
    thread.call(message);
    return;
  }
  try {
    const started = await start(port, message);
    thread = started.thread;
    port.post({ ready: true });
    if (!started.isHelper) {
      thread.work();
    }
  } catch (error) {
    port.post({ failed: described(error) });
    port.close();
  }
});
port.post({ loaded: true });
