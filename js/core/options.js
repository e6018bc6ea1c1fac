/*
 * Options of evaluations.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, reading, shown } from "./error.js";

const MOST_THREADS = 256;

/** What a call without options has. */
export const NO_OPTIONS = Object.freeze({
  out: undefined,
  threads: undefined,
  signal: undefined,
  onProgress: undefined,
  arrow: undefined,
  timeout: undefined,
});

/** The longest time of a timer. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** Reads the options of a call, each once. */
export function readOptions(options) {
  if (options === undefined || options === null) {
    return NO_OPTIONS;
  }
  if (typeof options !== "object") {
    throw new MiniexprError("ERR_ARGUMENT", `the options are ${shown(options)}, not an object`);
  }
  return reading(() => {
    const { out, threads, signal, onProgress, arrow, timeout } = options;
    return { out, threads, signal, onProgress, arrow, timeout };
  });
}

/** The number of threads that is asked for; 0 for as many as there are. */
export function threadsOf({ threads }, standard) {
  if (threads === undefined) {
    return standard;
  }
  if (!Number.isInteger(threads) || threads < 0 || threads > MOST_THREADS) {
    throw new MiniexprError(
      "ERR_ARGUMENT",
      `threads is ${shown(threads)}, not an integer from 0 to ${MOST_THREADS}`,
    );
  }
  return threads;
}

/** The milliseconds after which an evaluation ends; 0 for no limit. */
export function timeoutOf({ timeout }) {
  if (timeout === undefined) {
    return 0;
  }
  if (typeof timeout !== "number" || !(timeout > 0 && timeout <= LONGEST_TIMEOUT)) {
    const wanted = `milliseconds above 0, at most ${LONGEST_TIMEOUT}`;
    throw new MiniexprError("ERR_ARGUMENT", `timeout is ${shown(timeout)}, not ${wanted}`);
  }
  return timeout;
}

/** Refuses what an evaluation cannot be stopped or watched by. */
export function checkAsync({ signal, onProgress }) {
  const isSignal = reading(
    () => signal === undefined || (typeof signal?.aborted === "boolean" && signal.addEventListener),
  );
  if (!isSignal) {
    throw new MiniexprError("ERR_ARGUMENT", `signal is ${shown(signal)}, not an AbortSignal`);
  }
  if (onProgress !== undefined && typeof onProgress !== "function") {
    throw new MiniexprError("ERR_ARGUMENT", `onProgress is ${shown(onProgress)}, not a function`);
  }
}
