import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  api,
  encodePredictionId,
  encodeWindowRecord,
  epochCheck,
  monitoringMetricsSubject,
  type MonitoringEvent,
  type WindowRecord,
} from '#libs/contracts/index.js';
import { monitorDefinition } from '#libs/domain/index.js';
import { AggregateStore, JetStreamStore, SnapshotStore } from '#libs/event-log/index.js';
import { isoTime, randomIds, systemClock } from '#libs/kernel/index.js';
import { commandMeta, Metrics, packFamilies } from '#libs/nest/index.js';
import * as findings from '#projections/findings/testing/events.js';
import { measured, windowClosed } from '#projections/windows/testing/records.js';
import { run } from '#apps/cli/run.js';
import type { Io } from '#apps/cli/io.js';
import { eventually, type Answer, type ApiWorld } from './api-world.js';
import { recordRows } from './monitoring-cases.js';
import { expectRefused } from './refusals.js';
import { deployed, type Deployed } from './why-cases.js';

const epoch = '0199a1b2-0000-7000-8000-0000000000f7';
const deployment = 'watched';
const of = { deployment, model: deployment, version: '1.0.0' };
const [drift, missing] = [crypto.randomUUID(), crypto.randomUUID()];

/** What a monitoring process would append, written by the test. */
export function monitorCases(world: () => ApiWorld): void {
  describe('monitoring', () => {
    let watched: Deployed;
    let store: AggregateStore;
    /** Sequences in TRAFFIC, and the time of the first: the row before the finding, and one after it. */
    let [before, after, time] = [0, 0, 0];
    let [raisedSeq, clearedSeq, windowsSeq] = [0, 0, 0];

    const append = async (finding: MonitoringEvent): Promise<number> => {
      const meta = commandMeta({
        ...{ actor: 'system:monitoring', call: 'record finding', target: deployment, body: finding },
        ...{ at: systemClock.now(), ids: randomIds },
      });
      const outcome = await store.execute(monitorDefinition, deployment, { type: 'RecordFinding', finding }, meta);
      if (!outcome.ok) throw new Error(outcome.rejection.detail);
      return outcome.value.seq;
    };
    const write = async (record: WindowRecord, index: number): Promise<number> =>
      (await world().windows.publish(encodeWindowRecord(record, { seq: before, logTime: time, index }))).seq;
    const get = (path: string): Promise<Answer> => world().get(`/api/monitoring/${path}`);
    const atLeast = async (path: string, seq: number): Promise<Answer> =>
      eventually(
        'the records',
        () => get(path),
        ({ body }) => Number((body.as_of_cut as { windows?: number } | undefined)?.windows) >= seq,
      );

    beforeAll(async () => {
      watched = await deployed(world(), deployment);
      const stream = (name: string) => new JetStreamStore({ connection: world().connection, stream: name });
      store = new AggregateStore({
        ...{ events: world().events, snapshots: new SnapshotStore(stream('SNAPSHOTS')) },
        ...{ clock: systemClock, random: Math.random },
      });
      before = await recordRows(world(), watched, 1, epoch);
      time = (await world().traffic.get(before, 'leader'))!.time;
      const place = { ...of, window: 1, at: time, last: { seq: before, row: 49 } };
      raisedSeq = await append(findings.driftDetected(drift, place));
      await append(findings.qualityFound([findings.issue(missing, 'amount')], place));
      const span = {
        ...{ from: isoTime(time), to: isoTime(time) },
        ...{ first: { seq: before, row: 0 }, last: { seq: before, row: 49 } },
      };
      await write(windowClosed(1, { ...of, ...span }), 0);
      await write(windowClosed(2, { ...of, ...span }), 1);
      windowsSeq = await write(measured(1, { ...of, at: isoTime(time), traffic_seq: before }), 2);
      after = await recordRows(world(), watched, 2, epoch);
      const { time: later } = (await world().traffic.get(after, 'leader'))!;
      clearedSeq = await append(
        findings.driftCleared(drift, { ...of, window: 2, at: later, last: { seq: after, row: 49 } }),
      );
    });
    afterAll(() => store.idle());

    it('tells drift, quality and performance per window', async () => {
      const { body } = await atLeast(`drift?deployment=${deployment}&columns=2`, windowsSeq);
      const told = api.driftAnswer.parse(body);
      expect(told.items.map(({ window }) => window)).toEqual([2, 1]);
      expect(told.items[1]!.drift[0]).toMatchObject({ scope: 'features', drifted: true, columns: [{}, {}] });
      expect(told.detectors).toMatchObject([{ version: '1.0.0', detectors: [{ detector: 'adwin', drifts: [30] }] }]);
      const checked = api.qualityAnswer.parse((await get(`quality?deployment=${deployment}&column=hour`)).body);
      expect(checked.items[0]!.quality.columns).toMatchObject([{ column: 'hour', missing: 9 }]);
      const { body: metrics } = await eventually(
        'the rows',
        () => get(`metrics?deployment=${deployment}`),
        (answer) => answer.text.includes('"rows":200'),
      );
      const { items, as_of_cut } = api.metricsAnswer.parse(metrics);
      expect(items).toHaveLength(1);
      expect(items[0]!.performance).toMatchObject([
        { window: 1, measured: { labels: 45, metrics: { accuracy: { value: 0.5, low: 0.25, high: 0.75 } } } },
        { window: 2, measured: null, estimated: { withdrawn: false, metrics: { accuracy: { value: 0.875 } } } },
      ]);
      expect(as_of_cut.windows).toBeGreaterThanOrEqual(windowsSeq);
    });

    it('tells them as of a position of EVENTS, cut by its time', async () => {
      const path = `drift?deployment=${deployment}&as_of=seq:${watched.liveSeq}`;
      const { body } = await get(path);
      expect(body).toMatchObject({ items: [], as_of_seq: watched.liveSeq, detectors: [] });
      expect((await get(`drift?deployment=${deployment}&as_of=seq:${clearedSeq}`)).body).toMatchObject({
        ...{ items: [{ window: 2 }, { window: 1 }], as_of_seq: clearedSeq },
        as_of_cut: { events: clearedSeq, traffic: expect.any(Number), windows: windowsSeq },
      });
      expect((await get(`quality?deployment=${deployment}&min_seq=${clearedSeq}`)).status).toBe(200);
    });

    it('pages through windows, once each', async () => {
      const first = api.qualityAnswer.parse((await get(`quality?deployment=${deployment}&limit=1`)).body);
      expect(first.items.map(({ window }) => window)).toEqual([2]);
      const path = `quality?deployment=${deployment}&limit=1&cursor=${first.next_cursor ?? ''}`;
      const second = api.qualityAnswer.parse((await get(path)).body);
      expect([second.items.map(({ window }) => window), second.next_cursor]).toEqual([[1], null]);
    });

    it('tells findings, those that are open, and those that were', async () => {
      const list = async (query: string): Promise<api.FindingList> =>
        api.findingList.parse((await get(`findings?deployment=${deployment}&min_seq=${clearedSeq}${query}`)).body);
      expect(await list('&state=open')).toMatchObject({ items: [{ finding_id: missing, state: 'open' }], open: 1 });
      expect(await list('&state=cleared')).toMatchObject({
        items: [{ finding_id: drift, raised: { seq: raisedSeq }, cleared: { seq: clearedSeq, window: 2 } }],
      });
      expect((await get(`findings?deployment=${deployment}&as_of=seq:${raisedSeq}`)).body).toMatchObject({
        items: [{ finding_id: drift, state: 'open', cleared: null, details: { kind: 'data_drift' } }],
      });
      const walk = await list('&limit=1');
      expect(walk).toMatchObject({ items: [{ finding_id: missing }], next_cursor: expect.any(String) });
      expect(await list(`&limit=1&cursor=${walk.next_cursor ?? ''}`)).toMatchObject({
        ...{ items: [{ finding_id: drift }], next_cursor: null },
      });
    });

    it('why tells what was open when the prediction was made', async () => {
      const openWhen = async (seq: number, row: number, query = ''): Promise<string[]> => {
        const id = encodePredictionId({ seq, row, check: epochCheck(epoch) });
        const { body } = await world().get(`/api/why/${id}?min_seq=${clearedSeq}${query}`);
        return api.why.shape.findings.parse(body.findings).map(({ finding_id }) => finding_id);
      };
      expect(await openWhen(before, 49)).toEqual([]);
      expect(await openWhen(before, 50)).toEqual([missing, drift]);
      expect(await openWhen(after, 49)).toEqual([missing, drift]);
      expect(await openWhen(after, 50)).toEqual([missing]);
      expect(await openWhen(after, 50, `&as_of=seq:${raisedSeq}`)).toEqual([drift]);
    });

    const told = async (...argv: string[]): Promise<string> => {
      const out: string[] = [];
      const io: Io = {
        ...{ out: (line) => out.push(line), err: () => undefined, progress: () => undefined },
        ...{ env: world().env, signal: new AbortController().signal },
      };
      await run(['--url', world().url, ...argv], io);
      return out.join('\n');
    };

    it('that nobody does is in `modelog status`, as monitoring processes tell it', async () => {
      const metrics = new Metrics({ component: 'monitoring', instance: 'monitoring-9' });
      const unwatched = { name: 'modelog_monitoring_unwatched', help: 'why', labels: ['deployment', 'code'] as const };
      metrics.gauge(unwatched).set({ deployment, code: 'watch_failed' }, 1);
      metrics.gauge({ name: 'modelog_monitoring_lag_messages', help: 'behind' }).set(7);
      const packed = await packFamilies(await metrics.families());
      world().connection.publish(monitoringMetricsSubject, JSON.stringify({ instance: 'monitoring-9', ...packed }));
      await world().connection.flush();
      const status = await told('status');
      expect(status).toMatch(/^not watched .*\nwatched +watch_failed +monitoring-9$/m);
      expect(status).toMatch(/^monitoring +lag\nmonitoring-9 +7$/m);
    });

    it('is in `modelog status` and `modelog events`', async () => {
      expect(await told('status')).toMatch(
        /^open findings: 1 +version .*\nwatched +watched@1\.0\.0 +\S+ +missing values in amount: 500 of 1000 values are missing$/m,
      );
      expect(await told('events', '--aggregate', 'monitor/watched')).toMatch(
        /DataDriftDetected +monitor\/watched +by system:monitoring +watched@1\.0\.0, window 1: drift of features in 1 of 30/,
      );
    });

    it.each([
      ['drift?deployment=watched&from=2026-11-23T12:00:00Z&to=2026-11-23T11:00:00Z', 'query.from'],
      ['drift?deployment=watched&columns=0', 'query.columns'],
      ['drift', 'query.deployment'],
      ['quality?deployment=watched&window=3', 'query.window'],
      ['quality?deployment=watched&version=latest', 'query.version'],
      ['quality?deployment=watched&cursor=abc', 'cursor'],
      ['findings?state=closed', 'query.state'],
      ['findings?limit=501', 'query.limit'],
      ['findings?as_of=seq:100000000', 'as_of'],
    ])('refuses %s by the name of the parameter', async (path, named) => {
      const code = { cursor: 'invalid_cursor', as_of: 'invalid_position' }[named] ?? 'invalid_request';
      await expectRefused(world(), () => get(path), { status: 422, code: code as 'invalid_request', path: named });
    });

    it.each(['drift', 'quality', 'findings', 'metrics'])('%s knows no deployment that is not there', async (name) => {
      const unknown = { status: 404, code: 'deployment_not_found' } as const;
      await expectRefused(world(), () => get(`${name}?deployment=nowhere`), unknown);
      await expectRefused(world(), () => get(`${name}?deployment=${deployment}&as_of=seq:1`), unknown);
    });
  });
}
