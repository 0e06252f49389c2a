import type { EditNode, GraphEdit } from './graph-edit.js';
import type { Rewrites } from './rewrites.js';

/** Nodes of whose outputs nothing is used, and initializers that nothing uses. */
export function removeUnused(edit: GraphEdit, rewrites: Rewrites): void {
  const before = edit.nodes.length;
  removeUnusedNodes(edit);
  rewrites.add('unused node removed', before - edit.nodes.length);
  const [uses, fixed] = [edit.uses(), edit.fixedNames()];
  for (const name of [...edit.initializers.keys()]) {
    if (uses.has(name) || fixed.has(name)) continue;
    edit.removeInitializer(name);
    rewrites.add('unused initializer removed');
  }
}

/** Back from what is seen from outside, in one pass. What a removed node alone captured stays until the next round. */
function removeUnusedNodes(edit: GraphEdit): void {
  const producers = edit.producers();
  const needed = new Set<EditNode>();
  const names = [...edit.fixedNames()];
  for (let name = names.pop(); name !== undefined; name = names.pop()) {
    const producer = name === '' ? undefined : producers.get(name);
    if (producer === undefined || needed.has(producer)) continue;
    needed.add(producer);
    for (const input of producer.message.inputs) names.push(input);
  }
  edit.nodes = edit.nodes.filter((node) => needed.has(node));
}
