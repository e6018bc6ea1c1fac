/*
 * The functions of include/miniexpr.h as imports of another WebAssembly module, the guest. What the guest passes is
 * checked against its own memory; an engine of the host computes.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { reading } from "../core/error.js";
import { engineOf } from "./engine.js";
import { Expressions, GuestMemory, Refusal, Texts, structBytes } from "./guest.js";
import {
  BUDGET_OPTIONS,
  CODES,
  COMPILE_OPTIONS,
  EVAL_OPTIONS,
  ITEM_BYTES,
  LAYOUT,
  MOST_DIMENSIONS,
  MOST_GRID_DIMENSIONS,
} from "./layout.js";
import { MemoryError, WasmMemory } from "./memory.js";

/** What calls answer that fail: because of the guest, for want of memory, by a bug. */
const COMPILE_FAILURES = {
  invalid: CODES.ME_COMPILE_ERR_INVALID_ARG,
  memory: CODES.ME_COMPILE_ERR_OOM,
  internal: CODES.ME_COMPILE_ERR_INTERNAL,
};
const EVAL_FAILURES = {
  invalid: CODES.ME_EVAL_ERR_INVALID_ARG,
  memory: CODES.ME_EVAL_ERR_OOM,
  internal: CODES.ME_EVAL_ERR_INTERNAL,
};

/** Of the field `type` of a variable: what is left are flags. */
const KIND_MASK = 0x1f;
const ALL_THREADS = -1;

/** A failure without a place in the text. */
const NO_ERROR = { status: 0, code: 0, start: -1n, end: -1n, line: 0, column: 0, hint: null };

/** The answer of functions that have no status. */
const NOTHING = { invalid: 0, memory: 0, internal: 0 };

function statusOf(error, failures) {
  if (error instanceof Refusal) {
    return error.status ?? failures.invalid;
  }
  if (error instanceof MemoryError) {
    return failures.invalid;
  }
  // What JavaScript throws if it cannot make a buffer.
  return error instanceof RangeError ? failures.memory : failures.internal;
}

/** One guest: its memory, its expressions, and why its last call failed. */
class Guest {
  #engine;
  #memory;
  #texts;
  #expressions = new Expressions();
  /** The last failure, as the fields of me_error. */
  #error = null;
  /** What the guest has set; 0 for the engine's number. */
  #threads = 0;

  constructor(engine, memory, malloc) {
    this.#engine = engine;
    this.#memory = new GuestMemory(memory);
    this.#texts = new Texts(memory, malloc);
  }

  get expressionCount() {
    return this.#expressions.size;
  }

  /** Frees all that the guest has left. */
  dispose() {
    this.#expressions.clear();
  }

  // --- Failures ------------------------------------------------------------------------------------

  /** What `run` answers, or the code for what it throws: nothing is thrown into a guest. */
  #attempt(failures, run) {
    try {
      return run();
    } catch (error) {
      const status = statusOf(error, failures);
      this.#error = { ...NO_ERROR, status, message: String(error?.message ?? error) };
      return status;
    }
  }

  /** A question about an expression; `none` is the answer for NULL, and for what is no expression. */
  #ask(pointer, none, answer) {
    const failures = { invalid: none, memory: none, internal: none };
    return this.#attempt(failures, () => {
      const entry = this.#expressions.find(pointer);
      return entry === null ? none : answer(entry);
    });
  }

  lastErrorMessage() {
    return this.#attempt(NOTHING, () =>
      this.#error === null ? 0 : this.#texts.message("message", this.#error.message),
    );
  }

  lastErrorSpan(start, end) {
    const error = this.#error;
    return error === null || error.start < 0n
      ? 0
      : this.#attempt(NOTHING, () => {
          const places = [
            [start, error.start],
            [end, error.end],
          ];
          places.forEach(([ptr, value]) => ptr !== 0 && this.#memory.setI32(ptr, Number(value)));
          return 1;
        });
  }

  lastError(ptr) {
    const error = this.#error ?? { ...NO_ERROR, message: "" };
    return this.#attempt(NOTHING, () => {
      const size = ptr === 0 ? 0 : this.#memory.i32(ptr) >>> 0;
      if (size < 4) {
        return 0;
      }
      const { message, hint } = error;
      this.#memory.bytes(ptr, size);
      const fields = {
        ...error,
        struct_size: size,
        message: this.#texts.replace("error", message),
        hint: hint === null ? 0 : this.#texts.replace("hint", hint),
      };
      const bytes = structBytes("me_error", [fields]).subarray(0, size);
      // Its memory may have grown for the texts.
      this.#memory.bytes(ptr, size).set(bytes);
      return Number(this.#error !== null);
    });
  }

  // --- Compilation ---------------------------------------------------------------------------------

  compile(text, variables, count, dtype, error, out, readOptions) {
    this.#error = null;
    let position = -1;
    const status = this.#attempt(COMPILE_FAILURES, () => {
      if (out === 0) {
        throw new Refusal("the output pointer is NULL");
      }
      this.#memory.setI32(out, 0);
      if (error !== 0) {
        this.#memory.setI32(error, position);
      }
      const table = this.#variables(variables, count, dtype);
      const request = { text: this.#memory.text(text), variables: table, dtype, ...readOptions() };
      const compiled = this.#engine.compileForGuest(request);
      this.#error = compiled.error;
      position = compiled.position;
      if (compiled.status === CODES.ME_COMPILE_SUCCESS) {
        this.#memory.setI32(out, this.#expressions.add(entryOf(compiled.expression, request)));
      }
      return compiled.status;
    });
    if (error !== 0) {
      this.#attempt(COMPILE_FAILURES, () => this.#memory.setI32(error, position));
    }
    return status;
  }

  #variables(ptr, count, dtype) {
    if (count < 0 || (count > 0 && ptr === 0)) {
      throw new Refusal(
        count < 0 ? "the number of variables is negative" : `the table of ${count} variables is NULL`,
      );
    }
    const { size } = LAYOUT.me_variable;
    this.#memory.bytes(ptr, count * size);
    return Array.from({ length: count }, (_, i) => this.#variable((ptr >>> 0) + i * size, dtype));
  }

  /** An entry of the table, with the bytes of an item: without a dtype it has that of the output. */
  #variable(ptr, outputDtype) {
    const entry = this.#memory.struct("me_variable", ptr);
    const name = this.#memory.text(entry.unsigned("name"));
    const type = entry.signed("type");
    if ((type & KIND_MASK) !== CODES.ME_VARIABLE) {
      throw new Refusal(
        `the entry type ${type} of '${textOf(name)}' is not supported: functions of a guest cannot be called`,
        CODES.ME_COMPILE_ERR_INVALID_ARG_TYPE,
      );
    }
    const [dtype, itemsize] = [entry.signed("dtype"), entry.unsigned("itemsize")];
    const itemBytes = itemBytesOf(dtype === CODES.ME_AUTO ? outputDtype : dtype, itemsize);
    return { name, dtype, itemsize, itemBytes };
  }

  /** Options of a compile call without any, whose rules for the table are older. */
  defaults = () => ({ params: null, grid: null });

  compileOptions(ptr) {
    const given = this.#memory.sizedStruct("me_compile_params", ptr);
    if (given !== null && given.unsigned("print") !== 0) {
      throw new Refusal("print is not supported: functions of a guest cannot be called");
    }
    return { params: given?.options(...COMPILE_OPTIONS) ?? {}, grid: null };
  }

  gridOptions(ndims, shape, chunkshape, blockshape, jitMode) {
    if (ndims > MOST_GRID_DIMENSIONS) {
      throw new Refusal(`${ndims} dimensions: there may be ${MOST_GRID_DIMENSIONS}`);
    }
    const count = Math.max(ndims, 0);
    const grid = {
      ndims,
      shape: this.#memory.numbers(BigInt64Array, shape, count),
      chunkshape: this.#memory.numbers(Int32Array, chunkshape, count),
      blockshape: this.#memory.numbers(Int32Array, blockshape, count),
    };
    return { params: { jit_mode: jitMode }, grid };
  }

  // --- Evaluation of blocks ------------------------------------------------------------------------

  evaluate(pointer, inputs, count, output, items, params, { block = null, budget = 0 } = {}) {
    return this.#evaluation(pointer, (entry) => {
      const room = block === null ? items : roomOf(entry, items);
      const { isScalar, itemsize } = entry.expression;
      return entry.expression.evaluate({
        inputs: this.#blocks(entry, inputs, count, room),
        output: this.#block(output, (isScalar ? 1 : Math.max(room, 0)) * itemsize),
        items,
        block,
        params: this.#evalParams(params),
        budget: this.#budget(budget),
      });
    });
  }

  evaluateVarlen(pointer, inputs, count, items, offsets, data, capacity, used, params, budget = 0) {
    return this.#evaluation(pointer, (entry) => {
      if (used !== 0) {
        this.#memory.bytes(used, 4);
      }
      const outcome = entry.expression.evaluateVarlen({
        inputs: this.#blocks(entry, inputs, count, items),
        offsets: this.#block(offsets, (Math.max(items, 0) + 1) * 8),
        data: this.#block(data, capacity >>> 0),
        capacity: capacity >>> 0,
        items,
        params: this.#evalParams(params),
        budget: this.#budget(budget),
      });
      if (outcome.status === CODES.ME_EVAL_SUCCESS) {
        if (used === 0) {
          throw new Refusal("data_used is NULL");
        }
        this.#memory.setI32(used, outcome.used);
      }
      return outcome;
    });
  }

  validItems(pointer, chunk, block, out) {
    return this.#attempt(EVAL_FAILURES, () => {
      const entry = this.#entry(pointer, CODES.ME_EVAL_ERR_INVALID_ARG);
      if (out === 0) {
        throw new Refusal("valid_nitems is NULL");
      }
      this.#memory.bytes(out, 8);
      const { status, items } = entry.expression.validItems(chunk, block);
      if (status === CODES.ME_EVAL_SUCCESS) {
        this.#memory.setI64(out, items);
      }
      return status;
    });
  }

  #entry(pointer, status = CODES.ME_EVAL_ERR_NULL_EXPR) {
    const entry = this.#expressions.find(pointer);
    if (entry === null) {
      throw new Refusal("the expression is NULL", status);
    }
    return entry;
  }

  /** The buffers that an array of pointers names, null for NULL; null if that is NULL itself. */
  #blocks(entry, pointers, count, items) {
    const { inputs } = entry.expression;
    if (count !== inputs.length) {
      throw new Refusal(
        `${count} buffers are given for ${inputs.length} variables`,
        CODES.ME_EVAL_ERR_VAR_MISMATCH,
      );
    }
    if (items <= 0) {
      return inputs.map(() => null);
    }
    const given = this.#memory.numbers(Uint32Array, pointers, count);
    return given && Array.from(given, (ptr, i) => this.#block(ptr, items * entry.itemBytes[i]));
  }

  #block(ptr, bytes) {
    return ptr === 0 ? null : this.#memory.bytes(ptr, bytes);
  }

  #evalParams(ptr) {
    return ptr === 0 ? null : this.#memory.struct("me_eval_params", ptr).options(...EVAL_OPTIONS);
  }

  #budget(ptr) {
    const given = this.#memory.sizedStruct("me_budget", ptr);
    if (given === null) {
      return null;
    }
    this.#checkCancelled(given);
    return given.options(...BUDGET_OPTIONS);
  }

  /** Looks at the number that cancels once, before the evaluation. */
  #checkCancelled(given) {
    const cancel = given.unsigned("cancel");
    if (cancel !== 0 && this.#memory.i32(cancel) !== 0) {
      throw new Refusal("the evaluation was cancelled", CODES.ME_EVAL_ERR_CANCELLED);
    }
  }

  // --- Arrays --------------------------------------------------------------------------------------

  resultShape(pointer, inputs, count, ndim, shape) {
    return this.#evaluation(pointer, (entry) => {
      if (ndim === 0 || shape === 0) {
        throw new Refusal("the result has no place");
      }
      const outcome = entry.expression.resultShape(this.#arrays(entry, inputs, count, false));
      if (outcome.status === CODES.ME_EVAL_SUCCESS) {
        const target = this.#memory.bytes(shape, outcome.shape.byteLength);
        this.#memory.setI32(ndim, outcome.shape.length);
        target.set(new Uint8Array(outcome.shape.buffer));
      }
      return outcome;
    });
  }

  evaluateArrays(pointer, inputs, count, output, params) {
    return this.#evaluation(pointer, (entry) => {
      const options = this.#arrayOptions(params);
      const arrays = this.#arrays(entry, inputs, count, true);
      if (output === 0) {
        throw new Refusal("the output is NULL");
      }
      return entry.expression.evaluateArrays(arrays, this.#array(output, "the output", true), options);
    });
  }

  /** A call on an expression, which gives a status and, if it fails, an error. */
  #evaluation(pointer, run) {
    return this.#attempt(EVAL_FAILURES, () => {
      const { status, error } = run(this.#entry(pointer));
      if (status !== CODES.ME_EVAL_SUCCESS) {
        this.#error = error;
      }
      return status;
    });
  }

  #arrayOptions(ptr) {
    const given = this.#memory.sizedStruct("me_array_params", ptr);
    if (given === null) {
      return { params: null, threads: 1, budget: null };
    }
    if (given.unsigned("progress") !== 0) {
      throw new Refusal("progress is not supported: functions of a guest cannot be called");
    }
    this.#checkCancelled(given);
    const threads = given.signed("n_threads");
    return {
      params: given.inner("me_eval_params", "eval").options(...EVAL_OPTIONS),
      threads: threads === ALL_THREADS ? this.threads : Math.min(threads, this.#engine.threads),
      budget: given.options(...BUDGET_OPTIONS),
    };
  }

  #arrays(entry, ptr, count, hasData) {
    const { inputs } = entry.expression;
    if (count !== inputs.length) {
      throw new Refusal(`${count} inputs for ${inputs.length} variables`, CODES.ME_EVAL_ERR_VAR_MISMATCH);
    }
    if (count > 0 && ptr === 0) {
      throw new Refusal("the inputs are NULL");
    }
    const { size } = LAYOUT.me_array;
    return inputs.map((_, i) => this.#array((ptr >>> 0) + i * size, `input ${i}`, hasData));
  }

  /** An array with the bytes from its first to its last item in memory; those of item zero begin at `offset`. */
  #array(ptr, what, hasData) {
    const array = this.#memory.struct("me_array", ptr);
    const [dtype, itemsize, ndim] = [array.signed("dtype"), array.unsigned("itemsize"), array.signed("ndim")];
    if (ndim < 0 || ndim > MOST_DIMENSIONS) {
      throw new Refusal(`${what} has ${ndim} dimensions; there may be 0 to ${MOST_DIMENSIONS}`);
    }
    const shape = this.#memory.numbers(BigInt64Array, array.unsigned("shape"), ndim);
    const strides = this.#memory.numbers(BigInt64Array, array.unsigned("strides"), ndim);
    if (ndim > 0 && shape === null) {
      throw new Refusal(`the shape of ${what} is NULL`);
    }
    const layout = { dtype, itemsize, shape: shape ?? new BigInt64Array(0), strides };
    return hasData ? { ...layout, ...this.#items(layout, array.unsigned("data"), what) } : layout;
  }

  /** The bytes of an array's items, null if there are none, and where those of item zero begin among them. */
  #items({ dtype, itemsize, shape, strides }, ptr, what) {
    if (shape.some((extent) => extent < 0n)) {
      throw new Refusal(`${what} has a negative extent`);
    }
    if (ptr === 0 || shape.includes(0n)) {
      return { bytes: null, offset: 0 };
    }
    const itemBytes = itemBytesOf(dtype, itemsize);
    const { low, high } = reach(shape, strides, BigInt(itemBytes));
    const [start, length] = [BigInt(ptr) + low, high - low];
    if (start < 0n) {
      throw new MemoryError("OVERFLOW", `${what} begins ${-start} bytes in front of the memory`);
    }
    return { bytes: this.#memory.bytes(Number(start), Number(length)), offset: Number(-low) };
  }

  get threads() {
    return this.#threads > 0 ? Math.min(this.#threads, this.#engine.threads) : this.#engine.threads;
  }

  set threads(number) {
    this.#threads = number;
  }

  // --- Questions -----------------------------------------------------------------------------------

  free(pointer) {
    this.#attempt({}, () => this.#expressions.remove(pointer));
  }

  /** A property of an expression; `none` for NULL. */
  property(pointer, name, none) {
    return this.#ask(pointer, none, ({ expression }) => expression[name]);
  }

  varlenDataBound(pointer, items) {
    return this.#ask(pointer, 0, ({ expression }) => expression.varlenDataBound(items));
  }

  variableCount(pointer) {
    return this.#ask(pointer, 0, ({ expression }) => expression.inputs.length);
  }

  variable(pointer, index) {
    return this.#ask(pointer, -1, ({ expression }) => expression.inputs[index] ?? -1);
  }

  variableName(pointer, index) {
    return this.#ask(pointer, 0, ({ names }) =>
      names[index] === undefined ? 0 : this.#texts.intern(names[index]),
    );
  }

  dump(pointer, what, buffer, size) {
    return this.#ask(pointer, 0, ({ expression }) => {
      const text = new TextEncoder().encode(expression.dump(what));
      const room = size >>> 0;
      if (text.length > 0 && room > 0) {
        const target = this.#memory.bytes(buffer, room);
        const shown = text.subarray(0, room - 1);
        target.set(shown);
        target[shown.length] = 0;
      }
      return text.length;
    });
  }

  // --- The language --------------------------------------------------------------------------------

  version() {
    return this.#attempt(NOTHING, () => this.#texts.intern(this.#engine.version));
  }

  isKernel(text) {
    return this.#attempt(NOTHING, () => {
      const bytes = this.#memory.text(text);
      return Number(bytes !== null && this.#engine.isKernel(bytes));
    });
  }

  sandboxParams(out) {
    this.#attempt(NOTHING, () => {
      const fields = { ...this.#engine.sandboxParams(), struct_size: LAYOUT.me_compile_params.size };
      const bytes = structBytes("me_compile_params", [fields]);
      this.#memory.bytes(out, bytes.length).set(bytes);
    });
  }

  builtinCount() {
    return this.#attempt(NOTHING, () => this.#engine.builtins.length);
  }

  builtin(index, info) {
    return this.#attempt(NOTHING, () => {
      const known = this.#engine.builtins[index];
      if (known === undefined || info === 0) {
        return 0;
      }
      const { size } = LAYOUT.me_builtin_info;
      this.#memory.bytes(info, size);
      const fields = {
        ...known,
        name: this.#texts.intern(known.name),
        help: this.#texts.intern(known.help),
      };
      this.#memory.bytes(info, size).set(structBytes("me_builtin_info", [fields]));
      return 1;
    });
  }
}

const textOf = (bytes) => new TextDecoder().decode(bytes ?? new Uint8Array());

/** Bytes of an item of a dtype; 0 for what is no dtype, which every call of the engine refuses. */
function itemBytesOf(dtype, itemsize) {
  return dtype === CODES.ME_STRING || dtype === CODES.ME_BYTES ? itemsize : (ITEM_BYTES[dtype] ?? 0);
}

/** How far the items of an array go from item zero, in bytes: there is at least one. */
function reach(shape, strides, itemBytes) {
  if (strides === null) {
    return { low: 0n, high: shape.reduce((bytes, extent) => bytes * extent, itemBytes) };
  }
  const ends = Array.from(shape, (extent, axis) => (extent - 1n) * strides[axis]);
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0n);
  return { low: sum(ends.filter((end) => end < 0n)), high: sum(ends.filter((end) => end > 0n)) + itemBytes };
}

/** Items of a buffer that an evaluation of a block looks at: those of the block, padding included. */
const roomOf = ({ blockItems }, items) => Math.min(items, blockItems);

/** What is kept of a compiled expression. */
function entryOf(expression, { variables, grid }) {
  const used = expression.inputs.map((index) => variables[index]);
  return {
    expression,
    itemBytes: used.map(({ itemBytes }) => itemBytes),
    names: used.map(({ name }) => textOf(name)),
    blockItems: grid === null ? Infinity : grid.blockshape.reduce((items, extent) => items * extent, 1),
  };
}

/**
 * The imports of a guest.
 *
 * @param {object} engine What computes: what `load` of miniexpr/wasm gives, a ThreadPool, or any BridgeEngine.
 * @param {WasmMemory | ConstructorParameters<typeof WasmMemory>[0]} memory The guest's.
 * @param {{malloc?: (bytes: number) => number}} [options] Where texts for the guest go; by default the `malloc` that
 *   it exports, if `memory` shows its exports, else pages by which its memory is grown.
 * @returns {{env: Record<string, Function>, dispose: () => void, expressionCount: number}} `dispose` frees what the
 *   guest has left.
 */
export function createImports(engine, memory, options) {
  const checked = memory instanceof WasmMemory ? memory : new WasmMemory(memory);
  const malloc = reading(() => options?.malloc, "the options");
  const guest = new Guest(engineOf(engine), checked, malloc);
  const compile = guest.compile.bind(guest);
  const grid = (...args) => guest.gridOptions(...args);
  const env = {
    me_compile: (text, table, count, dtype, error, out) =>
      compile(text, table, count, dtype, error, out, guest.defaults),
    me_compile_with: (text, table, count, dtype, params, error, out) =>
      compile(text, table, count, dtype, error, out, () => guest.compileOptions(params)),
    me_compile_nd: (text, table, count, dtype, ndims, shape, chunks, blocks, error, out) =>
      compile(text, table, count, dtype, error, out, () =>
        grid(ndims, shape, chunks, blocks, CODES.ME_JIT_DEFAULT),
      ),
    me_compile_nd_jit: (text, table, count, dtype, ndims, shape, chunks, blocks, jitMode, error, out) =>
      compile(text, table, count, dtype, error, out, () => grid(ndims, shape, chunks, blocks, jitMode)),
    me_sandbox_params: (out) => guest.sandboxParams(out),
    me_is_kernel: (text) => guest.isKernel(text),
    me_builtin_count: () => guest.builtinCount(),
    me_builtin: (index, info) => guest.builtin(index, info),
    // No function of a guest is called, so that none can fail.
    me_fail: () => 0,
    me_get_last_error: (error) => guest.lastError(error),
    me_get_last_error_message: () => guest.lastErrorMessage(),
    me_get_last_error_span: (start, end) => guest.lastErrorSpan(start, end),
    me_eval: (expr, inputs, count, output, items, params) =>
      guest.evaluate(expr, inputs, count, output, items, params),
    me_eval_with: (expr, inputs, count, output, items, params, budget) =>
      guest.evaluate(expr, inputs, count, output, items, params, { budget }),
    me_eval_nd: (expr, inputs, count, output, items, chunk, block, params) =>
      guest.evaluate(expr, inputs, count, output, items, params, { block: { chunk, block } }),
    me_eval_nd_with: (expr, inputs, count, output, items, chunk, block, params, budget) =>
      guest.evaluate(expr, inputs, count, output, items, params, { block: { chunk, block }, budget }),
    me_eval_varlen: (...args) => guest.evaluateVarlen(...args),
    me_eval_varlen_with: (...args) => guest.evaluateVarlen(...args),
    me_varlen_data_bound: (expr, items) => guest.varlenDataBound(expr, items),
    me_nd_valid_nitems: (expr, chunk, block, out) => guest.validItems(expr, chunk, block, out),
    me_result_shape: (expr, inputs, count, ndim, shape) =>
      guest.resultShape(expr, inputs, count, ndim, shape),
    me_eval_arrays: (expr, inputs, count, output, params) =>
      guest.evaluateArrays(expr, inputs, count, output, params),
    me_set_num_threads: (number) => {
      guest.threads = number;
    },
    me_get_num_threads: () => guest.threads,
    me_free: (expr) => guest.free(expr),
    me_dump: (expr, what, buffer, size) => guest.dump(expr, what, buffer, size),
    me_get_dtype: (expr) => guest.property(expr, "dtype", CODES.ME_AUTO),
    me_get_itemsize: (expr) => guest.property(expr, "itemsize", 0),
    me_expr_variable_count: (expr) => guest.variableCount(expr),
    me_expr_variable: (expr, index) => guest.variable(expr, index),
    me_expr_variable_name: (expr, index) => guest.variableName(expr, index),
    me_expr_is_scalar: (expr) => Number(guest.property(expr, "isScalar", false)),
    me_expr_has_jit_kernel: (expr) => Number(guest.property(expr, "hasKernel", false)),
    me_version: () => guest.version(),
  };
  return {
    env,
    dispose: () => guest.dispose(),
    get expressionCount() {
      return guest.expressionCount;
    },
  };
}
