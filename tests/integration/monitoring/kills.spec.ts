import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { startMonitoringRig, untilAsReplayed, type MonitoringRig } from '#tests/support/monitoring.js';
import { buildPlatform } from '#tests/support/platform.js';
import { until } from '#tests/support/wait.js';
import { baselineOf, draw, goLive, Recorder, registerVersion } from './recorded-traffic.js';

let rig: MonitoringRig;

beforeAll(async () => {
  buildPlatform();
  rig = await startMonitoringRig('kills');
  await rig.configure({
    drift_detection: { window_size: 40, min_rows: 20 },
    performance: { min_labels: 10 },
    quality: { volume_factor: null },
  });
}, 120_000);

afterAll(() => rig.stop(), 30_000);

/** The first before any checkpoint is kept, the others behind one. */
const kills = 3;

it(`finds through ${kills} kills what a replay finds, event for event`, async () => {
  await registerVersion(rig, '1.0.0', await rig.store(baselineOf(1)));
  const recorder = new Recorder(rig, 'churn', '1.0.0', await goLive(rig, 'churn', '1.0.0'));
  let chunk = 0;
  const record = async (): Promise<void> => {
    const drawn = draw(30, chunk, chunk % 20 < 10 ? {} : { shift: 1, flipped: 0.5 });
    await recorder.label(await recorder.record(drawn));
    chunk += 1;
  };
  const recorded = async (): Promise<number> => (await rig.windows.head()).lastSeq;

  let monitoring = await rig.start('monitoring-1');
  for (let kill = 0; kill < kills; kill++) {
    const before = await recorded();
    await until(
      async () => {
        await record();
        return (await recorded()) >= before + 4;
      },
      { what: 'further windows' },
    );
    await monitoring.kill();
    await record();
    monitoring = await rig.start('monitoring-1');
  }
  for (const last = chunk + 5; chunk < last;) await record();
  const replayed = await rig.replay('churn');
  expect(replayed.findings.length).toBeGreaterThan(2);
  expect(await untilAsReplayed(rig, 'churn', { replayed })).toEqual(replayed);
  expect(monitoring.output()).not.toContain('the log says otherwise');
  await monitoring.stop();
  expect(await rig.recorded('churn')).toEqual(replayed);
}, 60_000);
