import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startPlatform, type PlatformHandle } from '#tests/support/platform.js';
import { createDatabase, type DatabaseHandle } from '#tests/support/postgres.js';

const run = promisify(execFile);
type Json = Record<string, unknown>;

/** The blocks of commands in a section of the README, as printed. */
async function blocksOf(section: string): Promise<string[]> {
  const readme = await readFile('README.md', 'utf8');
  const text = readme.split(/^## /m).find((each) => each.startsWith(`${section}\n`));
  if (text === undefined) throw new Error(`the README has no section ${section}`);
  return [...text.matchAll(/^```bash\n(.*?)^```$/gms)].map(([, commands]) => commands!);
}

/** A folder in which the README's commands find what they name, and leave their files. */
async function makeCheckout(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'modelog-readme-'));
  for (const name of ['tests', 'apps', 'dist', 'node_modules', 'package.json'])
    await symlink(resolve(name), join(folder, name));
  return folder;
}

describe('the README', () => {
  let platform: PlatformHandle;
  let folder: string;

  beforeAll(async () => {
    platform = await startPlatform({ env: { MODELOG_TRAINING_WORKERS: '1' } });
    folder = await makeCheckout();
  }, 60_000);

  afterAll(async () => {
    await platform.stop();
    await rm(folder, { recursive: true });
  });

  it('takes a model from its file to an explained prediction with the five lines as printed', async () => {
    const [block] = await blocksOf('A model, from file to explained prediction');
    const lines = block!.split('\n').filter((line) => line.startsWith('curl '));
    expect(lines).toHaveLength(5);
    const answers: Json[] = [];
    for (const line of lines) {
      const { stdout } = await run('bash', ['-c', line.replaceAll('http://127.0.0.1:5000', platform.url)], {
        cwd: folder,
      });
      answers.push(JSON.parse(stdout) as Json);
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

  it('takes a deployment to another version and back, and a prediction to its label, with the lines as printed', async () => {
    const [block] = await blocksOf('Another version, and the way back');
    const script = block!.replaceAll('http://127.0.0.1:5000', platform.url);
    const eachOnALine = 'curl() { command curl "$@" && echo; }';
    const { stdout } = await run('bash', ['-e', '-o', 'pipefail', '-c', `${eachOnALine}\n${script}`], { cwd: folder });
    const lines = stdout.split('\n').filter((line) => line !== '');
    const [model, deployment, rollback, feedback, metrics] = lines.map((line) => JSON.parse(line) as Json);
    expect(model).toMatchObject({ model_id: 'wine', version: '1.1.0' });
    expect(deployment).toMatchObject({ deployment: 'cellar', rollout_id: expect.any(String) });
    expect(rollback).toMatchObject({ from: { version: '1.1.0' }, to: { version: '1.0.0' }, expired: [] });
    expect(feedback).toEqual({ accepted: 1, unknown: [] });
    expect(metrics).toMatchObject({
      items: [{ deployment: 'cellar', model: 'wine', version: '1.0.0', total: { served: 1, failed: 0 } }],
    });
  }, 60_000);

  it('takes a data file to a trained version that predicts, with the lines as printed', async () => {
    const [block] = await blocksOf('Training, from a data file to a model that serves');
    const script = block!.replaceAll('http://127.0.0.1:5000', platform.url);
    const eachOnALine = 'curl() { command curl "$@" && echo; }';
    const { stdout } = await run('bash', ['-e', '-o', 'pipefail', '-c', `${eachOnALine}\n${script}`], { cwd: folder });
    const [stored, started, ...rest] = stdout.split('\n').filter((line) => line !== '');
    expect(JSON.parse(stored!)).toMatchObject({ digest: expect.stringMatching(/^sha256:/), size: 3_200_586 });
    expect(JSON.parse(started!)).toMatchObject({ job_id: expect.any(String), status: 'queued' });
    const [job, deployed, predicted] = rest.slice(-3).map((line) => JSON.parse(line) as Json);
    expect(rest.slice(0, -3).join('\n')).toContain('all stages have finished');
    expect(job).toMatchObject({
      ...{ status: 'succeeded', model_version: 'electricity@1.0.0', progress: 1 },
      metrics: { accuracy: expect.any(Number), roc_auc: expect.any(Number) },
    });
    expect((job!.metrics as Record<string, number>)['accuracy']).toBeGreaterThan(0.78);
    expect(deployed).toMatchObject({ deployment: 'market' });
    expect(predicted).toMatchObject({
      ...{ model: 'electricity', version: '1.0.0' },
      output: { label: expect.any(Number), probabilities: { 0: expect.any(Number), 1: expect.any(Number) } },
    });
  }, 120_000);

  it('tells what was found of a deployment with the lines as printed', async () => {
    const [block] = await blocksOf('Watching what serves');
    const lines = block!.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      const { stdout } = await run('bash', ['-c', line.replaceAll('http://127.0.0.1:5000', platform.url)]);
      // One prediction ends no window.
      expect(JSON.parse(stdout)).toMatchObject({ items: [], next_cursor: null });
    }
  });
});

describe("the README's promotion with approval", () => {
  let database: DatabaseHandle;
  let platform: PlatformHandle;
  let folder: string;
  let commands: string[];

  beforeAll(async () => {
    const [start, ...rest] = await blocksOf('Promotion with approval');
    commands = rest;
    const settings = [...start!.matchAll(/(MODELOG_[A-Z_]+)=(\S+)/g)].map(([, name, value]): [string, string] => [
      name!,
      value!,
    ]);
    // The platform with a PostgreSQL of its own is above.
    database = await createDatabase('readme');
    platform = await startPlatform({ env: { DATABASE_URL: database.url, ...Object.fromEntries(settings) } });
    folder = await makeCheckout();
  }, 60_000);

  afterAll(async () => {
    await platform.stop();
    await database.drop();
    await rm(folder, { recursive: true });
  });

  it('goes from a refusal to a champion and back with the commands as printed', async () => {
    // Each answer on a line of its own; everything else is as a reader's shell has it.
    const eachOnALine = 'curl() { command curl "$@" && echo; }';
    const script = commands.join('').replaceAll('http://127.0.0.1:5000', platform.url);
    const { stdout } = await run('bash', ['-e', '-c', `${eachOnALine}\n${script}`], { cwd: folder });
    const answers = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json);
    expect(answers).toHaveLength(19);

    const [registered, requested, refused] = answers;
    expect(registered).toMatchObject({ model_id: 'vintage', version: '1.0.0' });
    expect(requested).toMatchObject({ decision: 'request', to: 'production' });
    expect(refused).toMatchObject({
      ...{ status: 409, code: 'policy_not_met' },
      errors: [{ path: 'policy.staging.approvals' }, { path: 'policy.staging.evidence.evaluation_on' }],
    });
    const promoted = answers.slice(5, 9);
    expect(promoted).toMatchObject([
      { decision: 'approve', to: 'staging', expires_at: expect.any(String) },
      { stage: 'staging', champion: null },
      { decision: 'approve', to: 'production' },
      { stage: 'production', champion: '1.0.0', demoted: null, followers: [] },
    ]);
    const [, , , , , second, back, then, history] = answers.slice(10);
    expect(second).toMatchObject({ stage: 'production' });
    expect(back).toMatchObject({ champion: '1.0.0', former: '1.1.0' });
    expect(then).toMatchObject({ model_id: 'vintage', version: '1.0.0', stage: 'production' });
    const told = (history!.items as Json[]).map(({ type, actor }) => `${String(type)} ${String(actor)}`);
    expect(told).toHaveLength(16);
    expect(told.slice(-2)).toEqual(['VersionPromoted otto', 'ChampionRolledBack otto']);
    expect(told).toContain('VersionApproved grace');
  }, 120_000);
});
