// Workers of bridge_worker.js under Node.

import { Worker } from "node:worker_threads";

/** Starts workers, which end with the test. */
export function starter(t) {
  return async (receive, fail) => {
    const worker = new Worker(new URL("./bridge_worker.js", import.meta.url));
    t.after(() => worker.terminate());
    worker.on("message", receive).on("error", fail);
    return (message, transfer) => worker.postMessage(message, transfer);
  };
}
