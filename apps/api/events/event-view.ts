import type { api } from '#libs/contracts/index.js';
import { isUnknown, type LogRecord } from '#libs/event-log/index.js';
import { isoTime } from '#libs/kernel/index.js';

/** A record of the log as the API shows it. What nothing here can read is shown too, with the reason as its data. */
export function eventView(record: LogRecord): api.EventView {
  if (isUnknown(record)) return unreadable(record);
  const { seq, id, event, eventVersion, subject, aggregateVersion, meta, storedAt, previousHash, hash } = record;
  return {
    ...{ seq, id, type: event.type, event_version: eventVersion, subject, aggregate_version: aggregateVersion },
    time: meta.at,
    stored_at: isoTime(storedAt),
    actor: meta.actor,
    command_id: meta.commandId,
    correlation_id: meta.correlationId,
    causation_id: meta.causationId ?? null,
    config_seq: meta.configSeq ?? null,
    ...{ prev_hash: previousHash, hash, data: event.data },
  };
}

function unreadable({ seq, storedAt, subject, unknown }: Extract<LogRecord, { unknown: unknown }>): api.EventView {
  const stored_at = isoTime(storedAt);
  return {
    ...{ seq, id: '', type: 'type' in unknown ? unknown.type : 'Unreadable', event_version: 0, subject },
    ...{ aggregate_version: 0, time: stored_at, stored_at, actor: '', command_id: '', correlation_id: '' },
    ...{ causation_id: null, config_seq: null, prev_hash: '', hash: '', data: { unreadable: unknown } },
  };
}
