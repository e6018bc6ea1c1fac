/** Names of the dtypes that variables and results may have. */
export type Dtype =
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float32"
  | "float64"
  | "complex64"
  | "complex128"
  | "string";

/** What holds the items of a dtype: bytes for bool, pairs of numbers for complex dtypes. */
export interface ItemsOf {
  bool: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  int32: Int32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
  uint16: Uint16Array;
  uint32: Uint32Array;
  uint64: BigUint64Array;
  float32: Float32Array;
  float64: Float64Array;
  complex64: Float32Array;
  complex128: Float64Array;
  string: string[];
}

export type NumericDtype = Exclude<Dtype, "string">;
export type TypedArray = ItemsOf[NumericDtype] | Uint8ClampedArray;
export interface Complex {
  re: number;
  im: number;
}

/**
 * An array of any shape: that of `@stdlib/ndarray`, `ndarray` or zarrita, or any object like it. Strides and offset are
 * in items; without a shape it has one dimension.
 */
export interface ArrayView {
  readonly data: TypedArray | ArrayLike<unknown> | object;
  readonly shape?: ArrayLike<number>;
  readonly strides?: ArrayLike<number>;
  readonly stride?: ArrayLike<number>;
  readonly offset?: number;
  readonly dtype?: unknown;
}

/** A column of Apache Arrow. */
export interface ArrowVector {
  readonly type: { readonly typeId: number };
  readonly data: readonly unknown[];
  readonly length: number;
  readonly nullCount: number;
  get(index: number): unknown;
}

export type Scalar = number | bigint | boolean | string | Complex;

/** What may be given for a variable. */
export type Input =
  | TypedArray
  | ArrayView
  | ArrowVector
  | EngineArray
  | Scalar
  | readonly number[]
  | readonly bigint[]
  | readonly boolean[]
  | readonly string[];

export type Inputs = Readonly<Record<string, Input>>;
export type Dtypes = Readonly<Record<string, Dtype>>;

/** A result of more dimensions than one, or of none that is one. */
export interface ArrayResult<T = TypedArray | string[]> {
  data: T;
  shape: number[];
  strides: number[];
  dtype: Dtype;
}

/**
 * A typed array (strings: an array) for one dimension, `{ data, shape, strides, dtype }` for more, a single value for none:
 * of a full reduction, or of scalars.
 */
export type Result = TypedArray | string[] | ArrayResult | Scalar;

export interface CompileOptions {
  /** The language of the text; "numpy" by default. */
  dialect?: "numpy" | "miniexpr" | "numexpr";
  /** The dtype of the result; it follows from the text and the inputs by default. */
  dtype?: Dtype;
  /** For text from users: what it may do, and how large it may be. */
  sandbox?: boolean | Sandbox;
  /**
   * Takes what a kernel prints, a line at a time, without its end. It is called when the code that runs has ended. Without it, lines
   * go to the console, and with the native engine to the standard output.
   */
  print?: (line: string) => void;
}

/**
 * Limits for text from users. What is left out is strict: expressions alone, nothing printed, no files, and sizes that are
 * compiled within milliseconds.
 */
export interface Sandbox {
  /** Whether kernels, with loops and branches, are allowed; false by default. */
  kernels?: boolean;
  /** Brackets and blocks inside one another; 64 by default. */
  maxNesting?: number;
  /** Bytes of the text as UTF-8; 8192 by default. */
  maxTextBytes?: number;
  /** Names, numbers, strings and operators; 1024 by default. */
  maxNodes?: number;
  /** Bytes of numbers and strings in the text; 4096 by default. */
  maxConstantBytes?: number;
  /** Passes of loops that an item may take in all, in each evaluation; 1,000,000 by default. */
  maxPasses?: number;
}

export interface EvaluateOptions {
  /** Where the result goes: a typed array or a view of one, with the dtype and shape of the result. */
  out?: TypedArray | ArrayView | EngineArray | string[];
  /** Threads, this one included; 0 for as many as there are. 1 by default. */
  threads?: number;
  /** Milliseconds after which the evaluation ends with the code `ERR_TIMEOUT`. */
  timeout?: number;
  /** The package `apache-arrow`, for columns of a type that no input has. */
  arrow?: object;
}

export interface AsyncOptions extends EvaluateOptions {
  /** Stops the evaluation, whose promise is then rejected with the code `ABORT_ERR`. */
  signal?: AbortSignal;
  /** Is told now and then how many items are done, and how many there are. */
  onProgress?: (done: number, all: number) => void;
}

/** A compiled text. */
export interface CompiledFunction<R = any> {
  /** Evaluates, on this thread. */
  (inputs?: Inputs): R;
  <O extends EvaluateOptions["out"]>(inputs: Inputs, options: EvaluateOptions & { out: O }): O;
  (inputs: Inputs | undefined, options?: EvaluateOptions): R;
  /** Evaluates without blocking this thread; the inputs are those of the moment of the call. All threads by default. */
  async<O extends EvaluateOptions["out"]>(inputs: Inputs, options: AsyncOptions & { out: O }): Promise<O>;
  async(inputs?: Inputs, options?: AsyncOptions): Promise<R>;
  /** The dtype of the result. */
  readonly dtype: Dtype;
  /** Dtypes of the variables. */
  readonly inputs: Dtypes;
  readonly text: string;
  /** Gives the memory back, once no evaluation needs it; again is harmless. */
  dispose(): void;
  [Symbol.dispose](): void;
}

/** An array in the engine's memory. It may be an input or an output, without a copy. */
export interface EngineArray<T extends NumericDtype = NumericDtype> {
  /** The items. Ask again after calls that may have allocated: the memory may have moved. */
  readonly data: ItemsOf[T];
  readonly dtype: T;
  readonly length: number;
  readonly shape: number[];
  readonly strides: number[];
  readonly offset: number;
  /** Gives the memory back; again is harmless. */
  dispose(): void;
  [Symbol.dispose](): void;
}

export interface Backend {
  /** The engine in use; null before one is loaded. */
  readonly name: "native" | "wasm" | "wasm-threads" | null;
  /** Why it is this one. */
  readonly reason: string;
  /** Threads that it can use. */
  readonly threads: number;
}

/** How an engine is chosen and found. */
export interface ReadyOptions {
  /** The engine to load, and no other. */
  backend?: "native" | "wasm" | "wasm-threads";
  /** Where the WebAssembly module is, if a bundler has moved it; its content; or it, compiled. It decides about threads. */
  wasmUrl?: string | URL;
  wasmBytes?: BufferSource;
  wasmModule?: WebAssembly.Module;
  /** The script of workers, if a bundler has moved it: `miniexpr/wasm/worker.js`, with threads `miniexpr/threads/worker.js`. */
  workerUrl?: string | URL;
  /** Threads in WebAssembly, the calling one included; as many as the machine has processors by default. */
  threads?: number;
  /** Milliseconds until workers that are not ready are an error. */
  readyTimeout?: number;
  /** Is told why a kernel was not compiled to WebAssembly. */
  onWarning?: (message: string) => void;
}

export type ErrorCode =
  | "ERR_SYNTAX"
  | "ERR_DTYPE"
  | "ERR_REDUCTION"
  | "ERR_SHAPE"
  | "ERR_NAME"
  | "ERR_ARGUMENT"
  | "ERR_REFUSED"
  | "ERR_LIMIT"
  | "ERR_TIMEOUT"
  | "ERR_DISPOSED"
  | "ERR_OUT_OF_MEMORY"
  | "ERR_BACKEND"
  | "ABORT_ERR"
  | "ERR_INTERNAL";

/** The error of every call. */
export class MiniexprError extends Error {
  constructor(
    code: ErrorCode,
    message: string,
    details?: { text?: string; start?: number; end?: number; hint?: string; cause?: unknown },
  );
  readonly code: ErrorCode;
  /** The characters of the text that are to blame, if there are such. */
  readonly start?: number;
  readonly end?: number;
  /** The line of `start`, and its place there in characters, both counted from 1. */
  readonly line?: number;
  readonly column?: number;
  /** What to write instead, where that is clear. */
  readonly hint?: string;
  /** The text that was compiled. */
  readonly text?: string;
  /** The message, and below it the line of the text with carets under what is to blame. */
  toString(): string;
}

/** Loads an engine; resolves to what `backend` tells. Options count until one is loaded. */
export function ready(options?: ReadyOptions): Promise<Backend>;
/** Which engine runs, and why. */
export function backend(): Backend;
/** Compiles an expression, or a kernel (`def name(…): …`), for variables of these dtypes. */
export function compile<R = any>(
  text: string,
  dtypes?: Dtypes | null,
  options?: CompileOptions,
): Promise<CompiledFunction<R>>;
/** As `compile`, at once: after `ready`, or where the native engine is. */
export function compileSync<R = any>(
  text: string,
  dtypes?: Dtypes | null,
  options?: CompileOptions,
): CompiledFunction<R>;
/** Evaluates a text; dtypes are those of the inputs. Texts are compiled once for the same dtypes. */
export function evaluate<R = any>(
  text: string,
  inputs?: Inputs | null,
  options?: CompileOptions & AsyncOptions,
): Promise<R>;
/** As `evaluate`, at once: after `ready`, or where the native engine is. */
export function evaluateSync<R = any>(
  text: string,
  inputs?: Inputs | null,
  options?: CompileOptions & EvaluateOptions,
): R;
/** An array of zeros in the engine's memory: so many items, or of a shape. After `ready`. */
export function alloc<T extends NumericDtype>(dtype: T, shape: number | ArrayLike<number>): EngineArray<T>;
/** The text of a kernel as a template literal, without the indentation that all lines have. */
export function kernel(strings: TemplateStringsArray, ...values: unknown[]): string;
