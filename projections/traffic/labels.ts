import { decodeLabels, header, labelsRecorded, type LabelRow, type LabelsRecorded } from '#libs/contracts/index.js';
import type { StreamMessage } from '#libs/event-log/index.js';
import { messageOf } from '#libs/kernel/index.js';
import { current, type Changes, type Decoded, type Recorded } from '#libs/projecting/index.js';

/** What is kept of a message of labels: who sent it, and which predictions it is about. */
export interface LabelsFact {
  readonly kind: 'labels';
  readonly eventId: string;
  readonly commandId: string;
  readonly commandDigest: string;
  readonly deployment: string;
  readonly storedAt: number;
  readonly labels: number;
  readonly chunks: readonly LabelledChunk[];
}

export interface LabelledChunk {
  readonly epoch: string;
  readonly counter: number;
  /** By row of the chunk: the newest moment observed, milliseconds since the epoch. */
  readonly rows: Readonly<Record<string, number>>;
}

export const labelMessages = current({
  name: 'label_messages',
  key: ['traffic_seq'],
  columns: {
    traffic_seq: 'bigint',
    event_id: 'text',
    command_id: 'text',
    command_digest: 'text',
    deployment: 'text',
    stored_at: 'bigint',
    labels: 'integer',
  },
});

export const labelledChunks = current({
  name: 'labelled_chunks',
  key: ['epoch', 'counter', 'traffic_seq'],
  columns: { epoch: 'text', counter: 'bigint', traffic_seq: 'bigint', event_id: 'text', rows: 'jsonb' },
});

export const labelTables = [labelMessages, labelledChunks] as const;

export const isLabels = ({ subject }: StreamMessage): boolean => subject.startsWith('label.');

export function decodeLabelMessage({ headers, data, time }: StreamMessage): Decoded<LabelsFact> {
  const type = headers.get(header.type);
  if (type !== labelsRecorded.type) return { kind: 'unreadable', reason: `unknown event type ${type ?? 'none'}` };
  const [eventId, commandId, commandDigest] = [header.id, header.commandId, header.commandDigest].map((name) =>
    headers.get(name),
  );
  if (eventId === undefined || commandId === undefined || commandDigest === undefined)
    return { kind: 'unreadable', reason: 'labels without an event id, a command id or its digest' };
  let recorded: LabelsRecorded;
  try {
    recorded = decodeLabels(data);
  } catch (error) {
    return { kind: 'unreadable', reason: messageOf(error) };
  }
  const wrong = recorded.rows.find((row) => row.epoch.includes('\0') || Number.isNaN(Date.parse(row.observed_at)));
  if (wrong !== undefined)
    return { kind: 'unreadable', reason: `a label of ${wrong.prediction_id} that no api can have accepted` };
  return {
    kind: 'fact',
    fact: {
      ...{ kind: 'labels', eventId, commandId, commandDigest, storedAt: time },
      deployment: recorded.deployment,
      labels: recorded.rows.length,
      chunks: chunksOf(recorded.rows),
    },
  };
}

/** A message that was stored twice is two rows: its labels say the same, so whichever counts is right. */
export function applyLabels(changes: Changes, { seq, fact }: Recorded<LabelsFact>): void {
  changes.put(labelMessages, seq, {
    traffic_seq: seq,
    event_id: fact.eventId,
    command_id: fact.commandId,
    command_digest: fact.commandDigest,
    deployment: fact.deployment,
    stored_at: fact.storedAt,
    labels: fact.labels,
  });
  for (const { epoch, counter, rows } of fact.chunks)
    changes.put(labelledChunks, seq, { epoch, counter, traffic_seq: seq, event_id: fact.eventId, rows });
}

function chunksOf(rows: readonly LabelRow[]): LabelledChunk[] {
  const chunks = new Map<string, { epoch: string; counter: number; rows: Record<string, number> }>();
  for (const { epoch, counter, row, observed_at } of rows) {
    const key = `${counter} ${epoch}`;
    let chunk = chunks.get(key);
    if (chunk === undefined) chunks.set(key, (chunk = { epoch, counter, rows: {} }));
    chunk.rows[row] = Math.max(chunk.rows[row] ?? -Infinity, Date.parse(observed_at));
  }
  return [...chunks.values()];
}
