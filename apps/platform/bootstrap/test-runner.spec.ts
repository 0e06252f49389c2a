import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { makeFolder } from '#tests/support/run-folder.js';
import { count } from './test-runner.mjs';

const report = (content: string): string => {
  const path = join(makeFolder('report'), 'report.json');
  writeFileSync(path, content);
  return path;
};
const numbers = (numPassedTests: number, numFailedTests: number, numRuntimeErrorTestSuites: number): string =>
  report(JSON.stringify({ numPassedTests, numFailedTests, numRuntimeErrorTestSuites }));

it('the closing line counts tests, suites that could not run, and runs that ended badly', () => {
  expect(count(numbers(7, 0, 0), 0)).toEqual({ passed: 7, failed: 0 });
  expect(count(numbers(7, 2, 1), 1)).toEqual({ passed: 7, failed: 3 });
  expect(count(numbers(7, 0, 0), 1)).toEqual({ passed: 7, failed: 1 });
  expect(count(report('{"numPas'), 0)).toEqual({ passed: 0, failed: 1 });
  expect(count('/no/report', 137)).toEqual({ passed: 0, failed: 1 });
});
