import { deserialize, serialize } from 'node:v8';
import { describe, expect, it } from '@jest/globals';
import { Random } from '#libs/learning/index.js';
import { detectorFrom, fitCbpe } from '#libs/statistics/index.js';
import type { MonitorContext, MonitorOutput } from '../contract.js';
import {
  churnAnswer,
  churnVersion,
  close,
  contextOf,
  eventId,
  measuredIn,
  place,
  priceVersion,
  spanOf,
  tell,
} from '../testing/labels.js';
import { findingsIn } from '../testing/messages.js';
import { LabelMemory } from './label-memory.js';
import { VersionPerformance, type VersionPerformanceState } from './version-performance.js';

const churn = churnVersion(2000);
const small = {
  drift_detection: { min_rows: 30 },
  performance: { min_labels: 30, label_wait_windows: 2, accuracy_threshold: null },
};

/** Predictions of window `number`, all in one chunk, and what was true. */
function predictions(number: number, rows: number, trueOf: (yes: number, random: Random) => string = calibrated) {
  const random = new Random(100 + number);
  return Array.from({ length: rows }, (_, row) => {
    const yes = Math.fround(random.float());
    return { place: { seq: 100 * number, row }, predicted: churnAnswer(yes), label: trueOf(yes, random) };
  });
}

const calibrated = (yes: number, random: Random) => (random.float() < yes ? 'yes' : 'no');
const flipped = (yes: number, random: Random) => (random.float() < yes ? 'no' : 'yes');
/** As far as the model can be right or wrong. */
const right = (yes: number) => (yes >= 0.5 ? 'yes' : 'no');
const wrong = (yes: number) => (yes >= 0.5 ? 'no' : 'yes');

/** A window of 40 rows ends, and its labels come in one message behind it. */
function labelled(
  performance: VersionPerformance,
  number: number,
  context: MonitorContext,
  trueOf?: Parameters<typeof predictions>[2],
  rows = 40,
): MonitorOutput[] {
  const outputs = close(performance, spanOf(number, 100 * number, rows), 100 * number, context);
  for (const [index, one] of predictions(number, rows, trueOf).entries())
    outputs.push(...tell(performance, { ...one, seq: 100 * number + 1, index }, context));
  return outputs;
}

const copyOf = (performance: VersionPerformance): VersionPerformance =>
  new VersionPerformance(
    place,
    new LabelMemory(),
    deserialize(serialize(performance.state())) as VersionPerformanceState,
  );

describe('windows', () => {
  it('are measured once all their rows have labels, and for good when they were waited for', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, small);
    const measured = measuredIn(labelled(performance, 1, context));
    const truth = predictions(1, 40);
    const hits = truth.filter(({ predicted, label }) => predicted.label === label).length;
    expect(measured).toHaveLength(1);
    expect(measured[0]).toMatchObject({
      ...{ window: 1, served: 40, labels: 40, mismatched: 0, final: false, traffic_seq: 101, events_seq: 10 },
      metrics: { accuracy: { value: hits / 40 } },
    });
    expect(Object.keys(measured[0]!.metrics).sort()).toEqual([
      ...['accuracy', 'balanced_accuracy', 'f1', 'log_loss', 'precision', 'recall', 'roc_auc', 'specificity'],
    ]);
    const same = truth.slice(1).filter(({ label }, index) => label === truth[index]!.label).length;
    expect(measured[0]!.no_change_accuracy).toBeCloseTo(same / 39, 12);
    expect(close(performance, spanOf(2, 200, 1), 200, context)).toEqual([]);
    const final = measuredIn(close(performance, spanOf(3, 300, 1), 300, context));
    expect(final).toEqual([{ ...measured[0], final: true }]);
    expect(close(performance, spanOf(4, 400, 1), 400, context)).toHaveLength(1);
  });

  it('tell at each later end what has changed since, and nothing else', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, { ...small, performance: { ...small.performance, label_wait_windows: 9 } });
    const [one, two] = predictions(1, 40);
    close(performance, spanOf(1, 100, 40), 100, context);
    expect(tell(performance, { ...one!, seq: 101 }, context)).toEqual([]);
    expect(measuredIn(close(performance, spanOf(2, 200, 1), 200, context))).toMatchObject([{ window: 1, labels: 1 }]);
    expect(close(performance, spanOf(3, 300, 1), 300, context)).toEqual([]);
    tell(performance, { ...two!, seq: 301 }, context);
    expect(measuredIn(close(performance, spanOf(4, 400, 1), 400, context))).toMatchObject([
      { window: 1, labels: 2, final: false, traffic_seq: 301 },
    ]);
  });

  it('have the labels that came before they ended', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, small);
    for (const one of predictions(1, 40)) tell(performance, { ...one, seq: 101, index: one.place.row }, context);
    expect(measuredIn(close(performance, spanOf(1, 100, 40), 150, context))).toMatchObject([
      { window: 1, labels: 40, traffic_seq: 101 },
    ]);
  });

  it('count the newest label of a prediction: by moment, event and row, not by arrival', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, small);
    const at = { place: { seq: 100, row: 0 }, predicted: churnAnswer(0.9) };
    const accuracy = (told: { label: string; seq: number; observedAt: number; event?: string; index?: number }) => {
      tell(performance, { ...at, ...told }, context);
      const [measured] = measuredIn(copyOf(performance).finish({ seq: 999, logTime: 1 }, context));
      return [measured!.labels, measured!.metrics['accuracy']!.value];
    };
    close(performance, spanOf(1, 100, 40), 100, context);
    const [low, high] = [...['a', 'b']].sort((a, b) => (eventId(a) < eventId(b) ? -1 : 1));
    expect(accuracy({ label: 'no', seq: 101, observedAt: 5000, event: low! })).toEqual([1, 0]);
    expect(accuracy({ label: 'yes', seq: 102, observedAt: 4000 })).toEqual([1, 0]);
    expect(accuracy({ label: 'yes', seq: 103, observedAt: 5000, event: high! })).toEqual([1, 1]);
    expect(accuracy({ label: 'no', seq: 104, observedAt: 5000, event: low!, index: 7 })).toEqual([1, 1]);
    expect(accuracy({ label: 'no', seq: 105, observedAt: 5000, event: high!, index: 1 })).toEqual([1, 0]);
    expect(accuracy({ label: 'yes', seq: 106, observedAt: 6000 })).toEqual([1, 1]);
  });

  it('leave out labels of another type, of no row, and those that come too late', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, small);
    const [one] = predictions(1, 1);
    close(performance, spanOf(1, 100, 40), 100, context);
    for (const label of [1, true]) tell(performance, { ...one!, label, seq: 101 }, context);
    tell(performance, { ...one!, place: { seq: 100, row: 40 }, seq: 102 }, context);
    close(performance, spanOf(2, 200, 40), 200, context);
    tell(performance, { ...one!, place: { seq: 100, row: 40 }, seq: 201 }, context);
    tell(performance, { ...one!, place: { seq: 150, row: 0 }, seq: 202 }, context);
    tell(performance, { ...one!, place: { seq: 500, row: 0 }, seq: 203 }, context);
    const final = measuredIn(close(performance, spanOf(3, 300, 1), 300, context));
    expect(final).toMatchObject([{ window: 1, labels: 0, mismatched: 2, metrics: {}, no_change_accuracy: null }]);
    tell(performance, { ...one!, seq: 301 }, context);
    expect(performance.notes(context)).toEqual([
      '1 labels of windows that are final count no more',
      '4 labels are of no row of a window, or of no moment',
    ]);
    expect(performance.notes(context)).toEqual([]);
  });

  it('have no more labels than answers, whatever rows labels name', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, { ...small, concept_drift: { detectors: {} } });
    const one = { predicted: churnAnswer(0.9), label: 'yes', seq: 201 };
    const span = { number: 1, first: { seq: 100, row: 0 }, last: { seq: 101, row: 9 }, served: 20 };
    const rows = (count: number, seq: number) => Array.from({ length: count }, (_, row) => ({ seq, row }));
    for (const at of rows(13, 100)) tell(performance, { ...one, place: at }, context);
    close(performance, span, 200, context);
    const later = rows(10, 101).flatMap((at) => tell(performance, { ...one, place: at }, context));
    expect(measuredIn(later).map(({ labels, served }) => [labels, served])).toEqual([[20, 20]]);
    expect(performance.notes(context)).toContain('3 labels are of no row of a window, or of no moment');
  });

  it('are final before their time where labels outgrow their memory', () => {
    const performance = new VersionPerformance(place, new LabelMemory(100_000));
    const context = contextOf(churn, {
      ...small,
      performance: { ...small.performance, label_wait_windows: 50, estimate: false },
      concept_drift: { detectors: {} },
    });
    const finals: number[] = [];
    for (let number = 1; number <= 5; number++) {
      const outputs = labelled(performance, number, context, calibrated, 300);
      finals.push(...measuredIn(outputs).flatMap(({ final, window }) => (final ? [window] : [])));
    }
    expect(finals).toEqual([1]);
    expect(serialize(performance.state()).length).toBeLessThan(100_000);
  });

  it('of any version of a deployment are, the oldest first, where labels outgrow their memory', () => {
    const memory = new LabelMemory(20_000);
    const settings = { ...small, performance: { ...small.performance, estimate: false } };
    const context = contextOf(churn, { ...settings, concept_drift: { detectors: {} } });
    const other = { ...place, version: '2.0.0' };
    const both: MonitorContext = { ...context, versionOf: () => churn };
    const [old, live] = [new VersionPerformance(other, memory), new VersionPerformance(place, memory)];
    const ofOld = labelled(old, 1, both, calibrated, 100);
    expect(ofOld.length).toBeGreaterThan(0);
    const outputs = [2, 3].flatMap((number) => labelled(live, number, both, calibrated, 100));
    const finals = measuredIn(outputs).filter(({ final }) => final);
    expect(finals.map(({ version, window, labels }) => [version, window, labels])).toEqual([['2.0.0', 1, 100]]);
    expect([old.waits, live.waits]).toEqual([false, true]);
  });

  it('of more labels than memory is meant for are measured on those that came first', () => {
    const performance = new VersionPerformance(place, new LabelMemory(20_000));
    const context = contextOf(churn, { performance: { estimate: false }, concept_drift: { detectors: {} } });
    const one = { predicted: churnAnswer(0.9), label: 'yes', seq: 200 };
    for (let row = 0; row < 300; row++) tell(performance, { ...one, place: { seq: 100, row } }, context);
    expect(performance.notes(context)).toEqual([
      expect.stringMatching(/^\d+ labels are more than are kept of one window$/),
    ]);
    // What is kept is still corrected.
    tell(performance, { ...one, label: 'no', place: { seq: 100, row: 0 }, observedAt: 1e9 }, context);
    close(performance, spanOf(1, 100, 300), 300, context);
    const [final] = measuredIn(performance.finish({ seq: 400, logTime: 1 }, context));
    expect(final!.labels).toBe(273);
    expect(final!.metrics['accuracy']!.value).toBe(1 - 1 / final!.labels);
  });
});

describe('concept drift', () => {
  const detectors = { adwin: {}, ddm: { warm_start: 20 }, page_hinkley: { threshold: 10 } };
  const settings = { ...small, concept_drift: { detectors, clear_after_labels: 150 } };

  it('is what the detectors find in the first label of each prediction, in the order of the log', () => {
    const context = contextOf(churn, settings);
    const performance = new VersionPerformance(place);
    const outputs: MonitorOutput[] = [];
    const errors: number[] = [];
    for (let number = 1; number <= 30; number++) {
      const drifted = number > 15;
      const rows = predictions(number, 40, drifted ? wrong : right);
      errors.push(...rows.map(() => Number(drifted)));
      outputs.push(...labelled(performance, number, context, drifted ? wrong : right));
      // What is corrected or told twice is no further error.
      for (const one of rows)
        outputs.push(
          ...tell(performance, { ...one, label: 'no', seq: 100 * number + 2, index: one.place.row }, context),
        );
    }
    const expected = Object.entries(detectors).map(([name, parameters]) => {
      const detector = detectorFrom(name, parameters);
      const drifts = errors.flatMap((error, index) => (detector.update(error) === 'drift' ? [index + 1] : []));
      return { detector: name, labels: errors.length, drifts, warning: detector.signal === 'warning' };
    });
    expect(expected.every(({ drifts }) => drifts.length > 0)).toBe(true);
    const measured = measuredIn(performance.finish({ seq: 9999, logTime: 1 }, context));
    expect(measured.at(-1)!.detectors).toEqual(expected);
    for (const { detector, drifts } of expected) {
      const found = findingsIn(outputs).filter(({ data }) => 'detector' in data && data.detector === detector);
      expect(found.map(({ type }) => type)).toEqual(['ConceptDriftDetected', 'ConceptDriftCleared']);
      const [raised, cleared] = found.map(({ data }) => data);
      expect(raised).toMatchObject({ labels: drifts[0], error_before: expect.any(Number) as unknown, window: null });
      expect(cleared).toMatchObject({ finding_id: 'finding_id' in raised! ? raised.finding_id : '', error_now: 1 });
      expect(cleared).toMatchObject({ labels: drifts.at(-1)! + 150 });
    }
  });

  it('of numbers is found in distances by the spread of the labels, known from training or learnt', () => {
    const random = new Random(3);
    const price = (drifted: boolean) => {
      const label = 10 * random.normal();
      return { label, predicted: { value: label + (drifted ? 12 : 1) * random.normal() } };
    };
    const rows = Array.from({ length: 1200 }, (_, index) => price(index >= 700));
    const foundBy = (watched: ReturnType<typeof priceVersion>) => {
      const performance = new VersionPerformance(place);
      const context = contextOf(watched, { ...settings, concept_drift: { detectors: { adwin: {}, hddm_a: {} } } });
      return rows.flatMap((row, index) =>
        findingsIn(tell(performance, { ...row, place: { seq: 1, row: index }, seq: 2, index }, context)),
      );
    };
    const training = priceVersion(rows.map(({ label }) => label));
    for (const watched of [training, { ...training, reference: { missing: 'no baseline' } }]) {
      const found = foundBy(watched);
      expect(found.map(({ type, data }) => [type, 'detector' in data && data.detector]).sort()).toEqual([
        ['ConceptDriftDetected', 'adwin'],
        ['ConceptDriftDetected', 'hddm_a'],
      ]);
      for (const { data } of found) {
        expect('labels' in data && data.labels).toBeGreaterThan(watched === training ? 700 : 600);
        expect('error_before' in data && data.error_before).toBeLessThan('error_now' in data ? data.error_now : 0);
      }
    }
  });

  it('says which detectors of the settings cannot run, and goes on with the others', () => {
    const performance = new VersionPerformance(place);
    const wanted = { adwin: {}, eddm: { alpha: 7 }, adwind: {} };
    const context = contextOf(churn, { ...small, concept_drift: { detectors: wanted } });
    const [measured] = measuredIn(labelled(performance, 1, context));
    expect(measured!.detectors.map(({ detector }) => detector)).toEqual(['adwin']);
    const notes = performance.notes(context);
    expect(notes[0]).toMatch(/^concept drift is not judged by eddm: .*alpha/);
    expect(notes[1]).toMatch(/^concept drift is not judged by adwind: .*adwin/);
  });

  it('ends with a detector that is asked for no longer', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, settings);
    for (let number = 1; number <= 4; number++) labelled(performance, number, context, number > 2 ? wrong : right);
    const open = performance.openConditions();
    expect(open).toContain('concept_drift/ddm');
    const later = contextOf(churn, { ...small, concept_drift: { detectors: {} } });
    const found = findingsIn(labelled(performance, 5, later, wrong));
    expect(found.every(({ type }) => type === 'ConceptDriftCleared')).toBe(true);
    expect(found.map(({ data }) => 'condition' in data && data.condition).sort()).toEqual([...open].sort());
    expect(performance.openConditions()).toEqual([]);
  });
});

describe('performance', () => {
  const bounded = (performance: object) => ({
    ...small,
    performance: { ...small.performance, label_share: 0.5, clear_after: 2, ...performance },
    concept_drift: { detectors: {} },
  });
  const told = (outputs: readonly MonitorOutput[]) =>
    findingsIn(outputs).map(({ type, data }) => [type, 'metric' in data && data.metric, data.window]);

  it('is degraded where the whole interval is beyond the bound, once, and over after two windows', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, bounded({ accuracy_threshold: 0.85, metrics: { log_loss: { max: 0.9 } } }));
    const truths = [right, wrong, wrong, right, wrong, right, right, wrong];
    const outputs = truths.map((trueOf, index) => told(labelled(performance, index + 1, context, trueOf)));
    expect(outputs).toEqual([
      [],
      [
        ['PerformanceDegraded', 'accuracy', 2],
        ['PerformanceDegraded', 'log_loss', 2],
      ],
      [],
      [],
      [],
      [],
      [
        ['PerformanceDegradationCleared', 'accuracy', 7],
        ['PerformanceDegradationCleared', 'log_loss', 7],
      ],
      [
        ['PerformanceDegraded', 'accuracy', 8],
        ['PerformanceDegraded', 'log_loss', 8],
      ],
    ]);
  });

  it('is judged once, when labels enough are there, with what was measured', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, bounded({ min_labels: 32, accuracy_threshold: 0.85 }));
    close(performance, spanOf(1, 100, 40), 100, context);
    const found = predictions(1, 40, wrong).map((one, index) =>
      findingsIn(tell(performance, { ...one, seq: 101, index }, context)),
    );
    expect(found.map((each) => each.length)).toEqual(Array.from({ length: 40 }, (_, index) => Number(index === 31)));
    expect(found[31]![0]).toMatchObject({
      type: 'PerformanceDegraded',
      data: {
        ...{ condition: 'performance/accuracy', metric: 'accuracy', value: 0, bound: 'min', threshold: 0.85 },
        ...{ estimated: false, measured_rows: 32, window: 1, events_seq: 10, configuration_seq: 2 },
        inputs: { first: { seq: 100, row: 0 }, last: { seq: 100, row: 39 }, rows: 32, sampled: 32 },
      },
    });
  });

  it('is judged at the end of the wait where fewer labels came, and not where too few did', () => {
    const found = [29, 30].map((labels) => {
      const performance = new VersionPerformance(place);
      const context = contextOf(churn, bounded({ accuracy_threshold: 0.85, label_share: 1 }));
      close(performance, spanOf(1, 100, 40), 100, context);
      const outputs = predictions(1, labels, wrong).flatMap((one) => tell(performance, { ...one, seq: 101 }, context));
      for (const number of [2, 3])
        outputs.push(...close(performance, spanOf(number, 100 * number, 1), 100 * number, context));
      return told(outputs);
    });
    expect(found).toEqual([[], [['PerformanceDegraded', 'accuracy', 1]]]);
  });

  it('says which bounds nothing is held against', () => {
    const context = contextOf(churn, bounded({ metrics: { rmse: { max: 1 }, f1: { min: 0.1 } } }));
    expect(new VersionPerformance(place).notes(context)[0]).toMatch(
      /^performance\.metrics: .* as rmse; expected accuracy/,
    );
  });

  it('is over where its bound is taken away', () => {
    const performance = new VersionPerformance(place);
    labelled(performance, 1, contextOf(churn, bounded({ accuracy_threshold: 0.85 })), wrong);
    expect(told(labelled(performance, 2, contextOf(churn, bounded({})), wrong))).toEqual([
      ['PerformanceDegradationCleared', 'accuracy', 2],
    ]);
  });

  it('of numbers is mae, rmse, r2 and bias', () => {
    const random = new Random(5);
    const watched = priceVersion(Array.from({ length: 500 }, () => random.normal()));
    const performance = new VersionPerformance(place);
    const context = contextOf(watched, bounded({ metrics: { bias: { min: -0.5, max: 0.5 } } }));
    const outputs = close(performance, spanOf(1, 100, 42), 100, context);
    for (let row = 0; row < 42; row++) {
      const label = random.normal();
      const value = row >= 40 ? null : label + 1 + 0.1 * random.normal();
      outputs.push(...tell(performance, { place: { seq: 100, row }, predicted: { value }, label, seq: 101 }, context));
    }
    const [{ metrics, labels, no_change_accuracy }] = measuredIn(outputs) as [ReturnType<typeof measuredIn>[number]];
    expect(Object.keys(metrics).sort()).toEqual(['bias', 'mae', 'r2', 'rmse']);
    expect(metrics['bias']!.low).toBeLessThan(1);
    expect(metrics['bias']!.high).toBeGreaterThan(1);
    expect([labels, no_change_accuracy]).toEqual([42, null]);
    expect(told(outputs)).toEqual([['PerformanceDegraded', 'bias', 1]]);
    expect(
      tell(performance, { place: { seq: 100, row: 0 }, predicted: { value: 1 }, label: 'yes', seq: 102 }, context),
    ).toEqual([]);
  });
});

describe('label drift', () => {
  it('is found against what was true in training, at the level of the window', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, { ...small, concept_drift: { detectors: {} } });
    const verdicts = [calibrated, () => 'yes', () => 'yes'].map((trueOf, index) => {
      const outputs = labelled(performance, index + 1, context, trueOf, 200);
      const own = measuredIn(outputs).find(({ window }) => window === index + 1);
      return [own!.label_drift?.drifted, findingsIn(outputs).map(({ type }) => type)];
    });
    expect(verdicts).toEqual([
      [false, []],
      [true, ['DataDriftDetected']],
      [true, []],
    ]);
    expect(performance.openConditions()).toEqual(['data_drift/labels']);
  });

  it('is not judged on fewer labels than the settings ask for', () => {
    const context = contextOf(churn, { ...small, drift_detection: { min_rows: 41 } });
    const [measured] = measuredIn(labelled(new VersionPerformance(place), 1, context, () => 'yes'));
    expect(measured!.label_drift).toMatchObject({ scope: 'labels', drifted: null });
  });
});

describe('estimates', () => {
  const classes = ['no', 'yes'];
  const settings = { ...small, drift_detection: { min_rows: 30, window_size: 200 }, concept_drift: { detectors: {} } };

  /** Rows of a window that ends: probabilities of `yes`. */
  const answered = (number: number, shares: readonly number[]) => ({
    ...spanOf(number, 100 * number, shares.length),
    ...{ rows: shares.length, classes },
    probabilities: Float64Array.from(shares.flatMap((yes) => [1 - yes, yes])),
    predicted: Int32Array.from(shares, (yes) => Number(yes >= 0.5)),
  });
  const usual = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 200 }, () => Math.fround(random.float()));
  };
  /** The model is hardly sure of anything. */
  const unsure = (seed: number) => usual(seed).map((yes) => 0.5 + (yes - 0.5) / 10);
  const at = { seq: 1000, logTime: 1 };

  it('are what CBPE says of the rows', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, settings);
    const shares = usual(4);
    const { estimated, outputs } = performance.estimateOf(answered(1, shares), at, context);
    if ('missing' in churn.reference) throw new Error('expected a reference');
    const { outputs: columns, target } = churn.reference.labelled!;
    const cbpe = fitCbpe(
      {
        probabilities: Float64Array.from(columns['probabilities.yes']!, Number),
        predictions: columns['label']!.map((label) => Number(label === 'yes')),
        targets: target.map((label) => Number(label === 'yes')),
      },
      { chunkRows: 200 },
    );
    const expected = cbpe.estimate({
      probabilities: Float64Array.from(shares),
      predictions: shares.map((yes) => Number(yes >= 0.5)),
    });
    expect(outputs).toEqual([]);
    expect(estimated).toMatchObject({ withdrawn: false });
    for (const [name, { value, low, high, alert }] of Object.entries(expected.metrics))
      expect(estimated!.metrics[name]).toEqual({ value, low, high, alert });
  });

  it('tell degradation without a label, and its end', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf(churn, settings);
    const found = [usual(4), unsure(5), unsure(6), usual(7), usual(8)].map((shares, index) =>
      findingsIn(performance.estimateOf(answered(index + 1, shares), at, context).outputs).map(({ type, data }) => [
        type,
        'condition' in data && data.condition,
      ]),
    );
    const both = (type: string) => ['roc_auc', 'accuracy'].map((metric) => [type, `performance_estimated/${metric}`]);
    expect(found).toEqual([[], both('PerformanceDegraded'), [], [], both('PerformanceDegradationCleared')]);
  });

  it('of fewer rows than the chunks they are held against raise nothing', () => {
    const performance = new VersionPerformance(place);
    const { estimated, outputs } = performance.estimateOf(
      answered(1, unsure(5).slice(0, 100)),
      at,
      contextOf(churn, settings),
    );
    expect([estimated!.metrics['accuracy']!.alert, outputs]).toEqual([true, []]);
  });

  it.each([
    ['withdrawn where labels contradict them', flipped, true],
    ['kept where labels agree', calibrated, false],
  ] as const)('are %s', (_, trueOf, withdrawn) => {
    const context = contextOf(churn, settings);
    let performance = new VersionPerformance(place);
    performance.estimateOf(answered(1, unsure(5)), at, context);
    expect(performance.openConditions()).toHaveLength(2);
    for (let number = 2; number <= 6; number++) {
      labelled(performance, number, context, trueOf, 200);
      performance = copyOf(performance);
    }
    const { estimated, outputs } = performance.estimateOf(answered(7, unsure(5)), at, context);
    expect(estimated!.withdrawn).toBe(withdrawn);
    expect(Object.keys(estimated!.metrics)).toHaveLength(6);
    expect(findingsIn(outputs).map(({ type }) => type)).toEqual(
      withdrawn ? ['PerformanceDegradationCleared', 'PerformanceDegradationCleared'] : [],
    );
  });

  it('that were withdrawn are believed again after two windows in a row that agree with their labels', () => {
    const context = contextOf(churn, settings);
    let performance = new VersionPerformance(place);
    const withdrawn = [flipped, calibrated, flipped, calibrated, calibrated, calibrated].map((trueOf, index) => {
      const number = index + 1;
      const rows = predictions(number, 200, trueOf);
      const shares = rows.map(({ predicted }) => Number(predicted.probabilities!['yes']));
      const { estimated } = performance.estimateOf(answered(number, shares), at, context);
      close(performance, spanOf(number, 100 * number, 200), 100 * number, context, estimated!.metrics);
      for (const [place, one] of rows.entries())
        tell(performance, { ...one, seq: 100 * number + 1, index: place }, context);
      performance = copyOf(performance);
      return estimated!.withdrawn;
    });
    expect(withdrawn).toEqual([false, true, true, true, true, false]);
  });

  it('say why there are none', () => {
    const performance = new VersionPerformance(place);
    const context = contextOf({ ...churn, reference: { missing: 'the version has no baseline' } }, settings);
    expect(performance.estimateOf(answered(1, usual(4)), at, context)).toEqual({ estimated: null, outputs: [] });
    expect(performance.notes(context)).toEqual(['performance is not estimated: the version has no baseline']);
  });

  it('that are asked for no longer leave nothing open', () => {
    const performance = new VersionPerformance(place);
    performance.estimateOf(answered(1, unsure(5)), at, contextOf(churn, settings));
    const context = contextOf(churn, { ...settings, performance: { ...small.performance, estimate: false } });
    const found = findingsIn(close(performance, spanOf(1, 100, 40), 100, context));
    expect(found.map(({ type }) => type)).toEqual(['PerformanceDegradationCleared', 'PerformanceDegradationCleared']);
  });
});

describe('classes that the version does not name', () => {
  const signature = { ...churn.signature };
  delete signature.classes;
  const unnamed = { signature, reference: { missing: 'none' } };

  const finalOf = (labels: readonly string[], order: readonly number[]) => {
    const context = contextOf(unnamed, { ...small, performance: { ...small.performance, label_wait_windows: 2 } });
    let performance = new VersionPerformance(place);
    close(performance, spanOf(1, 100, labels.length), 100, context);
    for (const row of order) {
      const predicted = { label: row % 3 === 0 ? 'b' : labels[row]! };
      tell(performance, { place: { seq: 100, row }, predicted, label: labels[row]!, seq: 101 }, context);
      if (row % 10 === 0) performance = copyOf(performance);
    }
    return measuredIn(performance.finish({ seq: 999, logTime: 1 }, context))[0]!.metrics;
  };
  const rows = Array.from({ length: 60 }, (_, row) => row);

  it('are told apart as they come, to the same figures in any order', () => {
    const labels = rows.map((row) => ['c', 'a', 'b', 'd'][row % 4]!);
    const metrics = finalOf(labels, rows);
    expect(Object.keys(metrics)).toEqual(['accuracy', 'precision', 'recall', 'f1', 'balanced_accuracy']);
    expect(metrics['accuracy']!.value).toBe(rows.filter((row) => row % 3 !== 0 || labels[row] === 'b').length / 60);
    expect(finalOf(labels, [...rows].reverse())).toEqual(metrics);
  });

  it('of which there are too many leave accuracy', () => {
    const many = Array.from({ length: 250 }, (_, row) => `class ${row}`);
    expect(finalOf(many, [...many.keys()])).toEqual({
      accuracy: expect.objectContaining({ value: 166 / 250 }) as unknown,
    });
  });
});

it('remembers what it has found when its windows are waited for no longer', () => {
  const settings = {
    ...small,
    performance: { ...small.performance, accuracy_threshold: 0.85 },
    concept_drift: { detectors: {} },
  };
  const context = contextOf(churn, settings);
  const performance = new VersionPerformance(place);
  expect(findingsIn(labelled(performance, 1, context, wrong))).toHaveLength(1);
  expect([performance.waits, performance.finish({ seq: 150, logTime: 1 }, context).length, performance.waits]).toEqual([
    true,
    1,
    false,
  ]);
  const [one] = predictions(1, 1);
  expect(tell(performance, { ...one!, seq: 160 }, context)).toEqual([]);
  expect(performance.notes(context)).toEqual(['1 labels of windows that are final count no more']);
  const back = copyOf(performance);
  expect(findingsIn(labelled(back, 2, context, wrong))).toEqual([]);
  expect(back.openConditions()).toEqual(['performance/accuracy']);
});

it('goes on the same wherever it is restored', () => {
  const context = contextOf(churn, {
    ...small,
    performance: { ...small.performance, accuracy_threshold: 0.85, label_share: 0.6 },
    concept_drift: { detectors: { adwin: {}, ddm: { warm_start: 20 }, kswin: {} }, clear_after_labels: 60 },
  });
  const random = new Random(11);
  const run = (restored: () => boolean) => {
    let performance = new VersionPerformance(place);
    const outputs: MonitorOutput[] = [];
    const step = (next: MonitorOutput[]) => {
      outputs.push(...next);
      if (restored()) performance = copyOf(performance);
    };
    for (let number = 1; number <= 8; number++) {
      step(close(performance, spanOf(number, 100 * number, 40), 100 * number, context));
      for (const [index, one] of predictions(number, 40, number > 4 ? flipped : right).entries()) {
        step(tell(performance, { ...one, seq: 100 * number + 1, index }, context));
        if (index % 7 === 0) step(tell(performance, { ...one, label: 'other', seq: 100 * number + 2, index }, context));
      }
    }
    step(performance.finish({ seq: 9999, logTime: 1 }, context));
    return JSON.stringify([outputs, performance.openConditions(), performance.notes(context)]);
  };
  const whole = run(() => false);
  expect(whole).toContain('ConceptDriftDetected');
  expect(whole).toContain('PerformanceDegraded');
  for (let cut = 0; cut < 5; cut++) expect(run(() => random.float() < 0.3)).toBe(whole);
});
