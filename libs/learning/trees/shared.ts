import { newMemory, pageBytes, type KernelMemory } from './wasm.js';

/**
 * Arrays that threads share. They lie in one memory of WebAssembly, in which kernels work on them, as long as that has
 * room: 4 GiB. Beyond it, and where the system gives none, each lies on its own, and kernels do without.
 */
export class SharedArrays {
  #memory = newMemory();

  /** null: not all arrays lie in one. */
  get memory(): KernelMemory | null {
    return this.#memory;
  }

  floats(length: number): Float64Array {
    return new Float64Array(...this.#place(length, Float64Array.BYTES_PER_ELEMENT));
  }

  singles(length: number): Float32Array {
    return new Float32Array(...this.#place(length, Float32Array.BYTES_PER_ELEMENT));
  }

  integers(length: number): Uint32Array {
    return new Uint32Array(...this.#place(length, Uint32Array.BYTES_PER_ELEMENT));
  }

  copyOf(values: Float64Array): Float64Array {
    const shared = this.floats(values.length);
    shared.set(values);
    return shared;
  }

  #place(length: number, size: number): [SharedArrayBuffer, number, number] {
    const bytes = length * size;
    if (this.#memory !== null) {
      try {
        const page = this.#memory.grow(Math.ceil(bytes / pageBytes));
        return [this.#memory.buffer, page * pageBytes, length];
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        this.#memory = null;
      }
    }
    return [new SharedArrayBuffer(bytes), 0, length];
  }
}

export function sharedFloats(values: Float64Array): Float64Array {
  const shared = new Float64Array(new SharedArrayBuffer(values.length * Float64Array.BYTES_PER_ELEMENT));
  shared.set(values);
  return shared;
}

export function sharedSingles(values: Float32Array): Float32Array {
  const shared = new Float32Array(new SharedArrayBuffer(values.length * Float32Array.BYTES_PER_ELEMENT));
  shared.set(values);
  return shared;
}

export function sharedIntegers(values: Uint32Array): Uint32Array {
  const shared = new Uint32Array(new SharedArrayBuffer(values.length * Uint32Array.BYTES_PER_ELEMENT));
  shared.set(values);
  return shared;
}
