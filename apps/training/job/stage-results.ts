import type { StageResult, TrainingStage } from '#libs/contracts/index.js';
import { resultOf } from '#libs/domain/index.js';
import { ModelogError } from '#libs/kernel/index.js';

type Of<Stage extends TrainingStage> = Extract<StageResult, { stage: Stage }>;

/** What the finished stages of a job left. */
export class StageResults {
  #results: readonly StageResult[];

  constructor(results: readonly StageResult[]) {
    this.#results = results;
  }

  add(result: StageResult): void {
    this.#results = [...this.#results, result];
  }

  all(): readonly StageResult[] {
    return this.#results;
  }

  find<Stage extends TrainingStage>(stage: Stage): Of<Stage> | undefined {
    return resultOf(this.#results, stage);
  }

  /** @throws ModelogError `stage_missing`: stages run in order. */
  of<Stage extends TrainingStage>(stage: Stage): Of<Stage> {
    const found = this.find(stage);
    if (found === undefined) throw new ModelogError('stage_missing', `stage '${stage}' has left nothing`);
    return found;
  }
}
