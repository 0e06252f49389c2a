import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import process from 'node:process';
import { processIdentity } from './process-identity.mjs';

/**
 * @typedef {{ held: true, release(): void } | { held: false, by: number }} LockAttempt
 */

/**
 * Takes a lock file for this process, or says which process holds it. The lock of a process that is gone is taken over.
 * @param {string} path
 * @returns {LockAttempt}
 */
export function tryLock(path) {
  mkdirSync(dirname(path), { recursive: true });
  const mine = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) });
  for (;;) {
    if (create(path, mine)) {
      return {
        held: true,
        release() {
          if (read(path) === mine) rmSync(path, { force: true });
        },
      };
    }
    const theirs = read(path);
    if (theirs === undefined) continue;
    const holder = holderOf(theirs);
    if (holder !== undefined) return { held: false, by: holder };
    discard(path, theirs);
  }
}

/**
 * Complete from the first moment that others can see it: it is linked into place.
 * @param {string} path
 * @param {string} content
 */
function create(path, content) {
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, content);
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/**
 * Undefined when the process that wrote it is gone, or the content is not a lock's.
 * @param {string} content
 * @returns {number | undefined}
 */
function holderOf(content) {
  try {
    const { pid, identity } = JSON.parse(content);
    return typeof pid === 'number' && identity !== undefined && processIdentity(pid) === identity ? pid : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Removes the stale lock, and nothing else: if another process was quicker and the file is its fresh lock by now, it
 * is put back.
 * @param {string} path
 * @param {string} stale
 */
function discard(path, stale) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  if (read(aside) === stale) rmSync(aside, { force: true });
  else renameSync(aside, path);
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * By its shape: under Jest an error of the file system is no instance of the test realm's Error.
 * @param {unknown} error
 */
const codeOf = (error) => (typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined);
