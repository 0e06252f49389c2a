import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventCatalogue, type GovernanceEvent, type RecordedEvent, type Rejection } from '#libs/contracts/index.js';
import { AggregateStore, EventReader, MemoryStream, SnapshotStore } from '#libs/event-log/index.js';
import { idSource, type Clock, type Result } from '#libs/kernel/index.js';
import { openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { deployments, DeploymentQueries } from '#projections/deployments/index.js';
import { registry, RegistryQueries } from '#projections/registry/index.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { carryOut, founding, instantOf, modelNames, step, type Step } from './commands.js';
import { filter, type Filter } from './filters.js';
import { NaiveDeployments } from './naive-deployments.js';
import { NaiveRegistry, type Searched } from './naive-registry.js';

let handle: DatabaseHandle;
let database: Database;

type Recorded = RecordedEvent<GovernanceEvent>;

/** The log that the steps leave: the real append path over a stream in memory. */
async function logOf(steps: readonly Step[]): Promise<Recorded[]> {
  let now = instantOf(0);
  const clock: Clock = { now: () => now, monotonic: () => now };
  const events = new MemoryStream({ name: 'EVENTS', clock });
  const snapshots = new SnapshotStore(new MemoryStream({ name: 'SNAPSHOTS', clock, lastPerSubject: true }));
  const store = new AggregateStore({ events, snapshots, clock, random: () => 0.5 });
  let drawn = 0;
  const ids = idSource((size) => Buffer.alloc(size, (drawn += 1)));
  for (const [index, each] of steps.entries()) {
    now = instantOf(index + 1);
    await carryOut(store, each, now, ids);
  }
  await store.idle();
  const { records } = await new EventReader<GovernanceEvent>(events, eventCatalogue).page(1, 1_000);
  return records.map((record) => {
    if ('unknown' in record) throw new TypeError(`sequence ${record.seq} cannot be read`);
    return record;
  });
}

const positionOf = ({ seq, storedAt }: Recorded) => ({ seq, storedAt });

/** The read models of a log, as the api reads them. */
async function readModelsOf(log: readonly Recorded[]) {
  await foldAnew(database, registry, { positionOf }, log);
  await foldAnew(database, deployments, { positionOf }, log, { sizes: [1, 7] });
  const last = log.at(-1)!;
  const readerOf = (projection: typeof registry | typeof deployments) =>
    new ProjectionReader({
      ...{ database, projection, waitMs: 50 },
      head: () => Promise.resolve({ firstSeq: 1, lastSeq: last.seq, lastTime: last.storedAt }),
      clock: { now: () => last.storedAt + 1, monotonic: () => 0 },
    });
  return {
    registry: new RegistryQueries(readerOf(registry)),
    deployments: new DeploymentQueries(readerOf(deployments)),
  };
}

const valueOf = <T>(result: Result<T, Rejection>): T => {
  if (!result.ok) throw new Error(`${result.rejection.code}: ${result.rejection.detail}`);
  return result.value;
};

/** All pages of a list, in one. */
async function walk<Item>(
  page: (at: {
    limit: number;
    cursor?: string;
  }) => Promise<Result<{ items: readonly Item[]; next_cursor: string | null }, Rejection>>,
  limit: number,
): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ;) {
    const found = valueOf(await page({ limit, ...(cursor === undefined ? {} : { cursor }) }));
    items.push(...found.items);
    if (found.next_cursor === null) return items;
    cursor = found.next_cursor;
  }
}

const summaryOf = ({
  champion: _champion,
  signature: _signature,
  feature_names: _features,
  requests: _requests,
  approvals: _approvals,
  evaluations: _evaluations,
  ...summary
}: Searched) => summary;

const decreasing =
  (metric: string) =>
  (a: Searched, b: Searched): number => {
    const [left, right] = [a.metrics[metric], b.metrics[metric]];
    if (left === undefined || right === undefined) return Number(left === undefined) - Number(right === undefined);
    return right - left;
  };

/** Random commands through the real append path; then every read at every past sequence, against a naive replay. */
export function simulateRegistry({ runs, steps }: { readonly runs: number; readonly steps: number }): void {
  describe('the registry at every past sequence', () => {
    beforeAll(async () => {
      handle = await createDatabase('simulation');
      database = openDatabase({ url: handle.url, applicationName: 'spec' });
    });
    afterAll(async () => {
      await database.end();
      await handle.drop();
    });

    it('answers as a naive replay of the log does', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(step, { minLength: steps / 2, maxLength: steps, size: 'max' }),
          fc.array(filter, { minLength: 4, maxLength: 8 }),
          async (taken, filters) => {
            const log = await logOf([...founding, ...taken]);
            const read = await readModelsOf(log);
            const [models, served] = [new NaiveRegistry(), new NaiveDeployments()];
            for (const record of log) {
              models.apply(record);
              served.apply(record);
              await expectEqual(read, { models, served }, record, filters[record.seq % filters.length]!);
            }
          },
        ),
        { numRuns: runs, endOnFailure: true },
      );
    }, 900_000);
  });
}

async function expectEqual(
  read: Awaited<ReturnType<typeof readModelsOf>>,
  { models, served }: { models: NaiveRegistry; served: NaiveDeployments },
  { seq, storedAt }: Recorded,
  { text, passes }: Filter,
): Promise<void> {
  // The same moment by its sequence and by its instant: no two steps share one.
  const at = { as_of: seq % 2 === 0 ? { seq } : { at: storedAt + 1 } };
  for (const name of modelNames) {
    const found = await read.registry.getModel(name, at);
    const expected = models.model(name);
    if (expected === undefined) expect(found).toMatchObject({ ok: false, rejection: { code: 'model_not_found' } });
    else expect(valueOf(found)).toEqual({ ...expected, as_of_seq: seq });
    for (const version of expected?.versions ?? [])
      expect(valueOf(await read.deployments.serving(name, version.version, at)).deployments).toEqual(
        served.serving(name, version.version),
      );
    await expectAliases(read.registry, models, name, at);
    await expectHistory(read.registry, models, name, at);
  }
  expect({ text, items: await walk((page) => read.registry.listModels({ ...at, ...page }), 2) }).toEqual({
    text,
    items: models.list(() => true),
  });
  expect({ text, items: await walk((page) => read.registry.listModels({ ...at, ...page, filter: text }), 2) }).toEqual({
    text,
    items: models.list(passes),
  });
  const order_by = 'metrics.auc desc';
  expect({
    text,
    items: await walk((page) => read.registry.listVersions({ ...at, ...page, filter: text, order_by }), 3),
  }).toEqual({ text, items: models.versions(passes).sort(decreasing('auc')).map(summaryOf) });
  expect(await walk((page) => read.deployments.listDeployments({ ...at, ...page }), 1)).toEqual(served.list());
}

async function expectAliases(
  registryQueries: RegistryQueries,
  models: NaiveRegistry,
  name: string,
  at: { as_of: { seq: number } | { at: number } },
): Promise<void> {
  const model = models.models.get(name);
  for (const alias of ['champion', 'candidate']) {
    const named = alias === 'champion' ? model?.champion : model?.aliases.get(alias);
    const found = await registryQueries.getVersion(name, alias, at);
    if (named === undefined || named === null) expect(found.ok).toBe(false);
    else expect(valueOf(found).version).toBe(named);
  }
}

async function expectHistory(
  registryQueries: RegistryQueries,
  models: NaiveRegistry,
  name: string,
  at: { as_of: { seq: number } | { at: number } },
): Promise<void> {
  const decisions = models.models.get(name)?.decisions;
  if (decisions === undefined) return;
  const items = await walk((page) => registryQueries.history(name, { ...at, ...page }), 500);
  expect(items.map(({ seq, type, version, alias, actor }) => ({ seq, type, version, alias, actor }))).toEqual(
    decisions,
  );
  const moves = await walk((page) => registryQueries.history(name, { ...at, ...page, alias: 'candidate' }), 3);
  expect(moves.map(({ seq }) => seq)).toEqual(models.movesOf(name, 'candidate'));
}
