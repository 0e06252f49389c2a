import { messageOf } from '#libs/kernel/index.js';
import { ArtifactError, ArtifactStoreUnavailable } from './errors.js';

/** Runs requests to the server; what it or the connection throws becomes ArtifactStoreUnavailable. */
export async function asUnavailable<T>(what: string, request: () => Promise<T>): Promise<T> {
  try {
    return await request();
  } catch (error) {
    if (error instanceof ArtifactError) throw error;
    throw new ArtifactStoreUnavailable(what, messageOf(error), { cause: error });
  }
}
