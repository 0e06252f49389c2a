import { MersenneTwister } from '../../libs/statistics/detectors/mersenne-twister.js';

/** What Python's `random.Random(seed)` and NumPy's legacy generator draw, for streams that others have published. */
export class PythonRandom {
  readonly #twister: MersenneTwister;

  constructor(seed: number) {
    this.#twister = MersenneTwister.fromSeed(seed);
  }

  random(): number {
    return this.#twister.float();
  }

  choices<T>(population: readonly T[], k: number, weights?: readonly number[]): T[] {
    return Array.from({ length: k }, () => population[this.#chosen(population.length, weights)]!);
  }

  #chosen(length: number, weights: readonly number[] | undefined): number {
    if (weights === undefined) return Math.floor(this.random() * length);
    const sums: number[] = [];
    for (const weight of weights) sums.push((sums.at(-1) ?? 0) + weight);
    const drawn = this.random() * sums.at(-1)!;
    return Math.min(sums.filter((sum) => sum <= drawn).length, length - 1);
  }
}

/** `np.random.seed(seed)`, then `np.random.normal`: Marsaglia's polar method, the second number of a pair first. */
export class NumpyRandom {
  readonly #twister: MersenneTwister;
  #kept: number | null = null;

  constructor(seed: number) {
    this.#twister = MersenneTwister.fromWord(seed);
  }

  normal(mean: number, deviation: number, size: number): number[] {
    return Array.from({ length: size }, () => mean + deviation * this.#standard());
  }

  #standard(): number {
    if (this.#kept !== null) {
      const kept = this.#kept;
      this.#kept = null;
      return kept;
    }
    for (;;) {
      const x = 2 * this.#twister.float() - 1;
      const y = 2 * this.#twister.float() - 1;
      const square = x * x + y * y;
      if (square >= 1 || square === 0) continue;
      const factor = Math.sqrt((-2 * Math.log(square)) / square);
      this.#kept = factor * x;
      return factor * y;
    }
  }
}
