import { found as its, missingGoes, numbersOfFound, type SplitRules } from './split.js';
import type { NodeRows, Searched, Steps, Test } from './steps.js';
import { countOf, hessianOf, type Grid } from './sums.js';
import { TreeBuilder, type BinnedTree } from './tree.js';
import { numbersOfLeaf } from './workspace.js';

export interface GrowthLimits extends SplitRules {
  readonly maxLeaves: number;
  readonly maxDepth: number;
  readonly learningRate: number;
}

/** A node that is not split, or not yet. */
interface Leaf extends NodeRows {
  readonly node: number;
  readonly depth: number;
  readonly gradient: number;
  readonly mass: number;
  /** Of its histogram; −1: it has none. */
  place: number;
  /** null: it cannot be split. */
  split: Split | null;
}

const newLeaf = (
  { side, depth }: Pick<Leaf, 'side' | 'depth'>,
  node: number,
  start: number,
  end: number,
  gradient: number,
  mass: number,
): Leaf => ({ node, depth, start, end, side, gradient, mass, place: -1, split: null });

interface Split extends Test {
  readonly missing: number;
  readonly gain: number;
  readonly leftGradient: number;
  readonly leftMass: number;
}

export interface Grown {
  readonly tree: BinnedTree;
  /** The leaf's rows and value stand in the workspace's `leaves`. */
  readonly leaves: number;
}

/**
 * Grows one tree leaf by leaf, always the one that gains most (Shi 2007; LightGBM). The smaller child's histogram is built
 * from its rows, the larger one's is what remains of the parent's.
 * @param rows of training, at [0, rows) of the first order.
 */
export function growLeafWise(steps: Steps, rows: number, grid: Grid, limits: GrowthLimits): Grown {
  return new Growth(steps, grid, limits).grow(rows);
}

class Growth {
  readonly #builder = new TreeBuilder(1);
  readonly #leaves: Leaf[] = [];
  readonly #freePlaces: number[];

  constructor(
    private readonly steps: Steps,
    private readonly grid: Grid,
    private readonly limits: GrowthLimits,
  ) {
    const { histograms, histogramLength } = steps.workspace;
    const places = Math.floor(histograms.length / histogramLength);
    this.#freePlaces = Array.from({ length: places }, (_, place) => places - 1 - place);
  }

  grow(rows: number): Grown {
    this.#plant(rows);
    for (let count = 1; count < this.limits.maxLeaves; count++) {
      const best = this.#best();
      if (best === null) break;
      this.#split(best, best.split!, count + 1 === this.limits.maxLeaves);
    }
    return { tree: this.#finished(), leaves: this.#leaves.length };
  }

  #plant(rows: number): void {
    const all = { start: 0, end: rows, side: 0 };
    this.steps.gather(all);
    const { ordered } = this.steps.workspace;
    let gradient = 0;
    let mass = 0;
    for (let index = 0; index < rows; index++) {
      gradient += ordered[2 * index]!;
      mass += ordered[2 * index + 1]!;
    }
    const root: Leaf = { ...all, node: this.#builder.root, depth: 0, gradient, mass, place: -1, split: null };
    this.#leaves.push(root);
    if (this.#mayBeSplit(root)) this.#search(root);
  }

  /** Of equal gains the leaf that was there first. */
  #best(): Leaf | null {
    let best: Leaf | null = null;
    for (const leaf of this.#leaves) {
      if (leaf.split !== null && (best === null || leaf.split.gain > best.split!.gain)) best = leaf;
    }
    return best;
  }

  #split(leaf: Leaf, split: Split, isLast: boolean): void {
    const { start, end, side, depth } = leaf;
    const leftRows = countOf(this.grid, split.leftMass);
    this.steps.partition(leaf, split, leftRows);
    const { thresholds } = this.steps.workspace.matrix;
    const threshold = thresholds[split.feature]![split.bin] ?? Infinity;
    const middle = start + leftRows;
    // Missing for the first time when it is served: with most of the rows.
    const missingLeft = split.missing === missingGoes.none ? middle - start > end - middle : split.missingLeft;
    const [leftNode, rightNode] = this.#builder.split(leaf.node, { ...split, threshold, missingLeft });
    const of = { side: 1 - side, depth: depth + 1 };
    const left = newLeaf(of, leftNode, start, middle, split.leftGradient, split.leftMass);
    const right = newLeaf(of, rightNode, middle, end, leaf.gradient - split.leftGradient, leaf.mass - split.leftMass);
    this.#leaves[this.#leaves.indexOf(leaf)] = left;
    this.#leaves.push(right);
    if (!isLast) this.#searchChildren(leaf, left, right);
    else this.#free(leaf);
  }

  #searchChildren(parent: Leaf, left: Leaf, right: Leaf): void {
    const [small, large] = left.end - left.start <= right.end - right.start ? [left, right] : [right, left];
    if (this.#mayBeSplit(large)) {
      if (parent.place < 0) {
        this.#gathered(large);
        this.#search(large);
        if (this.#mayBeSplit(small)) {
          this.#gathered(small);
          this.#search(small);
        }
      } else {
        large.place = parent.place;
        parent.place = -1;
        this.#gathered(small);
        this.#search(small, large);
      }
      return;
    }
    this.#free(parent);
    // What is too few rows in the larger child is in the smaller one too; depth is the same.
  }

  #gathered(leaf: Leaf): void {
    this.steps.gather(leaf);
  }

  #search(first: Leaf, second?: Leaf): void {
    first.place = this.#placeBut(second);
    const other = second === undefined ? null : this.#searched(second);
    this.steps.search(this.#searched(first), other, this.grid, this.limits);
    for (const [number, leaf] of [first, second].entries()) {
      if (leaf === undefined || !this.#mayBeSplit(leaf)) continue;
      leaf.split = this.#bestFound(number);
    }
    for (const leaf of [first, second]) if (leaf?.split === null) this.#free(leaf);
  }

  #searched(leaf: Leaf): Searched {
    const { place, gradient, mass } = leaf;
    return { rows: leaf, place, gradient, mass, seek: this.#mayBeSplit(leaf) };
  }

  #mayBeSplit({ depth, start, end }: Leaf): boolean {
    return depth < this.limits.maxDepth && end - start >= 2 * this.limits.minRows;
  }

  /** Of equal gains the first feature. */
  #bestFound(number: number): Split | null {
    const { matrix, found } = this.steps.workspace;
    let best = -1;
    let gain = 0;
    for (let feature = 0; feature < matrix.features; feature++) {
      const at = (number * matrix.features + feature) * numbersOfFound;
      if (found[at]! > gain) {
        gain = found[at]!;
        best = feature;
      }
    }
    if (best < 0) return null;
    const at = (number * matrix.features + best) * numbersOfFound;
    return {
      ...{ feature: best, gain, bin: found[at + its.bin]!, missing: found[at + its.missing]! },
      missingLeft: found[at + its.missing] === missingGoes.left,
      ...{ leftGradient: found[at + its.leftGradient]!, leftMass: found[at + its.leftMass]! },
    };
  }

  /** A free place; else that of the leaf which gains least and so is split last. */
  #placeBut(kept: Leaf | undefined): number {
    const free = this.#freePlaces.pop();
    if (free !== undefined) return free;
    let least: Leaf | null = null;
    for (const leaf of this.#leaves) {
      if (leaf.place < 0 || leaf === kept) continue;
      if (least === null || leaf.split!.gain <= least.split!.gain) least = leaf;
    }
    const place = least!.place;
    least!.place = -1;
    return place;
  }

  #free(leaf: Leaf): void {
    if (leaf.place >= 0) this.#freePlaces.push(leaf.place);
    leaf.place = -1;
  }

  #finished(): BinnedTree {
    const { leaves } = this.steps.workspace;
    for (const [number, leaf] of this.#leaves.entries()) {
      const value = Math.fround(this.#valueOf(leaf));
      this.#builder.leaf(leaf.node, [value]);
      leaves.set([leaf.start, leaf.end, leaf.side, value], number * numbersOfLeaf);
    }
    return this.#builder.built();
  }

  #valueOf({ gradient, mass }: Leaf): number {
    const hessian = hessianOf(this.grid, mass) + this.limits.l2;
    if (hessian === 0) return 0;
    return (-this.limits.learningRate * gradient) / this.grid.gradientScale / hessian;
  }
}
