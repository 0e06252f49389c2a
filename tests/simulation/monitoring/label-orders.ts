/**
 * Labels of one version's predictions, late, doubled, corrected and wrong, in orders drawn at random: the final metrics must
 * be those of the labels that count, whichever came first.
 */
import { isDeepStrictEqual } from 'node:util';
import type { PerformanceMeasured } from '#libs/contracts/index.js';
import { Random } from '#libs/learning/index.js';
import { VersionPerformance } from '#libs/monitoring/labels/version-performance.js';
import {
  churnAnswer,
  churnVersion,
  close,
  contextOf,
  eventId,
  measuredIn,
  place,
  spanOf,
  tell,
  type Told,
} from '#libs/monitoring/testing/labels.js';

const windows = 3;
const rows = 40;
/** Windows that labels are waited for: all of them end within it. */
const wait = 5;

/** What a window comes to once its labels count no more; detectors see labels in the order of the log, and differ. */
type Final = Pick<
  PerformanceMeasured,
  'window' | 'served' | 'labels' | 'mismatched' | 'metrics' | 'no_change_accuracy' | 'label_drift'
>;

interface Label extends Omit<Told, 'seq'> {
  readonly window: number;
  readonly event: string;
  readonly observedAt: number;
  readonly index: number;
}

export interface Disagreement {
  readonly seed: number;
  readonly expected: readonly Final[];
  readonly found: readonly Final[];
}

/** @returns the first order of labels that gave other final metrics than they do when each prediction has one label. */
export function firstDisagreement(orders: number, seed: number): Disagreement | null {
  const labels = labelsOf(seed);
  const expected = finals(countingOnes(labels), new Random(seed, 0));
  for (let order = 1; order <= orders; order++) {
    const found = finals(labels, new Random(seed, order));
    if (!isDeepStrictEqual(found, expected)) return { seed: order, expected, found };
  }
  return null;
}

/** Labels of three windows: some of no prediction, one that is corrected up to three times, or told twice, or of a number. */
function labelsOf(seed: number): Label[] {
  const random = new Random(seed);
  const labels: Label[] = [];
  for (let window = 1; window <= windows; window++) {
    for (let row = 0; row < rows; row++) {
      const at = { window, place: { seq: seqOf(window), row }, predicted: churnAnswer(Math.fround(random.float())) };
      // One row in ten has no label, as it is with real ones.
      const times = random.below(10) === 0 ? 0 : 1 + random.below(3);
      for (let time = 0; time < times; time++) {
        const one = {
          ...at,
          label: random.below(2) === 0 ? 'yes' : 'no',
          // Moments and messages are shared by some, so that each of the three decides now and then.
          ...{ observedAt: 1000 * random.below(2), event: `message ${random.below(4)}`, index: labels.length },
        };
        labels.push(one);
        if (random.below(5) === 0) labels.push(one);
      }
      if (random.below(20) === 0)
        labels.push({ ...at, label: 1, observedAt: 9000, event: 'another type', index: labels.length });
    }
    labels.push({
      ...{ window, place: { seq: seqOf(window), row: rows }, predicted: churnAnswer(0.5), label: 'yes' },
      ...{ observedAt: 0, event: 'no such row', index: labels.length },
    });
  }
  return labels;
}

/** Of each prediction the label that counts, and what is no label. */
function countingOnes(labels: readonly Label[]): Label[] {
  const counting = new Map<string, Label>();
  const others = labels.filter(({ label }) => typeof label !== 'string');
  for (const label of labels) {
    if (typeof label.label !== 'string') continue;
    const key = `${label.place.seq} ${label.place.row}`;
    const known = counting.get(key);
    if (known === undefined || rankOf(label) > rankOf(known)) counting.set(key, label);
  }
  return [...counting.values(), ...others];
}

const rankOf = ({ observedAt, event, index }: Label): string =>
  `${String(observedAt).padStart(8, '0')} ${eventId(event)} ${String(index).padStart(8, '0')}`;

/** Chunk of a window, whose last row ends it. */
const seqOf = (window: number): number => 1000 * window;

const settings = {
  drift_detection: { min_rows: 30 },
  performance: { min_labels: 30, label_wait_windows: wait, label_share: 0.5 },
};
const context = contextOf(churnVersion(500), settings);

/** A label may come at any time behind the chunk of its prediction, as long as its window is not final. */
function finals(labels: readonly Label[], random: Random): Final[] {
  const steps = [
    ...Array.from({ length: windows + wait }, (_, index) => ({ seq: seqOf(index + 1), ends: index + 1 })),
    ...labels.map((label) => ({
      seq: seqOf(label.window) + 1 + random.below(1000 * wait - 1) + random.float(),
      label,
    })),
  ].sort((a, b) => a.seq - b.seq);
  const performance = new VersionPerformance(place);
  const outputs = steps.flatMap((step) => {
    if ('label' in step) return tell(performance, { ...step.label, seq: Math.floor(step.seq) }, context);
    return close(performance, spanOf(step.ends, step.seq, step.ends <= windows ? rows : 1), step.seq, context);
  });
  return measuredIn(outputs)
    .filter(({ final }) => final)
    .map(({ window, served, labels: counted, mismatched, metrics, no_change_accuracy, label_drift }) => ({
      ...{ window, served, labels: counted, mismatched, metrics, no_change_accuracy, label_drift },
    }));
}
