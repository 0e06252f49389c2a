import { chmod, copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compare, valid } from 'semver';
import { notFound, type Attempt } from './attempt.js';
import { checkProgram } from './version.js';

const prefix = 'nats-server-';

/** The newest usable program among those fetched by an earlier start. */
export async function earlierDownload(binFolder: string): Promise<Attempt> {
  const names = await readdir(binFolder).catch(() => []);
  const versions = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .filter((version) => valid(version) !== null)
    .sort((a, b) => compare(b, a));
  const refusals: string[] = [];
  for (const version of versions) {
    const attempt = await checkProgram(join(binFolder, prefix + version), 'an earlier download');
    if (attempt.found) return attempt;
    refusals.push(attempt.why);
  }
  return notFound(refusals.length === 0 ? `none in ${binFolder}` : refusals.join('; '));
}

/**
 * Fetches into a scratch folder beside the final place and moves the program there in one step, under the version it
 * prints itself: a start that is killed half-way leaves nothing that a later start would mistake for a program.
 */
export async function fetchInto(
  binFolder: string,
  from: string,
  fetchProgram: (scratch: string) => Promise<string>,
): Promise<Attempt> {
  await mkdir(binFolder, { recursive: true });
  const scratch = await mkdtemp(join(binFolder, '.fetching-'));
  try {
    const fetched = join(scratch, 'program');
    await copyFile(await fetchProgram(scratch), fetched);
    await chmod(fetched, 0o755);
    const attempt = await checkProgram(fetched, from);
    if (!attempt.found) return attempt;
    const path = join(binFolder, prefix + attempt.version);
    await rename(fetched, path);
    return { ...attempt, path };
  } catch (error) {
    return notFound(error instanceof Error ? error.message : String(error));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}
