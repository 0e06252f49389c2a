import { attribute } from '#libs/onnx/index.js';
import type { GraphFragment } from './graph-fragment.js';

/**
 * Numbers of bins, float32 [rows, columns]. A tree for each column searches its edges by halves: comparing with every
 * edge would take memory of rows × columns × edges.
 * @param tensor float32 [rows, columns]; a missing value stays so.
 */
export function binsNode(graph: GraphFragment, tensor: string, edges: readonly (readonly number[])[]): string {
  const trees = new Trees();
  for (const [column, ofColumn] of edges.entries()) trees.add(column, ofColumn);
  const bins = graph.add('TreeEnsembleRegressor', [tensor], trees.attributes(edges.length), 'ai.onnx.ml');
  return graph.add('Where', [graph.add('IsNaN', [tensor]), tensor, bins]);
}

interface TreeNode {
  readonly tree: number;
  readonly node: number;
  readonly mode: 'BRANCH_LEQ' | 'LEAF';
  readonly edge: number;
  yes: number;
  no: number;
  readonly bin: number;
}

/** One tree for each column, as the lists that ONNX wants. */
class Trees {
  readonly #nodes: TreeNode[] = [];

  add(column: number, edges: readonly number[]): void {
    const first = this.#nodes.length;
    const grow = (from: number, to: number): number => {
      const node = this.#nodes.length - first;
      if (from === to) {
        this.#nodes.push({ tree: column, node, mode: 'LEAF', edge: 0, yes: 0, no: 0, bin: from });
        return node;
      }
      const middle = (from + to) >>> 1;
      const branch: TreeNode = { tree: column, node, mode: 'BRANCH_LEQ', edge: edges[middle]!, yes: 0, no: 0, bin: 0 };
      this.#nodes.push(branch);
      branch.yes = grow(from, middle);
      branch.no = grow(middle + 1, to);
      return node;
    };
    grow(0, edges.length);
  }

  attributes(columns: number): Uint8Array[] {
    const nodes = this.#nodes;
    const leaves = nodes.filter(({ mode }) => mode === 'LEAF');
    const isBranch = ({ mode }: TreeNode) => mode === 'BRANCH_LEQ';
    return [
      attribute.integer('n_targets', columns),
      attribute.integers(
        'nodes_treeids',
        nodes.map(({ tree }) => tree),
      ),
      attribute.integers(
        'nodes_nodeids',
        nodes.map(({ node }) => node),
      ),
      attribute.strings(
        'nodes_modes',
        nodes.map(({ mode }) => mode),
      ),
      attribute.integers(
        'nodes_featureids',
        nodes.map((node) => (isBranch(node) ? node.tree : 0)),
      ),
      attribute.floats(
        'nodes_values',
        nodes.map(({ edge }) => edge),
      ),
      attribute.integers(
        'nodes_truenodeids',
        nodes.map(({ yes }) => yes),
      ),
      attribute.integers(
        'nodes_falsenodeids',
        nodes.map(({ no }) => no),
      ),
      attribute.integers(
        'target_treeids',
        leaves.map(({ tree }) => tree),
      ),
      attribute.integers(
        'target_nodeids',
        leaves.map(({ node }) => node),
      ),
      attribute.integers(
        'target_ids',
        leaves.map(({ tree }) => tree),
      ),
      attribute.floats(
        'target_weights',
        leaves.map(({ bin }) => bin),
      ),
    ];
  }
}
