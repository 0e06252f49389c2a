import type { Rejection } from '#libs/contracts/index.js';
import { modelDefinition } from '#libs/domain/index.js';
import { systemClock, type Result } from '#libs/kernel/index.js';
import { ProjectionReader, runProjection, type ReadAt } from '#libs/projecting/index.js';
import { registry, RegistryQueries } from '#projections/registry/index.js';
import type { Alternative, BenchCase, Sample } from '../bench.js';
import type { Histogram } from '../harness/histogram.js';
import { openLogAndDatabase } from '../product/log-and-database.js';
import {
  datasets,
  eventsPerModel,
  fillRegistry,
  modelName,
  teams,
  versionsPerModel,
} from '../product/registry-history.js';

/** Fewer for a quick look: the targets are for 10,000. */
const models = Number(process.env['MODELOG_BENCH_MODELS'] ?? 10_000);
const catchUpMs = 3_600_000;

/**
 * Reads of a registry of some age, now and at random past sequences, and loading one of its models from the log, each
 * beside the least that a round trip to the same server costs.
 */
export const registryReads: BenchCase = {
  name: 'registry',
  about: `${models.toLocaleString('en')} models × ${versionsPerModel} versions, ${(models * eventsPerModel).toLocaleString('en')} events of all models interleaved (some 20 minutes to append)`,
  unit: 'ms p95',
  needsLoadGenerator: false,
  maxBlocks: 3,
  prepare: async () => {
    const { events, source, database, storeOf, close } = await openLogAndDatabase();
    const projector = runProjection(registry, { database, source, clock: systemClock, random: Math.random });

    const writer = storeOf(models);
    const began = performance.now();
    await fillRegistry(writer, models, (count) => {
      if (count % (10 * models) === 0) report(`${count.toLocaleString('en')} events appended`, began);
    });
    await writer.idle();
    const { lastSeq } = await events.head();
    await projector.until(lastSeq, catchUpMs);
    report('the read model is at the end', began);
    await projector.stop();
    await database.query('analyze');

    const queries = new RegistryQueries(
      new ProjectionReader({ database, projection: registry, head: () => events.head(), clock: systemClock }),
    );
    const anyModel = () => modelName(Math.floor(Math.random() * models));
    const past = (): ReadAt => ({ as_of: { seq: 1 + Math.floor(Math.random() * lastSeq) } });
    const read = (name: string, once: () => Promise<Result<unknown, Rejection>>): Alternative => ({
      ...{ name, against: 'select 1' },
      measure: (seconds) =>
        measure(seconds, async () => {
          requireAnswer(await once());
        }),
    });
    const list = (at: ReadAt) => queries.listModels({ ...at, limit: 50, filter: anyFilter() });
    const versions = (at: ReadAt) =>
      queries.listVersions({ ...at, limit: 50, filter: anyFilter(), order_by: 'metrics.auc desc' });
    return {
      alternatives: [
        { name: 'select 1', measure: (seconds) => measure(seconds, () => database.query('select 1')) },
        read('get a model', () => queries.getModel(anyModel())),
        read('get a model as of', () => queries.getModel(anyModel(), past())),
        read('filtered list of models', () => list({})),
        read('filtered list of models as of', () => list(past())),
        read('filtered list of versions by metric', () => versions({})),
        read('filtered list of versions by metric as of', () => versions(past())),
        {
          name: 'read one message',
          measure: (seconds) => measure(seconds, () => events.get(1 + Math.floor(Math.random() * lastSeq), 'leader')),
        },
        {
          ...{ name: `cold load of an aggregate of ${eventsPerModel} events`, against: 'read one message' },
          // A store of its own each time: nothing is remembered.
          measure: (seconds) =>
            measure(seconds, () => storeOf(1).load(modelDefinition, anyModel(), { consistency: 'leader' })),
        },
      ],
      close,
    };
  },
};

/** What people ask, from what nearly everything matches to what nearly nothing does. */
function anyFilter(): string {
  const auc = (0.5 + Math.random() / 2).toFixed(3);
  const filters = [
    'stage = "production"',
    `metrics.auc > ${auc}`,
    `metrics.auc > 0.9 and stage = "production"`,
    `metrics.auc > 0.999`,
    `tags.team = "team-${Math.floor(Math.random() * teams)}" and metrics.accuracy > 0.5`,
    `dataset = "dataset-${Math.floor(Math.random() * datasets)}@3"`,
    'alias = "candidate" and metrics.auc > 0.99',
    'archived = true',
    `name like "${modelName(Math.floor(Math.random() * models)).slice(0, 9)}%" and stage != "development"`,
    'evaluations.auc > 0.98 and stage = "staging"',
    'hyperparameters.depth = 8 or tags.region = "eu"',
    'not (metrics.auc > 0.5) and stage = "production"',
  ];
  return filters[Math.floor(Math.random() * filters.length)]!;
}

function requireAnswer(result: Result<unknown, Rejection>): void {
  // At an early moment a model may not be there yet; any other refusal would measure nothing.
  if (!result.ok && result.rejection.code !== 'model_not_found') throw new Error(result.rejection.detail);
}

async function measure(seconds: number, once: () => Promise<unknown>): Promise<Sample> {
  const took: number[] = [];
  for (const end = performance.now() + seconds * 1000; performance.now() < end || took.length < 20;) {
    const start = performance.now();
    await once();
    took.push((performance.now() - start) * 1e6);
  }
  took.sort((a, b) => a - b);
  const latency: Histogram = {
    maxNs: took.at(-1)!,
    sumNs: took.reduce((sum, each) => sum + each, 0),
    buckets: took.map((each) => [each, 1] as const),
  };
  return { value: took[Math.ceil(0.95 * took.length) - 1]! / 1e6, latency };
}

const report = (what: string, since: number): void => {
  console.error(`registry: ${what} after ${((performance.now() - since) / 1000).toFixed(0)} s`);
};
