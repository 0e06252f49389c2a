import type { DriftBaseline, Signature } from '#libs/contracts/index.js';
import { fitCbpe, type Cbpe } from '#libs/statistics/index.js';
import type { MonitorContext, WatchedVersion } from '../contract.js';
import { shareOf } from './class-metrics.js';

/** An estimator, or why there is none. */
export type Estimator = { readonly cbpe: Cbpe; readonly classes: readonly string[] } | { readonly refused: string };

type Sample = DriftBaseline['sample'];

const chunks = 10;
/** Chunks of fewer rows say little of how figures vary. */
const fewestChunkRows = 50;

const fitted = new WeakMap<Signature, WeakMap<Sample, Map<number | null, Estimator>>>();

/**
 * The estimator of a version: fitted once to the labelled rows of its training baseline. Chunks whose figures tell what is
 * usual are a tenth of those rows, or the rows of a window where these are fewer.
 */
export function estimatorOf(version: WatchedVersion | undefined, windowSize: number | null): Estimator {
  if (version === undefined) return { refused: 'the version is not known' };
  const { reference, signature } = version;
  if ('missing' in reference) return { refused: reference.missing };
  if (reference.labelled === null) return { refused: 'the reference has no labelled rows' };
  const bySample = fitted.get(signature) ?? new WeakMap<Sample, Map<number | null, Estimator>>();
  fitted.set(signature, bySample);
  const bySize = bySample.get(reference.labelled) ?? new Map<number | null, Estimator>();
  bySample.set(reference.labelled, bySize);
  let estimator = bySize.get(windowSize);
  if (estimator === undefined) {
    estimator = fit(reference.labelled, (signature.classes ?? []).map(String), windowSize);
    bySize.set(windowSize, estimator);
  }
  return estimator;
}

/** Probabilities as the estimator takes them: of two classes the second's, else of all. NaN for what is none. */
export function scoresOf(probabilities: ArrayLike<number>, rows: number, classes: number): Float64Array {
  const width = classes === 2 ? 1 : classes;
  const scores = new Float64Array(rows * width);
  for (let at = 0; at < scores.length; at++) scores[at] = shareOf(probabilities[classes === 2 ? 2 * at + 1 : at]);
  return scores;
}

/** Why performance is not estimated although it is asked for; nothing where it is. */
export function notEstimated(context: MonitorContext, version: WatchedVersion | undefined): string[] {
  const estimator = estimatorOf(version, context.settings.drift_detection.window_size);
  return 'refused' in estimator ? [`performance is not estimated: ${estimator.refused}`] : [];
}

function fit(sample: Sample, classes: readonly string[], windowSize: number | null): Estimator {
  if (classes.length < 2) return { refused: 'the version names no classes' };
  const columns = classes.map((name) => sample.outputs[`probabilities.${name}`]);
  if (columns.some((column) => column === undefined)) return { refused: 'the reference has no probabilities' };
  const shares = columns.map((column) => (column ?? []).map(numberOf));
  const answers = sample.outputs['label'];
  const numbers = new Map(classes.map((name, index) => [name, index]));
  const rows = sample.target.flatMap((target, row) => {
    const own = shares.map((column) => column[row] ?? Number.NaN);
    const answer = answers === undefined ? own.indexOf(Math.max(...own)) : numbers.get(String(answers[row]));
    const truth = numbers.get(String(target));
    return truth === undefined || answer === undefined || answer < 0 ? [] : [{ own, answer, truth }];
  });
  const reference = {
    probabilities: scoresOf(
      rows.flatMap(({ own }) => own),
      rows.length,
      classes.length,
    ),
    predictions: Int32Array.from(rows, ({ answer }) => answer),
    targets: Int32Array.from(rows, ({ truth }) => truth),
  };
  const usual = Math.floor(rows.length / chunks);
  const chunkRows = Math.max(Math.min(usual, windowSize ?? usual), fewestChunkRows);
  try {
    return { cbpe: fitCbpe(reference, { classes: classes.length, chunkRows }), classes };
  } catch (error) {
    if (error instanceof RangeError) return { refused: error.message };
    throw error;
  }
}

const numberOf = (value: unknown): number => (typeof value === 'number' ? value : Number.NaN);
