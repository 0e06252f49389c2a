import { canonicalJson } from '#libs/kernel/index.js';
import { Refused } from '../rejection.js';
import { readSignature, type SignatureOptions } from '../signature.js';
import type { Rewrites } from './rewrites.js';

export interface OptimisedGraph {
  readonly bytes: Uint8Array;
  /** What was changed, and how often. */
  readonly rewrites: Readonly<Record<string, number>>;
}

interface Attempt {
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly rewrites: Rewrites;
  /** Told when nothing was changed. */
  readonly nothing: string;
  /** Whether callers of the one graph can be callers of the other. */
  readonly isAlike: boolean;
}

/** @throws Refused `nothing_to_optimise`: nothing was changed, the result is not smaller, or callers would notice. */
export function smaller({ before, after, rewrites, nothing, isAlike }: Attempt): OptimisedGraph {
  if (rewrites.total === 0) throw new Refused('nothing_to_optimise', nothing);
  if (after.length >= before.length) {
    const detail = `the rewritten graph would have ${after.length} bytes, this one has ${before.length}`;
    throw new Refused('nothing_to_optimise', detail);
  }
  if (!isAlike) throw new Refused('nothing_to_optimise', 'the rewritten graph would have another signature');
  return { bytes: after, rewrites: rewrites.asRecord() };
}

/**
 * What callers know of a model, to compare: inputs, features, outputs, classes; or why there is no signature. Takes as long
 * as reading the model, so that each is read once.
 */
export function signatureText(bytes: Uint8Array, options: SignatureOptions): string {
  const read = readSignature(bytes, options);
  return read.ok ? canonicalJson(read.value) : read.rejection.code;
}
