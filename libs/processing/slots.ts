/** So many pieces of work at once; the others wait in the order in which they came. */
export class Slots {
  private readonly waiting = new Set<() => void>();
  private taken = 0;

  constructor(private readonly most: number) {}

  /** @returns undefined, without having begun, when the signal aborts first. @throws what the work throws. */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T | undefined> {
    while (this.taken >= this.most && !signal.aborted) await this.freed(signal);
    if (signal.aborted) {
      // The slot that it was woken for is another's.
      this.wakeNext();
      return undefined;
    }
    this.taken += 1;
    try {
      return await work();
    } finally {
      this.taken -= 1;
      this.wakeNext();
    }
  }

  private wakeNext(): void {
    const [next] = this.waiting;
    next?.();
  }

  private freed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.waiting.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.waiting.add(wake);
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}
