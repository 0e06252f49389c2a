import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import type { api } from '#libs/contracts/index.js';
import { deploymentDefinition } from '#libs/domain/index.js';
import { randomIds, systemClock } from '#libs/kernel/index.js';
import { requireConfiguration } from '#libs/nest/index.js';
import { Commands } from '../commands.js';
import { Deploy, DeployHandler } from './deploy.js';
import { memoryStore, registerVersion } from './fixtures/memory-registry.js';

let directory: string;
let shipped: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'modelog-deploy-'));
  shipped = await readFile(join(rootFolder, 'config/pipeline_config.yaml'), 'utf8');
});
afterAll(() => rm(directory, { recursive: true }));

/** The strategy that the log holds of a deployment, under a pipeline_config.yaml with this text. */
async function recorded(strategy: api.RequestedStrategy, text: string) {
  await writeFile(join(directory, 'pipeline_config.yaml'), text);
  const env = { NATS_URL: 'nats://127.0.0.1:4222', DATABASE_URL: 'postgres://127.0.0.1/modelog' };
  const { files } = await requireConfiguration({ env, directory });
  const configuration = { files, seq: 1 };
  const store = memoryStore();
  await registerVersion(store, 'wine', '1.0.0');
  const commands = new Commands(systemClock, randomIds, configuration);
  await new DeployHandler(store, configuration, commands).execute(
    new Deploy(
      { deployment: 'cellar', model: { name: 'wine', selector: '1.0.0' }, environment: 'development', strategy },
      { actor: 'ada', idempotencyKey: undefined, correlationId: undefined, traceparent: undefined },
    ),
  );
  const { state } = await store.load(deploymentDefinition, 'cellar', { consistency: 'leader' });
  return state.pending?.strategy;
}

/** The shipped file with another value in the place of the one at `deployment.blue_green`. */
function withBlueGreen(value: string): string {
  const changed = shipped.replace(/^ {2}blue_green: \{.*\}$/m, `  blue_green: ${value}`);
  expect(changed).not.toBe(shipped);
  return changed;
}

describe('a deployment', () => {
  it('of strategy blue_green has from the configuration what the command leaves out', async () => {
    const blueGreen = { type: 'blue_green' } as const;
    expect(await recorded(blueGreen, shipped)).toEqual({ ...blueGreen, warmup_requests: 100, keep_old_s: 600 });
    const other = withBlueGreen('{ warmup_requests: 7, keep_old_s: 12 }');
    expect(await recorded(blueGreen, other)).toEqual({ ...blueGreen, warmup_requests: 7, keep_old_s: 12 });
    expect(await recorded({ ...blueGreen, keep_old_s: 3 }, other)).toEqual({
      ...{ ...blueGreen, warmup_requests: 7, keep_old_s: 3 },
    });
    expect(await recorded({ ...blueGreen, warmup_requests: [{ a: 1 }] }, other)).toEqual({
      ...{ ...blueGreen, warmup_requests: [{ a: 1 }], keep_old_s: 12 },
    });
    expect(await recorded({ type: 'direct' }, other)).toEqual({ type: 'direct' });
  });
});
