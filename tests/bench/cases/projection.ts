import type { AggregateStore } from '#libs/event-log/index.js';
import { rebuild, type Database } from '#libs/projecting/index.js';
import { registry } from '#projections/registry/index.js';
import type { BenchCase, Sample } from '../bench.js';
import { openLogAndDatabase } from '../product/log-and-database.js';
import { modelOf, registerVersion } from '../product/register-version.js';

const EVENTS = 20_000;
const LANES = 100;

/** The registry's read model folded from its log, beside writing as many rows in transactions of their own. */
export const projection: BenchCase = {
  name: 'projection',
  about: `${EVENTS.toLocaleString('en')} registry events from JetStream into PostgreSQL, side-by-side rebuild with its digest`,
  unit: 'events/s',
  needsLoadGenerator: false,
  maxBlocks: 3,
  prepare: async () => {
    const { source, database, storeOf, close } = await openLogAndDatabase();
    const store = storeOf();
    await Promise.all(Array.from({ length: LANES }, (_, lane) => fill(store, lane)));
    await store.idle();
    await database.query('create table one_by_one (seq bigint primary key, model text, version text, artifact text)');
    return {
      alternatives: [
        { name: 'a transaction for each row', measure: (seconds) => oneByOne(database, seconds) },
        {
          name: 'registry projection',
          against: 'a transaction for each row',
          measure: () => rebuildOnce(() => rebuild(registry, { database, source })),
        },
      ],
      close,
    };
  },
};

async function fill(store: AggregateStore, lane: number): Promise<void> {
  for (let number = lane; number < EVENTS; number += LANES)
    await registerVersion(store, modelOf(lane, LANES, number), number);
}

async function rebuildOnce(run: () => Promise<unknown>): Promise<Sample> {
  const start = performance.now();
  await run();
  return { value: EVENTS / ((performance.now() - start) / 1000) };
}

let inserted = 0;

async function oneByOne(database: Database, seconds: number): Promise<Sample> {
  const start = performance.now();
  let rows = 0;
  for (; performance.now() - start < seconds * 1000; rows++)
    await database.query('insert into one_by_one values ($1, $2, $3, $4)', [++inserted, 'model', '1.0.0', 'sha256:0']);
  return { value: rows / ((performance.now() - start) / 1000) };
}
