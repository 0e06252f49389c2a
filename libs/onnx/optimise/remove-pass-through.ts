import { readNode } from '../messages.js';
import { isStandard, type EditNode, type GraphEdit } from './graph-edit.js';
import { nodeWith } from './node-bytes.js';
import type { Rewrites } from './rewrites.js';

/**
 * Nodes that give what they take: Identity (1), and Dropout outside of training (7: no attribute says otherwise; 12: the
 * third input does). One whose result is an output of the graph goes when the node before it can give that output.
 */
export function removePassThrough(edit: GraphEdit, rewrites: Rewrites): void {
  const fixed = edit.fixedNames();
  const [uses, producers] = [edit.uses(), edit.producers()];
  const renamed = new Map<string, string>();
  const renamedOutputs = new Map<EditNode, string>();
  const removed = new Set<EditNode>();
  const isSeen = (tensor: string): boolean => tensor !== '' && (uses.has(tensor) || fixed.has(tensor));
  for (const node of edit.nodes) {
    if (!passesThrough(node, edit.opset, isSeen)) continue;
    const [input = '', output = ''] = [node.message.inputs[0], node.message.outputs[0]];
    if (!fixed.has(output)) renamed.set(output, renamed.get(input) ?? input);
    else if (isFreeToRename(input)) {
      renamed.set(input, output);
      renamedOutputs.set(producers.get(input)!, input);
    } else continue;
    removed.add(node);
    rewrites.add(`${node.message.type} removed`);
  }
  edit.nodes = edit.nodes
    .filter((node) => !removed.has(node))
    .map((node) => {
      const input = renamedOutputs.get(node);
      return input === undefined ? node : givesInstead(node, input, renamed.get(input)!);
    });
  edit.renameInputs(flattened(renamed));

  /** Made by a node that stays, seen by no one else, and not spoken for in this round. */
  function isFreeToRename(tensor: string): boolean {
    const producer = producers.get(tensor);
    if (producer === undefined || removed.has(producer) || renamedOutputs.has(producer)) return false;
    return !fixed.has(tensor) && !renamed.has(tensor);
  }
}

function passesThrough({ message }: EditNode, opset: number, isSeen: (tensor: string) => boolean): boolean {
  const { type, domain, inputs, outputs } = message;
  const [data = '', , training = ''] = inputs;
  if (!isStandard(domain) || data === '' || (outputs[0] ?? '') === '') return false;
  if (type === 'Identity') return inputs.length === 1;
  return type === 'Dropout' && opset >= 7 && training === '' && !isSeen(outputs[1] ?? '');
}

function givesInstead(node: EditNode, tensor: string, name: string): EditNode {
  const outputs = node.message.outputs.map((output) => (output === tensor ? name : output));
  const bytes = nodeWith(node.bytes, { outputs });
  return { ...node, bytes, message: readNode(bytes) };
}

/** Chains of renaming as one step each. */
function flattened(renamed: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map(
    [...renamed].map(([from, to]) => {
      let end = to;
      for (let next = renamed.get(end); next !== undefined && next !== from; next = renamed.get(end)) end = next;
      return [from, end];
    }),
  );
}
