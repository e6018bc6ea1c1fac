/** What both modules of the library call a view of their memory. */
export type ViewType = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "u64" | "f32" | "f64";

export interface ViewOf {
  i8: Int8Array;
  u8: Uint8Array;
  i16: Int16Array;
  u16: Uint16Array;
  i32: Int32Array;
  u32: Uint32Array;
  i64: BigInt64Array;
  u64: BigUint64Array;
  f32: Float32Array;
  f64: Float64Array;
}

export interface LoadOptions {
  /** Where the module is; beside this file by default. */
  wasmUrl?: string | URL;
  wasmBytes?: BufferSource;
  wasmModule?: WebAssembly.Module;
  /** Whether kernels are compiled; true by default. */
  jit?: boolean;
  /** Is told why a kernel was not compiled. */
  onWarning?: (message: string) => void;
}

export interface Miniexpr {
  readonly instance: WebAssembly.Instance;
  /** The functions of the C header, with addresses as numbers. */
  readonly exports: WebAssembly.Exports;
  readonly memory: WebAssembly.Memory;
  /** Index of a function for the `print` of a `me_compile_params`: what comes there goes to `onPrint`. */
  readonly printer: number;
  /** Takes a line of a kernel, without its end, and the `print_context`. Must not throw or evaluate. */
  onPrint: (context: number, line: string) => void;
  /** The address of new memory, a multiple of 16. */
  alloc(bytes: number): number;
  /** Gives memory back that `alloc` gave; 0 is ignored. */
  free(address: number): void;
  /** A view of the whole memory; another one once the memory has grown. */
  getMemoryView<T extends ViewType>(type: T): ViewOf[T];
  /** The text at an address; null for 0. */
  readText(address: number): string | null;
}

export function load(options?: LoadOptions): Promise<Miniexpr>;
