/** The life of many models, through the real append path: what a registry of some years holds. */
import { configurationFiles } from '#libs/contracts/index.js';
import { modelDefinition, type ModelCommand } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { entityIdOf, isoTime, namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';
import { signature } from './register-version.js';

export const versionsPerModel = 20;
/** Five for each version. */
export const eventsPerModel = 5 * versionsPerModel;
const lanes = 200;

export const modelName = (number: number): string => `model-${String(number).padStart(5, '0')}`;
export const datasets = 500;
export const teams = 40;

/**
 * Appends every model's events, all models' first, then all models' second: an aggregate's events lie as far apart as
 * they can. @throws when the first one is refused.
 */
export async function fillRegistry(
  store: AggregateStore,
  models: number,
  onProgress: (events: number) => void = () => undefined,
): Promise<void> {
  for (let step = 0; step < eventsPerModel; step++) {
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < models) await append(store, next++, step);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    onProgress(models * (step + 1));
  }
}

async function append(store: AggregateStore, number: number, step: number): Promise<void> {
  const model = modelName(number);
  const commandId = uuidv5(namespaces.command, `history ${model} ${step}`);
  const command = commandOf(number, step, commandId);
  const outcome = await store.execute(modelDefinition, model, command, {
    commandId,
    digest: `sha256:${sha256Hex(commandId)}`,
    actor: `actor-${(number + step) % 30}`,
    correlationId: commandId,
    at: isoTime(systemClock.now()),
  });
  if (!outcome.ok) throw new Error(`${model}, event ${step} (${command.type}): ${outcome.rejection.detail}`);
}

const { promotion: policies } = configurationFiles.parse({ pipeline: {} }).pipeline.registry;
const reason = 'benchmark';

/** A number in [0, 1) that looks random and is the same in every run. */
const scatter = (...numbers: readonly number[]): number =>
  Number.parseInt(sha256Hex(numbers.join(' ')).slice(0, 8), 16) / 2 ** 32;

/** register, evaluate, annotate (every fifth: approve), to staging, then to production or an alias in turn; one rollback. */
function commandOf(number: number, step: number, commandId: string): ModelCommand {
  const model = modelName(number);
  const at = Math.floor(step / 5);
  const version = `1.${at}.0`;
  switch (step % 5) {
    case 0:
      return registration(number, at);
    case 1:
      return {
        ...{ type: 'RecordEvaluation', model, version },
        evaluation: {
          evaluation_id: entityIdOf('evaluation', commandId),
          dataset: at % 2 === 0 ? 'holdout' : 'fairness',
          metrics: { auc: scatter(number, at, 1), loss: 3 * scatter(number, at, 2) },
        },
      };
    case 2:
      return at % 5 === 4
        ? { type: 'Approve', model, version, reason, policies }
        : { type: 'Annotate', model, version, tags: { reviewed: `round-${at}` } };
    case 3:
      return { type: 'Promote', model, version, to: 'staging', reason, policies };
    default:
      if (at % 10 === 9) return { type: 'RollBack', model, reason };
      return at % 2 === 0
        ? { type: 'Promote', model, version, to: 'production', reason, policies }
        : { type: 'SetAlias', model, version, alias: 'candidate' };
  }
}

const registration = (number: number, at: number): ModelCommand => ({
  type: 'RegisterVersion',
  registration: {
    ...{ model: modelName(number), version: `1.${at}.0`, signature, size: 900_009 },
    artifact: `sha256:${sha256Hex(`${number} ${at}`)}`,
    tags: { team: `team-${number % teams}`, region: at % 3 === 0 ? 'eu' : 'us' },
    metrics: { auc: 0.5 + scatter(number, at) / 2, accuracy: scatter(number, at, 3) },
    hyperparameters: { trees: 100 + (at % 7), depth: at % 9 },
    lineage: {
      dataset: `dataset-${(number + at) % datasets}@${at}`,
      ...(at === 0 ? {} : { parent_version: `1.${at - 1}.0` }),
    },
  },
});
