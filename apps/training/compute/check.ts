import { checkTable } from '#libs/datasets/index.js';
import { accept, type Result } from '#libs/kernel/index.js';
import type { CheckAnswer, CheckTask } from './protocol.js';

export function check({ table, schema, checks, target, task, features }: CheckTask): Result<CheckAnswer, never> {
  const expected = checks.schema !== undefined && 'columns' in checks.schema ? checks.schema : undefined;
  const answer = checkTable(table, {
    ...{ checks, schema, target },
    ...(expected === undefined ? {} : { expectedSchema: expected }),
    ...(task === null ? {} : { task }),
    ...(features === null ? {} : { features }),
  });
  return accept(answer);
}
