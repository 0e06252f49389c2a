import { coerce, gte } from 'semver';
import { describeFailure, run, succeeded } from '../processes/run.js';
import { notFound, type Attempt } from './attempt.js';

/** 2.14 brought batch direct get to every read path that libs/event-log uses, and years of JetStream repairs. */
export const oldestVersion = '2.14.0';
/** What is fetched when nothing is there. */
export const pinnedVersion = '2.15.1';

/** Asks the program itself: a name or a folder proves nothing about what is in it. */
export async function checkProgram(path: string, from: string): Promise<Attempt> {
  const result = await run(path, ['--version'], { timeoutMs: 10_000 });
  if (!succeeded(result)) return notFound(`${path} --version: ${describeFailure(result)}`);
  const version = versionIn(result.stdout);
  if (version === undefined) return notFound(`${path} --version printed no version: ${result.stdout.trim()}`);
  if (!gte(version, oldestVersion)) return notFound(`${path} is ${version}, at least ${oldestVersion} is needed`);
  return { found: true, path, version, from };
}

export function versionIn(output: string): string | undefined {
  const printed = /\d+\.\d+\.\d+(-[\w.]+)?/.exec(output)?.[0];
  return printed === undefined ? undefined : (coerce(printed, { includePrerelease: true })?.version ?? undefined);
}
