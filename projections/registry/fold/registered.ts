import type { EventOf, VersionRegistered } from '#libs/contracts/index.js';
import { accept, reject, sha256Hex } from '#libs/kernel/index.js';
import type { Changes } from '#libs/projecting/index.js';
import { annotations, hyperparameters, metrics, models, registrations, signatures, tags, versions } from '../tables.js';
import { concern, findVersion, versionKey, type Fact, type Fold } from './fold.js';

type Registration = EventOf<typeof VersionRegistered>['data'];

export const registered: Fold<'VersionRegistered'> = {
  needs: ({ event: { data } }) => [
    { table: models, key: { model: data.model } },
    { table: signatures, key: { digest: digestOf(data) } },
    versionKey(data.model, data.version),
  ],

  apply(changes, fact) {
    const { seq, event, meta } = fact;
    const { model, version } = event.data;
    if (findVersion(changes, model, version) !== undefined) return reject(`${model}@${version} is registered already`);
    if (changes.get(models, { model }) === undefined)
      changes.put(models, seq, { model, created_seq: seq, created_at: meta.at });
    changes.put(registrations, seq, registrationRow(fact));
    changes.put(versions, seq, { model, version, stage: 'development', archived: false });
    putAnnotation(changes, seq, event.data);
    putSearched(changes, seq, event.data);
    const digest = digestOf(event.data);
    if (changes.get(signatures, { digest }) === undefined)
      changes.put(signatures, seq, { digest, signature: event.data.signature });
    concern(changes, fact, version);
    return accept(undefined);
  },
};

/** Computed when the rows are named and again when they are written: some ten microseconds each. */
const digestOf = ({ signature }: Registration): string => sha256Hex(JSON.stringify(signature));

const registrationRow = ({ seq, id, event: { data }, meta }: Fact<'VersionRegistered'>) => ({
  model: data.model,
  version: data.version,
  registered_seq: seq,
  artifact: data.artifact,
  size: data.size,
  signature: digestOf(data),
  task: data.task ?? null,
  metrics: data.metrics,
  hyperparameters: data.hyperparameters ?? {},
  dataset: data.lineage.dataset ?? null,
  training_job: data.lineage.training_job ?? null,
  source: data.lineage.source ?? null,
  parent_version: data.lineage.parent_version ?? null,
  baseline: data.baseline ?? null,
  derivation: data.derivation ?? null,
  created_at: meta.at,
  created_by: meta.actor,
  event_id: id,
});

function putAnnotation(changes: Changes, seq: number, data: Registration): void {
  const { model, version, description = null } = data;
  changes.put(annotations, seq, { model, version, description, tags: data.tags });
  for (const [tag, value] of Object.entries(data.tags)) changes.put(tags, seq, { model, version, tag, value });
}

function putSearched(changes: Changes, seq: number, data: Registration): void {
  const { model, version } = data;
  for (const [metric, value] of Object.entries(data.metrics))
    changes.put(metrics, seq, { model, version, metric, value, registered_seq: seq });
  for (const [name, value] of Object.entries(data.hyperparameters ?? {}))
    if (value !== null)
      changes.put(hyperparameters, seq, {
        ...{ model, version, name },
        number: typeof value === 'number' ? value : null,
        text: typeof value === 'string' ? value : null,
        boolean: typeof value === 'boolean' ? value : null,
      });
}
