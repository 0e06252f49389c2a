import type { FastifyReply } from 'fastify';
import { Readable } from 'node:stream';
import type { Clock } from '#libs/kernel/index.js';
import type { PageFilter } from '#libs/event-log/index.js';
import type { EventTail } from './event-tail.js';
import { liveFeed } from './live-feed.js';

const defaultHeartbeatMs = 15_000;

/** What a feed is given. */
export interface OpenFeed {
  readonly signal: AbortSignal;
  /** Milliseconds of silence after which something is sent. */
  readonly heartbeatMs: number;
}

/** The feeds that are open: they end when their reader leaves, and all of them when the server stops. */
export class LiveFeeds {
  readonly #open = new Set<AbortController>();
  readonly #tail: EventTail;
  readonly #clock: Clock;
  readonly #heartbeatMs: number;

  constructor(tail: EventTail, clock: Clock, heartbeatMs = defaultHeartbeatMs) {
    this.#tail = tail;
    this.#clock = clock;
    this.#heartbeatMs = heartbeatMs;
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Answers with a feed from a sequence on.
   * @param expiresAt milliseconds since the epoch at which the reader's token ends, and the feed with it; null: never
   */
  async send(reply: FastifyReply, fromSeq: number, filter: PageFilter, expiresAt: number | null): Promise<void> {
    const clock = this.#clock;
    await this.open(reply, (feed) => liveFeed({ tail: this.#tail, fromSeq, filter, expiresAt, clock, ...feed }));
  }

  /** Answers with any text that comes piece by piece, and lasts as long as its reader and the server do. */
  async open(reply: FastifyReply, textOf: (feed: OpenFeed) => AsyncGenerator<string>): Promise<void> {
    const abort = new AbortController();
    this.#open.add(abort);
    const text = textOf({ signal: abort.signal, heartbeatMs: this.#heartbeatMs });
    // A reader that leaves destroys the text between two pieces; only the signal ends the wait for the next one.
    reply.raw.once('close', () => {
      abort.abort();
      this.#open.delete(abort);
    });
    await reply
      .headers({
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        // A proxy that buffers would hold events back.
        'x-accel-buffering': 'no',
      })
      .send(Readable.from(text, { objectMode: true, highWaterMark: 1 }));
  }

  stop(): void {
    for (const abort of this.#open) abort.abort();
  }
}
