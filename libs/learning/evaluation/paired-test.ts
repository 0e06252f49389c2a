import type { MeasuredRows, Metrics } from '../metrics/metrics.js';
import { scoreOf } from '../metrics/primary.js';
import { sumOverRows } from '../row-blocks.js';
import { bootstrap, type BootstrapOptions, type Interval } from './bootstrap.js';
import { chiSquareOneTail, fairCoinTwoSided, studentTwoSided } from './distributions.js';

/** As the evaluation report of the contracts has it. */
export interface PairedTest {
  readonly test: 'mcnemar' | 'paired_t';
  readonly statistic: number;
  readonly p_value: number;
  /** Candidate less champion, as a score: positive is better. */
  readonly difference: { readonly metric: string; readonly mean: number } & Interval;
  readonly verdict: 'better' | 'worse' | 'no_difference';
}

export interface PairedOptions extends BootstrapOptions {
  readonly kind: 'classification' | 'regression';
  /** What the difference is of; accuracy or RMSE instead where it is not defined on every resample of these rows. */
  readonly metric: string;
}

const significance = 0.05;
/** Of fewer rows on which one alone is right, the χ² distribution is no approximation (Dietterich 1998 asks for 10). */
const fewDiscordant = 25;

/**
 * Whether a candidate differs from the champion on the same rows. Classification: McNemar's test of the rows on which one
 * of the two alone is right, exact below 25 of them, else with Edwards' continuity correction. Regression: the paired t-test
 * of squared errors. The verdict is at 5 %, two-sided. Beside it a 95 % bootstrap interval of the difference in `metric`.
 * @throws RangeError when the two have not the same number of rows.
 */
export function pairedTest(candidate: MeasuredRows, champion: MeasuredRows, options: PairedOptions): PairedTest {
  if (candidate.rows !== champion.rows) {
    throw new RangeError(`champion has ${champion.rows} rows, expected ${candidate.rows} as the candidate`);
  }
  const found = options.kind === 'classification' ? mcnemar(candidate, champion) : pairedT(candidate, champion);
  const { test, statistic, p_value, better } = found;
  const verdict = p_value >= significance ? 'no_difference' : better ? 'better' : 'worse';
  return { test, statistic, p_value, difference: differenceOf(candidate, champion, options), verdict };
}

interface Found extends Pick<PairedTest, 'test' | 'statistic' | 'p_value'> {
  readonly better: boolean;
}

function mcnemar(candidate: MeasuredRows, champion: MeasuredRows): Found {
  let won = 0;
  let lost = 0;
  for (let row = 0; row < candidate.rows; row++) {
    const less = champion.lossOf(row) - candidate.lossOf(row);
    if (less > 0) won++;
    else if (less < 0) lost++;
  }
  const discordant = won + lost;
  const fewer = Math.min(won, lost);
  const better = won > lost;
  if (discordant < fewDiscordant) {
    return { test: 'mcnemar', statistic: fewer, p_value: fairCoinTwoSided(fewer, discordant), better };
  }
  const statistic = Math.max(Math.abs(won - lost) - 1, 0) ** 2 / discordant;
  return { test: 'mcnemar', statistic, p_value: chiSquareOneTail(statistic), better };
}

/** Differences that are all the same, and not 0, leave nothing to chance: t is the largest number there is. */
function pairedT(candidate: MeasuredRows, champion: MeasuredRows): Found {
  const { rows } = candidate;
  const less = (row: number) => champion.lossOf(row) - candidate.lossOf(row);
  const mean = sumOverRows(rows, less) / rows;
  const better = mean > 0;
  if (rows < 2 || mean === 0) return { test: 'paired_t', statistic: 0, p_value: 1, better };
  const variance = sumOverRows(rows, (row) => (less(row) - mean) ** 2) / (rows - 1);
  const t = mean / Math.sqrt(variance / rows);
  const statistic = Math.max(Math.min(t, Number.MAX_VALUE), -Number.MAX_VALUE);
  return { test: 'paired_t', statistic, p_value: studentTwoSided(t, rows - 1), better };
}

function differenceOf(
  candidate: MeasuredRows,
  champion: MeasuredRows,
  options: PairedOptions,
): PairedTest['difference'] {
  const always = options.kind === 'classification' ? 'accuracy' : 'rmse';
  const both = [candidate, champion];
  const means = differences(both.map((each) => each.metrics()));
  const draws = bootstrap(both, differences, options);
  for (const metric of [options.metric, always]) {
    const mean = means[metric];
    const interval = mean === undefined ? null : draws.intervalOf(metric, mean);
    if (mean !== undefined && interval !== null) return { metric, mean, ...interval };
  }
  throw new TypeError(`${always}: expected a figure on every resample`);
}

/** Of every metric that both have, as scores. */
function differences([candidate = {}, champion = {}]: readonly Metrics[]): Metrics {
  const common = Object.entries(candidate).filter(([metric]) => champion[metric] !== undefined);
  return Object.fromEntries(
    common.map(([metric, value]) => [metric, scoreOf(metric, value) - scoreOf(metric, champion[metric]!)]),
  );
}
