import { readFile } from 'node:fs/promises';
import type { z } from 'zod';
import { api } from '#libs/contracts/index.js';
import { until } from '#tests/support/wait.js';
import { deploymentName } from '../harness/predict-requests.js';
import { featureNames } from '../harness/rows.js';
import { forestFile } from '../models/forest.js';

/**
 * Uploads, registers and deploys the benchmark's forest as any client would; resolves when it is live, with recording
 * acknowledged (the default). Throws what the platform answered when it refuses, or when the deployment fails.
 */
export async function deployForest(url: string): Promise<void> {
  const { digest } = await call(api.artifactStored, `${url}/api/artifacts`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: await readFile(forestFile),
  });
  const model = { name: 'bench-forest', artifact: digest, feature_names: featureNames };
  const { model_id, version } = await call(api.modelRegistered, `${url}/api/models`, json(model));
  const deployment = { deployment: deploymentName, model: `${model_id}@${version}` };
  await call(api.deployAccepted, `${url}/api/deploy`, json(deployment));
  const state = await until(async () => settled(await stateOf(url)), {
    what: `the deployment ${deploymentName} to be live`,
  });
  if (state !== 'live') throw new Error(`deployment ${deploymentName}: expected to be live, it is ${state}`);
}

async function stateOf(url: string): Promise<api.DeploymentState | undefined> {
  const status = await call(api.deploymentList, `${url}/api/deploy/status?deployment=${deploymentName}`);
  return status.items.find(({ deployment }) => deployment === deploymentName)?.state;
}

const settled = (state: api.DeploymentState | undefined): api.DeploymentState | undefined =>
  state === 'deploying' ? undefined : state;

const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});

async function call<T extends z.ZodType>(schema: T, url: string, init?: RequestInit): Promise<z.infer<T>> {
  const response = await fetch(url, init);
  const text = await response.text();
  if (!response.ok) throw new Error(`${init?.method ?? 'GET'} ${url}: ${response.status} ${text}`);
  return schema.parse(JSON.parse(text));
}
