import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';

const run = promisify(execFile);

/** The curl lines of the README, in order, as printed. */
async function curlLines(): Promise<string[]> {
  const readme = await readFile('README.md', 'utf8');
  return readme.split('\n').filter((line) => line.startsWith('curl '));
}

describe('the README', () => {
  let platform: PlatformHandle;
  let folder: string;

  beforeAll(async () => {
    platform = await startPlatform();
    // The lines read a fixture by its path in the checkout and leave a file where they run.
    folder = await mkdtemp(join(tmpdir(), 'modelog-readme-'));
    await symlink(resolve('tests'), join(folder, 'tests'));
  }, 60_000);

  afterAll(async () => {
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  it('takes a model from its file to an explained prediction with the five lines as printed', async () => {
    const lines = await curlLines();
    expect(lines).toHaveLength(5);
    const answers: Record<string, unknown>[] = [];
    for (const line of lines) {
      const { stdout } = await run('bash', ['-c', line.replaceAll('http://127.0.0.1:5000', platform.url)], {
        cwd: folder,
      });
      answers.push(JSON.parse(stdout) as Record<string, unknown>);
    }
    const [artifact, model, deployment, prediction, story] = answers;
    expect(artifact).toMatchObject({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(model).toMatchObject({ model_id: 'wine', version: '1.0.0', stage: 'development' });
    expect(deployment).toMatchObject({ deployment: 'cellar', rollout_id: expect.any(String) });
    expect(prediction).toMatchObject({
      deployment: 'cellar',
      model: 'wine',
      version: '1.0.0',
      output: { label: expect.any(Number) },
    });
    expect(story).toMatchObject({
      prediction_id: prediction!.prediction_id,
      output: prediction!.output,
      artifact: artifact!.digest,
      request: { input: expect.objectContaining({ alcohol: 13.2, proline: 1150 }) },
      rollout: { requested_by: 'local' },
      registration: { seq: model!.seq },
    });
  }, 60_000);
});
