import type { api, CommandTrainer, ModelTraining, TrainingDefaults } from '#libs/contracts/index.js';

/** A request for training, and what its gaps are filled from. */
export interface Asked {
  readonly body: api.StartTraining;
  /** `models.<name>` of model_config.yaml. */
  readonly configured: ModelTraining;
  /** `training` of pipeline_config.yaml. */
  readonly defaults: TrainingDefaults;
}

/** The configured trainers outside, by name. */
export type Commands = Readonly<Record<string, CommandTrainer>>;
