import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { deployFixture } from '#tests/support/fixture-model.js';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';

const python = process.env['MODELOG_COMPAT_PYTHON'] ?? 'python3';

const scripts = {
  triton_http: { imports: 'numpy, tritonclient.http', checks: 11 },
  triton_grpc: { imports: 'numpy, tritonclient.grpc', checks: 9 },
  kserve_clients: { imports: 'numpy, kserve', checks: 9 },
} as const;
type Script = keyof typeof scripts;
const names = Object.keys(scripts) as Script[];

/** Python is the user's: where it, or a client, is not there, its script is not run, and the run says so. */
function runs(name: Script): boolean {
  const found = spawnSync(python, ['-c', `import ${scripts[name].imports}`], { encoding: 'utf8' });
  if (found.status === 0) return true;
  const reason = found.error?.message ?? found.stderr.trim().split('\n').at(-1);
  process.stderr.write(
    `tests/compat/${name}.py did not run: ${python}: ${reason} (MODELOG_COMPAT_PYTHON names another)\n`,
  );
  return false;
}

const runnable = names.filter(runs);
const whereAny = runnable.length === 0 ? describe.skip : describe;
const fixtures = join(rootFolder, 'tests/fixtures/models');

whereAny("the protocol's own clients, unmodified", () => {
  let platform: PlatformHandle;

  beforeAll(async () => {
    platform = await startPlatform({ env: { MODELOG_SERVING_PROCESSES: '2' } });
    for (const name of ['forest-plain', 'mixed-pipeline']) await deployFixture(platform.url, name, name);
  }, 60_000);

  afterAll(() => platform.stop());

  for (const name of names)
    (runnable.includes(name) ? it : it.skip)(
      `tests/compat/${name}.py`,
      async () => {
        const args = [join(rootFolder, `tests/compat/${name}.py`), platform.url, platform.grpcAddress, fixtures];
        const { stdout } = await promisify(execFile)(python, args);
        expect(stdout.split('\n').filter((line) => line.startsWith('passed: '))).toHaveLength(scripts[name].checks);
      },
      60_000,
    );
});
