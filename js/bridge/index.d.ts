import type { ItemsOf, NumericDtype, TypedArray } from "../index.js";

export type MemoryDtype = NumericDtype;
export type MemoryArray = TypedArray;
/** The typed array that holds each dtype: pairs of numbers for complex ones, bytes for bool. */
export type ArrayOf = Pick<ItemsOf, MemoryDtype>;

/** A memory, or what has one: an instance, or its exports. */
export type MemorySource =
  WebAssembly.Memory | { readonly memory: WebAssembly.Memory } | { readonly exports: WebAssembly.Exports };

/** An address: a multiple of the size of a number. A negative number is the signed form of one from 2 GiB on. */
export type Pointer = number | bigint;

/** An access that the memory does not allow. Nothing has been read or written. */
export class MemoryError extends RangeError {
  readonly name: "MemoryError";
  readonly code:
    | "INVALID_ADDRESS"
    | "INVALID_LENGTH"
    /** Beyond the address space of 4 GiB, and so beyond the memory. */
    | "OVERFLOW"
    /** Beyond the memory, or the room that the caller states. */
    | "OUT_OF_RANGE"
    | "MISALIGNED"
    /** A text has no NUL. */
    | "UNTERMINATED"
    /** There is no memory, or the array that is to be written is detached. */
    | "DETACHED";
  /** Which bytes: the first, and how many; of how many. Undefined where the error is about none. */
  readonly address?: number;
  readonly byteLength?: number;
  readonly memoryBytes?: number;
}

/** Checked access to the memory of a module, which is looked at anew each time, since it may have grown. */
export class WasmMemory {
  /** A function is called at each access: for a module that is not instantiated yet. */
  constructor(memoryOrProvider: MemorySource | (() => MemorySource | null | undefined));

  readonly memory: WebAssembly.Memory;
  readonly buffer: ArrayBufferLike;
  readonly byteLength: number;

  /** A copy of `length` items. */
  read<D extends MemoryDtype>(dtype: D, ptr: Pointer, length: number): ArrayOf[D];
  /** A view of `length` items, which is lost when the memory grows. */
  view<D extends MemoryDtype>(dtype: D, ptr: Pointer, length: number): ArrayOf[D];
  /** Copies an array to an address. Gives the bytes written. */
  write(ptr: Pointer, array: MemoryArray): number;
  /** The bytes at any address, as a view. */
  bytes(ptr: Pointer, byteLength: number): Uint8Array;
  /** The text of `byteLength` bytes of UTF-8; without a length, that up to the next NUL. */
  readString(ptr: Pointer, byteLength?: number): string;
  /** Writes a text as UTF-8, and a NUL, into `capacity` bytes. Gives the bytes written, without the NUL. */
  writeString(ptr: Pointer, text: string, capacity?: number): number;
  /** A copy of the bytes up to the next NUL. */
  terminated(ptr: Pointer): Uint8Array;
}

export interface ImportsOptions {
  /**
   * The guest's allocator, for texts that functions of the header give back. By default the `malloc` that it exports, if
   * the memory is given by its instance or exports; else pages by which its memory is grown.
   */
  malloc?: (bytes: number) => number;
}

/** Imports of one guest: a program that declares the functions of miniexpr.h, and was compiled to wasm32. */
export type GuestImports = WebAssembly.Imports & {
  /** Functions by their names in the header. None of them throws. */
  readonly env: Record<string, (...args: (number | bigint)[]) => number | void>;
  /** Expressions that the guest has not freed. */
  readonly expressionCount: number;
  /** Frees them. It happens by itself, some time after the last function of the guest is gone. */
  dispose(): void;
};

/**
 * The functions of miniexpr.h for a guest, but for `me_print`, `me_register_wasm_jit_helpers` and `me_register_clock`.
 *
 * Pointers are the guest's own, and checked against its memory; what it gets for a `me_expr *` is a number that means
 * nothing to other guests, and is not used again once it is freed. Functions of a guest, as variables or for progress,
 * are refused.
 */
export function createImports(
  engine: WasmHost | BridgeEngine,
  memory: WasmMemory | ConstructorParameters<typeof WasmMemory>[0],
  options?: ImportsOptions,
): GuestImports;

/** A loaded module of the library: what `load` of miniexpr/wasm gives, or a ThreadPool. */
export interface WasmHost {
  readonly instance: WebAssembly.Instance;
  alloc(bytes: number): number;
  free(address: number): void;
}

// --- Engines of your own ---------------------------------------------------------------------------

/** Numbers of dtypes, dialects, modes and statuses are those of miniexpr.h. */
export interface BridgeEngine {
  readonly version: string;
  /** Threads that evaluations over arrays may use. */
  readonly threads: number;
  /** The names of the language. */
  readonly builtins: { name: string; kind: number; arity: number; help: string }[];
  /** Whether a text, as UTF-8, is a kernel. */
  isKernel(text: Uint8Array): boolean;
  /** Options for text from users. */
  sandboxParams(): CompileParams;
  compileForGuest(request: CompileRequest): CompileOutcome;
}

/** Fields of `me_compile_params`; what is absent has its default. */
export interface CompileParams {
  dialect?: number;
  jit_mode?: number;
  expressions_only?: boolean;
  ignore_pragmas?: boolean;
  no_print?: boolean;
  no_disk_cache?: boolean;
  max_nesting?: number;
  max_text_bytes?: bigint;
  max_nodes?: bigint;
  max_constant_bytes?: bigint;
  max_passes?: bigint;
}

export interface CompileRequest {
  /** UTF-8 without NUL; null where the guest passed NULL, as for the names and shapes below. */
  text: Uint8Array | null;
  variables: { name: Uint8Array | null; dtype: number; itemsize: number }[];
  dtype: number;
  /** `null` for the calls without them, whose rules for the table are older. */
  params: CompileParams | null;
  /** Of an array in chunks. */
  grid: {
    ndims: number;
    shape: BigInt64Array | null;
    chunkshape: Int32Array | null;
    blockshape: Int32Array | null;
  } | null;
}

/** A status, and why it is none of success: the fields of `me_error`. */
export interface Outcome {
  status: number;
  error: {
    status: number;
    code: number;
    start: bigint;
    end: bigint;
    line: number;
    column: number;
    message: string;
    hint: string | null;
  } | null;
}

export interface CompileOutcome extends Outcome {
  /** As `*error` of the compile call. */
  position: number;
  expression: BridgeExpression | null;
}

/** Options of an evaluation; null stands for the defaults. */
export interface EvalParams {
  disable_simd: boolean;
  simd_ulp_mode: number;
  jit_mode: number;
}

/** What an evaluation may take; null for no limit. */
export interface Budget {
  timeout_ns: bigint;
  max_passes: bigint;
}

/** Buffers of `items` items in the memory of the guest, at any alignment; null where it passed NULL. */
export interface BlockRequest {
  inputs: (Uint8Array | null)[] | null;
  items: number;
  params: EvalParams | null;
  budget: Budget | null;
}

/** An array: `bytes` go from its first to its last item in memory, those of item zero begin at `offset`. */
export interface BridgeArray {
  dtype: number;
  itemsize: number;
  shape: BigInt64Array;
  strides: BigInt64Array | null;
  /** null where there are no items, or the guest passed NULL. Not there for `resultShape`. */
  bytes?: Uint8Array | null;
  offset?: number;
}

export interface BridgeExpression {
  readonly dtype: number;
  readonly itemsize: number;
  readonly isScalar: boolean;
  readonly hasKernel: boolean;
  /** For each array that evaluations take, the position of its variable in the table. */
  readonly inputs: number[];
  evaluate(
    request: BlockRequest & { output: Uint8Array | null; block: { chunk: bigint; block: bigint } | null },
  ): Outcome;
  evaluateVarlen(
    request: BlockRequest & { offsets: Uint8Array | null; data: Uint8Array | null; capacity: number },
  ): Outcome & { used: number };
  validItems(chunk: bigint, block: bigint): { status: number; items: bigint };
  varlenDataBound(items: number): number;
  resultShape(inputs: BridgeArray[]): Outcome & { shape: BigInt64Array };
  /** Writes the items of the output, and nothing between them. */
  evaluateArrays(
    inputs: BridgeArray[],
    output: BridgeArray,
    options: { params: EvalParams | null; threads: number; budget: Budget | null },
  ): Outcome;
  /** What the library makes of it, a me_dump_kind. */
  dump(what: number): string;
  free(): void;
}
