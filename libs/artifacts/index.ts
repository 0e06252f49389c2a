export {
  ArtifactDamaged,
  ArtifactError,
  ArtifactNotFound,
  ArtifactStoreUnavailable,
  ArtifactTooLarge,
  DigestMismatch,
} from './errors.js';
export type {
  ArtifactReader,
  ArtifactStat,
  ArtifactStore,
  OpenedArtifact,
  PutOptions,
  PutResult,
  ReadOptions,
} from './artifact-store.js';
export { openArtifactReader, openArtifactStore, type ArtifactStoreOptions } from './jetstream-artifact-store.js';
export { removeLeftovers, type LeftoverReport, type RemoveLeftoversOptions } from './leftovers.js';
