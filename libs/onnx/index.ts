/*
 * Public surface:
 *   readSignature(bytes, options)  → Signature | OnnxRejection: inputs, outputs, named features, classes
 *   removeZipMap(bytes)            → bytes whose outputs are tensors alone
 *   knownCategories(bytes)         → values that the graph's own encoders list
 *   graphBuilder: node, tensor …   → graphs as bytes
 *   OnnxRejection                  → why bytes are refused
 */
export { readSignature, type SignatureOptions } from './signature.js';
export { removeZipMap } from './zipmap.js';
export { knownCategories, type KnownCategories } from './categories.js';
export type { OnnxRejection, OnnxRejectionCode } from './rejection.js';
export { attribute, modelBytes, node, tensor, valueInfo, type GraphParts } from './builder.js';
