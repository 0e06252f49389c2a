/** Rows in order of a score, highest first, and which of them are positive. */
export interface Ranking {
  readonly order: Uint32Array;
  readonly scores: Float64Array;
  readonly positive: Uint8Array;
}

/** What has a score of at least `threshold`. */
export interface RankStep {
  readonly threshold: number;
  readonly hits: number;
  readonly misses: number;
}

export function rankingOf(scores: Float64Array, positive: Uint8Array): Ranking {
  const order = Uint32Array.from(scores, (_, row) => row);
  order.sort((a, b) => scores[b]! - scores[a]! || a - b);
  return { order, scores, positive };
}

/** Hits and misses at each distinct score, from the highest down. */
export function rankSteps({ order, scores, positive }: Ranking): readonly RankStep[] {
  const steps: RankStep[] = [];
  let hits = 0;
  for (const [at, row] of order.entries()) {
    hits += positive[row]!;
    const threshold = scores[row]!;
    const next = order[at + 1];
    if (next === undefined || scores[next] !== threshold) steps.push({ threshold, hits, misses: at + 1 - hits });
  }
  return steps;
}

export interface Areas {
  /** The area under the ROC curve, ties counting half; null: rows of one kind alone. */
  readonly roc_auc: number | null;
  /** Average precision: precision at each score by the recall it adds, no interpolation; null: no positive rows. */
  readonly pr_auc: number | null;
}

/** Both in one pass over the rows: a bootstrap asks for them hundreds of times. */
export function areasOf({ order, scores, positive }: Ranking, weights?: Float64Array): Areas {
  let [hits, misses] = [0, 0];
  let [hitsBefore, missesBefore] = [0, 0];
  let [area, precision] = [0, 0];
  for (let at = 0; at < order.length; at++) {
    const row = order[at]!;
    const weight = weights === undefined ? 1 : weights[row]!;
    if (positive[row] === 1) hits += weight;
    else misses += weight;
    if (at + 1 < order.length && scores[order[at + 1]!] === scores[row]) continue;
    area += ((misses - missesBefore) * (hits + hitsBefore)) / 2;
    if (hits > hitsBefore) precision += ((hits - hitsBefore) * hits) / (hits + misses);
    hitsBefore = hits;
    missesBefore = misses;
  }
  return {
    roc_auc: hits > 0 && misses > 0 ? Math.min(area / (hits * misses), 1) : null,
    pr_auc: hits > 0 ? Math.min(precision / hits, 1) : null,
  };
}
