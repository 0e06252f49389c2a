import type { ComputeRefusal } from './protocol.js';

/** Whether a thread's heap is full, or a typed array found no room. */
export function isOutOfMemory(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  return code === 'ERR_WORKER_OUT_OF_MEMORY' || message === 'Array buffer allocation failed';
}

/** Whoever tries it again finds no more: the data set or the model has to be smaller, or the machine larger. */
export const outOfMemory = (reason: string): ComputeRefusal => ({
  code: 'out_of_memory',
  message: `there is not enough memory for this data set and this model: ${reason}`,
});
