import type { BridgeEngine } from "../bridge/index.js";
import type { AsyncOptions, CompileOptions, Dtype, Dtypes, EvaluateOptions, Inputs } from "../index.js";

export * from "../index.js";

/** The version of the engine. */
export const version: string;

/** The engine for guests of miniexpr/bridge, see `createImports` there. */
export const bridgeEngine: BridgeEngine;

/** What is stored under a number. */
export interface Stored {
  readonly id: number;
  readonly text: string;
  readonly inputs: Dtypes;
  readonly dtype: Dtype;
}

/** Compiles a text, and keeps it under the number that it gives. */
export function store(text: string, dtypes?: Dtypes | null, options?: CompileOptions): number;
/** Evaluates what is stored under a number, at once. */
export function evaluate<R = any>(id: number, inputs?: Inputs, options?: EvaluateOptions): R;
/** Evaluates a text; dtypes are those of the inputs. */
export function evaluate<R = any>(
  text: string,
  inputs?: Inputs | null,
  options?: CompileOptions & AsyncOptions,
): Promise<R>;
/** Evaluates what is stored under a number, or a text, in a thread of libuv. */
export function evaluateAsync<R = any>(
  idOrText: number | string,
  inputs?: Inputs | null,
  options?: CompileOptions & AsyncOptions,
): Promise<R>;
/** What is stored under a number. */
export function info(id: number): Stored;
/** Forgets what is stored under a number; whether there was anything. */
export function remove(id: number): boolean;
/** What is stored, in the order of the numbers. */
export function list(): Stored[];
