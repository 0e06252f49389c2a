import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { checkout, inCheckout } from './checkout.mjs';
import { runProgram } from './run-program.mjs';

/**
 * Runs Jest, prints `N passed, N failed` as the last line and answers the exit code: 0 only when tests ran and none
 * failed.
 * @param {string[]} args for Jest
 * @returns {Promise<number>}
 */
export async function runTests(args) {
  const folder = mkdtempSync(join(tmpdir(), 'modelog-jest-'));
  const report = join(folder, 'report.json');
  try {
    const jest = inCheckout('node_modules', 'jest', 'bin', 'jest.js');
    const flags = ['--experimental-vm-modules', '--no-warnings', jest, '--json', `--outputFile=${report}`];
    const exitCode = await runProgram(process.execPath, [...flags, ...args], {
      cwd: checkout,
    });
    const { passed, failed } = count(report, exitCode);
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
    if (exitCode !== 0) return exitCode;
    return failed > 0 || passed === 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * A suite that could not run is one failure; so is a run that ended badly though no test says why.
 * @param {string} report
 * @param {number} exitCode
 */
export function count(report, exitCode) {
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(readFileSync(report, 'utf8'));
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    return { passed: numPassedTests, failed: failed === 0 && exitCode !== 0 ? 1 : failed };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
