import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import type { Chunk, LabelRow } from '#libs/contracts/index.js';
import { canonicalJson } from '#libs/kernel/index.js';
import type { MonitorOutput, TrafficFact } from './contract.js';
import { DeploymentMonitor, type MonitorState } from './monitor.js';
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
  windowsIn,
  type Rows,
} from './testing/messages.js';
import { uniforms } from './testing/numbers.js';
import { classifierOf } from './testing/labels.js';
import { rowsOf, usualReference } from './testing/usual-rows.js';

const largestMessage = 1_000_000;

const sizesOf = (outputs: readonly MonitorOutput[]): number[] =>
  outputs.map((output) =>
    Buffer.byteLength(canonicalJson(output.kind === 'finding' ? output.finding.data : output.record.data)),
  );

describe('records and findings', () => {
  /** Text columns whose every value is new, long, and six bytes a code unit in JSON. */
  const hostile = (columns: number, rows: number): Rows => ({
    features: Object.fromEntries(
      Array.from({ length: columns }, (_, column) => [
        `${'\u0001'.repeat(60)}${column}`,
        Array.from({ length: rows }, (_, row) => `${row}${'\u0001'.repeat(300)}`),
      ]),
    ),
  });
  const known = (columns: number): Rows => ({
    features: Object.fromEntries(Object.keys(hostile(columns, 1).features).map((name) => [name, ['a', 'b', 'a']])),
  });

  it.each([40, 300])('of %i columns with the worst of values stay below a megabyte', (columns) => {
    const settings = settingsOf({ drift_detection: { window_size: 100 } });
    const context = contextOf(settings, { '1.0.0': referenceOfRows(known(columns)) });
    const monitor = new DeploymentMonitor(deployment);
    const outputs = applyAll(monitor, chunkFacts([chunkOf(hostile(columns, 100))]), context);
    expect(Math.max(...sizesOf(outputs))).toBeLessThan(largestMessage);
    expect(findingsIn(outputs).flatMap(({ data }) => ('issues' in data ? data.issues : []))).toHaveLength(columns);
    expect(windowsIn(outputs)[0]!.quality.columns.length).toBeGreaterThan(10);
  });

  it('have no text that the log or the read models refuse, whatever values and names are', () => {
    const values = [`${'x'.repeat(59)}\u{1F600}`, `${'y'.repeat(99)}\u{1F600}`, '\ud83d', 'nul\0', 'z'.repeat(5000)];
    const named = `long${'n'.repeat(3000)}`;
    const rows: Rows = {
      features: {
        plan: Array.from({ length: 100 }, (_, row) => values[row % values.length]!),
        [named]: Array.from({ length: 100 }, (_, row) => 1000 + row),
      },
      refused: ['["input.\\ud83d"]', '["input.plan"]'],
    };
    const reference = referenceOfRows({ features: { plan: ['a', 'b'], [named]: [1, 2] } });
    const settings = settingsOf({ drift_detection: { window_size: 102 } });
    const facts = chunkFacts([chunkOf(rows)]);
    const outputs = new DeploymentMonitor(deployment).apply(facts[0]!, contextOf(settings, { '1.0.0': reference }));
    expect(Math.max(...sizesOf(outputs))).toBeLessThan(20_000);
    expect(JSON.stringify(outputs)).not.toContain('\\u0000');
    const [issues] = findingsIn(outputs).flatMap(({ data }) => ('issues' in data ? [data.issues] : []));
    const unseen = issues!.find(({ check }) => check === 'unseen_category')!;
    expect(unseen.detail).toContain(`'${'x'.repeat(59)}\ufffd'`);
    expect(issues!.find(({ check }) => check === 'range')!.column).toMatch(/^longn{976}…[0-9a-f]{16}$/);
  });
});

describe('the state', () => {
  const most = 5_000_000;
  const columns = (count: number, rows: number, value: (column: number, row: number) => number): Rows => ({
    features: Object.fromEntries(
      Array.from({ length: count }, (_, column) => [
        `feature_${column}`,
        Array.from({ length: rows }, (_, row) => value(column, row)),
      ]),
    ),
    probability: uniforms(rows, 1),
  });

  /** Labels of a chunk at `place` whose rows are of two versions by turns: of more rows than it has, which its window does not know. */
  function labelsOf(chunk: Chunk, place: number, seq: number, count: number): TrafficFact {
    const at = new Date(1000 * seq).toISOString();
    const versionOf = (row: number) => chunk.schema.arms[row % 2]!.version;
    return {
      ...{ kind: 'labels', seq, logTime: 1000 * seq, eventId: `event-${seq}` },
      labels: {
        ...{ deployment, events_seq: 10 },
        rows: Array.from({ length: count }, (_, row): LabelRow => ({
          ...{ prediction_id: 'p', traffic_seq: place, epoch: chunk.schema.epoch, counter: chunk.counter, row },
          ...{ model, version: versionOf(row), predicted_at: at, observed_at: at },
          predicted: { label: 'yes', probabilities: { no: 0.4, yes: 0.6 } },
          label: row % 3 === 0 ? 'yes' : 'no',
        })),
      },
    };
  }

  /** A chunk of two versions, and labels. */
  function labelledTraffic(rows: Rows): TrafficFact[] {
    const reached = Object.values(rows.features)[0]!.length;
    const armOf = Array.from({ length: reached }, (_, row) => row % 2);
    const chunk = chunkOf(rows, { arms: ['1.0.0', '2.0.0'], armOf });
    return [...chunkFacts([chunk]), labelsOf(chunk, 1, 2, 30_000)];
  }

  it.each([
    [30, 11_000],
    [300, 2000],
  ])('of two versions with %i columns stays below five megabytes when the memory of labels is full', (count, size) => {
    const rows = columns(count, size, (column, row) => (row * 7919 + column) / 3);
    const reference = referenceOfRows(columns(count, 50, (_, row) => row));
    const settings = settingsOf({
      drift_detection: { window_size: 1_000_000 },
      performance: { estimate: false },
      concept_drift: { detectors: { adwin: {} } },
    });
    // No window of a million rows ends: labels are those of open windows until there is no room.
    const watched = { signature: classifierOf(['no', 'yes']), reference };
    const classifier = { ...contextOf(settings, {}), versionOf: () => watched };
    const monitor = new DeploymentMonitor(deployment);
    for (const fact of labelledTraffic(rows)) monitor.apply(fact, classifier);
    const state = monitor.state();
    const labels = state.versions.map(({ performance }) => performance.horizon.open?.table.keys.length ?? 0);
    expect(labels.reduce((sum, own) => sum + own)).toBeGreaterThan(27_000);
    expect(serialize(state).length).toBeLessThan(most);
  });

  it('of texts that no reference tells apart is bounded by their length, in a window that is a reference too', () => {
    const rows = (from: number): Rows => ({
      features: Object.fromEntries(
        Array.from({ length: 60 }, (_, column) => [
          `text_${column}`,
          Array.from({ length: 500 }, (_, row) => `${from + row} ${'t'.repeat(400)}`),
        ]),
      ),
    });
    const monitor = new DeploymentMonitor(deployment);
    const settings = settingsOf({
      drift_detection: { window_size: 800, reference: { window: 1 }, multivariate: 'domain_classifier' },
    });
    for (const part of [1, 2, 3])
      applyAll(
        monitor,
        chunkFacts([chunkOf(rows(500 * part), { counter: part })], { seq: part }),
        contextOf(settings, {}),
      );
    expect(serialize(monitor.state()).length).toBeLessThan(2_500_000);
  });

  it('of writers that leave out every other chunk is bounded', () => {
    const monitor = new DeploymentMonitor(deployment);
    const context = contextOf(settingsOf({}), { '1.0.0': usualReference });
    const one = chunkOf({ features: { age: [] } });
    for (let seq = 1; seq <= 10_000; seq++)
      monitor.apply({ kind: 'chunk', seq, logTime: seq, chunk: { ...one, counter: 2 * seq } }, context);
    const [[, { highest, missing }]] = monitor.state().writers as unknown as [
      [string, { highest: number; missing: unknown[] }],
    ];
    expect([highest, missing.at(-1)]).toEqual([20_000, [19_999, 19_999]]);
    expect(missing.length).toBeLessThanOrEqual(4000);
  });

  it('of five hundred versions that came and went is what was found of them', () => {
    const settings = settingsOf({ drift_detection: { window_size: 100 }, performance: { latency_threshold: 1 } });
    const any = contextOf(settings, {});
    const context = {
      ...any,
      versionOf: () => ({ signature: { inputs: [], outputs: [], features: [] }, reference: usualReference }),
    };
    let monitor = new DeploymentMonitor(deployment);
    const rows = rowsOf(100, 1, 3);
    const one = chunkOf(rows);
    const sent = (index: number, seq: number): TrafficFact => {
      const version = `1.0.${index}`;
      const schema = { ...one.schema, routing_seq: seq, arms: [{ ...one.schema.arms[0]!, version }] };
      return { kind: 'chunk', seq, logTime: 1000 * seq, chunk: { ...one, schema, counter: seq } };
    };
    for (let index = 1; index <= 500; index++) {
      const outputs = monitor.apply(sent(index, index), context);
      if (index === 1)
        expect(windowsIn(outputs)[0]!.open).toEqual([
          ...['quality/range/age', 'data_drift/features', 'performance/latency_p95'],
        ]);
    }
    const state = serialize(monitor.state());
    expect(state.length / 500).toBeLessThan(1300);
    expect(monitor.watched().length).toBeLessThanOrEqual(2);
    monitor = DeploymentMonitor.restore(deserialize(serialize(monitor.state())) as MonitorState);
    const back = [sent(3, 501), sent(3, 502)].flatMap((fact) => monitor.apply(fact, context));
    // It goes on with its second window, and what was found of it is not found again.
    expect(windowsIn(back).map(({ version, window }) => [version, window])).toEqual([
      ['1.0.3', 2],
      ['1.0.3', 3],
    ]);
    expect(findingsIn(back)).toEqual([]);
  });
});
