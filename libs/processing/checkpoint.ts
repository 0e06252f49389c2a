/**
 * Where a runner was and what its processes waited for, as one message of SNAPSHOTS. Disposable: without it, or where it
 * does not fit, the log is read from its beginning and comes to the same.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { z } from 'zod';
import { subjects, subjectToken } from '#libs/contracts/index.js';
import type { EventReader, StreamStore } from '#libs/event-log/index.js';
import { sha256Hex } from '#libs/kernel/index.js';
import type { HostedProcess } from './hosted-process.js';
import { OpenProcesses, type OpenProcess, type StepReference } from './open-processes.js';
import type { OpenWork } from './open-work.js';

const schemaVersion = 1;
const step = z.object({ seq: z.int().positive(), event_id: z.uuid() });
const stored = z.object({
  schema: z.literal(schemaVersion),
  /** Of the processes and the events they know: one that knows more must be told of what was passed over. */
  processes: z.string(),
  /** The record at the position: another log has another one there. */
  at: z.object({ seq: z.int().positive(), subject: z.string(), stored_at: z.number() }),
  skipped: z.int().nonnegative(),
  open: z.array(
    z.object({
      process: z.string(),
      id: z.string(),
      begun: z.boolean(),
      correlation_id: z.string().nullable(),
      pending: z.array(z.int().positive()),
      seen_seq: z.int().nonnegative(),
      commands: z.array(step.extend({ id: z.uuid(), type: z.string(), data: z.record(z.string(), z.unknown()) })),
      timers: z.array(step.extend({ name: z.string(), due_at: z.string() })),
      ended: z.string().nullable(),
    }),
  ),
});
type Stored = z.infer<typeof stored>;

export interface CheckpointOptions {
  /** Of the runner: each has its own checkpoint. */
  readonly name: string;
  readonly processes: readonly HostedProcess[];
  readonly events: Pick<EventReader, 'read'>;
  /** The stream of `snap.>`. */
  readonly snapshots: StreamStore;
}

/**
 * The newest checkpoint of this runner; undefined where there is none, it is damaged, it was made by other processes or
 * on another log.
 * @throws what the streams throw when they cannot be read.
 */
export async function readCheckpoint(options: CheckpointOptions): Promise<OpenProcesses | undefined> {
  const message = await options.snapshots.lastOf(subjectOf(options.name), 'replica');
  const checkpoint = message && parse(message.data);
  if (checkpoint?.processes !== digestOf(options.processes)) return undefined;
  const { seq, subject, stored_at } = checkpoint.at;
  const found = await options.events.read(seq, 'leader');
  if (found?.subject !== subject || found.storedAt !== stored_at) return undefined;
  return restore(checkpoint, options.processes);
}

/** @throws what the streams throw when they cannot be read or written. */
export async function writeCheckpoint(open: OpenProcesses, options: CheckpointOptions): Promise<void> {
  const { position: seq, skipped } = open;
  // Taken down before anything is waited for: what comes meanwhile belongs to the next one.
  const processes = Array.from(open.values(), encode);
  const at = await options.events.read(seq, 'leader');
  if (at === undefined) return;
  const checkpoint: Stored = {
    schema: schemaVersion,
    processes: digestOf(options.processes),
    at: { seq, subject: at.subject, stored_at: at.storedAt },
    skipped,
    open: processes,
  };
  const data = gzipSync(JSON.stringify(checkpoint), { level: 1 });
  await options.snapshots.publish({ subject: subjectOf(options.name), headers: {}, data });
}

const subjectOf = (name: string): string => `snap.process-runner.${subjectToken(name)}`;

function digestOf(processes: readonly HostedProcess[]): string {
  const known = processes.map(({ name, events }) => {
    const types = Array.from(events.values(), ({ type, version }) => `${type}@${version}`);
    return [name, ...types.sort()];
  });
  return sha256Hex(JSON.stringify(known.sort(([a = ''], [b = '']) => (a < b ? -1 : 1))));
}

function parse(data: Uint8Array): Stored | undefined {
  let json: unknown;
  try {
    json = JSON.parse(gunzipSync(data).toString('utf8'));
  } catch {
    return undefined;
  }
  return stored.safeParse(json).data;
}

const encode = ({ process, id, begun, correlationId, pending, work }: OpenProcess): Stored['open'][number] => ({
  process: process.name,
  id,
  begun,
  correlation_id: correlationId ?? null,
  pending: [...pending],
  seen_seq: work.seenSeq,
  commands: Array.from(
    work.commands,
    ([
      commandId,
      {
        type,
        data,
        step: { seq, eventId },
      },
    ]) => ({
      ...{ id: commandId, type, data, seq },
      event_id: eventId,
    }),
  ),
  timers: Array.from(
    work.timers,
    ([
      name,
      {
        dueAt,
        step: { seq, eventId },
      },
    ]) => ({
      ...{ name, due_at: dueAt, seq },
      event_id: eventId,
    }),
  ),
  ended: work.ended,
});

function restore({ at, skipped, open }: Stored, processes: readonly HostedProcess[]): OpenProcesses {
  const restored = new OpenProcesses(processes, at.seq, skipped);
  const byName = new Map(processes.map((process) => [process.name, process]));
  for (const each of open) {
    const process = byName.get(each.process);
    if (process === undefined) continue;
    restored.restore({
      process,
      id: each.id,
      subject: subjects.process(process.name, each.id),
      begun: each.begun,
      correlationId: each.correlation_id ?? undefined,
      pending: each.pending,
      work: workOf(each),
    });
  }
  return restored;
}

const workOf = ({ seen_seq, commands, timers, ended }: Stored['open'][number]): OpenWork<StepReference> => ({
  seenSeq: seen_seq,
  commands: new Map(
    commands.map(({ id, type, data, seq, event_id }) => [id, { type, data, step: { seq, eventId: event_id } }]),
  ),
  timers: new Map(
    timers.map(({ name, due_at, seq, event_id }) => [name, { dueAt: due_at, step: { seq, eventId: event_id } }]),
  ),
  ended,
});
