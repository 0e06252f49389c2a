import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { notFound, type Attempt } from './attempt.js';
import { checkProgram } from './version.js';

/** The first nats-server on PATH that is new enough. */
export async function onPath(searchPath: string): Promise<Attempt> {
  const refusals: string[] = [];
  for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(folder, 'nats-server');
    if (!(await isExecutable(candidate))) continue;
    const attempt = await checkProgram(candidate, 'PATH');
    if (attempt.found) return attempt;
    refusals.push(attempt.why);
  }
  return notFound(refusals.length === 0 ? 'not on PATH' : refusals.join('; '));
}

export const isExecutable = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

/** The full path of a helper program (apt-get, dpkg, go), or undefined. */
export async function which(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(delimiter).filter((entry) => entry !== '')) {
    const candidate = join(folder, name);
    if (await isExecutable(candidate)) return candidate;
  }
  return undefined;
}
