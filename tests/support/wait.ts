import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, named in the error; a function to say how far it came. */
  readonly what: string | (() => string);
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/**
 * Waits until the condition gives something other than undefined or false, and returns it. An error it throws is not
 * the end: it is remembered and shown if the time runs out.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, timeoutMs = 15_000, everyMs = 20 }: UntilOptions,
): Promise<Exclude<T, undefined | false>> {
  const deadline = performance.now() + timeoutMs;
  let lastError: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value !== undefined && value !== false) return value as Exclude<T, undefined | false>;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() >= deadline) {
      const described = typeof what === 'string' ? what : what();
      throw new Error(
        `waited ${timeoutMs} ms for ${described}`,
        lastError === undefined ? undefined : { cause: lastError },
      );
    }
    await delay(everyMs);
  }
}
