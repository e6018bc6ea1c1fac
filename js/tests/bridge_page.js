/* Runs the cases of the bridge in a page, and in workers of it. */
import { describeError } from "../threads/host.js";
import { load } from "../wasm/miniexpr.js";
import { CASES, runCase } from "./bridge_cases.js";
import { BridgeWorker, guestsInWorkers } from "./bridge_workers.js";

const compile = async (path) =>
  WebAssembly.compileStreaming(fetch(new URL(`../../${path}`, import.meta.url)));
const engineModule = await compile("js/wasm/miniexpr.wasm");
const guests = {
  wind: await compile("build/guests/wind.wasm"),
  rust: await compile("build/guests/rust.wasm"),
};
const engine = await load({ wasmModule: engineModule });

async function start(receive, fail) {
  const worker = new Worker(new URL("./bridge_worker.js", import.meta.url), { type: "module" });
  worker.addEventListener("message", ({ data }) => receive(data));
  worker.addEventListener("error", ({ message }) => fail(new Error(message)));
  return (message, transfer) => worker.postMessage(message, transfer);
}

/** What an assertion gives: null, or what is wrong. */
async function outcome(run) {
  try {
    await run();
    return null;
  } catch (error) {
    return describeError(error);
  }
}

globalThis.tests = {
  names: () => CASES.map(({ name }) => name),
  runCase: (name) => runCase(name, { engine, guests }),
  runInWorker: async (name) =>
    (await (await BridgeWorker.open(start)).ask({ name, engineModule, guests })).wrong,
  guestsInWorkers: (isShared) =>
    outcome(() => guestsInWorkers(start, { engineModule, guestModule: guests.wind, isShared })),
};
