import { it } from '@jest/globals';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { createDatabase } from '#tests/support/postgres.js';
import { registry } from '#projections/registry/apply.js';
import { openDatabase, type Queryable } from './database.js';
import { decodeBatch, writeBatch } from './fold-batch.js';
import { createSchema } from './schema.js';
import { positionOfRecord, recordedEvent } from './testing/recorded-events.js';
const features = Array.from({ length: 30 }, (_, index) => ({ name: `feature_${index}`, type: 'float32' as const, nullable: false, input: 'x', index }));
const event = (seq: number, model: string, version: string): LogRecord<GovernanceEvent> =>
  recordedEvent(seq, { type: 'VersionRegistered', data: { model, version, artifact: 'sha256:' + 'a'.repeat(64), size: 1, tags: {}, metrics: { auc: 0.9 }, lineage: {}, signature: { inputs: [{ name: 'x', type: 'float32', shape: [null, 30] }], outputs: [{ name: 'y', type: 'float32', shape: [null, 1], role: 'value' }], features } } });
it('parts', async () => {
  const handle = await createDatabase('measure');
  const database = openDatabase({ url: handle.url, applicationName: 'spec' });
  await createSchema(database, registry, 'registry');
  const spent = new Map<string, number>();
  const add = (k: string, t: number) => spent.set(k, (spent.get(k) ?? 0) + performance.now() - t);
  let progress = { epoch: 0, position: 0, logTime: 0 };
  let seq = 0;
  const batches = [];
  for (let v = 0; v < 2; v++) for (let m = 0; m < 10; m++) batches.push(Array.from({ length: 1000 }, (_, i) => event(++seq, `model ${m * 1000 + i}`, `1.${v}.0`)));
  for (const messages of batches) {
    const t = performance.now();
    const batch = decodeBatch(registry, { positionOf: positionOfRecord }, progress, messages)!;
    progress = (await database.transaction(async (tx) => {
      const timed: Queryable = { async query<R extends object>(text: string, values?: readonly unknown[]) { const t = performance.now(); try { return await tx.query<R>(text, values); } finally { add(text.trim().slice(0, 60).replaceAll(/\s+/g, ' '), t); } } };
      return writeBatch(timed, registry, 'registry', batch);
    }))!;
    add('TOTAL', t);
  }
  console.log(JSON.stringify([...spent], null, 1));
  await database.end();
  await handle.drop();
}, 100_000);
