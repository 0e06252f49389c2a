import type { GovernanceEvent, RecordedEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';

/** For specs: an event as the log would give it back, stored `storedAt` milliseconds after the epoch. */
export const recordedEvent = (
  seq: number,
  event: GovernanceEvent,
  { storedAt = 1_000 * seq, actor = 'ada' }: { storedAt?: number; actor?: string } = {},
): RecordedEvent<GovernanceEvent> => ({
  seq,
  storedAt,
  subject: 'evt.spec',
  id: uuidOf(seq),
  event,
  eventVersion: 1,
  aggregateVersion: 1,
  meta: { commandId: uuidOf(seq), digest: 'sha256:0', actor, correlationId: uuidOf(seq), at: isoTime(storedAt) },
  previousHash: '',
  hash: '',
});

export const uuidOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

export const unknownRecord = (seq: number): LogRecord<GovernanceEvent> => ({
  seq,
  storedAt: 1_000 * seq,
  subject: 'evt.spec',
  unknown: { code: 'unknown_event_type', type: 'ModelPainted' },
});

export const positionOfRecord = ({ seq, storedAt }: LogRecord<GovernanceEvent>) => ({ seq, storedAt });
