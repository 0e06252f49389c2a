import { readFile } from 'node:fs/promises';
import { until } from './wait.js';

export interface FixtureCases {
  readonly feature_names: readonly string[];
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

const folder = 'tests/fixtures/models';

export const casesOf = async (fixture: string): Promise<FixtureCases> =>
  JSON.parse(await readFile(`${folder}/${fixture}/cases.json`, 'utf8')) as FixtureCases;

/** Registers a fixture and deploys it, as a person would over HTTP; resolves when it is live. */
export async function deployFixture(
  url: string,
  fixture: string,
  deployment: string,
): Promise<{ model: string; version: string }> {
  const cases = await casesOf(fixture);
  const artifact = await call<{ digest: string }>(
    url,
    '/api/artifacts',
    await readFile(`${folder}/${fixture}/model.onnx`),
    'application/octet-stream',
  );
  const model = await call<{ model_id: string; version: string }>(
    url,
    '/api/models',
    JSON.stringify({ name: fixture, artifact: artifact.digest, feature_names: cases.feature_names }),
  );
  await call(url, '/api/deploy', JSON.stringify({ deployment, model: `${model.model_id}@${model.version}` }));
  await untilLive(url, deployment);
  return { model: model.model_id, version: model.version };
}

export const untilLive = (url: string, deployment: string): Promise<unknown> =>
  until(
    async () => {
      const response = await fetch(`${url}/api/predict/health`).catch(() => undefined);
      if (response?.status !== 200) return false;
      const health = (await response.json()) as {
        deployments: { deployment: string; versions: { role: string; loaded: boolean }[] }[];
      };
      return health.deployments.some(
        (each) => each.deployment === deployment && each.versions.some(({ role, loaded }) => role === 'live' && loaded),
      );
    },
    { what: `deployment ${deployment} to be live`, timeoutMs: 30_000 },
  );

/** Bytes go out as they are, anything else as JSON. */
export const post = <T>(url: string, path: string, body: unknown): Promise<T> =>
  Buffer.isBuffer(body) ? call(url, path, body, 'application/octet-stream') : call(url, path, JSON.stringify(body));

async function call<T>(url: string, path: string, body: string | Buffer, type = 'application/json'): Promise<T> {
  const response = await fetch(url + path, { method: 'POST', headers: { 'content-type': type }, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text}`);
  return JSON.parse(text) as T;
}
