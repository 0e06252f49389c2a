/**
 * A registered model: an append-only list of versions with immutable bytes. It begins with its first version.
 * Stream id → events (contracts) → state → fold → decisions, top to bottom.
 */
import { z } from 'zod';
import {
  catalogueOf,
  modelVersion,
  rejection,
  sha256Digest,
  signature,
  stage,
  subjects,
  VersionRegistered,
  type ModelEvent,
  type EventOf,
  type Rejection,
} from '#libs/contracts/index.js';
import { accept, reject, type Decider, type Result } from '#libs/kernel/index.js';
import { nextVersion } from './version-policy.js';

const versionState = z.object({
  version: modelVersion,
  artifact: sha256Digest,
  signature,
  stage,
  archived: z.boolean(),
});
/** What later decisions need to know of a version. */
export type VersionState = z.infer<typeof versionState>;

const modelState = z.object({ versions: z.array(versionState) });
export type ModelState = z.infer<typeof modelState>;

type Registration = EventOf<typeof VersionRegistered>['data'];

export type ModelCommand = {
  readonly type: 'RegisterVersion';
  /** Everything that is recorded; `version` left out asks for the next one. The signature was read from the bytes. */
  readonly registration: Omit<Registration, 'version'> & { readonly version?: string };
};

export const registeredModel: Decider<ModelCommand, ModelState, ModelEvent, Rejection> = {
  initialState: { versions: [] },
  decide: registerVersion,
  evolve(state, { data: { version, artifact, signature } }) {
    return { versions: [...state.versions, { version, artifact, signature, stage: 'development', archived: false }] };
  },
};

function registerVersion({ registration }: ModelCommand, state: ModelState): Result<ModelEvent, Rejection> {
  const version = registration.version ?? nextVersion(state.versions, registration.signature);
  const existing = state.versions.find((each) => each.version === version);
  if (existing !== undefined) {
    const bytes = existing.artifact === registration.artifact ? 'the same bytes' : 'other bytes';
    return reject(
      rejection(
        'version_exists',
        `${registration.model}@${version} is registered already, with ${bytes} (${existing.artifact})`,
        [{ path: 'version', message: 'expected a version that is not registered yet' }],
      ),
    );
  }
  return accept({ type: 'VersionRegistered', data: { ...registration, version } });
}

/** A version of a model's state, for rules of other aggregates. */
export const findVersion = (state: ModelState, version: string): VersionState | undefined =>
  state.versions.find((each) => each.version === version);

export const modelDefinition = {
  category: 'model',
  subjectOf: subjects.model,
  decider: registeredModel,
  catalogue: catalogueOf([VersionRegistered]),
  snapshot: {
    version: 1,
    encode: (state: ModelState): unknown => state,
    decode: (stored: unknown): ModelState => modelState.parse(stored),
  },
} as const;
