import { assertNever } from '#libs/kernel/index.js';
import { advance, countSkipped, type Advance } from './checkpoint.js';
import type { Queryable } from './database.js';
import type { Projection, Recorded } from './projection.js';
import { readRows } from './read-rows.js';
import type { MessageSource } from './source.js';
import { writeRows } from './write-rows.js';

/** Where a fold stands and under which epoch it may write. */
export interface Progress {
  readonly epoch: number;
  readonly position: number;
  readonly logTime: number;
}

/** A batch ready to be written: everything that needs no database is done. */
export interface Batch<Fact> {
  readonly advance: Advance;
  readonly facts: readonly Recorded<Fact>[];
  readonly unreadable: readonly { readonly seq: number; readonly reason: string }[];
}

/**
 * Decodes what lies after `progress`; what was folded before is dropped, however often it comes. Undefined where nothing
 * is left. @param upTo messages after it are left out, and the batch ends there even if the stream has no such message.
 */
export function decodeBatch<Message, Fact>(
  projection: Pick<Projection<Message, Fact>, 'decode'>,
  source: Pick<MessageSource<Message>, 'positionOf'>,
  progress: Progress,
  messages: readonly Message[],
  upTo = Infinity,
): Batch<Fact> | undefined {
  const facts: Recorded<Fact>[] = [];
  const unreadable: { seq: number; reason: string }[] = [];
  const rises: { seq: number; time: number }[] = [];
  let { position: to, logTime } = progress;
  for (const message of messages) {
    const { seq, storedAt } = source.positionOf(message);
    if (seq <= to) continue;
    if (seq > upTo) {
      to = upTo;
      break;
    }
    to = seq;
    if (storedAt > logTime) {
      logTime = storedAt;
      rises.push({ seq, time: storedAt });
    }
    const decoded = projection.decode(message);
    switch (decoded.kind) {
      case 'fact':
        facts.push({ seq, logTime, fact: decoded.fact });
        break;
      case 'unreadable':
        unreadable.push({ seq, reason: decoded.reason });
        break;
      case 'irrelevant':
        break;
      default:
        assertNever(decoded, 'decoded message');
    }
  }
  if (to === progress.position) return undefined;
  return { advance: { epoch: progress.epoch, from: progress.position, to, logTime, rises }, facts, unreadable };
}

/** Writes a batch within a transaction. Undefined when somebody else has taken over or moved the checkpoint. */
export async function writeBatch<Fact>(
  transaction: Queryable,
  projection: Pick<Projection<never, Fact>, 'needs' | 'apply'>,
  schema: string,
  batch: Batch<Fact>,
): Promise<Progress | undefined> {
  if (!(await advance(transaction, schema, batch.advance))) return undefined;
  const { epoch, to, logTime } = batch.advance;
  const needs = batch.facts.flatMap((recorded) => projection.needs(recorded));
  const before = await readRows(transaction, schema, needs);
  const operations = projection.apply(before, batch.facts);
  await writeRows(transaction, schema, operations);
  const skips = [...batch.unreadable, ...operations.filter((operation) => operation.kind === 'skip')];
  await countSkipped(
    transaction,
    schema,
    skips.sort((a, b) => a.seq - b.seq),
  );
  return { epoch, position: to, logTime };
}
