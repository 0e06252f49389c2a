import { describe, expect, it } from '@jest/globals';
import { FleetMetrics } from './fleet-metrics.js';
import { expositionOf, mergeFamilies, packedFamilies, packFamilies, type MetricFamily } from './metric-families.js';
import { Metrics } from './metrics.js';
import type { FleetAnswer } from './serving-fleet.js';
import { until } from '#tests/support/wait.js';

/** A process as it answers: a counter, a histogram and gauges, over the wire. */
class Process {
  readonly #metrics: Metrics;
  readonly #served;
  readonly #latency;

  constructor(
    readonly instance: string,
    readonly queued = 0,
    readonly routingSeq = 1,
  ) {
    this.#metrics = new Metrics({ component: 'serving', instance });
    this.#served = this.#metrics.counter({ name: 'served_total', help: 'Served', labels: ['model'] });
    this.#latency = this.#metrics.histogram({ name: 'seconds', help: 'Latency', buckets: [0.1, 1] });
    this.#metrics.gauge({ name: 'queued_rows', help: 'Queue' }, (gauge) => {
      gauge.set(queued);
    });
    this.#metrics.gauge({ name: 'routing_seq', help: 'Table', aggregator: 'min' }, (gauge) => {
      gauge.set(routingSeq);
    });
    this.#metrics.gauge({ name: 'ratio', help: 'None yet' }, (gauge) => {
      gauge.set(Number.NaN);
    });
  }

  serve(model: string, ...seconds: number[]): void {
    for (const each of seconds) {
      this.#served.inc({ model });
      this.#latency.observe(each);
    }
  }

  answer = async (): Promise<FleetAnswer<MetricFamily[]>> => ({
    instance: this.instance,
    answer: packedFamilies.parse(JSON.parse(JSON.stringify(await packFamilies(await this.#metrics.families())))),
  });

  silent = (): Promise<FleetAnswer<MetricFamily[]>> =>
    Promise.resolve({ instance: this.instance, reason: 'time is over' });
}

function fleetOf(...first: (() => Promise<FleetAnswer<MetricFamily[]>>)[]) {
  const state = { asked: first, failures: [] as unknown[] };
  const fleet = new FleetMetrics({
    ask: () => Promise.all(state.asked.map((each) => each())),
    onFailure: (error) => state.failures.push(error),
  });
  const lines = async (pattern: RegExp): Promise<string[]> =>
    (await expositionOf(...(await fleet.families()))).split('\n').filter((line) => pattern.test(line));
  return { state, fleet, lines };
}

describe('the metrics of a fleet', () => {
  it('add counters and histograms up by their labels but for the instance, and gauges as they mean', async () => {
    const [one, other] = [new Process('serving-0', 3, 7), new Process('serving-1', 4, 5)];
    one.serve('a', 0.05, 0.5);
    other.serve('a', 0.5);
    other.serve('b', 5);
    const { lines } = fleetOf(one.answer, other.answer);
    expect(await lines(/^served_total/)).toEqual([
      'served_total{model="a",component="serving"} 3',
      'served_total{model="b",component="serving"} 1',
    ]);
    expect(await lines(/^seconds/)).toEqual([
      'seconds_bucket{le="0.1",component="serving"} 1',
      'seconds_bucket{le="1",component="serving"} 3',
      'seconds_bucket{le="+Inf",component="serving"} 4',
      'seconds_sum{component="serving"} 6.05',
      'seconds_count{component="serving"} 4',
    ]);
    expect(await lines(/^(queued_rows|routing_seq|ratio)/)).toEqual([
      'queued_rows{component="serving"} 7',
      'routing_seq{component="serving"} 5',
    ]);
    expect(await lines(/^# TYPE (served_total|seconds|queued_rows) /)).toEqual([
      '# TYPE served_total counter',
      '# TYPE seconds histogram',
      '# TYPE queued_rows gauge',
    ]);
    expect(await lines(/^modelog_serving_processes/)).toEqual([
      'modelog_serving_processes{state="answering"} 2',
      'modelog_serving_processes{state="silent"} 0',
    ]);
  });

  it('keep the counters of a process that is silent, is gone, and comes back; not its gauges', async () => {
    const [one, other] = [new Process('serving-0', 3), new Process('serving-1', 4)];
    one.serve('a', 1);
    other.serve('a', 1, 1);
    const { state, lines } = fleetOf(one.answer, other.answer);
    const told = async (): Promise<string[]> =>
      (await lines(/^(served_total|queued_rows)/)).map((line) => line.split(' ')[1]!);
    expect(await told()).toEqual(['3', '7']);
    state.asked = [one.answer, other.silent];
    expect(await told()).toEqual(['3', '3']);
    state.asked = [one.answer];
    one.serve('a', 1);
    expect(await told()).toEqual(['4', '3']);
    state.asked = [one.answer, other.answer];
    other.serve('a', 1);
    expect(await told()).toEqual(['5', '7']);
    state.asked = [];
    expect((await lines(/^served_total/)).map((line) => line.split(' ')[1])).toEqual(['5']);
  });

  it('never fall while more processes come and go than are kept apart', async () => {
    const { state, lines } = fleetOf();
    for (let life = 1; life <= 20; life++) {
      const process = new Process(`serving-0-${life}`);
      process.serve('a', 1);
      state.asked = [process.answer];
      expect((await lines(/^served_total/)).map((line) => line.split(' ')[1])).toEqual([String(life)]);
    }
  });

  it('never fall by the last bit of a fraction when sums are added up in another order', async () => {
    const counted = (instance: string, value: number): (() => Promise<FleetAnswer<MetricFamily[]>>) => {
      const family = { name: 'seconds_total', help: 'Seconds', type: 'counter', aggregator: 'sum' } as const;
      return () => Promise.resolve({ instance, answer: [{ ...family, values: [{ labels: {}, value }] }] });
    };
    const { state, lines } = fleetOf();
    let before = 0;
    for (let life = 1; life <= 60; life++)
      for (const seconds of [0, 1 / life]) {
        state.asked = [counted('serving-0', 0.1), counted(`serving-1-${life}`, seconds)];
        const [told] = await lines(/^seconds_total/);
        const now = Number(told!.split(' ')[1]);
        expect(now).toBeGreaterThanOrEqual(before);
        before = now;
      }
    expect(before).toBeCloseTo(0.1 + Array.from({ length: 60 }, (_, at) => 1 / (at + 1)).reduce((a, b) => a + b), 9);
  });

  it('outlive a question that fails, which is told once, as is its end', async () => {
    const one = new Process('serving-0', 3);
    one.serve('a', 1);
    const { state, lines } = fleetOf(one.answer);
    await lines(/./);
    const lost = new Error('no bucket');
    state.asked = [() => Promise.reject(lost)];
    expect(await lines(/^(served_total|queued_rows|modelog_serving)/)).toEqual([
      'served_total{model="a",component="serving"} 1',
    ]);
    await lines(/./);
    state.asked = [one.answer];
    await lines(/./);
    expect(state.failures).toEqual([lost, null]);
  });

  it('hold what was counted before they are asked for, although a question is under way', async () => {
    const one = new Process('serving-0');
    const answered: (() => void)[] = [];
    const { state, lines } = fleetOf();
    state.asked = [
      async () => {
        const answer = await one.answer();
        await new Promise<void>((resolve) => answered.push(resolve));
        return answer;
      },
    ];
    const before = lines(/^served_total/);
    await until(() => Promise.resolve(answered.length === 1), { what: 'the first question' });
    one.serve('a', 1);
    state.asked = [one.answer];
    const after = lines(/^served_total/);
    answered[0]!();
    expect(await before).toEqual([]);
    expect(await after).toEqual(['served_total{model="a",component="serving"} 1']);
  });

  it('keep the latest time that a process told which is gone, and are only those that are wanted', async () => {
    const at = (value: number) => (): Promise<FleetAnswer<MetricFamily[]>> => {
      const family = { help: 'A time', type: 'gauge', aggregator: 'max', values: [{ labels: {}, value }] } as const;
      const families = [
        { name: 'last_timestamp_seconds', ...family },
        { name: 'lag_max_seconds', ...family },
      ];
      return Promise.resolve({ instance: `serving-${value}`, answer: families });
    };
    const { state, fleet } = fleetOf(at(7), at(9));
    const told = async (...names: string[]): Promise<unknown[]> =>
      (await fleet.families(new Set(names))).map(({ name, values }) => [name, values.map(({ value }) => value)]);
    expect(await told('last_timestamp_seconds', 'none')).toEqual([['last_timestamp_seconds', [9]]]);
    state.asked = [at(7)];
    expect(await told('last_timestamp_seconds', 'lag_max_seconds')).toEqual([
      ['last_timestamp_seconds', [9]],
      ['lag_max_seconds', [7]],
    ]);
  });

  it('are asked once for those who ask at the same time', async () => {
    const one = new Process('serving-0');
    let asked = 0;
    const { lines } = fleetOf(() => {
      asked++;
      return one.answer();
    });
    await Promise.all([lines(/./), lines(/./), lines(/./)]);
    expect(asked).toBe(1);
  });
});

describe('an exposition', () => {
  it('has each name once, with the samples of all who use it', async () => {
    const api = new Metrics({ component: 'api', instance: 'local' });
    const [one, other] = [new Process('serving-0'), new Process('serving-1')];
    const fleet = await mergeFamilies([(await one.answer()).answer!, (await other.answer()).answer!]);
    const text = await expositionOf(...(await api.families()), ...fleet);
    expect(text.match(/^# TYPE process_cpu_seconds_total counter$/gm)).toHaveLength(1);
    const samples = text.split('\n').filter((line) => line.startsWith('process_cpu_seconds_total{'));
    expect(samples.map((line) => /component="(\w+)"/.exec(line)![1])).toEqual(['api', 'serving']);
  });
});
