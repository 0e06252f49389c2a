import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import { scalingDecision, type ScalingDecision, type ServingLoad } from '#libs/contracts/index.js';
import type { ScalingPolicy } from './scaling-policy.js';
import { ServingScaler } from './serving-scaler.js';

const hot: ServingLoad = {
  ...{ instance: 'serving-0', pid: 1, over_s: 1, requests: 10, overloaded: 0, queued_rows: 400, most_queued_rows: 900 },
  ...{ p99_ms: 20, busy: 1, resident_mb: 100, loads: 1 },
};

const policy: ScalingPolicy = {
  bounds: { min: 1, max: 3 },
  targets: { queued_rows: 256, p99_ms: 250 },
  coolDownMs: 60_000,
};

/** Looks so often, a second apart, at a pool that does what it is told. */
async function looks(
  times: number,
  { under = policy, record }: { under?: ScalingPolicy; record?: (decision: ScalingDecision) => Promise<void> } = {},
): Promise<{ recorded: ScalingDecision[]; told: number[]; asked: number }> {
  const recorded: ScalingDecision[] = [];
  const told: number[] = [];
  let now = 0;
  let processes = 1;
  let asked = 0;
  await new Promise<void>((resolve) => {
    const scaler = new ServingScaler({
      policy: under,
      processes: () => processes,
      loads: () => {
        asked += 1;
        return Promise.resolve([hot]);
      },
      record: async (decision) => {
        await record?.(decision);
        recorded.push(decision);
      },
      tell: (count) => {
        expect(recorded.at(-1)?.to).toBe(count);
        told.push(count);
        processes = count;
      },
      clock: { now: () => 1_750_000_000_000 + now, monotonic: () => now },
      logger: pino({ level: 'silent' }),
      pause: () => {
        now += 1_000;
        if (now === 1_000 * times) void scaler.stop().then(resolve);
        return Promise.resolve();
      },
    });
    scaler.start();
  });
  return { recorded, told, asked };
}

describe('the scaler', () => {
  it('records what it decides with its numbers, and then says it', async () => {
    const { recorded, told } = await looks(5);
    expect(told).toEqual([2]);
    expect(recorded).toEqual([
      {
        at: new Date(1_750_000_003_000).toISOString(),
        from: 1,
        to: 2,
        reason: 'for 3 s rows waited in a process: 400, more than 256',
        bounds: policy.bounds,
        targets: policy.targets,
        loads: [hot],
      },
    ]);
    expect(scalingDecision.parse(recorded[0])).toEqual(recorded[0]);
  });

  it('says nothing that is not recorded, and decides again', async () => {
    let attempts = 0;
    const { told } = await looks(7, {
      record: () => {
        attempts += 1;
        return attempts < 3 ? Promise.reject(new Error('the log is away')) : Promise.resolve();
      },
    });
    expect(attempts).toBe(3);
    expect(told).toEqual([2]);
  });

  it('asks nobody where there is nothing to decide but the bound', async () => {
    const { told, asked } = await looks(5, { under: { ...policy, bounds: { min: 2, max: 2 } } });
    expect(told).toEqual([2]);
    expect(asked).toBe(0);
  });
});
