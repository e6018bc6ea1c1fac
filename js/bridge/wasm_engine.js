/*
 * The WebAssembly engine for guests: arrays are copied into its memory, results out of it.
 *
 * SPDX-License-Identifier: BSD-3-Clause
 */
import { CODES, LAYOUT, MOST_DIMENSIONS } from "./layout.js";

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
    const layout = LAYOUT[name];
    const view = new DataView(new ArrayBuffer(list.length * layout.size));
    list.forEach((fields, i) => {
      Object.entries(fields).forEach(([field, value]) =>
        view.setInt32(i * layout.size + layout[field], value, true),
      );
    });
    return this.copy(new Uint8Array(view.buffer));
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

const evalFields = ({ disableSimd, ulpMode, jitMode }) => ({
  disable_simd: Number(disableSimd),
  simd_ulp_mode: ulpMode,
  jit_mode: jitMode,
});

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

  lastError(arena) {
    const places = arena.words([0, 0]);
    const hasSpan = this.call("me_get_last_error_span", places, places + 4) & 1;
    return {
      message: this.text(this.call("me_get_last_error_message")),
      span: hasSpan ? [arena.i32(places), arena.i32(places + 4)] : null,
    };
  }
}

/** An engine on a module of the library: what `load` of miniexpr/wasm gives, or a ThreadPool. */
export class WasmEngine {
  #module;

  constructor(host) {
    this.#module = new Module(host);
  }

  get version() {
    return this.#module.text(this.#module.call("me_version"));
  }

  get threads() {
    return this.#module.call("me_get_num_threads");
  }

  compileForGuest({ text, variables, dtype, dialect, jitMode, grid }) {
    return this.#module.within((arena) => {
      const table = arena.structs(
        "me_variable",
        variables.map(({ name, dtype, itemsize }) => ({ name: arena.text(name), dtype, itemsize })),
      );
      const [error, out] = [arena.words([-1]), arena.words([0])];
      const common = [arena.text(text), table, variables.length, dtype];
      const status =
        grid === null
          ? this.#module.call(
              "me_compile_with",
              ...common,
              compileParams(arena, dialect, jitMode),
              error,
              out,
            )
          : this.#module.call("me_compile_nd_jit", ...common, ...gridArgs(arena, grid), jitMode, error, out);
      const position = arena.i32(error);
      const expression =
        status === CODES.ME_COMPILE_SUCCESS ? new WasmExpression(this.#module, arena.i32(out)) : null;
      return { status, position, expression, ...this.#module.lastError(arena) };
    });
  }
}

function compileParams(arena, dialect, jitMode) {
  const { size } = LAYOUT.me_compile_params;
  return arena.struct("me_compile_params", { struct_size: size, dialect, jit_mode: jitMode });
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

  evaluate({ inputs, output, items, block, params }) {
    return this.#module.within((arena) => {
      const pointers = buffers(arena, inputs);
      // With what the guest has there: a call that writes less must not show it what others have left here.
      const target = arena.copy(output);
      const options = evalParams(arena, params);
      const common = [this.#address, pointers, this.inputs.length, target, items];
      const status =
        block === null
          ? this.#module.call("me_eval", ...common, options)
          : this.#module.call("me_eval_nd", ...common, block.chunk, block.block, options);
      if (status === CODES.ME_EVAL_SUCCESS) {
        output?.set(arena.view(target, output.length));
      }
      return status;
    });
  }

  evaluateVarlen({ inputs, offsets, data, capacity, items, params }) {
    return this.#module.within((arena) => {
      const pointers = buffers(arena, inputs);
      const [offsetsAt, dataAt, used] = [arena.copy(offsets), arena.copy(data), arena.words([0])];
      const status = this.#module.call(
        "me_eval_varlen",
        ...[this.#address, pointers, this.inputs.length, items, offsetsAt, dataAt, capacity, used],
        evalParams(arena, params),
      );
      const usedBytes = arena.i32(used) >>> 0;
      if (status === CODES.ME_EVAL_SUCCESS) {
        offsets.set(arena.view(offsetsAt, offsets.length));
        data?.set(arena.view(dataAt, usedBytes));
      }
      return { status, used: usedBytes };
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
      const { message, span } = this.#module.lastError(arena);
      const extents = arena.view(shape, 8 * arena.i32(ndim)).slice();
      return { status, message, span, shape: new BigInt64Array(extents.buffer) };
    });
  }

  evaluateArrays(inputs, output, { params, threads }) {
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
        return { status };
      }
      return { status, ...this.#module.lastError(arena) };
    });
  }
}

/** The array of pointers to copies; 0 for null. */
function buffers(arena, inputs) {
  return inputs === null ? 0 : arena.words(inputs.map((input) => arena.copy(input)));
}

function evalParams(arena, params) {
  return params === null ? 0 : arena.struct("me_eval_params", evalFields(params));
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

/** Copies the items of an array, and nothing between them, from bytes that lie as its own. */
function copyItems({ bytes, offset, shape, strides }, itemBytes, from) {
  let runBytes = itemBytes;
  let axis = shape.length - 1;
  // The inner axes along which items lie side by side are copied at once.
  while (axis >= 0 && (strides === null || Number(strides[axis]) === runBytes || shape[axis] === 1n)) {
    runBytes *= Number(shape[axis]);
    axis -= 1;
  }
  const copy = (start, depth) => {
    if (depth > axis) {
      bytes.set(from.subarray(start, start + runBytes), start);
      return;
    }
    for (let i = 0; i < Number(shape[depth]); i++) {
      copy(start + i * Number(strides[depth]), depth + 1);
    }
  };
  copy(offset, 0);
}
