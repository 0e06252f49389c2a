import type { ConfigurationFiles, ServingLoad } from '#libs/contracts/index.js';

export type ScalingConfiguration = ConfigurationFiles['pipeline']['serving']['scaling'];

/** What the number of serving processes is held to. */
export interface ScalingPolicy {
  readonly bounds: { readonly min: number; readonly max: number };
  readonly targets: { readonly queued_rows: number; readonly p99_ms: number };
  readonly coolDownMs: number;
}

/** One look at the pool. */
export interface Observation {
  /** Monotonic milliseconds. */
  readonly at: number;
  /** How many processes there are. */
  readonly processes: number;
  /** Of those that answered. */
  readonly loads: readonly ServingLoad[];
}

/** What earlier looks left behind. */
export interface ScalingState {
  readonly lookedAt: number;
  /** Since when every look found too much work, or so little that fewer processes would do; null: it did not. */
  readonly hotSince: number | null;
  readonly quietSince: number | null;
  /** The processes that there were then. */
  readonly processes: number;
  /** What was decided and has not come about yet. */
  readonly awaited: { readonly to: number; readonly until: number } | null;
}

export interface ScalingStep {
  readonly to: number;
  readonly reason: string;
}

export const initialScaling: ScalingState = {
  lookedAt: Number.NEGATIVE_INFINITY,
  hotSince: null,
  quietSince: null,
  processes: 0,
  awaited: null,
};

/** Milliseconds above a target after which there is to be one process more. */
export const hotForMs = 3_000;
/** What was decided has so long to come about before it is decided again. */
const awaitedForMs = 15_000;
/** Looks further apart tell nothing of the time between them. */
const longestGapMs = 2_500;
/** Of a target: below it is quiet. Between the two nothing changes. */
const quietShare = 0.5;
/** Share of the time that the event loops of the processes left may be busy with the work of all. */
const busyShare = 0.7;

/** The bounds of the configuration; what it leaves out is the number that the platform starts with. */
export function scalingPolicy(
  { min, max, queued_rows, p99_ms, cool_down_s }: ScalingConfiguration,
  startWith: number,
): ScalingPolicy {
  return {
    bounds: { min: min ?? Math.min(startWith, max ?? startWith), max: max ?? Math.max(startWith, min ?? startWith) },
    targets: { queued_rows, p99_ms },
    coolDownMs: 1000 * cool_down_s,
  };
}

/**
 * Decides on one look. One process more when the work was too much for three seconds, one less when it was quiet for the
 * cool-down, both counted anew after every change; straight to the bound where it is passed. Pure.
 */
export function lookAtLoad(
  before: ScalingState,
  observation: Observation,
  policy: ScalingPolicy,
): { readonly state: ScalingState; readonly step: ScalingStep | null } {
  const { at, processes } = observation;
  const state = noted(before, observation, policy);
  if (state.awaited !== null) return { state, step: null };
  const step = stepOf(state, observation, policy);
  return step === null
    ? { state, step }
    : { state: { ...state, awaited: { to: step.to, until: at + awaitedForMs }, processes }, step };
}

function noted(before: ScalingState, { at, processes, loads }: Observation, policy: ScalingPolicy): ScalingState {
  const isNew = processes !== before.processes || at - before.lookedAt > longestGapMs || loads.length === 0;
  const since = (was: number | null, holds: boolean): number | null => (!holds ? null : isNew ? at : (was ?? at));
  const isAwaited = before.awaited !== null && before.awaited.to !== processes && at < before.awaited.until;
  return {
    lookedAt: at,
    processes,
    hotSince: since(before.hotSince, tooMuch(loads, policy) !== null),
    quietSince: since(before.quietSince, isQuiet(loads, processes, policy)),
    awaited: isAwaited ? before.awaited : null,
  };
}

function stepOf(
  { hotSince, quietSince }: ScalingState,
  { at, processes, loads }: Observation,
  policy: ScalingPolicy,
): ScalingStep | null {
  const { bounds, coolDownMs } = policy;
  if (processes < bounds.min) return { to: bounds.min, reason: `there are to be at least ${bounds.min}` };
  if (processes > bounds.max) return { to: bounds.max, reason: `there are to be at most ${bounds.max}` };
  if (hotSince !== null && at - hotSince >= hotForMs && processes < bounds.max)
    return { to: processes + 1, reason: `for ${hotForMs / 1000} s ${tooMuch(loads, policy) ?? ''}` };
  if (quietSince !== null && at - quietSince >= coolDownMs && processes > bounds.min)
    return { to: processes - 1, reason: `it was quiet for ${coolDownMs / 1000} s` };
  return null;
}

/** In words; null where it is not. The process that has most to do counts: its requests wait, whatever others do. */
function tooMuch(loads: readonly ServingLoad[], { targets }: ScalingPolicy): string | null {
  if (loads.some(({ overloaded }) => overloaded > 0)) return 'requests were refused';
  const queued = Math.max(0, ...loads.map(({ queued_rows }) => queued_rows));
  if (queued > targets.queued_rows) return `rows waited in a process: ${queued}, more than ${targets.queued_rows}`;
  const p99 = Math.max(0, ...loads.map(({ p99_ms }) => p99_ms ?? 0));
  return p99 > targets.p99_ms ? `the p99 of a process was ${Math.round(p99)} ms, more than ${targets.p99_ms}` : null;
}

/** Well below the targets everywhere, and the processes left could do the work. */
function isQuiet(loads: readonly ServingLoad[], processes: number, { targets }: ScalingPolicy): boolean {
  const busy = loads.reduce((sum, each) => sum + each.busy, 0);
  return (
    // One that does not answer may be the one that is busy.
    loads.length >= processes &&
    busy <= busyShare * (processes - 1) &&
    loads.every(
      ({ overloaded, queued_rows, p99_ms }) =>
        overloaded === 0 &&
        queued_rows <= quietShare * targets.queued_rows &&
        (p99_ms ?? 0) <= quietShare * targets.p99_ms,
    )
  );
}
