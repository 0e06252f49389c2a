import { expect, it } from '@jest/globals';
import { describeFailure, run } from './run.js';

const failing = (): ReturnType<typeof run> =>
  run(process.execPath, ['-e', 'for (let i = 1; i < 8; i++) console.error("line " + i); process.exitCode = 3'], {
    timeoutMs: 30_000,
  });

it('a failure is told with the last line, or with the last few', async () => {
  const result = await failing();
  expect(describeFailure(result)).toBe('exit code 3: line 7');
  expect(describeFailure(result, 3)).toBe('exit code 3:\n    line 5\n    line 6\n    line 7');
});
