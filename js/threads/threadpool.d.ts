import type { NumericDtype, TypedArray } from "../index.js";
import type { ViewOf, ViewType } from "../wasm/miniexpr.js";

export interface ThreadPoolOptions {
  /** Where the module is; `miniexpr-threads.wasm` beside this file by default. In Node also a path. */
  wasmUrl?: string | URL;
  wasmBytes?: BufferSource;
  wasmModule?: WebAssembly.Module;
  /** Bytes of a worker's stack; 1 MiB by default. */
  stackSize?: number;
  /** Pages of 64 KiB at the start; 2 MiB and the stacks by default. */
  initialMemoryPages?: number;
  /** Pages that the memory may grow to; 512 MiB by default. */
  maxMemoryPages?: number;
  /** The script of a worker, if a bundler has moved it. */
  workerUrl?: string | URL;
  /**
   * More imports of the module: the URL of a module whose default export they are, or a function that makes them of
   * `{ memory }`. An object is taken without workers only, since functions cannot be sent to them.
   */
  imports?: string | URL | WebAssembly.Imports;
  /** Whether to do without workers where there is no shared memory; `reason` then says why. */
  fallback?: boolean;
  /** Milliseconds until workers that are not ready are an error; 30,000 by default. */
  readyTimeout?: number;
  /** Milliseconds until `shutdown` breaks a job off; 10,000 by default. */
  shutdownTimeout?: number;
}

/** Numeric dtypes by name; with "auto", the result has the one that the expression gives. */
export type Dtype = NumericDtype | "auto";
export type { TypedArray };

/** An expression that a pool has compiled. */
export class Expression {
  private constructor();
  /** The `me_expr *` of the C header; 0 once it is freed. */
  readonly address: number;
  /** Dtypes of the inputs, in the order in which `evaluate` takes them. */
  readonly inputs: Dtype[];
  /** Dtype of the result. */
  readonly dtype: Dtype;
  /** Gives the memory back, in all threads; again is harmless. No evaluation may be running. */
  free(): void;
}

export class ThreadPoolError extends Error {
  /** What the module answered: -1 no pool, -2 shut down, -3 no task, -4 a thread trapped, -5 out of memory. */
  readonly code?: number;
}

/** A pool of workers on the shared memory of one module. */
export class ThreadPool {
  private constructor();

  /** Resolves once all workers are ready; rejects, and ends all of them, if one fails. */
  static create(numWorkers?: number, options?: ThreadPoolOptions): Promise<ThreadPool>;

  /** Number of workers; 0 if the calling thread does the work. */
  readonly size: number;
  /** Why there are no threads; null if there are. */
  readonly reason: string | null;
  /** Whether nothing can be called any more: a thread has failed, or the pool has been shut down. */
  readonly isBroken: boolean;
  readonly instance: WebAssembly.Instance;
  readonly memory: WebAssembly.Memory;

  /** The address of new memory, a multiple of 16. Throws a RangeError if there is none. */
  alloc(bytes: number): number;
  /** Gives memory back that `alloc` gave; 0 is ignored. */
  free(address: number): void;
  /** A view of the whole memory; another one once the memory has grown, in whatever thread. */
  getMemoryView<T extends ViewType>(type: T): ViewOf[T];
  /** The text at an address; null for 0. */
  readText(address: number): string | null;

  /**
   * Calls `task(data, m, k, n, thread_idx, thread_count)` for each `thread_idx` below `thread_count`, and waits. Throws
   * on the main thread of a page, which may not wait.
   */
  dispatch(dataPtr: number, m: number, k: number, n: number, taskFnPtr: number): number;
  /** As `dispatch`, anywhere. Jobs run one after another. */
  dispatchAsync(dataPtr: number, m: number, k: number, n: number, taskFnPtr: number): Promise<number>;

  /** Calls a function that the module exports. */
  call(name: string, ...args: (number | bigint)[]): number | bigint | undefined;
  /** As `call`, in a thread that may wait for others. */
  callAsync(name: string, ...args: (number | bigint)[]): Promise<number | bigint | undefined>;

  /** Compiles an expression, in a module of the library; throws a SyntaxError with the message of the library. */
  compile(text: string, variables: Record<string, Dtype>, options?: { dtype?: Dtype }): Expression;
  /**
   * Evaluates an expression in all threads, over typed arrays: one for each variable, those of one item repeated.
   * Resolves to the output, which is a new typed array by default.
   */
  evaluate<T extends TypedArray = TypedArray>(
    expression: Expression,
    inputs: TypedArray[],
    output?: T,
  ): Promise<T>;

  /** Wakes threads that wait for a word of memory; how many. */
  notify(address: number, count?: number): number;

  /** Resolves when every worker has ended. Again is harmless. */
  shutdown(): Promise<void>;
}
