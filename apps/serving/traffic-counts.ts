import type { CompletedRun } from '#libs/inference/index.js';
import type { RequestRows, RowSection } from './recording/row-section.js';

/** Upper bounds of the latency histograms' buckets, seconds. */
export const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Latencies by bucket, and their sum. */
export class LatencyCounts {
  /** The last one is beyond all bounds. */
  readonly buckets = new Float64Array(latencyBuckets.length + 1);
  /** Seconds. */
  sum = 0;

  observe(seconds: number, times = 1): void {
    let bucket = 0;
    while (bucket < latencyBuckets.length && seconds > latencyBuckets[bucket]!) bucket++;
    this.buckets[bucket]! += times;
    this.sum += seconds * times;
  }

  static sumOf(parts: readonly LatencyCounts[]): LatencyCounts {
    const whole = new LatencyCounts();
    for (const part of parts) {
      for (const [bucket, rows] of part.buckets.entries()) whole.buckets[bucket]! += rows;
      whole.sum += part.sum;
    }
    return whole;
  }

  get count(): number {
    return this.buckets.reduce((sum, each) => sum + each, 0);
  }
}

/**
 * What one version answered, in plain numbers: a metric call per request costs a microsecond. Of requests unless said
 * otherwise; one that was cut into several runs or chunks counts once.
 */
export class TrafficCounts {
  served = 0;
  failed = 0;
  refused = 0;
  /** Of all outcomes. */
  rows = 0;
  /** From arrival to outcome, of every row. */
  readonly rowLatency = new LatencyCounts();
  /** From arrival to outcome, of the requests that reached the model: served and failed. */
  readonly requestLatency = new LatencyCounts();
  /** The part of that which served requests took, seconds. */
  servedSeconds = 0;

  /** Runs of the model that gave outputs, and the rows in them: none that the cache had. */
  runs = 0;
  inferredRows = 0;
  /** Of served requests: from arrival to the run, and each request's whole time in the three parts of its runs. Milliseconds. */
  queueMs = 0;
  inputMs = 0;
  inferMs = 0;
  outputMs = 0;
  /** When rows were served last, monotonic milliseconds; 0: never. */
  lastServedAt = 0;

  /** Rows answered from the cache, and rows that were not in it; both 0 without a cache. */
  cacheHits = 0;
  cacheMisses = 0;

  constructor(
    readonly deployment: string,
    /** `model@version`. */
    readonly version: string,
  ) {}

  /** Rows of a request that came out of a run, `firstRow` the first of them there. `now`: monotonic milliseconds. */
  ran(part: RequestRows, { rows, outputs, timing }: CompletedRun, firstRow: number, now: number): void {
    this.lastServedAt = now;
    const { reusedRows = 0 } = outputs;
    if (firstRow === 0 && reusedRows < rows) this.runs += 1;
    this.inferredRows += firstRow === 0 ? part.rows - reusedRows : part.rows;
    const { begunAt, inputsAt, endedAt } = timing;
    if (part.requestRow === 0) this.queueMs += begunAt - part.beganAt;
    this.inputMs += inputsAt - begunAt;
    this.inferMs += endedAt - inputsAt;
    this.outputMs += now - endedAt;
  }

  /** The sections of one chunk. */
  tick(served: RowSection, failed: RowSection, refused: RowSection): void {
    const reached = this.requestLatency;
    const before = reached.sum;
    this.served += this.#requests(served, reached);
    this.servedSeconds += reached.sum - before;
    this.failed += this.#requests(failed, reached);
    this.refused += this.#requests(refused, null);
    this.rows += served.rows + failed.rows + refused.rows;
    for (const { parts, latencyMs } of [served, failed, refused])
      for (const [index, { rows }] of parts.entries()) this.rowLatency.observe(latencyMs[index]! / 1000, rows);
  }

  /** How many requests begin in the section; their latencies go to `into`. */
  #requests({ parts, latencyMs }: RowSection, into: LatencyCounts | null): number {
    let requests = 0;
    for (const [index, { requestRow }] of parts.entries()) {
      if (requestRow !== 0) continue;
      requests += 1;
      into?.observe(latencyMs[index]! / 1000);
    }
    return requests;
  }
}
