import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import { startMonitoringRig, untilAsReplayed, type MonitoringRig } from '#tests/support/monitoring.js';
import { buildPlatform } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { baselineOf, draw, goLive, Recorder, registerVersion } from './recorded-traffic.js';

let rig: MonitoringRig;
let database: Database;

beforeAll(async () => {
  buildPlatform();
  rig = await startMonitoringRig('kills');
  database = openDatabase({ url: rig.database.url, applicationName: 'spec' });
  await rig.configure({
    drift_detection: { window_size: 40, min_rows: 20 },
    performance: { min_labels: 10 },
    quality: { volume_factor: null },
  });
}, 120_000);

afterAll(async () => {
  await database.end();
  await rig.stop();
}, 30_000);

/** The first before any checkpoint is kept, the others behind one. */
const kills = 3;

it(`finds through ${kills} kills what a replay finds, event for event`, async () => {
  await registerVersion(rig, '1.0.0', await rig.store(baselineOf(1)));
  const recorder = new Recorder(rig, 'churn', '1.0.0', await goLive(rig, 'churn', '1.0.0'));
  let chunk = 0;
  const record = async (): Promise<number> => {
    const drawn = draw(30, chunk, chunk % 20 < 10 ? {} : { shift: 1, flipped: 0.5 });
    const sent = await recorder.record(drawn);
    await recorder.label(sent);
    chunk += 1;
    return sent.seq;
  };
  const recorded = async (): Promise<number> => (await rig.windows.head()).lastSeq;

  let monitoring = await rig.start('monitoring-1');
  for (let kill = 0; kill < kills; kill++) {
    const before = await recorded();
    const first = await record();
    if (kill > 0) await until(async () => (await keptUpTo()) >= first, { what: 'a checkpoint' });
    for (let more = 0; more < 8; more++) await record();
    // In the middle of what it finds of them.
    await until(async () => (await recorded()) >= before + 3, { what: 'further windows', everyMs: 5 });
    await monitoring.kill();
    await record();
    monitoring = await rig.start('monitoring-1');
  }
  for (const last = chunk + 5; chunk < last;) await record();
  const replayed = await rig.replay('churn');
  expect(replayed.findings.length).toBeGreaterThan(2);
  expect(await untilAsReplayed(rig, 'churn', { replayed })).toEqual(replayed);
  expect(monitoring.output()).not.toContain('the log says otherwise');
  expect(monitoring.output()).not.toContain('the log has other findings open');
  await monitoring.stop();
  expect(await rig.recorded('churn')).toEqual(replayed);
}, 120_000);

/** Sequence of TRAFFIC behind which the newest checkpoint was kept. */
async function keptUpTo(): Promise<number> {
  const { rows } = await database.query<{ seq: number }>(
    `select traffic_seq as seq from monitoring_process.checkpoints where deployment = 'churn'`,
  );
  return rows[0]?.seq ?? 0;
}
