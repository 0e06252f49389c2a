import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { api, type GovernanceEvent, type ModelEvent } from '#libs/contracts/index.js';
import type { ModelState } from '#libs/domain/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { cursorOf, digest, rebuild } from '#libs/projecting/index.js';
import { ArraySource } from '#libs/projecting/testing/array-source.js';
import { positionOfRecord, recordedEvent, unknownRecord, uuidOf } from '#libs/projecting/testing/recorded-events.js';
import { registry } from './apply.js';
import { decisionLimit } from './queries.js';
import * as events from './testing/events.js';
import { artifact, registered, signature } from './testing/events.js';
import { randomLog } from './testing/random-log.js';
import { answered, registryDatabase, type RegistryDatabase } from './testing/registry-database.js';

let read: RegistryDatabase;
beforeAll(async () => {
  read = await registryDatabase('registry');
});
afterAll(() => read.drop());

const at = (seq: number): string => new Date(1_000 * seq).toISOString();
const recordsOf = (log: readonly ModelEvent[]): LogRecord<GovernanceEvent>[] =>
  log.map((event, index) => recordedEvent(index + 1, event));
const fold = (...log: readonly ModelEvent[]): Promise<void> => read.fold(recordsOf(log));
const refused = (code: string) => ({ ok: false, rejection: expect.objectContaining({ code }) as unknown });

async function modelAt(seq: number, model = 'a', lastSeq = seq): Promise<api.ModelView> {
  const view = await answered(read.queries(lastSeq).getModel(model, { as_of: { seq } }));
  expect(api.modelView.parse(view)).toEqual(view);
  return view;
}

async function versionAt(seq: number, selector = '1.0.0'): Promise<api.VersionView> {
  const view = await answered(read.queries(seq).getVersion('a', selector, { as_of: { seq } }));
  expect(api.oneVersion.parse(view)).toEqual(view);
  return view;
}

const skipped = async (): Promise<number | undefined> => (await digest(read.database, registry))?.skipped;

describe('the registry', () => {
  it('tells a model with all its versions in order of registration, as the contract says', async () => {
    const details = {
      ...{ description: 'churn', task: 'classification', tags: { team: 'a' }, metrics: { auc: 0.9 } },
      ...{ hyperparameters: { depth: 3, kind: 'gini', warm: true, seed: null } },
      ...{ lineage: { source: 'git', parent_version: '1.0.0' }, baseline: { artifact, format: 'csv' } },
    };
    await read.fold([
      recordedEvent(1, registered('churn', '2.0.0', details), { actor: 'grace' }),
      recordedEvent(2, { type: 'ConfigurationApplied', data: { digest: artifact, content: {} } }),
      recordedEvent(3, registered('churn', '1.0.0')),
    ]);
    const model = await modelAt(3, 'churn');
    expect(model).toMatchObject({ model_id: 'churn', champion: null, aliases: {}, as_of_seq: 3 });
    expect(model.versions).toEqual([
      {
        ...{ version: '2.0.0', stage: 'development', archived: false, artifact, size: 10, signature },
        ...{ feature_names: ['age', 'income'], derivation: null, aliases: [] },
        ...{ requests: [], approvals: [], evaluations: [] },
        ...details,
        ...{ created_at: at(1), created_by: 'grace', updated_at: at(1), event_id: uuidOf(1), seq: 1 },
      },
      expect.objectContaining({ version: '1.0.0', description: null, task: null, baseline: null, seq: 3 }),
    ]);
    const one = await answered(read.queries(3).getVersion('churn', '1.0.0'));
    expect(one).toEqual({ ...model.versions[1], model_id: 'churn', as_of_seq: 3 });
  });

  it('replaces tags and description whole', async () => {
    await fold(
      registered('a', '1.0.0', { description: 'first', tags: { team: 'x', stays: 'same', goes: 'away' } }),
      events.annotated('a', '1.0.0', null, { team: 'y', stays: 'same' }),
      events.annotated('a', '1.0.0', 'again', {}),
    );
    const told = [];
    for (const seq of [1, 2, 3]) told.push(await versionAt(seq));
    expect(told.map(({ description, tags, updated_at }) => [description, tags, updated_at])).toEqual([
      ['first', { team: 'x', stays: 'same', goes: 'away' }, at(1)],
      [null, { team: 'y', stays: 'same' }, at(2)],
      ['again', {}, at(3)],
    ]);
  });

  it('keeps the newest evaluation on each data set and split, in order of recording', async () => {
    const on = (dataset: string, auc: number, split?: string) =>
      events.evaluated('a', '1.0.0', { dataset, metrics: { auc }, ...(split === undefined ? {} : { split }) });
    await fold(registered('a', '1.0.0'), on('d', 1), on('e', 2), on('d', 3, 'train'), on('d', 4));
    const told = async (seq: number) =>
      (await versionAt(seq)).evaluations.map(({ dataset, split, metrics, actor, at, seq }) => ({
        ...{ dataset, split, auc: metrics['auc'], actor, at, seq },
      }));
    expect((await told(3)).map(({ seq }) => seq)).toEqual([2, 3]);
    expect(await told(5)).toEqual([
      { dataset: 'e', split: undefined, auc: 2, actor: 'ada', at: at(3), seq: 3 },
      { dataset: 'd', split: 'train', auc: 3, actor: 'ada', at: at(4), seq: 4 },
      { dataset: 'd', split: undefined, auc: 4, actor: 'ada', at: at(5), seq: 5 },
    ]);
  });

  it('keeps the newest request for each stage, and the newest word of each actor', async () => {
    const log = [
      registered('a', '1.0.0'),
      events.requested('a', '1.0.0', 'staging', 'once'),
      events.requested('a', '1.0.0', 'staging', 'twice'),
      events.approved('a', '1.0.0', 'staging', '2030-01-01T00:00:00.000Z'),
      events.rejected('a', '1.0.0', 'staging'),
      events.rejected('a', '1.0.0', 'staging'),
      events.approved('a', '1.0.0', 'production'),
    ];
    const actors = ['ada', 'ada', 'bob', 'cyd', 'cyd', 'dan', 'cyd'];
    await read.fold(log.map((event, index) => recordedEvent(index + 1, event, { actor: actors[index]! })));
    expect((await versionAt(7)).requests).toEqual([
      { to: 'staging', actor: 'bob', reason: 'twice', at: at(3), seq: 3 },
    ]);
    expect((await versionAt(4)).approvals).toEqual([
      {
        ...{ to: 'staging', decision: 'approve', actor: 'cyd', reason: 'good', at: at(4), seq: 4 },
        expires_at: '2030-01-01T00:00:00.000Z',
      },
    ]);
    expect((await versionAt(7)).approvals).toMatchObject([
      { to: 'staging', decision: 'reject', actor: 'cyd', expires_at: null, seq: 5 },
      { to: 'staging', decision: 'reject', actor: 'dan', seq: 6 },
      { to: 'production', decision: 'approve', actor: 'cyd', seq: 7 },
    ]);
  });

  it('has one champion from the first promotion on: promotions and rollbacks move it, the former one is in staging', async () => {
    await fold(
      registered('a', '1.0.0'),
      registered('a', '2.0.0'),
      ...events.crowned('a', '1.0.0'),
      ...events.crowned('a', '2.0.0', '1.0.0'),
      events.rolledBack('a', '1.0.0', '2.0.0'),
    );
    const told = [];
    for (const seq of [2, 3, 4, 5, 6, 7]) {
      const { champion, versions } = await modelAt(seq);
      told.push([champion, ...versions.map(({ stage }) => stage)]);
    }
    expect(told).toEqual([
      [null, 'development', 'development'],
      [null, 'staging', 'development'],
      ['1.0.0', 'production', 'development'],
      ['1.0.0', 'production', 'staging'],
      ['2.0.0', 'staging', 'production'],
      ['1.0.0', 'production', 'staging'],
    ]);
    expect((await modelAt(6)).versions.map(({ updated_at }) => updated_at)).toEqual([at(6), at(6)]);
    expect(await versionAt(6, 'champion')).toMatchObject({ version: '2.0.0', aliases: [] });
    expect(await read.queries(3).getVersion('a', 'champion', { as_of: { seq: 3 } })).toEqual(
      refused('alias_not_found'),
    );
  });

  it('knows which version an alias named at any moment', async () => {
    await fold(
      registered('a', '1.0.0'),
      registered('a', '2.0.0'),
      events.aliasSet('a', 'best', '1.0.0'),
      events.aliasSet('a', 'best', '2.0.0', '1.0.0'),
      events.aliasSet('a', 'also', '2.0.0'),
      events.aliasRemoved('a', 'best', '2.0.0'),
      events.archived('a', '2.0.0', ['also']),
    );
    const told = [];
    for (const seq of [2, 3, 4, 5, 6, 7]) {
      const { aliases, versions } = await modelAt(seq);
      told.push([aliases, ...versions.map((version) => version.aliases)]);
    }
    expect(told).toEqual([
      [{}, [], []],
      [{ best: '1.0.0' }, ['best'], []],
      [{ best: '2.0.0' }, [], ['best']],
      [{ also: '2.0.0', best: '2.0.0' }, [], ['also', 'best']],
      [{ also: '2.0.0' }, [], ['also']],
      [{}, [], []],
    ]);
    expect(await versionAt(5, 'best')).toMatchObject({ version: '2.0.0', archived: false, updated_at: at(5) });
    expect(await versionAt(7, '2.0.0')).toMatchObject({ archived: true, stage: 'development', updated_at: at(7) });
    expect(await read.queries(6).getVersion('a', 'best')).toEqual(refused('alias_not_found'));
  });

  it('tells the history of a model, of a version, of an alias and of a kind of event, page by page', async () => {
    const log = [
      registered('a', '1.0.0', { metrics: { auc: 0.5 } }),
      registered('b', '1.0.0'),
      registered('a', '2.0.0'),
      ...events.crowned('a', '1.0.0'),
      ...events.crowned('a', '2.0.0', '1.0.0'),
      events.aliasSet('a', 'best', '2.0.0'),
      events.rolledBack('a', '1.0.0', '2.0.0'),
      events.archived('a', '2.0.0', ['best']),
    ];
    await fold(...log);
    const history = async (of: object, seq = log.length) => {
      const list = await answered(read.queries(log.length).history('a', { limit: 50, as_of: { seq }, ...of }));
      expect(api.decisionList.parse(list)).toEqual(list);
      return list.items;
    };
    const seqs = async (of: object, seq?: number) => (await history(of, seq)).map((decision) => decision.seq);
    expect(await seqs({})).toEqual([1, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(await seqs({ version: '1.0.0' })).toEqual([1, 4, 5, 7, 9]);
    expect(await seqs({ version: '1.0.0' }, 7)).toEqual([1, 4, 5, 7]);
    expect(await seqs({ alias: 'champion' })).toEqual([5, 7, 9]);
    expect(await seqs({ alias: 'best' })).toEqual([8, 10]);
    expect(await seqs({ alias: 'best' }, 9)).toEqual([8]);
    expect(await seqs({ type: 'VersionPromoted', version: '2.0.0' })).toEqual([6, 7]);
    expect(await history({ type: 'VersionRegistered' })).toMatchObject([
      { version: '1.0.0', reason: null, evidence: null, details: { metrics: { auc: 0.5 }, size: 10 } },
      { version: '2.0.0' },
    ]);
    expect((await history({ alias: 'champion' }))[1]).toEqual({
      ...{ seq: 7, event_id: uuidOf(7), type: 'VersionPromoted', at: at(7), actor: 'ada', version: '2.0.0' },
      ...{ alias: null, reason: 'ready', config_seq: null },
      evidence: { artifact, metrics: { auc: 0.9 }, evaluations: [], champion: null, approvals: [] },
      details: { from: 'staging', to: 'production', demoted: '1.0.0' },
    });

    const walk: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await answered(read.queries(10).history('a', { limit: 4, cursor, as_of: { seq: 9 } }));
      walk.push(...page.items.map(({ seq }) => seq));
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    expect(walk).toEqual([1, 3, 4, 5, 6, 7, 8, 9]);
    expect(await read.queries(10).history('c', { limit: 4 })).toEqual(refused('model_not_found'));
    const other = await answered(read.queries(10).history('a', { limit: 4 }));
    const elsewhere = { limit: 4, version: '1.0.0', cursor: other.next_cursor! };
    expect(await read.queries(10).history('a', elsewhere)).toEqual(refused('invalid_cursor'));

    const why = await answered(read.queries(10).decisionsOf('a', '2.0.0', 8));
    expect(why.map(({ seq }) => seq)).toEqual([6, 7]);
  });

  it('tells of who approved a version however much was written about it since', async () => {
    const notes = Array.from({ length: decisionLimit }, (_, index) =>
      events.annotated('a', '1.0.0', `note ${index}`, {}),
    );
    await fold(registered('a', '1.0.0'), events.approved('a', '1.0.0', 'staging'), ...notes);
    const last = notes.length + 2;
    const why = await answered(read.queries(last).decisionsOf('a', '1.0.0', last));
    expect(why).toMatchObject([{ seq: 2, type: 'VersionApproved', actor: 'ada' }]);
  });

  it('refuses what it does not know by its code', async () => {
    await fold(registered('a', '1.0.0'));
    expect(await read.queries(1).getModel('b')).toEqual(refused('model_not_found'));
    expect(await read.queries(1).getVersion('b', '1.0.0')).toEqual(refused('model_not_found'));
    expect(await read.queries(1).getVersion('b', 'champion')).toEqual(refused('model_not_found'));
    expect(await read.queries(1).getVersion('a', '9.0.0')).toEqual(refused('version_not_found'));
    expect(await read.queries(1).getVersion('a', 'best')).toEqual(refused('alias_not_found'));
    expect(await read.queries(1).getModel('a', { as_of: { seq: 2 } })).toEqual(refused('invalid_position'));
    expect(await read.queries(1).getModel('a', { min_seq: 2 })).toEqual(refused('not_caught_up'));
    expect(await read.queries(1).history('a', { limit: 1, cursor: 'nonsense' })).toEqual(refused('invalid_cursor'));
    const list = JSON.stringify(['history', 'a', undefined, undefined, undefined]);
    const forged = cursorOf({ list, seq: 1, after: 'nowhere' });
    expect(await read.queries(1).history('a', { limit: 1, cursor: forged })).toEqual(refused('invalid_cursor'));
  });
});

describe('the fold', () => {
  const impossible: Record<string, ModelEvent> = {
    'a version registered twice': registered('a', '1.0.0', { size: 99 }),
    'words about an unknown version': events.annotated('a', '9.0.0', 'x', {}),
    'an evaluation of an unknown version': events.evaluated('b', '1.0.0'),
    'a request for an unknown version': events.requested('a', '9.0.0', 'staging'),
    'an approval of an archived version': events.approved('a', '3.0.0', 'staging'),
    'a rejection of an unknown version': events.rejected('a', '9.0.0', 'staging'),
    'a promotion of an unknown version': events.promoted('a', '9.0.0', 'staging'),
    'a promotion of an archived version': events.promoted('a', '3.0.0', 'staging'),
    'a promotion from another stage': events.promoted('a', '2.0.0', 'production'),
    'a promotion that does not demote the champion': events.promoted('a', '2.0.0', 'production', {
      from: 'development',
    }),
    'a promotion to staging that demotes': events.promoted('a', '2.0.0', 'staging', { demoted: '1.0.0' }),
    'a promotion of the champion': events.promoted('a', '1.0.0', 'staging', { from: 'production' }),
    'a rollback from another champion': events.rolledBack('a', '1.0.0', '2.0.0'),
    'a rollback to the champion': events.rolledBack('a', '1.0.0', '1.0.0'),
    'a rollback to an archived version': events.rolledBack('a', '3.0.0', '1.0.0'),
    'champion as an alias': events.aliasSet('a', 'champion', '2.0.0', '1.0.0'),
    'champion taken away': events.aliasRemoved('a', 'champion', '1.0.0'),
    'an alias of an unknown version': events.aliasSet('a', 'new', '9.0.0'),
    'an alias of an archived version': events.aliasSet('a', 'new', '3.0.0'),
    'an alias that named another version': events.aliasSet('a', 'best', '1.0.0', '1.0.0'),
    'an alias removed from another version': events.aliasRemoved('a', 'best', '1.0.0'),
    'an alias removed that is none': events.aliasRemoved('a', 'new', '1.0.0'),
    'the champion archived': events.archived('a', '1.0.0'),
    'a version archived twice': events.archived('a', '3.0.0'),
    'an archived version with an alias of another': events.archived('a', '2.0.0', ['none']),
  };

  it.each(Object.entries(impossible))('counts and leaves out %s', async (_what, event) => {
    const log = [
      registered('a', '1.0.0'),
      registered('a', '2.0.0'),
      registered('a', '3.0.0'),
      ...events.crowned('a', '1.0.0'),
      events.aliasSet('a', 'best', '2.0.0'),
      events.archived('a', '3.0.0'),
    ];
    await fold(...log);
    const before = await modelAt(log.length);
    await fold(...log, event);
    expect(await skipped()).toBe(1);
    expect(await modelAt(log.length + 1)).toEqual({ ...before, as_of_seq: log.length + 1 });
    const { items } = await answered(read.queries(log.length + 1).history('a', { limit: 50 }));
    expect(items.length).toBe(log.length);
  });

  it('counts events it cannot read', async () => {
    await read.fold([recordedEvent(1, registered('a', '1.0.0')), unknownRecord(2)]);
    expect(await skipped()).toBe(1);
  });

  it('gives at every sequence what the rules of models say, with one champion after the first promotion', async () => {
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 20, maxLength: 60 }), async ({ records, states }) => {
        fc.pre(records.length > 0);
        await read.fold(records, { sizes: [7] });
        expect(await skipped()).toBe(0);
        for (const [seq, models] of states.entries())
          for (const [model, state] of models)
            expect(stateOf(await modelAt(seq, model, records.length))).toEqual(told(state));
      }),
      { numRuns: 8 },
    );
  });

  it('is the same wherever batches are cut, and when it is rebuilt', async () => {
    const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(randomLog({ minLength: 5, maxLength: 40 }), sizes, sizes, async ({ records }, some, others) => {
        await read.fold(records, { schema: 'registry_a', sizes: some });
        await read.fold(records, { schema: 'registry_b', sizes: others });
        const [a, b] = [
          await digest(read.database, registry, 'registry_a'),
          await digest(read.database, registry, 'registry_b'),
        ];
        expect(a).toEqual(b);
      }),
      { numRuns: 6 },
    );
    const [log] = fc.sample(randomLog({ minLength: 60, maxLength: 60 }), { numRuns: 1, seed: 3 });
    const { records } = log!;
    await read.fold(records);
    const source = new ArraySource<LogRecord<GovernanceEvent>>('EVENTS', positionOfRecord);
    source.append(...records);
    const report = await rebuild(registry, { database: read.database, source, maxBatch: 13 });
    expect(report).toMatchObject({ identical: true, swapped: true, rebuilt: { position: records.length, skipped: 0 } });
  });
});

/** What the rules and the read model both know of a model. */
function told(state: ModelState): unknown {
  return {
    champion: state.champions.at(-1) ?? null,
    aliases: state.aliases,
    versions: state.versions.map(
      ({ version, stage, archived, registered_by, description, tags, metrics, reviews }) => ({
        ...{ version, stage, archived, created_by: registered_by, description, tags, metrics },
        approvals: reviews.map(({ to, decision, actor, at, seq, expires_at }) => ({
          to,
          decision,
          actor,
          at,
          seq,
          expires_at,
        })),
      }),
    ),
  };
}

function stateOf({ champion, aliases, versions }: api.ModelView): unknown {
  const inProduction = versions.filter(({ stage }) => stage === 'production').map(({ version }) => version);
  expect(inProduction).toEqual(champion === null ? [] : [champion]);
  return {
    champion,
    aliases,
    versions: versions.map(({ version, stage, archived, created_by, description, tags, metrics, approvals }) => ({
      ...{ version, stage, archived, created_by, description, tags, metrics },
      approvals: approvals.map(({ reason: _reason, ...approval }) => approval),
    })),
  };
}
