import type { Proposal, SearchPlan, Trial } from '#libs/contracts/index.js';
import { assertNever } from '#libs/kernel/index.js';
import { Random } from '../random.js';
import { promotedFrom, rungAt, rungsOf } from './halving.js';
import { drawn, drawsOf, keyOf, sizeOf, streams, subspacesOf, type Configuration, type Subspace } from './space.js';
import { proposedByModel } from './tpe.js';

/** How many trials the search has: the plan's, or fewer where its spaces have fewer configurations. */
export function trialsOf(plan: SearchPlan): number {
  const most = sizeOf(subspacesOf(plan.spaces));
  if (plan.strategy !== 'successive_halving') return Math.min(plan.trials, most);
  return rungsOf(plan, most).reduce((sum, { trials }) => sum + trials, 0);
}

/**
 * How many of the first trials a proposal rests on, all of which have to be completed before it can be made: all but the
 * `lookback` − 1 before it; of a rung of successive halving that is promoted to, at least all of the rung below.
 */
export function restsOn(plan: SearchPlan, index: number): number {
  const window = Math.max(0, index - plan.lookback + 1);
  if (plan.strategy !== 'successive_halving') return window;
  const { first, from } = rungAt(rungsOf(plan, sizeOf(subspacesOf(plan.spaces))), index);
  return from === null ? window : Math.max(window, first);
}

/** Whether every trial that proposal `index` rests on is among the completed ones. */
export function readyToPropose(plan: SearchPlan, index: number, completed: readonly Pick<Trial, 'index'>[]): boolean {
  const needed = restsOn(plan, index);
  return new Set(completed.map((trial) => trial.index).filter((done) => done < needed)).size === needed;
}

/**
 * What is tried as number `index`. It depends on the plan, the seed and the first `restsOn` trials alone, in order of their
 * indexes: whatever else was completed, in whatever order, with how many threads and how often interrupted, it is the same.
 * - `random`: the draws of the spaces, one after the other.
 * - `bayesian`: after some draws (ten, or three of each algorithm, at most half of all trials) the tree-structured Parzen
 *   estimator.
 * - `successive_halving`: see `rungsOf`.
 * @param begun proposals made before, which need not be worked out again; they change nothing.
 * @throws RangeError where the search has no such trial, or one that it rests on is not completed.
 */
export function propose(
  plan: SearchPlan,
  seed: number,
  index: number,
  completed: readonly Trial[],
  begun: readonly Proposal[] = [],
): Proposal {
  if (!(index >= 0 && index < trialsOf(plan))) throw new RangeError(`the search has no trial ${index}`);
  if (!readyToPropose(plan, index, completed))
    throw new RangeError(`trial ${index} rests on trials that have not ended`);
  const search: Search = { plan, seed, subspaces: subspacesOf(plan.spaces), completed: inOrder(completed) };
  switch (plan.strategy) {
    case 'random':
      return { index, ...drawn(search.subspaces, seed, index)!, budget: 1 };
    case 'bayesian':
      return bayesian(search, index, begun);
    case 'successive_halving':
      return halving(search, index);
    default:
      return assertNever(plan.strategy, 'search strategy');
  }
}

interface Search {
  readonly plan: SearchPlan;
  readonly seed: number;
  readonly subspaces: readonly Subspace[];
  readonly completed: readonly Trial[];
}

/** By index, the first of each. */
export function inOrder<T extends { readonly index: number }>(items: readonly T[]): readonly T[] {
  const byIndex = new Map(items.toReversed().map((item) => [item.index, item]));
  return [...byIndex.values()].sort((one, other) => one.index - other.index);
}

function halving({ plan, seed, subspaces, completed }: Search, index: number): Proposal {
  const { first, from, budget, drawnBefore } = rungAt(rungsOf(plan, sizeOf(subspaces)), index);
  if (from === null) return { index, ...drawn(subspaces, seed, drawnBefore + index - first)!, budget };
  const { algorithm, hyperparameters } = promotedFrom(from, completed)[index - first]!;
  return { index, algorithm, hyperparameters, budget };
}

/**
 * The model has to know what was proposed of late, of which a continued search has no record: proposals from the window on
 * are worked out again, each from the trials that it rested on.
 */
function bayesian(search: Search, index: number, begun: readonly Proposal[]): Proposal {
  const { plan, completed } = search;
  const proposals = completed.slice(0, restsOn(plan, index)).map(configurationOf);
  const known = new Map([...begun, ...completed].map((item) => [item.index, item]));
  for (let next = proposals.length; next < index; next++) {
    const found = known.get(next);
    proposals.push(found === undefined ? afterProposals(search, next, proposals) : configurationOf(found));
  }
  return { index, ...afterProposals(search, index, proposals), budget: 1 };
}

const configurationOf = ({ algorithm, hyperparameters }: Configuration): Configuration => ({
  algorithm,
  hyperparameters,
});

function afterProposals(search: Search, index: number, proposals: readonly Configuration[]): Configuration {
  const { plan, seed, subspaces, completed } = search;
  if (index < drawnFirst(plan, subspaces)) return drawn(subspaces, seed, index)!;
  const known = restsOn(plan, index);
  const observed = { trials: completed.slice(0, known), pending: proposals.slice(known) };
  const proposed = proposedByModel(subspaces, observed, new Random(seed, streams.model, index));
  return proposed ?? nextDraw(subspaces, seed, proposals);
}

function drawnFirst(plan: SearchPlan, subspaces: readonly Subspace[]): number {
  return Math.min(Math.max(10, 3 * subspaces.length), Math.ceil(plan.trials / 2));
}

/** Draws that are looked at beyond as many as were tried. */
const spareDraws = 100;

/**
 * The first draw that was not tried. A space that can be counted has one, as a search has no more trials than its spaces
 * configurations; numbers of a range so narrow that they round alike may all have been tried, and one of them comes again.
 */
function nextDraw(subspaces: readonly Subspace[], seed: number, proposals: readonly Configuration[]): Configuration {
  const tried = new Set(proposals.map(keyOf));
  const draw = drawsOf(subspaces, seed);
  for (let number = 0; ; number++) {
    const configuration = draw(number);
    if (configuration === null) throw new RangeError('every configuration was tried');
    if (!tried.has(keyOf(configuration)) || number >= tried.size + spareDraws) return configuration;
  }
}
