import type { Random } from '#libs/learning/index.js';
import { driftTestNamed, type ColumnSample } from '#libs/statistics/index.js';

/** How often the G test rejects without drift, in parts of the level that it is held against. */
export interface Rejections {
  readonly ofLevel: number;
  /** Of that estimate. */
  readonly standardError: number;
}

/**
 * The chance that the test rejects at a level as small as 1e-9 when all rows are given, and chance alone has parted them:
 * the window's rows of each bin are hypergeometric. Tables are drawn from what exponential tilting by G makes of that
 * distribution, of which about half reject, and weighted back (Siegmund 1976): bins are independent but for their sum,
 * so the tilted tables are drawn bin by bin, given what is left over. O(bins · rows · range) once, O(bins · range) a table.
 *
 * @param totals of the bins, both sides together.
 * @param critical the G of which the level is the chance, about: the tables' mean.
 */
export function rejectionsOf(
  totals: readonly number[],
  windowRows: number,
  level: number,
  critical: number,
  draws: number,
  random: Random,
): Rejections {
  const tilted = new TiltedTables(totals, windowRows, critical);
  const test = driftTestNamed('g_test');
  let [sum, squares] = [0, 0];
  for (let draw = 0; draw < draws; draw++) {
    const { window, logWeight } = tilted.draw(random);
    const reference = Float64Array.from(totals, (total, bin) => total - window[bin]!);
    const bins = { kind: 'categorical', categories: totals.slice(1).map((_, bin) => `c${bin}`) } as const;
    const outcome = test.run({ ...sampleOf(reference), name: 'x', bins }, sampleOf(window), plain);
    if (!outcome.enough) throw new Error(outcome.reason);
    if (outcome.pValue! > level) continue;
    const weight = Math.exp(logWeight) / level;
    sum += weight;
    squares += weight * weight;
  }
  const ofLevel = sum / draws;
  return { ofLevel, standardError: Math.sqrt((squares / draws - ofLevel * ofLevel) / draws) };
}

const plain = { seed: 1, permutations: 0 };

interface TiltedBin {
  /** The window's rows, from here on. */
  readonly from: number;
  /** Of each number of rows, the logarithm of its tilted weight and the bin's part of G. */
  readonly weights: Float64Array;
  readonly parts: Float64Array;
}

/** Tables of given totals, the likelier the larger their G. */
class TiltedTables {
  readonly #bins: readonly TiltedBin[];
  /** By bin and rows that are left, the logarithm of what this bin and those after it weigh together. */
  readonly #left: readonly Float64Array[];
  readonly #tilt: number;
  /** Of the tilted distribution over the true one. */
  readonly #logNorm: number;
  readonly #rows: number;

  constructor(totals: readonly number[], windowRows: number, critical: number) {
    const all = totals.reduce((sum, total) => sum + total, 0);
    this.#tilt = Math.max(0.5 * (1 - (totals.length - 1) / critical), 0);
    this.#rows = windowRows;
    this.#bins = totals.map((total) => tiltedBin(total, windowRows / all, this.#tilt));
    this.#left = leftOver(this.#bins, windowRows);
    this.#logNorm = this.#left[0]![windowRows]! - logChoose(all, windowRows);
  }

  draw(random: Random): { readonly window: Float64Array; readonly logWeight: number } {
    const window = new Float64Array(this.#bins.length);
    let [left, g] = [this.#rows, 0];
    for (const [bin, { from, weights, parts }] of this.#bins.entries()) {
      const [own, next] = [this.#left[bin]![left]!, this.#left[bin + 1]!];
      let [place, share] = [0, random.float()];
      for (; place + 1 < weights.length && from + place + 1 <= left; place++) {
        share -= Math.exp(weights[place]! + next[left - from - place]! - own);
        if (share < 0) break;
      }
      window[bin] = from + place;
      left -= from + place;
      g += parts[place]!;
    }
    return { window, logWeight: this.#logNorm - this.#tilt * g };
  }
}

/** Twelve standard deviations and more of the rows that a window may have of the bin. */
function tiltedBin(total: number, share: number, tilt: number): TiltedBin {
  const expected = total * share;
  const reach = 12 * Math.sqrt(expected * (1 - share)) + 24;
  const from = Math.max(Math.floor(expected - reach), 0);
  const parts = Float64Array.from(
    { length: Math.min(Math.ceil(expected + reach), total) - from + 1 },
    (_, place) => 2 * (term(from + place, expected) + term(total - from - place, total - expected)),
  );
  return { from, parts, weights: parts.map((part, place) => logChoose(total, from + place) + tilt * part) };
}

function leftOver(bins: readonly TiltedBin[], rows: number): Float64Array[] {
  const left = [...bins, null].map(() => new Float64Array(rows + 1).fill(-Infinity));
  left[bins.length]![0] = 0;
  for (let bin = bins.length - 1; bin >= 0; bin--) {
    const { from, weights } = bins[bin]!;
    const [own, next] = [left[bin]!, left[bin + 1]!];
    for (let have = from; have <= rows; have++) {
      let highest = -Infinity;
      const last = Math.min(weights.length - 1, have - from);
      for (let place = 0; place <= last; place++) {
        highest = Math.max(highest, weights[place]! + next[have - from - place]!);
      }
      if (highest === -Infinity) continue;
      let sum = 0;
      for (let place = 0; place <= last; place++) {
        const below = weights[place]! + next[have - from - place]! - highest;
        if (below > -40) sum += Math.exp(below);
      }
      own[have] = highest + Math.log(sum);
    }
  }
  return left;
}

const term = (observed: number, expected: number): number =>
  observed === 0 ? 0 : observed * Math.log(observed / expected);

const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k++) logFactorials.push(logFactorials[k - 1]! + Math.log(k));
  return logFactorials[n]!;
}

const logChoose = (n: number, k: number): number => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

function sampleOf(counts: Float64Array): ColumnSample {
  const rows = counts.reduce((sum, count) => sum + count, 0);
  const nothing = { missing: 0, values: new Float64Array(), sampled: false, mean: null, sd: null };
  return { rows, counts, distinct: counts.length, ...nothing };
}
