import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { StageResult, TrainingSpec } from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';
import { writeCsv } from '../data/write-csv.js';
import { runCommandTrainer } from '../external/run-command-trainer.js';
import type { JobFailure } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { storeBytes, storeJson } from './stored-json.js';

type CommandTrainer = Extract<TrainingSpec['trainer'], { type: 'command' }>;

/** A program of the user's own learns from the rows of training; what it says of its metrics is kept, not believed. */
export async function trainByCommand(
  context: JobContext,
  trainer: CommandTrainer,
): Promise<Result<StageResult, JobFailure>> {
  const { spec, data, results, options, log, folder, signal } = context;
  const { task, features } = results.of('validate');
  const learning = await data.learning();
  if (!learning.ok) return learning;
  const split = data.split(learning.value);
  if (!split.ok) return split;
  const outputFolder = join(folder, 'output');
  await mkdir(outputFolder, { recursive: true });
  const [dataFile, testFile] = [join(folder, 'train.csv'), join(folder, 'test.csv')];
  const columns = [...features, spec.target];
  await writeCsv(dataFile, learning.value.table, columns, split.value.train, signal);
  await writeCsv(testFile, learning.value.table, columns, split.value.test, signal);
  log.info(`${trainer.command.join(' ')} learns from ${split.value.train.length} rows`);
  const trained = await runCommandTrainer({
    trainer: { ...trainer, directory: resolve(options.folders.configuration, trainer.directory ?? '.') },
    ...{ dataFile, testFile, outputFolder, task, target: spec.target, seed: spec.seed, signal },
    parameters: trainer.hyperparameters,
    onLog: (line) => {
      log.info(line);
    },
  });
  if (!trained.ok) return reject({ code: trained.rejection.code, message: trained.rejection.message });
  const { onnx, metrics, featureNames, nullable } = trained.value;
  return accept({
    stage: 'train',
    artifact: await storeBytes(options.artifacts, onnx),
    size: onnx.length,
    algorithm: trainer.name,
    hyperparameters: trainer.hyperparameters,
    feature_names: featureNames === null ? null : [...featureNames],
    nullable: [...(nullable ?? [])],
    record: await storeJson(options.artifacts, { gains: null, curve: null, metrics, command: trainer.command }),
  });
}
