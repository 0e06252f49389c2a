import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeFailure, run, succeeded } from '../processes/run.js';
import { natsSources, parseListFile, parseSourcesFile, type AptSource, type NatsSource } from './apt-sources.js';
import { notFound, type Attempt } from './attempt.js';
import { fetchInto } from './bin-folder.js';
import { which } from './on-path.js';

const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const ubuntuKeyring = '/usr/share/keyrings/ubuntu-archive-keyring.gpg';

/**
 * The nats-server package of Debian sid (or Ubuntu's development suite), fetched and unpacked without installing
 * anything: apt runs on state, lists and cache of its own, so neither root nor a change to the machine is needed.
 */
export async function fromDistribution(binFolder: string, searchPath: string): Promise<Attempt> {
  const [aptGet, aptConfig, dpkg] = await Promise.all(
    ['apt-get', 'apt-config', 'dpkg'].map((name) => which(name, searchPath)),
  );
  if (aptGet === undefined || aptConfig === undefined || dpkg === undefined) {
    return notFound('not a Debian or Ubuntu machine (no apt-get, apt-config and dpkg on PATH)');
  }
  const keyrings = { debian: present(debianKeyring), ubuntu: present(ubuntuKeyring) };
  const sources = natsSources(await readSources('/etc/apt'), keyrings);
  if (sources.length === 0) {
    return notFound(
      `no Debian or Ubuntu mirror among the sources in /etc/apt whose archive keyring is on this machine`,
    );
  }
  const refusals: string[] = [];
  for (const source of sources) {
    const attempt = await fetchInto(binFolder, `the package of ${source.describe}`, (scratch) =>
      unpackFrom(source, scratch, { aptGet, aptConfig, dpkg }),
    );
    if (attempt.found) return attempt;
    refusals.push(`${source.describe}: ${attempt.why}`);
  }
  return notFound(refusals.join('; '));
}

interface Tools {
  readonly aptGet: string;
  readonly aptConfig: string;
  readonly dpkg: string;
}

async function unpackFrom(source: NatsSource, scratch: string, tools: Tools): Promise<string> {
  const lists = join(scratch, 'sources.list');
  await writeFile(lists, `${source.line}\n`);
  for (const folder of ['state', 'lists/partial', 'cache/archives/partial', 'package']) {
    await mkdir(join(scratch, folder), { recursive: true });
  }
  const configuration = join(scratch, 'apt.conf');
  await writeFile(configuration, privateConfiguration(scratch, lists) + (await machineSettings(tools.aptConfig)));
  // APT_CONFIG is read before the machine's own files, and our file sends apt to none of them.
  const options = { cwd: scratch, env: { ...process.env, APT_CONFIG: configuration, LC_ALL: 'C' } };
  await must(tools.aptGet, ['-q', 'update'], { ...options, timeoutMs: 90_000 });
  await must(tools.aptGet, ['-q', 'download', 'nats-server'], { ...options, timeoutMs: 90_000 });
  const archive = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
  if (archive === undefined) throw new Error('apt-get download left no package');
  await must(tools.dpkg, ['-x', join(scratch, archive), join(scratch, 'package')], { ...options, timeoutMs: 60_000 });
  const program = ['usr/sbin/nats-server', 'usr/bin/nats-server']
    .map((path) => join(scratch, 'package', path))
    .find((path) => existsSync(path));
  if (program === undefined) throw new Error(`${archive} holds no nats-server program`);
  return program;
}

/** `APT::Sandbox::User`: apt's helper user could not enter a data folder below a private home; the packages are signed. */
const privateConfiguration = (scratch: string, lists: string): string =>
  [
    ['Dir::Etc::main', '/dev/null'],
    ['Dir::Etc::parts', '/dev/null'],
    ['Dir::Etc::sourcelist', lists],
    ['Dir::Etc::sourceparts', '/dev/null'],
    ['Dir::Etc::preferences', '/dev/null'],
    ['Dir::Etc::preferencesparts', '/dev/null'],
    ['Dir::State', join(scratch, 'state')],
    ['Dir::State::lists', join(scratch, 'lists')],
    ['Dir::State::status', '/dev/null'],
    ['Dir::Cache', join(scratch, 'cache')],
    ['APT::Sandbox::User', process.getuid?.() === 0 ? 'root' : ''],
    ['Acquire::Languages', 'none'],
    ['Acquire::Retries', '1'],
    ['Acquire::http::Timeout', '15'],
    ['Acquire::https::Timeout', '15'],
  ]
    .map(([name, value]) => `${name} "${value}";\n`)
    .join('');

/** How this machine reaches its mirrors: proxies, certificates, credentials' place, architecture. Hooks stay behind. */
async function machineSettings(aptConfig: string): Promise<string> {
  const dump = await run(aptConfig, ['dump'], { timeoutMs: 10_000 });
  if (!succeeded(dump)) throw new Error(`apt-config dump: ${describeFailure(dump)}`);
  return keptSettings(dump.stdout);
}

export const keptSettings = (dump: string): string =>
  dump
    .split('\n')
    .filter((line) => /^(Acquire::(http|https|ftp|Check|ForceIPv|By-Hash|proxy)|APT::Architectures?\b)/i.test(line))
    .map((line) => `${line}\n`)
    .join('');

async function readSources(aptFolder: string): Promise<AptSource[]> {
  const parts = join(aptFolder, 'sources.list.d');
  const names = (await readdir(parts).catch(() => [])).sort().map((name) => join(parts, name));
  const found: AptSource[] = [];
  for (const path of [join(aptFolder, 'sources.list'), ...names]) {
    if (path.endsWith('.list')) found.push(...parseListFile(await readFile(path, 'utf8').catch(() => '')));
    if (path.endsWith('.sources')) found.push(...parseSourcesFile(await readFile(path, 'utf8').catch(() => '')));
  }
  return found;
}

async function must(command: string, args: readonly string[], options: Parameters<typeof run>[2]): Promise<void> {
  const result = await run(command, args, options);
  if (!succeeded(result)) throw new Error(`${command} ${args.join(' ')}: ${describeFailure(result)}`);
}

const present = (path: string): string | undefined => (existsSync(path) ? path : undefined);
