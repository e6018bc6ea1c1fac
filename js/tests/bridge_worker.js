/*
 * Engine and guest in a worker of a page, or of worker_threads. It is told `{ engineModule, guestModule, count }`,
 * the module "native" for the engine of the addon, and makes so many guests; then each message is a task for guest number `guest`: components of the wind, whose
 * arrays are transferred or shared, and where the speeds go. `{ name }` runs a case of bridge_cases.js.
 */
import { WasmMemory, createImports } from "../bridge/index.js";
import { openPort } from "../threads/host.js";
import { load } from "../wasm/miniexpr.js";
import { runCase } from "./bridge_cases.js";

const port = await openPort();
let engine = null;
let guests = [];

async function engineOf(module) {
  return module === "native"
    ? (await import("../native/index.js")).bridgeEngine
    : load({ wasmModule: module });
}

async function start({ engineModule, guestModule, count }) {
  engine = await engineOf(engineModule);
  guests = await Promise.all(
    Array.from({ length: count }, async () => {
      let instance = null;
      const imports = createImports(engine, () => instance);
      instance = await WebAssembly.instantiate(guestModule, imports);
      const status = instance.exports.start();
      return { exports: instance.exports, memory: new WasmMemory(instance), status };
    }),
  );
  return { statuses: guests.map(({ status }) => status) };
}

/** Speeds, into shared memory if the caller gives some, else in an array that is transferred back. */
function evaluate({ guest, east, north, speeds }) {
  const { exports, memory } = guests[guest];
  memory.write(exports.east(), east);
  memory.write(exports.north(), north);
  const status = exports.evaluate(east.length);
  const result = memory.read("float64", exports.speeds(), east.length);
  speeds?.set(result);
  return speeds ? { status } : { status, speeds: result };
}

port.listen(async ({ id, ...task }) => {
  let answer;
  if (task.engineModule && task.name === undefined) {
    answer = await start(task);
  } else if (task.name !== undefined) {
    const { name, engineModule, guests } = task;
    answer = { wrong: await runCase(name, { engine: await engineOf(engineModule), guests }) };
  } else {
    answer = evaluate(task);
  }
  port.post({ id, ...answer }, answer.speeds ? [answer.speeds.buffer] : []);
});
port.post({ id: "ready" });
