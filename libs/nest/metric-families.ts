import { promisify } from 'node:util';
import { gunzipSync, gzip } from 'node:zlib';
import { AggregatorRegistry, Registry, type Metric } from 'prom-client';
import { z } from 'zod';

/** How the values of several processes become one; `omit`: they do not. */
const aggregator = z.enum(['sum', 'min', 'max', 'average', 'first', 'omit']);
export type Aggregator = z.infer<typeof aggregator>;

export interface MetricSample {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where it is not the family's: `…_bucket`, `…_sum`, `…_count`. */
  readonly metricName?: string;
}

/** A metric with its samples, as prom-client tells it in JSON. */
export const metricFamily = z.object({
  name: z.string(),
  help: z.string(),
  type: z.enum(['counter', 'gauge', 'histogram', 'summary']),
  aggregator,
  // Thousands in every answer of every second: looked at by hand.
  values: z.custom<readonly MetricSample[]>(areSamples, 'expected samples with labels and a number'),
});
export type MetricFamily = z.infer<typeof metricFamily>;

/** Whether the metric only ever grows while its process lives: counts, and the time of a latest event. */
export const isCumulative = ({ name, type, aggregator }: MetricFamily): boolean =>
  type !== 'gauge' || (aggregator === 'max' && name.endsWith('_timestamp_seconds'));

/** Everything in the registry. A gauge without a value (NaN) is left out: JSON has none. */
export async function familiesOf(registry: Pick<Registry, 'getMetricsAsJSON'>): Promise<MetricFamily[]> {
  const families = (await registry.getMetricsAsJSON()) as unknown as MetricFamily[];
  return families.map((family) => ({ ...family, values: family.values.filter(({ value }) => !Number.isNaN(value)) }));
}

/** Families on their way to another process: a version takes 9 KB as JSON, a message holds 1 MB. */
export const packedFamilies = z
  .object({ gzip: z.base64() })
  .transform(({ gzip: packed }) =>
    z.array(metricFamily).parse(JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf8'))),
  );

export async function packFamilies(families: readonly MetricFamily[]): Promise<z.input<typeof packedFamilies>> {
  return { gzip: (await gzipped(JSON.stringify(families))).toString('base64') };
}

const gzipped = promisify(gzip);

/** Metrics of several processes as those of one: samples are one if their labels are, but for `instance`. */
export async function mergeFamilies(processes: readonly (readonly MetricFamily[])[]): Promise<MetricFamily[]> {
  const merged = AggregatorRegistry.aggregate(processes.map((families) => families.map(withoutInstance)));
  return familiesOf(merged);
}

/** Prometheus text exposition. Families of the same name stand together, under the first one's help. */
export function expositionOf(...families: readonly MetricFamily[]): Promise<string> {
  const byName = new Map<string, MetricFamily>();
  for (const family of families) {
    const known = byName.get(family.name);
    byName.set(family.name, known === undefined ? family : { ...known, values: [...known.values, ...family.values] });
  }
  const registry = new Registry();
  for (const family of byName.values()) {
    // prom-client takes any object with a name and a `get`, but its types name the classes.
    const metric = { ...family, get: () => Promise.resolve(family) };
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry.metrics();
}

const withoutInstance = (family: MetricFamily): MetricFamily => ({
  ...family,
  values: family.values.map(({ labels: { instance: _instance, ...labels }, ...rest }) => ({ ...rest, labels })),
});

function areSamples(values: unknown): boolean {
  return Array.isArray(values) && values.every(isSample);
}

function isSample(sample: unknown): boolean {
  if (typeof sample !== 'object' || sample === null) return false;
  const { labels, value } = sample as { readonly labels?: unknown; readonly value?: unknown };
  return typeof labels === 'object' && labels !== null && typeof value === 'number';
}
