import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { api } from '#libs/contracts/index.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';
import { until } from '#tests/support/wait.js';

let database: DatabaseHandle;
let platform: PlatformHandle;
let input: unknown;

beforeAll(async () => {
  database = await createDatabase('fleet');
  platform = await startPlatform({ env: { MODELOG_SERVING_PROCESSES: '2', DATABASE_URL: database.url } });
  const folder = join(process.cwd(), 'tests/fixtures/models/forest-plain');
  const cases = JSON.parse(await readFile(join(folder, 'cases.json'), 'utf8')) as {
    rows: unknown[];
    feature_names: string[];
  };
  input = cases.rows[0];
  const stored = await send('/api/artifacts', await readFile(join(folder, 'model.onnx')), 'application/octet-stream');
  const { digest } = (await stored.json()) as { digest: string };
  const model = { name: 'wine', artifact: digest, feature_names: cases.feature_names };
  expect((await send('/api/models', JSON.stringify(model))).status).toBe(201);
  expect((await send('/api/deploy', JSON.stringify({ deployment: 'cellar', model: 'wine@1.0.0' }))).status).toBe(202);
  await until(
    async () => (await health()).deployments[0]?.versions.some(({ role, loaded }) => role === 'live' && loaded),
    {
      what: 'both processes to serve',
    },
  );
}, 90_000);

afterAll(async () => {
  await platform.stop();
  await database.drop();
});

const send = (path: string, body: NonNullable<RequestInit['body']>, type = 'application/json'): Promise<Response> =>
  fetch(platform.url + path, { method: 'POST', headers: { 'content-type': type, connection: 'close' }, body });

/** Each on a connection of its own: whichever process takes it answers. */
const text = async (path: string): Promise<string> =>
  (await fetch(platform.url + path, { headers: { connection: 'close' } })).text();

const health = async () => api.predictHealth.parse(JSON.parse(await text('/api/predict/health')));

async function predict(times: number): Promise<void> {
  for (let each = 0; each < times; each++) {
    const { status } = await send('/api/predict', JSON.stringify({ deployment: 'cellar', input }));
    expect(status).toBe(200);
  }
}

/** What the fleet says it has served, under three names; and how many processes answered. */
async function served() {
  const lines = (await text('/metrics')).split('\n');
  const value = (name: string, label: string): number =>
    Number(lines.find((line) => line.startsWith(`${name}{`) && line.includes(label))?.split(' ')[1]);
  return {
    ours: value('modelog_predict_requests_total', 'outcome="served"'),
    triton: value('nv_inference_request_success', 'model="cellar"'),
    kserve: value('request_predict_seconds_count', 'model_name="cellar"'),
    answering: value('modelog_serving_processes', 'state="answering"'),
  };
}

interface Statistics {
  readonly last_inference: number;
  readonly inference_count: number;
  readonly inference_stats: { readonly success: { readonly count: number; readonly ns: number } };
}

/** What the version did, as eight connections are told it: one process or the other answers each. */
async function statistics(): Promise<Statistics[]> {
  const path = '/v2/models/cellar/versions/1.0.0/stats';
  const bodies = await Promise.all(Array.from({ length: 8 }, () => text(path)));
  return bodies.map((body) => {
    const { model_stats } = JSON.parse(body) as { readonly model_stats: readonly [Statistics] };
    return model_stats[0];
  });
}

const all = (count: number) => ({ ours: count, triton: count, kserve: count });

describe('two serving processes', () => {
  it('tell as one what they serve and have served, each the same, and nothing falls when one is killed and replaced', async () => {
    const before = await health();
    expect(before.processes.map(({ state }) => state)).toEqual(['serving', 'serving']);
    expect(before.deployments).toMatchObject([
      { deployment: 'cellar', versions: [{ model: 'wine', version: '1.0.0', weight: 1, loaded_by: 2 }] },
    ]);
    await predict(30);
    expect(await served()).toEqual({ ...all(30), answering: 2 });
    const [counted, ...told] = await statistics();
    expect(counted).toMatchObject({ inference_count: 30, inference_stats: { success: { count: 30 } } });
    expect(counted!.inference_stats.success.ns).toBeGreaterThan(0);

    const victim = platform.processes().find(({ component }) => component === 'serving-0')!;
    process.kill(victim.pid, 'SIGKILL');
    const seen: Awaited<ReturnType<typeof served>>[] = [];
    const states = new Set<string>();
    await until(
      async () => {
        seen.push(await served());
        told.push(...(await statistics()));
        const { processes } = await health();
        for (const each of processes) states.add(`${each.instance} ${each.state}`);
        return processes.filter(({ state }) => state === 'serving').length === 2;
      },
      { what: 'another process in its place', timeoutMs: 30_000 },
    );
    expect(seen.filter(({ ours }) => ours !== 30)).toEqual([]);
    expect(seen.some(({ answering }) => answering === 1)).toBe(true);
    expect([...states].filter((each) => each.endsWith('silent'))).toHaveLength(1);
    told.push(...(await statistics()));
    expect(told.filter((each) => !isDeepStrictEqual(each, counted))).toEqual([]);
    await predict(10);
    // A process that has just started may be late once with its share.
    const whole = await until(
      async () => {
        const told = await served();
        return told.answering === 2 && told;
      },
      { what: 'both processes to tell' },
    );
    expect(whole).toEqual({ ...all(40), answering: 2 });
    for (const { inference_count, inference_stats, last_inference } of await statistics()) {
      expect([inference_count, inference_stats.success.count]).toEqual([40, 40]);
      expect(last_inference).toBeGreaterThan(counted!.last_inference);
    }

    const [item] = await until(
      async () => {
        const { items } = api.metricsAnswer.parse(JSON.parse(await text('/api/monitoring/metrics?deployment=cellar')));
        return items[0]?.total.served === 40 && items;
      },
      { what: 'the read model' },
    );
    expect(item!.total).toMatchObject({ rows: 40, failed: 0, error_rate: 0 });
    expect(item!.total.queued_rows!.max).toBeGreaterThanOrEqual(1);
  }, 60_000);
});
