/** A metric that is better the larger it is, on the same splits by two trainers. */
export interface Scores {
  readonly dataset: string;
  readonly learner: string;
  readonly metric: string;
  /** One for each split, in the same order. */
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
}

export interface MeanAndSd {
  readonly mean: number;
  /** Over the splits, with n − 1. */
  readonly sd: number;
}

export interface Comparison extends Scores {
  readonly our: MeanAndSd;
  readonly their: MeanAndSd;
  /** Ours less theirs, split by split. */
  readonly difference: MeanAndSd;
  /** What ours may lack: two of their standard deviations, or half a point where that is more. */
  readonly allowance: number;
  readonly holds: boolean;
}

const leastAllowance = 0.005;

/** @throws RangeError where the two do not have the same splits, at least two. */
export function compare(scores: Scores): Comparison {
  const { ours, theirs } = scores;
  if (ours.length !== theirs.length || ours.length < 2) {
    throw new RangeError(`splits: expected as many of both, at least 2, got ${ours.length} and ${theirs.length}`);
  }
  const [our, their] = [meanAndSd(ours), meanAndSd(theirs)];
  const allowance = Math.max(2 * their.sd, leastAllowance);
  return {
    ...scores,
    ...{ our, their, allowance },
    difference: meanAndSd(ours.map((score, split) => score - theirs[split]!)),
    // NaN holds nothing.
    holds: our.mean >= their.mean - allowance,
  };
}

/** Aligned text, a row for each comparison, and how many of them hold. */
export function renderComparisons(comparisons: readonly Comparison[]): string {
  const headings = ['data set', 'learner', 'metric', 'ours', 'scikit-learn', 'difference', 'may lack', 'holds'];
  const cells = comparisons.map(({ dataset, learner, metric, our, their, difference, allowance, holds }) => [
    ...[dataset, learner, metric, shown(our), shown(their), signed(difference)],
    ...[allowance.toFixed(4), holds ? 'yes' : 'NO'],
  ]);
  const widths = headings.map((heading, at) => Math.max(heading.length, ...cells.map((row) => row[at]!.length)));
  const lines = [headings, ...cells].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at]!))
      .join('  ')
      .trimEnd(),
  );
  const held = comparisons.filter(({ holds }) => holds).length;
  return [...lines, `${held} of ${comparisons.length} hold`].join('\n');
}

const shown = ({ mean, sd }: MeanAndSd): string => `${mean.toFixed(4)} ± ${sd.toFixed(4)}`;

const signed = (difference: MeanAndSd): string => `${difference.mean < 0 ? '' : '+'}${shown(difference)}`;

function meanAndSd(values: readonly number[]): MeanAndSd {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: Math.sqrt(squares / (values.length - 1)) };
}
