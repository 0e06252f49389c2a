import { modelDefinition } from '#libs/domain/index.js';
import type { AggregateStore } from '#libs/event-log/index.js';
import { isoTime, namespaces, sha256Hex, systemClock, uuidv5 } from '#libs/kernel/index.js';
import { featureNames } from '../harness/rows.js';

/** Versions of one model, as a registry of some age has them. */
const VERSIONS_PER_MODEL = 20;

/** A model for `lane` of `lanes` that take turns: after 20 versions the next one. */
export const modelOf = (lane: number, lanes: number, number: number): string =>
  `model-${lane}-${Math.floor(number / (VERSIONS_PER_MODEL * lanes))}`;

/** Registers a version of the model; `number` is unique in the run. @throws when it is refused. */
export async function registerVersion(store: AggregateStore, model: string, number: number): Promise<void> {
  const outcome = await store.execute(
    modelDefinition,
    model,
    {
      type: 'RegisterVersion',
      registration: {
        model,
        version: `1.${number}.0`,
        artifact: `sha256:${sha256Hex(String(number))}`,
        size: 900_009,
        tags: {},
        metrics: { accuracy: 0.9 },
        signature,
        lineage: {},
      },
    },
    {
      commandId: uuidv5(namespaces.command, `bench ${number}`),
      digest: `sha256:${sha256Hex(`body ${number}`)}`,
      actor: 'bench',
      correlationId: 'bench',
      at: isoTime(systemClock.now()),
    },
  );
  if (!outcome.ok) throw new Error(outcome.rejection.detail);
}

/** Few features: the size of a signature is not what is measured. */
const features = featureNames.slice(0, 4);
export const signature = {
  inputs: [{ name: 'X', type: 'float32' as const, shape: [null, features.length] }],
  outputs: [{ name: 'label', type: 'int64' as const, shape: [null], role: 'label' as const }],
  features: features.map((name, index) => ({ name, type: 'float32' as const, nullable: false, input: 'X', index })),
};
