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

/** For as long a message is tried again, under the same id: the server then keeps one of them. */
const tryForMs = 5_000;
const pauseMs = 50;

/**
 * Stores one message of labels; resolves when it is in the log. A message that the server has under its id already is
 * looked at: the same request's is success.
 * @throws ProblemException `idempotency_conflict` when another request has used its key; EventLogError, after which it
 * may be stored: the same request again finds it.
 */
export async function appendLabels(traffic: StreamStore, message: LabelMessageToSend, clock: Clock): Promise<void> {
  const { seq, duplicate } = await publish(traffic, message, clock.monotonic() + tryForMs, clock);
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
      return await traffic.publish(message);
    } catch (error) {
      if (!mayPass(error) || clock.monotonic() >= deadline) throw error;
    }
    await pause(pauseMs);
  }
}
