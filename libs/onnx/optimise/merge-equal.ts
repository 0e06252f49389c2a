import { createHash } from 'node:crypto';
import { tensorField, type NodeMessage, type TensorMessage } from '../messages.js';
import { readMessage } from '../wire.js';
import { isStandard, type EditNode, type GraphEdit } from './graph-edit.js';
import type { Rewrites } from './rewrites.js';

/** Initializers of the same type, shape and bytes become one. */
export function mergeInitializers(edit: GraphEdit, rewrites: Rewrites): void {
  const fixed = edit.fixedNames();
  const first = new Map<string, string>();
  const renamed = new Map<string, string>();
  for (const [name, tensor] of edit.initializers) {
    const content = contentOf(tensor);
    const same = first.get(content);
    if (same === undefined) first.set(content, name);
    else if (!fixed.has(name)) renamed.set(name, same);
  }
  for (const name of renamed.keys()) edit.removeInitializer(name);
  edit.renameInputs(renamed);
  rewrites.add('equal initializer merged', renamed.size);
}

/** Standard and classical operators are functions of their inputs, these excepted. */
const random = new Set([
  'RandomNormal',
  'RandomNormalLike',
  'RandomUniform',
  'RandomUniformLike',
  'Multinomial',
  'Bernoulli',
  'Dropout',
]);

/** Of nodes that do the same with the same inputs, one. */
export function mergeNodes(edit: GraphEdit, rewrites: Rewrites): void {
  const fixed = edit.fixedNames();
  const first = new Map<string, EditNode[]>();
  const renamed = new Map<string, string>();
  edit.nodes = edit.nodes.filter((node) => {
    if (!isFunction(node)) return true;
    const { type, domain, inputs, outputs } = node.message;
    const taken = inputs.map((name) => renamed.get(name) ?? name);
    const key = JSON.stringify([type, domain, taken, outputs.map((name) => name !== '')]);
    const alike = first.get(key) ?? [];
    const same = alike.find(({ message }) => haveEqualAttributes(message, node.message));
    if (same === undefined || outputs.some((name) => fixed.has(name))) {
      first.set(key, [...alike, node]);
      return true;
    }
    for (const [position, name] of outputs.entries())
      if (name !== '') renamed.set(name, same.message.outputs[position]!);
    rewrites.add('equal node merged');
    return false;
  });
  edit.renameInputs(renamed);
}

const isFunction = ({ message: { type, domain }, captured }: EditNode): boolean =>
  captured.length === 0 && !random.has(type) && (isStandard(domain) || domain === 'ai.onnx.ml');

const haveEqualAttributes = ({ attributes: one }: NodeMessage, { attributes: other }: NodeMessage): boolean =>
  one.size === other.size &&
  [...one].every(([name, bytes]) => {
    const same = other.get(name);
    return same !== undefined && Buffer.compare(bytes, same) === 0;
  });

/** A digest of all that a TensorProto says but its name and its description. */
function contentOf({ bytes }: TensorMessage): string {
  const hash = createHash('sha256');
  readMessage(bytes, 'tensor', (number, value) => {
    value.skip();
    if (number === tensorField.name || number === tensorField.docString) return;
    hash.update(bytes.subarray(value.start, value.position));
  });
  return hash.digest('base64');
}
