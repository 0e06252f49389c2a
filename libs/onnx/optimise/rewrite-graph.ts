import { accept, type Result } from '#libs/kernel/index.js';
import { orRejection, type OnnxRejection } from '../rejection.js';
import type { SignatureOptions } from '../signature.js';
import { foldCasts } from './fold-casts.js';
import { GraphEdit } from './graph-edit.js';
import { mergeInitializers, mergeNodes } from './merge-equal.js';
import { signatureText, smaller, type OptimisedGraph } from './optimised.js';
import { removePassThrough } from './remove-pass-through.js';
import { removeUnused } from './remove-unused.js';
import { Rewrites } from './rewrites.js';

/**
 * A smaller graph that computes the same, to the bit: without nodes and initializers that nothing uses, nodes that pass
 * on what they take, equal nodes and initializers twice, casts of constants, and exporters' notes. Standard operators
 * alone are touched, and what branches and loops see of the graph around them stays. Deterministic to the byte.
 * `options`: those that the model's signature was read with; the result's is the same.
 */
export function rewriteGraph(bytes: Uint8Array, options: SignatureOptions = {}): Result<OptimisedGraph, OnnxRejection> {
  return orRejection(() => {
    const signature = signatureText(bytes, options);
    const isAlike = (other: Uint8Array): boolean => signatureText(other, options) === signature;
    const nothing = 'every node and initializer is needed, and none is there twice';
    const whole = rewritten(bytes, [removePassThrough, foldCasts, ...plain]);
    const before = { before: bytes, nothing };
    if (isAlike(whole.after)) return accept(smaller({ ...before, ...whole, isAlike: true }));
    // Where a node made a constant, its initializer may now say more of columns or classes than the signature knows.
    const kept = rewritten(bytes, plain);
    return accept(smaller({ ...before, ...kept, isAlike: isAlike(kept.after) }));
  });
}

type Pass = (edit: GraphEdit, rewrites: Rewrites) => void;

const plain: readonly Pass[] = [mergeInitializers, mergeNodes, removeUnused];

function rewritten(model: Uint8Array, passes: readonly Pass[]): { after: Uint8Array; rewrites: Rewrites } {
  const edit = new GraphEdit(model);
  const rewrites = new Rewrites();
  rewrites.add('description of a node or graph removed', edit.dropDocStrings());
  for (let before = -1; before !== rewrites.total;) {
    before = rewrites.total;
    for (const pass of passes) pass(edit, rewrites);
  }
  return { after: edit.bytes(), rewrites };
}
