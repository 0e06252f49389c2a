import type { Proposal, SearchPlan, Trial } from '#libs/contracts/index.js';
import type { Clock } from '#libs/kernel/index.js';
import { inOrder, propose, readyToPropose, trialsOf } from './propose.js';
import { scoreOf, winner } from './winner.js';

export interface SearchOptions {
  readonly plan: SearchPlan;
  /** Whole, 0 to 2³² − 1. */
  readonly seed: number;
  /** Trials that an interrupted run of the same search had recorded, in any order; the first of an index counts. */
  readonly completed?: readonly Trial[];
  /** Trials at once; never more than `plan.lookback`. */
  readonly threads: number;
  /**
   * Trains and scores. A configuration that cannot be trained is a trial with status `failed`; a rejection is no trial and
   * ends the search. The signal: somebody else failed, or the caller's.
   */
  evaluate(proposal: Proposal, signal: AbortSignal): Promise<Trial>;
  /** Told of each new trial before anything rests on it, in order of completion. */
  onTrial?(trial: Trial): void | Promise<void>;
  readonly clock: Pick<Clock, 'monotonic'>;
  /** Seconds that interrupted runs of the search took already; they count for the time limit. Default 0. */
  readonly spent_s?: number;
  readonly signal?: AbortSignal;
}

export interface SearchOutcome {
  /** In order of their indexes. */
  readonly trials: readonly Trial[];
  /** null: every trial failed. */
  readonly winner: Trial | null;
  /** Why no further trial began; null: the budget was used. */
  readonly cutOff: 'time_limit' | null;
}

/**
 * Searches until the plan's trials are used or its time is over; trials that run then are still completed. Without a time
 * limit the trials and the winner depend on plan, seed and scores alone: neither the number of threads, nor which trial
 * ends first, nor an interruption changes them.
 * @throws RangeError when there is no thread; the signal's reason, or what `evaluate` or `onTrial` rejected with, once nothing runs any more.
 */
export async function runSearch(options: SearchOptions): Promise<SearchOutcome> {
  const { plan, seed, threads, clock } = options;
  if (!(threads >= 1)) throw new RangeError(`threads: expected at least 1, found ${threads}`);
  const failure = new AbortController();
  const signal = options.signal === undefined ? failure.signal : AbortSignal.any([options.signal, failure.signal]);
  const deadline = deadlineOf(options);
  const total = trialsOf(plan);
  const trials = new Map(inOrder(options.completed ?? []).map((trial) => [trial.index, trial]));
  const begun = new Map<number, Proposal>();
  const running = new Set<Promise<void>>();
  let cutOff: SearchOutcome['cutOff'] = null;

  const run = async (proposal: Proposal): Promise<void> => {
    const trial = asTrial(proposal, await options.evaluate(proposal, signal));
    await options.onTrial?.(trial);
    trials.set(trial.index, trial);
  };
  const begin = (index: number): void => {
    const proposal = propose(plan, seed, index, [...trials.values()], [...begun.values()]);
    begun.set(index, proposal);
    const ended = run(proposal)
      .catch((error: unknown) => {
        failure.abort(error);
      })
      .finally(() => running.delete(ended));
    running.add(ended);
  };

  let next = 0;
  for (;;) {
    while (trials.has(next) || begun.has(next)) next++;
    const mayBegin = next < total && cutOff === null && !signal.aborted;
    if (mayBegin && running.size < threads && readyToPropose(plan, next, [...trials.values()])) {
      if (clock.monotonic() < deadline) begin(next);
      else cutOff = 'time_limit';
    } else if (running.size > 0) await Promise.race(running);
    else break;
  }
  signal.throwIfAborted();
  const found = inOrder([...trials.values()]).filter(({ index }) => index < total);
  return { trials: found, winner: winner(found), cutOff };
}

/** On the monotonic clock, milliseconds. */
function deadlineOf({ plan, clock, spent_s = 0 }: SearchOptions): number {
  return plan.time_limit_s === null ? Infinity : clock.monotonic() + (plan.time_limit_s - spent_s) * 1000;
}

/** What was evaluated is what was proposed; a score that is no number is a failure. */
function asTrial(proposal: Proposal, evaluated: Trial): Trial {
  const trial = { ...evaluated, ...proposal };
  if (trial.status === 'failed' || scoreOf(trial) > -Infinity) return trial;
  return { ...trial, status: 'failed', score: null, error: `expected a finite score, found ${String(trial.score)}` };
}
