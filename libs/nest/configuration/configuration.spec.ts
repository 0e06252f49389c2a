import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootFolder } from '#apps/platform/root-folder.js';
import { checkSpaces, readParameters } from '#libs/contracts/index.js';
import {
  ConfigurationInvalid,
  describeProblems,
  loadConfiguration,
  requireConfiguration,
  type ConfigurationCheck,
} from '../index.js';

const env = { NATS_URL: 'nats://127.0.0.1:4222', DATABASE_URL: 'postgres://127.0.0.1/modelog' };

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'modelog-configuration-'));
});
afterAll(() => rm(root, { recursive: true }));

async function folder(files: Record<string, string>): Promise<string> {
  const directory = await mkdtemp(join(root, 'case-'));
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return directory;
}

async function problems(variables: Record<string, string | undefined>, files: Record<string, string> = {}) {
  const directory = await folder(files);
  const loaded = await loadConfiguration({ env: variables, directory });
  if (loaded.ok) throw new Error('the configuration was taken');
  return { problems: loaded.rejection, text: describeProblems(loaded.rejection), directory };
}

const pipeline = (text: string) => problems(env, { 'pipeline_config.yaml': text });

describe('loadConfiguration', () => {
  it('fills in the defaults where a file or a variable is missing or empty', async () => {
    const loaded = await requireConfiguration({
      env: { ...env, LOG_LEVEL: '' },
      directory: await folder({}),
    });
    expect(loaded.environment).toMatchObject({ LOG_LEVEL: 'info', MODELOG_PORT: 5000 });
    expect(loaded.files.pipeline.serving.max_batch_rows).toBe(1024);
    const empty = await requireConfiguration({ env, directory: await folder({ 'pipeline_config.yaml': '# nothing' }) });
    expect(empty).toMatchObject({ files: loaded.files, digest: loaded.digest });
  });

  it('reads what a file says, and digests what it means, not how it is written', async () => {
    const load = async (text: string) =>
      requireConfiguration({ env, directory: await folder({ 'pipeline_config.yaml': text }) });
    const one = await load('serving: { max_batch_rows: 8 }\n');
    expect(one.files.pipeline.serving.max_batch_rows).toBe(8);
    expect(one.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect((await load('deployment: {}\nserving:\n  max_batch_rows: 0x8\n')).digest).toBe(one.digest);
    expect((await load('serving: { max_batch_rows: 9 }')).digest).not.toBe(one.digest);
  });

  it('reads the folder that MODELOG_CONFIG_DIR names', async () => {
    const MODELOG_CONFIG_DIR = await folder({ 'pipeline_config.yaml': 'serving: { max_batch_rows: 3 }' });
    const loaded = await requireConfiguration({ env: { ...env, MODELOG_CONFIG_DIR } });
    expect(loaded.files.pipeline.serving.max_batch_rows).toBe(3);
  });

  it('tells what an app could not go by, with what else is wrong', async () => {
    const directory = await folder({ 'pipeline_config.yaml': 'serving: { max_batch_rows: 8 }' });
    const check: ConfigurationCheck = {
      file: 'pipeline',
      faults: ({ pipeline: { serving } }) => [{ path: 'serving', detail: `${serving.max_batch_rows} is too few` }],
    };
    const loaded = await loadConfiguration({ env: { ...env, MODELOG_PORT: 'http' }, directory, checks: [check] });
    expect(loaded.ok ? '' : describeProblems(loaded.rejection).split('\n')).toEqual([
      'environment: MODELOG_PORT: expected a number, found "http"',
      `${join(directory, 'pipeline_config.yaml')}: serving: 8 is too few`,
    ]);
  });

  it('names variable, value and expectation, for every variable at once', async () => {
    const { text } = await problems({ ...env, NATS_URL: undefined, MODELOG_PORT: '70000', MODELOG_REPLICAS: '2' });
    expect(text.split('\n').sort()).toEqual([
      'environment: MODELOG_PORT: expected at most 65535, found "70000"',
      'environment: MODELOG_REPLICAS: expected one of 1 or one of 3 or one of 5, found "2"',
      'environment: NATS_URL: expected a string',
    ]);
    expect((await problems({ ...env, MODELOG_PORT: 'http' })).text).toBe(
      'environment: MODELOG_PORT: expected a number, found "http"',
    );
    expect((await problems({ ...env, LOG_LEVEL: 'loud' })).text).toContain('expected one of trace, debug, info');
  });

  it('never tells a password', async () => {
    const DATABASE_URL = 'mysql://modelog:top/se@cret@db.example/modelog';
    const { text } = await problems({ ...env, DATABASE_URL });
    expect(text).toContain('"mysql://***@db.example/modelog"');
    expect(text).not.toContain('cret');
  });

  it('names file, path and value of a wrong key', async () => {
    const { text, directory } = await pipeline('serving:\n  max_batch_rows: 1.5\n  max_queued_rows: many\n');
    const file = join(directory, 'pipeline_config.yaml');
    expect(text.split('\n')).toEqual([
      `${file}: serving.max_batch_rows: expected a whole number, found 1.5`,
      `${file}: serving.max_queued_rows: expected a number, found "many"`,
    ]);
  });

  it('names an unknown key, and those that it knows', async () => {
    const { problems: found } = await pipeline('serving:\n  max_rows: 3\n');
    expect(found).toEqual([
      expect.objectContaining({
        path: 'serving.max_rows',
        value: '3',
        expected: expect.stringMatching(/^one of the keys max_batch_rows, max_queued_rows, queue_deadline_ms, /),
      }),
    ]);
  });

  it('names line and column where a file is not YAML', async () => {
    const { problems: found } = await pipeline('serving:\n  max_batch_rows: [1, 2\n');
    expect(found[0]?.path).toMatch(/^line [23], column \d+$/);
    const repeated = await pipeline('serving: {}\nserving: {}\n');
    expect(repeated.text).toMatch(/line 2, column 1: expected YAML \(Map keys must be unique/);
  });

  it('refuses a document of another kind, and one that grows without end', async () => {
    expect((await pipeline('- 1')).text).toContain('expected an object, found [1]');
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed'].map((pair) => [pair[0]!, pair[1]!] as const)) {
      bomb.push(`${name}: &${name} [${Array.from({ length: 10 }, () => `*${of}`).join(', ')}]`);
    }
    expect((await pipeline(bomb.join('\n'))).text).toMatch(/expected YAML \(.*alias/);
  });

  it('refuses a configuration file that nothing reads, and a named folder that is not there', async () => {
    const { problems: found, directory } = await problems(env, { 'pipelines_config.yaml': '', 'notes.txt': '' });
    expect(found).toEqual([
      {
        source: join(directory, 'pipelines_config.yaml'),
        path: '',
        expected: 'one of the files model_config.yaml, pipeline_config.yaml, monitoring_config.yaml',
      },
    ]);
    const missing = await loadConfiguration({ env, directory: join(root, 'nowhere') });
    expect(missing.ok ? '' : describeProblems(missing.rejection)).toContain('nowhere: expected a readable folder');
  });

  it('throws all of it for a program that starts', async () => {
    const directory = await folder({ 'pipeline_config.yaml': 'x: 1' });
    await expect(requireConfiguration({ env: {}, directory })).rejects.toThrow(ConfigurationInvalid);
    await expect(requireConfiguration({ env: {}, directory })).rejects.toThrow(/NATS_URL[\s\S]*x: expected one of/);
  });
});

describe('the files that ship', () => {
  const shipped = (name: string) => readFile(join(rootFolder, 'config', name), 'utf8');
  const load = async (files: Record<string, string>) =>
    (await requireConfiguration({ env, directory: await folder(files) })).files;

  /** The text with its commented example in the place of the empty value before it. */
  const withExample = (text: string, key: string): string => {
    const [before, after] = text.split(new RegExp(`^ *${key}: {}\\n`, 'm'));
    return `${before}${after!.replaceAll(/^( *)# /gm, '$1')}`;
  };

  it('say of training what holds without them', async () => {
    const given = await load({
      'model_config.yaml': await shipped('model_config.yaml'),
      'pipeline_config.yaml': await shipped('pipeline_config.yaml'),
    });
    const without = await load({});
    expect(given.pipeline.training).toEqual(without.pipeline.training);
    expect(given.model).toEqual(without.model);
  });

  it('show examples that are valid, of a model and of the trainers that ship', async () => {
    const { model } = await load({ 'model_config.yaml': withExample(await shipped('model_config.yaml'), 'models') });
    const churn = model.models['churn']!;
    expect(churn).toMatchObject({ algorithm: 'random_forest', hyperparameters: { n_estimators: 100, max_depth: 10 } });
    expect(churn.validation).toMatchObject({ test_size: 0.2, cv_folds: 5 });
    expect(readParameters('random_forest', churn.hyperparameters!)).toMatchObject({ ok: true });
    expect(checkSpaces(churn.search!.spaces!)).toMatchObject({ ok: true });
    const text = await shipped('pipeline_config.yaml');
    const example = withExample(text.slice(0, text.indexOf('\nserving:')), 'commands');
    const { commands } = (await load({ 'pipeline_config.yaml': example })).pipeline.training;
    expect(Object.keys(commands)).toEqual(['sklearn', 'xgboost']);
    for (const { command, directory } of Object.values(commands)) {
      expect((await stat(join(rootFolder, 'config', directory!, command.at(-1)!))).isFile()).toBe(true);
    }
  });

  it('name the path of a wrong key of a model', async () => {
    const { text } = await problems(env, { 'model_config.yaml': 'models: { churn: { algorithm: forest, trees: 3 } }' });
    expect(text).toMatch(/models\.churn\.algorithm: expected .*random_forest.*, found "forest"/);
    expect(text).toMatch(/models\.churn\.trees: expected one of the keys algorithm, hyperparameters, .*, found 3/);
  });
});
