import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { rootFolder } from '#apps/platform/root-folder.js';
import { makeFolder } from '#tests/support/run-folder.js';
import { readOutput } from './output-files.js';

const model = join(rootFolder, 'tests/fixtures/models/mixed-pipeline/model.onnx');
const { feature_names: names } = JSON.parse(
  readFileSync(join(rootFolder, 'tests/fixtures/models/mixed-pipeline/cases.json'), 'utf8'),
) as { feature_names: string[] };

/** A folder with a model and metrics, and the path of a file in it. */
function output(): (name: string) => string {
  const folder = makeFolder('output');
  copyFileSync(model, join(folder, 'model.onnx'));
  writeFileSync(join(folder, 'metrics.json'), '{"accuracy":0.75,"log_loss":1e-3}');
  return (name) => join(folder, name);
}

describe('readOutput', () => {
  it('takes a model and its metrics', async () => {
    const read = await readOutput(output()(''));
    if (!read.ok) throw new Error(read.rejection);
    expect({ ...read.value, onnx: undefined }).toEqual({
      ...{ onnx: undefined, metrics: { accuracy: 0.75, log_loss: 0.001 }, featureNames: null },
    });
    expect(Buffer.compare(read.value.onnx, readFileSync(model))).toBe(0);
  });

  it.each([
    ['lines', `${names.join('\n')}\n`],
    ['lines of another system', names.join('\r\n')],
    ['JSON', JSON.stringify(names)],
  ])('takes names in %s', async (_, text) => {
    const file = output();
    writeFileSync(file('feature_names'), text);
    writeFileSync(file('nullable_features'), names[0]!);
    expect(await readOutput(file(''))).toMatchObject({ value: { featureNames: names, nullable: [names[0]] } });
  });

  type Spoil = (file: (name: string) => string) => void;
  const written =
    (name: string, content: string | Uint8Array): Spoil =>
    (file) => {
      writeFileSync(file(name), content);
    };
  const moved =
    (name: string, then: Spoil = () => undefined): Spoil =>
    (file) => {
      renameSync(file(name), file('away'));
      then(file);
    };

  it.each<[string, Spoil, RegExp]>([
    ['no model', moved('model.onnx'), /^model\.onnx is missing from the output folder$/],
    ['no metrics', moved('metrics.json'), /^metrics\.json is missing from the output folder$/],
    ['an empty model', written('model.onnx', ''), /^model\.onnx is empty$/],
    ['a model that is none', written('model.onnx', 'garbage'), /^model\.onnx: /],
    [
      'half a model',
      (file) => {
        truncateSync(file('model.onnx'), 1000);
      },
      /^model\.onnx: /,
    ],
    ['metrics that are no JSON', written('metrics.json', '{"accuracy": NaN}'), /^metrics\.json is not JSON: /],
    [
      'nested metrics',
      written('metrics.json', '{"a":{"mean":1}}'),
      /^metrics\.json 'a': .*; expected an object of finite numbers by name$/,
    ],
    ['a metric that is not finite', written('metrics.json', '{"a":1e999}'), /^metrics\.json 'a': /],
    ['a list of metrics', written('metrics.json', '[1]'), /^metrics\.json: .*expected record/],
    [
      'large metrics',
      written('metrics.json', `{"a":1${' '.repeat(5e6)}}`),
      /^metrics\.json has 5000007 bytes, expected at most 4194304$/,
    ],
    [
      'many metrics',
      written('metrics.json', JSON.stringify(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [i, i])))),
      /^metrics\.json has 1001 metrics, expected at most 1000$/,
    ],
    [
      'names of another model',
      written('feature_names', 'only\none\n'),
      /^feature_names do not fit model\.onnx: feature_names has 2 names/,
    ],
    [
      'a name that the model does not know',
      written('nullable_features', 'other'),
      /^feature_names and nullable_features do not fit model\.onnx: .*unknown feature 'other'/,
    ],
    [
      'names that are no text',
      written('feature_names', Uint8Array.of(0xff, 0xfe, 0)),
      /^feature_names is not UTF-8 text$/,
    ],
    [
      'names that are numbers',
      written('feature_names', '[1, 2]'),
      /^feature_names is a JSON array of other things, expected one of names$/,
    ],
    [
      'a link',
      moved('metrics.json', (file) => {
        symlinkSync('away', file('metrics.json'));
      }),
      /^metrics\.json is a link, expected a regular file$/,
    ],
    [
      'a link to nothing',
      (file) => {
        symlinkSync('nowhere', file('feature_names'));
      },
      /^feature_names is a link/,
    ],
    [
      'a folder',
      moved('metrics.json', (file) => {
        mkdirSync(file('metrics.json'));
      }),
      /^metrics\.json is not a regular file$/,
    ],
    [
      'a pipe that nobody writes to',
      moved('model.onnx', (file) => {
        execFileSync('mkfifo', [file('model.onnx')]);
      }),
      /^model\.onnx is not a regular file$/,
    ],
  ])('refuses %s', async (_, spoil, expected) => {
    const file = output();
    spoil(file);
    expect(await readOutput(file(''))).toEqual({ ok: false, rejection: expect.stringMatching(expected) });
  });
});
