import { setTimeout as pause } from 'node:timers/promises';
import { header, rejection } from '#libs/contracts/index.js';
import {
  StreamConflict,
  StreamTimeout,
  StreamUnavailable,
  type PublishAck,
  type StreamStore,
} from '#libs/event-log/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { ProblemException } from '#libs/nest/index.js';
import type { LabelMessageToSend } from './label-messages.js';

const pauseMs = 50;

/**
 * Stores one message of labels; resolves when it is in the log. Until the deadline it is tried again, under the same id:
 * the server then keeps one of them. A message that the server has under its id already is looked at: the same request's
 * is success.
 * @param deadline monotonic milliseconds
 * @throws ProblemException `idempotency_conflict` when another request has used its key; EventLogError, after which it
 * may be stored: the same request again finds it.
 */
export async function appendLabels(
  traffic: StreamStore,
  message: LabelMessageToSend,
  deadline: number,
  clock: Clock,
): Promise<void> {
  const { seq, duplicate } = await publish(traffic, message, deadline, clock);
  if (!duplicate) return;
  const stored = await traffic.get(seq, 'leader');
  if (stored?.subject === message.subject && isSame(stored.headers, message.headers)) return;
  throw usedKey();
}

export const usedKey = (): ProblemException =>
  new ProblemException(
    rejection('idempotency_conflict', 'the Idempotency-Key was used with another body', [
      { path: 'header Idempotency-Key', message: 'expected a key that was not used with another body' },
    ]),
  );

const isSame = (stored: ReadonlyMap<string, string>, sent: Readonly<Record<string, string>>): boolean =>
  [header.id, header.commandDigest].every((name) => stored.get(name) === sent[name]);

/** A conflict without an expectation is an earlier attempt that is still on its way. */
const mayPass = (error: unknown): boolean =>
  error instanceof StreamTimeout || error instanceof StreamUnavailable || error instanceof StreamConflict;

async function publish(
  traffic: StreamStore,
  message: LabelMessageToSend,
  deadline: number,
  clock: Clock,
): Promise<PublishAck> {
  for (;;) {
    try {
      return await answeredBy(deadline - clock.monotonic(), traffic.publish(message), message);
    } catch (error) {
      if (!mayPass(error) || clock.monotonic() >= deadline) throw error;
    }
    await pause(pauseMs);
  }
}

/** The server's own time for an answer may be longer than what is left. */
async function answeredBy(leftMs: number, publishing: Promise<PublishAck>, { subject }: LabelMessageToSend) {
  const answered = new AbortController();
  try {
    const late = pause(Math.max(0, leftMs), undefined, { signal: answered.signal }).then(() => {
      throw new StreamTimeout(`publish to ${subject}`);
    });
    return await Promise.race([publishing, late]);
  } finally {
    answered.abort();
  }
}
