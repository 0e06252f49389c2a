import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, eventCatalogue, type GovernanceEvent, type RecordedEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { digest, openDatabase, ProjectionReader, type Database } from '#libs/projecting/index.js';
import { foldAnew } from '#libs/projecting/testing/fold.js';
import { positionOfRecord, recordedEvent, unknownRecord, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import * as training from '#projections/training/testing/events.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { lineage } from './apply.js';
import { graphBounds, LineageQueries } from './queries.js';
import {
  digestOf,
  evaluated,
  failed,
  followed,
  registered,
  requested,
  retired,
  rolledBack,
  stayed,
  wentLive,
} from './testing/events.js';
import { naiveGraph, naiveLineage } from './testing/naive-lineage.js';

let handle: DatabaseHandle;
let database: Database;

beforeAll(async () => {
  handle = await createDatabase('lineage');
  database = openDatabase({ url: handle.url, applicationName: 'spec' });
});
afterAll(async () => {
  await database.end();
  await handle.drop();
});

const fold = (records: readonly LogRecord<GovernanceEvent>[], options = {}): Promise<void> =>
  foldAnew(database, lineage, { positionOf: positionOfRecord }, records, options);

const recorded = (...events: readonly GovernanceEvent[]): RecordedEvent<GovernanceEvent>[] =>
  events.map((event, index) => recordedEvent(index + 1, event));

const queries = (lastSeq: number): LineageQueries =>
  new LineageQueries(
    new ProjectionReader({
      database,
      projection: lineage,
      head: () => Promise.resolve({ firstSeq: 1, lastSeq, lastTime: 1_000 * lastSeq }),
      clock: systemClock,
      waitMs: 50,
    }),
  );

/** Folds the events and asks at their end. */
async function after(...events: readonly GovernanceEvent[]): Promise<LineageQueries> {
  await fold(recorded(...events));
  return queries(events.length);
}

async function valueOf<T>(
  answer: Promise<{ readonly ok: true; readonly value: T } | { readonly ok: false; readonly rejection: unknown }>,
): Promise<T> {
  const result = await answer;
  if (!result.ok) throw new Error(JSON.stringify(result.rejection));
  return result.value;
}

const refused = (code: string) => ({ ok: false, rejection: expect.objectContaining({ code }) as unknown });

const arrows = ({ edges }: api.LineageGraph): string[] => edges.map(({ from, to, type }) => `${from} ${type} ${to}`);
const ids = ({ nodes }: api.LineageGraph): string[] => nodes.map(({ id }) => id);

describe('what events say of nodes and edges', () => {
  it('a registration: data set → job → version, source, parents, bytes and baseline, as the contract says', async () => {
    const asked = await after(
      registered('churn', '1.0.0', { artifact: digestOf(1) }),
      registered('churn', '1.1.0', {
        artifact: digestOf(2),
        lineage: { dataset: 'loans@3', training_job: 'job-7', source: 'git:abc', parent_version: '1.0.0' },
        baseline: { artifact: digestOf(3), format: 'csv' },
      }),
    );
    const graph = await valueOf(asked.graph({ roots: ['version:churn@1.1.0'] }));
    expect(api.lineageGraph.parse(graph)).toEqual(graph);
    expect(graph).toMatchObject({ roots: ['version:churn@1.1.0'], truncated: false, as_of_seq: 2 });
    expect(arrows(graph)).toEqual([
      `artifact:${digestOf(1)} bytes_of version:churn@1.0.0`,
      `artifact:${digestOf(2)} bytes_of version:churn@1.1.0`,
      `artifact:${digestOf(3)} baseline_of version:churn@1.1.0`,
      'dataset:loans@3 trained_on job:job-7',
      'job:job-7 produced version:churn@1.1.0',
      'source:git:abc produced version:churn@1.1.0',
      'version:churn@1.0.0 parent_of version:churn@1.1.0',
    ]);
    expect(graph.nodes).toContainEqual({
      ...{ id: 'version:churn@1.1.0', type: 'version', name: 'churn@1.1.0', recorded: true },
      attributes: {
        ...{ model: 'churn', version: '1.1.0', artifact: digestOf(2), size: 10, registered_seq: 2 },
        ...{ created_at: '1970-01-01T00:00:02.000Z', created_by: 'ada' },
      },
    });
    expect(graph.nodes).toContainEqual({
      ...{ id: 'source:git:abc', type: 'source', name: 'git:abc', recorded: false, attributes: {} },
    });
  });

  it('a training job: its data set version, how it ended, and the version that came of it', async () => {
    const [job, lost] = [uuidOf(7), uuidOf(8)];
    const asked = await after(
      training.datasetRegistered('loans', '1.0.0', 5),
      training.requested(job, 'churn', { dataset: 'loans@1.0.0' }),
      training.requested(lost, 'churn'),
      training.cancelled(lost),
      registered('churn', '1.0.0', { lineage: { dataset: 'loans@1.0.0', training_job: job } }),
      training.succeeded(job),
    );
    const graph = await valueOf(asked.graph({ roots: ['dataset:loans@1.0.0'] }));
    expect(arrows(graph)).toEqual([
      `dataset:loans@1.0.0 trained_on job:${job}`,
      `job:${job} produced version:churn@1.0.0`,
    ]);
    expect(graph.edges[0]!.seq).toBe(2);
    const attributesOf = (id: string) => graph.nodes.find((node) => node.id === id);
    expect(attributesOf('dataset:loans@1.0.0')).toMatchObject({
      ...{ recorded: true, attributes: { dataset: 'loans', version: '1.0.0', digest: digestOf(5), rows: 5 } },
    });
    expect(attributesOf(`job:${job}`)).toMatchObject({
      ...{ recorded: true, attributes: { model: 'churn', status: 'succeeded', requested_seq: 2 } },
    });
    const before = await valueOf(asked.graph({ roots: [`job:${job}`] }, { as_of: { seq: 3 } }));
    expect(before.nodes[0]).toMatchObject({ attributes: { status: 'requested' } });
    const given = await valueOf(asked.graph({ roots: [`job:${lost}`] }));
    expect(given).toMatchObject({ edges: [], nodes: [{ recorded: true, attributes: { status: 'cancelled' } }] });
  });

  it('without a job the data set leads to the version itself; a derived version tells the method', async () => {
    const asked = await after(
      registered('churn', '1.0.0', { lineage: { dataset: 'loans' } }),
      registered('churn', '1.1.0', { derivedFrom: ['churn', '1.0.0'], lineage: { parent_version: 'churn@1.0.0' } }),
    );
    const graph = await valueOf(asked.graph({ roots: ['dataset:loans'] }));
    expect(graph.edges).toEqual([
      { from: 'dataset:loans', to: 'version:churn@1.0.0', type: 'trained_on', seq: 1, attributes: {} },
      {
        ...{ from: 'version:churn@1.0.0', to: 'version:churn@1.1.0', type: 'parent_of', seq: 2 },
        attributes: { method: 'graph' },
      },
    ]);
  });

  it('an evaluation: its data set and its curves; a second one counts on the first edge', async () => {
    const curve = { kind: 'roc', artifact: digestOf(5), points: 2, auc: 0.9 } as const;
    const asked = await after(
      registered('churn', '1.0.0'),
      evaluated('churn', '1.0.0', 'holdout', [curve]),
      evaluated('churn', '1.0.0', 'holdout', [{ ...curve, kind: 'pr', average_precision: 0.8 }]),
    );
    const graph = await valueOf(asked.graph({ roots: ['version:churn@1.0.0'], direction: 'upstream' }));
    expect(graph.edges.slice(1)).toEqual([
      {
        ...{ from: `artifact:${digestOf(5)}`, to: 'version:churn@1.0.0', type: 'curve_of', seq: 2 },
        attributes: { kinds: ['pr', 'roc'] },
      },
      {
        ...{ from: 'dataset:holdout', to: 'version:churn@1.0.0', type: 'evaluated_on', seq: 2 },
        attributes: { evaluations: 2, newest_seq: 3 },
      },
    ]);
    const before = await valueOf(asked.graph({ roots: ['dataset:holdout'] }, { as_of: { seq: 2 } }));
    expect(before.edges).toMatchObject([{ attributes: { evaluations: 1, newest_seq: 2 } }]);
  });

  it('deployments: each version that was asked for, with what became of it at each moment', async () => {
    const asked = await after(
      requested('checkout', 1, 'churn', '1.0.0'),
      wentLive('checkout', 1, 'churn', '1.0.0'),
      requested('checkout', 2, 'churn', '1.1.0'),
      wentLive('checkout', 2, 'churn', '1.1.0'),
      requested('checkout', 3, 'churn', '2.0.0'),
      failed('checkout', 3, 'churn', '2.0.0'),
      retired('checkout'),
    );
    const states = async (seq: number): Promise<unknown> => {
      const graph = await valueOf(asked.graph({ roots: ['deployment:checkout'] }, { as_of: { seq } }));
      return Object.fromEntries(graph.edges.map(({ from, attributes }) => [from.slice(14), attributes['state']]));
    };
    expect(await states(1)).toEqual({ '1.0.0': 'requested' });
    expect(await states(2)).toEqual({ '1.0.0': 'live' });
    expect(await states(3)).toEqual({ '1.0.0': 'live', '1.1.0': 'requested' });
    expect(await states(4)).toEqual({ '1.0.0': 'former', '1.1.0': 'live' });
    expect(await states(6)).toEqual({ '1.0.0': 'former', '1.1.0': 'live', '2.0.0': 'failed' });
    expect(await states(7)).toEqual({ '1.0.0': 'former', '1.1.0': 'former', '2.0.0': 'failed' });
    const graph = await valueOf(asked.graph({ roots: ['deployment:checkout'] }));
    expect(graph.nodes[0]).toMatchObject({ recorded: true, attributes: { environment: 'production', retired: true } });
    expect(graph.edges[1]).toEqual({
      ...{ from: 'version:churn@1.1.0', to: 'deployment:checkout', type: 'served_by', seq: 3 },
      attributes: { state: 'former', requested_seq: 3, since_seq: 4, until_seq: 7, failed_seq: null },
    });
  });

  it('deployments that follow: what the champion left behind before it was loaded', async () => {
    const asked = await after(
      followed('checkout', 1, 'churn', '1.0.0'),
      wentLive('checkout', 1, 'churn', '1.0.0'),
      followed('checkout', 2, 'churn', '1.1.0'),
      followed('checkout', 3, 'churn', '1.2.0'),
      stayed('checkout', 'churn', '1.0.0'),
      followed('checkout', 4, 'churn', '1.3.0'),
      wentLive('checkout', 4, 'churn', '1.3.0'),
    );
    const states = async (seq: number): Promise<unknown> => {
      const graph = await valueOf(asked.graph({ roots: ['deployment:checkout'] }, { as_of: { seq } }));
      return Object.fromEntries(graph.edges.map(({ from, attributes }) => [from.slice(14), attributes['state']]));
    };
    expect(await states(4)).toEqual({ '1.0.0': 'live', '1.1.0': 'superseded', '1.2.0': 'requested' });
    expect(await states(5)).toEqual({ '1.0.0': 'live', '1.1.0': 'superseded', '1.2.0': 'superseded' });
    expect(await states(7)).toMatchObject({ '1.0.0': 'former', '1.3.0': 'live' });
    expect((await digest(database, lineage))?.skipped).toBe(0);
  });

  it('what is only named becomes recorded with its own event', async () => {
    const asked = await after(
      registered('churn', '1.1.0', { lineage: { parent_version: '1.0.0' } }),
      registered('churn', '1.0.0'),
    );
    const parentAt = async (seq: number) => {
      const { nodes } = await valueOf(asked.graph({ roots: ['version:churn@1.0.0'], depth: 0 }, { as_of: { seq } }));
      return nodes[0]!;
    };
    expect(await parentAt(1)).toMatchObject({ recorded: false, attributes: {} });
    expect(await parentAt(2)).toMatchObject({ recorded: true, attributes: { registered_seq: 2 } });
  });

  it('events that contradict what went before, or cannot be read, are counted and left out', async () => {
    await fold([
      ...recorded(
        registered('churn', '1.0.0'),
        registered('churn', '1.0.0', { lineage: { dataset: 'other' } }),
        wentLive('checkout', 1, 'churn', '1.0.0'),
        retired('checkout'),
      ),
      unknownRecord(5),
    ]);
    expect((await digest(database, lineage))?.skipped).toBe(4);
    expect(await queries(5).graph({ roots: ['dataset:other'] })).toEqual(refused('lineage_node_not_found'));
    expect(await queries(5).graph({ roots: ['deployment:checkout'] })).toEqual(refused('lineage_node_not_found'));
  });

  it('names of any length and any characters are nodes', async () => {
    // 6 kB each that do not compress: more than a row of an index holds.
    const noise = (seed: number): string =>
      Array.from({ length: 2048 }, (_, i) => String.fromCharCode(0x4e00 + ((i * i * 7919 + i * seed) % 20_000))).join(
        '',
      );
    const asked = await after(
      registered('a', '1.0.0', { lineage: { source: noise(1), dataset: '\u0000\ud800' } }),
      registered('b', '1.0.0', { lineage: { source: noise(2) } }),
    );
    const graph = await valueOf(asked.graph({ roots: [`source:${noise(2)}`] }));
    expect(ids(graph)).toEqual([`source:${noise(2)}`, 'version:b@1.0.0']);
    expect(ids(await valueOf(asked.ofModel('a')))).toContain(`source:${noise(1)}`);
    expect(ids(await valueOf(asked.ofModel('a')))).toContain('dataset:\ufffd\ufffd');
  });
});

describe('a graph', () => {
  it('holds the ancestors and the descendants of its roots, and no siblings', async () => {
    const asked = await after(
      registered('a', '1.0.0', { lineage: { dataset: 'd' } }),
      registered('a', '1.1.0', { lineage: { parent_version: '1.0.0' } }),
      registered('b', '1.0.0', { lineage: { dataset: 'd' } }),
      requested('live', 1, 'a', '1.1.0'),
    );
    const around = async (direction: 'upstream' | 'downstream' | 'both') =>
      ids(await valueOf(asked.graph({ roots: ['version:a@1.0.0'], direction })));
    const bytes = `artifact:${digestOf(0)}`;
    expect(await around('upstream')).toEqual(['version:a@1.0.0', bytes, 'dataset:d']);
    expect(await around('downstream')).toEqual(['version:a@1.0.0', 'version:a@1.1.0', 'deployment:live']);
    expect(await around('both')).toEqual([
      ...['version:a@1.0.0', bytes, 'dataset:d', 'version:a@1.1.0', 'deployment:live'],
    ]);
    expect(await asked.graph({ roots: ['version:a@1.0.0', 'version:c@1.0.0'] })).toEqual(
      refused('lineage_node_not_found'),
    );
  });

  it('of a model has all its versions as roots, the newest first, or the one that is named', async () => {
    const asked = await after(
      registered('a', '1.0.0'),
      registered('b', '1.0.0', { lineage: { parent_version: 'a@1.1.0' } }),
      registered('a', '2.0.0'),
      registered('a', '1.0.1'),
    );
    const roots = async (options = {}, at = {}) => (await valueOf(asked.ofModel('a', options, at))).roots;
    expect(await roots()).toEqual(['version:a@1.0.1', 'version:a@2.0.0', 'version:a@1.0.0']);
    expect(await roots({}, { as_of: { seq: 3 } })).toEqual(['version:a@2.0.0', 'version:a@1.0.0']);
    expect(await roots({ version: '2.0.0' })).toEqual(['version:a@2.0.0']);
    expect(await valueOf(asked.ofModel('a', { limit: 2 }))).toMatchObject({
      ...{ roots: ['version:a@1.0.1', 'version:a@2.0.0'], truncated: true },
    });
    // Named by b@1.0.0, and never registered.
    expect(await asked.ofModel('a', { version: '1.1.0' })).toEqual(refused('version_not_found'));
    expect(await asked.ofModel('c')).toEqual(refused('model_not_found'));
    expect(await asked.ofModel('a', {}, { as_of: { seq: 9 } })).toEqual(refused('invalid_position'));
  });

  it('is bounded in depth and in nodes, keeps the first by name, and says that there is more', async () => {
    const wide = Array.from({ length: 1_500 }, (_, index) =>
      registered('m', `1.${index}.0`, { lineage: { dataset: 'd' } }),
    );
    const asked = await after(...wide);
    const graph = await valueOf(asked.graph({ roots: ['dataset:d'], direction: 'downstream' }));
    const names = wide.map((_, index) => `version:m@1.${index}.0`).sort();
    expect(ids(graph)).toEqual(['dataset:d', ...names.slice(0, graphBounds.limit - 1)]);
    expect(graph.edges).toHaveLength(graphBounds.limit - 1);
    expect(graph.truncated).toBe(true);
    const whole = await valueOf(asked.graph({ roots: ['dataset:d'], direction: 'downstream', limit: 1_501 }));
    expect([whole.nodes.length, whole.truncated]).toEqual([1_501, false]);
    const flat = await valueOf(asked.graph({ roots: ['dataset:d'], depth: 0 }));
    expect([ids(flat), flat.truncated]).toEqual([['dataset:d'], true]);
    await expect(asked.graph({ roots: ['dataset:d'], limit: 5_001 })).rejects.toThrow('limit: expected a whole number');
    await expect(asked.graph({ roots: ['dataset:d'], depth: 51 })).rejects.toThrow('depth: expected a whole number');
  });

  it('of a long line goes 50 generations; descent goes all the way', async () => {
    const line = Array.from({ length: 2_000 }, (_, index) =>
      registered('m', `1.${index}.0`, index === 0 ? {} : { lineage: { parent_version: `1.${index - 1}.0` } }),
    );
    const asked = await after(...line);
    const graph = await valueOf(asked.graph({ roots: ['version:m@1.1999.0'], direction: 'upstream' }));
    // 51 generations, and their bytes.
    expect([graph.nodes.length, graph.truncated]).toEqual([52, true]);
    const descent = await valueOf(asked.descendsFrom('version:m@1.1999.0', 'version:m@1.0.0'));
    expect(descent).toEqual({ descends: true, unrecorded: [], as_of_seq: 2_000 });
  });

  it('of diamonds meets each node once, and of a cycle of names ends', async () => {
    // 2^20 paths from the first layer to the last.
    const layers = Array.from({ length: 20 }, (_, layer) => [
      registered('l', `${layer}.0.0`, {
        lineage: { parent_version: `r@${layer + 1}.0.0` },
        derivedFrom: ['l', `${layer + 1}.0.0`],
      }),
      registered('r', `${layer}.0.0`, {
        lineage: { parent_version: `l@${layer + 1}.0.0` },
        derivedFrom: ['r', `${layer + 1}.0.0`],
      }),
    ]).flat();
    const asked = await after(...layers);
    const graph = await valueOf(asked.graph({ roots: ['version:l@0.0.0'], direction: 'upstream' }));
    expect(graph.nodes.filter(({ type }) => type === 'version')).toHaveLength(41);
    expect(graph.truncated).toBe(false);
    expect(await valueOf(asked.descendsFrom('version:l@0.0.0', 'version:r@20.0.0'))).toMatchObject({ descends: true });

    const turning = await after(
      registered('a', '1.0.0', { lineage: { parent_version: 'b@1.0.0' } }),
      registered('b', '1.0.0', { lineage: { parent_version: 'a@1.0.0' } }),
      registered('c', '1.0.0', { lineage: { parent_version: '1.0.0' } }),
    );
    const circle = await valueOf(turning.graph({ roots: ['version:a@1.0.0'] }));
    expect(ids(circle)).toEqual(['version:a@1.0.0', `artifact:${digestOf(0)}`, 'version:b@1.0.0']);
    expect(await valueOf(turning.descendsFrom('version:b@1.0.0', 'version:c@1.0.0'))).toMatchObject({
      descends: false,
    });
    expect(await valueOf(turning.descendsFrom('version:c@1.0.0', 'version:a@1.0.0'))).toMatchObject({
      descends: false,
    });
  });
});

describe('descent', () => {
  it('tells whether a parent would close a cycle, and which versions above it are not registered', async () => {
    const asked = await after(
      registered('a', '1.1.0', { lineage: { parent_version: '1.0.0' } }),
      registered('a', '1.2.0', { lineage: { parent_version: '1.1.0', dataset: 'd', training_job: 'j' } }),
      registered('b', '1.0.0', { lineage: { parent_version: 'a@1.2.0' }, derivedFrom: ['z', '1.0.0'] }),
    );
    const descent = (version: string, ancestor: string) =>
      valueOf(asked.descendsFrom(`version:${version}`, `version:${ancestor}`));
    expect(await descent('b@1.0.0', 'a@1.0.0')).toEqual({
      ...{ descends: true, unrecorded: ['version:a@1.0.0', 'version:z@1.0.0'], as_of_seq: 3 },
    });
    expect(await descent('a@1.2.0', 'b@1.0.0')).toMatchObject({ descends: false, unrecorded: ['version:a@1.0.0'] });
    expect(await descent('a@1.2.0', 'a@1.2.0')).toMatchObject({ descends: true });
    expect(await descent('new@1.0.0', 'a@1.2.0')).toMatchObject({ descends: false, unrecorded: ['version:new@1.0.0'] });
    expect(await descent('new@1.0.0', 'new@1.0.0')).toMatchObject({ descends: true });
    const before = await valueOf(asked.descendsFrom('version:a@1.2.0', 'version:a@1.0.0', { as_of: { seq: 1 } }));
    expect(before).toEqual({ descends: false, unrecorded: ['version:a@1.2.0'], as_of_seq: 1 });
  });
});

describe('a deployment that is rolled back', () => {
  it('serves the version before again, and ends what was under way', async () => {
    const asked = await after(
      requested('checkout', 1, 'churn', '1.0.0'),
      wentLive('checkout', 1, 'churn', '1.0.0'),
      requested('checkout', 2, 'churn', '1.1.0'),
      wentLive('checkout', 2, 'churn', '1.1.0'),
      requested('checkout', 3, 'churn', '1.2.0'),
      rolledBack('checkout', [2, 'churn', '1.1.0'], [1, 'churn', '1.0.0'], 3),
    );
    const { edges } = await valueOf(asked.graph({ roots: ['deployment:checkout'] }));
    expect(Object.fromEntries(edges.map(({ from, attributes }) => [from, attributes]))).toMatchObject({
      'version:churn@1.0.0': { state: 'live', since_seq: 6, until_seq: null },
      'version:churn@1.1.0': { state: 'former', since_seq: 4, until_seq: 6 },
      'version:churn@1.2.0': { state: 'superseded', since_seq: null },
    });
  });
});

const model = fc.constantFrom('a', 'b');
const version = fc.constantFrom('1.0.0', '1.1.0', '2.0.0');
const artifact = fc.integer({ min: 0, max: 3 }).map(digestOf);
const deployment = fc.constantFrom('x', 'y');
const rollout = fc.integer({ min: 1, max: 3 });

const event: fc.Arbitrary<GovernanceEvent> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({
        lineage: fc.record(
          {
            dataset: fc.constantFrom('d', 'd', 'e'),
            training_job: fc.constantFrom('j', 'j', 'k'),
            source: fc.constantFrom('s', 't'),
            parent_version: fc.constantFrom('1.0.0', '1.1.0', 'a@1.0.0', 'b@2.0.0', 'elsewhere'),
          },
          { requiredKeys: [] },
        ),
        artifact,
        baseline: fc.option(fc.record({ artifact, format: fc.constantFrom('csv', 'parquet') }), { nil: undefined }),
        derivedFrom: fc.option(fc.tuple(model, version), { nil: undefined }),
      })
      .chain((more) => fc.tuple(model, version).map(([name, number]) => registered(name, number, more))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        model,
        version,
        fc.constantFrom('d', 'f'),
        fc.constantFrom(digestOf(0), digestOf(1)),
        fc.constantFrom('roc' as const, 'pr' as const),
      )
      .map(([name, number, dataset, curve, kind]) =>
        evaluated(name, number, dataset, [
          kind === 'roc'
            ? { kind, artifact: curve, points: 2, auc: 1 }
            : { kind, artifact: curve, points: 2, average_precision: 1 },
        ]),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(requested, followed, wentLive, wentLive, failed), deployment, rollout, model)
      .map(([make, name, number, of]) => make(name, number, of, '1.0.0')),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(deployment, model, model, fc.option(rollout))
      .map(([name, from, to, aborted]) => rolledBack(name, [1, from, '1.0.0'], [2, to, '1.0.0'], aborted)),
  },
  { weight: 1, arbitrary: deployment.map(retired) },
  { weight: 1, arbitrary: fc.tuple(deployment, model).map(([name, of]) => stayed(name, of, '1.0.0')) },
);
/** A request and what mostly follows it: few versions, so that one is often asked for again while it serves. */
const rolledOut = fc
  .tuple(fc.constantFrom(wentLive, wentLive, wentLive, failed, undefined), rollout, model, fc.boolean())
  .map(([settle, number, of, ends]) => [
    requested('x', number, of, '1.0.0'),
    ...(settle === undefined ? [] : [settle('x', number, of, '1.0.0')]),
    ...(ends && settle === undefined ? [retired('x')] : []),
    ...(ends && settle === wentLive ? [rolledBack('x', [1, of, '1.0.0'], [2, of === 'a' ? 'b' : 'a', '1.0.0'])] : []),
  ]);
const log = fc
  .array(
    fc.oneof(
      event.map((one) => [one]),
      rolledOut,
    ),
    { minLength: 1, maxLength: 24, size: 'max' },
  )
  .map((events) => recorded(...events.flat()));

describe('the read model', () => {
  it('answers at each sequence as the events up to it say', async () => {
    const bounds = fc.record({
      direction: fc.constantFrom('upstream' as const, 'downstream' as const, 'both' as const),
      depth: fc.integer({ min: 0, max: 4 }),
      limit: fc.integer({ min: 1, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(log, bounds, fc.nat(), async (records, narrow, pick) => {
        await fold(records, { sizes: [4, 1, 9] });
        const asked = queries(records.length);
        for (const { seq } of records) {
          const by = naiveLineage(records.slice(0, seq));
          const known = [...by.nodes.keys()];
          if (known.length === 0) continue;
          const root = known[pick % known.length]!;
          const wide = { direction: 'both', depth: 50, limit: 1_000 } as const;
          for (const [roots, bound] of [
            [known, wide],
            [[root], narrow],
          ] as const)
            expect(await valueOf(asked.graph({ roots, ...bound }, { as_of: { seq } }))).toEqual({
              ...naiveGraph(by, roots, bound),
              as_of_seq: seq,
            });
        }
      }),
      { numRuns: 10 },
    );
  }, 120_000);

  it('tells descent as a walk over the events does', async () => {
    await fc.assert(
      fc.asyncProperty(log, model, version, model, version, async (records, m, v, n, w) => {
        await fold(records);
        const { edges, nodes } = naiveLineage(records);
        const line = [`version:${m}@${v}`];
        for (const id of line)
          for (const { type, from, to } of edges)
            if (type === 'parent_of' && to === id && !line.includes(from)) line.push(from);
        const descent = await valueOf(queries(records.length).descendsFrom(line[0]!, `version:${n}@${w}`));
        expect(descent.descends).toBe(line.includes(`version:${n}@${w}`));
        expect(descent.unrecorded).toEqual(line.filter((id) => nodes.get(id)?.recorded !== true).sort());
      }),
      { numRuns: 40 },
    );
  });

  it('is the same wherever batches are cut', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(log, sizes, sizes, async (records, some, others) => {
        await fold(records, { schema: 'lineage_a', sizes: some });
        await fold(records, { schema: 'lineage_b', sizes: others });
        expect(await digest(database, lineage, 'lineage_a')).toEqual(await digest(database, lineage, 'lineage_b'));
      }),
      { numRuns: 10 },
    );
  });

  it('is tested with events that the catalogue knows', () => {
    fc.assert(
      fc.property(event, ({ type, data }) => {
        expect(eventCatalogue.get(type)!.schema.parse(data)).toEqual(data);
      }),
    );
  });
});
