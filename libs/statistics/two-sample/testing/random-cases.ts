/**
 * Random inputs that tests/fixtures/statistics/two_sample.py draws alike, so that the fixture holds only results. All of it is
 * whole numbers and operations that IEEE 754 rounds correctly: no function whose last digit differs between libraries.
 */

/** xorshift32 (Marsaglia 2003). */
export class Words {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    // Seeds that are close give words that are close for the first few.
    for (let skipped = 0; skipped < 8; skipped++) this.next();
  }

  next(): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (this.#state = state >>> 0);
  }

  below(bound: number): number {
    return this.next() % bound;
  }

  uniform(): number {
    return this.next() / 2 ** 32;
  }
}

/** The first three without ties. */
const kinds: readonly ((words: Words) => number)[] = [
  (words) => words.uniform(),
  // About normal.
  (words) => words.uniform() + words.uniform() + words.uniform() + words.uniform() - 2,
  // Tails so heavy that there is hardly a mean.
  (words) => (words.uniform() - 0.5) / (1.001 - words.uniform()),
  // Ties: few values, and rounded ones.
  (words) => words.below(6),
  (words) => words.below(100) / 10,
  // Large against their spread.
  (words) => 1000 + words.uniform(),
];

const sizes = [8, 20, 60, 300, 1500];
const shifts = [0, 0, 0.1, 0.5, 1, 1000];

/** Two ascending samples of 2 or more values each: of the first so many kinds, with no difference up to one of 1,000. */
export function randomSamples(index: number, ofKinds = kinds.length): { x: Float64Array; y: Float64Array } {
  const words = new Words(index + 1);
  const draw = kinds[words.below(ofKinds)]!;
  const largest = sizes[words.below(sizes.length)]!;
  const shift = shifts[words.below(shifts.length)]!;
  const [m, n] = [2 + words.below(largest - 1), 2 + words.below(largest - 1)];
  const x = Float64Array.from({ length: m }, () => draw(words)).sort();
  const y = Float64Array.from({ length: n }, () => draw(words) + shift).sort();
  return { x, y };
}

/** Samples in which values hardly ever appear twice. */
export const untiedSamples = (index: number): { x: Float64Array; y: Float64Array } => randomSamples(index, 3);

/** Two rows of counts over 2 to 60 bins, some of them empty in one or in both. */
export function randomCounts(index: number): { counts: Float64Array; other: Float64Array } {
  const words = new Words(index + 1);
  const bins = 2 + words.below(59);
  const most = [3, 30, 1000, 1_000_000][words.below(4)]!;
  const draw = (): number => (words.below(4) === 0 ? 0 : words.below(most));
  const counts = Float64Array.from({ length: bins }, draw);
  const other = Float64Array.from({ length: bins }, draw);
  // At least two bins hold something, in both rows.
  for (const row of [counts, other]) for (const bin of [0, 1]) row[bin]! += 1;
  return { counts, other };
}

/** Successes and trials of two groups. */
export function randomProportions(index: number): [successes1: number, n1: number, successes2: number, n2: number] {
  const words = new Words(index + 1);
  const most = [10, 200, 100_000][words.below(3)]!;
  const [n1, n2] = [2 + words.below(most), 2 + words.below(most)];
  const [successes1, successes2] = [1 + words.below(n1 - 1), words.below(n2 + 1)];
  return [successes1, n1, successes2, n2];
}
