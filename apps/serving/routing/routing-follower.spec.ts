import { afterEach, describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { GovernanceEvent } from '#libs/contracts/index.js';
import type { LogRecord } from '#libs/event-log/index.js';
import { reject, systemClock } from '#libs/kernel/index.js';
import { until } from '#tests/support/wait.js';
import { ModelPool } from '../models/model-pool.js';
import { Lease } from './lease.js';
import { RoutingFollower } from './routing-follower.js';

const place = (rollout: number) => ({ rollout_id: `rollout-${rollout}`, model: 'm', version: `${rollout}.0.0` });
const requested = (rollout: number): GovernanceEvent => ({
  type: 'DeploymentRequested',
  data: {
    ...{ deployment: 'd', ...place(rollout), environment: 'development', strategy: { type: 'direct' } },
    ...{ recording: 'acknowledged', artifact: `sha256:${rollout}`, model_seq: 1, load_timeout_s: 60 },
    signature: { inputs: [], outputs: [], features: [] },
  },
});
const live = (rollout: number): GovernanceEvent => ({
  type: 'DeploymentWentLive',
  data: { deployment: 'd', ...place(rollout), instances: [{ instance: 'i', load_ms: 1 }] },
});
const rolledBack = (from: number, to: number): GovernanceEvent => ({
  type: 'DeploymentRolledBack',
  data: { deployment: 'd', from: place(from), to: place(to), aborted: null, reason: 'worse' },
});

/** A log that grows, followed by a process whose loads end when the test says so: each fails for good. */
class Bench {
  readonly lease = new Lease();
  readonly loading = new Map<string, () => void>();
  readonly stopping = new AbortController();
  readonly follower: RoutingFollower;
  readonly #pool: ModelPool;
  #records: LogRecord<GovernanceEvent>[] = [];
  #grown: () => void = () => undefined;

  constructor(...events: GovernanceEvent[]) {
    const logger = pino({ level: 'silent' });
    this.append(...events);
    this.#pool = new ModelPool({
      ...{
        writer: { instance: 'i', epoch: 'e' },
        maxRowsPerRun: 1,
        maxRecordedBytes: 1_000,
        clock: systemClock,
        logger,
      },
      load: ({ rolloutId }) =>
        new Promise((resolve) =>
          this.loading.set(rolloutId, () => {
            this.loading.delete(rolloutId);
            resolve(reject({ code: 'model_cannot_load', reason: 'no', transient: false }));
          }),
        ),
      onChange: () => {
        this.follower.refresh();
      },
    });
    const { lease } = this;
    const events$ = { follow: () => this.#follow(), head: () => Promise.resolve({ lastSeq: this.#records.length }) };
    this.follower = new RoutingFollower({ ...{ lease, logger, pool: this.#pool }, events: events$ as never });
  }

  append(...events: GovernanceEvent[]): number {
    for (const event of events)
      this.#records.push({
        ...{ seq: this.#records.length + 1, storedAt: 0, subject: 's', id: 'e', event, eventVersion: 1 },
        ...{ aggregateVersion: 1, previousHash: '', hash: '' },
        meta: { commandId: 'c', digest: 'd', actor: 'local', correlationId: 'c', at: '' },
      });
    this.#grown();
    return this.#records.length;
  }

  async fails(rollout: number): Promise<void> {
    const end = await until(() => this.loading.get(`rollout-${rollout}`), { what: `rollout ${rollout} to be loaded` });
    end();
  }

  async *#follow(): AsyncGenerator<LogRecord<GovernanceEvent>[]> {
    const { signal } = this.stopping;
    signal.addEventListener('abort', () => {
      this.#grown();
    });
    for (let read = 0; !signal.aborted;) {
      const fresh = this.#records.slice(read);
      read += fresh.length;
      if (fresh.length > 0) yield fresh;
      else await new Promise<void>((resolve) => (this.#grown = resolve));
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    for (const end of this.loading.values()) end();
    await this.#pool.close();
  }
}

const open: Bench[] = [];
const benchOf = (...events: GovernanceEvent[]): Bench => {
  const bench = new Bench(...events);
  open.push(bench);
  return bench;
};
afterEach(async () => {
  await Promise.all(open.splice(0).map((bench) => bench.stop()));
});

describe('a routing follower', () => {
  it('holds a sequence when the table that it routes by has reached it, not before', async () => {
    const bench = benchOf(requested(1), live(1));
    const started = bench.follower.start(bench.stopping.signal);
    await bench.fails(1);
    await started;
    const found: number[] = [];
    const held = bench.follower.holds(4).then(() => found.push(bench.follower.current.sequence));
    bench.append(requested(2));
    await until(() => bench.follower.current.sequence === 3, { what: 'the request' });
    expect(found).toEqual([]);
    bench.append(live(2));
    await held;
    expect(found).toEqual([4]);
  });

  it('has started when it has tried what takes traffic by then, also by a rollback that came while it loaded', async () => {
    const bench = benchOf(requested(1), live(1), requested(2), live(2));
    let isStarted = false;
    const started = bench.follower.start(bench.stopping.signal).then(() => (isStarted = true));
    await until(() => bench.loading.has('rollout-2'), { what: 'the live version to be loaded' });
    const seq = bench.append(rolledBack(2, 1));
    // It answers for the table at once, for it routes nothing yet.
    await bench.follower.holds(seq);
    await bench.fails(2);
    await until(() => bench.loading.has('rollout-1'), { what: 'the version that traffic returned to' });
    expect(isStarted).toBe(false);
    await bench.fails(1);
    await started;
    expect(bench.follower.current.sequence).toBe(seq);
    bench.lease.confirmed(10, seq);
    expect(bench.lease.isValidAt(20)).toBe(true);
  });

  it('has started when it has tried what is to take traffic, which others may hold already', async () => {
    const bench = benchOf(requested(1), live(1), requested(2));
    let isStarted = false;
    const started = bench.follower.start(bench.stopping.signal).then(() => (isStarted = true));
    await bench.fails(1);
    await bench.follower.holds(3);
    expect(isStarted).toBe(false);
    await bench.fails(2);
    await started;
  });
});
