import { ModelogError } from '#libs/kernel/index.js';

/** Anything a projection can throw. */
export abstract class ProjectingError extends ModelogError {}

/** Another projector took this projection over: the older one stops. Nothing of its unfinished batch was written. */
export class ProjectionFenced extends ProjectingError {
  constructor(
    readonly projection: string,
    /** The epoch under which this projector ran. */
    readonly epoch: number,
    /** The epoch it found. */
    readonly foundEpoch: number | undefined,
  ) {
    super(
      'projection_fenced',
      `projection ${projection}: epoch ${epoch} was taken over by ${foundEpoch === undefined ? 'nobody: its checkpoint is gone' : `epoch ${foundEpoch}`}`,
    );
  }
}

/** The fold or the database refused a batch in a way that repeating would not mend. The checkpoint stands before it. */
export class ProjectionFailed extends ProjectingError {
  constructor(
    readonly projection: string,
    readonly firstSeq: number,
    readonly lastSeq: number,
    reason: string,
    options?: ErrorOptions,
  ) {
    super('projection_failed', `projection ${projection}: sequences ${firstSeq} to ${lastSeq}: ${reason}`, options);
  }
}

/** schema.sql and the declared tables do not say the same. */
export class SchemaMismatch extends ProjectingError {
  constructor(
    readonly projection: string,
    readonly differences: readonly string[],
  ) {
    super('schema_mismatch', `projection ${projection}: schema.sql differs from its tables: ${differences.join('; ')}`);
  }
}

/** Only one rebuild of a projection runs at a time. */
export class RebuildInProgress extends ProjectingError {
  constructor(readonly projection: string) {
    super('rebuild_in_progress', `projection ${projection}: another rebuild is running`);
  }
}

/** A position was not reached in the time a caller gave it. */
export class NotReached extends ProjectingError {
  constructor(
    readonly projection: string,
    readonly wanted: number,
    readonly position: number,
    afterMs: number,
  ) {
    super('not_reached', `projection ${projection}: at ${position}, sequence ${wanted} not reached in ${afterMs} ms`);
  }
}

/** The stream no longer holds what the read model was made of: rebuilding would lose it. */
export class StreamTruncated extends ProjectingError {
  constructor(
    readonly projection: string,
    readonly firstSeq: number,
  ) {
    super(
      'stream_truncated',
      `projection ${projection}: its stream begins at sequence ${firstSeq}; what came before cannot be rebuilt`,
    );
  }
}
