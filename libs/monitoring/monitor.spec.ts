import { deserialize, serialize } from 'node:v8';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Random } from '#libs/learning/index.js';
import {
  encodePredictionId,
  type Chunk,
  type MonitoringEvent,
  type MonitoringSettings,
} from '#libs/contracts/index.js';
import { monitorDefinition } from '#libs/domain/index.js';
import type { MonitorContext, MonitorOutput, TrafficFact } from './contract.js';
import { DeploymentMonitor, monitorStateVersion, type MonitorState } from './monitor.js';
import {
  applyAll,
  chunkFacts,
  chunkOf,
  contextOf,
  deployment,
  findingsIn,
  model,
  referenceOfRows,
  settingsOf,
  tickFact,
  windowsIn,
  type Rows,
  type Sent,
} from './testing/messages.js';
import { normals } from './testing/numbers.js';
import { rowsOf, usualReference as reference } from './testing/usual-rows.js';

const context = (settings: MonitoringSettings): MonitorContext =>
  contextOf(settings, { '1.0.0': reference, '2.0.0': reference });

/** Chunks of a writer, in its order. */
function chunksOf(sizes: readonly number[], sent: Sent = {}): Chunk[] {
  return sizes.map((size, index) => chunkOf(rowsOf(size, index + 1), { counter: index + 1, ...sent }));
}

const ended = (facts: readonly TrafficFact[], settings: MonitoringSettings) =>
  windowsIn(applyAll(new DeploymentMonitor(deployment), facts, context(settings))).map(
    ({ version, window, closed_by, first, last, from, to }) => ({
      ...{ version, window, closed_by },
      ...{ first: [first.seq, first.row], last: [last.seq, last.row] },
      ...{ from: Date.parse(from), to: Date.parse(to) },
    }),
  );

describe('windows', () => {
  it('end at their last row, in the middle of a chunk too', () => {
    const settings = settingsOf({ drift_detection: { window_size: 100 } });
    expect(ended(chunkFacts(chunksOf([60, 250, 10])), settings)).toEqual([
      { version: '1.0.0', window: 1, closed_by: 'count', first: [1, 0], last: [2, 39], from: 0, to: 1000 },
      { version: '1.0.0', window: 2, closed_by: 'count', first: [2, 40], last: [2, 139], from: 1000, to: 1000 },
      { version: '1.0.0', window: 3, closed_by: 'count', first: [2, 140], last: [2, 239], from: 1000, to: 1000 },
    ]);
  });

  it('count served, failed and refused rows', () => {
    const rows: Rows = { ...rowsOf(8), failed: 3, refused: ['["input.age"]', '["input.age"]'] };
    const settings = settingsOf({ drift_detection: { window_size: 9 } });
    const facts = chunkFacts([chunkOf(rows), chunkOf(rowsOf(9), { counter: 2 })]);
    const outputs = applyAll(new DeploymentMonitor(deployment), facts, context(settings));
    expect(windowsIn(outputs)[0]).toMatchObject({
      rows: { served: 5, failed: 3, refused: 1 },
      sampled: 8,
      last: { seq: 1, row: 8 },
    });
    expect(windowsIn(outputs)[1]).toMatchObject({
      rows: { served: 8, failed: 0, refused: 1 },
      first: { seq: 1, row: 9 },
      last: { seq: 2, row: 7 },
    });
  });

  it('end with the first message that is late enough, a tick too, before its rows are counted', () => {
    const settings = settingsOf({ drift_detection: { window_size: null, window_seconds: 60 } });
    const facts = [
      ...chunkFacts(chunksOf([5, 5]), { every: 30_000 }),
      ...chunkFacts([chunkOf(rowsOf(5), { counter: 3 })], { from: 60_000, seq: 3 }),
      tickFact(4, 119_999),
      tickFact(5, 120_000),
      tickFact(6, 600_000),
    ];
    expect(ended(facts, settings)).toEqual([
      { version: '1.0.0', window: 1, closed_by: 'time', first: [1, 0], last: [2, 4], from: 0, to: 30_000 },
      { version: '1.0.0', window: 2, closed_by: 'time', first: [3, 0], last: [3, 4], from: 60_000, to: 60_000 },
    ]);
  });

  it('end by count or time, whichever comes first', () => {
    const settings = settingsOf({ drift_detection: { window_size: 10, window_seconds: 60 } });
    const facts = [...chunkFacts(chunksOf([12, 1]), { every: 1000 }), tickFact(3, 60_000), tickFact(4, 61_000)];
    expect(ended(facts, settings).map(({ closed_by, last }) => [closed_by, ...last])).toEqual([
      ['count', 1, 9],
      ['time', 2, 0],
    ]);
  });

  it('end when a newer routing table has their version no more', () => {
    const settings = settingsOf({ drift_detection: { window_size: 100 } });
    const other = (seq: number, counter: number, epoch: string) =>
      chunkOf(rowsOf(5), { version: '2.0.0', epoch, counter, routingSeq: seq });
    const one = (seq: number, counter: number) => chunkOf(rowsOf(5), { epoch: 'e1', counter, routingSeq: seq });
    // Two writers change over one after the other: the second still sends to version 1.
    const facts = chunkFacts([one(10, 1), other(20, 1, 'e2'), one(10, 2), other(20, 2, 'e2'), one(10, 3)], {
      every: 100,
    });
    const later = chunkFacts([other(20, 3, 'e2')], { from: 20_000, seq: 6 });
    expect(ended([...facts, ...later], settings)).toEqual([
      { version: '1.0.0', window: 1, closed_by: 'version_left', first: [1, 0], last: [1, 4], from: 0, to: 0 },
      { version: '1.0.0', window: 2, closed_by: 'version_left', first: [3, 0], last: [5, 4], from: 200, to: 400 },
    ]);
  });

  it('are of each version of a chunk with several arms', () => {
    const settings = settingsOf({ drift_detection: { window_size: 4 } });
    const rows: Rows = { ...rowsOf(7), refused: ['[]', '[]'] };
    const chunk = chunkOf(rows, { arms: ['1.0.0', '2.0.0'], armOf: [0, 1, 0, 0, 1, 1, 1, 0, 1] });
    expect(
      ended(chunkFacts([chunk]), settings).map(({ version, first, last }) => [version, ...first, ...last]),
    ).toEqual([
      ['1.0.0', 1, 0, 1, 7],
      ['2.0.0', 1, 1, 1, 6],
    ]);
  });

  it('leave out chunks that were stored twice, and those that were given up on', () => {
    const settings = settingsOf({ drift_detection: { window_size: 30 } });
    const [first, second, third] = chunksOf([10, 10, 10]);
    const facts = chunkFacts([
      first!,
      first!,
      { ...third!, givenUp: [2] },
      second!,
      chunkOf(rowsOf(10), { epoch: 'e2', counter: 1 }),
    ]);
    expect(ended(facts, settings)).toMatchObject([{ window: 1, first: [1, 0], last: [5, 9] }]);
  });

  it('of one row are recorded and not judged', () => {
    const settings = settingsOf({ drift_detection: { window_size: 1 } });
    const facts = chunkFacts([chunkOf({ features: { age: [1e9], plan: ['new'] }, probability: [0.5] })]);
    const outputs = applyAll(new DeploymentMonitor(deployment), facts, context(settings));
    expect(windowsIn(outputs)[0]).toMatchObject({ rows: { served: 1 }, quality: { issues: [] } });
    expect(windowsIn(outputs)[0]!.drift.map(({ drifted }) => drifted)).toEqual([null, null]);
    expect(findingsIn(outputs)).toEqual([]);
  });

  it('of values that are all equal, or all missing, are judged by what is left', () => {
    const alike = (age: number): Rows => ({
      features: {
        age: new Array<number>(200).fill(age),
        income: normals(200, 1),
        plan: new Array<string>(200).fill('a'),
      },
      probability: new Array<number>(200).fill(0.5),
    });
    const settings = settingsOf({ drift_detection: { window_size: 200, multivariate: 'domain_classifier' } });
    const equal = contextOf(settings, { '1.0.0': referenceOfRows(alike(3)) });
    const facts = chunkFacts([chunkOf(alike(3)), chunkOf(alike(Number.NaN), { counter: 2 })]);
    const windows = windowsIn(applyAll(new DeploymentMonitor(deployment), facts, equal));
    expect(windows.map(({ drift }) => drift.map(({ drifted }) => drifted))).toEqual([
      [false, false],
      [false, false],
    ]);
    expect(windows.map(({ quality }) => quality.issues.map(({ check, column }) => `${check} ${column!}`))).toEqual([
      [],
      ['missing age'],
    ]);
    expect(windows[1]!.drift[0]!.columns[0]).toMatchObject({ column: 'age', drifted: null, p_value: null });
  });

  it('are numbered by version, after others in between too', () => {
    const settings = settingsOf({ drift_detection: { window_size: 5 } });
    const facts = chunkFacts([
      chunkOf(rowsOf(5), { counter: 1 }),
      chunkOf(rowsOf(5), { counter: 2, version: '2.0.0', routingSeq: 11 }),
      chunkOf(rowsOf(5), { counter: 3, version: '1.0.0', routingSeq: 12 }),
    ]);
    expect(ended(facts, settings).map(({ version, window }) => [version, window])).toEqual([
      ['1.0.0', 1],
      ['2.0.0', 1],
      ['1.0.0', 2],
    ]);
  });

  it('of a version that comes back go on, and so does what was found of it', () => {
    const settings = settingsOf({ drift_detection: { window_size: 200 } });
    const sent = ['1.0.0', '2.0.0', '3.0.0', '4.0.0', '1.0.0', '1.0.0'].map((version, index) =>
      chunkOf(rowsOf(200, index + 1, version === '1.0.0' && index < 5 ? 1 : 0), {
        ...{ version, counter: index + 1, routingSeq: 10 + index },
      }),
    );
    const back = chunkOf(rowsOf(200, 9), { counter: 9, routingSeq: 20 });
    const versions = Object.fromEntries(['1.0.0', '2.0.0', '3.0.0', '4.0.0'].map((each) => [each, reference]));
    const monitor = new DeploymentMonitor(deployment);
    const outputs = applyAll(monitor, chunkFacts([...sent, back]), contextOf(settings, versions));
    const own = findingsIn(outputs).filter(({ data }) => data.version === '1.0.0');
    expect(own.map(({ type, data }) => [type, data.window])).toEqual([
      ['DataDriftDetected', 1],
      ['DataDriftCleared', 4],
    ]);
    expect(monitor.watched()).toEqual([
      { model, version: '4.0.0' },
      { model, version: '1.0.0' },
    ]);
  });

  it('of chunks whose features stand in another order are the same', () => {
    const settings = settingsOf({ drift_detection: { window_size: 200 } });
    const rows = rowsOf(200);
    const { age, income, plan } = rows.features;
    const turned: Rows = { ...rows, features: { plan: plan!, income: income!, age: age! } };
    const of = (...chunks: Chunk[]) =>
      windowsIn(applyAll(new DeploymentMonitor(deployment), chunkFacts(chunks), context(settings)))[0];
    const half = (all: Rows, from: number, to: number): Rows => ({
      features: Object.fromEntries(
        Object.entries(all.features).map(([name, values]) => [name, values.slice(from, to) as string[]]),
      ),
      probability: all.probability!.slice(from, to),
    });
    const mixed = of(chunkOf(half(rows, 0, 100)), chunkOf(half(turned, 100, 200), { counter: 2 }));
    const plain = of(chunkOf(half(rows, 0, 100)), chunkOf(half(rows, 100, 200), { counter: 2 }));
    expect(mixed).toEqual(plain);
    expect(plain!.quality.columns.map(({ column }) => column)).toEqual(['age', 'income', 'plan']);
  });
});

describe('a monitor restored from its state', () => {
  const scenarios: readonly [string, MonitoringSettings][] = [
    ['by count', settingsOf({ drift_detection: { window_size: 120 } })],
    ['by time', settingsOf({ drift_detection: { window_size: null, window_seconds: 60 } })],
    [
      'with a window as reference, and its rows',
      settingsOf({
        drift_detection: { window_size: 100, reference: { window: 1 }, multivariate: 'domain_classifier' },
      }),
    ],
  ];
  for (const [name, settings] of scenarios)
    it(`goes on as one that was not stopped, wherever it was: ${name}`, () => {
      const facts = story();
      const whole = applyAll(new DeploymentMonitor(deployment), facts, context(settings));
      expect(windowsIn(whole).length).toBeGreaterThan(4);
      expect(whole.filter(isMeasured).length).toBeGreaterThan(4);
      expectAccepted(findingsIn(whole));
      for (let seed = 1; seed <= 2; seed++) expect(inPieces(facts, context(settings), new Random(seed))).toEqual(whole);
    });

  it('goes on as one that was not stopped, of versions that come and go', () => {
    const settings = settingsOf({
      drift_detection: { window_size: 60, min_rows: 30 },
      performance: { min_labels: 20, label_share: 0.5, accuracy_threshold: 0.9, latency_threshold: 1 },
    });
    const versions = Object.fromEntries([1, 2, 3, 4, 5].map((each) => [`${each}.0.0`, reference]));
    const facts: TrafficFact[] = [];
    const random = new Random(8);
    for (let index = 0; index < 30; index++) {
      const version = `${1 + random.below(5)}.0.0`;
      const chunk = chunkOf(rowsOf(70, index, index % 3), { version, counter: index + 1, routingSeq: 10 + index });
      const seq = facts.length + 1;
      facts.push(...chunkFacts([chunk], { seq, from: 1000 * seq }));
      facts.push(
        labelFact(
          seq + 1,
          1000 * seq,
          chunk,
          seq,
          Array.from({ length: 50 }, (_, row) => row),
        ),
      );
    }
    const own = contextOf(settings, versions);
    const whole = applyAll(new DeploymentMonitor(deployment), facts, own);
    expect(windowsIn(whole).some(({ window, open }) => window > 4 && open.length > 0)).toBe(true);
    expectAccepted(findingsIn(whole));
    for (let seed = 1; seed <= 2; seed++) expect(inPieces(facts, own, new Random(seed))).toEqual(whole);
  });

  /** Two versions, one with other rows from the middle on, labels, ticks, and chunks that come twice. */
  function story(): TrafficFact[] {
    const random = new Random(5);
    const facts: TrafficFact[] = [];
    let logTime = 0;
    for (let index = 0; index < 42; index++) {
      logTime += random.below(15_000);
      if (index % 7 === 6) facts.push(tickFact(facts.length + 1, logTime));
      const sent = { counter: index + 1, arms: ['1.0.0', '2.0.0'], routingSeq: index < 30 ? 10 : 11 };
      const size = 1 + random.below(40);
      const armOf = Array.from({ length: size }, () => (index < 30 ? random.below(2) : 0));
      const chunk = chunkOf(
        rowsOf(size, index, index < 20 ? 0 : 1),
        index < 30 ? { ...sent, armOf } : { ...sent, arms: ['1.0.0'] },
      );
      const seq = facts.length + 1;
      facts.push(...chunkFacts(index % 9 === 8 ? [chunk, chunk] : [chunk], { from: logTime, every: 0, seq }));
      const rows = Array.from({ length: Math.ceil(size / 2) }, () => random.below(size));
      facts.push(labelFact(facts.length + 1, logTime, chunk, seq, rows));
    }
    return facts;
  }

  /** Labels of rows of a chunk that stands at `place`. */
  function labelFact(seq: number, logTime: number, chunk: Chunk, place: number, rows: readonly number[]): TrafficFact {
    const at = new Date(logTime).toISOString();
    return {
      ...{ kind: 'labels', seq, logTime, eventId: `event-${seq}` },
      labels: {
        ...{ deployment, events_seq: 10 },
        rows: rows.map((row) => ({
          prediction_id: encodePredictionId({ seq: place, row, check: 1 }),
          ...{
            epoch: chunk.schema.epoch,
            counter: chunk.counter,
            row,
            model,
            version: chunk.schema.arms[chunk.arm[row]!]!.version,
          },
          ...{ predicted_at: at, observed_at: at },
          predicted: { label: (chunk.outputs[0] as readonly string[])[row]! },
          label: row % 3 === 0 ? 'yes' : 'no',
        })),
      },
    };
  }

  function inPieces(facts: readonly TrafficFact[], context: MonitorContext, random: Random): MonitorOutput[] {
    let monitor = new DeploymentMonitor(deployment);
    return facts.flatMap((fact) => {
      const outputs = applyAll(monitor, [fact], context);
      if (random.below(3) > 0) {
        const state = serialize(monitor.state());
        monitor = DeploymentMonitor.restore(deserialize(state) as MonitorState);
        // What was restored and not used yet is still the same state.
        expect(isDeepStrictEqual(copyOf(monitor.state()), deserialize(state))).toBe(true);
      }
      return outputs;
    });
  }

  const isMeasured = (output: MonitorOutput): boolean =>
    output.kind === 'record' && output.record.type === 'PerformanceMeasured';

  /** Each condition is raised once and cleared once: whoever records findings takes them all. */
  function expectAccepted(findings: readonly MonitoringEvent[]): void {
    const { decider } = monitorDefinition;
    const origin = { actor: 'monitoring', at: '2026-01-01T00:00:00.000Z', seq: 1 };
    let open = decider.initialState;
    for (const finding of findings) {
      const decided = decider.decide({ type: 'RecordFinding', finding }, open, origin);
      expect(decided).toMatchObject({ ok: true });
      open = decider.evolve(open, finding, origin);
    }
    expect(findings.length).toBeGreaterThan(0);
  }

  const copyOf = (state: MonitorState): unknown => deserialize(serialize(state));

  it('of another version is refused', () => {
    const state = new DeploymentMonitor(deployment).state();
    expect(() => DeploymentMonitor.restore({ ...state, version: 0 })).toThrow(`expected ${monitorStateVersion}, got 0`);
  });

  it('is refused where the reference of its window is gone', () => {
    const monitor = new DeploymentMonitor(deployment);
    const settings = settingsOf({});
    applyAll(monitor, chunkFacts([chunkOf(rowsOf(10))]), context(settings));
    const restored = DeploymentMonitor.restore(monitor.state());
    const without = contextOf(settings, { '1.0.0': { missing: 'the baseline is not in the artifact store' } });
    expect(() => restored.apply(tickFact(2, 1000), without)).toThrow(
      /does not fit churn-model@1.0.0: the baseline is not in/,
    );
  });
});
