import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { configurationFiles, type ConfigurationFiles } from '#libs/contracts/index.js';
import { accept, messageOf, reject, type Result } from '#libs/kernel/index.js';
import type { ConfigurationProblem } from './problem.js';
import { problemsOf } from './zod-problems.js';

type Loaded<T> = Result<T, readonly ConfigurationProblem[]>;

/** The file of each key of `configurationFiles`. */
export const configurationFile = (name: string): string => `${name}_config.yaml`;

/**
 * Reads `<directory>/<name>_config.yaml` for every known name. A file that is not there stands for its defaults; one
 * that nothing reads is an error, because whoever wrote it expects it to steer something.
 * @param required whether the folder itself must exist.
 */
export async function loadYamlFiles(directory: string, required: boolean): Promise<Loaded<ConfigurationFiles>> {
  const listed = await listFolder(directory, required);
  if (!listed.ok) return listed;
  const problems = unknownFiles(directory, listed.value);
  const values: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(configurationFiles.shape)) {
    if (!listed.value.includes(configurationFile(name))) continue;
    const loaded = await loadFile(join(directory, configurationFile(name)), schema);
    if (loaded.ok) values[name] = loaded.value;
    else problems.push(...loaded.rejection);
  }
  return problems.length > 0 ? reject(problems) : accept(configurationFiles.parse(values));
}

async function listFolder(directory: string, required: boolean): Promise<Loaded<string[]>> {
  try {
    return accept(await readdir(directory));
  } catch (error) {
    if (!required && isMissing(error)) return accept([]);
    return reject([{ source: directory, path: '', expected: `a readable folder (${messageOf(error)})` }]);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

function unknownFiles(directory: string, files: readonly string[]): ConfigurationProblem[] {
  const known = Object.keys(configurationFiles.shape).map(configurationFile);
  return files
    .filter((file) => /_config\.ya?ml$/.test(file) && !known.includes(file))
    .map((file) => ({ source: join(directory, file), path: '', expected: `one of the files ${known.join(', ')}` }));
}

async function loadFile(file: string, schema: z.ZodType): Promise<Loaded<unknown>> {
  const parsed = parseYaml(file, await readFile(file, 'utf8'));
  if (!parsed.ok) return parsed;
  const checked = schema.safeParse(parsed.value);
  return checked.success ? accept(checked.data) : reject(problemsOf(checked.error, schema, parsed.value, file));
}

/** The document as plain values; an empty one is undefined. */
function parseYaml(file: string, text: string): Loaded<unknown> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    return reject(
      faults.map(({ pos, message }) => {
        const { line, col } = lineCounter.linePos(pos[0]);
        return { source: file, path: `line ${line}, column ${col}`, expected: `YAML (${message})` };
      }),
    );
  }
  try {
    return accept((document.toJS() as unknown) ?? undefined);
  } catch (error) {
    return reject([{ source: file, path: '', expected: `YAML (${messageOf(error)})` }]);
  }
}
