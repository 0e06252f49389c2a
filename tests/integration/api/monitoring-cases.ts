import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  api,
  encodeChunk,
  encodeChunkSchema,
  header,
  predictionsRecorded,
  subjects,
  type ChunkSchema,
} from '#libs/contracts/index.js';
import { run } from '#apps/cli/run.js';
import type { Io } from '#apps/cli/io.js';
import { until } from '#tests/support/wait.js';
import { eventually, type ApiWorld } from './api-world.js';
import { expectRefused } from './refusals.js';
import { deployed, type Deployed } from './why-cases.js';

const epoch = '0199a1b2-0000-7000-8000-0000000000f6';

/** Rows that were served, each with its latency, and one on which the model failed. @returns the sequence in TRAFFIC */
export async function recordRows(
  world: ApiWorld,
  { deployment, rolloutId, liveSeq }: Deployed,
  counter: number,
  epoch: string,
): Promise<number> {
  const served = Array.from({ length: 99 }, (_, row) => 1_000 + 100 * row);
  const schema: ChunkSchema = {
    ...{ deployment, routing_seq: liveSeq, epoch, instance: 'serving-0', inputs: [], outputs: [] },
    arms: [{ role: 'live', model: deployment, version: '1.0.0', rollout_id: rolloutId, artifact: 'sha256:0' }],
  };
  const data = encodeChunk(schema, encodeChunkSchema(schema), {
    ...{ counter, givenUp: [], beganAt: Date.now(), queued: 120, served: served.length, failed: 1, refused: 0 },
    arm: new Uint8Array(100),
    latencyUs: Uint32Array.from([...served, 50_000]),
    beganOffsetUs: new Uint32Array(100),
    ...{ codes: ['model_failed'], details: ['"bad luck"'], inputs: [], outputs: [] },
  });
  const headers = { [header.type]: predictionsRecorded.type };
  const { seq } = await world.traffic.publish({ subject: subjects.predictions(deployment), headers, data });
  return seq;
}

export function monitoringCases(world: () => ApiWorld): void {
  describe('operational metrics', () => {
    let busy: Deployed;
    const metrics = (query: string) => world().get(`/api/monitoring/metrics?${query}`);

    beforeAll(async () => {
      busy = await deployed(world(), 'busy');
    });

    it('tell of rows soon after they were recorded, now and at every position since', async () => {
      const before = await metrics(`deployment=busy&min_seq=${busy.liveSeq}`);
      expect(before.body).toMatchObject({ items: [], window_s: 60, as_of_cut: { events: expect.any(Number) } });
      await recordRows(world(), busy, 1, epoch);
      await recordRows(world(), busy, 2, epoch);
      const { body } = await eventually(
        'the rows to be told of',
        () => metrics('deployment=busy&version=1.0.0&window_s=10'),
        (answer) => answer.text.includes('"rows":200'),
      );
      const told = api.metricsAnswer.parse(body);
      const [item] = told.items;
      expect(item).toMatchObject({ deployment: 'busy', model: 'busy', version: '1.0.0' });
      const { total, windows } = item!;
      expect(total).toMatchObject({ rows: 200, served: 198, failed: 2, refused: 0, error_rate: 0.01 });
      expect(total).toMatchObject({ queued_rows: { mean: 120, max: 120 }, latency_ms: { max: 50 } });
      expect(Math.abs(total.latency_ms!.p50 - 5.9)).toBeLessThanOrEqual(0.02 * 5.9);
      expect(windows.reduce((sum, { rows }) => sum + rows, 0)).toBe(200);
      const passed = (Date.parse(total.to) - Date.parse(total.from)) / 1000;
      expect(total.throughput).toBeCloseTo(200 / passed, 9);
      expect((await metrics('deployment=busy&version=9.9.9')).body).toMatchObject({ items: [] });
      const then = await metrics(`as_of=seq:${busy.liveSeq}&deployment=busy`);
      expect(then.body).toMatchObject({ items: [], as_of_seq: busy.liveSeq });
      expect((await metrics(`min_seq=${busy.liveSeq}`)).status).toBe(200);
    });

    it('are in `modelog status`, of the last minute', async () => {
      await recordRows(world(), busy, 3, epoch);
      const line = await until(
        async () => {
          const out: string[] = [];
          const io: Io = {
            ...{ out: (line) => out.push(line), err: () => undefined, progress: () => undefined },
            ...{ env: world().env, signal: new AbortController().signal },
          };
          await run(['--url', world().url, 'status'], io);
          return out.find((each) => each.startsWith('busy ') && each.includes('%'));
        },
        { what: 'the last minute' },
      );
      expect(line).toMatch(/^busy +busy@1\.0\.0 +\d+\.\d +1\d\.\d +1\.00 % +120$/);
    });

    it.each([
      ['from=2026-11-23T12:00:00Z&to=2026-11-23T11:00:00Z', 'query.from'],
      ['from=2026-11-20T00:00:00Z&to=2026-11-22T12:00:00Z&window_s=10', 'query.window_s'],
      ['window_s=15', 'query.window_s'],
      ['window_s=100000', 'query.window_s'],
      ['from=yesterday', 'query.from'],
      ['deployment=a%00b', 'query.deployment'],
    ])('refuse %s by the name of the parameter', async (query, path) => {
      await expectRefused(world(), () => metrics(query), { status: 422, code: 'invalid_request', path });
    });

    it('do not know a deployment that is not there, or was not', async () => {
      const unknown = { status: 404, code: 'deployment_not_found' } as const;
      await expectRefused(world(), () => metrics('deployment=nowhere'), unknown);
      await expectRefused(world(), () => metrics('deployment=busy&as_of=seq:1'), unknown);
    });
  });
}
