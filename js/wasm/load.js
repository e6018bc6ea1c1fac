/*
 * Chooses and loads an engine in WebAssembly.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, shown } from "../core/error.js";
import { PoolJobs } from "../threads/jobs.js";
import { ThreadPool, obstacle } from "../threads/threadpool.js";
import { Background } from "./background.js";
import { WasmEngine } from "./engine.js";
import { compileModule } from "./host.js";
import { load } from "./miniexpr.js";

const MOST_WORKERS = 15;

/** Whether a module takes its memory from outside: the one with threads. */
const isThreaded = (module) => WebAssembly.Module.imports(module).some(({ kind }) => kind === "memory");

async function loadThreads(module, { threads, workerUrl, readyTimeout }, reason) {
  const processors = globalThis.navigator?.hardwareConcurrency ?? 4;
  const workers = Math.min(MOST_WORKERS, Math.max(1, (threads ?? processors) - 1));
  const pool = await ThreadPool.create(workers, { wasmModule: module, workerUrl, readyTimeout });
  const jobs = new PoolJobs(pool);
  const description = { name: "wasm-threads", reason, threads: workers + 1 };
  return new WasmEngine(pool, description, (...job) => jobs.start(...job));
}

async function loadPlain(module, { workerUrl, onWarning }, reason) {
  const background = new Background(module, workerUrl);
  const host = await load({ wasmModule: module, onWarning });
  const description = { name: "wasm", reason, threads: 1 };
  return new WasmEngine(host, description, (...job) => background.start(...job));
}

const standardModule = (isForThreads) =>
  isForThreads
    ? compileModule({}, new URL("../threads/miniexpr-threads.wasm", import.meta.url))
    : compileModule({}, new URL("./miniexpr.wasm", import.meta.url));

/** The engine that the caller asks for, by its name or by the module. */
async function loadWanted(options, why) {
  const { wasmModule, wasmBytes, wasmUrl, backend } = options;
  const isGiven = (wasmModule ?? wasmBytes ?? wasmUrl) !== undefined;
  const given = isGiven ? await compileModule({ wasmModule, wasmBytes, wasmUrl }) : null;
  const hasThreads = given === null ? backend === "wasm-threads" : isThreaded(given);
  if (backend !== undefined && hasThreads !== (backend === "wasm-threads")) {
    throw new MiniexprError("ERR_BACKEND", `the module is not one for the backend ${shown(backend)}`);
  }
  const reason = hasThreads ? obstacle() : null;
  if (reason !== null) {
    throw new MiniexprError("ERR_BACKEND", reason);
  }
  const module = given ?? (await standardModule(hasThreads));
  return (hasThreads ? loadThreads : loadPlain)(module, options, why);
}

/** With threads where there can be some, else without. */
async function loadBest(options, why) {
  const refused = options.threads === 1 ? "one thread is asked for" : obstacle();
  if (refused !== null) {
    return loadPlain(await standardModule(false), options, `${why}without threads: ${refused}`);
  }
  try {
    return await loadThreads(await standardModule(true), options, `${why}shared memory is available`);
  } catch (error) {
    return loadPlain(await standardModule(false), options, `${why}without threads: ${error.message}`);
  }
}

/**
 * Loads an engine in WebAssembly.
 *
 * @param {object} options Those of `ready`, see index.d.ts.
 * @param {string} [why] Why it is no other.
 * @returns {Promise<WasmEngine>}
 */
export async function loadWasm(options, why = "") {
  const { wasmModule, wasmBytes, wasmUrl, backend, threads } = options;
  if (backend !== undefined && backend !== "wasm" && backend !== "wasm-threads") {
    throw new MiniexprError("ERR_BACKEND", `there is no backend ${shown(backend)} here`);
  }
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1)) {
    throw new MiniexprError("ERR_ARGUMENT", `threads is ${shown(threads)}, not an integer from 1 on`);
  }
  const isWanted = (backend ?? wasmModule ?? wasmBytes ?? wasmUrl) !== undefined;
  try {
    return isWanted ? await loadWanted(options, `${why}as asked for`) : await loadBest(options, why);
  } catch (error) {
    if (error instanceof MiniexprError) {
      throw error;
    }
    throw new MiniexprError("ERR_BACKEND", `the engine cannot be loaded: ${error.message}`, { cause: error });
  }
}
