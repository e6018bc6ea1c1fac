/*
 * A worker, the same in pages and in Node.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */

/** A worker of Node or of a page, with the same events. */
export class Thread {
  /** Messages; the error that ended it; its end. */
  onmessage = () => {};
  onerror = () => {};
  onend = () => {};
  #isNode = Boolean(globalThis.process?.versions?.node);
  #worker;

  /**
   * Starts a worker.
   *
   * @param {string | URL | undefined} url The script, if a bundler has moved it.
   * @param {{inNode: URL | string, inPage: () => Worker}} standard The script otherwise. The call of `new Worker` is the
   *   caller's, where bundlers see it.
   */
  static async start(url, standard) {
    const thread = new Thread();
    await (thread.#isNode
      ? thread.#startInNode(url ?? standard.inNode)
      : thread.#startInPage(url, standard.inPage));
    return thread;
  }

  async #startInNode(url) {
    const threads = await import(/* @vite-ignore */ /* webpackIgnore: true */ "node:worker_threads");
    // Workers inherit the flags of the process, and do not start with this one.
    const isText = process.execArgv.some((flag) => flag.startsWith("--input-type"));
    this.#worker = new threads.Worker(url, { execArgv: isText ? [] : undefined });
    this.#worker.on("message", (message) => this.onmessage(message));
    this.#worker.on("error", (error) => this.onerror(error));
    this.#worker.on("exit", () => this.onend());
  }

  #startInPage(url, start) {
    this.#worker = url ? new Worker(url, { type: "module" }) : start();
    this.#worker.addEventListener("message", ({ data }) => this.onmessage(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.onerror(event.error ?? new Error(event.message || `${url ?? "worker.js"} cannot be loaded`));
    });
  }

  post(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** Lets a process of Node end while the worker lives, or not. */
  keepAlive(keeps) {
    if (this.#isNode) {
      this.#worker[keeps ? "ref" : "unref"]();
    }
  }

  terminate() {
    return this.#worker.terminate();
  }

  /** Pages do not tell when a worker has ended; the message before it is the last that is heard. */
  get tellsEnd() {
    return this.#isNode;
  }
}
