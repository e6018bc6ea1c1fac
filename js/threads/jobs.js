/*
 * Evaluations on a thread pool that do not block: a helper thread makes the call, and all threads take part.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { MiniexprError, errorOfFailure } from "../core/error.js";
import { roomFor } from "../wasm/call.js";
import { codeOf } from "../wasm/program.js";

/** The flag that cancels, and after it two numbers of 8 bytes for the progress. */
const PROGRESS = 8;
const CONTROL_BYTES = 32;

/** What evaluations on a pool need of it; one runs after the other. */
export class PoolJobs {
  #pool;
  #last = Promise.resolve();

  constructor(pool) {
    this.#pool = pool;
  }

  /** See `WasmProgram.start`. */
  start(engine, program, { threads, shape, size, operands }) {
    const call = program.newCall();
    const inputs = operands.map((operand) => ({ ...operand, address: null }));
    const bytes = size * program.itemsize;
    const inputBytes = call.bytesFor(inputs);
    let block;
    try {
      block = engine.alloc(CONTROL_BYTES + inputBytes + roomFor(bytes));
    } catch (error) {
      call.dispose();
      throw error;
    }
    engine.views.Uint8Array.fill(0, block, block + CONTROL_BYTES);
    const output = call.writeInputs(block + CONTROL_BYTES, inputs);
    call.writeOutput(output, shape, size);
    call.writeParams(threads, {
      cancel: block,
      progress: this.#pool.call("threadpool_get_progress_fn"),
      context: block + PROGRESS,
    });
    const promise = this.#inTurn(async () => {
      const args = [program.expression, call.inputs, inputs.length, call.output, call.params];
      const status = await this.#pool.callAsync("me_eval_arrays", ...args);
      if (status !== 0) {
        throw await this.#failure(codeOf(status), program.signature.text);
      }
      return program.take(output, bytes);
    }).finally(() => {
      // In a pool that is broken, the memory is lost with it.
      if (!this.#pool.isBroken) {
        engine.free(block);
        call.dispose();
      }
    });
    return {
      promise,
      cancel: () => Atomics.store(engine.views.Int32Array, block / 4, 1),
      progress: () => {
        const numbers = engine.views.BigInt64Array;
        const first = (block + PROGRESS) / 8;
        return [Number(Atomics.load(numbers, first)), Number(Atomics.load(numbers, first + 1))];
      },
    };
  }

  /** The message belongs to the helper's thread, and to its last call. */
  async #failure(code, text) {
    const address = Number(await this.#pool.callAsync("me_get_last_error_message"));
    return errorOfFailure({ code, message: this.#pool.readText(address) ?? "out of memory" }, text);
  }

  #inTurn(run) {
    const turn = this.#last.then(run).catch((error) => {
      throw error instanceof MiniexprError
        ? error
        : new MiniexprError("ERR_INTERNAL", `the thread pool has failed: ${error.message}`, { cause: error });
    });
    this.#last = turn.catch(() => {});
    return turn;
  }
}
