import { decodePredictionId, maxChunkRows } from '#libs/contracts/index.js';

/** What a prediction id says of where the prediction is recorded. */
export type PredictionPlace =
  /** Answered after its chunk was stored: the sequence in TRAFFIC, and a check value of the writer's epoch. */
  | { readonly by: 'sequence'; readonly seq: number; readonly row: number; readonly check: number }
  /** Answered before (`recording: unacknowledged`): the chunk's identity, resolved through the read model. */
  | { readonly by: 'identity'; readonly epoch: string; readonly counter: number; readonly row: number };

const identity = /^u\.([A-Za-z0-9_-]{1,128})\.([1-9]\d{0,14})\.(0|[1-9]\d{0,4})$/;

/** Undefined for text that no prediction was ever answered with. */
export function placeOf(id: string): PredictionPlace | undefined {
  const match = identity.exec(id);
  if (match !== null) {
    const row = Number(match[3]);
    return row < maxChunkRows ? { by: 'identity', epoch: match[1]!, counter: Number(match[2]), row } : undefined;
  }
  const located = decodePredictionId(id);
  return located && { by: 'sequence', ...located };
}
