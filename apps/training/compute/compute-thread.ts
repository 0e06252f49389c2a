/** A thread of its own: does one task after the other. */
import { parentPort } from 'node:worker_threads';
import type { Table } from '#libs/contracts/index.js';
import { assertNever, messageOf, type Result } from '#libs/kernel/index.js';
import { check } from './check.js';
import { load } from './load.js';
import { isOutOfMemory, outOfMemory } from './out-of-memory.js';
import type { ComputeAnswers, ComputeRefusal, ComputeTask, ThreadReply, ThreadRequest } from './protocol.js';
import { measure } from './measure.js';
import { score } from './score.js';
import { tableGiven, withTable } from './task-table.js';
import { train } from './train.js';

const port = parentPort!;
const reply = (message: ThreadReply): void => {
  port.postMessage(message);
};

let current: Table = tableGiven;

port.on('message', ({ id, task, table }: ThreadRequest) => {
  current = table ?? current;
  const onProgress = (share: number, message: string | null = null): void => {
    reply({ id, kind: 'progress', share, message });
  };
  answer(withTable(task, current), onProgress).then(
    (result) => {
      if (result.ok) reply({ id, kind: 'done', answer: result.value });
      else reply({ id, kind: 'refused', refusal: result.rejection });
    },
    (error: unknown) => {
      if (isOutOfMemory(error)) reply({ id, kind: 'refused', refusal: outOfMemory(messageOf(error)) });
      else
        reply({
          id,
          kind: 'failed',
          message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error),
        });
    },
  );
});

type Answer = ComputeAnswers[ComputeTask['kind']];

async function answer(
  task: ComputeTask,
  onProgress: (share: number, message?: string | null) => void,
): Promise<Result<Answer, ComputeRefusal>> {
  switch (task.kind) {
    case 'check':
      return check(task);
    case 'load':
      return load(task);
    case 'measure':
      return measure(task);
    case 'score':
      return score(task, onProgress);
    case 'train':
      return train(task, onProgress);
    default:
      return assertNever(task, 'compute task');
  }
}
