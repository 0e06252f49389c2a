import type { Trial } from '#libs/contracts/index.js';
import type { Random } from '../random.js';
import { parzenOf, type Parzen } from './parzen.js';
import { keyOf, type Configuration, type Subspace } from './space.js';
import { byScore, scoreOf } from './winner.js';

/** What a proposal of the model rests on. */
export interface Observed {
  readonly trials: readonly Trial[];
  /** Proposed, but not to be known yet how they ended. */
  readonly pending: readonly Configuration[];
}

/** Drawn, of which the most promising one is proposed. */
const candidates = 24;

/** Kernels of what is not good, the newest: a bound on the time of a proposal. */
const mostKernels = 1000;

/**
 * The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl 2011): trials are parted into the few good ones
 * and the others, and of candidates drawn near the good ones the one is proposed whose density among the good is largest
 * against that among the others. The choice of the algorithm is the root of the tree. Failed and pending trials count
 * among the others, which keeps trials that run at once apart. null: every candidate was tried before.
 */
export function proposedByModel(
  subspaces: readonly Subspace[],
  { trials, pending }: Observed,
  random: Random,
): Configuration | null {
  const ranked = trials.toSorted(byScore);
  const succeeded = ranked.filter((trial) => scoreOf(trial) > -Infinity).length;
  const good = ranked.slice(0, goodOf(succeeded));
  const others = [...ranked.slice(good.length).sort((a, b) => a.index - b.index), ...pending].slice(-mostKernels);
  const model = modelOf(subspaces, good, others);
  const tried = new Set([...trials, ...pending].map(keyOf));
  let best: Configuration | null = null;
  let bestGain = -Infinity;
  for (let candidate = 0; candidate < candidates; candidate++) {
    const configuration = model.draw(random);
    const gain = model.gain(configuration);
    if (gain > bestGain && !tried.has(keyOf(configuration))) [best, bestGain] = [configuration, gain];
  }
  return best;
}

/** How many of the trials that succeeded count as good. */
const goodOf = (succeeded: number): number => Math.min(Math.ceil(0.15 * succeeded), 25);

interface Model {
  draw(random: Random): Configuration;
  /** Log of the density among the good against that among the others. */
  gain(configuration: Configuration): number;
}

function modelOf(
  subspaces: readonly Subspace[],
  good: readonly Configuration[],
  others: readonly Configuration[],
): Model {
  const branches = subspaces.map((subspace) => {
    const [near, far] = [good, others].map((all) => all.filter(({ algorithm }) => algorithm === subspace.algorithm));
    const share = (near!.length + 1) / (good.length + subspaces.length);
    const otherShare = (far!.length + 1) / (others.length + subspaces.length);
    return { share, otherShare, near: parzenOf(subspace, near!), far: parzenOf(subspace, far!) };
  });
  const byAlgorithm = new Map(subspaces.map(({ algorithm }, index) => [algorithm, branches[index]!]));
  return {
    draw: (random) => drawnBranch(branches, random).near.draw(random),
    gain(configuration) {
      const { share, otherShare, near, far } = byAlgorithm.get(configuration.algorithm)!;
      return Math.log(share / otherShare) + near.logDensity(configuration) - far.logDensity(configuration);
    },
  };
}

function drawnBranch<B extends { readonly share: number; readonly near: Parzen }>(
  branches: readonly B[],
  random: Random,
): B {
  let left = random.float();
  for (const branch of branches) {
    left -= branch.share;
    if (left < 0) return branch;
  }
  return branches.at(-1)!;
}
