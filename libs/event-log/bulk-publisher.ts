import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from '@nats-io/nats-core';
import { header } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { watchConnection } from './connection-watch.js';
import { Overloaded, StreamRefused, StreamTimeout, StreamUnavailable, type EventLogError } from './errors.js';
import { apiError, asLogError, asStreamError, errorCodes } from './jetstream-api.js';

export interface BulkPublisherOptions {
  readonly connection: NatsConnection;
  /** Name of the stream that must acknowledge. */
  readonly stream: string;
  readonly clock: Clock;
  /** Milliseconds without an answer after which a message is sent again (default 2,000). */
  readonly attemptTimeoutMs?: number;
  /** Milliseconds after which a publish fails (default 10,000). */
  readonly giveUpAfterMs?: number;
  /** Most messages without an answer (default 10,000). */
  readonly maxInFlight?: number;
  /** Most bytes without an answer (default 64 MiB). */
  readonly maxInFlightBytes?: number;
}

/** `error` undefined: stored at `seq`. StreamTimeout: may be stored. Any other: not stored. Must not throw. */
export type PublishSettled = (error: EventLogError | undefined, seq: number) => void;

export interface BulkMessage {
  readonly subject: string;
  /** Must not change before it is settled: it may be sent again. */
  readonly data: Uint8Array;
  /** Unique in the whole stream, for ever; carried as `Nats-Msg-Id`. */
  readonly messageId: string;
  /** Further headers, for example the event type. Pass the same object for many messages: it is encoded once. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Acknowledged publishing at high rates: one reply inbox, no timer per message, no expectation. A message whose answer
 * is lost is sent again with the same id and may be stored twice: its reader drops repeats.
 */
export class BulkPublisher {
  private readonly inbox = `${createInbox()}.`;
  private readonly subscription: Subscription;
  private readonly stopWatching: () => void;
  private readonly sweeper: NodeJS.Timeout;
  private readonly pending = new Map<string, Pending>();
  private readonly preparedHeaders = new WeakMap<object, string>();
  private readonly idle = new Set<() => void>();
  private pendingBytes = 0;
  private lastToken = 0;
  private closed = false;

  constructor(private readonly options: BulkPublisherOptions) {
    const { connection } = options;
    this.subscription = connection.subscribe(`${this.inbox}*`, {
      callback: (error, message) => {
        if (error === null) this.answer(message);
        else this.fail((entry) => this.unanswered(entry, `answers do not arrive: ${error.message}`));
      },
    });
    this.stopWatching = watchConnection(connection, (change) => {
      if (change === 'reconnect') this.sendAllAgain();
      else this.fail((entry) => this.unanswered(entry, 'the connection is closed'));
    });
    this.sweeper = setInterval(() => {
      this.sweep();
    }, this.attemptTimeoutMs / sweepsPerAttempt);
    this.sweeper.unref();
  }

  /**
   * Resolves with the message's stream sequence.
   * @throws Overloaded when limits are reached, StreamRefused, StreamUnavailable, StreamTimeout (it may be stored).
   */
  publish(message: BulkMessage): Promise<number> {
    return new Promise((resolve, reject) => {
      this.publishWith(message, (error, seq) => {
        if (error === undefined) resolve(seq);
        else reject(error);
      });
    });
  }

  /** The same with a callback, which runs once and never before `publishWith` has returned. */
  publishWith(message: BulkMessage, settled: PublishSettled): void {
    const refusal = this.refusalOf(message);
    if (refusal !== undefined) {
      queueMicrotask(() => {
        settled(refusal, 0);
      });
      return;
    }
    this.lastToken += 1;
    const token = this.lastToken.toString(36);
    const now = this.options.clock.monotonic();
    const entry: Pending = {
      token,
      message,
      headers: this.encodeHeaders(message),
      settled,
      since: now,
      dueAt: now + this.attemptTimeoutMs,
      unclear: false,
      reason: undefined,
    };
    this.pending.set(token, entry);
    this.pendingBytes += message.data.length;
    this.send(entry);
  }

  /** Messages without an answer. */
  get inFlight(): number {
    return this.pending.size;
  }

  /** Takes no more messages, waits until every one is settled, and lets go of the connection. */
  async drain(): Promise<void> {
    this.closed = true;
    if (this.pending.size > 0)
      await new Promise<void>((resolve) => {
        this.idle.add(resolve);
      });
    clearInterval(this.sweeper);
    this.stopWatching();
    this.subscription.unsubscribe();
  }

  private refusalOf({ subject, data, messageId }: BulkMessage): EventLogError | undefined {
    const { maxInFlight = 10_000, maxInFlightBytes = 64 * 2 ** 20, stream } = this.options;
    if (this.closed) return new StreamUnavailable(`publish to ${subject}`, `the publisher of ${stream} is closed`);
    if (!/^[!-~]+$/.test(messageId))
      return new StreamRefused(
        `publish to ${subject}`,
        `message id ${JSON.stringify(messageId)} is no token`,
        undefined,
      );
    if (this.pending.size >= maxInFlight)
      return new Overloaded(this.pending.size, this.pendingBytes, `at most ${maxInFlight} messages`);
    if (this.pendingBytes + data.length > maxInFlightBytes)
      return new Overloaded(this.pending.size, this.pendingBytes, `at most ${maxInFlightBytes} bytes`);
    return undefined;
  }

  private send(entry: Pending): void {
    const { subject, data } = entry.message;
    try {
      this.options.connection.publish(subject, data, {
        reply: this.inbox + entry.token,
        headers: entry.headers as unknown as MsgHdrs,
      });
    } catch (error) {
      const failure = asLogError(error, `publish to ${subject}`);
      queueMicrotask(() => {
        this.settle(entry, entry.unclear ? this.unanswered(entry, failure.message) : failure, 0);
      });
    }
  }

  private answer(message: Msg): void {
    const entry = this.pending.get(message.subject.slice(this.inbox.length));
    // An answer to a message that was sent twice, or given up.
    if (entry === undefined) return;
    const what = `publish to ${entry.message.subject}`;
    if (message.headers?.code === 503) {
      this.tryLater(entry, new StreamUnavailable(what, 'no responders: JetStream or the stream has no leader now'));
      return;
    }
    const ack = parseAck(message);
    const failure = ack && apiError(ack);
    if (failure !== undefined) {
      // An earlier attempt is on its way into the stream: the next answer says where it went.
      if (failure.err_code === errorCodes.duplicateInFlight) entry.unclear = true;
      const error = asStreamError(failure, what);
      if (error instanceof StreamUnavailable) this.tryLater(entry, error);
      else this.settle(entry, entry.unclear ? this.unanswered(entry, error.message) : error, 0);
    } else if (ack?.seq === undefined) {
      this.settle(entry, this.unanswered(entry, 'the answer is no acknowledgement'), 0);
    } else if (ack.stream !== this.options.stream) {
      this.settle(
        entry,
        new StreamRefused(what, `stream ${String(ack.stream)} took it, not ${this.options.stream}`, undefined),
        0,
      );
    } else this.settle(entry, undefined, ack.seq);
  }

  /** Sends again what waits too long, and gives up what has waited far too long. */
  private sweep(): void {
    const now = this.options.clock.monotonic();
    const oldest = now - (this.options.giveUpAfterMs ?? 10_000);
    for (const entry of [...this.pending.values()]) {
      if (entry.since <= oldest) this.settle(entry, this.giveUp(entry), 0);
      else if (entry.dueAt <= now) {
        entry.unclear ||= entry.reason === undefined;
        this.sendAgain(entry, now);
      }
    }
  }

  private sendAllAgain(): void {
    const now = this.options.clock.monotonic();
    for (const entry of [...this.pending.values()]) {
      entry.unclear = true;
      this.sendAgain(entry, now);
    }
  }

  private sendAgain(entry: Pending, now: number): void {
    entry.reason = undefined;
    entry.dueAt = now + this.attemptTimeoutMs;
    this.send(entry);
  }

  private tryLater(entry: Pending, reason: EventLogError): void {
    entry.reason = reason;
    entry.dueAt = this.options.clock.monotonic() + pauseAfterRefusalMs;
  }

  private giveUp(entry: Pending): EventLogError {
    if (!entry.unclear && entry.reason !== undefined) return entry.reason;
    return this.unanswered(entry, entry.reason?.message ?? `given up after ${this.options.giveUpAfterMs ?? 10_000} ms`);
  }

  private unanswered(entry: Pending, detail: string): StreamTimeout {
    return new StreamTimeout(`publish to ${entry.message.subject} (${detail})`);
  }

  private fail(errorOf: (entry: Pending) => EventLogError): void {
    this.closed = true;
    for (const entry of [...this.pending.values()]) this.settle(entry, errorOf(entry), 0);
  }

  private settle(entry: Pending, error: EventLogError | undefined, seq: number): void {
    if (!this.pending.delete(entry.token)) return;
    this.pendingBytes -= entry.message.data.length;
    entry.settled(error, seq);
    if (this.pending.size > 0) return;
    for (const resolve of this.idle) resolve();
    this.idle.clear();
  }

  private get attemptTimeoutMs(): number {
    return this.options.attemptTimeoutMs ?? 2_000;
  }

  private encodeHeaders({ headers, messageId }: BulkMessage): EncodedHeaders {
    let prepared = this.preparedHeaders.get(headers);
    if (prepared === undefined) {
      prepared = headerBlock(headers);
      this.preparedHeaders.set(headers, prepared);
    }
    return new EncodedHeaders(Buffer.from(`${prepared}${header.messageId}: ${messageId}\r\n\r\n`, 'utf8'));
  }
}

interface Pending {
  readonly token: string;
  readonly message: BulkMessage;
  readonly headers: EncodedHeaders;
  readonly settled: PublishSettled;
  /** Monotonic milliseconds: first sent; to be sent again. */
  readonly since: number;
  dueAt: number;
  /** An attempt may have been stored although nothing said so. */
  unclear: boolean;
  /** The server's last answer, when it was a refusal that may pass. */
  reason: EventLogError | undefined;
}

/** `publish` of the client library asks its headers for nothing but their bytes. */
class EncodedHeaders {
  constructor(private readonly bytes: Uint8Array) {}

  encode(): Uint8Array {
    return this.bytes;
  }
}

const sweepsPerAttempt = 8;
const pauseAfterRefusalMs = 100;

/** @throws TypeError for a header that would break out of its line. */
function headerBlock(headers: Readonly<Record<string, string>>): string {
  const lines = Object.entries(headers).map(([name, value]) => {
    if (!/^[!-9;-~]+$/.test(name) || /\p{Cc}/u.test(value))
      throw new TypeError(`header ${JSON.stringify(name)}: ${JSON.stringify(value)} cannot be sent`);
    return `${name}: ${value}\r\n`;
  });
  return `NATS/1.0\r\n${lines.join('')}`;
}

interface Ack {
  readonly stream?: string;
  readonly seq?: number;
  readonly error?: unknown;
}

function parseAck(message: Msg): Ack | undefined {
  try {
    return message.json<Ack>();
  } catch {
    return undefined;
  }
}
