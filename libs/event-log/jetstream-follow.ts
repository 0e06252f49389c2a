import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { z } from 'zod';
import { watchConnection } from './connection-watch.js';
import { LogCorrupt, StreamRefused, StreamTimeout, StreamUnavailable } from './errors.js';
import { apiRequest, asLogError, consumedMessage, errorCodes, headersOf } from './jetstream-api.js';
import type { FollowOptions, StreamMessage } from './stream-store.js';

/**
 * Reads a stream through short-lived consumers, each created where the one before stopped. A consumer lives in one
 * server's memory; it is replaced when the connection was lost, when its server fell silent, and when a message is
 * missing. A message that is still missing then is not in the stream: LogCorrupt. A connection that is closed for good
 * never comes back: StreamUnavailable.
 *
 * The client library's ordered consumer is not used: after a server restart it waits for its pull to expire, twice.
 */
export async function* followStream(
  connection: NatsConnection,
  stream: string,
  timeoutMs: number,
  { fromSeq, signal, maxBatch = 500 }: FollowOptions,
): AsyncIterable<readonly StreamMessage[]> {
  let next = Math.max(1, fromSeq);
  let failures = 0;
  let missing = 0;
  let consumer: PullConsumer | undefined;
  const stopWatching = watchConnection(connection, () => consumer?.close());
  const stop = (): void => consumer?.close();
  const stopped = (): boolean => signal.aborted;
  signal.addEventListener('abort', stop);
  try {
    while (!stopped()) {
      consumer = new PullConsumer(connection, stream, maxBatch);
      try {
        await consumer.open(next, timeoutMs);
        while (!stopped()) {
          const batch = await consumer.nextBatch();
          if (batch === undefined) break;
          failures = 0;
          const whole = upToGap(batch, next);
          next += whole.length;
          // What lies before a gap is given out at once: the next consumer begins behind it.
          if (whole.length > 0) yield whole;
          if (whole.length < batch.length) throw new MissingMessage(next, batch[whole.length]!.seq);
        }
      } catch (error) {
        if (error instanceof MissingMessage) {
          if (missing === error.expected)
            throw new LogCorrupt('sequence_gap', error.expected, `${stream} goes on with sequence ${error.found}`);
          missing = error.expected;
        } else if ((connection.isClosed() && !stopped()) || !isPassing(error)) throw error;
      } finally {
        consumer.close();
      }
      failures += 1;
      if (failures > 1) await pause(Math.min(longestPauseMs, 10 * 2 ** Math.min(failures, 8)), signal);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stopWatching();
  }
}

/** The messages of a batch that follow one another from `next` on: all of it, unless one is missing. */
function upToGap(batch: readonly StreamMessage[], next: number): readonly StreamMessage[] {
  const gap = batch.findIndex(({ seq }, index) => seq !== next + index);
  return gap < 0 ? batch : batch.slice(0, gap);
}

class MissingMessage extends Error {
  constructor(
    readonly expected: number,
    readonly found: number,
  ) {
    super(`expected sequence ${expected}, found ${found}`);
  }
}

/** One consumer, from its creation until it ends for whatever reason. */
class PullConsumer {
  private readonly arrived: StreamMessage[] = [];
  private readonly inbox = createInbox();
  private subscription: Subscription | undefined;
  private subject = '';
  /** Messages asked for and not here yet. */
  private requested = 0;
  private ended = false;
  private failure: Error | undefined;
  private wake: (() => void) | undefined;
  private silence: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly stream: string,
    private readonly maxBatch: number,
  ) {}

  async open(fromSeq: number, timeoutMs: number): Promise<void> {
    const { name } = await apiRequest(
      this.connection,
      `$JS.API.CONSUMER.CREATE.${this.stream}`,
      {
        stream_name: this.stream,
        config: {
          deliver_policy: 'by_start_sequence',
          opt_start_seq: fromSeq,
          ack_policy: 'none',
          replay_policy: 'instant',
          mem_storage: true,
          num_replicas: 1,
          max_deliver: 1,
          inactive_threshold: inactiveAfterMs * 1e6,
        },
      },
      createdConsumer,
      { timeoutMs, what: `follow ${this.stream} from ${fromSeq}` },
    );
    if (this.ended) return;
    this.subject = `$JS.API.CONSUMER.MSG.NEXT.${this.stream}.${name}`;
    try {
      this.subscription = this.connection.subscribe(this.inbox, {
        callback: (error, message) => {
          if (error !== null) this.end(asLogError(error, `follow ${this.stream}`));
          else this.receive(message);
        },
      });
    } catch (error) {
      throw asLogError(error, `follow ${this.stream}`);
    }
    // Heartbeats come only while the server owes an answer.
    this.silence = setInterval(() => {
      if (this.requested > 0) this.end();
    }, silentAfterMs);
    this.pull();
  }

  /** What has arrived, at least one message; undefined when the consumer is at its end. */
  async nextBatch(): Promise<readonly StreamMessage[] | undefined> {
    while (this.arrived.length === 0) {
      if (this.failure !== undefined) throw this.failure;
      if (this.ended) return undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    const batch = this.arrived.splice(0, this.maxBatch);
    this.pull();
    return batch;
  }

  close(): void {
    this.end();
  }

  private receive(message: Msg): void {
    this.silence?.refresh();
    const { status, values } = headersOf(message);
    switch (status) {
      case 0:
        this.requested -= 1;
        this.arrived.push(consumedMessage(message, values));
        break;
      case 100: // still there
        return;
      case 408: // a request has expired
        this.requested -= Number(values.get('Nats-Pending-Messages') ?? 0);
        this.pull();
        return;
      default: // 409: consumer deleted, server shuts down, leadership changed; 503: nobody there
        this.end();
    }
    this.wake?.();
  }

  /** Keeps up to two batches on their way or waiting: a slow reader holds the server back. */
  private pull(): void {
    if (this.ended || this.requested + this.arrived.length > this.maxBatch) return;
    this.requested += this.maxBatch;
    try {
      this.connection.publish(
        this.subject,
        JSON.stringify({
          batch: this.maxBatch,
          expires: requestExpiresMs * 1e6,
          idle_heartbeat: heartbeatMs * 1e6,
        }),
        { reply: this.inbox },
      );
    } catch (error) {
      this.end(asLogError(error, `follow ${this.stream}`));
    }
  }

  private end(failure?: Error): void {
    this.failure ??= failure;
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.silence);
    this.subscription?.unsubscribe();
    this.wake?.();
  }
}

const createdConsumer = z.object({ name: z.string() });

const heartbeatMs = 1_000;
const silentAfterMs = 2_500;
const requestExpiresMs = 30_000;
const inactiveAfterMs = 30_000;
const longestPauseMs = 1_000;

/** Whether it is worth going on: the servers may be back in a moment. */
function isPassing(error: unknown): boolean {
  if (error instanceof StreamTimeout || error instanceof StreamUnavailable) return true;
  return error instanceof StreamRefused && error.errorCode === errorCodes.consumerNotFound;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
