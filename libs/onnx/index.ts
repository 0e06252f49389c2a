/*
 * Public surface:
 *   readSignature(bytes, options)  → Signature | OnnxRejection: inputs, outputs, named features, classes
 *   removeZipMap(bytes)            → bytes whose outputs are tensors alone
 *   knownCategories, categoryLists → values that the graph's own encoders list, the first or all
 *   rewriteGraph(bytes)            → a smaller graph that computes the same, or nothing_to_optimise
 *   quantiseDynamic(bytes)         → matrix products in 8 bits, or nothing_to_optimise
 *   graphBuilder: node, tensor …   → graphs as bytes
 *   OnnxRejection                  → why bytes are refused
 */
export { readSignature, type SignatureOptions } from './signature.js';
export { removeZipMap } from './zipmap.js';
export { categoryLists, knownCategories, type CategoryLists, type KnownCategories } from './categories.js';
export { rewriteGraph } from './optimise/rewrite-graph.js';
export { quantiseDynamic } from './optimise/quantise-dynamic.js';
export type { OptimisedGraph } from './optimise/optimised.js';
export type { OnnxRejection, OnnxRejectionCode } from './rejection.js';
export { attribute, graphBytes, modelBytes, node, tensor, valueInfo, type GraphParts } from './builder.js';
