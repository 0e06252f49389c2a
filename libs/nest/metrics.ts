import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { familiesOf, type Aggregator, type MetricFamily } from './metric-families.js';

export interface MetricNames<Label extends string> {
  /** Prometheus name, with its unit: `modelog_predict_seconds`. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly Label[];
}

/** The metrics of one process, in a registry of their own: two apps in one test never share a counter. */
export class Metrics {
  readonly registry = new Registry();

  /** @param defaults labels on every sample, for example the component and the instance. */
  constructor(defaults: Readonly<Record<string, string>>) {
    this.registry.setDefaultLabels({ ...defaults });
    collectDefaultMetrics({ register: this.registry });
  }

  counter<Label extends string = never>(names: MetricNames<Label>): Counter<Label> {
    return new Counter({ ...definition(names), registers: [this.registry] });
  }

  /**
   * `aggregator`: what the gauges of several processes are together (default their sum).
   * @param collect is called before each scrape to bring the value up to date.
   */
  gauge<Label extends string = never>(
    names: MetricNames<Label> & { readonly aggregator?: Aggregator },
    collect?: (gauge: Gauge<Label>) => void | Promise<void>,
  ): Gauge<Label> {
    return new Gauge({
      ...definition(names),
      ...(names.aggregator && { aggregator: names.aggregator }),
      registers: [this.registry],
      ...(collect && {
        collect(this: Gauge<Label>) {
          return collect(this);
        },
      }),
    });
  }

  /** @param buckets upper bounds in the unit of the name, ascending. */
  histogram<Label extends string = never>(
    names: MetricNames<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    return new Histogram({ ...definition(names), buckets: [...names.buckets], registers: [this.registry] });
  }

  /** Content type of `text()`. */
  get contentType(): string {
    return this.registry.contentType;
  }

  /** The same as data, for whoever adds up several processes. */
  families(): Promise<MetricFamily[]> {
    return familiesOf(this.registry);
  }

  /** Prometheus text exposition of everything registered here. */
  text(): Promise<string> {
    return this.registry.metrics();
  }
}

const definition = <Label extends string>({ name, help, labels = [] }: MetricNames<Label>) => ({
  name,
  help,
  labelNames: [...labels],
});
