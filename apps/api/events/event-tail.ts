import type { EventReader, LogRecord } from '#libs/event-log/index.js';

const kept = 1_000;
const pageSize = 200;

/**
 * The end of the log as it grows, followed once for all live feeds: a server's consumers are to be few. What is further
 * back is read in pages.
 */
export class EventTail {
  readonly #events: EventReader;
  readonly #stopped = new AbortController();
  readonly #waiting = new Set<() => void>();
  /** The newest records, without a gap up to `#lastSeq`. */
  #recent: LogRecord[] = [];
  #lastSeq = 0;
  #failure: Error | undefined;

  constructor(events: EventReader) {
    this.#events = events;
  }

  /** @param onFailure the log is broken: feeds fail from then on. */
  async start(onFailure: (error: Error) => void): Promise<void> {
    this.#lastSeq = (await this.#events.head()).lastSeq;
    this.#follow().catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error(String(error));
      this.#wake();
      onFailure(this.#failure);
    });
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Records from a sequence on, in order and without a gap; none when it has not come yet. @throws EventLogError */
  async from(seq: number): Promise<readonly LogRecord[]> {
    if (this.#failure !== undefined) throw this.#failure;
    if (seq > this.#lastSeq) return [];
    const first = this.#recent[0]?.seq ?? Infinity;
    if (seq >= first) return this.#recent.slice(seq - first);
    return (await this.#events.page(seq, pageSize)).records;
  }

  /** Resolves when the sequence is there, the time is over, the signal aborts or the log fails. */
  async until(seq: number, withinMs: number, signal: AbortSignal): Promise<void> {
    if (seq <= this.#lastSeq || signal.aborted) return;
    let wake = (): void => undefined;
    const woken = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const timer = setTimeout(wake, withinMs);
    this.#waiting.add(wake);
    signal.addEventListener('abort', wake);
    try {
      await woken;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(wake);
      signal.removeEventListener('abort', wake);
    }
  }

  async #follow(): Promise<void> {
    for await (const batch of this.#events.follow({ fromSeq: this.#lastSeq + 1, signal: this.#stopped.signal })) {
      this.#recent.push(...batch);
      if (this.#recent.length > 2 * kept) this.#recent = this.#recent.slice(-kept);
      this.#lastSeq = batch.at(-1)?.seq ?? this.#lastSeq;
      this.#wake();
    }
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
  }
}
