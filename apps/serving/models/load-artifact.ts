import {
  ArtifactDamaged,
  ArtifactNotFound,
  ArtifactStoreUnavailable,
  ArtifactTooLarge,
  type ArtifactStore,
} from '#libs/artifacts/index.js';
import type { ProblemCode } from '#libs/contracts/index.js';
import { loadModel, type LoadedModel } from '#libs/inference/index.js';
import { accept, assertNever, messageOf, reject, type Result } from '#libs/kernel/index.js';
import type { Rollout } from '../routing/routing-table.js';

/** Why a version cannot be loaded here. */
export interface LoadFailure {
  readonly code: ProblemCode;
  readonly reason: string;
  /** It may work when tried again without anything being changed. */
  readonly transient: boolean;
}

/**
 * Loads the model of a rollout: bytes verified, graph loaded, run once. `hasRoom` is asked in between, with the size of
 * the artifact; null: it said no.
 */
export type LoadArtifact = (
  rollout: Rollout,
  hasRoom: (artifactBytes: number) => Promise<boolean>,
) => Promise<Result<LoadedModel, LoadFailure> | null>;

/** An ONNX file cannot be larger: protobuf's own limit. */
const maxModelBytes = 2 ** 31;

export const loadArtifactFrom =
  (artifacts: Pick<ArtifactStore, 'read'>): LoadArtifact =>
  async ({ artifact, signature }, hasRoom) => {
    let bytes: Uint8Array;
    try {
      bytes = await artifacts.read(artifact, { maxBytes: maxModelBytes });
    } catch (error) {
      return reject(readFailure(error));
    }
    if (!(await hasRoom(bytes.length))) return null;
    const loaded = await loadModel(bytes, signature);
    if (loaded.ok) return accept(loaded.value);
    const { code, message } = loaded.rejection;
    switch (code) {
      case 'cannot_load':
        return reject({ code: 'model_cannot_load', reason: message, transient: false });
      case 'cannot_run':
        return reject({ code: 'model_cannot_run', reason: message, transient: false });
      default:
        return assertNever(code, 'load rejection');
    }
  };

function readFailure(error: unknown): LoadFailure {
  const reason = messageOf(error);
  if (error instanceof ArtifactNotFound) return { code: 'artifact_not_found', reason, transient: false };
  if (error instanceof ArtifactDamaged) return { code: 'artifact_damaged', reason, transient: false };
  if (error instanceof ArtifactTooLarge) return { code: 'payload_too_large', reason, transient: false };
  if (error instanceof ArtifactStoreUnavailable) return { code: 'unavailable', reason, transient: true };
  return { code: 'internal', reason, transient: true };
}
