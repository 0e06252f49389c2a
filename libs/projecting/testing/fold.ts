import { createSchema } from '../schema.js';
import type { Database } from '../database.js';
import { decodeBatch, writeBatch, type Progress } from '../fold-batch.js';
import type { Projection } from '../projection.js';
import type { MessageSource } from '../source.js';

/** For specs: folds messages from the first one into a schema that is emptied before, in batches of the given sizes. */
export async function foldAnew<Message, Fact>(
  database: Database,
  projection: Projection<Message, Fact>,
  source: Pick<MessageSource<Message>, 'positionOf'>,
  messages: readonly Message[],
  options: { readonly schema?: string; readonly sizes?: readonly number[] } = {},
): Promise<void> {
  const { schema = projection.name, sizes = [1_000] } = options;
  await createSchema(database, projection, schema);
  const tables = ['log_times', ...projection.tables.map(({ name }) => name)].map((table) => `${schema}.${table}`);
  // Not truncated: that gives every table and index a new file, and costs a hundred times as much as the few rows.
  await database.query(tables.map((table) => `delete from ${table}`).join('; '));
  await database.query(
    `update ${schema}.checkpoint set position = 0, log_time = 0, skipped = 0,
       last_skipped_seq = null, last_skipped_reason = null`,
  );
  let progress: Progress = { epoch: 0, position: 0, logTime: 0 };
  for (let at = 0, cut = 0; at < messages.length; cut++) {
    const size = sizes[cut % sizes.length]!;
    const batch = decodeBatch(projection, source, progress, messages.slice(at, at + size))!;
    progress = (await database.transaction((transaction) => writeBatch(transaction, projection, schema, batch)))!;
    at += size;
  }
}
