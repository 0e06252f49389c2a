import type { Trial } from '#libs/contracts/index.js';

/** The score of a trial that can win; a failed one has minus infinity. */
export const scoreOf = ({ status, score }: Trial): number =>
  status === 'completed' && score !== null && Number.isFinite(score) ? score : -Infinity;

/** Best first; of equal scores the lower index, so that the order of completion means nothing. */
export function byScore(one: Trial, other: Trial): number {
  const [a, b] = [scoreOf(one), scoreOf(other)];
  return a === b ? one.index - other.index : b - a;
}

/**
 * The best score among the trials of the largest budget that any completed one had: full, unless the search was cut off.
 * Equal scores: the lower index. null: none was completed.
 */
export function winner(trials: readonly Trial[]): Trial | null {
  const completed = trials.filter((trial) => scoreOf(trial) > -Infinity);
  const budget = Math.max(...completed.map((trial) => trial.budget));
  return completed.filter((trial) => trial.budget === budget).sort(byScore)[0] ?? null;
}
