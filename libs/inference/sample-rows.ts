import { assertNever } from '#libs/kernel/index.js';
import type { Feature, Signature } from '#libs/contracts/index.js';
import type { CategoryLists } from '#libs/onnx/index.js';

export interface SampleOptions {
  readonly rows: number;
  /** Uniform in [0, 1). The same numbers give the same rows. */
  readonly random: () => number;
  /** Values that the graph's encoders accept, by input (`categoryLists`). */
  readonly categories?: ReadonlyMap<string, CategoryLists>;
}

export type SampleRow = Readonly<Record<string, unknown>>;

/** Of the values of a nullable feature, one in so many is missing. */
const missingOneIn = 8;
const integersBelow = 10;

/**
 * Rows to try a model with, drawn from its signature: known categories where the graph lists them, else floats of mean
 * 0 and variance 1, integers and texts of ten values, and now and then a missing value where one may be. They have the
 * types of the data that the model was trained on, not its distribution.
 */
export function* sampleRows({ features }: Signature, options: SampleOptions): Generator<SampleRow> {
  for (let row = 0; row < options.rows; row++) {
    // A feature may be called __proto__: fromEntries makes it a key of the row like any other.
    yield Object.fromEntries(features.map((feature) => [feature.name, valueOf(feature, options)]));
  }
}

/**
 * Uniform numbers in [0, 1) of 32 bits, the same from the same seed: SplitMix (Steele, Lea, Flood 2014) in 32 bits, a Weyl
 * sequence through the finaliser of MurmurHash3. For sampling only: nothing that must not be guessed.
 */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x85ebca6b);
    mixed ^= mixed >>> 13;
    mixed = Math.imul(mixed, 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    return (mixed >>> 0) / 0x1_0000_0000;
  };
}

function valueOf(feature: Feature, options: SampleOptions): unknown {
  const { nullable, index, shape = [] } = feature;
  if (nullable && options.random() * missingOneIn < 1) return null;
  const lists = options.categories?.get(feature.input);
  if (index !== null) return elementOf(feature, options, lists?.[index]);
  let at = 0;
  const nested = ([length, ...inner]: readonly number[]): unknown =>
    length === undefined ? elementOf(feature, options, lists?.[at++]) : Array.from({ length }, () => nested(inner));
  return nested(shape);
}

function elementOf(
  { type }: Feature,
  { random }: SampleOptions,
  categories: readonly (string | number)[] | undefined,
): number | string | boolean {
  if (categories !== undefined && categories.length > 0) return categories[Math.floor(random() * categories.length)]!;
  switch (type) {
    case 'float32':
      return Math.fround(normal(random));
    case 'float64':
      return normal(random);
    case 'int64':
    case 'int32':
    case 'int16':
    case 'int8':
    case 'uint8':
      return Math.floor(random() * integersBelow);
    case 'bool':
      return random() < 0.5;
    case 'string':
      return `value ${Math.floor(random() * integersBelow)}`;
    default:
      return assertNever(type, 'tensor type');
  }
}

/**
 * The sum of twelve uniform numbers less 6 (Irwin–Hall): mean 0, variance 1, near enough to a normal distribution within
 * three deviations, and by addition alone, so that every machine draws the same bits.
 */
function normal(random: () => number): number {
  let sum = -6;
  for (let term = 0; term < 12; term++) sum += random();
  return sum;
}
