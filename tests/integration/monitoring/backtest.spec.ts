import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BacktestReport } from '#apps/cli/offline/backtest/run.js';
import { run } from '#apps/cli/run.js';
import { encodePredictionId, epochCheck } from '#libs/contracts/index.js';
import { namespaces, uuidv5 } from '#libs/kernel/index.js';
import { startMonitoringRig, untilAsReplayed, type MonitoringRig, type Recorded } from '#tests/support/monitoring.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { baselineOf, draw, goLive, Recorder, registerVersion, type Drawn } from './recorded-traffic.js';

interface SeaFixture {
  readonly samples: number;
  readonly changes: readonly number[];
  readonly kswin_seed: number;
  readonly streams: readonly {
    readonly errors: string;
    readonly detectors: Readonly<Record<string, { readonly drifts: readonly number[] }>>;
  }[];
}

const sea = JSON.parse(
  readFileSync(new URL('../../fixtures/statistics/detector_streams_sea.json', import.meta.url), 'utf8'),
) as SeaFixture;

let rig: MonitoringRig;
let recorded: Recorded;
/** Of the chunks in `watched`. */
const sequences: number[] = [];

beforeAll(async () => {
  rig = await startMonitoringRig('backtest');
  await rig.configure({
    drift_detection: { window_size: 200, min_rows: 100 },
    performance: { min_labels: 50, accuracy_threshold: 0.75 },
    quality: { volume_factor: null },
  });
  await registerVersion(rig, '1.0.0', await rig.store(baselineOf(1)));
  const monitoring = await rig.watch('backtest');
  const recorder = new Recorder(rig, 'watched', '1.0.0', await goLive(rig, 'watched', '1.0.0'));
  for (let chunk = 0; chunk < 24; chunk++) {
    const sent = await recorder.record(draw(70, chunk, chunk < 10 ? {} : { shift: 1, flipped: 0.5 }));
    sequences.push(sent.seq);
    await recorder.label(sent);
    // Settings that change on the way hold for what comes behind them.
    if (chunk === 15) await rig.configure({ drift_detection: { window_size: 150, min_rows: 100, effect: 0.3 } });
  }
  recorded = await untilAsReplayed(rig, 'watched');
  await monitoring.stop();
  await recordSea();
}, 120_000);

afterAll(() => rig.stop(), 30_000);

/** A version whose answers are wrong where the fixture's classifier was. */
async function recordSea(): Promise<void> {
  const bytes = Buffer.from(sea.streams[0]!.errors, 'base64');
  const wrong = Array.from({ length: sea.samples }, (_, at) => ((bytes[at >>> 3]! >>> (7 - (at & 7))) & 1) === 1);
  const recorder = new Recorder(rig, 'sea', '1.0.0', await goLive(rig, 'sea', '1.0.0'));
  for (let from = 0; from < sea.samples; from += 250) {
    const { truth: _, ...drawn } = draw(250, from);
    const truth = Array.from(drawn.probability, (p, row) => (p >= 0.5 === wrong[from + row]! ? 'no' : 'yes'));
    const sent = await recorder.record({ ...drawn, truth } satisfies Drawn);
    // Half of them twice: the first label of a prediction counts.
    await recorder.label(sent);
    await recorder.label(sent, [0, 1, 2, 3]);
  }
}

interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: readonly string[];
}

/** As the command line runs it. */
async function modelog(...argv: string[]): Promise<Ran> {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    ...{ out: (line: string) => out.push(line), err: (line: string) => err.push(line), progress: () => undefined },
    ...{ env: { NATS_URL: rig.nats.url }, signal: new AbortController().signal },
  };
  return { code: await run(['backtest', ...argv], io), out, err };
}

async function report(...argv: string[]): Promise<BacktestReport> {
  const { code, out, err } = await modelog('--json', ...argv);
  if (code !== 0) throw new Error(err.join('\n'));
  return JSON.parse(out[0]!) as BacktestReport;
}

const timeOf = async (seq: number): Promise<string> => {
  const message = await rig.traffic.get(seq, 'leader');
  return new Date(message!.time).toISOString();
};

describe('modelog backtest', () => {
  it('finds with the settings of the log what is recorded, finding for finding', async () => {
    const found = await report('--deployment', 'watched');
    expect(new Set(recorded.findings.map(({ type }) => type))).toEqual(
      new Set(['DataDriftDetected', 'PerformanceDegraded', 'ConceptDriftDetected']),
    );
    expect(found.monitor?.findings).toEqual(recorded.findings);
    expect(found.recorded).toEqual(recorded.findings);
    expect(found.compared.map(({ recorded: also, index }) => [also, index !== null])).toEqual(
      recorded.findings.map(() => [true, true]),
    );
    const closed = recorded.records.filter(({ type }) => type === 'WindowClosed').length;
    expect(found.monitor?.versions).toMatchObject([{ version: '1.0.0', rows: 1680, windows: closed }]);
    expect(found).toMatchObject({ rows: 1680, labels: 1680, notes: [] });
  });

  it('tells of a span what is recorded there, with all before it applied; fresh, what is found from there on', async () => {
    const [from, to] = [sequences[12]!, sequences[20]!];
    const [after, before] = [Date.parse(await timeOf(from)), Date.parse(await timeOf(to))];
    const expected = recorded.findings.filter(
      ({ data: { at } }) => Date.parse(at) >= after && Date.parse(at) <= before,
    );
    expect(expected.length).toBeGreaterThan(0);
    expect(expected.length).toBeLessThan(recorded.findings.length);
    const span = ['--from', new Date(after).toISOString(), '--to', new Date(before).toISOString()];
    const found = await report('--deployment', 'watched', ...span);
    expect(found.monitor?.findings).toEqual(expected);
    expect(found.recorded).toEqual(expected);
    const fresh = await report(
      '--deployment',
      'watched',
      '--from',
      `traffic:${from}`,
      '--to',
      `traffic:${to}`,
      '--fresh',
    );
    expect(fresh.span).toMatchObject({ first_seq: from, last_seq: to });
    expect(fresh.rows).toBe(9 * 70);
    expect(fresh.monitor?.findings.map(({ type, data }) => [type, data.window])).toContainEqual([
      'DataDriftDetected',
      1,
    ]);
  });

  it('runs the monitor with other settings beside what was recorded', async () => {
    const larger = ['--policy', 'evidently', '--window', '350', '--change-points', '700'];
    const found = await report('--deployment', 'watched', ...larger);
    const drift = found.monitor!.findings.filter(({ type }) => type === 'DataDriftDetected');
    expect(drift.length).toBeGreaterThan(0);
    for (const { data } of drift) expect(data).toMatchObject({ policy: 'evidently', inputs: { rows: 350 } });
    expect(found.monitor!.findings.every(({ type }) => type.startsWith('DataDrift'))).toBe(true);
    // The third window ends with the first 350 rows of people that are older.
    expect(found.monitor!.scores.find(({ condition }) => condition === 'data_drift/features')?.score).toMatchObject({
      ...{ samples: 1680, alarms: 1, recall: 1, precision: 1, mean_delay: 349, false_alarms: 0 },
    });
    const metric = await report('--deployment', 'watched', '--metric', 'accuracy', '--min', '0.1');
    expect(metric.monitor!.findings).toEqual([]);
    expect(metric.recorded.map(({ type }) => type)).toContain('PerformanceDegraded');
    expect(metric.compared.every(({ index }) => index === null)).toBe(true);
    const set = await report('--deployment', 'watched', '--set', 'concept_drift.detectors={"ddm":{}}');
    expect(new Set(set.monitor!.findings.map(({ data }) => 'detector' in data && data.detector))).toEqual(
      new Set(['ddm']),
    );
  });

  it("finds river's indices on SEA with every detector in one pass, and scores them by the known changes", async () => {
    const expected = sea.streams[0]!.detectors;
    const wanted = Object.keys(expected).map((name) => (name === 'kswin' ? `kswin:seed=${sea.kswin_seed}` : name));
    const points = ['--change-points', sea.changes.join(',')];
    const found = await report('--deployment', 'sea', ...points, ...wanted.flatMap((name) => ['--detector', name]));
    expect(
      Object.fromEntries(found.detectors.map(({ method, alarms }) => [method.name, alarms.map(({ index }) => index)])),
    ).toEqual(Object.fromEntries(Object.entries(expected).map(([name, { drifts }]) => [name, drifts])));
    const first = (alarms: readonly number[], from: number) =>
      alarms.find((at) => at >= from && at < from + 1000) ?? null;
    for (const { method, score, samples } of found.detectors) {
      const { drifts } = expected[method.name]!;
      expect({ samples, found: score.episodes.map((episode) => episode.found) }).toEqual({
        samples: sea.samples,
        found: sea.changes.map((change) => first(drifts, change)),
      });
    }
    expect(found.errors).toMatchObject([{ labels: sea.samples, repeated: 4 * 24, unfit: 0 }]);
    const [{ no_change_accuracy, accuracy }] = found.errors as [BacktestReport['errors'][number]];
    expect(accuracy).toBeCloseTo(1 - wrongShare(), 12);
    expect(no_change_accuracy).toBeGreaterThan(0.4);
    expect(found.monitor).toBeNull();
  });

  it('takes labels from a file in the place of those that are recorded', async () => {
    const file = join(makeFolder('labels'), 'labels.csv');
    const epoch = uuidv5(namespaces.entity, 'watched 1.0.0 epoch');
    const lines = sequences.flatMap((seq, chunk) =>
      Array.from({ length: 70 }, (_, row) => {
        const id = encodePredictionId({ seq, row, check: epochCheck(epoch) });
        return `${id},${draw(70, chunk).probability[row]! >= 0.5 ? 'yes' : 'no'}`;
      }),
    );
    writeFileSync(file, ['prediction_id,label', ...lines.slice(0, 1000), 'nothing-of-ours,yes', ''].join('\n'));
    const found = await report('--deployment', 'watched', '--detector', 'adwin', '--labels', file);
    expect(found.labels).toBe(1000);
    expect(found.detectors[0]).toMatchObject({ samples: 1000 });
    expect(found.notes).toEqual(['--labels: 1 prediction ids name no served row that was read']);
  });

  it('prints alarms, their score, and the predictor that changes nothing', async () => {
    const { out, code } = await modelog('--deployment', 'sea', '--detector', 'ddm', '--change-points', '2000,4000');
    expect(code).toBe(0);
    const text = out.join('\n');
    for (const words of ['Alarms', 'Summary', 'mean delay', 'answering as the label before reaches', '6096 labels'])
      expect(text).toContain(words);
  });

  it.each([
    [['--deployment', 'wached'], '--deployment wached: EVENTS knows none of that name; near: watched'],
    [
      ['--deployment', 'watched', '--version', '9.9.9'],
      '--version 9.9.9: EVENTS knows none of that name; known: 1.0.0',
    ],
    [
      ['--deployment', 'watched', '--detector', 'admin'],
      "--detector admin: detector: there is no 'admin'; near: adwin",
    ],
    [
      ['--deployment', 'watched', '--detector', 'adwin:delta=2'],
      '--detector adwin:delta=2: adwin: delta: expected a number',
    ],
    [['--deployment', 'watched', '--threshold', '2'], '--threshold 2: '],
    [['--deployment', 'watched', '--policy', 'best'], '--policy best: '],
    [['--deployment', 'watched', '--metric', 'f1'], '--metric f1: expected --min, --max or both'],
    [['--deployment', 'watched', '--min', '1'], '--min: expected --metric beside it'],
    [['--deployment', 'watched', '--set', 'x'], '--set x: expected <part>.<setting>=<value>'],
    [['--deployment', 'watched', '--from', 'yesterday'], '--from yesterday: expected seq:'],
    [['--deployment', 'watched', '--from', 'seq:100000'], '--from seq:100000: EVENTS ends at '],
    [
      ['--deployment', 'watched', '--from', 'traffic:9', '--to', 'traffic:8'],
      '--to traffic:8: expected a place behind',
    ],
    [
      ['--deployment', 'sea', '--detector', 'ddm', '--change-points', '9000'],
      '--change-points: 9000 is behind the 6000 labelled predictions of the span',
    ],
    [['--deployment', 'watched', '--change-points', 'none.txt'], '--change-points none.txt: expected samples from 0'],
    [['--deployment', 'watched', '--labels', 'none.csv'], '--labels none.csv: '],
  ])('refuses %j and names the flag', async (argv, message) => {
    const { code, err } = await modelog(...argv);
    expect({ code, told: err.join('\n').slice(0, message.length) }).toEqual({ code: 1, told: message });
  });

  it('ends with 2 where nobody answers', async () => {
    const err: string[] = [];
    const io = {
      ...{ out: () => undefined, err: (line: string) => err.push(line), progress: () => undefined },
      ...{ env: { NATS_URL: 'nats://127.0.0.1:1' }, signal: new AbortController().signal },
    };
    expect(await run(['backtest', '--deployment', 'watched'], io)).toBe(2);
    expect(err.join()).toContain('NATS does not answer');
  });
});

function wrongShare(): number {
  let wrong = 0;
  for (const byte of Buffer.from(sea.streams[0]!.errors, 'base64'))
    for (let bit = 0; bit < 8; bit++) wrong += (byte >>> bit) & 1;
  return wrong / sea.samples;
}
