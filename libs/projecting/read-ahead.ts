/**
 * Batches of whatever has arrived, at most `most` items each: the next ones are read while the consumer works on the
 * last. Ends with the signal; a failure to read is thrown after everything that was read before it.
 */
export async function* readAhead<T>(
  follow: (signal: AbortSignal) => AsyncIterable<readonly T[]>,
  most: number,
  signal: AbortSignal,
): AsyncGenerator<readonly T[], void> {
  const stopped = new AbortController();
  const until = AbortSignal.any([signal, stopped.signal]);
  const queue: T[] = [];
  const changed = new Bell();
  let ended: { error?: unknown } | undefined;

  const reading = (async () => {
    try {
      for await (const batch of follow(until)) {
        for (const item of batch) queue.push(item);
        changed.ring();
        while (queue.length >= most && !until.aborted) await changed.next();
        if (until.aborted) break;
      }
      ended = {};
    } catch (error) {
      ended = { error };
    }
    changed.ring();
  })();
  const onAbort = (): void => {
    changed.ring();
  };
  until.addEventListener('abort', onAbort);

  try {
    while (!signal.aborted) {
      if (queue.length > 0) {
        const batch = queue.splice(0, most);
        changed.ring();
        yield batch;
      } else if (ended === undefined) {
        await changed.next();
      } else if ('error' in ended) {
        throw ended.error;
      } else {
        return;
      }
    }
  } finally {
    stopped.abort();
    await reading;
    until.removeEventListener('abort', onAbort);
  }
}

/** Wakes everyone who waits, once per ring. */
class Bell {
  private waiting: (() => void)[] = [];

  ring(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }
}
