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
});

/** Reads the options of a call, each once. */
export function readOptions(options) {
  if (options === undefined || options === null) {
    return NO_OPTIONS;
  }
  if (typeof options !== "object") {
    throw new MiniexprError("ERR_ARGUMENT", `the options are ${shown(options)}, not an object`);
  }
  return reading(() => {
    const { out, threads, signal, onProgress, arrow } = options;
    return { out, threads, signal, onProgress, arrow };
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
