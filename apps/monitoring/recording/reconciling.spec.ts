import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import {
  catalogueOf,
  monitoringEvents,
  subjects,
  type MonitoringEvent,
  type QualityIssue,
} from '#libs/contracts/index.js';
import { conditionsOf, isRaised, monitorDefinition } from '#libs/domain/index.js';
import { AggregateStore, MemoryStream, SnapshotStore, verifyEvents, type StreamStore } from '#libs/event-log/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import { FindingsUnlike } from '../errors.js';
import { HeldFindings } from './held-findings.js';
import { monitoringMetrics } from '../metrics/monitoring-metrics.js';
import { Publisher } from './publish.js';
import { clearingOf, raisedAgain } from './reconciling.js';
import { RecordedWindows } from './recorded-windows.js';

const clock = { now: () => 1_000_000, monotonic: () => 1_000 };
const logger = pino({ level: 'silent' });
const deployment = 'churn';
const catalogue = catalogueOf(monitoringEvents);

const at = (second: number): string => new Date(Date.UTC(2026, 10, 23, 10, 0, second)).toISOString();
const idOf = (name: string): string => uuidv5(namespaces.entity, name);
const basis = (second: number) => ({
  ...{ deployment, model: 'm', version: '1.0.0', at: at(second), window: 1 },
  inputs: { first: { seq: second, row: 0 }, last: { seq: second, row: 9 }, rows: 10, sampled: 10 },
  ...{ events_seq: 1, configuration_seq: 1, reference: null, method: { name: 'test', version: 1, parameters: {} } },
});
const drift = (second: number, version = '1.0.0'): MonitoringEvent => ({
  type: 'DataDriftDetected',
  data: {
    ...{ ...basis(second), version, condition: 'data_drift/features', finding_id: idOf(`drift ${second} ${version}`) },
    ...{ scope: 'features', policy: 'calibrated', drifted: 1, compared: 2, threshold: 0.05, columns: [] },
  },
});
const concept = (second: number): MonitoringEvent => ({
  type: 'ConceptDriftDetected',
  data: {
    ...{ ...basis(second), window: null, condition: 'concept_drift/adwin', finding_id: idOf(`concept ${second}`) },
    ...{ detector: 'adwin', labels: 40, error_before: 0.1, error_now: 0.4 },
  },
});
const degraded = (second: number): MonitoringEvent => ({
  type: 'PerformanceDegraded',
  data: {
    ...{ ...basis(second), condition: 'performance/accuracy', finding_id: idOf(`performance ${second}`) },
    ...{ metric: 'accuracy', value: 0.5, low: 0.4, high: 0.6, bound: 'min', threshold: 0.8 },
    ...{ estimated: false, measured_rows: 10 },
  },
});
const issues = (second: number, ...columns: string[]): MonitoringEvent => ({
  type: 'QualityIssueFound',
  data: {
    ...basis(second),
    issues: columns.map((column): QualityIssue => ({
      ...{ condition: `quality/missing/${column}`, finding_id: idOf(`${column} ${second}`), check: 'missing', column },
      ...{ value: 1, expected: 0, threshold: 0.1, detail: 'all are missing' },
    })),
  },
});
const idsOf = (finding: MonitoringEvent): ReadonlySet<string> =>
  new Set(conditionsOf(finding).map(({ finding_id }) => finding_id));

/** What an earlier release has found, and what this one finds of the same messages. */
const before = [drift(1), concept(2), degraded(3), issues(4, 'a', 'b', 'c')];
const now = [drift(1, '2.0.0'), issues(5, 'b', 'd', 'e'), issues(6, 'f')];
const end = { seq: 9, logTime: Date.parse(at(9)), eventsSeq: 4, configurationSeq: 1 };

class Killed extends Error {}

/** The log of the earlier release. */
async function logOf(findings: readonly MonitoringEvent[]): Promise<MemoryStream> {
  const events = new MemoryStream({ name: 'EVENTS', clock });
  const world = await life(events);
  for (const [index, finding] of findings.entries())
    await world.publisher.publish({ kind: 'finding', finding }, { seq: index + 1, logTime: end.logTime }, 0);
  return events;
}

/** A process that reads the log anew and finds otherwise. @param mostAppends after which it is killed */
async function life(events: MemoryStream, mostAppends = Infinity, found: readonly MonitoringEvent[] = []) {
  let appends = 0;
  const publish: StreamStore['publish'] = async (message) => {
    if (appends >= mostAppends) throw new Killed();
    appends += 1;
    return events.publish(message);
  };
  const stream = new Proxy<StreamStore>(events, {
    get: (target, name) => {
      if (name === 'publish') return publish;
      const own: unknown = Reflect.get(target, name, target);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
  const snapshots = new SnapshotStore(new MemoryStream({ name: 'SNAPSHOTS', clock }));
  const aggregates = new AggregateStore({ events: stream, snapshots, clock, random: () => 0 });
  const windows = new MemoryStream({ name: 'WINDOWS', clock });
  const held = new HeldFindings();
  const { state } = await aggregates.load(monitorDefinition, deployment, { consistency: 'leader' });
  for (const [index, finding] of found.entries()) held.follow(finding, `${index + 1}/7`, state);
  const publisher = new Publisher({
    ...{ deployment, aggregates, events: stream, windows, held, logger, metrics: monitoringMetrics('test') },
    ...{ recorded: await RecordedWindows.behind(windows, deployment, 0), signal: new AbortController().signal },
  });
  return { publisher, aggregates, held };
}

const reconcile = async (events: MemoryStream, mostAppends?: number, found = now): Promise<void> => {
  const { publisher } = await life(events, mostAppends, found);
  await publisher.reconcileAtLast(end, () => Promise.resolve(true));
  expect(publisher.isReconciled).toBe(true);
};

const messagesOf = (events: MemoryStream) => events.readSubject(subjects.monitor(deployment), 1, 'leader');
const written = async (events: MemoryStream): Promise<string[]> =>
  (await messagesOf(events)).map(({ headers, data }) => `${headers.get('Command-Id')} ${Buffer.from(data).toString()}`);

async function openIn(events: MemoryStream): Promise<string[]> {
  const { aggregates } = await life(events);
  const { state } = await aggregates.load(monitorDefinition, deployment, { consistency: 'leader' });
  return Object.keys(state.open).sort();
}

const agreed = [
  'm@1.0.0 quality/missing/b',
  'm@1.0.0 quality/missing/d',
  'm@1.0.0 quality/missing/e',
  'm@1.0.0 quality/missing/f',
  'm@2.0.0 data_drift/features',
];

describe('the log, where its replay ends', () => {
  it('is brought to what the fold has open: what it alone has is cleared with a reason, what it lacks is raised', async () => {
    const events = await logOf(before);
    await reconcile(events);
    expect(await openIn(events)).toEqual(agreed);
    const added = (await messagesOf(events)).slice(before.length);
    const found = added.map(({ data }) => JSON.parse(Buffer.from(data).toString()) as MonitoringEvent['data']);
    expect(
      found.map((data) =>
        'issues' in data ? data.issues.map(({ detail }) => detail) : 'reason' in data && data.reason,
      ),
    ).toEqual([
      ...Array.from({ length: 3 }, () => expect.stringMatching('a replay does not find it')),
      [1, 2].map(() => expect.stringMatching('a replay does not find it')),
      false,
      ['all are missing', 'all are missing'],
      ['all are missing'],
    ]);
    // As the fold has made them.
    expect(found.slice(-3)).toEqual([now[0]!.data, issues(5, 'd', 'e').data, issues(6, 'f').data]);
    for await (const problem of verifyEvents(events, catalogue)) throw new Error(JSON.stringify(problem));
  });

  it('gets the same events under the same ids wherever that is cut short, and however often it is begun again', async () => {
    const whole = await logOf(before);
    await reconcile(whole);
    const expected = await written(whole);
    const appended = expected.length - before.length;
    expect(appended).toBe(7);
    for (let kill = 0; kill < appended; kill++) {
      const events = await logOf(before);
      await expect(reconcile(events, kill)).rejects.toThrow(Killed);
      expect(await messagesOf(events)).toHaveLength(before.length + kill);
      await reconcile(events);
      await reconcile(events);
      expect(await written(events)).toEqual(expected);
    }
    const slowly = await logOf(before);
    for (let life = 0; life < appended; life++) await reconcile(slowly, 1).catch(() => undefined);
    expect(await written(slowly)).toEqual(expected);
  });

  it('gets them once from two processes at a time', async () => {
    const events = await logOf(before);
    await Promise.all([reconcile(events), reconcile(events), reconcile(events)]);
    const whole = await logOf(before);
    await reconcile(whole);
    expect(await written(events)).toEqual(await written(whole));
  });

  it('gets nothing where it has open what the fold holds', async () => {
    const events = await logOf(before);
    await reconcile(events, 0, before);
    await reconcile(events, 0, [...before.slice(0, 3), issues(8, 'c', 'b', 'a')]);
    expect(await messagesOf(events)).toHaveLength(before.length);
  });

  it('raises again under another id what was raised and cleared, each time another one', async () => {
    const events = await logOf([drift(1)]);
    for (let time = 0; time < 3; time++) {
      await reconcile(events, Infinity, []);
      expect(await openIn(events)).toEqual([]);
      await reconcile(events, Infinity, [drift(1)]);
      expect(await openIn(events)).toEqual(['m@1.0.0 data_drift/features']);
    }
    const { aggregates } = await life(events);
    const { version } = await aggregates.load(monitorDefinition, deployment, { consistency: 'leader' });
    expect(version).toBe(7);
    const all = (await messagesOf(events)).map(
      ({ data }) => JSON.parse(Buffer.from(data).toString()) as { finding_id: string },
    );
    expect(new Set(all.map(({ finding_id }) => finding_id)).size).toBe(4);
  });

  it('is read anew where it does not have open what is known by name alone', async () => {
    const events = await logOf([drift(1)]);
    const { publisher } = await life(events, 0, [drift(1)]);
    await reconcile(events, Infinity, []);
    const reconciling = publisher.reconcileAtLast(end, () => Promise.resolve(true));
    await expect(reconciling).rejects.toThrow(FindingsUnlike);
    expect(await messagesOf(events)).toHaveLength(2);
  });

  it('has nothing that no log can hold, and is not asked for it again', async () => {
    const events = await logOf([]);
    const vast = issues(5, 'd');
    const named = { ...vast, data: { ...vast.data, model: 'half \ud83d' } } as MonitoringEvent;
    const { publisher } = await life(events, Infinity, [named, issues(6, 'f')]);
    await publisher.reconcileAtLast(end, () => Promise.resolve(true));
    expect(await openIn(events)).toEqual(['m@1.0.0 quality/missing/f']);
    expect(publisher.held.map(({ key }) => key)).toEqual(['m@1.0.0 quality/missing/f']);
  });

  it('waits until everything is replayed that it rests on', async () => {
    const events = await logOf([degraded(3)]);
    const { publisher } = await life(events);
    await publisher.reconcileBefore({ seq: 3, logTime: Date.parse(at(3)) }, end);
    expect(publisher.isReconciled).toBe(false);
    await publisher.reconcileAtLast(end, () => Promise.resolve(false));
    expect([publisher.isReconciled, (await messagesOf(events)).length]).toEqual([false, 1]);
    await publisher.reconcileBefore({ seq: 4, logTime: Date.parse(at(3)) + 1 }, end);
    expect([publisher.isReconciled, (await messagesOf(events)).length]).toEqual([true, 2]);
  });
});

it.each([drift(1), concept(2), degraded(3), issues(4, 'a', 'b')])(
  '$type is cleared by an event that can be',
  (raised) => {
    const clearing = clearingOf(raised, idsOf(raised), end);
    expect(isRaised(clearing)).toBe(false);
    expect(idsOf(clearing)).toEqual(idsOf(raised));
    expect(clearing.data).toMatchObject({
      ...{ at: at(9), events_seq: 4, inputs: raised.data.inputs, window: raised.data.window },
      method: { name: 'not_found_again' },
    });
    const schema = monitoringEvents.find(({ type }) => type === clearing.type)!.schema;
    expect(schema.parse(clearing.data)).toEqual(clearing.data);
    expect(() => clearingOf(clearing, idsOf(raised), end)).toThrow('raises nothing');
    expect(idsOf(raisedAgain(raised, 1))).not.toEqual(idsOf(raisedAgain(raised, 2)));
  },
);

describe('what is held', () => {
  const { initialState } = monitorDefinition.decider;

  it('is known by name once the log has it, and goes on from where it was kept', () => {
    const held = new HeldFindings();
    held.follow(issues(4, 'a', 'b'), '4/0', initialState);
    held.drop(issues(4, 'a'));
    const restored = new HeldFindings(held.state());
    expect(restored.differences(initialState).untold).toEqual([{ origin: '4/0', finding: issues(4, 'b') }]);
    restored.agreed();
    expect(restored.state()).toEqual([{ key: 'm@1.0.0 quality/missing/b', origin: '4/0', finding: null }]);
    expect(restored.differences(initialState)).toEqual({
      ...{ untold: [], unheld: [], lost: ['m@1.0.0 quality/missing/b'] },
    });
  });
});
