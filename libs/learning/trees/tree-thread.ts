/** A thread of a training of trees: does its part, given as `workerData`, and tells what it has by messages. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertNever } from '#libs/kernel/index.js';
import type { TrainingScores } from '../model.js';
import { boost, type Boosted, type BoostingTask } from './boosting.js';
import { follow, leading, type CrewControl } from './crew.js';
import type { ForestScratch } from './forest-scratch.js';
import { ForestGrower, type ForestTask } from './forest-tree.js';
import { performer, Steps } from './steps.js';
import type { BinnedTree } from './tree.js';
import type { Workspace } from './workspace.js';

interface BoostingPart {
  readonly workspace: Workspace;
  readonly task: BoostingTask;
  readonly control: CrewControl;
}

/** `lead` and `follow` boost together; `forest` grows the trees whose numbers it is the first to take from `next`. */
export type ThreadPart =
  | ({ readonly role: 'lead' | 'follow' } & BoostingPart)
  | {
      readonly role: 'forest';
      readonly task: ForestTask;
      readonly scratch: ForestScratch;
      readonly next: Int32Array;
    };

export type ThreadMessage =
  | { readonly type: 'round'; readonly scores: TrainingScores }
  | { readonly type: 'boosted'; readonly boosted: Boosted }
  | { readonly type: 'tree'; readonly number: number; readonly tree: BinnedTree };

const say = (message: ThreadMessage): void => {
  parentPort!.postMessage(message);
};

// It stays until it is ended: one that ends of itself has failed.
parentPort!.on('message', () => undefined);

const part = workerData as ThreadPart;
switch (part.role) {
  case 'lead':
    lead(part);
    break;
  case 'follow':
    follow(part.control, performer(part.workspace, part.task.loss));
    break;
  case 'forest':
    growTaken(part.task, part.scratch, part.next);
    break;
  default:
    assertNever(part, 'part of a thread');
}

function lead({ workspace, task, control }: BoostingPart): void {
  const rounds = boost(new Steps(workspace, leading(control, performer(workspace, task.loss))), task);
  let round = rounds.next();
  for (; round.done !== true; round = rounds.next()) say({ type: 'round', scores: round.value });
  say({ type: 'boosted', boosted: round.value });
}

function growTaken(task: ForestTask, scratch: ForestScratch, next: Int32Array): void {
  const grower = new ForestGrower(task, scratch);
  const take = () => Atomics.add(next, 0, 1);
  for (let number = take(); number < task.parameters.n_estimators; number = take()) {
    say({ type: 'tree', number, tree: grower.grow(number) });
  }
}
