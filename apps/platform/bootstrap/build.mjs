import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { checkout, inCheckout } from './checkout.mjs';
import { runQuietly } from './run-program.mjs';

const roots = ['apps', 'libs', 'projections', 'config', 'tests'];
const ignored = ['**/*.spec.ts', '**/fixtures/**', '**/README.md', '**/*.mjs'];

/** Whether dist/ holds what these sources give: by content, so that a fresh checkout of the same commit is no change. */
export function isBuilt() {
  return builtFrom() === stampOf(sourceFiles());
}

/**
 * Compiles the sources to dist/ where that is stale.
 * @param {(line: string) => void} say
 */
export async function ensureBuilt(say) {
  const sources = sourceFiles();
  const stamp = stampOf(sources);
  if (builtFrom() === stamp) return;
  say('Building');
  // Built aside and swapped in: deleted sources leave nothing behind, and a running instance never meets half a build.
  const fresh = inCheckout('node_modules', '.cache', 'modelog', `build-${process.pid}`);
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  try {
    const swc = inCheckout('node_modules', '@swc', 'cli', 'bin', 'swc.js');
    const options = ['-d', fresh, '--config-file', '.swcrc', '--copy-files', '--ignore', ignored.join(','), '--quiet'];
    const present = roots.filter((root) => existsSync(inCheckout(root)));
    await runQuietly(process.execPath, [swc, ...present, ...options], { cwd: checkout });
    // Plain modules are used as they are.
    for (const source of sources.filter((each) => each.endsWith('.mjs'))) {
      mkdirSync(dirname(join(fresh, source)), { recursive: true });
      cpSync(inCheckout(source), join(fresh, source));
    }
    writeFileSync(join(fresh, '.built'), stamp);
    swapIn(fresh, inCheckout('dist'));
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/**
 * @param {string} fresh
 * @param {string} target
 */
function swapIn(fresh, target) {
  const former = `${fresh}-former`;
  try {
    if (existsSync(target)) renameSync(target, former);
    renameSync(fresh, target);
  } catch (error) {
    // node_modules on another file system (a container's volume): no rename across.
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error;
    rmSync(target, { recursive: true, force: true });
    cpSync(fresh, target, { recursive: true });
  }
  rmSync(former, { recursive: true, force: true });
}

const sourceFiles = () => roots.flatMap((root) => filesBelow(root));

function builtFrom() {
  const stampFile = inCheckout('dist', '.built');
  return existsSync(stampFile) ? readFileSync(stampFile, 'utf8') : undefined;
}

/** @param {string[]} sources */
function stampOf(sources) {
  const hash = createHash('sha256');
  for (const path of [...sources, '.swcrc', 'package.json']) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(inCheckout(path)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Relative to the checkout, sorted. What the build leaves out, it does not depend on.
 * @param {string} folder
 * @returns {string[]}
 */
function filesBelow(folder) {
  if (!existsSync(inCheckout(folder))) return [];
  return readdirSync(inCheckout(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return entry.name === 'fixtures' ? [] : filesBelow(path);
      return entry.name.endsWith('.spec.ts') || entry.name === 'README.md' ? [] : [path];
    });
}
