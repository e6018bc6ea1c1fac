/*
 * Evaluates for `background.js`. The first message has the compiled module, each one after it an evaluation.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { dtypeNamed } from "../core/dtypes.js";
import { Programs } from "../core/programs.js";
import { openPort } from "../threads/host.js";
import { WasmEngine } from "./engine.js";
import { load } from "./miniexpr.js";
import { addProgress } from "./table.js";

/** Milliseconds between two messages of the progress. */
const INTERVAL = 20;

const port = await openPort();
let programs = null;
let progress = 0;

async function start(wasmModule) {
  const host = await load({ wasmModule });
  let last = 0;
  progress = addProgress(host.exports.__indirect_function_table, (_context, done, all) => {
    const now = performance.now();
    if (now - last >= INTERVAL) {
      last = now;
      port.post({ done: Number(done), all: Number(all) });
    }
  });
  const description = { name: "wasm", reason: "a worker", threads: 1 };
  programs = new Programs(new WasmEngine(host, description, null));
}

function evaluate({ signature, itemsizes, shape, size, inputs }) {
  const shared = programs.get(
    {
      ...signature,
      dtypes: signature.dtypes.map(dtypeNamed),
      dtype: signature.dtype === undefined ? null : dtypeNamed(signature.dtype),
      print: signature.prints ? (printed) => port.post({ printed }) : undefined,
    },
    itemsizes,
  );
  try {
    shared.program.watch(progress);
    const operands = inputs.map((input) => ({ ...input, address: null }));
    return shared.program.evaluate({ threads: 1, timeout: 0 }, null, shape, size, operands);
  } finally {
    shared.release();
  }
}

port.listen(async (message) => {
  if (message.module) {
    try {
      await start(message.module);
      port.post({ ready: true });
    } catch (error) {
      port.post({ failed: { message: error.message } });
    }
    return;
  }
  try {
    const result = evaluate(message);
    // What was printed comes first.
    await null;
    port.post({ result }, [result.buffer]);
  } catch ({ code = "ERR_INTERNAL", message: text, start: first, end, hint }) {
    port.post({ failure: { code, message: text, start: first, end, hint } });
  }
});
port.post({ loaded: true });
