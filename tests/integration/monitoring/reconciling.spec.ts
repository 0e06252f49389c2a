import { jetstream } from '@nats-io/jetstream';
import { Objm } from '@nats-io/obj';
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { subjects, type MonitoringEvent } from '#libs/contracts/index.js';
import { conditionsOf, isRaised, monitorDefinition, type MonitorState } from '#libs/domain/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import { openDatabase, type Database } from '#libs/projecting/index.js';
import {
  startMonitoringRig,
  untilAsReplayed,
  type MonitoringRig,
  type WatchingProcess,
} from '#tests/support/monitoring.js';
import { until } from '#tests/support/wait.js';
import { baselineOf, draw, goLive, model, Recorder, registerVersion } from './recorded-traffic.js';

let rig: MonitoringRig;
let database: Database;
const baseline = baselineOf(1);
let artifact: string;

beforeAll(async () => {
  rig = await startMonitoringRig('reconciling');
  database = openDatabase({ url: rig.database.url, applicationName: 'spec' });
  await rig.configure({
    drift_detection: { window_size: 100, min_rows: 60 },
    performance: { min_labels: 30, accuracy_threshold: 0.75 },
    quality: { volume_factor: null },
  });
  artifact = await rig.store(baseline);
  await registerVersion(rig, '1.0.0', artifact);
}, 60_000);

afterEach(() => rig.stopWatching(), 15_000);
afterAll(async () => {
  await database.end();
  await rig.stop();
}, 30_000);

const told = 'the log has other findings open than its replay: they are raised and cleared';
const saying = (process: WatchingProcess, words: string) => process.lines().filter(({ msg }) => msg === words);

/** People are older and the model is wrong from the fourth chunk on. */
async function record(recorder: Recorder, from: number, to: number): Promise<void> {
  for (let chunk = from; chunk < to; chunk++)
    await recorder.label(await recorder.record(draw(50, chunk, chunk < 4 ? {} : { shift: 1, flipped: 0.5 })));
}

async function begun(deployment: string): Promise<Recorder> {
  const recorder = new Recorder(rig, deployment, '1.0.0', await goLive(rig, deployment, '1.0.0'));
  await record(recorder, 0, 10);
  const first = await rig.watch('first');
  await untilAsReplayed(rig, deployment);
  await first.stop();
  return recorder;
}

async function openOf(deployment: string): Promise<MonitorState['open']> {
  const { findings } = await rig.recorded(deployment);
  const { decider } = monitorDefinition;
  const origin = { actor: 'test', at: '' };
  return findings.reduce(
    (state, finding, index) => decider.evolve(state, finding, { ...origin, seq: index + 1 }),
    decider.initialState,
  ).open;
}
const namesOf = (open: MonitorState['open']): string[] => Object.keys(open).map((key) => key.split(' ')[1]!);

const loseBaseline = async (): Promise<void> => {
  await (await new Objm(jetstream(rig.connection)).open('ARTIFACTS')).delete(artifact);
};
const forget = (deployment: string) =>
  database.query('delete from monitoring_process.checkpoints where deployment = $1', [deployment]);

/** Resolves when everything up to a message is kept, and so on the log. */
const kept = (deployment: string, seq: number) =>
  until(
    async () => {
      const { rows } = await database.query<{ seq: number }>(
        'select traffic_seq as seq from monitoring_process.checkpoints where deployment = $1',
        [deployment],
      );
      return (rows[0]?.seq ?? 0) >= seq;
    },
    { what: `a checkpoint behind TRAFFIC ${seq}` },
  );

/** A life that reads the log from its beginning, until it is watched up to its end. */
async function again(deployment: string): Promise<WatchingProcess> {
  await forget(deployment);
  const process = await rig.watch('again');
  await until(() => saying(process, 'the deployment is watched').some((line) => line.deployment === deployment), {
    what: 'the deployment to be watched',
  });
  return process;
}

it('tells that the baseline is missing, though it was lost between two lives, and clears what nobody can find any more', async () => {
  const deployment = 'bereft';
  const recorder = await begun(deployment);
  const before = await rig.recorded(deployment);
  expect(namesOf(await openOf(deployment))).toContain('data_drift/features');

  await loseBaseline();
  // Without a single further message.
  const second = await again(deployment);
  const open = await until(
    async () => {
      const names = namesOf(await openOf(deployment));
      return names.includes('quality/no_reference/*') && !names.includes('data_drift/features') && names;
    },
    { what: 'the log to say so' },
  );
  const replayed = await rig.replay(deployment);
  const { findings } = await rig.recorded(deployment);
  expect(findings.slice(0, before.findings.length)).toEqual(before.findings);
  const added = findings.slice(before.findings.length);
  const raised = added.filter(isRaised);
  // As the replay has made it: of the rows where it was.
  for (const finding of raised) expect(replayed.findings).toContainEqual(finding);
  for (const cleared of added.filter((finding) => !isRaised(finding))) {
    expect(JSON.stringify(cleared)).toContain('a replay does not find it');
    const of = before.findings.find((finding) => idsOf(finding).some((id) => idsOf(cleared).includes(id)))!;
    expect(cleared.data.inputs).toEqual(of.data.inputs);
  }
  expect(saying(second, told)).toHaveLength(1);

  // What is found from then on fits, and records of windows say what the log says.
  await record(recorder, 10, 14);
  const { records } = await untilAsReplayed(rig, deployment);
  const last = records.findLast(({ type }) => type === 'WindowClosed')!;
  expect(last.data).toMatchObject({ open: expect.arrayContaining(['quality/no_reference/*']) });
  await second.stop();
  expect(namesOf(await openOf(deployment)).sort()).toEqual(expect.arrayContaining(open));

  // A further replay finds the log as it is.
  const settled = await rig.recorded(deployment);
  const third = await again(deployment);
  await kept(deployment, (await recorder.record(draw(50, 14))).seq);
  await third.stop();
  const { findings: after } = await rig.recorded(deployment);
  expect(saying(third, told)).toEqual([]);
  expect(after.slice(0, settled.findings.length)).toEqual(settled.findings);

  // The baseline is put back: what was cleared is raised under an id that the log has never had.
  expect(await rig.store(baseline)).toBe(artifact);
  const fourth = await again(deployment);
  await until(
    async () => {
      const names = namesOf(await openOf(deployment));
      return names.includes('data_drift/features') && !names.includes('quality/no_reference/*');
    },
    { what: 'the drift to be told again' },
  );
  await fourth.stop();
  const ids = (await rig.recorded(deployment)).findings.filter(isRaised).flatMap(idsOf);
  expect(new Set(ids).size).toBe(ids.length);
}, 90_000);

const idsOf = (finding: MonitoringEvent): string[] => conditionsOf(finding).map(({ finding_id }) => finding_id);

it('clears what the log has open and no replay finds, of a version that is gone and a deployment that is retired, too', async () => {
  const deployment = 'retired';
  const place = { seq: 1, row: 0 };
  await rig.append(subjects.monitor(deployment), {
    type: 'ConceptDriftDetected',
    data: {
      ...{ deployment, model, version: '0.9.0', at: '2026-01-01T00:00:00.000Z', window: null },
      inputs: { first: place, last: place, rows: 40, sampled: 40 },
      ...{
        events_seq: 1,
        configuration_seq: 1,
        reference: null,
        method: { name: 'adwin', version: 1, parameters: {} },
      },
      ...{ condition: 'concept_drift/adwin', finding_id: uuidv5(namespaces.entity, 'of an earlier release') },
      ...{ detector: 'adwin', labels: 40, error_before: 0.1, error_now: 0.4 },
    },
  });
  const recorder = new Recorder(rig, deployment, '1.0.0', await goLive(rig, deployment, '1.0.0'));
  await record(recorder, 0, 2);
  await rig.append(subjects.deployment(deployment), {
    type: 'DeploymentRetired',
    data: { deployment, reason: 'over' },
  });
  const process = await rig.watch('first');
  const cleared = await until(
    async () => (await rig.recorded(deployment)).findings.find(({ type }) => type === 'ConceptDriftCleared'),
    { what: 'it to be cleared' },
  );
  expect(cleared.data).toMatchObject({
    ...{ version: '0.9.0', detector: 'adwin', inputs: { first: place, last: place } },
    reason: expect.stringMatching('a replay does not find it'),
  });
  await process.stop();
  expect(await openOf(deployment)).toEqual({});
}, 60_000);

it('appends nothing where log and replay agree: behind a checkpoint, without one, and with further traffic', async () => {
  const deployment = 'sound';
  const recorder = await begun(deployment);
  expect(Object.keys(await openOf(deployment)).length).toBeGreaterThan(0);
  for (const [index, restart] of [() => rig.watch('first'), () => again(deployment)].entries()) {
    const { findings } = await rig.recorded(deployment);
    const process = await restart();
    await kept(deployment, (await recorder.record(draw(10, index))).seq);
    await process.stop();
    expect(await rig.recorded(deployment)).toEqual(await rig.replay(deployment));
    expect((await rig.recorded(deployment)).findings).toEqual(findings);
    expect(saying(process, told)).toEqual([]);
  }
}, 60_000);
