/*
 * Evaluations that do not block: how they are watched and stopped.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, reading } from "./error.js";

/** Milliseconds between two calls of `onProgress`. */
const INTERVAL = 20;

const readingSignal = (read) => reading(read, "the signal");

const isAborted = (signal) => readingSignal(() => signal?.aborted === true);

const timeoutError = (timeout) =>
  new MiniexprError("ERR_TIMEOUT", `the evaluation has not ended within ${timeout} ms`);

const abortError = (signal) =>
  new MiniexprError("ABORT_ERR", "the evaluation was stopped", { cause: readingSignal(() => signal.reason) });

/** The progress of a job that has not ended: its last item counts as missing until the result is there. */
function runningProgress(job) {
  const [done, all] = job.progress();
  return [Math.min(done, all - 1), all];
}

/**
 * Waits for a job of an engine.
 *
 * @param {() => {promise: Promise<object>, cancel: () => void, progress: () => [number, number]}} start
 * @param {{signal?: AbortSignal, onProgress?: (done: number, all: number) => void}} options
 * @param {number} timeout Milliseconds; 0 for no limit.
 * @param {number} items Items of the result.
 */
export async function watch(start, { signal, onProgress }, timeout, items) {
  if (isAborted(signal)) {
    throw abortError(signal);
  }
  const job = start();
  /** What `onProgress` threw, in an array. */
  let thrown = null;
  let last = 0;
  const tell = (done, all) => {
    if (done <= last && done < all) {
      return;
    }
    last = done;
    try {
      onProgress(done, all);
    } catch (error) {
      thrown ??= [error];
      job.cancel();
    }
  };
  const cancel = () => job.cancel();
  readingSignal(() => signal?.addEventListener("abort", cancel));
  let isLate = false;
  const stopLate = () => {
    isLate = true;
    job.cancel();
  };
  const deadline = timeout > 0 ? setTimeout(stopLate, timeout) : undefined;
  const timer = onProgress && setInterval(() => tell(...runningProgress(job)), INTERVAL);
  try {
    const result = await job.promise;
    if (onProgress && thrown === null) {
      const all = job.progress()[1] || items;
      tell(all, all);
    }
    if (thrown !== null) {
      throw thrown[0];
    }
    return result;
  } catch (error) {
    if (thrown !== null) {
      throw thrown[0];
    }
    if (error.code !== "ABORT_ERR") {
      throw error;
    }
    throw isAborted(signal) ? abortError(signal) : isLate ? timeoutError(timeout) : error;
  } finally {
    clearTimeout(deadline);
    clearInterval(timer);
    readingSignal(() => signal?.removeEventListener?.("abort", cancel));
  }
}
