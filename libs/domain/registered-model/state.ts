/** What later decisions need to know of a registered model. */
import { z } from 'zod';
import {
  isVersion,
  metrics,
  modelVersion,
  promotionTarget,
  rejection,
  sha256Digest,
  signature,
  stage,
  tags,
  championAlias,
  type Rejection,
  type Signature,
} from '#libs/contracts/index.js';
import { accept, reject, type Result } from '#libs/kernel/index.js';

/** Of each actor, the newest for each stage; `met` once the version was promoted there. */
const request = z.object({ to: promotionTarget, actor: z.string(), seq: z.int(), met: z.boolean() });

/** Of each actor, the newest word for each stage. */
const review = z.object({
  to: promotionTarget,
  decision: z.enum(['approve', 'reject']),
  actor: z.string(),
  at: z.string(),
  seq: z.int(),
  expires_at: z.string().nullable(),
});
export type Review = z.infer<typeof review>;

/** Of each data set and split, the newest; in order of recording. */
const evaluated = z.object({
  dataset: z.string(),
  split: z.string().nullable(),
  evaluation_id: z.uuid(),
  seq: z.int(),
  metrics,
});
export type Evaluated = z.infer<typeof evaluated>;

const storedVersion = z.object({
  version: modelVersion,
  artifact: sha256Digest,
  /** Key of `signatures`: versions mostly share theirs, and snapshots hold it once. */
  signature: z.string(),
  stage,
  archived: z.boolean(),
  registered_by: z.string(),
  description: z.string().nullable(),
  tags,
  metrics,
  requests: z.array(request),
  reviews: z.array(review),
  evaluations: z.array(evaluated),
  /** The newest rollback that took it out of production; 0: none. What was approved before counts no more. */
  rolled_back_seq: z.int(),
});
export type StoredVersion = z.infer<typeof storedVersion>;

/** A version with its signature. */
export type VersionState = Omit<StoredVersion, 'signature'> & { readonly signature: Signature };

export const modelState = z.object({
  signatures: z.record(z.string(), signature),
  /** In order of registration. */
  versions: z.array(storedVersion),
  /** Without `champion`. */
  aliases: z.record(z.string(), modelVersion),
  /**
   * The champion (last) and those a rollback can return to, the nearest last. A promotion puts one on top; a rollback
   * takes off what lies above the version it returns to.
   */
  champions: z.array(modelVersion),
  /** The event that made the champion champion; 0: there is none. */
  champion_seq: z.int(),
});
export type ModelState = z.infer<typeof modelState>;

export const initialModel: ModelState = { signatures: {}, versions: [], aliases: {}, champions: [], champion_seq: 0 };

/** The version in production. */
export const championOf = (state: ModelState): string | null => state.champions.at(-1) ?? null;

/** A version of a model's state by `1.2.0` or by an alias, for rules of this and other aggregates. */
export function findVersion(state: ModelState, selector: string): VersionState | undefined {
  const named = isVersion(selector) ? selector : versionOfAlias(state, selector);
  const found = named === undefined ? undefined : state.versions.find((each) => each.version === named);
  return found && { ...found, signature: state.signatures[found.signature]! };
}

const versionOfAlias = ({ champions, aliases }: ModelState, alias: string): string | undefined =>
  alias === championAlias ? champions.at(-1) : Object.hasOwn(aliases, alias) ? aliases[alias] : undefined;

/** @param path field of the request that names the version */
export function requireVersion(
  state: ModelState,
  model: string,
  selector: string,
  path = 'version',
): Result<VersionState, Rejection> {
  if (state.versions.length === 0)
    return reject(
      rejection('model_not_found', `no model is named '${model}'`, [
        { path: 'model_id', message: 'expected the name of a registered model' },
      ]),
    );
  const found = findVersion(state, selector);
  if (found !== undefined) return accept(found);
  return reject(
    isVersion(selector)
      ? rejection('version_not_found', `${model} has no version ${selector}`, [
          { path, message: 'expected a registered version' },
        ])
      : rejection('alias_not_found', `${model} has no alias ${selector}`, [
          {
            path,
            message:
              selector === championAlias
                ? 'expected a model with a version in production'
                : 'expected an alias of the model',
          },
        ]),
  );
}

/** As `requireVersion`, and in use: an archived version takes part in no further decision. */
export function requireUsable(
  state: ModelState,
  model: string,
  selector: string,
  path = 'version',
): Result<VersionState, Rejection> {
  const found = requireVersion(state, model, selector, path);
  return found.ok && found.value.archived
    ? reject(
        rejection('version_archived', `${model}@${found.value.version} is archived`, [
          { path, message: 'expected a version that is not archived' },
        ]),
      )
    : found;
}
