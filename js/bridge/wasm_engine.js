/*
 * The WebAssembly engine for guests: arrays are copied into its memory, results out of it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { copyItems } from "./copy.js";
import { Struct, structBytes } from "./guest.js";
import { CODES, COMPILE_OPTIONS, LAYOUT, MOST_DIMENSIONS } from "./layout.js";

/** What small calls need: it is taken from the engine once. */
const SCRATCH_BYTES = 65536;
const ALIGNMENT = 16;

/** Memory of the engine that is given back at the end of a call. */
class Arena {
  #host;
  /** What is left of the scratch memory. */
  #next;
  #end;
  #blocks = [];

  constructor(host, scratch) {
    this.#host = host;
    this.#next = scratch;
    this.#end = scratch + SCRATCH_BYTES;
  }

  /** The address of new memory. */
  alloc(byteLength) {
    const address = this.#next;
    const next = address + Math.ceil(Math.max(byteLength, 1) / ALIGNMENT) * ALIGNMENT;
    if (next <= this.#end) {
      this.#next = next;
      return address;
    }
    const block = this.#host.alloc(byteLength);
    this.#blocks.push(block);
    return block;
  }

  /** The bytes at an address, until the memory grows. */
  view(address, byteLength) {
    return this.#host.getMemoryView("u8").subarray(address, address + byteLength);
  }

  /** The address of a copy; 0 for null. */
  copy(bytes) {
    if (bytes === null) {
      return 0;
    }
    const address = this.alloc(bytes.byteLength);
    this.view(address, bytes.byteLength).set(
      new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    );
    return address;
  }

  text(bytes) {
    if (bytes === null) {
      return 0;
    }
    const terminated = new Uint8Array(bytes.length + 1);
    terminated.set(bytes);
    return this.copy(terminated);
  }

  words(words) {
    return this.copy(Int32Array.from(words));
  }

  /** A struct with these fields; those that are not named are zero. */
  struct(name, fields) {
    return this.structs(name, [fields]);
  }

  structs(name, list) {
    return this.copy(structBytes(name, list));
  }

  i32(address) {
    return this.#host.getMemoryView("i32")[address / 4];
  }

  i64(address) {
    return this.#host.getMemoryView("i64")[address / 8];
  }

  release() {
    this.#blocks.forEach((address) => this.#host.free(address));
  }
}

/** What the engine and its expressions share: calls into the module, each with memory of its own. */
class Module {
  #host;
  #stack;
  #scratch = 0;

  constructor(host) {
    this.#host = host;
    const exports = host.exports ?? host.instance.exports;
    this.#stack = exports.__stack_pointer;
    this.call = host.call
      ? (name, ...args) => host.call(name, ...args)
      : (name, ...args) => exports[name](...args);
  }

  /** Runs a call; an exception leaves neither memory nor stack behind. */
  within(run) {
    this.#scratch ||= this.#host.alloc(SCRATCH_BYTES);
    const arena = new Arena(this.#host, this.#scratch);
    const stack = this.#stack?.value;
    try {
      return run(arena);
    } catch (error) {
      if (stack !== undefined) {
        this.#stack.value = stack;
      }
      throw error;
    } finally {
      arena.release();
    }
  }

  text(address) {
    return this.#host.readText(address);
  }

  /** What went wrong in the last call. */
  lastError(arena) {
    const { size } = LAYOUT.me_error;
    const at = arena.struct("me_error", { struct_size: size });
    this.call("me_get_last_error", at);
    const error = new Struct("me_error", arena.view(at, size).slice());
    return {
      ...error.options("status", "code", "start", "end", "line", "column"),
      message: this.text(error.unsigned("message")),
      hint: this.text(error.unsigned("hint")),
    };
  }

  /** The status of a call, and why it failed. */
  outcome(arena, status) {
    return { status, error: status === 0 ? null : this.lastError(arena) };
  }
}

/** An engine on a module of the library: what `load` of miniexpr/wasm gives, or a ThreadPool. */
export class WasmEngine {
  #module;
  #builtins = null;

  constructor(host) {
    this.#module = new Module(host);
  }

  get version() {
    return this.#module.text(this.#module.call("me_version"));
  }

  get threads() {
    return this.#module.call("me_get_num_threads");
  }

  /** The names of the language, as the fields of me_builtin_info. */
  get builtins() {
    this.#builtins ??= this.#module.within((arena) => {
      const { size } = LAYOUT.me_builtin_info;
      const info = arena.alloc(size);
      return Array.from({ length: this.#module.call("me_builtin_count") }, (_, index) => {
        this.#module.call("me_builtin", index, info);
        const known = new Struct("me_builtin_info", arena.view(info, size).slice());
        const [name, help] = ["name", "help"].map((field) => this.#module.text(known.unsigned(field)));
        return { ...known.options("kind", "arity"), name, help };
      });
    });
    return this.#builtins;
  }

  isKernel(text) {
    return this.#module.within((arena) => Boolean(this.#module.call("me_is_kernel", arena.text(text)) & 1));
  }

  /** The fields of me_compile_params for texts from users. */
  sandboxParams() {
    return this.#module.within((arena) => {
      const { size } = LAYOUT.me_compile_params;
      const at = arena.alloc(size);
      this.#module.call("me_sandbox_params", at);
      return new Struct("me_compile_params", arena.view(at, size).slice()).options(...COMPILE_OPTIONS);
    });
  }

  compileForGuest({ text, variables, dtype, params, grid }) {
    return this.#module.within((arena) => {
      const table = arena.structs(
        "me_variable",
        variables.map(({ name, dtype, itemsize }) => ({ name: arena.text(name), dtype, itemsize })),
      );
      const [error, out] = [arena.words([-1]), arena.words([0])];
      const common = [arena.text(text), table, variables.length, dtype];
      const [name, options] = compileCall(arena, params, grid);
      const status = this.#module.call(name, ...common, ...options, error, out);
      const position = arena.i32(error);
      const expression =
        status === CODES.ME_COMPILE_SUCCESS ? new WasmExpression(this.#module, arena.i32(out)) : null;
      return { ...this.#module.outcome(arena, status), position, expression };
    });
  }
}

/** The function that compiles, and its arguments between those that all have. */
function compileCall(arena, params, grid) {
  if (grid !== null) {
    return ["me_compile_nd_jit", [...gridArgs(arena, grid), params.jit_mode]];
  }
  return params === null ? ["me_compile", []] : ["me_compile_with", [compileParams(arena, params)]];
}

function compileParams(arena, params) {
  return arena.struct("me_compile_params", { ...params, struct_size: LAYOUT.me_compile_params.size });
}

function gridArgs(arena, { ndims, shape, chunkshape, blockshape }) {
  return [ndims, arena.copy(shape), arena.copy(chunkshape), arena.copy(blockshape)];
}

class WasmExpression {
  #module;
  #address;

  constructor(module, address) {
    this.#module = module;
    this.#address = address;
    this.dtype = module.call("me_get_dtype", address);
    this.itemsize = module.call("me_get_itemsize", address) >>> 0;
    this.isScalar = Boolean(module.call("me_expr_is_scalar", address) & 1);
    const count = module.call("me_expr_variable_count", address);
    this.inputs = Array.from({ length: count }, (_, i) => module.call("me_expr_variable", address, i));
  }

  get hasKernel() {
    return Boolean(this.#module.call("me_expr_has_jit_kernel", this.#address) & 1);
  }

  free() {
    this.#module.call("me_free", this.#address);
  }

  varlenDataBound(items) {
    return this.#module.call("me_varlen_data_bound", this.#address, items) >>> 0;
  }

  dump(what) {
    return this.#module.within((arena) => {
      const bytes = this.#module.call("me_dump", this.#address, what, 0, 0) >>> 0;
      const buffer = arena.alloc(bytes + 1);
      this.#module.call("me_dump", this.#address, what, buffer, bytes + 1);
      return bytes === 0 ? "" : this.#module.text(buffer);
    });
  }

  evaluate({ inputs, output, items, block, params, budget }) {
    return this.#module.within((arena) => {
      const pointers = buffers(arena, inputs);
      // With what the guest has there: a call that writes less must not show it what others have left here.
      const target = arena.copy(output);
      const status = this.#module.call(
        block === null ? "me_eval_with" : "me_eval_nd_with",
        ...[this.#address, pointers, this.inputs.length, target, items],
        ...(block === null ? [] : [block.chunk, block.block]),
        ...[evalParams(arena, params), budgetOf(arena, budget)],
      );
      if (status === CODES.ME_EVAL_SUCCESS) {
        output?.set(arena.view(target, output.length));
      }
      return this.#module.outcome(arena, status);
    });
  }

  evaluateVarlen({ inputs, offsets, data, capacity, items, params, budget }) {
    return this.#module.within((arena) => {
      const pointers = buffers(arena, inputs);
      const [offsetsAt, dataAt, used] = [arena.copy(offsets), arena.copy(data), arena.words([0])];
      const status = this.#module.call(
        "me_eval_varlen_with",
        ...[this.#address, pointers, this.inputs.length, items, offsetsAt, dataAt, capacity, used],
        ...[evalParams(arena, params), budgetOf(arena, budget)],
      );
      const usedBytes = arena.i32(used) >>> 0;
      if (status === CODES.ME_EVAL_SUCCESS) {
        offsets.set(arena.view(offsetsAt, offsets.length));
        data?.set(arena.view(dataAt, usedBytes));
      }
      return { ...this.#module.outcome(arena, status), used: usedBytes };
    });
  }

  validItems(chunk, block) {
    return this.#module.within((arena) => {
      const out = arena.alloc(8);
      const status = this.#module.call("me_nd_valid_nitems", this.#address, chunk, block, out);
      return { status, items: arena.i64(out) };
    });
  }

  resultShape(arrays) {
    return this.#module.within((arena) => {
      const table = arena.structs(
        "me_array",
        arrays.map((array) => arrayFields(arena, array, 0)),
      );
      const [ndim, shape] = [arena.words([0]), arena.alloc(8 * MOST_DIMENSIONS)];
      const status = this.#module.call("me_result_shape", this.#address, table, arrays.length, ndim, shape);
      const extents = arena.view(shape, 8 * arena.i32(ndim)).slice();
      return { ...this.#module.outcome(arena, status), shape: new BigInt64Array(extents.buffer) };
    });
  }

  evaluateArrays(inputs, output, { params, threads, budget }) {
    return this.#module.within((arena) => {
      const table = arena.structs(
        "me_array",
        inputs.map((array) => arrayFields(arena, array, dataOf(arena, array))),
      );
      const data = dataOf(arena, output);
      const target = arena.struct("me_array", arrayFields(arena, output, data));
      const options = arena.struct("me_array_params", {
        struct_size: LAYOUT.me_array_params.size,
        n_threads: threads,
        ...budget,
      });
      if (params !== null) {
        const at = options + LAYOUT.me_array_params.eval;
        const bytes = arena.view(evalParams(arena, params), LAYOUT.me_eval_params.size).slice();
        arena.view(at, bytes.length).set(bytes);
      }
      const status = this.#module.call(
        "me_eval_arrays",
        this.#address,
        table,
        inputs.length,
        target,
        options,
      );
      if (status === CODES.ME_EVAL_SUCCESS && output.bytes !== null) {
        copyItems(output, this.itemsize, arena.view(data - output.offset, output.bytes.length));
      }
      return this.#module.outcome(arena, status);
    });
  }
}

/** The array of pointers to copies; 0 for null. */
function buffers(arena, inputs) {
  return inputs === null ? 0 : arena.words(inputs.map((input) => arena.copy(input)));
}

function evalParams(arena, params) {
  return params === null ? 0 : arena.struct("me_eval_params", params);
}

function budgetOf(arena, budget) {
  return budget === null ? 0 : arena.struct("me_budget", { ...budget, struct_size: LAYOUT.me_budget.size });
}

/** The address of item zero of a copy; 0 if there are no items. */
function dataOf(arena, { bytes, offset }) {
  return bytes === null ? 0 : arena.copy(bytes) + offset;
}

function arrayFields(arena, { dtype, itemsize, shape, strides }, data) {
  return {
    data,
    dtype,
    itemsize,
    ndim: shape.length,
    shape: arena.copy(shape),
    strides: strides === null ? 0 : arena.copy(strides),
  };
}
