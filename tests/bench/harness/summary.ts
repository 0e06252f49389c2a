import type { Sample } from '../bench.js';
import { mergeHistograms, percentile, type Histogram } from './histogram.js';

/** Middle of the blocks, and how far they were apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Milliseconds. The percentiles are medians of the blocks' own, the maximum is that of the whole run. */
export interface LatencySummary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** The 99th percentile of all blocks pooled: what one disturbed block can spoil. */
  readonly pooled_p99: number;
}

export interface Row {
  readonly name: string;
  readonly value: Spread;
  readonly ratio?: Spread & { readonly against: string };
  readonly latency_ms?: LatencySummary;
  readonly cpu_micros?: Readonly<Record<string, number>>;
  readonly generator_share?: number;
  readonly generator_bound: boolean;
  readonly failures: number;
  readonly first_failure?: string;
}

/** The samples of one alternative, one a block. */
export interface Series {
  readonly name: string;
  readonly against?: string;
  readonly ceiling?: string;
  readonly samples: readonly Sample[];
}

/**
 * One row per series. Ratios are taken block by block, between neighbours in time, and then summarised: the machine's
 * speed drifts by more between blocks than most changes are worth.
 */
export function summarise(series: readonly Series[]): Row[] {
  const byName = new Map(series.map((one) => [one.name, one]));
  return series.map((one) => {
    const value = spreadOf(valuesOf(one));
    const failed = one.samples.flatMap((sample) => sample.failures ?? []).filter(({ count }) => count > 0);
    return {
      name: one.name,
      value,
      ...(one.against === undefined
        ? {}
        : { ratio: { against: one.against, ...ratioSpread(valuesOf(one), valuesOf(named(byName, one.against))) } }),
      ...optional('latency_ms', latencyOf(one.samples.flatMap((sample) => sample.latency ?? []))),
      ...optional(
        'cpu_micros',
        mediansByKey(one.samples.flatMap(({ cpuMicros }) => (cpuMicros === undefined ? [] : [cpuMicros]))),
      ),
      ...optional('generator_share', medianOrNothing(one.samples.flatMap((sample) => sample.generatorShare ?? []))),
      generator_bound: one.ceiling !== undefined && value.median * 2 > median(valuesOf(named(byName, one.ceiling))),
      failures: failed.reduce((sum, { count }) => sum + count, 0),
      ...optional('first_failure', failed[0]?.first),
    };
  });
}

/** The mean of the two middle values where their number is even. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

export const spreadOf = (values: readonly number[]): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
});

/** Spread of `values[i] / others[i]`, over the blocks that both have. */
export function ratioSpread(values: readonly number[], others: readonly number[]): Spread {
  const blocks = Math.min(values.length, others.length);
  return spreadOf(Array.from({ length: blocks }, (_, block) => values[block]! / others[block]!));
}

const valuesOf = (series: Series): number[] => series.samples.map((sample) => sample.value);

function named(byName: ReadonlyMap<string, Series>, name: string): Series {
  const found = byName.get(name);
  if (found === undefined)
    throw new Error(`no alternative is called "${name}": expected ${[...byName.keys()].join(', ')}`);
  return found;
}

function latencyOf(blocks: readonly Histogram[]): LatencySummary | undefined {
  if (blocks.length === 0) return undefined;
  const pooled = mergeHistograms(blocks);
  const middle = (q: number) => median(blocks.map((block) => percentile(block, q))) / 1e6;
  return {
    p50: middle(0.5),
    p95: middle(0.95),
    p99: middle(0.99),
    max: pooled.maxNs / 1e6,
    pooled_p99: percentile(pooled, 0.99) / 1e6,
  };
}

function mediansByKey(records: readonly Readonly<Record<string, number>>[]): Record<string, number> | undefined {
  const keys = new Set(records.flatMap((record) => Object.keys(record)));
  if (keys.size === 0) return undefined;
  return Object.fromEntries([...keys].map((key) => [key, median(records.flatMap((record) => record[key] ?? []))]));
}

const medianOrNothing = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : median(values);

function optional<K extends string, V>(key: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, V>);
}
