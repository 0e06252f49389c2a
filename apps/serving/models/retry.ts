const firstMs = 500;
const longestMs = 30_000;

/** Tries something again: after half a second, then after twice as long each time, up to half a minute. */
export class Retry {
  #nextMs = firstMs;
  #timer: NodeJS.Timeout | undefined;

  later(task: () => void): void {
    this.#timer = setTimeout(task, this.#nextMs).unref();
    this.#nextMs = Math.min(longestMs, 2 * this.#nextMs);
  }

  /** It worked: the next failure begins anew. */
  reset(): void {
    this.#nextMs = firstMs;
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}
