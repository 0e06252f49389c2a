import { isVersion, type api } from '#libs/contracts/index.js';
import { sha256Hex } from '#libs/kernel/index.js';

export const nodeId = (type: api.NodeType, name: string): string => `${type}:${storable(name)}`;

export const versionNode = (model: string, version: string): string => nodeId('version', `${model}@${version}`);

/** The node of a `parent_version` as it was given with a version of `model`: `1.2.0` alone is of the same model. */
export const parentNode = (model: string, given: string): string =>
  isVersion(given) ? versionNode(model, given) : nodeId('version', given);

/** Type and name of a node. Ids come from `nodeId`, or from a caller by way of `api.nodeId`. */
export function partsOf(id: string): { readonly type: api.NodeType; readonly name: string } {
  const colon = id.indexOf(':');
  // What stands before the first colon of an id is its type.
  return { type: id.slice(0, colon) as api.NodeType, name: id.slice(colon + 1) };
}

/**
 * The id as a key of the tables, injective: a row of an index holds at most 2,704 bytes, and a source alone may have
 * 6,144. No type begins with `#`.
 */
export function keyOf(id: string): string {
  const stored = storable(id);
  return Buffer.byteLength(stored) <= longestKey ? stored : `#${sha256Hex(stored)}`;
}

/** Bytes. An index of edges holds two keys in a row. */
const longestKey = 512;

/** PostgreSQL holds neither U+0000 nor half a surrogate pair; names in the log may be older than the rule against them. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\uFFFD');
