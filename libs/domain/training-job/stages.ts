import { trainingStages, type StageResult, type TrainingSpec, type TrainingStage } from '#libs/contracts/index.js';

/** The stages of a job, in their order. */
export const stagesOf = ({ search }: Pick<TrainingSpec, 'search'>): readonly TrainingStage[] =>
  search === null ? trainingStages.filter((stage) => stage !== 'search') : trainingStages;

/** The first stage that has not finished; null: all have. */
export const nextStage = (spec: TrainingSpec, results: readonly StageResult[]): TrainingStage | null =>
  stagesOf(spec).find((stage) => results.every((result) => result.stage !== stage)) ?? null;

/** What a finished stage left; undefined: it has not finished. */
export const resultOf = <Stage extends TrainingStage>(
  results: readonly StageResult[],
  stage: Stage,
): Extract<StageResult, { stage: Stage }> | undefined =>
  results.find((result): result is Extract<StageResult, { stage: Stage }> => result.stage === stage);
