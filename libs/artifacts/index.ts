export {
  ArtifactDamaged,
  ArtifactError,
  ArtifactNotFound,
  ArtifactStoreUnavailable,
  ArtifactTooLarge,
  DigestMismatch,
} from './errors.js';
export type {
  ArtifactStat,
  ArtifactStore,
  OpenedArtifact,
  PutOptions,
  PutResult,
  ReadOptions,
} from './artifact-store.js';
export { openArtifactStore, type ArtifactStoreOptions } from './jetstream-artifact-store.js';
export { removeLeftovers, type LeftoverReport, type RemoveLeftoversOptions } from './leftovers.js';
