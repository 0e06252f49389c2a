import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { until } from '#tests/support/wait.js';
import { runCommandTrainer, type CommandTraining } from './run-command-trainer.js';

const program = join(import.meta.dirname, 'fixtures/trainer.mjs');
const model = join(rootFolder, 'tests/fixtures/models/mixed-pipeline/model.onnx');
const { feature_names: names } = JSON.parse(
  readFileSync(join(rootFolder, 'tests/fixtures/models/mixed-pipeline/cases.json'), 'utf8'),
) as { feature_names: string[] };

const pace = { graceMs: 100, memoryEveryMs: 10 };

async function run(behaviour: string, changed: Partial<CommandTraining> = {}, limits: object = {}) {
  const log: string[] = [];
  const folder = makeFolder('trainer');
  const result = await runCommandTrainer({
    trainer: {
      ...{ command: [process.execPath, program, behaviour, model], timeout_s: 60, memory_mb: 4096 },
      env: { FEATURE_NAMES: names.join('\n') },
      ...limits,
    },
    dataFile: join(folder, 'train.csv'),
    ...{ parameters: {}, target: 'species', task: 'classification', seed: 7, pace },
    outputFolder: join(folder, 'output'),
    onLog: (line) => log.push(line),
    ...changed,
  });
  return { result, log, folder };
}

async function failure(behaviour: string, changed: Partial<CommandTraining> = {}, limits: object = {}) {
  const { result, log } = await run(behaviour, changed, limits);
  if (result.ok) throw new Error('it was taken');
  return { ...result.rejection, log };
}

/** A process that has ended and that nobody has asked about runs no more. */
function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return !stat.slice(stat.lastIndexOf(')')).startsWith(') Z');
}

const childrenIn = (log: readonly string[]): number[] =>
  log.flatMap((line) => /^child (\d+)$/.exec(line)?.slice(1).map(Number) ?? []);

describe('a command that trains', () => {
  it('is told what to learn from, and its model, metrics and names are taken', async () => {
    process.env['MODELOG_AUTH_SECRET'] = 'not for trainers, whoever wrote them';
    const parameters = { n_estimators: 10, 'max-depth': null, 'kind of': 'a "b"' };
    const directory = makeFolder('directory');
    const { result, log, folder } = await run('good', { parameters, testFile: 'test.csv' }, { directory });
    delete process.env['MODELOG_AUTH_SECRET'];
    expect(result).toEqual({
      ...{ ok: true, value: { onnx: readFileSync(model), metrics: { accuracy: 0.75 }, featureNames: names } },
    });
    const env = JSON.parse(log[0]!) as Record<string, string>;
    expect(Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith('MODELOG')))).toEqual({
      MODELOG_DATA: join(folder, 'train.csv'),
      MODELOG_TEST_DATA: join(process.cwd(), 'test.csv'),
      MODELOG_TARGET: 'species',
      MODELOG_TASK: 'classification',
      MODELOG_SEED: '7',
      MODELOG_OUTPUT: join(folder, 'output'),
      MODELOG_PARAMETERS: JSON.stringify(parameters),
      MODELOG_PARAM_N_ESTIMATORS: '10',
      MODELOG_PARAM_MAX_DEPTH: '',
      MODELOG_PARAM_KIND_OF: 'a "b"',
    });
    expect(env['PATH']).toBe(process.env['PATH']);
    expect(log[1]).toBe(directory);
  });

  it('may name its features and those that may be missing in JSON, and meets no file of a run before', async () => {
    const again = join(makeFolder('trainer'), 'output');
    const json = await run('good', { outputFolder: again }, { env: { FEATURE_NAMES: JSON.stringify(names) } });
    expect(json.result).toMatchObject({ ok: true, value: { featureNames: names } });
    expect((await failure('leaves nothing', { outputFolder: again })).message).toMatch(/model\.onnx is missing/);
  });

  it('that prints megabytes fills no memory and no log', async () => {
    const { result, log } = await run('prints megabytes');
    expect(result.ok).toBe(true);
    expect(log.length).toBeLessThanOrEqual(10_001);
    expect(log.join('').length).toBeLessThan(1_100_000);
    expect(log.at(-1)).toMatch(/^\d+ lines left out$/);
    const printed = log.filter((line) => line.startsWith('line ')).length;
    expect(Number.parseInt(log.at(-1)!)).toBeGreaterThanOrEqual(12_000 - printed);
    for (const line of log) expect(line.length).toBeLessThan(8192);
  });

  it('that exits with a code, or by a signal, is told with its last lines', async () => {
    const { code, message } = await failure('exits 3');
    expect(code).toBe('trainer_failed');
    expect(message).toContain('trainer.mjs exits 3');
    expect(message).toContain('ended with exit code 3; its last lines:\n');
    expect(message).toContain('    ValueError: could not convert string to float');
    expect(await failure('kills itself')).toMatchObject({
      ...{ code: 'trainer_failed', message: expect.stringMatching(/was ended by SIGKILL$/) },
    });
  });

  it('that cannot be started says why', async () => {
    expect(await failure('', {}, { command: ['no-such-program', 'train.py'] })).toMatchObject({
      ...{
        code: 'trainer_not_started',
        message: expect.stringMatching(/^no-such-program train\.py cannot be started: .*ENOENT/),
      },
    });
    expect(await failure('good', { parameters: { of: 'x'.repeat(2 ** 21) } })).toMatchObject({
      ...{ code: 'trainer_not_started', message: expect.stringMatching(/cannot be started: .*E2BIG/) },
    });
    expect(await failure('good', {}, { directory: '/no/such/folder' })).toMatchObject({
      ...{ code: 'trainer_not_started', message: "the trainer's directory /no/such/folder is no folder" },
    });
  });

  it('that forks leaves nothing that runs, neither in its process group nor outside of it', async () => {
    const { result, log } = await run('forks');
    expect(result.ok).toBe(true);
    const children = childrenIn(log);
    expect(children).toHaveLength(2);
    // Outside of the group a process is found by its environment, which other systems than Linux do not tell.
    const found = process.platform === 'linux' ? children : children.slice(0, 1);
    expect(found.filter(runs)).toEqual([]);
  });

  it('that never ends is ended at the time limit', async () => {
    const { code, message, log } = await failure('never ends', {}, { timeout_s: 0.5 });
    expect(code).toBe('trainer_timeout');
    expect(message).toContain('did not end within 0.5 s');
    expect(childrenIn(log).filter(runs)).toEqual([]);
  });

  it.each(['never ends', 'ignores SIGTERM'])(
    'that %s is ended, and its children, when its caller stops it',
    async (how) => {
      const abort = new AbortController();
      const log: string[] = [];
      const onLog = (line: string) => {
        log.push(line);
        abort.abort();
      };
      const { code, message } = await failure(how, { signal: abort.signal, onLog });
      expect(code).toBe('trainer_stopped');
      expect(message).toContain('was stopped');
      expect(childrenIn(log)).toHaveLength(1);
      expect(childrenIn(log).filter(runs)).toEqual([]);
    },
  );

  it('is not let run when it was stopped before', async () => {
    expect(await failure('never ends', { signal: AbortSignal.abort() })).toMatchObject({ code: 'trainer_stopped' });
  });

  it.each(['eats memory', 'its children eat memory'])('that %s is killed above its limit', async (behaviour) => {
    const { code, message } = await failure(behaviour, {}, { memory_mb: 200 });
    expect(code).toBe('trainer_out_of_memory');
    expect(message).toMatch(/took \d+ MiB of memory, expected at most 200/);
  });

  it('that leaves no model, or exchanges its folder, is refused', async () => {
    expect(await failure('leaves nothing')).toMatchObject({
      ...{ code: 'trainer_output', message: 'model.onnx is missing from the output folder' },
    });
    expect(await failure('exchanges the folder')).toMatchObject({
      ...{ code: 'trainer_output', message: 'the output folder was exchanged' },
    });
  });

  it('does not outlive a worker that is killed', async () => {
    const folder = makeFolder('worker');
    const worker = join(folder, 'worker.mjs');
    const source = join(rootFolder, 'apps/training/external/guard.mjs');
    const command = [process.execPath, program, 'ignores SIGTERM'];
    writeFileSync(
      worker,
      `import { fork } from 'node:child_process';
       const guard = fork(${JSON.stringify(source)}, { detached: true, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
       guard.send({ command: ${JSON.stringify(command)}, directory: ${JSON.stringify(folder)}, env: {} });`,
    );
    const killed = spawn(process.execPath, [worker], { stdio: ['ignore', 'pipe', 'inherit'] });
    const log: string[] = [];
    createInterface(killed.stdout).on('line', (line) => log.push(line));
    const [child] = await until(() => childrenIn(log).length > 0 && childrenIn(log), {
      what: `a child of ${basename(worker)}`,
    });
    killed.kill('SIGKILL');
    await until(() => !runs(child!), { what: 'the end of the orphan' });
  });
});
