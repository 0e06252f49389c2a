import { isCumulative, mergeFamilies, type MetricFamily } from './metric-families.js';
import type { FleetAnswer } from './serving-fleet.js';

export interface FleetMetricsOptions {
  /** Asks all serving processes for their metrics; rejects when nobody knows who they are. */
  readonly ask: () => Promise<readonly FleetAnswer<readonly MetricFamily[]>[]>;
  /** Milliseconds between two questions (default 1,000): so much at most is not told of a process that was killed. */
  readonly everyMs?: number;
  /** Told when asking begins to fail, and with null when it works again. */
  readonly onFailure: (error: unknown) => void;
}

/** Processes that are gone and may yet come back: their registration was lost, not they. */
const keptApart = 16;

/**
 * What all serving processes count, as one. Counters and histograms are those of every process that ever was, so that no
 * sum falls when one is replaced: Prometheus would take that for a restart and count everything again.
 */
export class FleetMetrics {
  /** The newest counters of each process, by instance. */
  readonly #counted = new Map<string, readonly MetricFamily[]>();
  /** Which of them are gone, in the order in which they went. */
  readonly #gone = new Set<string>();
  /** Of processes that are gone for good, added up. */
  #past: readonly MetricFamily[] = [];
  /** What was told last, by name and labels. */
  readonly #told = new Map<string, number>();
  #answers: readonly FleetAnswer<readonly MetricFamily[]>[] | null = null;
  #asking: Promise<void> | undefined;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: FleetMetricsOptions) {}

  /** Asks again and again until `stop`. */
  start(): void {
    this.#timer = setInterval(() => {
      void this.#ask();
    }, this.options.everyMs ?? 1_000);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /**
   * Asks, and adds up what was answered and what is remembered. What was counted before the call is in it.
   * @param names of the metrics that are wanted (default all)
   */
  async families(names?: ReadonlySet<string>): Promise<MetricFamily[]> {
    // A question that is under way may have been answered before the caller did what it asks for.
    await this.#asking;
    await this.#ask();
    const answered = (this.#answers ?? []).flatMap(({ answer }) => (answer === undefined ? [] : [answer]));
    const gauges = answered.map((families) => families.filter((family) => !isCumulative(family)));
    const wanted = [this.#past, ...this.#counted.values(), ...gauges].map((families) => chosen(families, names));
    const merged = await mergeFamilies(wanted);
    return [
      ...merged.map((family) => (isCumulative(family) ? this.#notLess(family) : family)),
      ...(this.#answers === null
        ? []
        : chosen([processes(answered.length, this.#answers.length - answered.length)], names)),
    ];
  }

  /** Fractions added up in another order may be less by their last bit: that too would be taken for a restart. */
  #notLess(family: MetricFamily): MetricFamily {
    const values = family.values.map((sample) => {
      const key = JSON.stringify([sample.metricName ?? family.name, sample.labels]);
      const value = Math.max(sample.value, this.#told.get(key) ?? 0);
      this.#told.set(key, value);
      return { ...sample, value };
    });
    return { ...family, values };
  }

  /** Callers that come while it runs share its outcome. Never rejects. */
  #ask(): Promise<void> {
    return (this.#asking ??= this.#askNow().finally(() => {
      this.#asking = undefined;
    }));
  }

  async #askNow(): Promise<void> {
    try {
      const answers = await this.options.ask();
      this.#answers = answers;
      await this.#remember(answers);
      if (this.#failing) this.options.onFailure(null);
      this.#failing = false;
    } catch (error) {
      this.#answers = null;
      if (!this.#failing) this.options.onFailure(error);
      this.#failing = true;
    }
  }

  async #remember(answers: readonly FleetAnswer<readonly MetricFamily[]>[]): Promise<void> {
    const present = new Set(answers.map(({ instance }) => instance));
    for (const { instance, answer } of answers) {
      this.#gone.delete(instance);
      if (answer !== undefined) this.#counted.set(instance, answer.filter(isCumulative));
    }
    for (const instance of this.#counted.keys()) if (!present.has(instance)) this.#gone.add(instance);
    for (const instance of this.#gone) {
      if (this.#gone.size <= keptApart) break;
      this.#past = await mergeFamilies([this.#past, this.#counted.get(instance)!]);
      this.#gone.delete(instance);
      this.#counted.delete(instance);
    }
  }
}

const chosen = (families: readonly MetricFamily[], names: ReadonlySet<string> | undefined): readonly MetricFamily[] =>
  names === undefined ? families : families.filter(({ name }) => names.has(name));

const processes = (answering: number, silent: number): MetricFamily => ({
  name: 'modelog_serving_processes',
  help: 'Registered serving processes, by whether they answered',
  type: 'gauge',
  aggregator: 'omit',
  values: [
    { labels: { state: 'answering' }, value: answering },
    { labels: { state: 'silent' }, value: silent },
  ],
});
