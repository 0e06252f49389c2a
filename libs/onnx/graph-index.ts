import type { GraphMessage, NodeMessage } from './messages.js';

/** Who makes a tensor and who uses it. */
export interface GraphIndex {
  readonly graph: GraphMessage;
  producerOf(tensor: string): NodeMessage | undefined;
  consumersOf(tensor: string): readonly NodeMessage[];
}

export function indexOf(graph: GraphMessage): GraphIndex {
  const producers = new Map<string, NodeMessage>();
  const consumers = new Map<string, NodeMessage[]>();
  for (const node of graph.nodes) {
    for (const output of node.outputs) producers.set(output, node);
    for (const input of node.inputs) {
      const nodes = consumers.get(input);
      if (nodes === undefined) consumers.set(input, [node]);
      else nodes.push(node);
    }
  }
  return {
    graph,
    producerOf: (tensor) => producers.get(tensor),
    consumersOf: (tensor) => consumers.get(tensor) ?? [],
  };
}
