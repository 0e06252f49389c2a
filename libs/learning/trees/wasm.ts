import { kernelsBinary } from './kernels-binary.js';

/** What is used of WebAssembly, which the types of Node leave out. */
declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number; shared: true }) => KernelMemory;
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: object };
};

/** Goes to other threads as it is. */
export interface KernelMemory {
  /** As large as the memory is now; what is taken of it stays valid when it grows. */
  readonly buffer: SharedArrayBuffer;
  /** Gives how many pages there were. @throws RangeError beyond the largest. */
  grow(pages: number): number;
}

export const pageBytes = 2 ** 16;
/** All that 32 bits address. */
const mostPages = 2 ** 16;

let isRefused = false;

/** null: the system has no address space for it. Then it is not asked again: each refusal takes V8 half a second. */
export function newMemory(): KernelMemory | null {
  if (isRefused) return null;
  try {
    return new WebAssembly.Memory({ initial: 1, maximum: mostPages, shared: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    isRefused = true;
    return null;
  }
}

/** Exports of kernels.wat: addresses are bytes of the memory. */
export interface WasmKernels {
  clear(start: number, end: number): void;
  addRows(histogram: number, words: number, row: number, end: number, pair: number): void;
  addRowsOfFeature(histogram: number, bytes: number, row: number, end: number, pair: number): void;
  subtract(whole: number, part: number, end: number): void;
  scan(
    bin: number,
    end: number,
    startGradient: number,
    startMass: number,
    gradient: number,
    mass: number,
    one: number,
    minRows: number,
    penalty: number,
    least: number,
    leastGain: number,
    best: number,
    gain: number,
    sums: number,
  ): number;
  bins(value: number, end: number, thresholds: number, missing: number, byte: number): void;
  gather(pairs: number, row: number, end: number, into: number): void;
  countLeft(bytes: number, row: number, end: number, bin: number, missing: number): number;
  scatter(bytes: number, row: number, end: number, bin: number, missing: number, left: number, right: number): number;
}

let compiled: object | null = null;

export function wasmKernels(memory: KernelMemory): WasmKernels {
  compiled ??= new WebAssembly.Module(kernelsBinary());
  return new WebAssembly.Instance(compiled, { kernels: { memory } }).exports as WasmKernels;
}
