/** For specs: the registry's read model in a database, folded from events. */
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { systemClock, type Result } from '#libs/kernel/index.js';
import { openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord } from '#libs/projecting/testing/recorded-events.js';
import { createDatabase } from '#tests/support/postgres.js';
import { registry } from '../apply.js';
import { RegistryQueries } from '../queries.js';

export interface RegistryDatabase {
  readonly database: Database;
  /** Folds the records, and nothing else, in batches of the given sizes. */
  fold(
    records: readonly LogRecord<GovernanceEvent>[],
    options?: { readonly schema?: string; readonly sizes?: readonly number[] },
  ): Promise<void>;
  /** Reads of a log that ends at `lastSeq`. */
  queries(lastSeq: number): RegistryQueries;
  drop(): Promise<void>;
}

export async function registryDatabase(name: string): Promise<RegistryDatabase> {
  const handle = await createDatabase(name);
  const database = openDatabase({ url: handle.url, applicationName: 'spec' });
  return {
    database,
    fold: (records, options = {}) => foldAnew(database, registry, { positionOf: positionOfRecord }, records, options),
    queries: (lastSeq) =>
      new RegistryQueries(
        new ProjectionReader({
          database,
          projection: registry,
          head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 1_000 * lastSeq }),
          clock: systemClock,
          waitMs: 50,
        }),
      ),
    async drop() {
      await database.end();
      await handle.drop();
    },
  };
}

/** What was answered. @throws when it was refused. */
export async function answered<T>(answer: Promise<Result<T, { readonly detail: string }>>): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(result.rejection.detail);
  return result.value;
}
