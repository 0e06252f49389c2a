import { ModelogError } from '#libs/kernel/index.js';

/** Anything the artifact store itself can throw. An error of the caller's own source passes through as it is. */
export abstract class ArtifactError extends ModelogError {}

/** No artifact has this digest. HTTP 404. */
export class ArtifactNotFound extends ArtifactError {
  constructor(readonly digest: string) {
    super('artifact_not_found', `no artifact has the digest ${digest}`);
  }
}

/** What is stored under this digest is not what was put there. Putting the same bytes again mends it. HTTP 500. */
export class ArtifactDamaged extends ArtifactError {
  constructor(
    readonly digest: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super('artifact_damaged', `the artifact ${digest} is damaged: ${reason}`, options);
  }
}

/** More bytes than the caller allows. HTTP 413. */
export class ArtifactTooLarge extends ArtifactError {
  constructor(
    /** What is too large: `the upload`, or the digest of a stored artifact. */
    readonly what: string,
    readonly maxBytes: number,
  ) {
    super('payload_too_large', `${what} has more than ${maxBytes} bytes`);
  }
}

/** The bytes do not have the digest that the caller announced. Nothing was stored. HTTP 422. */
export class DigestMismatch extends ArtifactError {
  constructor(
    readonly expected: string,
    readonly found: string,
  ) {
    super('digest_mismatch', `the bytes have the digest ${found}, not the announced ${expected}`);
  }
}

/** The server that keeps the artifacts did not do it, or did not answer in time. HTTP 503. */
export class ArtifactStoreUnavailable extends ArtifactError {
  constructor(what: string, reason: string, options?: ErrorOptions) {
    super('unavailable', `${what}: ${reason}`, options);
  }
}
