import type { ColumnProfile, DriftBaseline, Feature, OtherCategories } from '#libs/contracts/index.js';
import { decodeTextHashes } from '#libs/kernel/index.js';
import { shownCategory } from './category-lookup.js';
import { fewValues, type Binned } from './edges.js';
import { referenceFromRows } from './reference-from-rows.js';
import { withoutValues, type KnownOthers, type ReferenceSummary } from './reference-summary.js';

/** A value of a baseline's sample; timestamps are ISO 8601. */
export type SampleValue = number | string | boolean | null;

export interface ReferenceOptions {
  /**
   * What windows hold the column in (left out: float64). Models mostly take float32, and the float32 of 0.1 is above 0.1: each
   * such value would stand one bin too high, and look like drift. `float32` rounds edges, range and sample alike.
   */
  readonly precision?: 'float32' | 'float64';
  /** Of a column of numbers that are classes: no order, a bin each. */
  readonly categorical?: boolean;
}

export interface References {
  readonly features: readonly ReferenceSummary[];
  readonly outputs: readonly ReferenceSummary[];
  /** What was true, in the baseline's sample. */
  readonly target: ReferenceSummary;
}

/**
 * What a version's production data is compared with.
 * @param features of the version's signature: they say what is served as float32.
 * @param classifies the target and the output `label` are classes, also where these are numbers.
 */
export function referencesOf(
  { features: profiles, outputs, categories = {}, sample }: DriftBaseline,
  features: readonly Pick<Feature, 'name' | 'type'>[],
  classifies: boolean,
): References {
  const singles = new Set(features.filter(({ type }) => type === 'float32').map(({ name }) => name));
  return {
    features: profiles.map((profile) => {
      const precision = singles.has(profile.name) ? 'float32' : 'float64';
      const reference = referenceOf(profile, sample.features[profile.name] ?? [], { precision });
      const others = Object.hasOwn(categories, profile.name) ? categories[profile.name] : undefined;
      return others === undefined ? reference : { ...reference, others: knownOthers(others) };
    }),
    outputs: outputs.map((profile) =>
      referenceOf(profile, sample.outputs[profile.name] ?? [], {
        categorical: classifies && profile.name === 'label',
      }),
    ),
    target: targetOf(sample.target, classifies),
  };
}

/**
 * A column of a version's baseline. Its bins are the profile's: for numbers as many as its histogram has, or one for each of
 * at most five values; for text one for each of its most frequent categories.
 * @param sample values of the profile's column, all or some; none leaves `values` empty.
 */
export function referenceOf(
  profile: ColumnProfile,
  sample: readonly SampleValue[],
  { precision = 'float64', categorical = false }: ReferenceOptions = {},
): ReferenceSummary {
  const { name, type, count, missing, distinct } = profile;
  const rows = { name, rows: count, missing, distinct };
  if (categorical || type === 'boolean' || type === 'category' || type === 'text')
    return { ...rows, ...categoriesOf(profile), ...withoutValues };
  const rounded = precision === 'float32' ? Math.fround : (value: number) => value;
  const { edges, counts } = mergedBins(binsOf(profile), rounded);
  const values = Float64Array.from(sample.filter((value) => value !== null).map(numberOf), rounded);
  return {
    ...rows,
    bins: { kind: 'numeric', edges },
    counts,
    values: values.filter((value) => Number.isFinite(value)).sort(),
    sampled: sample.length < count,
    mean: profile.numeric?.mean ?? null,
    sd: profile.numeric?.sd ?? null,
    min: profile.numeric === null ? null : rounded(profile.numeric.min),
    max: profile.numeric === null ? null : rounded(profile.numeric.max),
  };
}

const knownOthers = ({ hashes, once }: OtherCategories): KnownOthers => ({
  hashes: decodeTextHashes(hashes),
  once,
});

function categoriesOf({ type, top, count, missing }: ColumnProfile): Pick<ReferenceSummary, 'bins' | 'counts'> {
  const counted = new Map<string, number>(
    type === 'boolean'
      ? [
          ['false', 0],
          ['true', 0],
        ]
      : [],
  );
  // Long texts may share their beginning, which is all that a profile tells of them.
  for (const one of top) counted.set(one.value, (counted.get(one.value) ?? 0) + one.count);
  const others = [...counted.values()].reduce((rest, each) => rest - each, count - missing);
  return {
    bins: { kind: 'categorical', categories: [...counted.keys()] },
    counts: Float64Array.of(...counted.values(), others),
  };
}

/** A histogram's outermost edges are the range, which bins do not end at. */
function binsOf({ type, distinct, exact, top, histogram }: ColumnProfile): Binned {
  if (exact && distinct <= fewValues && top.length === distinct) {
    const values = top
      .map(({ value, count }) => [type === 'timestamp' ? Date.parse(value) : Number(value), count] as const)
      .sort(([a], [b]) => a - b);
    return {
      edges: Float64Array.from(values, ([value]) => value),
      counts: Float64Array.of(...values.map(([, count]) => count), 0),
    };
  }
  if (histogram === null) return { edges: new Float64Array(0), counts: new Float64Array(1) };
  return { edges: Float64Array.from(histogram.edges.slice(1, -1)), counts: Float64Array.from(histogram.counts) };
}

/** Bins between rounded edges: those that rounding leaves without a width join their neighbours. */
function mergedBins({ edges, counts }: Binned, rounded: (value: number) => number): Binned {
  const kept: number[] = [];
  const sums: number[] = [];
  let carried = 0;
  for (const [bin, exact] of edges.entries()) {
    const edge = rounded(exact) + 0;
    carried += counts[bin]!;
    // What is out of float32's range is never served, so nothing could end a bin there.
    if (!Number.isFinite(edge)) continue;
    if (edge === kept.at(-1)) sums[sums.length - 1]! += carried;
    else {
      kept.push(edge);
      sums.push(carried);
    }
    carried = 0;
  }
  return { edges: Float64Array.from(kept), counts: Float64Array.of(...sums, carried + counts[edges.length]!) };
}

/** The number of a value of a sample; timestamps of one are ISO 8601 in UTC. */
export const numberOf = (value: number | string | boolean): number =>
  typeof value === 'string' ? Date.parse(value) : Number(value);

function targetOf(values: readonly (number | string)[], classifies: boolean): ReferenceSummary {
  const name = 'target';
  const numbers = values.filter((value) => typeof value === 'number');
  const column =
    !classifies && numbers.length === values.length
      ? ({ name, kind: 'numeric', data: Float64Array.from(numbers) } as const)
      : ({ name, kind: 'categorical', data: values.map((value) => shownCategory(String(value))) } as const);
  // No seed is asked for: a baseline's sample is not larger than what is kept of rows.
  return referenceFromRows([column], 0)[0]!;
}
