import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { pino } from 'pino';
import { isAt } from '#apps/monitoring/deployments/place.js';
import { header, monitoringMetricsSubject, subjects, type WindowRecord } from '#libs/contracts/index.js';
import { conditionsOf, isRaised } from '#libs/domain/index.js';
import { JetStreamStore } from '#libs/event-log/index.js';
import { systemClock } from '#libs/kernel/index.js';
import { DeploymentMonitor, monitorStateVersion, type MonitorState } from '#libs/monitoring/index.js';
import { expositionOf, ToldMetrics } from '#libs/nest/index.js';
import {
  startMonitoringRig,
  untilAsReplayed,
  type MonitoringRig,
  type Recorded,
  type WatchingProcess,
} from '#tests/support/monitoring.js';
import { until } from '#tests/support/wait.js';
import { baselineOf, draw, goLive, Recorder, registerVersion } from './recorded-traffic.js';

let rig: MonitoringRig;

beforeAll(async () => {
  rig = await startMonitoringRig('monitoring');
  await rig.configure({
    drift_detection: { window_size: 100, min_rows: 60 },
    performance: { min_labels: 30, accuracy_threshold: 0.75 },
    quality: { volume_factor: null },
    deployments: { ticking: { drift_detection: { window_seconds: 60 } } },
  });
  await registerVersion(rig, '1.0.0', await rig.store(baselineOf(1)));
  await registerVersion(rig, '1.1.0', `sha256:${'b'.repeat(64)}`);
}, 60_000);

afterEach(() => rig.stopWatching(), 15_000);
afterAll(() => rig.stop(), 30_000);

/** A deployment of its own in each case: they share one log. */
const recorderOf = async (deployment: string, version = '1.0.0'): Promise<Recorder> =>
  new Recorder(rig, deployment, version, await goLive(rig, deployment, version));

/** Chunks of 50 rows with their labels; from the tenth on, people are older and the model is wrong. */
async function record(recorder: Recorder, from: number, to: number): Promise<void> {
  for (let chunk = from; chunk < to; chunk++) {
    const drawn = draw(50, chunk, chunk < 10 ? {} : { shift: 1, flipped: 0.5 });
    await recorder.label(await recorder.record(drawn));
  }
}

/** What is recorded is what a replay of the log gives, event for event. */
async function expectAsReplayed(deployment: string): Promise<Recorded> {
  const replayed = await rig.replay(deployment);
  expect(await untilAsReplayed(rig, deployment, { replayed })).toEqual(replayed);
  return replayed;
}

const codesOf = (process: WatchingProcess): unknown[] =>
  process.lines().flatMap(({ err }) => (typeof err === 'object' && err !== null && 'code' in err ? [err.code] : []));
const unhealthy = async (process: WatchingProcess): Promise<string[]> =>
  (await process.health()).components.filter(({ healthy }) => !healthy).map(({ component }) => component);
const saying = (process: WatchingProcess, words: string) => process.lines().filter(({ msg }) => msg === words);

const inDatabase = async (database: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> => {
  const url = new URL(rig.database.url);
  url.pathname = database;
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
};
/** Resolves when the metrics that are told hold every one of the lines. */
async function untilTold(lines: readonly string[]): Promise<void> {
  const logger = pino({ level: 'silent' });
  const told = new ToldMetrics({
    ...{ connection: rig.connection, subject: monitoringMetricsSubject, clock: systemClock, logger },
  });
  let text = '';
  try {
    await until(
      async () => {
        text = await expositionOf(...told.families());
        return lines.every((line) => text.includes(line));
      },
      { what: () => `the metrics; they are ${text}` },
    );
  } finally {
    told.stop();
  }
}

const nameOfDatabase = (): string => new URL(rig.database.url).pathname.slice(1);

describe('a monitoring process', () => {
  // First: what another release has kept is read anew, be it of whatever deployment.
  it('lets what is recorded stand where a replay finds otherwise, and says so', async () => {
    const recorder = await recorderOf('other');
    await record(recorder, 0, 12);
    const first = await rig.watch('otherwise');
    await untilAsReplayed(rig, 'other');
    await first.stop();
    const recorded = await rig.recorded('other');
    /** The monitor of a later release: it needs larger windows. */
    const larger = (monitor: DeploymentMonitor) => ({
      apply: (...[fact, context]: Parameters<DeploymentMonitor['apply']>) => {
        const { drift_detection, ...settings } = context.settings;
        const changed = { ...settings, drift_detection: { ...drift_detection, window_size: 150 } };
        return monitor.apply(fact, { ...context, settings: changed });
      },
      state: () => monitor.state(),
      watched: () => monitor.watched(),
    });
    const folding = {
      version: monitorStateVersion + 1,
      begin: (deployment: string) => larger(new DeploymentMonitor(deployment)),
      restore: (state: unknown) => larger(DeploymentMonitor.restore(state as MonitorState)),
    };
    const later = await rig.watch('otherwise', { folding });
    await until(() => saying(later, 'the log says otherwise than its replay; what is recorded stands').length > 0, {
      what: 'the differences to be told',
    });
    const openIn = ({ findings }: Recorded): string[] => {
      const open = new Set<string>();
      for (const finding of findings)
        for (const { condition } of conditionsOf(finding))
          if (isRaised(finding)) open.add(condition);
          else open.delete(condition);
      return [...open].filter((condition) => condition.startsWith('data_drift/'));
    };
    expect(openIn(recorded)).not.toEqual([]);
    // As in training: what the earlier release has found ends with the findings of this one.
    await record(recorder, 0, 10);
    const found = await until(
      async () => {
        const now = await rig.recorded('other');
        return openIn(now).length === 0 && now;
      },
      { what: 'the drift to be over' },
    );
    expect(found.records.length).toBeGreaterThan(recorded.records.length);
    expect(found.records.slice(0, recorded.records.length)).toEqual(recorded.records);
    expect(found.findings.slice(0, recorded.findings.length)).toEqual(recorded.findings);
    await later.stop();
  });

  it('records what a replay of the log finds, of a deployment that it knows and of one that comes later', async () => {
    const known = await recorderOf('known');
    await record(known, 0, 6);
    const monitoring = await rig.watch('first');
    await record(known, 6, 18);
    const later = await recorderOf('later');
    await record(later, 0, 18);
    for (const deployment of ['known', 'later']) {
      const replayed = await expectAsReplayed(deployment);
      expect(new Set(replayed.findings.map(({ type }) => type))).toEqual(
        new Set(['DataDriftDetected', 'PerformanceDegraded', 'ConceptDriftDetected']),
      );
      expect(new Set(replayed.records.map(({ type }) => type))).toEqual(
        new Set(['WindowClosed', 'PerformanceMeasured']),
      );
    }
    expect(await monitoring.health()).toMatchObject({ ready: true });
    await monitoring.stop();
  });

  it('tells what it counts, and how far it is', async () => {
    const recorder = await recorderOf('counted', '1.1.0');
    await record(recorder, 0, 4);
    await rig.watch('telling', { times: { metricsMs: 30 } });
    await expectAsReplayed('counted');
    const wanted = [
      'modelog_monitoring_deployments{state="watched",component="monitoring",instance="telling"}',
      'modelog_monitoring_healthy{check="deployments",component="monitoring",instance="telling"} 1',
      'modelog_monitoring_lag_messages{component="monitoring",instance="telling"} 0',
      'modelog_monitoring_rows_total{deployment="counted",kind="prediction",component="monitoring",instance="telling"} 200',
      'modelog_monitoring_records_total{deployment="counted",type="WindowClosed",how="appended",component="monitoring",instance="telling"} 2',
    ];
    await untilTold(wanted);
  });

  it('goes on from its checkpoint; without it, or with one that it cannot use, it compares and appends nothing twice', async () => {
    const recorder = await recorderOf('lost');
    await record(recorder, 8, 14);
    const first = await rig.watch('checkpoints');
    expect((await untilAsReplayed(rig, 'lost')).findings.length).toBeGreaterThan(0);
    await first.stop();
    const rows = "from monitoring_process.checkpoints where deployment = 'lost'";
    const damages = [
      `delete ${rows}`,
      "update monitoring_process.checkpoints set state = 'x' where deployment = 'lost'",
      "update monitoring_process.checkpoints set state_version = 0 where deployment = 'lost'",
    ];
    for (const damage of ['', ...damages]) {
      if (damage !== '') await inDatabase(nameOfDatabase(), (client) => client.query(damage));
      const again = await rig.watch('checkpoints');
      const watched = await until(
        () => saying(again, 'the deployment is watched').find((line) => line.deployment === 'lost'),
        {
          what: 'the deployment to be watched',
        },
      );
      expect(watched.restored).toBe(damage === '');
      const { seq: recorded } = await recorder.record(draw(50, 1));
      await until(
        () =>
          inDatabase(nameOfDatabase(), async (client) => {
            const { rows: found } = await client.query<{ seq: string }>(`select traffic_seq as seq ${rows}`);
            if (Number(found[0]?.seq) < recorded) throw new Error(`kept up to ${found[0]?.seq}`);
          }).then(() => true),
        { what: 'the checkpoint' },
      );
      expect(saying(again, 'the log says otherwise than its replay; what is recorded stands')).toEqual([]);
      await again.stop();
    }
    expect(await rig.recorded('lost')).toEqual(await rig.replay('lost'));
  });

  it('watches the deployments that fall to its place, and another one the others', async () => {
    const names = Array.from({ length: 4 }, (_, index) => `shared ${index}`);
    const owns = (index: number) => names.filter((name) => isAt({ index, count: 2 }, name));
    expect(Math.min(owns(0).length, owns(1).length)).toBeGreaterThan(0);
    const both = [await rig.watch('half-0', { place: '0/2' }), await rig.watch('half-1', { place: '1/2' })];
    for (const name of names) await record(await recorderOf(name, '1.1.0'), 9, 12);
    for (const name of names) await expectAsReplayed(name);
    for (const [index, process] of both.entries()) {
      const watched = saying(process, 'the deployment is watched').map(({ deployment }) => String(deployment));
      expect(watched.filter((name) => name.startsWith('shared')).sort()).toEqual(owns(index));
    }
    await Promise.all(both.map((process) => process.stop()));
  });

  it('stands by while another one watches, and takes over when that one leaves', async () => {
    const recorder = await recorderOf('contested', '1.1.0');
    await record(recorder, 0, 3);
    const watching = await rig.watch('one');
    await untilAsReplayed(rig, 'contested');
    const standing = await rig.watch('two');
    await until(() => saying(standing, 'the deployment is watched by another process').length > 0, {
      what: 'standing by',
    });
    expect(await standing.health()).toMatchObject({ ready: true });
    await watching.stop();
    await record(recorder, 3, 12);
    await expectAsReplayed('contested');
    await standing.stop();
  });

  it('loses by name to one that took it for gone; nothing is appended twice', async () => {
    const recorder = await recorderOf('fenced');
    await record(recorder, 0, 3);
    // It works and is not heard of.
    const silent = await rig.watch('silent', { times: { beatMs: 3_600_000, checkpointMs: 300 } });
    await untilAsReplayed(rig, 'fenced');
    const second = await rig.watch('second', { times: { goneAfterS: 0.05 } });
    await until(() => saying(second, 'the deployment is watched').some(({ deployment }) => deployment === 'fenced'), {
      what: 'the deployment to be taken over',
    });
    await record(recorder, 3, 10);
    await expectAsReplayed('fenced');
    const lost = await until(() => codesOf(silent).find((code) => code === 'watch_fenced' || code === 'watch_lost'), {
      what: 'one to lose',
    });
    expect(lost).toBeDefined();
    expect(await rig.recorded('fenced')).toEqual(await rig.replay('fenced'));
    await Promise.all([silent.stop(), second.stop()]);
  });

  it('gives way to another one of its name, and watches again when that one has left', async () => {
    const recorder = await recorderOf('named', '1.1.0');
    await record(recorder, 0, 2);
    const older = await rig.watch('twin', { times: { beatMs: 50 } });
    await untilAsReplayed(rig, 'named');
    const younger = await rig.watch('twin');
    const reason = async (): Promise<string> => {
      const { components } = await older.health();
      return components.find(({ component }) => component === 'deployments')?.reason ?? '';
    };
    await until(async () => (await reason()).startsWith('another monitoring process runs as twin@'), {
      what: 'the older one to give way',
    });
    await record(recorder, 2, 5);
    await expectAsReplayed('named');
    await younger.stop();
    await record(recorder, 5, 8);
    await expectAsReplayed('named');
    expect(await unhealthy(older)).toEqual([]);
    expect(saying(older, 'the name of this process is free again: it watches again')).toHaveLength(1);
    await older.stop();
  });

  it('goes on without PostgreSQL, and keeps its checkpoints when that is back', async () => {
    const recorder = await recorderOf('without');
    await record(recorder, 0, 3);
    const monitoring = await rig.watch('without-postgres');
    await untilAsReplayed(rig, 'without');
    const database = nameOfDatabase();
    await inDatabase('postgres', async (client) => {
      await client.query(`alter database ${client.escapeIdentifier(database)} allow_connections false`);
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [database]);
    });
    try {
      await record(recorder, 3, 9);
      await expectAsReplayed('without');
      await until(() => saying(monitoring, 'a checkpoint could not be kept').length > 0, {
        what: 'a failed checkpoint',
      });
      await until(async () => (await unhealthy(monitoring)).includes('postgres'), { what: 'it to be told' });
    } finally {
      await inDatabase('postgres', (client) =>
        client.query(`alter database ${client.escapeIdentifier(database)} allow_connections true`),
      );
    }
    await record(recorder, 9, 11);
    await untilAsReplayed(rig, 'without');
    await until(async () => (await unhealthy(monitoring)).length === 0, { what: 'it to be over' });
    await monitoring.stop();
    const again = await rig.watch('without-postgres');
    const watched = await until(
      () => saying(again, 'the deployment is watched').find(({ deployment }) => deployment === 'without'),
      { what: 'the deployment to be watched again' },
    );
    expect(watched).toMatchObject({ restored: true, traffic_seq: (await rig.traffic.head()).lastSeq });
    await again.stop();
  });

  it('goes on when the log has been away', async () => {
    const recorder = await recorderOf('away', '1.1.0');
    await record(recorder, 0, 3);
    const monitoring = await rig.watch('without-log');
    await expectAsReplayed('away');
    await rig.nats.kill();
    await until(async () => (await unhealthy(monitoring)).join() === 'events,traffic', { what: 'it to be told' });
    await rig.nats.restart();
    const traffic = new JetStreamStore({ connection: rig.connection, stream: rig.traffic.name, timeoutMs: 300 });
    await until(() => traffic.head(), { what: 'the log to be there again' });
    await record(recorder, 3, 9);
    await expectAsReplayed('away');
    // Snapshots that could not be read meanwhile are told as warnings: nothing rests on them.
    expect(monitoring.lines().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
    expect(await unhealthy(monitoring)).toEqual([]);
  });

  it('watches a version whose baseline is missing, and says once that there is nothing to compare with', async () => {
    const recorder = await recorderOf('bare', '1.1.0');
    await record(recorder, 0, 7);
    const monitoring = await rig.watch('bare');
    const found = await expectAsReplayed('bare');
    const issues = found.findings.flatMap(({ type, data }) => (type === 'QualityIssueFound' ? data.issues : []));
    expect(issues.map(({ check }) => check)).toEqual(['no_reference']);
    expect(issues[0]!.detail).toContain(`the baseline sha256:${'b'.repeat(64)} is not in the artifact store`);
    await monitoring.stop();
  });

  it('passes by what is no message of the deployment, and gives up a deployment that names what EVENTS has not', async () => {
    const recorder = await recorderOf('odd', '1.1.0');
    const monitoring = await rig.watch('odd');
    await rig.traffic.publish({ subject: subjects.predictions('odd'), headers: {}, data: Buffer.from('no chunk') });
    await rig.traffic.publish({
      subject: subjects.ticks('odd'),
      headers: { [header.type]: 'Ticked' },
      data: Buffer.from('{"deployment":"even","at":"2026-11-23T10:00:00Z","events_seq":1}'),
    });
    await record(recorder, 0, 4);
    await expectAsReplayed('odd');
    expect(saying(monitoring, 'a message cannot be read and counts for nothing').map(({ reason }) => reason)).toEqual([
      expect.stringContaining("does not begin with 'MPC1'"),
      'is of deployment even, on the subject of odd',
    ]);
    const { lastSeq } = await rig.events.head();
    const ahead = new Recorder(rig, 'ahead', '1.1.0', lastSeq + 1_000);
    await ahead.record(draw(10, 1));
    await until(() => codesOf(monitoring).includes('events_behind'), { what: 'the deployment to be given up' });
    await record(recorder, 4, 8);
    await expectAsReplayed('odd');
    const reason = async (): Promise<string> => {
      const { components } = await monitoring.health();
      return components.find(({ component }) => component === 'deployments')?.reason ?? '';
    };
    const given = /deployment ahead is not watched: .* names EVENTS \d+, whose last sequence is/;
    // It is tried again and again.
    await until(async () => given.test(await reason()), { what: 'the deployment to be told of' });
    await monitoring.stop();
  });

  it('gives up a deployment on which the monitor fails, leaves out what no log can hold, and goes on with the rest', async () => {
    const names = ['sound', 'failing', 'vast'];
    const recorders = await Promise.all(names.map((name) => recorderOf(name, '1.1.0')));
    for (const recorder of recorders) await record(recorder, 0, 2);
    const failsAt = (await recorders[1]!.record(draw(50, 2))).seq;
    /** Fails at a message of one deployment; of another it finds what is larger than a message may be. */
    const faulty = (monitor: DeploymentMonitor) => ({
      apply: (...[fact, context]: Parameters<DeploymentMonitor['apply']>) => {
        if (fact.seq === failsAt) throw new Error('a defect');
        const outputs = monitor.apply(fact, context);
        const [first] = outputs.filter(({ kind }) => kind === 'record');
        if (monitor.deployment !== 'vast' || first?.kind !== 'record') return outputs;
        const notes = ['long '.repeat(300_000)];
        const vast = { type: 'WindowClosed', data: { ...first.record.data, notes } } as WindowRecord;
        return [...outputs, { kind: 'record', record: vast } as const];
      },
      state: () => monitor.state(),
      watched: () => monitor.watched(),
    });
    const folding = {
      version: monitorStateVersion,
      begin: (deployment: string) => faulty(new DeploymentMonitor(deployment)),
      restore: (state: unknown) => faulty(DeploymentMonitor.restore(state as MonitorState)),
    };
    const monitoring = await rig.watch('faulty', { folding, times: { metricsMs: 30 } });
    const given = new RegExp(`deployment failing is not watched: deployment failing: TRAFFIC ${failsAt}: a defect`);
    const reason = async (): Promise<string> => {
      const { components } = await monitoring.health();
      return components.find(({ component }) => component === 'deployments')?.reason ?? '';
    };
    await until(async () => given.test(await reason()), { what: 'the deployment to be told of' });
    await record(recorders[0]!, 2, 6);
    await record(recorders[2]!, 2, 6);
    for (const name of ['sound', 'vast']) await expectAsReplayed(name);
    expect(codesOf(monitoring)).toContain('watch_failed');
    expect(saying(monitoring, 'what was found cannot be recorded')[0]).toMatchObject({
      ...{ level: 'error', deployment: 'vast', type: 'WindowClosed', reason: expect.stringContaining('max_payload') },
    });
    const of = 'component="monitoring",instance="faulty"';
    await untilTold([
      `modelog_monitoring_unwatched{deployment="failing",code="watch_failed",${of}} 1`,
      `modelog_monitoring_unrecorded_total{deployment="vast",type="WindowClosed",${of}}`,
      `modelog_monitoring_watches_ended_total{deployment="failing",code="watch_failed",${of}}`,
      `modelog_monitoring_healthy{check="deployments",${of}} 0`,
    ]);
    await monitoring.stop();
  });

  it('puts a deployment down that takes no traffic any more, and takes it up again when some comes', async () => {
    const recorder = await recorderOf('retired', '1.1.0');
    await record(recorder, 0, 3);
    const monitoring = await rig.watch('resting', { times: { restMs: 100 } });
    await untilAsReplayed(rig, 'retired');
    await rig.append(subjects.deployment('retired'), {
      type: 'DeploymentRetired',
      data: { deployment: 'retired', reason: 'no longer needed' },
    });
    const down = 'the deployment takes no traffic and is put down';
    await until(() => saying(monitoring, down).some(({ deployment }) => deployment === 'retired'), { what: down });
    expect(saying(monitoring, down).map(({ deployment }) => deployment)).toEqual(['retired']);
    await record(recorder, 3, 7);
    await expectAsReplayed('retired');
    const again = saying(monitoring, 'the deployment is watched').filter(({ deployment }) => deployment === 'retired');
    expect(again.map(({ restored }) => restored)).toContain(true);
    await monitoring.stop();
  });

  it('ticks for deployments that end windows by time, as long as they take traffic', async () => {
    const ticking = await recorderOf('ticking', '1.1.0');
    const quiet = await recorderOf('quiet', '1.1.0');
    await ticking.record(draw(10, 1));
    await quiet.record(draw(10, 1));
    const monitoring = await rig.watch('ticking', { times: { tickMs: 40 } });
    const ticksOf = (deployment: string) => rig.traffic.readSubject(subjects.ticks(deployment), 1, 'leader');
    await until(async () => (await ticksOf('ticking')).length >= 3, { what: 'ticks' });
    await rig.append(subjects.deployment('ticking'), {
      type: 'DeploymentRetired',
      data: { deployment: 'ticking', reason: 'no longer needed' },
    });
    const { lastSeq } = await rig.events.head();
    await monitoring.stop();
    const at = (await ticksOf('ticking')).map(({ data }) => JSON.parse(Buffer.from(data).toString()) as { at: string });
    expect(at.map((tick) => tick.at)).toEqual([...new Set(at.map((tick) => tick.at))].sort());
    expect(at[0]).toMatchObject({ deployment: 'ticking', events_seq: lastSeq - 1 });
    expect(await ticksOf('quiet')).toEqual([]);
  });
});
